/* SPDX-License-Identifier: ISC */
/* net/wake_linux.c - see wake_p.h.
 *
 * A timer on the wall clock that is cancelled when that clock is set (timerfd_create(2)): it is set
 * on resume, too.  Addresses that come and go are told by rtnetlink(7).
 */
#include "net/wake_p.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct event {
	uv_poll_t poll;
	struct gw_wake_source *owner;
	int fd; /* -1: not offered here */
};

struct gw_wake_source {
	uv_loop_t *loop;
	struct event clock, network;
	unsigned open; /* events that are not closed yet */
	gw_wake_told *told;
	void *ctx;
};

static void arm(int fd)
{
	const struct itimerspec never = { .it_value = { .tv_sec = INT32_MAX } };

	timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

static void on_clock(uv_poll_t *poll, int status, int events)
{
	struct event *e = (struct event *)poll;
	uint64_t count;
	bool set = read(e->fd, &count, sizeof count) < 0 && errno == ECANCELED;

	(void)status;
	(void)events;
	arm(e->fd);
	if (set)
		e->owner->told(e->owner->ctx, true);
}

static void on_network(uv_poll_t *poll, int status, int events)
{
	struct event *e = (struct event *)poll;
	char message[8192];

	(void)status;
	(void)events;
	while (recv(e->fd, message, sizeof message, MSG_DONTWAIT) > 0)
		; /* that something changed is all that matters */
	e->owner->told(e->owner->ctx, false);
}

static void begin(struct gw_wake_source *w, struct event *e, int fd, uv_poll_cb cb)
{
	e->owner = w;
	e->fd = fd;
	if (fd >= 0 && uv_poll_init(w->loop, &e->poll, fd) != 0) {
		close(fd);
		e->fd = -1;
	}
	if (e->fd < 0)
		return;
	w->open++;
	uv_poll_start(&e->poll, UV_READABLE, cb);
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

struct gw_wake_source *gw_wake_source_start(uv_loop_t *loop, gw_wake_told *told, void *ctx)
{
	struct gw_wake_source *w = calloc(1, sizeof *w);
	int clock;

	if (w == NULL)
		return NULL;
	w->loop = loop;
	w->told = told;
	w->ctx = ctx;
	clock = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (clock >= 0)
		arm(clock);
	begin(w, &w->clock, clock, on_clock);
	begin(w, &w->network, open_network(), on_network);
	return w;
}

static void on_closed(uv_handle_t *handle)
{
	struct event *e = (struct event *)handle;
	struct gw_wake_source *w = e->owner;

	close(e->fd);
	if (--w->open == 0)
		free(w);
}

void gw_wake_source_stop(struct gw_wake_source *w)
{
	if (w == NULL)
		return;
	if (w->clock.fd >= 0)
		uv_close((uv_handle_t *)&w->clock.poll, on_closed);
	if (w->network.fd >= 0)
		uv_close((uv_handle_t *)&w->network.poll, on_closed);
	if (w->open == 0)
		free(w);
}
