/* SPDX-License-Identifier: ISC */
/* remote/observe_ask.c - the commands of a look: which is sent, and when all of them are answered. */
#include "remote/observe_p.h"

#include <stdio.h>
#include <stdlib.h>

enum question { ASK_ITEMS, ASK_CHANGES, ASK_FLAGS, ASK_UIDS, ASK_SEARCH };

/* One command about a range of UIDs; the server may answer only for its upper part. */
struct ask {
	struct observe *ob;
	enum question question;
	uint32_t first, last;
};

static void on_asked_response(void *ctx, const struct gw_response *r)
{
	gw_observe_on_response(((struct ask *)ctx)->ob, r);
}

static void note_failure(struct observe *ob, const struct gw_result *result)
{
	if (result->kind == GW_RESULT_OK || ob->err.code != GW_OK)
		return;
	if (result->kind == GW_RESULT_LOST) {
		ob->err = *result->err;
		ob->err.scope = GW_SCOPE_ACCOUNT;
	} else {
		ob->refused = true;
	}
}

static void answered(struct observe *ob)
{
	if (--ob->pending == 0)
		gw_observe_evaluate(ob);
}

static void on_answered(void *ctx, const struct gw_result *result)
{
	note_failure(ctx, result);
	answered(ctx);
}

static enum gw_code send_line(
	struct observe *ob, struct gw_command *line, const struct gw_handlers *handlers)
{
	enum gw_code code = gw_session_send(ob->o.session, line, handlers);

	gw_command_deinit(line);
	if (code == GW_OK)
		ob->pending++;
	return code;
}

/* I4 */
static bool is_elsewhere(struct observe *ob)
{
	ob->elsewhere |= ob->selection != 0 && ob->selection != gw_session_selection(ob->o.session);
	return ob->elsewhere;
}

/* Of a command that needs the mailbox selected. */
static enum gw_code send_in(struct observe *ob, struct gw_command *line,
	void (*response)(void *, const struct gw_response *),
	void (*done)(void *, const struct gw_result *), void *ctx)
{
	const struct gw_handlers handlers = {
		.response = response, .done = done, .ctx = ctx, .selection = ob->selection
	};

	if (!is_elsewhere(ob))
		return send_line(ob, line, &handlers);
	gw_command_deinit(line);
	return GW_ERR_BUG; /* as gw_observe_check_sent() knows */
}

static void write_question(struct observe *ob, const struct ask *a, struct gw_command *line)
{
	bool all = a->first <= 1 && a->last == UINT32_MAX;
	char range[32];

	if (a->last == UINT32_MAX)
		snprintf(range, sizeof range, "%u:*", a->first);
	else
		snprintf(range, sizeof range, "%u:%u", a->first, a->last);
	switch (a->question) {
	case ASK_ITEMS:
		gw_command_printf(line, "UID FETCH %s %s", range, ob->items);
		break;
	case ASK_CHANGES:
		gw_command_printf(line, "UID FETCH %s %s (CHANGEDSINCE %llu)", range, ob->items,
			(unsigned long long)ob->o.highestmodseq);
		break;
	case ASK_FLAGS:
		gw_command_printf(
			line, "UID FETCH %s (UID %s)", range, gw_session_flag_items(ob->o.session));
		break;
	case ASK_UIDS:
		gw_command_printf(line, "UID FETCH %s (UID)", range);
		break;
	case ASK_SEARCH:
		gw_command_printf(line, "UID SEARCH %s%s%s",
			gw_session_caps(ob->o.session) & GW_CAP_ESEARCH ? "RETURN (ALL) " : "",
			all ? "ALL" : "UID ", all ? "" : range);
		break;
	}
}

static enum gw_code ask(struct observe *ob, enum question question, uint32_t first, uint32_t last);

/* A server may answer for a bounded number of messages only, the highest UIDs first (RFC 9738): then
 * the rest is asked for. */
static void on_asked(void *ctx, const struct gw_result *result)
{
	struct ask a = *(struct ask *)ctx;
	struct observe *ob = a.ob;
	const struct gw_response *r = result->response;
	enum gw_code code = GW_OK;

	free(ctx);
	if (r != NULL && r->code == GW_CODE_MESSAGELIMIT && r->number > a.first &&
		r->number <= a.last)
		code = ask(ob, a.question, a.first, (uint32_t)r->number - 1);
	else
		note_failure(ob, result);
	if (code != GW_OK)
		ob->refused = true;
	answered(ob);
}

