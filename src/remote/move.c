/* SPDX-License-Identifier: ISC */
/* remote/move.c - see move.h.
 *
 *   SELECTING --the expected mailbox--> CARRYING --all answered--> PROVING (what nothing bears out yet)
 *   --> SELECTING (the next) | DONE
 *   SELECTING --another, or refused--> SELECTING (the next) | DONE
 *
 * I1  done() comes once, from finish(), when no command is under way.
 * I2  nothing is sent for a UID before the answer to SELECT showed its UIDVALIDITY.  With QRESYNC it may
 *     have been an earlier SELECT, if that was the last one: an EXPUNGE may then be of a message that went
 *     since, and only VANISHED, which names UIDs, is proof.
 * I3  OK is no proof.  What was moved has left as EXPUNGE or VANISHED say, or the server is asked whether
 *     it is there still; a copy whose other half is to be removed is one that COPYUID names, or by which
 *     the mailbox has grown.
 */
#include "remote/move.h"

#include "base/num.h"
#include "imap/quirks.h"
#include "imap/refusal.h"
#include "imap/search.h"
#include "remote/observe.h"
#include "remote/proof.h"

#include <stdlib.h>

enum state { SELECTING, CARRYING, PROVING };

struct gw_move {
	enum state state;
	struct gw_session *session;
	const char *mailbox;
	struct gw_move_item *items;
	size_t count;
	size_t first, end; /* of the mailbox at hand */
	unsigned pending;  /* I1 */
	uint32_t uidvalidity;
	bool read_only;
	bool held;               /* it was selected already */
	bool no_move;            /* it was refused in this run */
	struct gw_proof proof;   /* owned; I3, of the mailbox at hand */
	struct gw_seqset asked;  /* owned; may be there still, ... */
	struct gw_seqset still;  /* owned; ... and is, as far as anybody knows */
	struct gw_growth growth; /* I3: of the one that gets them, as they are copied */
	bool counted;            /* before the first of them was sent */
	struct gw_move_events ev;
	struct gw_error refused, lost;
};

/* One UID MOVE or UID COPY. */
struct command {
	struct gw_move *c;
	struct gw_seqset uids;
	bool move, named;
	bool copies; /* what is to be moved: its other half is the caller's */
};

/* A question: a search in the mailbox at hand, or STATUS of the other one. */
struct question {
	struct gw_move *c;
	struct gw_seqset uids;    /* owned; that are searched for */
	struct gw_counts *counts; /* STATUS: where it goes */
};

static void next_mailbox(struct gw_move *c);
static void conclude(struct gw_move *c);

/* Forgets the proof, which is about one mailbox. */
static void forget_proof(struct gw_move *c)
{
	gw_proof_deinit(&c->proof);
	gw_seqset_deinit(&c->asked);
	gw_seqset_deinit(&c->still);
	c->proof = (struct gw_proof){ 0 };
	c->growth = (struct gw_growth){ 0 };
	c->counted = false;
}

/* I1 */
static void finish(struct gw_move *c)
{
	struct gw_move_events ev = c->ev;
	struct gw_error refused = c->refused, lost = c->lost;

	forget_proof(c);
	free(c);
	ev.done(ev.ctx, refused.code == GW_OK ? NULL : &refused, lost.code == GW_OK ? NULL : &lost);
}

static void lose(struct gw_move *c, enum gw_code code)
{
	gw_fail(&c->lost, code, code == GW_ERR_NOMEM ? "out of memory" : "the session ended");
	conclude(c);
}

static void free_command(struct command *cmd)
{
	gw_seqset_deinit(&cmd->uids);
	free(cmd);
}

/* --- answers --------------------------------------------------------------------------------- */

/* Sets of COPYUID stand in the order of each other: they are walked, not sorted. */
struct walker {
	struct gw_slice rest;
	uint64_t at, last;
};

