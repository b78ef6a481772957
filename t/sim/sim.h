/* SPDX-License-Identifier: ISC */
/*
 * The simulator: a fake world of hosts, networks, libvirt and a database,
 * run by events on a virtual clock, in which the real lib/core decides. One
 * seed gives one schedule, always the same. Times are milliseconds of real
 * time unless a name says which clock they are on.
 *
 *   queue.c  the virtual clock, chance, messages
 *   world.c  power, libvirt, migrations, the watchdog; the oracle
 *   agent.c  a node's processes: heartbeat, reconcile, deadman
 *   depart.c its part in migrations
 *   base.c   the database: transactions, failover, forks
 *   server.c a server: answers beats, watches silence, takes over
 *   plot.c   draws a schedule: the world, its faults, when they come
 *   ops.c    what operators do
 *   chaos.c  what goes wrong, and how it is healed
 *   main.c   options, workers, shrinking, the table of mutants
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "core/gen.h"
#include "core/lease.h"
#include "core/ledger.h"
#include "core/mutant.h"
#include "core/owner.h"
#include "core/proof.h"

#define MAXH    50
#define MAXV    6
#define MAXS    3
#define MAXDB   4
#define MAXF    32
#define MAXBOOT 200
#define NEVER   INT64_MAX

enum ev_kind {
	EV_BEAT,    /* host: send a heartbeat */
	EV_PASS,    /* host: reconcile looks at everything */
	EV_CREATE,  /* host, vm: reconcile calls create */
	EV_DEADMAN, /* host: the deadman looks */
	EV_ANSWER,  /* host: an answer to a heartbeat arrives (msg) */
	EV_ASK,     /* host, vm: a peer asks (msg) */
	EV_TOLD,    /* host, vm: a peer's answer (msg) */
	EV_PETLESS, /* host: the watchdog fires */
	EV_BOOT,    /* host: comes up */
	EV_STARTED, /* host, vm: libvirt finishes a create */
	EV_KILLED,  /* host, vm: libvirt finishes a destroy */
	EV_DIED,    /* host, vm: the guest's qemu dies */
	EV_MIGRATE, /* host, vm: next phase of a migration from here */
	EV_DROPPED, /* host, vm: an incoming copy without a source ends */
	EV_REPORT,  /* server: a heartbeat arrives (msg) */
	EV_COMMIT,  /* server: a heartbeat's second half (mutant only) */
	EV_WATCH,   /* server: the monitor's round */
	EV_TAKE,    /* server, vm: a proposed takeover's transaction */
	EV_FAULT,   /* fault: begins */
	EV_SNAP,    /* fault: what the replica has */
	EV_UNDO,    /* fault: ends */
	EV_HEAL,    /* everything is put right */
	EV_CHECK    /* does everything wanted run? */
};

enum fault_kind {
	F_CUT_MGMT, /* host a from all servers */
	F_CUT_ONE,  /* host a from server b */
	F_CUT_PEER, /* host a from host b */
	F_CUT_NEW,  /* host a from servers of the newest database */
	F_CUT_ALL,  /* host a from everybody */
	F_POWER,    /* host a */
	F_REBOOT,   /* host a, at once */
	F_STOP,     /* process b of host a */
	F_STOP_ALL, /* all processes of host a */
	F_SLEEP,    /* host a is suspended */
	F_HANG,     /* libvirt of host a does not answer */
	F_LIBVIRT,  /* libvirtd of host a is killed */
	F_RECON,    /* reconcile of host a is killed */
	F_QEMU,     /* vm c dies */
	F_SERVER,   /* server b */
	F_STALL,    /* server b is stopped and goes on */
	F_BASE,     /* no database */
	F_FAILOVER, /* to a replica that is x behind; b: forked */
	F_DISK,     /* host a comes back with another disk */
	F_WALL,     /* host a's wall clock is stepped by x */
	F_LOSS,     /* messages are lost and repeated */
	O_START,    /* operators: vm c */
	O_STOP,
	O_DELETE,
	O_CREATE,
	O_MIGRATE, /* vm c to host a; b: cancelled after x */
	O_CANCEL,  /* vm c's migration */
	O_OFFLINE, /* vm c to host a, at its node */
	O_MODE,    /* vm c to the other mode */
	O_RELEASE, /* vm c away from its host */
	O_DRAIN,   /* host a, at the node; then rebuilt by receipt */
	O_FENCE,   /* host a: off, read off twice, on again after len */
	O_REBUILD, /* vms of host a elsewhere, as soon as a proof allows */
	O_OFF,     /* host a: a person says it is off, if it is */
	O_CONFIRM, /* host a's new ledger, if it has one */
	F_KINDS
};