static enum gw_code ask(struct observe *ob, enum question question, uint32_t first, uint32_t last)
{
	struct ask *a = malloc(sizeof *a);
	struct gw_command line;
	enum gw_code code;

	if (a == NULL)
		return GW_ERR_NOMEM;
	*a = (struct ask){ .ob = ob, .question = question, .first = first, .last = last };
	gw_command_init(&line);
	write_question(ob, a, &line);
	code = send_in(ob, &line, on_asked_response, on_asked, a);
	if (code != GW_OK)
		free(a);
	return code;
}

void gw_observe_choose_items(struct observe *ob)
{
	snprintf(ob->items, sizeof ob->items, "(UID %s RFC822.SIZE%s%s)",
		gw_session_flag_items(ob->o.session),
		ob->o.oldest != 0 || ob->dates ? " INTERNALDATE" : "",
		gw_session_caps(ob->o.session) & GW_CAP_GMAIL      ? " X-GM-MSGID"
		: gw_session_caps(ob->o.session) & GW_CAP_OBJECTID ? " EMAILID"
								   : "");
}

static enum mode choose(const struct observe *ob)
{
	if (ob->o.full || ob->o.few > 0 || ob->o.uidvalidity == 0 || ob->o.uidnext == 0)
		return MODE_FULL;
	if (ob->plain || ob->o.highestmodseq == 0)
		return MODE_FLAGS;
	if (gw_session_qresync(ob->o.session))
		return MODE_QRESYNC;
	return gw_session_caps(ob->o.session) & GW_CAP_CONDSTORE ? MODE_CONDSTORE : MODE_FLAGS;
}

static void on_selected(void *ctx, const struct gw_result *result)
{
	struct observe *ob = ctx;

	if (result->kind == GW_RESULT_NO || result->kind == GW_RESULT_BAD) {
		ob->select_failed = true;
		if (!ob->with_params) {
			ob->err = *result->err;
			ob->err.scope = GW_SCOPE_MAILBOX;
		}
	} else {
		note_failure(ob, result);
		if (result->kind == GW_RESULT_OK && result->response->code == GW_CODE_READ_ONLY)
			ob->view.storable = 0, ob->view.read_only = true;
	}
	ob->view.selected_exists = ob->view.exists;
	answered(ob);
}

static enum gw_code send_select(struct observe *ob)
{
	const struct gw_handlers handlers = { .response = gw_observe_on_select_response,
		.done = on_selected,
		.ctx = ob,
		.selects = ob->o.mailbox };
	uint32_t caps = gw_session_caps(ob->o.session);
	struct gw_command line;
	enum gw_code code;

	if (is_elsewhere(ob)) /* what is selected by now is another's */
		return GW_ERR_BUG;
	gw_command_init(&line);
	gw_command_printf(&line, "SELECT ");
	gw_command_string(&line, gw_slice_str(ob->o.mailbox), caps);
	ob->with_params = !ob->plain && (caps & GW_CAP_CONDSTORE);
	if (ob->mode == MODE_QRESYNC)
		gw_command_printf(&line, " (QRESYNC (%u %llu 1:%u))", ob->o.uidvalidity,
			(unsigned long long)ob->o.highestmodseq,
			ob->o.uidnext > 1 ? ob->o.uidnext - 1 : 1);
	else if (ob->with_params)
		gw_command_printf(&line, " (CONDSTORE)");
	code = send_line(ob, &line, &handlers);
	ob->selection = gw_session_selection(ob->o.session);
	return code;
}

static enum gw_code send_first_fetches(struct observe *ob)
{
	enum gw_code code = GW_OK;

	if (ob->o.few > 0) /* it is searched for what there is */
		return GW_OK;
	switch (ob->mode) {
	case MODE_FULL:
		return ask(ob, ASK_ITEMS, 1, UINT32_MAX);
	case MODE_QRESYNC:
		return ask(ob, ASK_ITEMS, ob->o.uidnext, UINT32_MAX);
	case MODE_CONDSTORE:
		return ask(ob, ASK_CHANGES, 1, UINT32_MAX);
	case MODE_FLAGS:
		if (ob->o.uidnext > 1)
			code = ask(ob, ASK_FLAGS, 1, ob->o.uidnext - 1);
		return code == GW_OK ? ask(ob, ASK_ITEMS, ob->o.uidnext, UINT32_MAX) : code;
	}
	return GW_ERR_BUG;
}

