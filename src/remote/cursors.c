/* SPDX-License-Identifier: ISC */
/* remote/cursors.c - see cursors.h. */
#include "remote/cursors.h"

#include <stdlib.h>

struct asking {
	struct gw_cursors_options o;
	struct gw_cursors told;
};

static void on_response(void *ctx, const struct gw_response *r)
{
	const unsigned both = GW_ITEM_UIDVALIDITY | GW_ITEM_UIDNEXT;
	struct asking *a = ctx;

	if (r->type == GW_RESP_STATUS && (r->items & both) == both)
		a->told = (struct gw_cursors){ r->uidvalidity, r->uidnext };
}

static void on_done(void *ctx, const struct gw_result *result)
{
	struct asking *a = ctx;
	struct gw_cursors_options o = a->o;
	struct gw_cursors told = a->told;

	free(a);
	o.done(o.ctx, told, result->kind == GW_RESULT_LOST ? result->err : NULL);
}

enum gw_code gw_cursors_start(const struct gw_cursors_options *options)
{
	struct asking *a;
	struct gw_command line;
	enum gw_code code;

	if (!gw_session_usable(options->session)) /* so that done() cannot come from in here */
		return GW_ERR_NET;
	a = calloc(1, sizeof *a);
	if (a == NULL)
		return GW_ERR_NOMEM;
	*a = (struct asking){ .o = *options, .told = { 0, 1 } };
	gw_command_init(&line);
	gw_command_printf(&line, "STATUS ");
	gw_command_string(&line, gw_slice_str(options->mailbox), gw_session_caps(options->session));
	gw_command_printf(&line, " (UIDNEXT UIDVALIDITY)");
	code = gw_session_send(options->session, &line,
		&(struct gw_handlers){ .response = on_response, .done = on_done, .ctx = a });
	gw_command_deinit(&line);
	if (code != GW_OK)
		free(a);
	return code;
}
