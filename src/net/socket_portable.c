/* SPDX-License-Identifier: ISC */
/* net/socket_portable.c - see socket.h.  getpeereid(3) is the BSDs', macOS' and libbsd's. */
#include "net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

void gw_socket_give_up_after(int fd, unsigned ms)
{
	const int interval = 10, probes = 6;

	(void)ms;
#ifdef TCP_KEEPINTVL /* where it is offered, so is the other */
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
#else
	(void)fd, (void)interval, (void)probes;
#endif
}

size_t gw_socket_unacked(int fd)
{
	int n = 0;

#if defined FIONWRITE /* FreeBSD */
	if (ioctl(fd, FIONWRITE, &n) != 0)
		return 0;
#elif defined SO_NWRITE /* macOS */
	socklen_t size = sizeof n;

	if (getsockopt(fd, SOL_SOCKET, SO_NWRITE, &n, &size) != 0)
		return 0;
#elif defined TIOCOUTQ
	if (ioctl(fd, TIOCOUTQ, &n) != 0)
		return 0;
#endif
	return n > 0 ? (size_t)n : 0;
}

bool gw_socket_peer_is_us(int fd)
{
	uid_t user;
	gid_t group;

	return getpeereid(fd, &user, &group) == 0 && user == geteuid();
}
