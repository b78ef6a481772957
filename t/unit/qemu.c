/* SPDX-License-Identifier: ISC */
/* lib/os/qemu, with processes that only have the name of a qemu. */
#include "os/qemu.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "os/fs.h"
#include "unit.h"

static struct buf self; /* our own program */

/* Starts our own program as name with these arguments; it waits for ever. */
static pid_t
run(const char *name, const char *a, const char *b)
{
	char ready;
	int p[2];
	pid_t pid;

	if (pipe(p) == -1 ||
	    fs_replace(name, self.data, self.len, 0700, false) == -1)
		return -1;
	pid = fork();
	if (pid == 0) {
		dup2(p[1], 1);
		close(p[0]);
		close(p[1]);
		execl(name, name, "-name", "guest=x", a, b, "-S", (char *)NULL);
		_exit(127);
	}
	close(p[1]);
	if (read(p[0], &ready, 1) != 1)
		unit_check("started", 0);
	close(p[0]);
	return pid;
}

/* The pid of the first of that UUID; 0 for none. */
static pid_t
find(const char *uuid, struct qemu *q)
{
	struct qemu *list;
	size_t n;
	pid_t pid = 0;

	if (qemu_list(&list, &n) == -1)
		return -1;
	for (size_t i = 0; i < n && !pid; i++)
		if (strcmp(list[i].uuid, uuid) == 0) {
			pid = list[i].pid;
			if (q)
				*q = list[i];
		}
	free(list);
	return pid;
}

static void
end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* A UUID that only this run uses: others may run at the same time. */
static void
make_uuid(char uuid[static QEMU_UUID_SIZE], int n)
{
	snprintf(uuid, QEMU_UUID_SIZE, "abcdef%02x-0000-4000-8000-%012lx",
	    (unsigned)n, (unsigned long)getpid());
}

static void
test(void)
{
	char mine[QEMU_UUID_SIZE], other[QEMU_UUID_SIZE], big[QEMU_UUID_SIZE];
	struct qemu q = {0};
	struct pollfd p = {.events = POLLIN};
	pid_t a, b, c;

	make_uuid(mine, 1);
	make_uuid(other, 2);
	CHECK("none", find(mine, NULL) == 0);
	a = run("qemu-system-unit", "-uuid", mine);
	b = run("not-a-qemu", "-uuid", other);
	CHECK("found by its UUID", find(mine, &q) == a && q.pid == a);
	CHECK("only a qemu is", find(other, NULL) == 0);
	memcpy(big, other, sizeof(big));
	for (char *s = big; *s; s++)
		*s = (char)(*s >= 'a' && *s <= 'f' ? *s - 32 : *s);
	c = run("qemu-kvm", "-uuid", big);
	CHECK("in upper case too", find(other, NULL) == c);
	end(c);
	c = run("qemu-kvm", "-smbios", other);
	CHECK("not by what is no -uuid", find(other, NULL) == 0);
	end(c);
	c = run("qemu-kvm", "-uuid", "short");
	CHECK("nor a short one", find("short", NULL) == 0);
	end(c);
	memcpy(q.uuid, other, sizeof(q.uuid));
	CHECK("not killed: another VM's",
	    qemu_kill(&q) == -1 && errno == ESRCH && find(mine, &q) == a);
	q.pid = b;
	CHECK("not killed: no qemu", qemu_kill(&q) == -1 && errno == ESRCH);
	q.pid = a;
	p.fd = qemu_kill(&q);
	CHECK("killed", p.fd >= 0);
	CHECK("and gone, whoever reaps it",
	    poll(&p, 1, 30000) == 1 && qemu_ended(p.fd));
	close(p.fd);
	CHECK("a zombie is none", find(mine, NULL) == 0);
	waitpid(a, NULL, 0);
	CHECK("nor is it killed again", qemu_kill(&q) == -1 && errno == ESRCH);
	end(b);
}

int
main(int argc, char *argv[])
{
	char dir[] = "/tmp/chime-qemu.XXXXXX";

	if (argc > 1) {
		/* We are the process that is looked for. */
		if (write(1, "r", 1) == 1)
			for (;;)
				pause();
		return 1;
	}
	(void)argv;
	buf_init(&self, 1 << 28);
	if (fs_read("/proc/self/exe", &self) == -1 || !mkdtemp(dir) ||
	    chdir(dir) == -1)
		return 1;
	test();
	buf_free(&self);
	unlink("qemu-system-unit");
	unlink("not-a-qemu");
	unlink("qemu-kvm");
	if (chdir("/") == 0)
		rmdir(dir);
	return unit_done();
}
