/* remote/fetch_pieces.c - see fetch_pieces.h.
 *
 * I1  pieces are answered in the order they were asked for, so each begins where the file ends.
 * I2  done() comes once, from finish(), when no piece is in flight.
 */
#include "remote/fetch_pieces.h"

#include "maildir/partial.h"

#include <stdlib.h>

enum { PIECE = 1 << 20, IN_FLIGHT = 4 };

struct piece {
	struct gw_pieces *p;
	uint64_t offset;
	bool takes; /* its bytes are the next ones */
	bool came;
};

struct gw_pieces {
	struct gw_session *session;
	const struct gw_maildir *place;
	uint32_t uid;
	struct gw_writer *writer;
	struct gw_partial partial;
	uint64_t size;  /* as announced: further pieces are asked for one at a time */
	uint64_t asked; /* up to where pieces were asked for */
	unsigned in_flight;
	bool ended; /* the server sent less than was asked for */
	bool stopped, any;
	time_t date;
	struct gw_error refused, err;
	struct gw_pieces_events ev;
};

static void advance(struct gw_pieces *p);

static void finish(struct gw_pieces *p)
{
	struct gw_pieces_events ev = p->ev;
	time_t date = p->date;
	struct gw_error err = p->err;
	enum gw_pieces_outcome outcome = GW_PIECES_CUT;

	if (p->refused.code != GW_OK) {
		err = p->refused;
		outcome = GW_PIECES_REFUSED;
		gw_partial_drop(&p->partial, p->place);
	} else if (err.code == GW_OK && p->ended && p->any) {
		if (gw_partial_finish(&p->partial, p->place, p->writer, &err) == GW_OK)
			outcome = GW_PIECES_WHOLE;
	} else if (err.code == GW_OK && p->ended) {
		outcome = GW_PIECES_NOTHING;
		gw_partial_drop(&p->partial, p->place);
	} else if (err.code == GW_ERR_DISK) {
		gw_partial_drop(&p->partial, p->place);
	}
	gw_partial_keep(&p->partial, p->place);
	free(p);
	ev.done(ev.ctx, outcome, date, err.code == GW_OK ? NULL : &err);
}

/* --- what comes ------------------------------------------------------------------------------ */

static void on_body(void *ctx, const struct gw_body_event *ev)
{
	struct piece *c = ctx;
	struct gw_pieces *p = c->p;

	switch (ev->type) {
	case GW_BODY_BEGIN:
		c->takes = ev->section.n == 0 && !c->came && c->offset == p->partial.size &&
			   !p->ended && p->err.code == GW_OK;
		/* More than was asked for: a server that knows no pieces sends all of it. */
		if (ev->size > PIECE && c->offset != 0)
			c->takes = false;
		if (c->takes) {
			c->came = p->any = true;
			p->ended = ev->size != PIECE;
		}
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

	if (r->type == GW_RESP_FETCH && r->fetch.uid == c->p->uid && r->fetch.has_date)
		c->p->date = r->fetch.date;
}

static void on_done(void *ctx, const struct gw_result *result)
{
	struct piece *c = ctx;
	struct gw_pieces *p = c->p;

	p->in_flight--;
	if (result->kind == GW_RESULT_LOST) {
		if (p->err.code == GW_OK)
			p->err = *result->err;
	} else if (result->kind != GW_RESULT_OK) {
		if (p->refused.code == GW_OK)
			p->refused = *result->err;
	} else if (!c->came) {
		p->ended = true; /* it is behind the end, or gone */
	}
	free(c);
	advance(p);
}

/* --- what is asked --------------------------------------------------------------------------- */

static void ask(struct gw_pieces *p)
{
	struct piece *c = malloc(sizeof *c);
	struct gw_line line;
	enum gw_code code = GW_ERR_NOMEM;

	gw_line_init(&line);
	gw_line_printf(&line, "UID FETCH %u (UID INTERNALDATE BODY.PEEK[]<%llu.%u>)", p->uid,
		(unsigned long long)p->asked, (unsigned)PIECE);
	if (c != NULL) {
		*c = (struct piece){ .p = p, .offset = p->asked };
		code = gw_session_send(p->session, &line,
			&(struct gw_handlers){ .response = on_response,
				.body = on_body,
				.done = on_done,
				.ctx = c });
	}
	gw_line_deinit(&line);
	if (code != GW_OK) {
		free(c);
		gw_fail(&p->err, code,
			code == GW_ERR_NOMEM ? "out of memory" : "the session ended");
		return;
	}
	p->asked += PIECE;
	p->in_flight++;
}

static void ask_more(struct gw_pieces *p)
{
	while (p->in_flight < IN_FLIGHT && !p->ended && !p->stopped && p->err.code == GW_OK &&
		p->refused.code == GW_OK && (p->asked < p->size || p->in_flight == 0))
		ask(p);
}

static void advance(struct gw_pieces *p)
{
	ask_more(p);
	if (p->in_flight == 0)
		finish(p);
}

enum gw_code gw_pieces_start(struct gw_session *session, const struct gw_maildir *place,
	const char *key, uint32_t uid, uint64_t size, struct gw_writer *writer,
	const struct gw_pieces_events *events, struct gw_pieces **out, struct gw_error *err)
{
	struct gw_pieces *p;
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
	p->writer = writer;
	p->ev = *events;
	p->asked = p->partial.size;
	p->any = p->partial.size > 0;
	ask_more(p);
	if (p->in_flight == 0) {
		*err = p->err;
		gw_partial_keep(&p->partial, place);
		free(p);
		return err->code;
	}
	if (p->partial.size > 0)
		events->bytes(events->ctx, p->partial.size);
	*out = p;
	return GW_OK;
}

void gw_pieces_stop(struct gw_pieces *p)
{
	p->stopped = true;
}
