/* SPDX-License-Identifier: ISC */
/* net/dial.c - see dial.h.
 *
 *   RESOLVING --addresses--> CONNECTING --first success, all failed, cancel--> CLOSING --> freed
 *
 * I1  cb runs once, from maybe_free(), when every handle but the winner's is closed.
 * I2  `open` counts what must still call back: the resolver's request, the timer and each attempt.
 */
#include "net/dial.h"

#include "net/socket.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ADDRESSES = 16, STAGGER_MS = 250 };
enum state { RESOLVING, CONNECTING, CLOSING };

struct attempt {
	uv_tcp_t *tcp; /* owned until closed or won */
	uv_connect_t request;
	struct gw_dial *dial;
	char name[INET6_ADDRSTRLEN];
	bool running;
};

struct gw_dial {
	enum state state;
	uv_loop_t *loop;
	const struct gw_log *log;
	uv_getaddrinfo_t resolver;
	uv_timer_t stagger;
	struct sockaddr_storage addresses[MAX_ADDRESSES];
	size_t address_count, started;
	struct attempt attempts[MAX_ADDRESSES];
	unsigned open; /* I2 */
	uv_tcp_t *winner;
	gw_dial_cb *cb;
	void *ctx;
	char where[280];
	struct gw_error err;
};

static void start_next(struct gw_dial *d);

static void maybe_free(struct gw_dial *d)
{
	if (d->open > 0)
		return;
	d->cb(d->ctx, d->winner, d->winner != NULL ? NULL : &d->err);
	free(d);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct gw_dial *d = handle->data;

	d->open--;
	maybe_free(d);
}

static void on_attempt_closed(uv_handle_t *handle)
{
	struct attempt *a = handle->data;

	free(a->tcp);
	a->dial->open--;
	maybe_free(a->dial);
}

static void enter_closing(struct gw_dial *d)
{
	if (d->state == CLOSING)
		return;
	d->state = CLOSING;
	uv_close((uv_handle_t *)&d->stagger, on_timer_closed);
	uv_cancel((uv_req_t *)&d->resolver); /* harmless when it has ended */
	for (size_t i = 0; i < d->started; i++) {
		if (d->attempts[i].running)
			uv_close((uv_handle_t *)d->attempts[i].tcp, on_attempt_closed);
		d->attempts[i].running = false;
	}
}

static void on_connected(uv_connect_t *request, int status)
{
	struct attempt *a = request->data;
	struct gw_dial *d = a->dial;

	if (d->state == CLOSING)
		return; /* its close callback follows */
	a->running = false;
	if (status == 0) {
		d->winner = a->tcp;
		d->open--;
		gw_log(d->log, GW_LOG_INFO, "connected to %s (%s)", d->where, a->name);
		enter_closing(d);
		return;
	}
	gw_log(d->log, GW_LOG_INFO, "cannot connect to %s (%s): %s", d->where, a->name,
		uv_strerror(status));
	gw_fail(&d->err, GW_ERR_NET, "cannot connect to %s (%s): %s", d->where, a->name,
		uv_strerror(status));
	uv_close((uv_handle_t *)a->tcp, on_attempt_closed);
	start_next(d);
}

static void on_stagger(uv_timer_t *timer)
{
	start_next(timer->data);
}

static bool any_running(const struct gw_dial *d)
{
	for (size_t i = 0; i < d->started; i++) {
		if (d->attempts[i].running)
			return true;
	}
	return false;
}

static bool start_attempt(struct gw_dial *d, struct attempt *a, const struct sockaddr *address)
{
	int rc;

	*a = (struct attempt){ .dial = d, .tcp = malloc(sizeof *a->tcp) };
	if (a->tcp == NULL)
		return false;
	uv_ip_name(address, a->name, sizeof a->name);
	uv_tcp_init(d->loop, a->tcp);
	a->tcp->data = a;
	a->request.data = a;
	d->open++;
	rc = uv_tcp_connect(&a->request, a->tcp, address, on_connected);
	if (rc != 0) {
		gw_fail(&d->err, GW_ERR_NET, "cannot connect to %s (%s): %s", d->where, a->name,
			uv_strerror(rc));
		uv_close((uv_handle_t *)a->tcp, on_attempt_closed);
		return false;
	}
	a->running = true;
	return true;
}

static void start_next(struct gw_dial *d)
{
	while (d->started < d->address_count) {
		size_t i = d->started++;

		if (start_attempt(d, &d->attempts[i], (struct sockaddr *)&d->addresses[i])) {
			uv_timer_start(&d->stagger, on_stagger, STAGGER_MS, 0);
			return;
		}
	}
	if (!any_running(d))
		enter_closing(d);
}

/* RFC 8305 4: the families alternate, beginning with the resolver's first choice. */
static void collect(struct gw_dial *d, const struct addrinfo *list)
{
	const struct addrinfo *next[2] = { list, list };
	int family = list->ai_family, other = family == AF_INET ? AF_INET6 : AF_INET;

	for (unsigned turn = 0; d->address_count < MAX_ADDRESSES; turn++) {
		const struct addrinfo **from = &next[turn % 2];
		int want = turn % 2 == 0 ? family : other;

		while (*from != NULL && (*from)->ai_family != want)
			*from = (*from)->ai_next;
		if (*from != NULL) {
			memcpy(&d->addresses[d->address_count++], (*from)->ai_addr,
				(*from)->ai_addrlen);
			*from = (*from)->ai_next;
		} else if (next[0] == NULL && next[1] == NULL) {
			break;
		}
	}
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
	struct gw_dial *d = request->data;

	d->open--;
	if (d->state == CLOSING) {
		uv_freeaddrinfo(list);
		maybe_free(d);
		return;
	}
	d->state = CONNECTING;
	if (status != 0 || list == NULL)
		gw_fail(&d->err, GW_ERR_NET,
			"the name of %s cannot be resolved: %s; check the name and the network",
			d->where, uv_strerror(status));
	else
		collect(d, list);
	uv_freeaddrinfo(list);
	start_next(d);
}

enum gw_code gw_dial_start(uv_loop_t *loop, const struct gw_log *log, const char *host,
	unsigned port, gw_dial_cb *cb, void *ctx, struct gw_dial **out, struct gw_error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	struct gw_dial *d = calloc(1, sizeof *d);
	char service[8];
	int rc;

	*out = NULL;
	if (d == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	*d = (struct gw_dial){ .loop = loop, .log = log, .cb = cb, .ctx = ctx };
	snprintf(d->where, sizeof d->where, "%s port %u", host, port);
	snprintf(service, sizeof service, "%u", port);
	uv_timer_init(loop, &d->stagger);
	d->stagger.data = d;
	d->resolver.data = d;
	d->open = 2;
	rc = uv_getaddrinfo(loop, &d->resolver, on_resolved, host, service, &hints);
	if (rc != 0) { /* such as a name that is too long: reported from the loop like the rest */
		gw_fail(&d->err, GW_ERR_NET, "the name of %s cannot be resolved: %s", d->where,
			uv_strerror(rc));
		d->open--;
		enter_closing(d);
	}
	*out = d;
	return GW_OK;
}

void gw_dial_cancel(struct gw_dial *d)
{
	gw_fail(&d->err, GW_ERR_CANCELLED, "cancelled");
	enter_closing(d);
}

void gw_dial_keep_alive(uv_tcp_t *tcp, unsigned timeout_ms)
{
	uv_os_fd_t fd;

	uv_tcp_keepalive(tcp, 1, 60);
	if (uv_fileno((uv_handle_t *)tcp, &fd) == 0)
		gw_socket_give_up_after(fd, timeout_ms);
}
