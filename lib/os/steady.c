/* SPDX-License-Identifier: ISC */
/* GNU: pthread_setattr_default_np, SCHED_RESET_ON_FORK. */
#include "os/steady.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#define STACK    (1024 * 1024) /* bytes, locked for each thread */
#define PRIORITY 10            /* of 1 to 99 */

int
steady_memory(void)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	errno = pthread_attr_setstacksize(&attr, STACK);
	if (errno == 0)
		errno = pthread_setattr_default_np(&attr);
	pthread_attr_destroy(&attr);
	if (errno)
		return -1;
	return mlockall(MCL_CURRENT | MCL_FUTURE);
}

int
steady_oom(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	int r, saved;

	if (fd == -1)
		return -1;
	r = write(fd, "-1000", 5) == 5 ? 0 : -1;
	saved = errno;
	close(fd);
	errno = saved;
	return r;
}

int
steady_schedule(void)
{
	struct sched_param p = {.sched_priority = PRIORITY};

	return sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &p);
}
