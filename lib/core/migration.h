/* SPDX-License-Identifier: ISC */
/*
 * A live migration: may it begin, how far is it, and where is the VM after
 * it. Pure: what was seen comes in.
 *
 * libvirt has a moment in which the copy at the destination runs and the one
 * here is paused, and when it dies there, that is how they stay. The copy
 * paused by a migration is therefore never continued: if the VM runs at the
 * destination, what is paused here is old and is destroyed; in all other
 * cases only people may decide, and it is left as it is.
 */
#ifndef CORE_MIGRATION_H
#define CORE_MIGRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIGRATION_WHY_SIZE 256
#define MIGRATION_BAR_SIZE 24

/* What qemu needs besides the guest's memory, at the destination. */
#define MIGRATION_EXTRA_KIB (64 * 1024)

/* A VM's domain, as one end's libvirt tells it. */
enum migration_copy {
	MIGRATION_UNKNOWN, /* it did not answer */
	MIGRATION_ABSENT,
	MIGRATION_RUNNING,
	MIGRATION_LEFT, /* paused by a migration, leaving or arriving */
	MIGRATION_OTHER /* paused by a person, ending, crashed */
};

struct migration_look {
	enum migration_copy copy;
	bool job; /* libvirt works on it: what is seen will change */
};

/* What is known of a VM that is to be moved. */
struct migration_vm {
	struct migration_look here, there;
	bool foreign;       /* chime did not make it */
	bool defined;       /* libvirt keeps a definition of it here */
	int64_t memory_kib; /* the most it can have */
	const char *disk;   /* a writable disk only this node has; or NULL */
	const char *unreadable; /* why its description was not read; or NULL */
};

struct migration_rule {
	const char *dest;  /* for the messages */
	bool copy_storage; /* local disks are copied, too */
	int64_t free_kib;  /* what the destination has left */
};

enum migration_action {
	MIGRATION_REFUSE,
	MIGRATION_MOVE,
	MIGRATION_SETTLE, /* an earlier one stopped half way: find its end */
	MIGRATION_NOTHING /* it runs there already */
};

/*
 * What is to be done, with the reason in why; of a refusal also what to do
 * next. A caller takes what a VM that moves needs (migration_needs) off
 * free_kib.
 */
enum migration_action migration_plan(const struct migration_vm *vm,
    const struct migration_rule *rule, char why[static MIGRATION_WHY_SIZE]);

/* What a VM needs at the destination, in KiB. */
int64_t migration_needs(const struct migration_vm *vm);

/* "migrate", "settle", "refuse" or "none". */
const char *migration_action_word(enum migration_action action);

/* What libvirt's call, or its end, said. */
enum migration_said {
	MIGRATION_SAID_DONE,
	MIGRATION_SAID_FAILED,
	MIGRATION_SAID_NOTHING /* no answer, or it was not asked */
};

enum migration_end {
	MIGRATION_WAIT,    /* look again in a moment */
	MIGRATION_MOVED,   /* it runs there, and nothing is left here */
	MIGRATION_STAYS,   /* it runs here; if the destination is unknown, look
			      there when it answers */
	MIGRATION_DESTROY, /* it runs there: destroy what is paused here */
	MIGRATION_UNCLEAR  /* touch nothing, and say so */
};

/*
 * Where the VM is when libvirt's call is over. What is seen there must have
 * been looked at after the call had ended. last: there will be no other look.
 */
enum migration_end migration_end(enum migration_said said,
    struct migration_look here, struct migration_look there, bool last);

/* Why it is unclear, and what to do; never empty. */
const char *migration_unclear(
    struct migration_look here, struct migration_look there);

/* For a record: "running", "paused", "none", "other" or "unknown". */
const char *migration_copy_word(enum migration_copy copy);

/* One answer about a running job, in bytes and bytes a second. */
struct migration_sample {
	int64_t moved; /* sent so far; more than total for a busy guest */
	int64_t total;
	int64_t remaining;
	int64_t rate;
	int64_t dirty_rate; /* what the guest writes meanwhile */
};

/* How far it is; all zero at first. */
struct migration_progress {
	int64_t bytes, total, rate, dirty_rate;
	int percent;    /* never goes backwards, 100 only at the end */
	int64_t eta_ms; /* -1: it does not come to an end at this rate */
};

void migration_progress(
    struct migration_progress *p, const struct migration_sample *s);

/* "[######..............]" */
void migration_bar(int percent, char bar[static MIGRATION_BAR_SIZE]);

#endif