/* Instead of a host: whoever it is when the fault begins. */
#define ROLE_OWNER 250 /* the owner of vm c, as the database has it */
#define ROLE_RUNS  251 /* where vm c runs, else its owner */
#define ROLE_DEST  252 /* where vm c is being migrated to, else its owner */

/* Processes of a node that can stop alone. */
enum proc { P_BEAT, P_RECON, P_DEAD, P_LIBVIRT, PROCS };

struct ev {
	int64_t at;
	uint32_t seq;
	uint32_t life; /* of the host or server it is meant for */
	uint32_t arg;  /* message, phase or tag */
	uint8_t kind, who, vm;
};

/* A domain as libvirt has it. */
struct dom {
	enum ledger_copy st;
	struct gen gen;
	enum ledger_mode mode;
	uint32_t tag;        /* changes with every new domain */
	bool dying;          /* a destroy was asked for */
	uint8_t src;         /* where an incoming one comes from */
	struct gen from_gen; /* ... and its generation there */
	uint32_t mig; /* the migration that brought it, or takes it away */
};

struct job {
	bool on;
	uint8_t dest, phase;
	uint32_t tag;
	struct gen to;
};

struct inventory {
	uint64_t serial; /* order within a boot */
	uint32_t disk;   /* the ledger it was taken with */
	bool drain;      /* chime-drain is at work */
	struct inc inc;
	uint64_t tick;
	struct proof_report vm[MAXV];
	bool filled;
};

struct host {
	const char *name;
	bool up, frozen, hung; /* hung: libvirt does not answer */
	uint32_t life;         /* counts boots and power cuts */
	uint32_t boot;
	int32_t ppm;           /* how fast its clock is */
	int64_t wall;          /* how far its wall clock was stepped */
	int64_t resume[PROCS]; /* a stopped process goes on then */
	bool can_arm, given_up;
	int64_t trap; /* reconcile stops so long when a copy comes in */
	uint32_t wd;  /* tag of the armed watchdog's next end; 0: none */
	int64_t dm_at, pass_at, thaw;
	struct dom dom[MAXV];
	struct job job[MAXV];
	/* below /run: gone at a reboot */
	struct lease_host lh;
	struct lease_vm lv[MAXV];
	struct ledger_peer told[MAXV];
	bool starting[MAXV], want[MAXV];
	struct gen start_gen[MAXV];
	bool locked[MAXV];    /* reconcile is between check and create */
	int64_t settle[MAXV]; /* a create may still be on its way until then */
	struct inventory inv;
	uint64_t serial;
	/* on disk */
	struct ledger_vm led[MAXV], disk_led[MAXV];
	struct inc known;
	uint32_t disk;
	bool confirmed; /* the server knows this ledger */
	/* carried by hand */
	struct proof_receipt receipt[MAXV];
	uint32_t receipt_disk;
	uint8_t offline[MAXV]; /* operator: migrate there; host + 1 */
	bool drain;
};

enum want { W_NONE, W_STOPPED, W_RUNNING, W_DELETED, W_GONE };

struct row {
	enum want want;
	bool release;
	uint8_t target; /* rebuild wanted there; host + 1 */
	struct proof_vm vm;
};

struct hostrow {
	uint64_t beat, known_at, serial;
	uint32_t disk, boot; /* disk: the ledger confirmed */
	bool known;          /* the newest beat came with that ledger */
	bool armed;
	struct proof_off off;
	struct inventory inv;
};

struct base {
	struct proof_db db;
	uint32_t ident, seen_ident; /* the writer's, and the one recorded */
	struct row vm[MAXV];
	struct hostrow host[MAXH];
};

struct watch {
	uint64_t beat;
	int64_t since; /* server clock */
};

struct server {
	bool up;
	uint32_t life;
	int32_t ppm;
	int64_t resume;
	int base;       /* the database it is connected to; -1 none */
	struct inc inc; /* in force when it began to count */
	int64_t inc_at; /* ... on its clock */
	struct watch watch[MAXH];
	uint64_t pend_tick[MAXV];
	int64_t pend_at[MAXV];
};

enum msg_kind { M_BEAT, M_ANSWER, M_ASK, M_TOLD };

struct msg {
	uint32_t refs, next;
	uint8_t from, to;
	uint32_t boot, life;
	uint64_t beat;
	struct inc known;
	struct gen highest;
	uint32_t disk;
	bool armed;
	struct inventory inv;
	struct lease_answer ans;
	struct lease_grant grant[MAXV];
	bool named[MAXV], run[MAXV], confirmed;
	struct gen floor;
	int64_t sent; /* host clock */
	struct ledger_peer peer;
	struct gen gen;
};

