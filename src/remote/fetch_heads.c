/* SPDX-License-Identifier: ISC */
/* remote/fetch_heads.c - see fetch_heads.h.
 *
 *   ON_TRIAL (one, alone) --> PLAIN (all at once) --> SUSPECTS (in small parts) --> LEFT_OUT --> done
 *
 * In each phase what is refused is halved until it is one.  Windows are ranges [lo, hi) of the items.
 */
#include "remote/fetch_heads.h"

#include "base/sorted.h"
#include "imap/refusal.h"
#include "plan/isolate.h"
#include "remote/head_reader.h"

#include <stdlib.h>
#include <string.h>

enum { PARTS = 32, REFUSALS_IN_A_ROW = 6, REFUSED_SINGLES = 8 };
enum phase { ON_TRIAL, PLAIN, SUSPECTS, LEFT_OUT };

static const char *const broke = "the connection broke each time its header was asked for";
static const char *const not_sent = "the server lists it and answers OK, but sends no header";

struct item {
	uint32_t uid;
	unsigned heat;
	bool on_trial, done;
	const char *why; /* it is not to be asked for (any more) */
	char *refusal;   /* owned: `why`, in the server's words */
};

struct window {
	struct heads *h;
	size_t lo, hi, asked;
};

struct heads {
	enum phase phase;
	struct gw_session *session;
	struct item *items; /* owned */
	size_t count, per_command;
	unsigned in_flight;
	struct window *again; /* owned: parts of refused windows */
	size_t again_count, again_cap;
	struct gw_head_reader reader;
	bool came; /* a header did */
	unsigned passing,
		singles; /* refusals in a row of the server's state; of one message, all in all */
	bool stopped;
	struct gw_error refusal, err;
	struct gw_fetch_heads_events ev;
};

static void advance(struct heads *h);

static void free_heads(struct heads *h)
{
	for (size_t i = 0; i < h->count; i++)
		free(h->items[i].refusal);
	free(h->items);
	free(h->again);
	free(h);
}

static struct item *find(struct heads *h, uint32_t uid)
{
	size_t lo = GW_LOWER_BOUND(h->items, h->count, uid, uid);

	return lo < h->count && h->items[lo].uid == uid ? &h->items[lo] : NULL;
}

/* True if it may be asked for now. */
static bool is_open(const struct item *item)
{
	return !item->done && item->why == NULL && item->heat == 0;
}

static size_t count_open(const struct heads *h, size_t lo, size_t hi)
{
	size_t n = 0;

	for (size_t i = lo; i < hi; i++)
		n += is_open(&h->items[i]);
	return n;
}

/* --- what comes ------------------------------------------------------------------------------ */

static void on_body(void *ctx, const struct gw_body_event *ev)
{
	struct heads *h = ((struct window *)ctx)->h;

	gw_head_reader_feed(&h->reader, h->session, ev);
}

static void on_response(void *ctx, const struct gw_response *r)
{
	struct heads *h = ((struct window *)ctx)->h;
	struct gw_fingerprint print;
	struct item *item;
	uint64_t bytes;

	/* No header is empty: a line of its own ends it. */
	if (r->type != GW_RESP_FETCH || !gw_head_reader_take(&h->reader, &print, &bytes) ||
		bytes == 0)
		return;
	item = find(h, r->fetch.uid);
	if (item == NULL || item->done)
		return; /* nobody asked for it, or it came twice */
	item->done = h->came = true;
	h->passing = 0;
	h->ev.head(h->ev.ctx, &r->fetch, &print);
}

/* --- what does not --------------------------------------------------------------------------- */

static void push_again(struct heads *h, size_t lo, size_t hi)
{
	struct window *w =
		gw_array_push((void **)&h->again, &h->again_count, &h->again_cap, sizeof *w);

	if (w == NULL)
		gw_fail(&h->err, GW_ERR_NOMEM, "out of memory");
	else
		*w = (struct window){ .lo = lo, .hi = hi };
}

static void set_aside(struct item *item, const char *refusal)
{
	item->refusal = strdup(refusal);
	item->why = item->refusal == NULL ? "the server refuses its header" : item->refusal;
}

