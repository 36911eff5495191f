/* remote/move.c - see move.h.
 *
 *   SELECTING --the expected mailbox--> CARRYING --all answered--> PROVING (where an answer proves
 *   too little) --> SELECTING (the next) | DONE
 *   SELECTING --another, or refused--> SELECTING (the next) | DONE
 *
 * I1  done() comes once, from finish(), when no command is under way.
 * I2  nothing is sent for a UID before the answer to SELECT showed its UIDVALIDITY.
 */
#include "remote/move.h"

#include "base/num.h"
#include "imap/quirks.h"
#include "imap/search.h"
#include "remote/observe.h"

#include <stdlib.h>

enum state { SELECTING, CARRYING, PROVING };

struct gw_carry {
	enum state state;
	struct gw_session *session;
	const char *mailbox;
	struct gw_carry_item *items;
	size_t count;
	size_t first, end; /* of the mailbox at hand */
	unsigned pending;  /* I1 */
	uint32_t uidvalidity;
	uint32_t uidnext,
		uidnext_now; /* of the mailbox that gets them: before, and as told since */
	bool stale;          /* copies were sent since it was asked for */
	bool read_only;
	bool no_move; /* it was refused in this run */
	struct gw_carry_events ev;
	struct gw_error refused, lost;
};

/* One UID MOVE or UID COPY. */
struct command {
	struct gw_carry *c;
	struct gw_seqset uids;
	bool move, named;
	bool copies;       /* what is to be moved: its other half is the caller's */
	uint64_t expunged; /* lines that told so, by number */
	struct gw_seqset vanished, there;
};

static void next_mailbox(struct gw_carry *c);

/* I1 */
static void finish(struct gw_carry *c)
{
	struct gw_carry_events ev = c->ev;
	struct gw_error refused = c->refused, lost = c->lost;

	free(c);
	ev.done(ev.ctx, refused.code == GW_OK ? NULL : &refused, lost.code == GW_OK ? NULL : &lost);
}

static void lose(struct gw_carry *c, enum gw_code code)
{
	gw_fail(&c->lost, code, code == GW_ERR_NOMEM ? "out of memory" : "the session ended");
	if (c->pending == 0)
		finish(c);
}

static void free_command(struct command *cmd)
{
	gw_seqset_deinit(&cmd->uids);
	gw_seqset_deinit(&cmd->vanished);
	gw_seqset_deinit(&cmd->there);
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

static struct gw_carry_item *find(struct gw_carry *c, uint32_t uid, bool move)
{
	for (size_t i = c->first; i < c->end; i++) {
		if (c->items[i].from_uid == uid && c->items[i].move == move &&
			c->items[i].outcome == GW_CARRY_LOST)
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
		struct gw_carry_item *item = find(cmd->c, old, cmd->move);

		if (item == NULL)
			continue;
		item->outcome = GW_CARRY_DONE;
		item->uid = new;
		item->uidvalidity = r->uidvalidity;
	}
}

static void on_copy_response(void *ctx, const struct gw_response *r)
{
	struct command *cmd = ctx;

	if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_COPYUID)
		take_copyuid(cmd, r);
	else if (r->type == GW_RESP_EXPUNGE)
		cmd->expunged++;
	else if (r->type == GW_RESP_VANISHED && !r->earlier)
		(void)gw_seqset_parse(&cmd->vanished, r->list); /* what is left out is asked for */
}

/* Do the lines that told of it bear out that all were moved? */
static bool is_borne_out(const struct gw_carry *c, const struct command *cmd)
{
	uint64_t gone = cmd->expunged;

	for (size_t i = c->first; i < c->end; i++)
		gone += gw_seqset_has(&cmd->uids, c->items[i].from_uid) &&
			gw_seqset_has(&cmd->vanished, c->items[i].from_uid);
	return gone >= gw_seqset_size(&cmd->uids);
}