static bool step(struct walker *w, uint32_t *uid)
{
	struct gw_slice item = w->rest;
	const char *comma, *colon;
	uint32_t a, b;

	if (w->at <= w->last && w->at != 0) {
		*uid = (uint32_t)w->at++;
		return true;
	}
	if (item.n == 0)
		return false;
	comma = memchr(item.p, ',', item.n);
	if (comma != NULL)
		item.n = (size_t)(comma - item.p);
	w->rest.p += item.n + (comma != NULL);
	w->rest.n -= item.n + (comma != NULL);
	colon = memchr(item.p, ':', item.n);
	if (colon == NULL) {
		w->at = w->last = 0;
		return gw_read_u32(item, uid) && *uid != 0;
	}
	if (!gw_read_u32((struct gw_slice){ item.p, (size_t)(colon - item.p) }, &a) ||
		!gw_read_u32((struct gw_slice){ colon + 1, item.n - (size_t)(colon - item.p) - 1 },
			&b) ||
		a == 0 || b == 0)
		return false;
	w->at = (uint64_t)(a < b ? a : b) + 1;
	w->last = a < b ? b : a;
	*uid = a < b ? a : b;
	return true;
}

static struct gw_move_item *find(struct gw_move *c, uint32_t uid, bool move)
{
	for (size_t i = c->first; i < c->end; i++) {
		if (c->items[i].from_uid == uid && c->items[i].move == move &&
			c->items[i].outcome == GW_MOVE_LOST)
			return &c->items[i];
	}
	return NULL;
}

static void take_copyuid(struct command *cmd, const struct gw_response *r)
{
	struct walker from = { .rest = r->copied_from }, to = { .rest = r->copied_to };
	uint32_t old, new;

	cmd->named = true;
	while (step(&from, &old) && step(&to, &new)) {
		struct gw_move_item *item = find(cmd->c, old, cmd->move);

		if (item == NULL)
			continue;
		item->outcome = GW_MOVE_DONE;
		item->uid = new;
		item->uidvalidity = r->uidvalidity;
	}
}

static void on_copy_response(void *ctx, const struct gw_response *r)
{
	struct command *cmd = ctx;

	if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_COPYUID)
		take_copyuid(cmd, r);
	gw_proof_note(&cmd->c->proof, r);
}

static void settle(struct command *cmd, const struct gw_result *result)
{
	struct gw_move *c = cmd->c;
	enum gw_result_kind kind = result->kind;
	bool passes = result->response != NULL && gw_refusal_passes(result->response->code);

	for (size_t i = c->first; i < c->end; i++) {
		struct gw_move_item *item = &c->items[i];

		if (item->move != cmd->move || !gw_seqset_has(&cmd->uids, item->from_uid))
			continue;
		item->stays = item->move && cmd->copies;
		if (item->outcome != GW_MOVE_LOST)
			continue;
		if (kind == GW_RESULT_OK)
			item->outcome = cmd->named ? GW_MOVE_GONE : GW_MOVE_UNNAMED;
		else if (kind != GW_RESULT_LOST)
			item->outcome = passes ? GW_MOVE_UNSENT : GW_MOVE_REFUSED;
	}
}

/* A MOVE that is refused as such: COPY, and the removal that follows it, do the same.  What a server
 * has against the mailbox or the message it says of COPY again. */
static bool moves_no_more(const struct command *cmd, const struct gw_result *result)
{
	return cmd->move && !cmd->copies && !cmd->named &&
	       (result->kind == GW_RESULT_NO || result->kind == GW_RESULT_BAD);
}

static enum gw_code send_command(struct gw_move *c, struct gw_seqset *uids, bool move);

static void copy_instead(struct command *cmd)
{
	struct gw_move *c = cmd->c;
	enum gw_code code;

	for (size_t i = c->first; i < c->end; i++) {
		if (c->items[i].move && gw_seqset_has(&cmd->uids, c->items[i].from_uid))
			c->items[i].outcome = GW_MOVE_UNSENT;
	}
	code = send_command(c, &cmd->uids, true);
	free_command(cmd);
	c->pending--;
	if (code != GW_OK)
		lose(c, code);
}

static void on_copied(void *ctx, const struct gw_result *result)
{
	struct command *cmd = ctx;
	struct gw_move *c = cmd->c;

	if (moves_no_more(cmd, result)) {
		c->no_move = true;
		if (result->kind == GW_RESULT_BAD) /* it is announced, and not understood */
			gw_session_learn(c->session, GW_QUIRK_NO_MOVE);
		copy_instead(cmd);
		return;
	}
	if (result->kind == GW_RESULT_LOST)
		gw_fail(&c->lost, result->err->code, "%s", result->err->text);
	else if (result->kind != GW_RESULT_OK && c->refused.code == GW_OK)
		c->refused = *result->err;
	else if (result->kind == GW_RESULT_OK && result->response->code == GW_CODE_COPYUID)
		take_copyuid(cmd, result->response);
	settle(cmd, result);
	free_command(cmd);
	c->pending--;
	conclude(c);
}

