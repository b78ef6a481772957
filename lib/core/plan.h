/* SPDX-License-Identifier: ISC */
/*
 * What is to be done about one VM on its node, decided from what is wanted,
 * what is seen and what is remembered. No I/O and no clock: now_ms is passed
 * in, monotonic and above 0.
 *
 * The rules:
 * - nothing is started or stopped before the server answered in this boot;
 * - a VM that is `unknown` is not off: nothing is done while libvirt does not
 *   answer, nor while an action is under way;
 * - a domain that chime did not make is left alone, so is a paused one that is
 *   wanted running (it may be paused because it was migrated);
 * - a domain that is to be adopted is never started, stopped or destroyed
 *   before it is marked as chime's;
 * - what the node's ledger refuses is not started, and stopped if it runs: it
 *   was given away, and may run elsewhere by now;
 * - a guest that powers itself off stays off, except with restart `always`;
 * - what libvirt has long been starting, though no start is under way, is
 *   destroyed: a libvirtd that is killed at it leaves a qemu that never runs;
 * - a VM that died is started again at once; when it dies young again, and
 *   when it cannot be started, later and later;
 * - a new wish forgets all that.
 */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#define PLAN_REASON_SIZE 256

#define PLAN_YOUNG_MS   10000 /* dying earlier is a crash loop's mark */
#define PLAN_BACKOFF_MS 60000 /* the longest pause between two tries */
#define PLAN_INSIST_MS  5000  /* between two tries to destroy */
#define PLAN_LIMBO_MS   10000 /* a start that nobody carries on any more */

enum plan_admin { PLAN_RUN, PLAN_DISABLED, PLAN_DRAINED, PLAN_DOWN };
enum plan_want { PLAN_RUNNING, PLAN_STOPPED, PLAN_DELETED };
enum plan_restart { PLAN_ON_FAILURE, PLAN_ALWAYS, PLAN_NEVER };

enum plan_action {
	PLAN_NONE,
	PLAN_START,
	PLAN_SHUTDOWN,
	PLAN_DESTROY,
	PLAN_FETCH, /* read the description of a domain to adopt */
	PLAN_MARK   /* make a domain chime's: it goes on as it is */
};

/* How far the adoption of a domain is. */
enum plan_adopt {
	PLAN_ADOPT_NONE,    /* there is none, or it is done */
	PLAN_ADOPT_FETCH,   /* the server does not have its description */
	PLAN_ADOPT_FETCHED, /* it is on its way there */
	PLAN_ADOPT_MARK     /* the server has it */
};

enum plan_seen {
	PLAN_SEEN_UNKNOWN,
	PLAN_SEEN_ABSENT,
	PLAN_SEEN_STARTING, /* libvirt is still making it */
	PLAN_SEEN_RUNNING,
	PLAN_SEEN_PAUSED,
	PLAN_SEEN_ENDING, /* the guest is off, its qemu not yet gone */
	PLAN_SEEN_CRASHED
};

enum plan_end {
	PLAN_END_GUEST,     /* the guest powered itself off */
	PLAN_END_DIED,      /* its qemu died */
	PLAN_END_CRASHED,   /* the guest crashed */
	PLAN_END_DESTROYED, /* somebody destroyed it on the node */
	PLAN_END_MIGRATED,  /* it runs elsewhere now */
	PLAN_END_LOST       /* it was gone when libvirt answered again */
};

enum plan_state {
	PLAN_STATE_UNKNOWN,
	PLAN_STATE_OFF,
	PLAN_STATE_STARTING,
	PLAN_STATE_RUNNING,
	PLAN_STATE_PAUSED,
	PLAN_STATE_STOPPING
};

/* What is known of the node. */
struct plan_node {
	enum plan_admin admin;
	bool answered; /* the server's answer of this boot is there */
	bool libvirt;  /* it answers */
};

/* What is wanted and seen of the VM. */
struct plan_vm {
	enum plan_want want;
	enum plan_restart restart;
	int64_t wish;
	int64_t grace_ms; /* from asking a guest to power off to destroying */
	enum plan_seen seen;
	const char *seen_reason; /* libvirt's, of a paused VM; or NULL */
	bool foreign;            /* the domain there is not chime's */
	bool defined;            /* libvirt keeps a definition of it, too */
	enum plan_adopt adopt;
	enum plan_action job; /* under way */
	const char *refused;  /* why the node's ledger lets no copy of this
				 generation run here; or NULL */
};

/* What is remembered of the VM; all zero at first. */
struct plan_memory {
	int64_t wish;                /* the one that off to last belong to */
	bool off;                    /* stays off under this wish */
	bool final;                  /* and the server is to want it stopped */
	bool again;                  /* the next start is a restart */
	int failures;                /* in a row */
	int64_t not_before;          /* no start earlier; 0 for any time */
	int64_t pause_ms;            /* how long that was when it was set */
	char last[PLAN_REASON_SIZE]; /* how the last run or try ended */
	int restarts;                /* starts after an end nobody asked for */
	int64_t started;             /* when it was started last; 0 unknown */
	int64_t asked;  /* when the guest was asked to power off; 0 not */
	bool killed;    /* a destroy was decided */
	bool crashed;   /* because the guest had crashed */
	int64_t insist; /* no destroy earlier, after one that failed */
	int64_t limbo;  /* since when it starts by nobody's doing; 0 not */
};

struct plan {
	enum plan_action action;
	enum plan_state state;
	bool final;
	int64_t wake; /* look again then even if nothing happens; 0 never */
	int64_t next_try_ms; /* how long the pause in force is; 0 none */
	char reason[PLAN_REASON_SIZE]; /* for people; may be empty */
};

/*
 * Decides. The memory is brought up to the VM's wish, and remembers what was
 * decided; a caller that only wants to look passes a copy.
 */
void plan_vm(const struct plan_node *node, const struct plan_vm *vm,
    struct plan_memory *mem, int64_t now_ms, struct plan *out);

/* What to report of a domain of chime's that the server does not name. */
void plan_stray(
    const struct plan_node *node, enum plan_seen seen, struct plan *out);

/*
 * The wish in force from now on: a new one forgets what belonged to the old
 * one. plan_vm does so too; before any of the following it must be told.
 */
void plan_wish(struct plan_memory *mem, int64_t wish);

/* The VM was started. */
void plan_started(struct plan_memory *mem, int64_t now_ms);

/* The VM ended. */
void plan_ended(struct plan_memory *mem, enum plan_restart restart,
    enum plan_end end, int64_t now_ms);

/* A step of its adoption was done. */
void plan_adopted(struct plan_memory *mem);

/* The action was tried and failed, with libvirt's reason. */
void plan_failed(struct plan_memory *mem, enum plan_action action,
    const char *reason, int64_t now_ms);

/* The words used in records. */
const char *plan_action_word(enum plan_action action);
const char *plan_state_word(enum plan_state state);

#endif
