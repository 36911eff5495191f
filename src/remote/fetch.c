/* remote/fetch.c - see fetch.h.
 *
 *   FETCHING (up to 3 windows in flight) --> big ones, one by one --some missing--> SEARCHING
 *     --still there--> ALONE (one by one) --> DONE      otherwise --> DONE
 *
 * Windows are ranges [lo, hi) of the sorted items, taken from the end: newest first.
 */
#include "remote/fetch.h"

#include "imap/search.h"
#include "plan/body.h"
#include "plan/plan.h"
#include "remote/fetch_pieces.h"

#include <stdio.h>
#include <stdlib.h>

enum { IN_FLIGHT = 3, WINDOW_MESSAGES = 2000, WINDOW_BYTES = 8 << 20 };
enum { GUESSED_SIZE = 8192, BIG = 4 << 20 };
enum state { FETCHING, SEARCHING, ALONE };

struct window {
	struct gw_download *d;
	size_t lo, hi;
};

struct gw_download {
	enum state state;
	struct gw_session *session;
	const struct gw_maildir *place;
	const char *key;
	struct gw_download_item *items;
	size_t count;
	size_t unasked; /* items[0..unasked) are still to be asked for */
	unsigned in_flight;
	struct window *again; /* owned: parts of refused windows */
	size_t again_count, again_cap;
	struct gw_seqset missing, there; /* what SEARCH was asked about, and what it still found */
	struct gw_writer *writer;
	bool takes;                 /* what comes is the whole of a message, for the writer */
	uint64_t max_message, most; /* of any message; of the largest that is asked for */
	size_t big_count;           /* still to be fetched in pieces */
	struct gw_pieces *pieces;   /* frees itself; of big_item */
	struct gw_download_item *big_item;
	bool drained, superseded, stopped, incomplete;
	bool search_failed;
	struct gw_error err;
	struct gw_download_events ev;
};

static void advance(struct gw_download *d);

static void free_download(struct gw_download *d)
{
	gw_writer_free(d->writer);
	gw_seqset_deinit(&d->missing);
	gw_seqset_deinit(&d->there);
	free(d->again);
	free(d);
}

static struct gw_download_item *find(struct gw_download *d, uint32_t uid)
{
	size_t lo = 0, hi = d->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (d->items[mid].uid < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < d->count && d->items[lo].uid == uid ? &d->items[lo] : NULL;
}

static void give_up(struct gw_download *d, struct gw_download_item *item, const char *reason)
{
	item->done = true;
	d->ev.unfetchable(d->ev.ctx, item, reason);
}

/* --- what comes ------------------------------------------------------------------------------ */

/* Which message it is may be said behind it: the bound is that of the largest. */
static void begin_body(struct gw_download *d, const struct gw_body_event *ev)
{
	struct gw_error err = { 0 };

	d->takes = ev->section.n == 0 && ev->size <= d->most;
	if (d->takes)
		gw_writer_begin(d->writer, d->place, &d->err);
	if (d->takes || ev->section.n != 0)
		return;
	gw_fail(&err, GW_ERR_PROTOCOL,
		"the server announced a message of %llu bytes, which none of those asked for has",
		(unsigned long long)ev->size);
	gw_session_break(d->session, &err);
}

static void on_body(void *ctx, const struct gw_body_event *ev)
{
	struct gw_download *d = ((struct window *)ctx)->d;

	if (d->err.code != GW_OK)
		return;
	switch (ev->type) {
	case GW_BODY_BEGIN:
		begin_body(d, ev);
		break;
	case GW_BODY_DATA:
		if (!d->takes)
			return;
		gw_writer_data(d->writer, ev->data);
		d->ev.bytes(d->ev.ctx, ev->data.n);
		break;
	case GW_BODY_END:
		if (d->takes)
			gw_writer_end(d->writer, &d->err);
		d->takes = false;
		break;
	}
}

/* Is it to be asked for once more, alone?  A part is taken when it is all that comes. */
static bool is_doubtful(const struct gw_download *d, struct gw_download_item *item, uint64_t came)
{
	if (gw_body_is_empty(item->size, came)) {
		item->reason = "the server sends an empty body for it";
		return true;
	}
	if (!gw_body_is_short(item->size, came) || item->asked_again || d->state == ALONE)
		return false;
	item->asked_again = true;
	return true;
}

static void take_message(
	struct gw_download *d, struct gw_download_item *item, const struct gw_fetch *fetch)
{
	struct gw_delivered file;

