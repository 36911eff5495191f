/* SPDX-License-Identifier: ISC */
/* net/wake.c - see wake.h.
 *
 * What the system tells (wake_p.h) comes in bursts, and tells of addresses that a router only confirms:
 * what counts is whether the set of addresses is another.
 */
#include "net/wake.h"

#include "base/text.h"
#include "net/delay.h"
#include "net/wake_p.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>

enum { BURST_MS = 500 };

struct gw_wake {
	uv_loop_t *loop;
	struct gw_wake_source *source; /* owned; NULL: the system tells nothing */
	struct gw_delay *burst;        /* owned */
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

static void on_told(void *ctx, bool clock_set)
{
	struct gw_wake *w = ctx;

	w->clock_set |= clock_set;
	if (w->burst == NULL)
		gw_delay_start(w->loop, BURST_MS, on_burst_over, w, &w->burst);
}

enum gw_code gw_wake_start(uv_loop_t *loop, void (*cb)(void *ctx), void *ctx, struct gw_wake **out)
{
	struct gw_wake *w = calloc(1, sizeof *w);

	*out = w;
	if (w == NULL)
		return GW_ERR_NOMEM;
	w->loop = loop;
	w->cb = cb;
	w->ctx = ctx;
	w->addresses = hash_addresses();
	w->source = gw_wake_source_start(loop, on_told, w);
	return GW_OK;
}

void gw_wake_stop(struct gw_wake *w)
{
	if (w == NULL)
		return;
	gw_delay_cancel(&w->burst);
	gw_wake_source_stop(w->source);
	free(w);
}
