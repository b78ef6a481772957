/* SPDX-License-Identifier: ISC */
#include "driver/departure.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "driver/agentdir.h"

struct departures {
	struct ledgerfile *ledger;
	const char *dest;
	pthread_mutex_t lock;
};

struct departures *
departures_open(const char *path, const char *dir, const char *dest,
    char why[static LEDGERFILE_WHY_SIZE])
{
	struct ledgerfile *ledger;
	struct departures *d;
	char boot[AGENTDIR_BOOT_SIZE] = "";

	/* Without an agent in this boot there is none. */
	(void)agentdir_boot(dir, boot);
	ledger = ledgerfile_open(path, boot, why);
	if (!ledger)
		return NULL;
	d = mem_calloc(1, sizeof(*d));
	d->ledger = ledger;
	d->dest = dest;
	pthread_mutex_init(&d->lock, NULL);
	return d;
}

void
departures_close(struct departures *d)
{
	if (!d)
		return;
	ledgerfile_close(d->ledger);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

/* It runs here, and nobody works on it: what left has come back. */
static int
give_back(struct departures *d, const char *uuid, char *why)
{
	const struct ledger_vm *v = ledgerfile_vm(d->ledger, uuid);
	const struct ledger_rec r = {
	    .kind = LEDGER_RETURN, .gen = v->departed, .other = v->to};

	return ledger_departed(v) ? ledgerfile_add(d->ledger, uuid, &r, why)
				  : 0;
}

static int
depart(struct departures *d, const char *uuid, int64_t counted, char *why)
{
	struct ledger_rec r = {.kind = LEDGER_DEPART, .peer = d->dest};
	const struct ledger_vm *v;
	const char *no;

	if (give_back(d, uuid, why) == -1)
		return -1;
	v = ledgerfile_vm(d->ledger, uuid);
	/* It may have hopped since the database counted. */
	r.gen = gen_max(gen_counted(counted), v->ran);
	r.other = gen_hop(r.gen, v->returned);
	no = ledger_may_depart(v, r.gen, r.other);
	if (no) {
		snprintf(why, LEDGERFILE_WHY_SIZE,
		    "the node's ledger: %s: chimecli vm start gives it a new "
		    "right",
		    no);
		return -1;
	}
	return ledgerfile_add(d->ledger, uuid, &r, why);
}

int
departure_begin(void *departures, const char *uuid, int64_t counted,
    char why[static LEDGERFILE_WHY_SIZE])
{
	struct departures *d = departures;
	int r;

	pthread_mutex_lock(&d->lock);
	r = ledgerfile_lock(d->ledger, uuid, why);
	if (r == 0)
		snprintf(why, LEDGERFILE_WHY_SIZE,
		    "another program is at work on it: try again");
	if (r == 1 && counted > 0 && depart(d, uuid, counted, why) == -1) {
		ledgerfile_unlock(d->ledger, uuid);
		r = -1;
	}
	pthread_mutex_unlock(&d->lock);
	return r == 1 ? 0 : -1;
}

int
departure_over(void *departures, const char *uuid, enum migration_end end,
    char why[static LEDGERFILE_WHY_SIZE])
{
	struct departures *d = departures;
	int r = 0;

	pthread_mutex_lock(&d->lock);
	if (end == MIGRATION_STAYS)
		r = give_back(d, uuid, why);
	ledgerfile_unlock(d->ledger, uuid);
	pthread_mutex_unlock(&d->lock);
	return r;
}