/* --- proof (I3) ------------------------------------------------------------------------------ */

/* True if its answer means that it has left. */
static bool should_have_left(const struct gw_move_item *item)
{
	return item->move && !item->stays &&
	       (item->outcome == GW_MOVE_DONE || item->outcome == GW_MOVE_UNNAMED ||
		       item->outcome == GW_MOVE_GONE);
}

/* True if its answer means that it was copied, and is now to be removed. */
static bool should_have_come(const struct gw_move_item *item)
{
	return item->stays && (item->outcome == GW_MOVE_DONE || item->outcome == GW_MOVE_UNNAMED);
}

static void on_found(void *ctx, const struct gw_response *r)
{
	struct question *q = ctx;

	if (q->counts != NULL)
		gw_growth_note(q->counts, r);
	else if (gw_search_take(r, &q->c->still) != GW_OK)
		(void)gw_seqset_add_set(&q->c->still, &q->uids);
	gw_proof_note(&q->c->proof, r);
}

static void on_asked(void *ctx, const struct gw_result *result)
{
	struct question *q = ctx;
	struct gw_move *c = q->c;
	enum gw_code code = GW_OK;

	if (result->kind == GW_RESULT_LOST)
		gw_fail(&c->lost, result->err->code, "%s", result->err->text);
	else if (result->kind != GW_RESULT_OK) /* nobody knows */
		code = gw_seqset_add_set(&c->still, &q->uids);
	gw_seqset_deinit(&q->uids);
	free(q);
	c->pending--;
	if (code != GW_OK)
		lose(c, code);
	else
		conclude(c);
}

/* line: taken over; uids, too, unless they are NULL. */
static enum gw_code ask(struct gw_move *c, struct gw_command *line, struct gw_seqset *uids,
	struct gw_counts *counts)
{
	struct question *q = calloc(1, sizeof *q);
	enum gw_code code = q == NULL ? GW_ERR_NOMEM : GW_OK;

	if (code == GW_OK) {
		*q = (struct question){ .c = c, .counts = counts };
		if (uids != NULL)
			q->uids = *uids;
		if (uids != NULL)
			*uids = (struct gw_seqset){ 0 };
		code = gw_session_send(c->session, line,
			&(struct gw_handlers){ .response = on_found, .done = on_asked, .ctx = q });
	}
	gw_command_deinit(line);
	if (code == GW_OK) {
		c->pending++;
	} else if (q != NULL) {
		gw_seqset_deinit(&q->uids);
		free(q);
	}
	return code;
}

static enum gw_code ask_whether_there(struct gw_move *c, struct gw_seqset *uids)
{
	struct gw_command line;

	gw_command_init(&line);
	gw_command_printf(&line, "UID SEARCH UID ");
	gw_command_set(&line, uids);
	return ask(c, &line, uids, NULL);
}

static enum gw_code ask_counts(struct gw_move *c, struct gw_counts *counts)
{
	struct gw_command line;

	gw_command_init(&line);
	gw_command_printf(&line, "STATUS ");
	gw_command_string(&line, gw_slice_str(c->mailbox), gw_session_caps(c->session));
	gw_command_printf(&line, " (MESSAGES UIDNEXT)");
	return ask(c, &line, NULL, counts);
}

static enum gw_code ask_where_they_are(struct gw_move *c)
{
	struct gw_seqset set = { 0 };
	uint64_t should = 0, enough;
	enum gw_code code = GW_OK;