	gw_writer_take(d->writer, &file);
	if (file.wire_size > gw_body_most(item->size, d->max_message)) {
		give_up(d, item, "the server sends much more than it said that it has");
		gw_delivered_drop(&file, d->place);
	} else if (is_doubtful(d, item, file.wire_size)) {
		gw_delivered_drop(&file, d->place);
	} else {
		item->done = true;
		d->ev.message(d->ev.ctx, item, fetch, &file);
	}
}

static void on_response(void *ctx, const struct gw_response *r)
{
	struct gw_download *d = ((struct window *)ctx)->d;
	struct gw_download_item *item;

	if (r->type != GW_RESP_FETCH || !gw_writer_has(d->writer))
		return;
	item = find(d, r->fetch.uid);
	if (item == NULL || item->done || !item->asked) /* nobody asked for that */
		gw_writer_drop(d->writer);
	else
		take_message(d, item, &r->fetch);
}

static void on_search_response(void *ctx, const struct gw_response *r)
{
	struct gw_download *d = ctx;

	d->search_failed |= gw_search_take(r, &d->there) != GW_OK;
}

/* --- what is asked --------------------------------------------------------------------------- */

static void fail_session(struct gw_download *d, const struct gw_error *err)
{
	if (d->err.code == GW_OK)
		d->err = *err;
}

static void push_again(struct gw_download *d, size_t lo, size_t hi)
{
	struct window *w =
		gw_array_push((void **)&d->again, &d->again_count, &d->again_cap, sizeof *w);

	if (w == NULL)
		gw_fail(&d->err, GW_ERR_NOMEM, "out of memory");
	else
		*w = (struct window){ .lo = lo, .hi = hi };
}

static size_t undone(const struct gw_download *d, const struct window *w)
{
	size_t n = 0;

	for (size_t i = w->lo; i < w->hi; i++)
		n += !d->items[i].done && !d->items[i].big;
	return n;
}

/* The server refused the window: look for the one that it cannot give. */
static void on_refused(struct gw_download *d, const struct window *w, const struct gw_error *err)
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
			if (!d->items[i].done && !d->items[i].big)
				give_up(d, &d->items[i], err->text);
		}
		return;
	}
	while (seen < left / 2)
		seen += !d->items[mid].done && !d->items[mid].big, mid++;
	push_again(d, w->lo, mid);
	push_again(d, mid, w->hi);
}

static void give_up_alone(struct gw_download *d, struct gw_download_item *item)
{
	give_up(d, item,
		item->reason != NULL ? item->reason
				     : "the server lists it and answers OK, but sends nothing");
}

static void on_window_done(void *ctx, const struct gw_result *result)
{
	struct window *w = ctx;
	struct gw_download *d = w->d;

	d->in_flight--;
	gw_writer_drop(d->writer); /* a body without its FETCH response */
	if (result->kind == GW_RESULT_LOST)
		fail_session(d, result->err);
	else if (result->kind != GW_RESULT_OK)
		on_refused(d, w, result->err);
	else if (d->state == ALONE && undone(d, w) > 0 && !d->superseded)
		give_up_alone(d, &d->items[w->lo]);
	free(w);
	advance(d);
}

static bool send_window(struct gw_download *d, size_t lo, size_t hi)
{
	struct window *w = malloc(sizeof *w);
	struct gw_seqset set = { 0 };
	struct gw_line line;
	enum gw_code code = w == NULL ? GW_ERR_NOMEM : GW_OK;

	for (size_t i = lo; i < hi && code == GW_OK; i++) {
		if (d->items[i].done || d->items[i].big)
			continue;
		d->items[i].asked = true;
		code = gw_seqset_add(&set, d->items[i].uid, d->items[i].uid);
	}
	gw_line_init(&line);
	gw_line_printf(&line, "UID FETCH ");
	gw_line_set(&line, &set);
	gw_line_printf(
		&line, " (UID %s INTERNALDATE BODY.PEEK[])", gw_session_flag_items(d->session));
	gw_seqset_deinit(&set);
	if (code == GW_OK) {
		*w = (struct window){ .d = d, .lo = lo, .hi = hi };
		code = gw_session_send(d->session, &line,
			&(struct gw_handlers){ .response = on_response,
				.body = on_body,
				.done = on_window_done,
				.ctx = w });
	}
	gw_line_deinit(&line);
	if (code != GW_OK) {
		free(w);
		gw_fail(&d->err, code, "the session ended");
		return false;
	}
	d->in_flight++;
	return true;
}

/* [*lo, hi) of the items not asked for yet: up to a window's bytes, messages and ranges. */
static size_t next_window(const struct gw_download *d)
{
	size_t lo = d->unasked, ranges = 0;
	uint64_t bytes = 0;

	while (lo > 0 && d->unasked - lo < WINDOW_MESSAGES) {
		const struct gw_download_item *item = &d->items[lo - 1];
		uint64_t size = item->size != 0 ? item->size : GUESSED_SIZE;

		if (item->big) {
			lo--;
			continue;
		}
		if (lo < d->unasked && bytes + size > WINDOW_BYTES)
			break;
		if (lo == d->unasked || item->uid + 1 != d->items[lo].uid)
			ranges++;
		if (ranges > GW_LINE_MAX_RANGES)
			break;
		bytes += size;
		lo--;
	}
	return lo;
}

