/* SPDX-License-Identifier: ISC */
/* remote/changed_labels.c - see changed_labels.h.
 *
 * I1  done() comes once, when neither of the two commands is under way.
 */
#include "remote/changed_labels.h"

#include <stdlib.h>

struct asking {
	struct gw_changed_labels_options o;
	unsigned pending; /* I1 */
	bool whole;
	struct gw_error lost;
};

static void on_response(void *ctx, const struct gw_response *r)
{
	struct asking *a = ctx;

	if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_NOMODSEQ)
		a->whole = false;
	if (r->type != GW_RESP_FETCH)
		return;
	/* A line that nobody asked for, without labels, is repeated with them. */
	for (size_t i = 0; i < r->fetch.label_count; i++)
		a->o.label(a->o.ctx, r->fetch.labels[i]);
	if (r->fetch.has_labels)
		a->o.message(a->o.ctx, r->fetch.global_id);
	a->whole &= r->fetch.has_labels || r->fetch.uid == 0;
}

static void on_done(void *ctx, const struct gw_result *result)
{
	struct asking *a = ctx;

	if (result->kind == GW_RESULT_LOST && a->lost.code == GW_OK)
		a->lost = *result->err;
	a->whole &= result->kind == GW_RESULT_OK;
	if (--a->pending > 0)
		return;
	a->o.done(a->o.ctx, a->whole, a->lost.code == GW_OK ? NULL : &a->lost);
	free(a);
}

static void send_line(struct asking *a, struct gw_command *line)
{
	enum gw_code code = gw_session_send(a->o.session, line,
		&(struct gw_handlers){ .response = on_response, .done = on_done, .ctx = a });

	gw_command_deinit(line);
	if (code == GW_OK)
		a->pending++;
	else
		gw_fail(&a->lost, code, "the session ended");
}

enum gw_code gw_changed_labels_start(const struct gw_changed_labels_options *options)
{
	struct asking *a;
	struct gw_command line;

	if (!gw_session_usable(options->session)) /* so that done() cannot come from in here */
		return GW_ERR_NET;
	a = calloc(1, sizeof *a);
	if (a == NULL)
		return GW_ERR_NOMEM;
	*a = (struct asking){ .o = *options, .whole = true };
	gw_command_init(&line);
	gw_command_printf(&line, "EXAMINE ");
	gw_command_string(&line, gw_slice_str(options->all), gw_session_caps(options->session));
	gw_command_printf(&line, " (CONDSTORE)");
	send_line(a, &line);
	gw_command_init(&line);
	gw_command_printf(&line, "UID FETCH 1:* (UID X-GM-MSGID X-GM-LABELS) (CHANGEDSINCE %llu)",
		(unsigned long long)options->since);
	send_line(a, &line);
	if (a->pending > 0)
		return GW_OK;
	free(a);
	return GW_ERR_NET;
}
