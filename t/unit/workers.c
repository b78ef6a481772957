/* SPDX-License-Identifier: ISC */
/* lib/driver/workers, child: a pool with real processes (sh, cat, sleep). */
#include "driver/workers.h"

#include <errno.h>
#include <signal.h>

#include "base/clk.h"
#include "os/loop.h"
#include "unit.h"

static struct workers *pool;
static int loop_fd, rows, ends, restarts, messages;
static int status[8];
static char code[64];

static void
row(void *job, struct scan_text text)
{
	(void)job;
	(void)text;
	rows++;
}

static void
restart(void *job)
{
	(void)job;
	restarts++;
}

static void
end(void *job, const struct wire_answer *a)
{
	status[ends++ % 8] = a->status;
	snprintf(code, sizeof(code), "%.*s", (int)a->code.n,
	    a->code.p ? a->code.p : "");
	(void)job;
}

static void __attribute__((format(printf, 1, 2))) message(const char *fmt, ...)
{
	(void)fmt;
	messages++;
}

static void
start(const char *script, unsigned n)
{
	static const char *argv[] = {"sh", "-c", NULL, NULL};
	struct workers_conf conf = {
	    .name = "test",
	    .n = n,
	    .window = 4,
	    .jobs = 8,
	    .limit_ms = 2000,
	    .loop = loop_fd,
	    .row = row,
	    .restart = restart,
	    .end = end,
	    .info = message,
	    .warn = message,
	};

	argv[2] = script;
	conf.argv = (char *const *)(uintptr_t)argv;
	rows = ends = restarts = messages = 0;
	pool = workers_new(&conf);
}

static int
ask(bool safe, int64_t limit_ms)
{
	struct wire_request r = {.method = "GET", .path = {"/", 1}};

	return workers_send(pool, &r, safe, clk_mono_ms(), limit_ms, &r);
}

/* Turns the loop until n jobs have ended or none ever will, 10 s at most. */
static bool
until(int n)
{
	int64_t stop = clk_mono_ms() + 10000;

	while (
	    ends < n && clk_mono_ms() < stop && !workers_misconfigured(pool)) {
		int64_t wait = workers_run(pool, clk_mono_ms());

		if (wait == -1 || wait > 100)
			wait = 100;
		loop_wait(loop_fd, wait);
	}
	return ends == n;
}

static void
done(void)
{
	workers_free(pool, clk_mono_ms() + 1000);
}

#define ANSWER                                                                 \
	"read -r l; id=${l#*:}; id=${id%%,*}; "                                \
	"echo \"{\\\"id\\\":$id,\\\"row\\\":{}}\"; "                           \
	"echo \"{\\\"id\\\":$id,\\\"end\\\":{\\\"status\\\":200}}\"; "

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	loop_fd = loop_new();
	start("while :; do " ANSWER "done", 2);
	CHECK("a pool starts", pool != NULL);
	for (int i = 0; i < 8; i++)
		ask(false, 5000);
	CHECK("a ninth of eight jobs is refused", ask(false, 5000) == -1);
	CHECK("all are answered, each once",
	    until(8) && rows == 8 && status[0] == 200 && status[7] == 200);
	CHECK("none is left", workers_pending(pool) == 0);
	done();

	start("read -r l; exit 1", 1);
	ask(false, 5000);
	CHECK("a job of a dead worker ends with 503",
	    until(1) && status[0] == 503 && restarts == 0 &&
		strcmp(code, "\"worker_lost\"") == 0);
	done();

	start("read -r l; exit 1", 2);
	ask(true, 8000);
	CHECK("one that may be repeated is, once",
	    until(1) && restarts == 1 && status[0] == 503);
	done();

	start("echo nonsense; exec sleep 60", 1);
	ask(false, 8000);
	CHECK("a worker that talks nonsense is none",
	    until(1) && status[0] == 503 && messages >= 1);
	done();

	start("exec sleep 60", 1);
	ask(false, 300);
	CHECK("no answer in time is 504", until(1) && status[0] == 504);
	for (int i = 0; i < 4; i++)
		ask(false, 300);
	CHECK("and 503 for one no worker had",
	    until(5) && strcmp(code, "\"busy\"") == 0);
	done();

	start("exit 100", 1);
	until(1);
	CHECK("ending with 100 again and again is told",
	    workers_misconfigured(pool));
	done();

	errno = 0;
	{
		static char *const none[] = {"/nonexistent", NULL};
		struct workers_conf conf = {
		    .name = "x", .argv = none, .n = 1, .jobs = 1};

		conf.loop = loop_fd;
		CHECK("a command that does not exist",
		    workers_new(&conf) == NULL && errno == ENOENT);
	}
	return unit_done();
}
