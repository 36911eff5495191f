/* SPDX-License-Identifier: ISC */
/* remote/fetch_pieces.c - see fetch_pieces.h.
 *
 *   OPEN --empty piece, or short piece that ends at the size announced--> ENDED
 *        --an answer that is no piece of it--> UNUSABLE (of pieces; the message may come whole)
 *        --more than any such message can have--> ENDLESS
 *
 * I1  pieces are answered in the order they were asked for, so each begins where the file ends; one
 *     that does not (an earlier one was shorter than asked for) is asked for again.
 * I2  done() comes once, from finish(), when no piece is in flight.
 */
#include "remote/fetch_pieces.h"

#include "maildir/partial.h"
#include "plan/body.h"

#include <stdlib.h>

/* Servers that give less than was asked for give so much at least. */
enum { PIECE = 1 << 20, IN_FLIGHT = 4, LEAST = 4096 };
enum end { OPEN, ENDED, UNUSABLE, ENDLESS };

struct piece {
	struct gw_fetch_pieces *p;
	uint64_t offset;
	bool takes; /* its bytes are the next ones */
	bool came;
	bool unnamed; /* bytes came in a FETCH whose UID is not known yet */
};

struct gw_fetch_pieces {
	struct gw_session *session;
	const struct gw_maildir *place;
	uint32_t uid;
	struct gw_deliver *writer;
	struct gw_partial partial;
	uint64_t size;  /* as announced: further pieces are asked for one at a time */
	uint64_t most;  /* bytes that are taken at all */
	uint64_t asked; /* up to where pieces were asked for */
	unsigned in_flight;
	enum end end;
	bool narrow; /* it gives less than is asked for: one at a time */
	bool stopped;
	bool told; /* that all of it was asked for */
	time_t date;
	struct gw_error refused, err;
	struct gw_fetch_pieces_events ev;
};

static void advance(struct gw_fetch_pieces *p);

static void finish(struct gw_fetch_pieces *p)
{
	struct gw_fetch_pieces_events ev = p->ev;
	time_t date = p->date;
	struct gw_error err = p->err;
	enum gw_fetch_pieces_outcome outcome = GW_FETCH_PIECES_CUT;

	if (err.code == GW_OK && (p->refused.code != GW_OK || p->end == UNUSABLE)) {
		err = p->refused;
		gw_fail(&err, GW_ERR_PROTOCOL, "the server does not give it in pieces");
		outcome = GW_FETCH_PIECES_REFUSED;
		gw_partial_drop(&p->partial, p->place);
	} else if (err.code == GW_OK && p->end == ENDLESS) {
		gw_fail(&err, GW_ERR_PROTOCOL,
			"the server sends more than %llu bytes, and said that it has %llu",
			(unsigned long long)p->most, (unsigned long long)p->size);
		outcome = GW_FETCH_PIECES_ENDLESS;
		gw_partial_drop(&p->partial, p->place);
	} else if (err.code == GW_OK && p->end == ENDED && gw_partial_size(&p->partial) > 0) {
		if (gw_partial_finish(&p->partial, p->place, p->writer, &err) == GW_OK)
			outcome = GW_FETCH_PIECES_WHOLE;
	} else if (err.code == GW_OK && p->end == ENDED) {
		outcome = GW_FETCH_PIECES_NOTHING;
		gw_partial_drop(&p->partial, p->place);
	} else if (err.code == GW_ERR_DISK || p->end == UNUSABLE || p->end == ENDLESS) {
		gw_partial_drop(&p->partial, p->place);
	}
	gw_partial_keep(&p->partial, p->place);
	free(p);
	ev.done(ev.ctx, outcome, date, err.code == GW_OK ? NULL : &err);
}

/* --- what comes ------------------------------------------------------------------------------ */

static void settle(struct gw_fetch_pieces *p, enum end end)
{
	if (p->end == OPEN)
		p->end = end;
}

/* All of it at once, from a server that knows no pieces, is as good. */
static bool is_whole(const struct piece *c, const struct gw_body_event *ev)
{
	return c->offset == 0 && (ev->size > PIECE || ev->origin == GW_NO_ORIGIN);
}

static bool is_piece(const struct piece *c, const struct gw_body_event *ev)
{
	return ev->size <= PIECE && (ev->size == 0 || ev->origin == c->offset || is_whole(c, ev));
}

static void note_end(struct piece *c, const struct gw_body_event *ev)
{
	struct gw_fetch_pieces *p = c->p;
	uint64_t after = gw_partial_size(&p->partial) + ev->size;

	if (ev->size == 0 || ev->size > PIECE || (ev->size < PIECE && after == p->size))
		settle(p, ENDED);
	else if (ev->size < LEAST)
		settle(p, UNUSABLE);
	p->narrow |= ev->size < PIECE;
}

static void begin_piece(struct piece *c, const struct gw_body_event *ev)
{
	struct gw_fetch_pieces *p = c->p;
	struct gw_error err = { 0 };

	c->takes = false;
	if (ev->section.n != 0 || c->came || p->end != OPEN || p->err.code != GW_OK)
		return;
	c->came = true;
	if (c->offset != gw_partial_size(&p->partial)) /* I1 */
		return;
	if (!is_piece(c, ev) && !is_whole(c, ev)) {
		settle(p, UNUSABLE);
	} else if (ev->size > p->most - gw_partial_size(&p->partial)) {
		settle(p, ENDLESS);
	} else {
		note_end(c, ev);
		c->takes = c->unnamed = gw_partial_mark(&p->partial, p->place, &p->err) == GW_OK;
	}
	if (!c->takes && ev->size > p->most) { /* nobody waits for the end of that */
		gw_fail(&err, GW_ERR_PROTOCOL,
			"the server announced %llu bytes for a piece of a message of %llu",
			(unsigned long long)ev->size, (unsigned long long)p->size);
		gw_session_break(p->session, &err);
	}
}

