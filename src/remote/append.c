/* SPDX-License-Identifier: ISC */
/* remote/append.c - see append.h.
 *
 *   SENDING --all sent, or stopped, or the session lost--> WAITING --all answered--> done
 *
 * I1  done() comes once, from advance(), when nothing is in flight; never from inside start().
 * I2  a body goes out without waiting only if a command of its shape was accepted before, in this
 *     flight, or so sent in an earlier one, as the server's quirks remember: a server that does not
 *     understand the rest would run the mail as commands.  What is remembered is forgotten as soon as it
 *     seems not to hold.
 */
#include "remote/append.h"

#include "imap/caps.h"
#include "imap/date.h"
#include "imap/flags.h"
#include "imap/quirks.h"
#include "imap/refusal.h"
#include "maildir/outgoing.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

enum { DOUBTS_IN_A_ROW = 3 };
enum { MAX_IN_FLIGHT = 100, MAX_BYTES = 4 << 20, LITERAL_MINUS_MAX = 4096 };
enum { MAX_UNTRIED = 1 << 20 }; /* bytes, while it is not known whether it takes mail at present */
enum shape { WITHOUT_FLAGS, WITH_FLAGS, WITH_KEYWORDS, SHAPES };

static const unsigned proofs[SHAPES] = { GW_QUIRK_TOOK_BARE, GW_QUIRK_TOOK_FLAGS,
	GW_QUIRK_TOOK_KEYWORDS };

struct gw_append {
	struct gw_session *session;
	const char *mailbox;
	const struct gw_maildir *place;
	const struct gw_keywords *keywords;
	struct gw_append_item *items;
	size_t count, next;
	struct gw_append_events ev;
	unsigned in_flight;
	uint64_t bytes_in_flight;
	bool accepted[SHAPES]; /* I2: in this flight */
	bool plain_name;       /* of the mailbox: what other names proved holds for it */
	uint32_t exists;       /* as the server says now */
	uint64_t expected;     /* with those that were answered OK */
	bool stopped, taken;
	unsigned doubts_in_a_row;
	struct gw_error doubt;
	struct gw_error lost, full; /* full: the quota is used up */
};

struct letter { /* one APPEND */
	struct gw_append *u;
	struct gw_append_item *item;
	enum shape shape;
	bool bare;      /* no list of flags was sent */
	bool begun;     /* something of its body was sent */
	bool at_once;   /* its body does not wait for the server */
	bool by_memory; /* and nothing but memory says that it need not */
	struct gw_outgoing out;
};

static enum shape shape_of(uint64_t flags)
{
	return flags & GW_FLAGS_KEYWORDS ? WITH_KEYWORDS : flags != 0 ? WITH_FLAGS : WITHOUT_FLAGS;
}

static void advance(struct gw_append *u);

static void decide(struct gw_append *u, struct gw_append_item *item, enum gw_append_outcome outcome,
	const struct gw_error *why)
{
	item->outcome = outcome;
	u->ev.item(u->ev.ctx, item, why);
}

static bool send_item(struct gw_append *u, struct gw_append_item *item);

/* True if the server wants a list of flags, which RFC 9051 6.3.12 makes optional. */
static bool wants_flags(struct letter *l, const struct gw_result *result)
{
	if (result->kind != GW_RESULT_BAD || !l->bare || l->u->stopped)
		return false;
	gw_session_learn(l->u->session, GW_QUIRK_APPEND_FLAGS);
	return true;
}

/* True if the keywords may be why it failed, of which there may be too many (LIMIT, RFC 5530): the
 * message matters more, and the next look sends them.  A body that was sent and not understood ends
 * the connection. */
static bool may_go_bare(const struct letter *l, const struct gw_result *result)
{
	enum gw_resp_code code = result->response->code;
	bool about_it =
		code == GW_CODE_LIMIT || (!gw_refusal_passes(code) && code != GW_CODE_OVERQUOTA);

	return (l->item->flags & GW_FLAGS_KEYWORDS) && about_it &&
	       (result->kind == GW_RESULT_NO || (result->kind == GW_RESULT_BAD && !l->begun));
}

static void refuse(struct gw_append *u, struct gw_append_item *item, const struct gw_result *result)
{
	enum gw_resp_code code = result->response->code;

	if (gw_refusal_passes(code)) {
		item->doubted = true;
		u->doubt = *result->err;
		u->stopped |= ++u->doubts_in_a_row >= DOUBTS_IN_A_ROW;
		return;
	}
	if (code == GW_CODE_OVERQUOTA)
		u->full = *result->err;
	decide(u, item, GW_APPEND_REFUSED, result->err);
}