static void reset_view(struct observe *ob)
{
	gw_seqset_deinit(&ob->view.vanished);
	ob->view.count = ob->view.id_count = 0;
}

/* Starts a new answer. */
static void enter(struct observe *ob, enum state state)
{
	ob->state = state;
	ob->refused = false;
	ob->expunged = 0;
	gw_tally_reset(&ob->tally);
}

void gw_observe_check_sent(struct observe *ob, enum gw_code code)
{
	if (code == GW_OK)
		return;
	if (!ob->elsewhere) {
		gw_fail(&ob->err, code,
			code == GW_ERR_NOMEM ? "out of memory" : "the session ended");
		ob->err.scope = GW_SCOPE_ACCOUNT;
	}
	if (ob->pending == 0)
		gw_observe_evaluate(ob);
}

enum gw_code gw_observe_begin(struct observe *ob)
{
	enum gw_code code;

	gw_tally_deinit(&ob->tally);
	enter(ob, SELECT);
	ob->mode = choose(ob);
	reset_view(ob);
	ob->view.exists = 0;
	ob->view.most = UINT32_MAX;
	ob->has_exists = false;
	ob->view.uidvalidity = ob->view.uidnext = 0;
	ob->view.highestmodseq = 0;
	ob->view.read_only = false;
	ob->view.storable = GW_FLAGS_ALL; /* without PERMANENTFLAGS: all (RFC 9051 6.3.2) */
	ob->select_failed = false;
	code = send_select(ob);
	return code == GW_OK ? send_first_fetches(ob) : code;
}

/* Keeps the note of earlier refused FETCHes; this one may be refused, too. */
static void on_counted(void *ctx, const struct gw_result *result)
{
	struct observe *ob = ctx;

	if (result->kind == GW_RESULT_LOST)
		note_failure(ob, result);
	answered(ob);
}

void gw_observe_ask_counts(struct observe *ob)
{
	struct gw_command line;

	ob->state = COUNTS;
	ob->asked_counts = true;
	gw_command_init(&line);
	gw_command_printf(&line, "STATUS ");
	gw_command_string(&line, gw_slice_str(ob->o.mailbox), gw_session_caps(ob->o.session));
	gw_command_printf(&line, " (MESSAGES UIDNEXT UIDVALIDITY)");
	/* Which mailbox is selected does not matter to it. */
	gw_observe_check_sent(ob, send_line(ob, &line,
					  &(struct gw_handlers){ .response = gw_observe_on_response,
						  .done = on_counted,
						  .ctx = ob }));
}

void gw_observe_search(struct observe *ob)
{
	enter(ob, SEARCH);
	ob->searches++;
	gw_observe_check_sent(ob, ask(ob, ASK_SEARCH, 1, UINT32_MAX));
}

void gw_observe_relist(struct observe *ob)
{
	enter(ob, RELIST);
	ob->mode = MODE_FULL;
	reset_view(ob);
	gw_observe_choose_items(ob);
	if (ob->o.few > 0)
		gw_observe_search(ob);
	else
		gw_observe_check_sent(ob, ask(ob, ASK_ITEMS, 1, UINT32_MAX));
}

void gw_observe_ask_uids(struct observe *ob)
{
	enter(ob, UIDS);
	gw_observe_check_sent(ob, ask(ob, ASK_UIDS, 1, UINT32_MAX));
}

enum gw_code gw_observe_send_extra(struct observe *ob)
{
	struct gw_seqset part = { 0 };
	uint64_t from = 0;
	enum gw_code code = GW_OK;

	while (code == GW_OK && from <= UINT32_MAX) {
		struct gw_command line;

		code = gw_seqset_part(&ob->untold, &from, ob->most, GW_COMMAND_MAX_RANGES, &part);
		if (part.count == 0)
			break;
		gw_command_init(&line);
		gw_command_printf(&line, "UID FETCH ");
		gw_command_set(&line, &part);
		gw_command_printf(&line, " %s", ob->items);
		if (code == GW_OK)
			code = send_in(ob, &line, gw_observe_on_response, on_answered, ob);
	}
	gw_seqset_deinit(&part);
	return code;
}