struct fault {
	uint8_t kind, a, b, c;
	int64_t at, len, x;
};

struct world {
	uint64_t seed, rng;
	int64_t now;
	int hosts, vms, servers;
	struct lease_timers t;
	struct host h[MAXH];
	struct server s[MAXS];
	struct base db[MAXDB], snap[MAXDB];
	int dbs, cur; /* cur: the writer */
	int64_t db_down;
	bool mgmt[MAXH][MAXS]; /* cut when true */
	bool peer[MAXH][MAXH];
	int run[MAXV];         /* copies whose vCPUs run */
	uint32_t ran_at[MAXV]; /* newest migration whose copy ran there */
	uint32_t tags, boots, lives, migs, disks;
	int loss; /* messages lost, per thousand */
	struct fault fault[MAXF];
	int faults;
	uint64_t drop; /* faults left out, one bit each */
	bool calm, healed;
	int64_t healed_at;
	struct ev *heap;
	size_t heaped, heapcap;
	uint32_t seq;
	struct msg *msgs;
	uint32_t msgcap, msgfree;
	const char *violation;
	int bad_vm;
	bool trace;
	uint64_t steps;
};

extern const char *const sim_hosts[MAXH], *const sim_boots[MAXBOOT];

/* queue.c */
uint64_t rnd(struct world *w);
int64_t rnd_in(struct world *w, int64_t lo, int64_t hi);
bool chance(struct world *w, int permille);
void push(
    struct world *w, int64_t at, enum ev_kind k, int who, int vm, uint32_t arg);
bool pop(struct world *w, struct ev *e);
uint32_t msg_new(struct world *w);
void msg_drop(struct world *w, uint32_t m);
void send(struct world *w, enum ev_kind k, int to, int vm, uint32_t m);
int64_t host_clock(const struct world *w, const struct host *h);
int64_t host_when(const struct world *w, const struct host *h, int64_t clock);
int64_t serv_clock(const struct world *w, const struct server *s);
void trace(struct world *w, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
#define TRACE(w, ...)                                                          \
	do {                                                                   \
		if ((w)->trace)                                                \
			trace(w, __VA_ARGS__);                                 \
	} while (0)

/* world.c */
void violate(struct world *w, const char *what, int vm);
void dom_set(struct world *w, int h, int v, enum ledger_copy st);
void dom_destroy(struct world *w, int h, int v);
void host_cut(struct world *w, int h);
void host_boot(struct world *w, int h);
void host_freeze(struct world *w, int h, bool on);
void stop_proc(struct world *w, int h, enum proc p, int64_t until);
void watchdog_left(struct world *w, int h, int64_t from);
void libvirt_kill(struct world *w, int h);
void world_event(struct world *w, const struct ev *e);
void mig_start(struct world *w, int h, int v, int dest, struct gen to);

/* agent.c */
enum ledger_copy agent_copy(const struct host *h, int v);
void agent_record(struct world *w, int h, int v, enum ledger_kind k,
    struct gen gen, struct gen other, const char *peer);
void agent_event(struct world *w, const struct ev *e);
void agent_beat(struct world *w, int h);
void agent_wake(struct world *w, int h);
void agent_boot(struct world *w, int h);
void deadman_at(struct world *w, int h, int64_t at);

/* depart.c */
bool agent_end_migration(struct world *w, int h, int v);
bool agent_depart(struct world *w, int h, int v);
void agent_abort(struct world *w, int h, int v);
void agent_asked(struct world *w, int h, int v, uint32_t q);

/* base.c */
bool base_enter(struct world *w, int s, struct base **b);
void base_case(struct world *w, int s, struct base *b, int v,
    struct proof_case *c, struct proof_host *ph);
void base_failover(struct world *w, int snap, bool fork);
void base_reborn(struct world *w, struct base *b, uint64_t highest);
bool base_beat(struct world *w, struct base *b, const struct msg *m);

/* server.c */
void server_event(struct world *w, const struct ev *e);
void server_boot(struct world *w, int s);

/* plot.c */
void plot_make(struct world *w);
extern const char *const fault_words[];

/* ops.c */
void op_vm(struct world *w, int fi);
void op_host(struct world *w, int fi);
void op_undo(struct world *w, int fi);
void op_receipts(struct world *w, int h);
void op_attend(struct world *w, struct base *b, bool late);
int index_of(const struct world *w, const char *name);

/* chaos.c */
void chaos_event(struct world *w, const struct ev *e);

/* main.c */
void world_run(struct world *w, uint64_t seed, uint64_t drop);

#endif
