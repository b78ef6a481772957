/* SPDX-License-Identifier: ISC */
/* driver/ledgerfile: what lasts, what a crash leaves, who may act. */
#include "driver/ledgerfile.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#define BOOT1 "0e5b2a9c-5f43-4f0e-8a55-3c9e0a6b7d10"
#define BOOT2 "1e5b2a9c-5f43-4f0e-8a55-3c9e0a6b7d11"
#define VM    "6f8ab3b2-6a2c-4b6e-9d55-0f8f7e3a9c01"
#define VM2   "6f8ab3b2-6a2c-4b6e-9d55-0f8f7e3a9c02"

static char path[128], why[LEDGERFILE_WHY_SIZE];

static struct gen
gen(uint64_t n)
{
	return (struct gen){.inc = 1, .n = n};
}

static struct ledgerfile *
open_it(const char *boot)
{
	why[0] = '\0';
	return ledgerfile_open(path, boot, why);
}

static off_t
size(void)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : -1;
}

static void
append_raw(const char *text)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	if (write(fd, text, strlen(text)) == -1)
		printf("# cannot append\n");
	close(fd);
}

static void
test_lasts(void)
{
	struct ledger_rec refuse = {.kind = LEDGER_REFUSE, .gen = gen(3)};
	struct ledger_rec depart = {.kind = LEDGER_DEPART,
	    .gen = gen(4),
	    .other = {1, 4, 1},
	    .peer = "n2"};
	struct ledgerfile *f = open_it(BOOT1);
	const struct ledger_vm *v;
	char id[LEDGERFILE_ID_SIZE];
	off_t before;

	CHECK("made with its folder", f != NULL);
	snprintf(id, sizeof(id), "%s", ledgerfile_id(f));
	CHECK("it has an id", strlen(id) == 32);
	CHECK("of an unknown VM it says nothing",
	    gen_none(ledgerfile_vm(f, VM)->ran));
	CHECK("a start",
	    ledgerfile_start(f, VM, gen(2), LEDGER_MANUAL, why) == 0);
	before = size();
	CHECK("the same start once more is said already",
	    ledgerfile_start(f, VM, gen(2), LEDGER_MANUAL, why) == 0 &&
		size() == before);
	CHECK("a refusal", ledgerfile_add(f, VM, &refuse, why) == 0);
	CHECK("a departure", ledgerfile_add(f, VM2, &depart, why) == 0);
	ledgerfile_close(f);
	f = open_it(BOOT2);
	CHECK("opened again", f && strcmp(id, ledgerfile_id(f)) == 0);
	v = ledgerfile_vm(f, VM);
	CHECK("what ran, ran", gen_cmp(v->ran, gen(2)) == 0);
	CHECK("but not in this boot", !v->here);
	CHECK("refused at 3", ledger_refuses(v, gen(3)) != NULL);
	CHECK("allowed at 4", ledger_refuses(v, gen(4)) == NULL);
	v = ledgerfile_vm(f, VM2);
	CHECK("departed", ledger_departed(v) && unit_same(v->dest, "n2"));
	CHECK("a start of another boot is written again",
	    ledgerfile_start(f, VM, gen(4), LEDGER_MANUAL, why) == 0 &&
		ledgerfile_vm(f, VM)->here);
	ledgerfile_close(f);
}

static void
test_crash(void)
{
	struct ledgerfile *f;
	off_t before = size();

	append_raw("{\"type\":\"refuse\",\"vm\":\"" VM "\",\"gen");
	f = open_it(BOOT2);
	CHECK("half a record at the end is cut off", f && size() == before);
	ledgerfile_close(f);
	append_raw("{\"type\":\"refuse\",\"vm\":\"" VM "\"}\n");
	f = open_it(BOOT2);
	CHECK("what is no record is refused", f == NULL);
	CHECK("and named with its line and file", strstr(why, "generation: ") &&
						      strstr(why, "line ") &&
						      strstr(why, path));
	CHECK("cut by hand", truncate(path, before) == 0);
}

/* Whether another process gets the VM's lock. */
static bool
other_locks(const char *uuid)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		struct ledgerfile *f = open_it(BOOT2);

		_exit(f && ledgerfile_lock(f, uuid, why) == 1 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	return status == 0;
}

static void
test_lock(void)
{
	struct ledgerfile *f = open_it(BOOT2), *g = open_it(BOOT2);
	struct ledger_rec refuse = {.kind = LEDGER_REFUSE, .gen = gen(9)};

	CHECK("locked", ledgerfile_lock(f, VM, why) == 1);
	CHECK("and again", ledgerfile_lock(f, VM, why) == 1);
	CHECK("not by another", !other_locks(VM));
	CHECK("whose other VMs are free", other_locks(VM2));
	ledgerfile_unlock(f, VM);
	CHECK(
	    "a lock ends with its process", other_locks(VM) && other_locks(VM));
	CHECK("another writes", ledgerfile_add(g, VM, &refuse, why) == 0);
	CHECK("not yet read",
	    ledger_refuses(ledgerfile_vm(f, VM), gen(9)) == NULL);
	CHECK("the lock reads it",
	    ledgerfile_lock(f, VM, why) == 1 &&
		ledger_refuses(ledgerfile_vm(f, VM), gen(9)));
	ledgerfile_close(g);
	CHECK("what others append is not lost",
	    ledgerfile_start(f, VM2, gen(7), LEDGER_AUTO, why) == 0);
	CHECK("the file away", unlink(path) == 0);
	CHECK("and it refuses to go on",
	    ledgerfile_start(f, VM2, gen(8), LEDGER_AUTO, why) == -1);
	g = open_it(BOOT2);
	CHECK("another file in its place",
	    g && ledgerfile_start(f, VM2, gen(8), LEDGER_AUTO, why) == -1 &&
		strstr(why, "replaced"));
	ledgerfile_close(g);
	ledgerfile_close(f);
}

/* Nothing may be printed while the limit is in force: stdout is a file, too. */
static void
test_full(void)
{
	struct ledgerfile *f = open_it(BOOT1);
	struct rlimit limit = {
	    .rlim_cur = (rlim_t)size() + 40, .rlim_max = RLIM_INFINITY};
	off_t before = size(), after;
	int r;

	signal(SIGXFSZ, SIG_IGN);
	r = setrlimit(RLIMIT_FSIZE, &limit);
	if (r == 0)
		r = ledgerfile_start(f, VM, gen(20), LEDGER_MANUAL, why);
	after = size();
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	CHECK("a record that does not fit is an error",
	    r == -1 && strstr(why, "cannot write"));
	CHECK("and nothing of it stays",
	    after == before && gen_none(ledgerfile_vm(f, VM)->ran));
	CHECK("with room again it goes on",
	    ledgerfile_start(f, VM, gen(20), LEDGER_MANUAL, why) == 0);
	ledgerfile_close(f);
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");
	char dir[100];

	snprintf(dir, sizeof(dir), "%s/ledger.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/sub/ledger.jsonl", dir);
	test_lasts();
	test_crash();
	test_lock();
	test_full();
	unlink(path);
	path[strlen(path) - strlen("/ledger.jsonl")] = '\0';
	rmdir(path);
	rmdir(dir);
	return unit_done();
}