static void on_searched(void *ctx, const struct gw_result *result)
{
	struct gw_download *d = ctx;

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

static bool search_missing(struct gw_download *d)
{
	struct gw_line line;
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < d->count && code == GW_OK && d->missing.count < GW_LINE_MAX_RANGES;
		i++) {
		if (!d->items[i].done)
			code = gw_seqset_add(&d->missing, d->items[i].uid, d->items[i].uid);
	}
	if (d->missing.count == 0)
		return false;
	d->state = SEARCHING;
	gw_line_init(&line);
	gw_line_printf(&line, "UID SEARCH UID ");
	gw_line_set(&line, &d->missing);
	if (code == GW_OK)
		code = gw_session_send(d->session, &line,
			&(struct gw_handlers){
				.response = on_search_response, .done = on_searched, .ctx = d });
	gw_line_deinit(&line);
	if (code != GW_OK) {
		gw_fail(&d->err, code, "the session ended");
		return false;
	}
	d->in_flight++;
	return true;
}

static void finish(struct gw_download *d)
{
	struct gw_download_events ev = d->ev;
	struct gw_error err = d->err;
	bool complete = !d->incomplete && !d->stopped;

	for (size_t i = 0; i < d->count && complete; i++)
		complete = d->items[i].done;
	free_download(d);
	ev.done(ev.ctx, complete, err.code == GW_OK ? NULL : &err);
}

static void send_more(struct gw_download *d)
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
	struct gw_download *d = ctx;

	d->ev.bytes(d->ev.ctx, n);
}

static void on_pieces(
	void *ctx, enum gw_pieces_outcome outcome, time_t date, const struct gw_error *err)
{
	struct gw_download *d = ctx;
	struct gw_download_item *item = d->big_item;
	/* Its flags are those of the listing. */
	const struct gw_fetch fetch = { .uid = item->uid, .has_date = date != 0, .date = date };

	d->pieces = NULL;
	d->in_flight--;
	switch (outcome) {
	case GW_PIECES_WHOLE:
		take_message(d, item, &fetch);
		break;
	case GW_PIECES_ENDLESS:
		give_up(d, item, err->text);
		break;
	case GW_PIECES_NOTHING: /* is it still there? */
	case GW_PIECES_REFUSED: /* and will the server give it as a whole? */
		break;
	case GW_PIECES_CUT:
		if (err != NULL)
			fail_session(d, err);
		else
			d->incomplete = true;
		break;
	}
	advance(d);
}

/* The next big one, newest first. */
static bool fetch_big(struct gw_download *d)
{
	const struct gw_pieces_events events = {
		.bytes = on_piece_bytes, .done = on_pieces, .ctx = d
	};
	size_t i = d->count;

	while (i > 0 && !d->items[i - 1].big)
		i--;
	if (i == 0)
		return false;
	d->big_item = &d->items[i - 1];
	d->big_item->big = false; /* whatever becomes of it */
	d->big_count--;
	if (gw_pieces_start(d->session, d->place, d->key, d->big_item->uid, d->big_item->size,
		    gw_body_most(d->big_item->size, d->max_message), d->writer, &events, &d->pieces,
		    &d->err) != GW_OK)
		return false;
	d->in_flight++;
	return true;
}

static void advance(struct gw_download *d)
{
	if (d->err.code == GW_OK && !d->stopped)
		send_more(d);
	if (d->in_flight > 0) {
		if (d->unasked == 0 && d->again_count == 0 && d->state == FETCHING && !d->drained &&
			d->big_count == 0 && d->pieces == NULL && d->err.code == GW_OK &&
			!d->stopped) {
			d->drained = true;
			d->ev.drained(d->ev.ctx);
		}
		return;
	}
	if (d->err.code == GW_OK && !d->stopped && !d->superseded && d->state == FETCHING &&
		(fetch_big(d) || search_missing(d)))
		return;
	if (d->superseded && (d->again_count > 0 || d->big_count > 0))
		d->incomplete = true;
	finish(d);
}

void gw_download_supersede(struct gw_download *d)
{
	d->superseded = true;
}

void gw_download_stop(struct gw_download *d)
{
	d->stopped = true;
	if (d->pieces != NULL)
		gw_pieces_stop(d->pieces);
}

enum gw_code gw_download_start(struct gw_session *session, const struct gw_maildir *place,
	const char *key, struct gw_download_item *items, size_t count, uint64_t max_message,
	const struct gw_download_events *events, struct gw_download **out)
{
	struct gw_download *d = calloc(1, sizeof *d);

	*out = NULL;
	if (d == NULL || (d->writer = gw_writer_new()) == NULL) {
		free(d);
		return GW_ERR_NOMEM;
	}
	d->session = session;
	d->place = place;
	d->items = items;
	d->count = d->unasked = count;
	d->key = key;
	d->ev = *events;
	d->max_message = max_message;
	for (size_t i = 0; i < count; i++) {
		uint64_t most = gw_body_most(items[i].size, max_message);

		d->most = most > d->most ? most : d->most;
		items[i].big = items[i].size >= BIG;
		d->big_count += items[i].big;
	}
	send_more(d);
	if (d->in_flight == 0 && d->err.code == GW_OK)
		fetch_big(d);
	if (d->in_flight == 0) { /* nothing could be sent, so nothing will call back */
		enum gw_code code = d->err.code == GW_OK ? GW_ERR_BUG : d->err.code;

		free_download(d);
		return code;
	}
	*out = d;
	return GW_OK;
}
