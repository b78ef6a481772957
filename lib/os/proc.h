/* SPDX-License-Identifier: ISC */
/* Processes and signals. */
#ifndef OS_PROC_H
#define OS_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * What every program does first: SIGPIPE ignored (a closed pipe is an error
 * of write), stdin, stdout and stderr open, so that a file is never opened
 * as one of them.
 */
void proc_init(void);

/*
 * Turns SIGTERM, SIGINT and SIGHUP into a readable descriptor: poll it, and
 * stop when it is readable. -1 with errno on failure. To be called before
 * threads are started.
 */
int proc_stop_fd(void);

/* Whether the stop descriptor has fired; the signal stays pending. */
bool proc_stopping(int stop_fd);

/*
 * Starts argv[0] (a path or a name in PATH) with in and out as its stdin and
 * stdout, signals as they were before proc_stop_fd, and SIGTERM sent to it when
 * the calling thread ends. The pid, or -1 with errno, which is also that of a
 * failed exec.
 */
pid_t proc_spawn(char *const argv[], int in, int out);

/*
 * The folder the running program was installed under (the parent of bin or
 * libexec): out holds it without a slash at the end. 0, or -1 with errno.
 */
int proc_home(char *out, size_t size);

/*
 * The path of one of chime's own helpers, "HOME/libexec/chime/NAME".
 * 0, or -1 with errno.
 */
int proc_libexec(const char *name, char *out, size_t size);

/* n random bytes as 2n hex digits and a NUL; dies when there are none. */
void proc_random_hex(size_t n, char *hex);

#endif