static void settle(struct command *cmd, enum gw_result_kind kind)
{
	struct gw_carry *c = cmd->c;

	for (size_t i = c->first; i < c->end; i++) {
		struct gw_carry_item *item = &c->items[i];

		if (item->move != cmd->move || !gw_seqset_has(&cmd->uids, item->from_uid))
			continue;
		item->stays = item->move && cmd->copies;
		if (item->outcome != GW_CARRY_LOST)
			continue;
		if (kind == GW_RESULT_OK)
			item->outcome = cmd->named ? GW_CARRY_GONE : GW_CARRY_UNNAMED;
		else if (kind != GW_RESULT_LOST)
			item->outcome = GW_CARRY_REFUSED;
	}
}

/* A MOVE that is refused as such: COPY, and the removal that follows it, do the same.  What a server
 * has against the mailbox or the message it says of COPY again. */
static bool moves_no_more(const struct command *cmd, const struct gw_result *result)
{
	return cmd->move && !cmd->copies && !cmd->named &&
	       (result->kind == GW_RESULT_NO || result->kind == GW_RESULT_BAD);
}

static enum gw_code send_command(struct gw_carry *c, struct gw_seqset *uids, bool move);
static enum gw_code ask_uidnext(struct gw_carry *c);
static enum gw_code ask_which_stayed(struct command *cmd);

/* What was answered OK has a UID by now, or did not come: how many should there be? */
static uint64_t count_come(const struct gw_carry *c, bool unproved_only)
{
	uint64_t n = 0;

	for (size_t i = c->first; i < c->end; i++) {
		const struct gw_carry_item *item = &c->items[i];
		bool unproved = item->outcome == GW_CARRY_UNNAMED && (item->stays || !item->move);

		n += unproved || (!unproved_only && (item->outcome == GW_CARRY_UNNAMED ||
							    item->outcome == GW_CARRY_DONE));
	}
	return n;
}

static void judge_copies(struct gw_carry *c)
{
	bool came = c->uidnext == 0 || c->uidnext_now == 0 ||
		    c->uidnext_now >= c->uidnext + count_come(c, false);

	for (size_t i = c->first; i < c->end; i++) {
		struct gw_carry_item *item = &c->items[i];

		if (item->outcome == GW_CARRY_UNNAMED && (item->stays || !item->move) && !came)
			item->outcome = GW_CARRY_IGNORED;
		if (item->outcome == GW_CARRY_DONE && item->uid >= c->uidnext && c->uidnext > 0)
			c->uidnext = item->uid + 1;
	}
	if (c->uidnext_now > c->uidnext && c->uidnext > 0)
		c->uidnext = c->uidnext_now;
	c->first = c->end;
	next_mailbox(c);
}

/* All of this mailbox's are answered. */
static void conclude(struct gw_carry *c)
{
	if (c->pending > 0)
		return;
	if (c->lost.code != GW_OK) {
		finish(c);
	} else if (c->state == CARRYING && c->stale && c->uidnext > 0 && count_come(c, true) > 0) {
		c->state = PROVING;
		c->uidnext_now = 0;
		if (ask_uidnext(c) != GW_OK)
			lose(c, GW_ERR_NET);
	} else {
		judge_copies(c);
	}
}

