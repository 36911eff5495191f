/* SPDX-License-Identifier: ISC */
/* remote/fetch_bodies.c - see fetch_bodies.h.
 *
 *   FETCHING (up to 3 windows in flight) --> big ones, one behind the other --> suspects, part by part
 *     --some missing--> SEARCHING
 *     --still there--> ALONE (one by one) --> DONE      otherwise --> DONE
 *
 * Windows are ranges [lo, hi) of the sorted items, taken from the end: newest first.
 */
#include "remote/fetch_bodies.h"

#include "base/sorted.h"
#include "imap/refusal.h"
#include "imap/search.h"
#include "plan/body.h"
#include "plan/isolate.h"
#include "plan/plan.h"
#include "remote/fetch_pieces.h"

#include <stdio.h>
#include <stdlib.h>

enum { BIGS = 2 }; /* the pieces of one behind those of the other */
enum { IN_FLIGHT = 3, WINDOW_MESSAGES = 2000, WINDOW_BYTES = 8 << 20 };
enum { GUESSED_SIZE = 8192, BIG = 4 << 20 };
enum { REFUSALS_IN_A_ROW = 6, STRANGERS = 100 };
enum state { FETCHING, SEARCHING, ALONE };

struct window {
	struct gw_fetch_bodies *d;
	size_t lo, hi;
	size_t asked; /* messages */
};

/* One that comes in pieces. */
struct big {
	struct gw_fetch_bodies *d;
	struct gw_fetch_pieces *pieces; /* frees itself; NULL: the slot is free */
	struct gw_fetch_bodies_item *item;
	uint64_t bytes; /* that came of it in this attempt */
	bool alone;     /* nothing is asked for behind it */
};

struct gw_fetch_bodies {
	enum state state;
	struct gw_session *session;
	uint64_t selection; /* of the mailbox */
	const struct gw_maildir *place;
	const char *key;
	struct gw_fetch_bodies_item *items;
	size_t count;
	size_t unasked; /* items[0..unasked) are still to be asked for */
	unsigned in_flight;
	struct window *again; /* owned: parts of refused windows */
	size_t again_count, again_cap;
	struct gw_seqset missing, there; /* what SEARCH was asked about, and what it still found */
	struct gw_deliver *writer;
	bool takes;                 /* what comes is the whole of a message, for the writer */
	uint64_t max_message, most; /* of any message; of the largest that is asked for */
	size_t big_count;           /* still to be fetched in pieces */
	struct big bigs[BIGS];
	size_t per_command;        /* messages */
	size_t hot_at;             /* of a run of equal heat, the first that was not asked for */
	bool hot_begun;            /* and something of that run was */
	bool came;                 /* a body did */
	size_t strangers;          /* bodies that nobody asked for */
	unsigned refusals, doubts; /* in a row, of the server's state; messages that met one */
	struct gw_error doubt;
	bool doubt_is_bug;
	bool drained, superseded, stopped, incomplete;
	bool rejected; /* what comes is another mailbox's, or nothing */
	bool search_failed;
	struct gw_error err;
	struct gw_fetch_bodies_events ev;
};

static void advance(struct gw_fetch_bodies *d);

static void free_download(struct gw_fetch_bodies *d)
{
	gw_deliver_free(d->writer);
	gw_seqset_deinit(&d->missing);
	gw_seqset_deinit(&d->there);
	free(d->again);
	free(d);
}

static struct gw_fetch_bodies_item *find(struct gw_fetch_bodies *d, uint32_t uid)
{
	size_t lo = GW_LOWER_BOUND(d->items, d->count, uid, uid);

	return lo < d->count && d->items[lo].uid == uid ? &d->items[lo] : NULL;
}

static void give_up(
	struct gw_fetch_bodies *d, struct gw_fetch_bodies_item *item, const char *reason)
{
	item->done = true;
	d->ev.unfetchable(d->ev.ctx, item, reason);
}

