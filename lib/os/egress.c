/* SPDX-License-Identifier: ISC */
#include "os/egress.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ATTRIBUTE_HEAD ((size_t)NLMSG_ALIGN(sizeof(struct rtattr)))

struct request {
	struct nlmsghdr head;
	struct rtmsg route;
	struct rtattr attribute;
	unsigned char address[16];
};

/* 0, or -1 with errno. */
static int
make(struct request *q, const char *address)
{
	size_t n = 0;

	memset(q, 0, sizeof(*q));
	if (inet_pton(AF_INET, address, q->address) == 1) {
		q->route.rtm_family = AF_INET;
		n = 4;
	} else if (inet_pton(AF_INET6, address, q->address) == 1) {
		q->route.rtm_family = AF_INET6;
		n = 16;
	} else {
		errno = EINVAL;
		return -1;
	}
	q->route.rtm_dst_len = (unsigned char)(n * 8);
	q->attribute.rta_type = RTA_DST;
	q->attribute.rta_len = (unsigned short)(ATTRIBUTE_HEAD + n);
	q->head.nlmsg_type = RTM_GETROUTE;
	q->head.nlmsg_flags = NLM_F_REQUEST;
	q->head.nlmsg_seq = 1;
	q->head.nlmsg_len =
	    (unsigned)(sizeof(q->head) + sizeof(q->route) + ATTRIBUTE_HEAD + n);
	return 0;
}

/* The number of the interface in a route's attributes; 0: none is there. */
static unsigned
interface_of(const char *m, size_t left)
{
	struct rtattr a;
	unsigned n = 0;

	while (left >= sizeof(a)) {
		memcpy(&a, m, sizeof(a));
		if (a.rta_len < sizeof(a) || a.rta_len > left)
			return 0;
		if (a.rta_type == RTA_OIF &&
		    a.rta_len >= ATTRIBUTE_HEAD + sizeof(n)) {
			memcpy(&n, m + ATTRIBUTE_HEAD, sizeof(n));
			return n;
		}
		if (left <= (size_t)NLMSG_ALIGN(a.rta_len))
			return 0;
		left -= (size_t)NLMSG_ALIGN(a.rta_len);
		m += NLMSG_ALIGN(a.rta_len);
	}
	return 0;
}

/* The number of the interface; 0 with errno. */
static unsigned
parse(const char *m, size_t len)
{
	const size_t skip = NLMSG_ALIGN(sizeof(struct nlmsghdr));
	struct nlmsgerr e;
	struct nlmsghdr h;
	unsigned n = 0;

	errno = EPROTO;
	if (len < skip)
		return 0;
	memcpy(&h, m, sizeof(h));
	if (h.nlmsg_len > len)
		return 0;
	if (h.nlmsg_type == NLMSG_ERROR && h.nlmsg_len >= skip + sizeof(e)) {
		memcpy(&e, m + skip, sizeof(e));
		errno = e.error ? -e.error : EPROTO;
	} else if (h.nlmsg_type == RTM_NEWROUTE &&
		   h.nlmsg_len > skip + sizeof(struct rtmsg)) {
		n = interface_of(m + skip + sizeof(struct rtmsg),
		    h.nlmsg_len - skip - sizeof(struct rtmsg));
		if (!n)
			errno = ENETUNREACH; /* a blackhole */
	}
	return n;
}

int
egress_of(const char *address, char name[static IF_NAMESIZE])
{
	struct timeval patience = {.tv_sec = 5};
	struct request q;
	unsigned n = 0;
	char m[4096];
	ssize_t got;
	int fd, saved;

	if (make(&q, address) == -1)
		return -1;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd == -1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (send(fd, &q, q.head.nlmsg_len, 0) != -1) {
		do {
			got = recv(fd, m, sizeof(m), 0);
		} while (got == -1 && errno == EINTR);
		if (got != -1)
			n = parse(m, (size_t)got);
	}
	saved = errno;
	close(fd);
	errno = saved;
	return n && if_indextoname(n, name) ? 0 : -1;
}