/* A code that speaks of the server's state is about one message only if others come. */
static void on_refused(struct heads *h, const struct window *w, const struct gw_result *result)
{
	size_t left = count_open(h, w->lo, w->hi), mid = w->lo, seen = 0;

	h->refusal = *result->err;
	if (!gw_refusal_passes(result->response->code))
		h->passing = 0;
	else if (++h->passing >= REFUSALS_IN_A_ROW)
		h->stopped = true;
	if (left <= 1) {
		for (size_t i = w->lo; i < w->hi; i++) {
			if (is_open(&h->items[i]))
				set_aside(&h->items[i], result->err->text);
		}
		/* The server gives no headers, of whatever message. */
		h->stopped |= ++h->singles >= REFUSED_SINGLES && !h->came;
		return;
	}
	while (seen < left / 2)
		seen += is_open(&h->items[mid]), mid++;
	push_again(h, w->lo, mid);
	push_again(h, mid, w->hi);
}

/* Reports a break.  What came last before it lies before the first that is missing. */
static void tell_broke(struct heads *h, const struct window *w, enum gw_code code)
{
	size_t lo = w->hi, hi = w->lo;

	for (size_t i = w->lo; i < w->hi; i++) {
		if (!is_open(&h->items[i]))
			continue;
		lo = i < lo ? i : lo;
		hi = i;
	}
	if (lo < w->hi && gw_isolate_counts(code))
		h->ev.broke(h->ev.ctx, h->items[lo].uid, h->items[hi].uid, w->asked, !h->came);
}

static void on_window_done(void *ctx, const struct gw_result *result)
{
	struct window *w = ctx;
	struct heads *h = w->h;

	h->in_flight--;
	if (result->kind == GW_RESULT_LOST) {
		if (h->err.code == GW_OK) { /* the others had to wait for this one */
			tell_broke(h, w, result->err->code);
			h->err = *result->err;
			h->err.scope = GW_SCOPE_ACCOUNT;
		}
	} else if (result->kind != GW_RESULT_OK) {
		on_refused(h, w, result);
	}
	free(w);
	advance(h);
}

/* --- what is asked --------------------------------------------------------------------------- */

static void send_window(struct heads *h, size_t lo, size_t hi)
{
	struct window *w = malloc(sizeof *w);
	struct gw_seqset set = { 0 };
	struct gw_command line;
	enum gw_code code = w == NULL ? GW_ERR_NOMEM : GW_OK;

	for (size_t i = lo; i < hi && code == GW_OK; i++) {
		if (is_open(&h->items[i]))
			code = gw_seqset_add(&set, h->items[i].uid, h->items[i].uid);
	}
	gw_command_init(&line);
	gw_command_printf(&line, "UID FETCH ");
	gw_command_set(&line, &set);
	gw_command_printf(&line, " (UID %s RFC822.SIZE BODY.PEEK[HEADER])",
		gw_session_flag_items(h->session));
	gw_seqset_deinit(&set);
	if (code == GW_OK) {
		*w = (struct window){ .h = h, .lo = lo, .hi = hi, .asked = count_open(h, lo, hi) };
		code = gw_session_send(h->session, &line,
			&(struct gw_handlers){ .response = on_response,
				.body = on_body,
				.done = on_window_done,
				.ctx = w });
	}
	gw_command_deinit(&line);
	if (code == GW_OK) {
		h->in_flight++;
		return;
	}
	free(w);
	gw_fail(&h->err, code, code == GW_ERR_NET ? "the session ended" : "out of memory");
	h->err.scope = code == GW_ERR_NET ? GW_SCOPE_ACCOUNT : GW_SCOPE_MAILBOX;
}

/* All that may be asked for now, `most` messages a command. */
static void send_open(struct heads *h, size_t most)
{
	size_t at = 0;

	while (at < h->count && h->err.code == GW_OK) {
		size_t lo = at, taken = 0, ranges = 0;
		uint32_t last = 0;

		for (; at < h->count && taken < most && ranges < GW_COMMAND_MAX_RANGES; at++) {
			if (!is_open(&h->items[at]))
				continue;
			ranges += taken == 0 || h->items[at].uid != last + 1;
			last = h->items[at].uid;
			taken++;
		}
		if (taken > 0)
			send_window(h, lo, at);
	}
}