/* The server does give bodies, so what it said of others is about them. */
static void settle_doubts(struct gw_fetch_bodies *d)
{
	for (size_t i = 0; i < d->count && d->doubts > 0; i++) {
		if (!d->items[i].doubted || d->items[i].done)
			continue;
		d->doubts--;
		give_up(d, &d->items[i], d->doubt.text);
	}
	d->doubts = 0;
}

static void note_arrival(struct gw_fetch_bodies *d)
{
	d->came = true;
	d->refusals = 0;
	if (d->doubts > 0)
		settle_doubts(d);
}

/* --- what comes ------------------------------------------------------------------------------ */

/* Begins a body.  Its UID may follow it, so the bound is that of the largest message. */
static void begin_body(struct gw_fetch_bodies *d, const struct gw_body_event *ev)
{
	struct gw_error err = { 0 };

	d->takes = ev->section.n == 0 && ev->size <= d->most;
	if (d->takes)
		gw_deliver_begin(d->writer, d->place, &d->err);
	if (d->takes || ev->section.n != 0)
		return;
	gw_fail(&err, GW_ERR_PROTOCOL,
		"the server announced a message of %llu bytes, which none of those asked for has",
		(unsigned long long)ev->size);
	gw_session_break(d->session, &err);
}

static void on_body(void *ctx, const struct gw_body_event *ev)
{
	struct gw_fetch_bodies *d = ((struct window *)ctx)->d;

	if (d->err.code != GW_OK || d->rejected)
		return;
	switch (ev->type) {
	case GW_BODY_BEGIN:
		begin_body(d, ev);
		break;
	case GW_BODY_DATA:
		if (!d->takes)
			return;
		gw_deliver_data(d->writer, ev->data);
		d->ev.bytes(d->ev.ctx, ev->data.n);
		break;
	case GW_BODY_END:
		if (d->takes)
			gw_deliver_end(d->writer, &d->err);
		d->takes = false;
		break;
	}
}

/* True if it must be asked for once more, alone.  A part is taken if nothing else comes. */
static bool is_doubtful(const struct gw_fetch_bodies *d, struct gw_fetch_bodies_item *item,
	const struct gw_fetch *fetch, uint64_t came)
{
	/* A message of unknown size may not be empty. */
	uint64_t told = item->size != 0 ? item->size : fetch->has_size ? fetch->size : 1;

	if (gw_body_is_empty(told, came)) {
		item->reason = "the server sends an empty body for it";
		return true;
	}
	if (!gw_body_is_short(item->size, came) || item->asked_again || d->state == ALONE)
		return false;
	item->asked_again = true;
	return true;
}

static void take_message(
	struct gw_fetch_bodies *d, struct gw_fetch_bodies_item *item, const struct gw_fetch *fetch)
{
	struct gw_delivered file;

	gw_deliver_take(d->writer, &file);
	if (file.wire_size > gw_body_most(item->size, d->max_message)) {
		give_up(d, item, "the server sends much more than it said that it has");
		gw_delivered_drop(&file, d->place);
	} else if (is_doubtful(d, item, fetch, file.wire_size)) {
		gw_delivered_drop(&file, d->place);
	} else {
		item->done = true;
		note_arrival(d);
		d->ev.message(d->ev.ctx, item, fetch, &file);
	}
}

/* Drops an unrequested body.  One or two come by mistake, or all of them twice; each costs a
 * file. */
static void drop_stranger(struct gw_fetch_bodies *d)
{
	struct gw_error err = { 0 };

	gw_deliver_drop(d->writer);
	if (++d->strangers != d->count + STRANGERS)
		return;
	gw_fail(&err, GW_ERR_LIMIT,
		"the server sends one message after another that nobody asked for, so the "
		"connection was closed");
	gw_session_break(d->session, &err);
}

static void on_response(void *ctx, const struct gw_response *r)
{
	struct gw_fetch_bodies *d = ((struct window *)ctx)->d;
	struct gw_fetch_bodies_item *item;

	if (d->rejected || r->type != GW_RESP_FETCH || !gw_deliver_has(d->writer))
		return;
	item = find(d, r->fetch.uid);
	if (item == NULL || item->done || !item->asked)
		drop_stranger(d);
	else
		take_message(d, item, &r->fetch);
}

