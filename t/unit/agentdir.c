/* SPDX-License-Identifier: ISC */
/* lib/driver/agentdir: the state folder as chime-heartbeat uses it. */
#include "driver/agentdir.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#define BOOT "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

static char dir[64];

static void
put(const char *name, const char *text)
{
	agentdir_replace(dir, name, text, strlen(text));
}

/* Whether another process can have the lock. */
static int
lock_elsewhere(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(agentdir_lock(dir, "lock") == 0 ? 0 : 1);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Whether another process sees that we hold it, or nobody. */
static int
locked_by(int64_t holder)
{
	int64_t by = -1;
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(agentdir_locked(dir, "lock", &by) == 0 && by == holder
			  ? 0
			  : 1);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
boots(void)
{
	char boot[AGENTDIR_BOOT_SIZE];

	CHECK("no boot", agentdir_boot(dir, boot) == -1 && errno == ENOENT);
	put("boot", "nonsense\n");
	CHECK("a bad one", agentdir_boot(dir, boot) == -1 && errno == EINVAL);
	put("boot", BOOT BOOT "\n");
	CHECK("a long one", agentdir_boot(dir, boot) == -1 && errno == EINVAL);
	put("boot", BOOT "\n");
	CHECK("a good one",
	    agentdir_boot(dir, boot) == 0 && strcmp(boot, BOOT) == 0);
	put("boot", BOOT);
	CHECK("without a newline", agentdir_boot(dir, boot) == 0);
	CHECK("no folder", agentdir_boot(NULL, boot) == -1 && errno == ENOENT);
}

static void
leases(void)
{
	CHECK("no lease, no beat", agentdir_beat(dir, BOOT) == 0);
	CHECK("a lease is written",
	    agentdir_lease(dir, "n1", BOOT, 17, 12345, 10000) == 0);
	CHECK("its beat is found again", agentdir_beat(dir, BOOT) == 17);
	CHECK("but not in another boot", agentdir_beat(dir, "x") == 0);
	put("lease.jsonl", "{\"half");
	CHECK("a damaged one is none", agentdir_beat(dir, BOOT) == 0);
}

static void
facts(void)
{
	int64_t vcpus = 0, memory = 0;

	agentdir_facts(dir, &vcpus, &memory);
	CHECK("without facts: what the machine has", vcpus > 0 && memory > 0);
	put("facts.jsonl", "{\"type\":\"facts\",\"vcpus\":3,"
			   "\"memory_mib\":77}\n");
	agentdir_facts(dir, &vcpus, &memory);
	CHECK("with facts: what they say", vcpus == 3 && memory == 77);
	put("facts.jsonl", "{\"vcpus\":-1,\"memory_mib\":\"x\"}\n");
	agentdir_facts(dir, &vcpus, &memory);
	CHECK("unless that cannot be", vcpus > 0 && memory > 0);
}

int
main(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/unit.XXXXXX",
	    tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	if (!mkdtemp(dir) || chdir(dir) == -1)
		return 1;
	boots();
	leases();
	facts();
	CHECK("a lock is free", lock_elsewhere() && locked_by(0));
	CHECK("and taken", agentdir_lock(dir, "lock") == 0);
	CHECK("and then it is not", !lock_elsewhere());
	CHECK("and others see who has it", locked_by(getpid()));
	unlink("boot");
	unlink("lease.jsonl");
	unlink("facts.jsonl");
	unlink("lock");
	CHECK("no temporary file is left", rmdir(dir) == 0);
	return unit_done();
}
