/* SPDX-License-Identifier: ISC */
/* Readiness towards the supervisor. */
#ifndef OS_READY_H
#define OS_READY_H

/*
 * Says "ready" once: a newline on descriptor fd, which is then closed (s6's
 * notification-fd; -1 for none), and READY=1 to $NOTIFY_SOCKET when systemd
 * set it. Failures are ignored: the supervisor notices by its own timeout.
 */
void ready_notify(int fd);

#endif