static void on_search_response(void *ctx, const struct gw_response *r)
{
	struct gw_fetch_bodies *d = ctx;

	d->search_failed |= gw_search_take(r, &d->there) != GW_OK;
}

/* --- what is asked --------------------------------------------------------------------------- */

static void fail_session(struct gw_fetch_bodies *d, const struct gw_error *err)
{
	if (d->err.code == GW_OK)
		d->err = *err;
}

/* True if it is asked for in windows. */
static bool is_plain(const struct gw_fetch_bodies_item *item)
{
	return !item->done && !item->big && !item->doubted && item->heat == 0;
}

/* Reports a break.  What came last before it lies before the first that is missing. */
static void tell_broke(struct gw_fetch_bodies *d, const struct window *w, enum gw_code code)
{
	size_t lo = w->hi, hi = w->lo;

	for (size_t i = w->lo; i < w->hi; i++) {
		if (!is_plain(&d->items[i]))
			continue;
		lo = i < lo ? i : lo;
		hi = i;
	}
	if (lo <= hi && lo < w->hi && gw_isolate_counts(code))
		d->ev.broke(d->ev.ctx, d->items[lo].uid, d->items[hi].uid, w->asked, !d->came);
}

static void push_again(struct gw_fetch_bodies *d, size_t lo, size_t hi)
{
	struct window *w =
		gw_array_push((void **)&d->again, &d->again_count, &d->again_cap, sizeof *w);

	if (w == NULL)
		gw_fail(&d->err, GW_ERR_NOMEM, "out of memory");
	else
		*w = (struct window){ .lo = lo, .hi = hi };
}

static size_t undone(const struct gw_fetch_bodies *d, const struct window *w)
{
	size_t n = 0;

	for (size_t i = w->lo; i < w->hi; i++)
		n += is_plain(&d->items[i]);
	return n;
}

/* The one that was refused; a code that speaks of the server's state has to be borne out. */
static void give_up_or_doubt(
	struct gw_fetch_bodies *d, struct gw_fetch_bodies_item *item, const struct gw_error *err)
{
	if (d->refusals == 0) {
		give_up(d, item, err->text);
		return;
	}
	item->doubted = true;
	d->doubts++;
	d->doubt = *err;
}

static void note_refusal(struct gw_fetch_bodies *d, const struct gw_result *result)
{
	if (!gw_refusal_passes(result->response->code))
		d->refusals = 0;
	else if (++d->refusals >= REFUSALS_IN_A_ROW)
		d->stopped = true;
	d->doubt = *result->err;
	d->doubt_is_bug = result->response->code == GW_CODE_SERVERBUG;
}

/* The server refused the window: look for the one that it cannot give. */
static void on_refused(
	struct gw_fetch_bodies *d, const struct window *w, const struct gw_error *err)
{
	size_t left = undone(d, w), mid = w->lo, seen = 0;

	if (left == 0)
		return;
	if (d->superseded) {
		d->incomplete = true;
		return;
	}
	if (left == 1) {
		for (size_t i = w->lo; i < w->hi; i++) {
			if (is_plain(&d->items[i]))
				give_up_or_doubt(d, &d->items[i], err);
		}
		return;
	}
	while (seen < left / 2)
		seen += is_plain(&d->items[mid]), mid++;
	push_again(d, w->lo, mid);
	push_again(d, mid, w->hi);
}

static void give_up_alone(struct gw_fetch_bodies *d, struct gw_fetch_bodies_item *item)
{
	give_up(d, item,
		item->reason != NULL ? item->reason
				     : "the server lists it and answers OK, but sends nothing");
}

static void on_window_done(void *ctx, const struct gw_result *result)
{
	struct window *w = ctx;
	struct gw_fetch_bodies *d = w->d;

	d->in_flight--;
	gw_deliver_drop(d->writer); /* a body without its FETCH response */
	if (result->kind == GW_RESULT_LOST) {
		if (d->err.code == GW_OK) /* the others had to wait for this one */
			tell_broke(d, w, result->err->code);
		fail_session(d, result->err);
	} else if (d->rejected) {
		d->incomplete = true;
	} else if (result->kind != GW_RESULT_OK) {
		note_refusal(d, result);
		on_refused(d, w, result->err);
	} else if (d->state == ALONE && undone(d, w) > 0 && !d->superseded) {
		give_up_alone(d, &d->items[w->lo]);
	}
	free(w);
	advance(d);
}