/* A code that speaks of the server's state is about the message if it took others. */
static void settle_doubts(struct gw_append *u)
{
	bool about_it = u->taken && u->doubts_in_a_row < DOUBTS_IN_A_ROW;

	for (size_t i = 0; i < u->count; i++) {
		if (u->items[i].doubted)
			decide(u, &u->items[i], about_it ? GW_APPEND_REFUSED : GW_APPEND_UNSENT,
				&u->doubt);
		u->items[i].doubted = false;
	}
}

/* RFC 9051 6.3.12: a selected mailbox reports what was stored in it. */
void gw_append_note(struct gw_append *u, const struct gw_response *r)
{
	if (u->exists == UINT32_MAX)
		return;
	if (r->type == GW_RESP_EXISTS) {
		u->exists = (uint32_t)r->number;
	} else if (r->type == GW_RESP_EXPUNGE && u->exists > 0) {
		u->exists--;
		u->expected--;
	} else if (r->type == GW_RESP_VANISHED) {
		u->exists = UINT32_MAX; /* how many went is not worth knowing */
	}
}

static void on_response(void *ctx, const struct gw_response *r)
{
	gw_append_note(((struct letter *)ctx)->u, r);
}

/* Learns nothing from a letter that waited for its "+". */
static void note_accepted(const struct letter *l)
{
	struct gw_append *u = l->u;

	u->accepted[l->shape] = true;
	if (l->at_once && u->plain_name)
		gw_session_learn(u->session, proofs[l->shape]);
}

/* The connection was lost over it, or it was not understood: perhaps for what memory said. */
static void doubt_memory(struct letter *l, const struct gw_result *result)
{
	if (l->by_memory && !l->u->accepted[l->shape] &&
		(result->kind == GW_RESULT_LOST || result->kind == GW_RESULT_BAD))
		gw_session_forget(l->u->session, proofs[l->shape]);
}

static void on_answer(void *ctx, const struct gw_result *result)
{
	struct letter *l = ctx;
	struct gw_append *u = l->u;
	struct gw_append_item *item = l->item;

	u->in_flight--;
	u->bytes_in_flight -= item->size;
	gw_outgoing_close(&l->out);
	doubt_memory(l, result);
	if (result->kind == GW_RESULT_LOST) {
		item->outcome = GW_APPEND_LOST;
		item->broke = u->lost.code == GW_OK; /* the others had to wait for it */
		if (u->lost.code == GW_OK)
			u->lost = *result->err;
	} else if (result->kind == GW_RESULT_OK) {
		bool named = result->response->code == GW_CODE_APPENDUID;

		note_accepted(l);
		u->taken = true;
		u->doubts_in_a_row = 0;
		item->uid = named ? (uint32_t)result->response->number : 0;
		item->uidvalidity = named ? result->response->uidvalidity : 0;
		u->expected++;
		item->counted = u->exists >= u->expected && u->exists != UINT32_MAX;
		decide(u, item, named ? GW_APPEND_STORED : GW_APPEND_UNNAMED, NULL);
	} else if (wants_flags(l, result)) {
		send_item(u, item);
	} else if (may_go_bare(l, result)) {
		item->flags &= ~GW_FLAGS_KEYWORDS;
		item->bared = true;
		send_item(u, item);
	} else {
		refuse(u, item, result);
	}
	free(l);
	advance(u);
}

static size_t read_letter(void *ctx, char *out, size_t n)
{
	struct letter *l = ctx;

	l->begun = true;
	return gw_outgoing_read(&l->out, out, n);
}

/* True if memory applies; not to a message at which a connection broke. */
static bool is_remembered(const struct gw_append *u, const struct gw_append_item *item)
{
	return u->plain_name && item->heat == 0 &&
	       (gw_session_quirks(u->session) & proofs[shape_of(item->flags)]) != 0;
}

/* I2 */
static bool is_understood(const struct gw_append *u, const struct gw_append_item *item)
{
	return u->accepted[shape_of(item->flags)] || is_remembered(u, item);
}

static bool may_go_at_once(const struct gw_append *u, const struct gw_append_item *item)
{
	uint32_t caps = gw_session_caps(u->session);

	return is_understood(u, item) &&
	       ((caps & GW_CAP_LITERAL_PLUS) ||
		       ((caps & GW_CAP_LITERAL_MINUS) && item->size <= LITERAL_MINUS_MAX));
}

static enum gw_code send_letter(struct gw_append *u, struct letter *l)
{
	const struct gw_append_item *item = l->item;
	const struct gw_body_source body = { .size = item->size, .read = read_letter, .ctx = l };
	char date[GW_DATE_TEXT];
	struct gw_command line;
	enum gw_code code;