static void on_body(void *ctx, const struct gw_body_event *ev)
{
	struct piece *c = ctx;
	struct gw_fetch_pieces *p = c->p;

	switch (ev->type) {
	case GW_BODY_BEGIN:
		begin_piece(c, ev);
		break;
	case GW_BODY_DATA:
		if (!c->takes || p->err.code != GW_OK)
			return;
		gw_partial_append(&p->partial, p->place, ev->data, &p->err);
		p->ev.bytes(p->ev.ctx, ev->data.n);
		break;
	case GW_BODY_END:
		c->takes = false;
		break;
	}
}

static void on_response(void *ctx, const struct gw_response *r)
{
	struct piece *c = ctx;
	struct gw_fetch_pieces *p = c->p;
	bool had_bytes = c->unnamed;

	if (r->type != GW_RESP_FETCH)
		return;
	c->unnamed = false;
	if (r->fetch.uid != p->uid) {
		if (had_bytes && gw_partial_cut(&p->partial, p->place, &p->err) == GW_OK)
			p->end = UNUSABLE;
	} else if (r->fetch.has_date) {
		p->date = r->fetch.date;
	}
}

static void on_done(void *ctx, const struct gw_result *result)
{
	struct piece *c = ctx;
	struct gw_fetch_pieces *p = c->p;

	p->in_flight--;
	if (result->kind == GW_RESULT_LOST) {
		if (p->err.code == GW_OK)
			p->err = *result->err;
	} else if (result->kind != GW_RESULT_OK) {
		if (p->refused.code == GW_OK)
			p->refused = *result->err;
	} else if (!c->came && c->offset == gw_partial_size(&p->partial)) {
		/* Past the end, or gone; or the server refuses this piece. */
		settle(p, c->offset == 0 || c->offset >= p->size ? ENDED : UNUSABLE);
	}
	free(c);
	advance(p);
}

/* --- what is asked --------------------------------------------------------------------------- */

static void ask(struct gw_fetch_pieces *p)
{
	struct piece *c = malloc(sizeof *c);
	struct gw_command line;
	enum gw_code code = GW_ERR_NOMEM;

	gw_command_init(&line);
	gw_command_printf(&line, "UID FETCH %u (UID INTERNALDATE BODY.PEEK[]<%llu.%u>)", p->uid,
		(unsigned long long)p->asked, (unsigned)PIECE);
	if (c != NULL) {
		*c = (struct piece){ .p = p, .offset = p->asked };
		code = gw_session_send(p->session, &line,
			&(struct gw_handlers){ .response = on_response,
				.body = on_body,
				.done = on_done,
				.ctx = c });
	}
	gw_command_deinit(&line);
	if (code != GW_OK) {
		free(c);
		gw_fail(&p->err, code,
			code == GW_ERR_NOMEM ? "out of memory" : "the session ended");
		return;
	}
	p->asked += PIECE;
	p->in_flight++;
}

static void ask_more(struct gw_fetch_pieces *p)
{
	unsigned limit = p->narrow ? 1 : IN_FLIGHT;

	if (p->in_flight == 0)
		p->asked = gw_partial_size(&p->partial); /* a short piece is resumed */
	while (p->in_flight < limit && p->end == OPEN && !p->stopped && p->err.code == GW_OK &&
		p->refused.code == GW_OK && (p->asked < p->size || p->in_flight == 0))
		ask(p);
}

static void advance(struct gw_fetch_pieces *p)
{
	ask_more(p);
	if (p->in_flight == 0) {
		finish(p);
	} else if (!p->told && gw_fetch_pieces_is_asked(p)) {
		p->told = true;
		p->ev.asked(p->ev.ctx);
	}
}

bool gw_fetch_pieces_is_asked(const struct gw_fetch_pieces *p)
{
	return p->asked >= p->size && !p->narrow && p->end == OPEN && p->err.code == GW_OK &&
	       p->refused.code == GW_OK;
}

enum gw_code gw_fetch_pieces_start(struct gw_session *session, const struct gw_maildir *place,
	const char *key, uint32_t uid, uint64_t size, uint64_t most, struct gw_deliver *writer,
	const struct gw_fetch_pieces_events *events, struct gw_fetch_pieces **out,
	struct gw_error *err)
{
	struct gw_fetch_pieces *p;
	enum gw_code code;

	*out = NULL;
	if (!gw_session_usable(session)) /* so that done() cannot come from in here */
		return gw_fail(err, GW_ERR_NET, "the session ended");
	p = calloc(1, sizeof *p);
	if (p == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	code = gw_partial_open(&p->partial, place, key, uid, err);
	if (code != GW_OK) {
		free(p);
		return code;
	}
	p->session = session;
	p->place = place;
	p->uid = uid;
	p->size = size;
	p->most = most;
	p->writer = writer;
	p->ev = *events;
	ask_more(p);
	if (p->in_flight == 0) {
		*err = p->err;
		gw_partial_keep(&p->partial, place);
		free(p);
		return err->code;
	}
	if (gw_partial_size(&p->partial) > 0) /* of an earlier run */
		events->bytes(events->ctx, gw_partial_size(&p->partial));
	*out = p;
	return GW_OK;
}

void gw_fetch_pieces_stop(struct gw_fetch_pieces *p)
{
	p->stopped = true;
}