static bool send_window(struct gw_fetch_bodies *d, size_t lo, size_t hi)
{
	struct window *w = malloc(sizeof *w);
	struct gw_seqset set = { 0 };
	struct gw_command line;
	enum gw_code code = w == NULL ? GW_ERR_NOMEM : GW_OK;

	for (size_t i = lo; i < hi && code == GW_OK; i++) {
		if (!is_plain(&d->items[i]))
			continue;
		d->items[i].asked = true;
		code = gw_seqset_add(&set, d->items[i].uid, d->items[i].uid);
	}
	gw_command_init(&line);
	gw_command_printf(&line, "UID FETCH ");
	gw_command_set(&line, &set);
	gw_command_printf(&line, " (UID %s%s INTERNALDATE BODY.PEEK[])",
		gw_session_flag_items(d->session), d->state == ALONE ? " RFC822.SIZE" : "");
	gw_seqset_deinit(&set);
	if (code == GW_OK) {
		*w = (struct window){ .d = d, .lo = lo, .hi = hi };
		w->asked = undone(d, w);
		code = gw_session_send(d->session, &line,
			&(struct gw_handlers){ .response = on_response,
				.body = on_body,
				.done = on_window_done,
				.ctx = w,
				.selection = d->selection });
	}
	gw_command_deinit(&line);
	if (code != GW_OK) {
		free(w);
		gw_fail(&d->err, code, "the session ended");
		return false;
	}
	d->in_flight++;
	return true;
}

/* [*lo, hi) of the items not asked for yet: up to a window's bytes, messages and ranges. */
static size_t next_window(const struct gw_fetch_bodies *d)
{
	size_t lo = d->unasked, ranges = 0;
	uint64_t bytes = 0;

	while (lo > 0 && d->unasked - lo < d->per_command) {
		const struct gw_fetch_bodies_item *item = &d->items[lo - 1];
		uint64_t size = item->size != 0 ? item->size : GUESSED_SIZE;

		if (item->big || item->heat > 0) {
			lo--;
			continue;
		}
		if (lo < d->unasked && bytes + size > WINDOW_BYTES)
			break;
		if (lo == d->unasked || item->uid + 1 != d->items[lo].uid)
			ranges++;
		if (ranges > GW_COMMAND_MAX_RANGES)
			break;
		bytes += size;
		lo--;
	}
	return lo;
}

static void on_searched(void *ctx, const struct gw_result *result)
{
	struct gw_fetch_bodies *d = ctx;

	d->in_flight--;
	if (result->kind == GW_RESULT_LOST)
		fail_session(d, result->err);
	else if (result->kind != GW_RESULT_OK || d->search_failed)
		d->search_failed = true;
	else { /* those still there are asked for alone; the others went meanwhile */
		d->state = ALONE;
		for (size_t i = 0; i < d->count; i++) {
			uint32_t uid = d->items[i].uid;

			if (d->items[i].done || !gw_seqset_has(&d->missing, uid))
				continue;
			if (gw_seqset_has(&d->there, uid))
				push_again(d, i, i + 1);
			else
				d->items[i].done = true;
		}
	}
	advance(d);
}

static bool search_missing(struct gw_fetch_bodies *d)
{
	struct gw_command line;
	enum gw_code code = GW_OK;

	for (size_t i = 0;
		i < d->count && code == GW_OK && d->missing.count < GW_COMMAND_MAX_RANGES; i++) {
		if (!d->items[i].done && !d->items[i].doubted)
			code = gw_seqset_add(&d->missing, d->items[i].uid, d->items[i].uid);
	}
	if (d->missing.count == 0)
		return false;
	d->state = SEARCHING;
	gw_command_init(&line);
	gw_command_printf(&line, "UID SEARCH UID ");
	gw_command_set(&line, &d->missing);
	if (code == GW_OK)
		code = gw_session_send(d->session, &line,
			&(struct gw_handlers){ .response = on_search_response,
				.done = on_searched,
				.ctx = d,
				.selection = d->selection });
	gw_command_deinit(&line);
	if (code != GW_OK) {
		gw_fail(&d->err, code, "the session ended");
		return false;
	}
	d->in_flight++;
	return true;
}

