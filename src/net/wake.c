/* net/wake.c - see wake.h.
 *
 * A timer on the wall clock that is cancelled when that clock is set (timerfd_create(2)), which
 * happens on resume, too.  rtnetlink(7) reports addresses that come and go, but also those that a
 * router only confirms: what counts is whether the set of addresses changed.
 */
#include "net/wake.h"

#include "base/text.h"
#include "net/delay.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { BURST_MS = 500 };

struct source {
	uv_poll_t poll;
	struct gw_wake *owner;
	int fd; /* -1: not offered here */
};

struct gw_wake {
	uv_loop_t *loop;
	struct source clock, network;
	struct gw_delay *burst; /* owned */
	unsigned open;          /* sources that are not closed yet */
	bool clock_set;
	uint64_t addresses; /* a hash of them */
	void (*cb)(void *ctx);
	void *ctx;
};

static struct gw_slice bytes_of(const struct sockaddr *a)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)a;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)a;

	if (a != NULL && a->sa_family == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24 != 127)
		return (struct gw_slice){ (const char *)&v4->sin_addr, sizeof v4->sin_addr };
	if (a != NULL && a->sa_family == AF_INET6 && !IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) &&
		!IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
		return (struct gw_slice){ (const char *)&v6->sin6_addr, sizeof v6->sin6_addr };
	return (struct gw_slice){ NULL, 0 }; /* says nothing about the way out */
}

/* In no order, so a sum. */
static uint64_t hash_addresses(void)
{
	struct ifaddrs *list, *a;
	uint64_t sum = 0;

	if (getifaddrs(&list) != 0)
		return 0;
	for (a = list; a != NULL; a = a->ifa_next) {
		struct gw_slice bytes = bytes_of(a->ifa_addr);

		if (bytes.n > 0)
			sum += gw_hash_bytes(bytes) + gw_hash_bytes(gw_slice_str(a->ifa_name));
	}
	freeifaddrs(list);
	return sum;
}

static void on_burst_over(void *ctx)
{
	struct gw_wake *w = ctx;
	uint64_t addresses = hash_addresses();
	bool other = w->clock_set || addresses != w->addresses;

	w->burst = NULL;
	w->clock_set = false;
	w->addresses = addresses;
	if (other)
		w->cb(w->ctx);
}

static void happened(struct gw_wake *w)
{
	if (w->burst == NULL)
		gw_delay_start(w->loop, BURST_MS, on_burst_over, w, &w->burst);
}

static void arm(int fd)
{
	const struct itimerspec never = { .it_value = { .tv_sec = INT32_MAX } };

	timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

static void on_clock(uv_poll_t *poll, int status, int events)
{
	struct source *s = (struct source *)poll;
	uint64_t count;
	bool set = read(s->fd, &count, sizeof count) < 0 && errno == ECANCELED;

	(void)status;
	(void)events;
	arm(s->fd);
	s->owner->clock_set |= set;
	if (set)
		happened(s->owner);
}

static void on_network(uv_poll_t *poll, int status, int events)
{
	struct source *s = (struct source *)poll;
	char message[8192];

	(void)status;
	(void)events;
	while (recv(s->fd, message, sizeof message, MSG_DONTWAIT) > 0)
		; /* that something changed is all that matters */
	happened(s->owner);
}

static void begin(struct gw_wake *w, struct source *s, int fd, uv_poll_cb cb)
{
	s->owner = w;
	s->fd = fd;
	if (fd >= 0 && uv_poll_init(w->loop, &s->poll, fd) != 0) {
		close(fd);
		s->fd = -1;
	}
	if (s->fd < 0)
		return;
	w->open++;
	uv_poll_start(&s->poll, UV_READABLE, cb);
}

static int open_network(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

enum gw_code gw_wake_start(uv_loop_t *loop, void (*cb)(void *ctx), void *ctx, struct gw_wake **out)
{
	struct gw_wake *w = calloc(1, sizeof *w);
	int clock;

	*out = w;
	if (w == NULL)
		return GW_ERR_NOMEM;
	w->loop = loop;
	w->cb = cb;
	w->ctx = ctx;
	w->addresses = hash_addresses();
	clock = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (clock >= 0)
		arm(clock);
	begin(w, &w->clock, clock, on_clock);
	begin(w, &w->network, open_network(), on_network);
	return GW_OK;
}

static void on_closed(uv_handle_t *handle)
{
	struct source *s = (struct source *)handle;
	struct gw_wake *w = s->owner;

	close(s->fd);
	if (--w->open == 0)
		free(w);
}

void gw_wake_stop(struct gw_wake *w)
{
	if (w == NULL)
		return;
	gw_delay_cancel(&w->burst);
	if (w->clock.fd >= 0)
		uv_close((uv_handle_t *)&w->clock.poll, on_closed);
	if (w->network.fd >= 0)
		uv_close((uv_handle_t *)&w->network.poll, on_closed);
	if (w->open == 0)
		free(w);
}