/* Tries one alone and first: only that tells whether the session was merely over. */
static void send_trial(struct heads *h)
{
	for (size_t i = 0; i < h->count; i++) {
		if (h->items[i].why != NULL || !h->items[i].on_trial)
			continue;
		h->items[i].heat = 0; /* whatever becomes of it */
		send_window(h, i, i + 1);
		return;
	}
}

static void send_suspects(struct heads *h)
{
	size_t left = 0, part;

	for (size_t i = 0; i < h->count; i++) {
		left += !h->items[i].done && h->items[i].why == NULL && h->items[i].heat > 0;
		/* Ask again later for what an OK left out. */
		h->items[i].heat = !h->items[i].done && h->items[i].heat == 0;
	}
	part = (left + PARTS - 1) / PARTS;
	if (left > 0)
		send_open(h, part < h->per_command ? part : h->per_command);
}

static void send_left_out(struct heads *h)
{
	for (size_t i = 0; i < h->count; i++)
		h->items[i].heat = 0;
	send_open(h, h->per_command);
}

static void send_again(struct heads *h)
{
	while (h->again_count > 0 && h->err.code == GW_OK) {
		struct window w = h->again[--h->again_count];

		if (count_open(h, w.lo, w.hi) > 0)
			send_window(h, w.lo, w.hi);
	}
}

static void tell_missing(struct heads *h)
{
	for (size_t i = 0; i < h->count; i++) {
		const struct item *item = &h->items[i];

		if (!item->done)
			h->ev.missing(h->ev.ctx, item->uid,
				item->why != NULL          ? item->why
				: h->refusal.code != GW_OK ? h->refusal.text
							   : not_sent);
	}
}

static void finish(struct heads *h)
{
	struct gw_fetch_heads_events ev = h->ev;
	struct gw_error err = h->err;

	if (err.code == GW_OK && h->passing > 0 && (!h->came || h->stopped)) {
		err = h->refusal;
		err.scope = GW_SCOPE_MAILBOX;
	}
	if (err.code == GW_OK)
		tell_missing(h);
	free_heads(h);
	ev.done(ev.ctx, err.code == GW_OK ? NULL : &err);
}

/* Sends what is next; false: that is nothing. */
static bool send_next(struct heads *h)
{
	send_again(h);
	while (h->in_flight == 0 && h->err.code == GW_OK && h->phase != LEFT_OUT) {
		h->phase++;
		if (h->phase == PLAIN)
			send_open(h, h->per_command);
		else if (h->phase == SUSPECTS)
			send_suspects(h);
		else
			send_left_out(h);
	}
	return h->in_flight > 0;
}

static void advance(struct heads *h)
{
	if (h->in_flight > 0)
		return;
	if (h->err.code != GW_OK || h->stopped || !send_next(h))
		finish(h);
}

static bool take_items(struct heads *h, const uint32_t *uids, size_t count)
{
	h->items = calloc(count + 1, sizeof *h->items);
	if (h->items == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct item *item = &h->items[h->count++];

		item->uid = uids[i];
		item->heat = h->ev.heat(h->ev.ctx, uids[i], &item->on_trial);
		if (item->heat > 0 && h->ev.is_culprit(h->ev.ctx, uids[i]))
			item->why = broke;
	}
	return true;
}

enum gw_code gw_fetch_heads_start(struct gw_session *session, const uint32_t *uids, size_t count,
	size_t per_command, const struct gw_fetch_heads_events *events, bool *pending)
{
	struct heads *h = calloc(1, sizeof *h);
	enum gw_code code;

	*pending = false;
	if (h == NULL)
		return GW_ERR_NOMEM;
	h->session = session;
	h->per_command = per_command;
	h->ev = *events;
	if (!take_items(h, uids, count)) {
		free(h);
		return GW_ERR_NOMEM;
	}
	send_trial(h);
	if (h->in_flight > 0 || send_next(h)) {
		*pending = true;
		return GW_OK;
	}
	code = h->err.code;
	if (code == GW_OK)
		tell_missing(h);
	free_heads(h);
	return code;
}