/* True if bodies are unavailable.  Some servers call an unreadable message a bug of theirs: that is
 * about the message, if others came. */
static bool is_unavailable(const struct gw_fetch_bodies *d)
{
	unsigned most = d->doubt_is_bug ? REFUSALS_IN_A_ROW - 1 : 1;

	return d->refusals > (d->came ? most : 0);
}

static void finish(struct gw_fetch_bodies *d)
{
	struct gw_fetch_bodies_events ev = d->ev;
	struct gw_error err = d->err;
	bool complete;

	if (err.code == GW_OK && is_unavailable(d)) {
		d->stopped = true;
		d->ev.unavailable(d->ev.ctx, &d->doubt);
	} else if (err.code == GW_OK) {
		settle_doubts(d);
	}
	complete = !d->incomplete && !d->stopped;
	for (size_t i = 0; i < d->count && complete; i++)
		complete = d->items[i].done;
	free_download(d);
	ev.done(ev.ctx, complete, err.code == GW_OK ? NULL : &err);
}

static void send_more(struct gw_fetch_bodies *d)
{
	while (d->in_flight < IN_FLIGHT && d->err.code == GW_OK && !d->superseded) {
		if (d->again_count > 0) {
			struct window w = d->again[--d->again_count];

			if (undone(d, &w) > 0 && !send_window(d, w.lo, w.hi))
				return;
		} else if (d->unasked > 0) {
			size_t lo = next_window(d), hi = d->unasked;

			d->unasked = lo;
			if (undone(d, &(struct window){ .lo = lo, .hi = hi }) > 0 &&
				!send_window(d, lo, hi))
				return;
		} else {
			return;
		}
	}
}

/* --- big ones -------------------------------------------------------------------------------- */

static void on_piece_bytes(void *ctx, size_t n)
{
	struct big *b = ctx;

	b->bytes += n;
	b->d->ev.bytes(b->d->ev.ctx, n);
}

static void on_all_asked(void *ctx)
{
	advance(((struct big *)ctx)->d);
}

static void on_pieces(
	void *ctx, enum gw_fetch_pieces_outcome outcome, time_t date, const struct gw_error *err)
{
	struct big *b = ctx;
	struct gw_fetch_bodies *d = b->d;
	struct gw_fetch_bodies_item *item = b->item;
	/* Its flags are the listing's. */
	const struct gw_fetch fetch = { .uid = item->uid, .has_date = date != 0, .date = date };

	b->pieces = NULL;
	d->in_flight--;
	switch (outcome) {
	case GW_FETCH_PIECES_WHOLE:
		take_message(d, item, &fetch);
		break;
	case GW_FETCH_PIECES_ENDLESS:
		give_up(d, item, err->text);
		break;
	case GW_FETCH_PIECES_NOTHING: /* find out whether it is still there */
	case GW_FETCH_PIECES_REFUSED: /* and whether the server will give it as a whole */
		break;
	case GW_FETCH_PIECES_CUT:
		/* Where some of it came, it resumes as often as needed. */
		if (err != NULL && d->err.code == GW_OK && b->bytes == 0 &&
			gw_isolate_counts(err->code))
			d->ev.broke(d->ev.ctx, item->uid, item->uid, 1, !d->came);
		if (err != NULL)
			fail_session(d, err);
		else
			d->incomplete = true;
		break;
	}
	advance(d);
}

static bool fetch_one_big(struct gw_fetch_bodies *d, struct gw_fetch_bodies_item *item, bool alone);

/* The next big one, newest first. */
static bool fetch_big(struct gw_fetch_bodies *d)
{
	size_t i = d->count;

	while (i > 0 && (!d->items[i - 1].big || d->items[i - 1].heat > 0))
		i--;
	return i > 0 && fetch_one_big(d, &d->items[i - 1], false);
}