	if (gw_session_caps(c->session) & GW_CAP_GMAIL) /* what gets a label stays in all mail */
		return GW_OK;
	for (size_t i = c->first; i < c->end; i++)
		should += should_have_left(&c->items[i]);
	enough = c->held ? UINT64_MAX : should; /* I2 */
	for (size_t i = c->first; i < c->end && code == GW_OK; i++) {
		uint32_t uid = c->items[i].from_uid;

		if (!should_have_left(&c->items[i]) || gw_proof_has_left(&c->proof, enough, uid))
			continue;
		code = gw_seqset_add(&set, uid, uid);
		if (code == GW_OK)
			code = gw_seqset_add(&c->asked, uid, uid);
		if (code == GW_OK && set.count >= GW_COMMAND_MAX_RANGES)
			code = ask_whether_there(c, &set);
	}
	if (code == GW_OK && set.count > 0)
		code = ask_whether_there(c, &set);
	gw_seqset_deinit(&set);
	return code;
}

static bool must_count(const struct gw_move *c)
{
	for (size_t i = c->first; i < c->end; i++) {
		if (should_have_come(&c->items[i]) && c->items[i].outcome == GW_MOVE_UNNAMED)
			return true;
	}
	return false;
}

/* All of this mailbox's commands are answered. */
static void prove(struct gw_move *c)
{
	enum gw_code code = ask_where_they_are(c);

	c->state = PROVING;
	if (code == GW_OK && must_count(c))
		code = ask_counts(c, &c->growth.after);
	if (code != GW_OK)
		lose(c, code);
	else if (c->pending == 0)
		conclude(c);
}

static void judge(struct gw_move *c)
{
	uint64_t copied = 0;

	for (size_t i = c->first; i < c->end; i++)
		copied += should_have_come(&c->items[i]);
	for (size_t i = c->first; i < c->end; i++) {
		struct gw_move_item *item = &c->items[i];
		bool stayed = item->move && gw_seqset_has(&c->still, item->from_uid);
		bool asked = item->move && gw_seqset_has(&c->asked, item->from_uid);
		bool counts = should_have_come(item) && item->outcome == GW_MOVE_UNNAMED;

		if ((asked || counts) && c->lost.code != GW_OK)
			item->outcome = GW_MOVE_LOST;
		else if ((asked && stayed) || (counts && gw_growth_by(&c->growth) < copied))
			item->outcome = GW_MOVE_IGNORED;
	}
}

static void conclude(struct gw_move *c)
{
	if (c->pending > 0)
		return;
	if (c->lost.code == GW_OK && c->state == CARRYING) {
		prove(c);
		return;
	}
	judge(c);
	if (c->lost.code != GW_OK) {
		finish(c);
	} else {
		c->first = c->end;
		next_mailbox(c);
	}
}

/* --- questions ------------------------------------------------------------------------------- */

static bool copies_only(const struct gw_move *c)
{
	return c->no_move || !(gw_session_caps(c->session) & GW_CAP_MOVE);
}

static enum gw_code send_command(struct gw_move *c, struct gw_seqset *uids, bool move)
{
	struct command *cmd = calloc(1, sizeof *cmd);
	uint32_t caps = gw_session_caps(c->session);
	struct gw_command line;
	enum gw_code code;

	if (cmd == NULL)
		return GW_ERR_NOMEM;
	*cmd = (struct command){
		.c = c, .uids = *uids, .move = move, .copies = !move || copies_only(c)
	};
	*uids = (struct gw_seqset){ 0 };
	if (move && cmd->copies && !c->counted) { /* in one flight */
		c->counted = true;
		code = ask_counts(c, &c->growth.before);
		if (code != GW_OK) {
			free_command(cmd);
			return code;
		}
	}
	gw_command_init(&line);
	gw_command_printf(&line, "UID %s ", cmd->copies ? "COPY" : "MOVE");
	gw_command_set(&line, &cmd->uids);
	gw_command_printf(&line, " ");
	gw_command_string(&line, gw_slice_str(c->mailbox), caps);
	code = gw_session_send(c->session, &line,
		&(struct gw_handlers){
			.response = on_copy_response, .done = on_copied, .ctx = cmd });
	gw_command_deinit(&line);
	if (code != GW_OK) {
		free_command(cmd);
		return code;
	}
	c->pending++;
	for (size_t i = c->first; i < c->end; i++) { /* until it is answered */
		if (c->items[i].move == move && gw_seqset_has(&cmd->uids, c->items[i].from_uid))
			c->items[i].outcome = GW_MOVE_LOST;
	}
	return GW_OK;
}