	gw_date_format(item->date, date);
	gw_command_init(&line);
	gw_command_printf(&line, "APPEND ");
	gw_command_string(&line, gw_slice_str(u->mailbox), gw_session_caps(u->session));
	l->bare = item->flags == 0 && !(gw_session_quirks(u->session) & GW_QUIRK_APPEND_FLAGS);
	if (!l->bare) {
		gw_command_printf(&line, " (");
		gw_command_flags(&line, item->flags, u->keywords->names, GW_KEYWORD_MAX);
		gw_command_printf(&line, ")");
	}
	gw_command_printf(&line, " \"%s\" ", date);
	l->at_once = may_go_at_once(u, item);
	l->by_memory = l->at_once && !u->accepted[l->shape];
	gw_command_body(&line, &body, l->at_once);
	code = gw_session_send(u->session, &line,
		&(struct gw_handlers){ .response = on_response, .done = on_answer, .ctx = l });
	gw_command_deinit(&line);
	return code;
}

/* false: nothing more can be sent. */
static bool send_item(struct gw_append *u, struct gw_append_item *item)
{
	struct letter *l = calloc(1, sizeof *l);
	enum gw_code code = GW_ERR_NOMEM;
	int sys = 0;

	if (l != NULL) {
		l->u = u;
		l->item = item;
		l->shape = shape_of(item->flags);
		sys = gw_outgoing_open(
			&l->out, item->in_new ? u->place->new : u->place->cur, item->name);
		if (sys != 0) { /* a reader was faster, or took the right to read it */
			free(l);
			decide(u, item, GW_APPEND_GONE, NULL);
			return true;
		}
		u->in_flight++;
		u->bytes_in_flight += item->size;
		code = send_letter(u, l);
		if (code == GW_OK)
			return true;
		u->in_flight--;
		u->bytes_in_flight -= item->size;
		gw_outgoing_close(&l->out);
		free(l);
	}
	gw_fail(&u->lost, code, code == GW_ERR_NOMEM ? "out of memory" : "the session ended");
	return false;
}

/* I2: while it is not known whether the shape is understood, the first goes alone. */
static bool may_send(const struct gw_append *u)
{
	const struct gw_append_item *item = &u->items[u->next];
	uint64_t most = u->taken ? MAX_BYTES : MAX_UNTRIED;

	if (u->in_flight == 0)
		return true;
	if (item->heat > 0 || u->items[u->next - 1].heat > 0)
		return false;
	return u->in_flight < MAX_IN_FLIGHT && u->bytes_in_flight + item->size <= most &&
	       is_understood(u, item);
}

static void send_more(struct gw_append *u)
{
	while (u->next < u->count && !u->stopped && u->lost.code == GW_OK && may_send(u)) {
		struct gw_append_item *item = &u->items[u->next++];

		if (u->full.code != GW_OK)
			decide(u, item, GW_APPEND_REFUSED, &u->full);
		else if (!send_item(u, item))
			return;
	}
}

/* I1 */
static void advance(struct gw_append *u)
{
	struct gw_append_events ev = u->ev;
	struct gw_error lost;

	send_more(u);
	if (u->in_flight > 0)
		return;
	settle_doubts(u);
	lost = u->lost;
	free(u);
	ev.done(ev.ctx, lost.code == GW_OK ? NULL : &lost);
}

void gw_append_stop(struct gw_append *u)
{
	u->stopped = true;
}

/* True if the name is written like any other. */
static bool is_plain_name(const char *name)
{
	for (const char *p = name; *p != '\0'; p++) {
		if (*p < ' ' || *p >= 0x7f || *p == '"' || *p == '\\')
			return false;
	}
	return true;
}

enum gw_code gw_append_start(struct gw_session *session, const char *mailbox,
	const struct gw_maildir *place, const struct gw_keywords *keywords,
	struct gw_append_item *items, size_t count, uint32_t exists,
	const struct gw_append_events *events, struct gw_append **out)
{
	struct gw_append *u = calloc(1, sizeof *u);
	enum gw_code code;

	*out = u;
	if (u == NULL)
		return GW_ERR_NOMEM;
	*u = (struct gw_append){ .session = session,
		.mailbox = mailbox,
		.place = place,
		.keywords = keywords,
		.plain_name = is_plain_name(mailbox),
		.items = items,
		.count = count,
		.exists = exists,
		.expected = exists,
		.ev = *events };
	send_more(u);
	if (u->in_flight > 0)
		return GW_OK;
	*out = NULL;
	code = u->lost.code;
	free(u);
	return code;
}