static void copy_instead(struct command *cmd)
{
	struct gw_carry *c = cmd->c;
	enum gw_code code;

	for (size_t i = c->first; i < c->end; i++) {
		if (c->items[i].move && gw_seqset_has(&cmd->uids, c->items[i].from_uid))
			c->items[i].outcome = GW_CARRY_UNSENT;
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
	struct gw_carry *c = cmd->c;

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
	if (result->kind == GW_RESULT_OK && cmd->move && !cmd->copies && !is_borne_out(c, cmd) &&
		ask_which_stayed(cmd) == GW_OK)
		return; /* it is still pending */
	settle(cmd, result->kind);
	free_command(cmd);
	c->pending--;
	conclude(c);
}

/* What a MOVE left where it was is copied, unless it was: then only its removal is left. */
static void take_those_that_stayed(struct command *cmd, struct gw_seqset *rest)
{
	struct gw_carry *c = cmd->c;

	for (size_t i = c->first; i < c->end; i++) {
		struct gw_carry_item *item = &c->items[i];

		if (!item->move || !gw_seqset_has(&cmd->uids, item->from_uid) ||
			!gw_seqset_has(&cmd->there, item->from_uid))
			continue;
		item->stays = true;
		if (item->outcome != GW_CARRY_DONE &&
			gw_seqset_add(rest, item->from_uid, item->from_uid) == GW_OK)
			item->outcome = GW_CARRY_UNSENT;
	}
}

static void on_proved(void *ctx, const struct gw_result *result)
{
	struct command *cmd = ctx;
	struct gw_carry *c = cmd->c;
	struct gw_seqset rest = { 0 };
	enum gw_code code = GW_OK;

	if (result->kind == GW_RESULT_LOST)
		gw_fail(&c->lost, result->err->code, "%s", result->err->text);
	settle(cmd, result->kind == GW_RESULT_LOST ? GW_RESULT_LOST : GW_RESULT_OK);
	if (result->kind == GW_RESULT_OK)
		take_those_that_stayed(cmd, &rest);
	if (rest.count > 0) {
		c->no_move = true;
		code = send_command(c, &rest, true);
	}
	gw_seqset_deinit(&rest);
	free_command(cmd);
	c->pending--;
	if (code != GW_OK)
		lose(c, code);
	else
		conclude(c);
}

static void on_proof(void *ctx, const struct gw_response *r)
{
	(void)gw_search_take(r, &((struct command *)ctx)->there);
}

static enum gw_code ask_which_stayed(struct command *cmd)
{
	struct gw_line line;
	enum gw_code code;

	gw_line_init(&line);
	gw_line_printf(&line, "UID SEARCH UID ");
	gw_line_set(&line, &cmd->uids);
	code = gw_session_send(cmd->c->session, &line,
		&(struct gw_handlers){ .response = on_proof, .done = on_proved, .ctx = cmd });
	gw_line_deinit(&line);
	return code;
}

static void on_uidnext(void *ctx, const struct gw_response *r)
{
	struct gw_carry *c = ctx;

	if (r->type == GW_RESP_STATUS && (r->items & GW_ITEM_UIDNEXT))
		c->uidnext_now = r->uidnext;
}

static void on_status(void *ctx, const struct gw_result *result)
{
	struct gw_carry *c = ctx;

	c->pending--;
	if (result->kind == GW_RESULT_LOST)
		gw_fail(&c->lost, result->err->code, "%s", result->err->text);
	conclude(c);
}

static enum gw_code ask_uidnext(struct gw_carry *c)
{
	struct gw_line line;
	enum gw_code code;

	gw_line_init(&line);
	gw_line_printf(&line, "STATUS ");
	gw_line_string(&line, gw_slice_str(c->mailbox), gw_session_caps(c->session));
	gw_line_printf(&line, " (UIDNEXT)");
	code = gw_session_send(c->session, &line,
		&(struct gw_handlers){ .response = on_uidnext, .done = on_status, .ctx = c });
	gw_line_deinit(&line);
	c->pending += code == GW_OK;
	c->stale = false;
	return code;
}

/* --- questions ------------------------------------------------------------------------------- */

static enum gw_code send_command(struct gw_carry *c, struct gw_seqset *uids, bool move)
{
	struct command *cmd = calloc(1, sizeof *cmd);
	uint32_t caps = gw_session_caps(c->session);
	struct gw_line line;
	enum gw_code code;

	if (cmd == NULL)
		return GW_ERR_NOMEM;
	*cmd = (struct command){ .c = c,
		.uids = *uids,
		.move = move,
		.copies = !move || c->no_move || !(caps & GW_CAP_MOVE) };
	*uids = (struct gw_seqset){ 0 };
	gw_line_init(&line);
	gw_line_printf(&line, "UID %s ", cmd->copies ? "COPY" : "MOVE");
	gw_line_set(&line, &cmd->uids);
	gw_line_printf(&line, " ");
	gw_line_string(&line, gw_slice_str(c->mailbox), caps);
	code = gw_session_send(c->session, &line,
		&(struct gw_handlers){
			.response = on_copy_response, .done = on_copied, .ctx = cmd });
	gw_line_deinit(&line);
	if (code != GW_OK) {
		free_command(cmd);
		return code;
	}
	c->pending++;
	c->stale |= cmd->copies;
	for (size_t i = c->first; i < c->end; i++) { /* until it is answered */
		if (c->items[i].move == move && gw_seqset_has(&cmd->uids, c->items[i].from_uid))
			c->items[i].outcome = GW_CARRY_LOST;
	}
	return GW_OK;
}

/* Copies first: what is moved is not there to be copied any more. */
static enum gw_code send_all(struct gw_carry *c, bool move)
{
	struct gw_seqset set = { 0 };
	enum gw_code code = GW_OK;

	for (size_t i = c->first; i < c->end && code == GW_OK; i++) {
		if (c->items[i].move != move)
			continue;
		code = gw_seqset_add(&set, c->items[i].from_uid, c->items[i].from_uid);
		if (code == GW_OK && set.count >= GW_LINE_MAX_RANGES)
			code = send_command(c, &set, move);
	}
	if (code == GW_OK && set.count > 0)
		code = send_command(c, &set, move);
	gw_seqset_deinit(&set);
	return code;
}

static void on_select_response(void *ctx, const struct gw_response *r)
{
	struct gw_carry *c = ctx;

	if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_UIDVALIDITY &&
		r->number <= UINT32_MAX)
		c->uidvalidity = (uint32_t)r->number;
}

