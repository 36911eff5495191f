/* SPDX-License-Identifier: ISC */
/* remote/search_msgid.c - see search_msgid.h.  EXAMINE, with a SEARCH for each item behind it, in
 * one flight.
 *
 * I1  done() comes once, from finish(), when no command is under way.
 */
#include "remote/search_msgid.h"

#include "imap/search.h"

#include <stdlib.h>
#include <string.h>

struct known;

struct question {
	struct known *known;
	struct gw_search_msgid_item *item;
	struct gw_seqset found;
};

struct known {
	struct gw_search_msgid_options o;
	struct question *questions; /* owned; one for each item */
	size_t pending;             /* I1 */
	uint32_t uidvalidity;
	bool refused;
	struct gw_error lost;
};

static void finish(struct known *k)
{
	struct gw_search_msgid_options o = k->o;
	struct gw_error lost = k->lost;
	uint32_t uidvalidity = k->refused ? 0 : k->uidvalidity;

	for (size_t i = 0; i < o.count; i++)
		gw_seqset_deinit(&k->questions[i].found);
	free(k->questions);
	free(k);
	o.done(o.ctx, uidvalidity, lost.code == GW_OK ? NULL : &lost);
}

static void on_answered(struct known *k, const struct gw_result *result)
{
	if (result->kind == GW_RESULT_LOST && k->lost.code == GW_OK)
		k->lost = *result->err;
	if (--k->pending == 0)
		finish(k);
}

/* --- EXAMINE --------------------------------------------------------------------------------- */

static void on_examine_response(void *ctx, const struct gw_response *r)
{
	struct known *k = ctx;

	if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_UIDVALIDITY)
		k->uidvalidity = (uint32_t)r->number;
}

static void on_examined(void *ctx, const struct gw_result *result)
{
	struct known *k = ctx;

	k->refused |= result->kind != GW_RESULT_OK;
	on_answered(k, result);
}

/* --- SEARCH ---------------------------------------------------------------------------------- */

static void on_found(void *ctx, const struct gw_response *r)
{
	struct question *q = ctx;

	if (gw_search_take(r, &q->found) != GW_OK)
		gw_seqset_deinit(&q->found); /* it is sent, then */
}

/* Ends one search; a refused one leaves its message unknown. */
static void on_searched(void *ctx, const struct gw_result *result)
{
	struct question *q = ctx;

	if (result->kind == GW_RESULT_OK && q->found.count > 0)
		q->item->uid = q->found.ranges[0].first;
	on_answered(q->known, result);
}

/* --- asking ---------------------------------------------------------------------------------- */

static bool send_line(struct known *k, struct gw_command *line, const struct gw_handlers *handlers)
{
	enum gw_code code = gw_session_send(k->o.session, line, handlers);

	gw_command_deinit(line);
	if (code != GW_OK)
		gw_fail(&k->lost, code, "the session ended");
	k->pending += code == GW_OK;
	return code == GW_OK;
}

static bool ask(struct known *k, struct question *q)
{
	uint32_t caps = gw_session_caps(k->o.session);
	struct gw_command line;

	gw_command_init(&line);
	gw_command_printf(&line, "UID SEARCH %sHEADER Message-ID ",
		caps & GW_CAP_ESEARCH ? "RETURN (ALL) " : "");
	gw_command_string(&line, gw_slice_str(q->item->msgid), caps);
	return send_line(k, &line,
		&(struct gw_handlers){ .response = on_found, .done = on_searched, .ctx = q });
}

enum gw_code gw_search_msgid_start(const struct gw_search_msgid_options *options)
{
	struct known *k;
	struct gw_command line;
	bool ok;

	if (!gw_session_usable(options->session)) /* so that done() cannot come from in here */
		return GW_ERR_NET;
	k = calloc(1, sizeof *k);
	if (k == NULL || (k->questions = calloc(options->count, sizeof *k->questions)) == NULL) {
		free(k);
		return GW_ERR_NOMEM;
	}
	k->o = *options;
	gw_command_init(&line);
	gw_command_printf(&line, "EXAMINE ");
	gw_command_string(&line, gw_slice_str(options->mailbox), gw_session_caps(options->session));
	ok = send_line(k, &line,
		&(struct gw_handlers){
			.response = on_examine_response, .done = on_examined, .ctx = k });
	for (size_t i = 0; i < options->count && ok; i++) {
		k->questions[i] = (struct question){ .known = k, .item = &options->items[i] };
		ok = ask(k, &k->questions[i]);
	}
	if (k->pending > 0)
		return GW_OK;
	free(k->questions);
	free(k);
	return GW_ERR_NET;
}