static bool fetch_one_big(struct gw_fetch_bodies *d, struct gw_fetch_bodies_item *item, bool alone)
{
	struct big *b = d->bigs[0].pieces == NULL ? &d->bigs[0] : &d->bigs[1];
	const struct gw_fetch_pieces_events events = {
		.bytes = on_piece_bytes, .asked = on_all_asked, .done = on_pieces, .ctx = b
	};

	*b = (struct big){ .d = d, .item = item, .alone = alone };
	item->big = false; /* whatever becomes of it */
	d->big_count--;
	if (gw_fetch_pieces_start(d->session, d->place, d->key, item->uid, item->size,
		    gw_body_most(item->size, d->max_message), d->writer, &events, &b->pieces,
		    &d->err) != GW_OK)
		return false;
	d->in_flight++;
	b->bytes = 0; /* less what an earlier attempt left */
	return true;
}

/* May a big one be asked for behind what is under way? */
static bool has_room_for_big(const struct gw_fetch_bodies *d)
{
	bool room = false;

	for (size_t i = 0; i < BIGS; i++) {
		const struct big *b = &d->bigs[i];

		if (b->pieces != NULL && (b->alone || !gw_fetch_pieces_is_asked(b->pieces)))
			return false;
		room |= b->pieces == NULL;
	}
	return room && d->unasked == 0 && d->again_count == 0 && !d->superseded && !d->stopped &&
	       d->state == FETCHING && d->err.code == GW_OK;
}

/* The link is not to rest between one message and the next.  false: there was none to ask for. */
static bool send_bigs(struct gw_fetch_bodies *d)
{
	bool sent = false;

	while (has_room_for_big(d) && fetch_big(d))
		sent = true;
	return sent;
}

/* --- suspects -------------------------------------------------------------------------------- */

/* The least suspicious ones first. */
static unsigned least_heat(const struct gw_fetch_bodies *d)
{
	unsigned least = 0;

	for (size_t i = 0; i < d->count; i++) {
		const struct gw_fetch_bodies_item *item = &d->items[i];

		if (!item->done && item->heat > 0 && (least == 0 || item->heat < least))
			least = item->heat;
	}
	return least;
}

/* Returns the end of the equally hot items from hot_at on, up to the next big one. */
static size_t run_end(const struct gw_fetch_bodies *d, unsigned heat)
{
	size_t i = d->hot_at;

	while (i < d->count && !d->items[i].big && (d->items[i].done || d->items[i].heat == heat))
		i++;
	return i;
}

/* Drops items that by now are known to break connections. */
static void give_up_culprits(struct gw_fetch_bodies *d)
{
	for (size_t i = 0; i < d->count; i++) {
		struct gw_fetch_bodies_item *item = &d->items[i];

		if (!item->done && item->heat > 0 && d->ev.is_culprit(d->ev.ctx, item))
			give_up(d, item, GW_FETCH_BODIES_BROKE);
	}
}

/* Asks for the next part of the suspects, alone.  false: there are none. */
static bool fetch_hot(struct gw_fetch_bodies *d)
{
	unsigned heat;
	size_t end, left = 0, part, lo;

	give_up_culprits(d);
	heat = least_heat(d);
	if (heat == 0)
		return false;
	if (d->hot_at >= d->count || d->items[d->hot_at].done || d->items[d->hot_at].heat != heat) {
		for (d->hot_at = 0; d->items[d->hot_at].done || d->items[d->hot_at].heat != heat;)
			d->hot_at++;
		d->hot_begun = false;
	}
	lo = d->hot_at;
	if (d->items[lo].big) {
		d->items[lo].heat = 0;
		return fetch_one_big(d, &d->items[lo], true);
	}
	end = run_end(d, heat);
	for (size_t i = lo; i < end; i++)
		left += !d->items[i].done;
	part = gw_isolate_part(left, !d->hot_begun);
	part = part < d->per_command ? part : d->per_command;
	for (; d->hot_at < end && part > 0; d->hot_at++) {
		part -= !d->items[d->hot_at].done;
		d->items[d->hot_at].heat = 0; /* whatever becomes of it */
	}
	d->hot_begun = true;
	return send_window(d, lo, d->hot_at);
}