/* Copies first: what is moved is not there to be copied any more. */
static enum gw_code send_all(struct gw_move *c, bool move)
{
	struct gw_seqset set = { 0 };
	enum gw_code code = GW_OK;

	for (size_t i = c->first; i < c->end && code == GW_OK; i++) {
		if (c->items[i].move != move)
			continue;
		code = gw_seqset_add(&set, c->items[i].from_uid, c->items[i].from_uid);
		if (code == GW_OK && set.count >= GW_COMMAND_MAX_RANGES)
			code = send_command(c, &set, move);
	}
	if (code == GW_OK && set.count > 0)
		code = send_command(c, &set, move);
	gw_seqset_deinit(&set);
	return code;
}

static void on_select_response(void *ctx, const struct gw_response *r)
{
	struct gw_move *c = ctx;

	if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_UIDVALIDITY &&
		r->number <= UINT32_MAX)
		c->uidvalidity = (uint32_t)r->number;
}

static void skip_mailbox(struct gw_move *c, enum gw_move_outcome outcome)
{
	for (size_t i = c->first; i < c->end; i++)
		c->items[i].outcome = outcome;
	c->first = c->end;
	next_mailbox(c);
}

/* The mailbox is selected: its commands, in one flight. */
static void carry(struct gw_move *c)
{
	enum gw_code code;

	c->state = CARRYING;
	forget_proof(c);
	code = send_all(c, false);
	if (code == GW_OK && !c->read_only)
		code = send_all(c, true);
	if (code != GW_OK) {
		lose(c, code);
	} else if (c->pending == 0) {
		gw_fail(&c->refused, GW_ERR_REFUSED, "the mailbox is read-only");
		skip_mailbox(c, GW_MOVE_REFUSED);
	}
}

static void on_selected(void *ctx, const struct gw_result *result)
{
	struct gw_move *c = ctx;

	c->pending--;
	if (result->kind == GW_RESULT_LOST) {
		c->lost = *result->err;
		finish(c);
		return;
	}
	if (result->kind != GW_RESULT_OK) {
		if (c->refused.code == GW_OK)
			c->refused = *result->err;
		skip_mailbox(c, gw_refusal_passes(result->response->code) ? GW_MOVE_UNSENT
									  : GW_MOVE_REFUSED);
		return;
	}
	if (c->uidvalidity != c->items[c->first].from_uidvalidity) { /* I2 */
		skip_mailbox(c, GW_MOVE_GONE);
		return;
	}
	c->read_only = result->response->code == GW_CODE_READ_ONLY;
	carry(c);
}

static void next_mailbox(struct gw_move *c)
{
	bool move = false;
	struct gw_command line;
	enum gw_code code;

	if (c->first == c->count) {
		finish(c);
		return;
	}
	for (c->end = c->first;
		c->end < c->count && strcmp(c->items[c->end].from, c->items[c->first].from) == 0;
		c->end++)
		move |= c->items[c->end].move;
	c->held = gw_session_qresync(c->session) &&
		  gw_session_may_change(
			  c->session, c->items[c->first].from, c->items[c->first].from_uidvalidity);
	if (c->held) {
		c->read_only = false;
		carry(c);
		return;
	}
	c->state = SELECTING;
	c->uidvalidity = 0;
	gw_command_init(&line);
	gw_command_printf(&line, move ? "SELECT " : "EXAMINE ");
	gw_command_string(
		&line, gw_slice_str(c->items[c->first].from), gw_session_caps(c->session));
	code = gw_session_send(c->session, &line,
		&(struct gw_handlers){ .response = on_select_response,
			.done = on_selected,
			.ctx = c,
			.selects = c->items[c->first].from });
	if (code == GW_OK)
		c->pending++;
	else
		lose(c, code);
}

enum gw_code gw_move_start(struct gw_session *session, const char *mailbox,
	struct gw_move_item *items, size_t count, const struct gw_move_events *events)
{
	struct gw_move *c;

	if (!gw_session_usable(session)) /* so that done() cannot come from in here */
		return GW_ERR_NET;
	c = calloc(1, sizeof *c);
	if (c == NULL)
		return GW_ERR_NOMEM;
	*c = (struct gw_move){ .session = session,
		.mailbox = mailbox,
		.items = items,
		.count = count,
		.ev = *events };
	next_mailbox(c);
	return GW_OK;
}