static void skip_mailbox(struct gw_carry *c, enum gw_carry_outcome outcome)
{
	for (size_t i = c->first; i < c->end; i++)
		c->items[i].outcome = outcome;
	c->first = c->end;
	next_mailbox(c);
}

static void on_selected(void *ctx, const struct gw_result *result)
{
	struct gw_carry *c = ctx;
	enum gw_code code;

	c->pending--;
	if (result->kind == GW_RESULT_LOST) {
		c->lost = *result->err;
		finish(c);
		return;
	}
	if (result->kind != GW_RESULT_OK) {
		if (c->refused.code == GW_OK)
			c->refused = *result->err;
		skip_mailbox(c, GW_CARRY_REFUSED);
		return;
	}
	if (c->uidvalidity != c->items[c->first].from_uidvalidity) { /* I2 */
		skip_mailbox(c, GW_CARRY_GONE);
		return;
	}
	c->read_only = result->response->code == GW_CODE_READ_ONLY;
	c->state = CARRYING;
	c->uidnext_now = 0;
	c->stale = false;
	code = send_all(c, false);
	if (code == GW_OK && !c->read_only)
		code = send_all(c, true);
	if (code == GW_OK && c->stale && !(gw_session_caps(c->session) & GW_CAP_UIDPLUS))
		code = ask_uidnext(c); /* nothing else will tell, and here it takes no time */
	if (code != GW_OK) {
		lose(c, code);
	} else if (c->pending == 0) {
		gw_fail(&c->refused, GW_ERR_REFUSED, "the mailbox is read-only");
		skip_mailbox(c, GW_CARRY_REFUSED);
	}
}

static void next_mailbox(struct gw_carry *c)
{
	bool move = false;
	struct gw_line line;
	enum gw_code code;

	if (c->first == c->count) {
		finish(c);
		return;
	}
	for (c->end = c->first;
		c->end < c->count && strcmp(c->items[c->end].from, c->items[c->first].from) == 0;
		c->end++)
		move |= c->items[c->end].move;
	c->state = SELECTING;
	c->uidvalidity = 0;
	gw_line_init(&line);
	gw_line_printf(&line, move ? "SELECT " : "EXAMINE ");
	gw_line_string(&line, gw_slice_str(c->items[c->first].from), gw_session_caps(c->session));
	code = gw_session_send(c->session, &line,
		&(struct gw_handlers){
			.response = on_select_response, .done = on_selected, .ctx = c });
	if (code == GW_OK)
		c->pending++;
	else
		lose(c, code);
}

enum gw_code gw_carry_start(struct gw_session *session, const char *mailbox, uint32_t uidnext,
	struct gw_carry_item *items, size_t count, const struct gw_carry_events *events)
{
	struct gw_carry *c;

	if (!gw_session_usable(session)) /* so that done() cannot come from in here */
		return GW_ERR_NET;
	c = calloc(1, sizeof *c);
	if (c == NULL)
		return GW_ERR_NOMEM;
	*c = (struct gw_carry){ .session = session,
		.mailbox = mailbox,
		.uidnext = uidnext,
		.items = items,
		.count = count,
		.ev = *events };
	next_mailbox(c);
	return GW_OK;
}
