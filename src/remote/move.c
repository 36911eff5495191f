/* remote/move.c - see move.h.
 *
 *   SELECTING --the expected mailbox--> CARRYING --all answered--> SELECTING (the next) | DONE
 *   SELECTING --another, or refused--> SELECTING (the next) | DONE
 *
 * I1  done() comes once, from finish(), when no command is under way.
 * I2  nothing is sent for a UID before the answer to SELECT showed its UIDVALIDITY.
 */
#include "remote/move.h"

#include "base/num.h"
#include "imap/quirks.h"
#include "imap/refusal.h"
#include "remote/observe.h"

#include <stdlib.h>

enum state { SELECTING, CARRYING };

struct gw_carry {
	enum state state;
	struct gw_session *session;
	const char *mailbox;
	struct gw_carry_item *items;
	size_t count;
	size_t first, end; /* of the mailbox at hand */
	unsigned pending;  /* I1 */
	uint32_t uidvalidity;
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
	bool copies; /* what is to be moved: its other half is the caller's */
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
	if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_COPYUID)
		take_copyuid(ctx, r);
}

static void settle(struct command *cmd, const struct gw_result *result)
{
	struct gw_carry *c = cmd->c;
	enum gw_result_kind kind = result->kind;
	bool passes = result->response != NULL && gw_refusal_passes(result->response->code);

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
			item->outcome = passes ? GW_CARRY_UNSENT : GW_CARRY_REFUSED;
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
	settle(cmd, result);
	free_command(cmd);
	if (--c->pending > 0)
		return;
	if (c->lost.code != GW_OK) {
		finish(c);
	} else {
		c->first = c->end;
		next_mailbox(c);
	}
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
		skip_mailbox(c, gw_refusal_passes(result->response->code) ? GW_CARRY_UNSENT
									  : GW_CARRY_REFUSED);
		return;
	}
	if (c->uidvalidity != c->items[c->first].from_uidvalidity) { /* I2 */
		skip_mailbox(c, GW_CARRY_GONE);
		return;
	}
	c->read_only = result->response->code == GW_CODE_READ_ONLY;
	c->state = CARRYING;
	code = send_all(c, false);
	if (code == GW_OK && !c->read_only)
		code = send_all(c, true);
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

enum gw_code gw_carry_start(struct gw_session *session, const char *mailbox,
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
		.items = items,
		.count = count,
		.ev = *events };
	next_mailbox(c);
	return GW_OK;
}