/* Only what comes first tells whether the session was not merely over.  false: nothing is on trial. */
static bool fetch_trial(struct gw_fetch_bodies *d)
{
	for (size_t i = d->count; i > 0; i--) {
		struct gw_fetch_bodies_item *item = &d->items[i - 1];

		if (!item->on_trial)
			continue;
		item->heat = 0; /* whatever becomes of it */
		return item->big ? fetch_one_big(d, item, true) : send_window(d, i - 1, i);
	}
	return false;
}

static bool has_pieces(const struct gw_fetch_bodies *d)
{
	return d->bigs[0].pieces != NULL || d->bigs[1].pieces != NULL;
}

bool gw_fetch_bodies_is_drained(struct gw_fetch_bodies *d)
{
	d->drained |= d->unasked == 0 && d->again_count == 0 && d->state == FETCHING &&
		      d->big_count == 0 && !has_pieces(d) && least_heat(d) == 0 &&
		      d->err.code == GW_OK && !d->stopped;
	return d->drained;
}

static void advance(struct gw_fetch_bodies *d)
{
	if (d->err.code == GW_OK && !d->stopped)
		send_more(d);
	if (has_pieces(d))
		(void)send_bigs(d);
	if (d->in_flight > 0) {
		if (!d->drained && gw_fetch_bodies_is_drained(d))
			d->ev.drained(d->ev.ctx);
		return;
	}
	if (d->err.code == GW_OK && !d->stopped && !d->superseded && d->state == FETCHING &&
		(send_bigs(d) || fetch_hot(d) || (d->err.code == GW_OK && search_missing(d))))
		return;
	if (d->superseded && (d->again_count > 0 || d->big_count > 0 || least_heat(d) > 0))
		d->incomplete = true;
	finish(d);
}

void gw_fetch_bodies_supersede(struct gw_fetch_bodies *d)
{
	d->superseded = true;
}

void gw_fetch_bodies_reject(struct gw_fetch_bodies *d)
{
	d->rejected = d->incomplete = true;
	gw_fetch_bodies_stop(d);
}

void gw_fetch_bodies_stop(struct gw_fetch_bodies *d)
{
	d->stopped = true;
	for (size_t i = 0; i < BIGS; i++) {
		if (d->bigs[i].pieces != NULL)
			gw_fetch_pieces_stop(d->bigs[i].pieces);
	}
}

enum gw_code gw_fetch_bodies_start(struct gw_session *session, const struct gw_maildir *place,
	const char *key, struct gw_fetch_bodies_item *items, size_t count, uint64_t max_message,
	size_t per_command, const struct gw_fetch_bodies_events *events,
	struct gw_fetch_bodies **out)
{
	struct gw_fetch_bodies *d = calloc(1, sizeof *d);

	*out = NULL;
	if (d == NULL || (d->writer = gw_deliver_new()) == NULL) {
		free(d);
		return GW_ERR_NOMEM;
	}
	d->session = session;
	d->selection = gw_session_selection(session);
	d->place = place;
	d->items = items;
	d->count = d->unasked = count;
	d->key = key;
	d->per_command = per_command == 0 ? WINDOW_MESSAGES : per_command;
	d->ev = *events;
	d->max_message = max_message;
	for (size_t i = 0; i < count; i++) {
		uint64_t most = gw_body_most(items[i].size, max_message);

		d->most = most > d->most ? most : d->most;
		items[i].big = items[i].size >= BIG;
		d->big_count += items[i].big;
	}
	if (!fetch_trial(d))
		send_more(d);
	if (d->in_flight == 0 && d->err.code == GW_OK && !send_bigs(d))
		fetch_hot(d);
	if (d->in_flight == 0) { /* nothing could be sent, so nothing will call back */
		enum gw_code code = d->err.code == GW_OK ? GW_ERR_BUG : d->err.code;

		free_download(d);
		return code;
	}
	*out = d;
	return GW_OK;
}
