/* remote/clear.c - see clear.h. */
#include "remote/clear.h"

#include <stdlib.h>

struct clear {
	struct gw_clear_options o;
	uint32_t exists, uidvalidity, uidnext;
	bool again; /* the second SELECT */
	enum gw_clear_outcome outcome;
	struct gw_error err;
};

static void finish(struct clear *c)
{
	c->o.done(c->o.ctx, c->outcome, c->err.code == GW_OK ? NULL : &c->err);
	free(c);
}

static void fail(struct clear *c, const struct gw_error *err)
{
	c->outcome = GW_CLEAR_FAILED;
	c->err = *err;
}

static void ask(struct clear *c, struct gw_line *line, const struct gw_handlers *handlers)
{
	struct gw_error err = { 0 };
	enum gw_code code = gw_session_send(c->o.session, line, handlers);

	gw_line_deinit(line);
	if (code == GW_OK)
		return;
	gw_fail(&err, code, "the session ended");
	fail(c, &err);
	finish(c);
}

static void on_left(void *ctx, const struct gw_result *result)
{
	(void)result; /* a mailbox that is still selected is deleted all the same */
	finish(ctx);
}

static void leave(struct clear *c)
{
	bool plain = !(gw_session_caps(c->o.session) & GW_CAP_UNSELECT);
	struct gw_line line;

	gw_line_init(&line);
	gw_line_printf(&line, plain ? "EXAMINE INBOX" : "UNSELECT");
	ask(c, &line, &(struct gw_handlers){ .done = on_left, .ctx = c });
}

static void select_it(struct clear *c);

static void on_removed(void *ctx, const struct gw_error *refused, const struct gw_error *lost)
{
	struct clear *c = ctx;

	if (refused != NULL || lost != NULL) {
		fail(c, lost != NULL ? lost : refused);
		if (lost != NULL)
			finish(c);
		else
			leave(c);
		return;
	}
	c->again = true;
	select_it(c);
}

static void remove_known(struct clear *c)
{
	const struct gw_remove_options options = { .session = c->o.session,
		.trash = c->o.trash,
		.make_trash = c->o.make_trash,
		.items = c->o.items,
		.count = c->o.count,
		.done = on_removed,
		.ctx = c };
	struct gw_error err = { 0 };
	enum gw_code code = gw_remove_start(&options);

	if (code == GW_OK)
		return;
	gw_fail(&err, code, code == GW_ERR_NOMEM ? "out of memory" : "the session ended");
	fail(c, &err);
	finish(c);
}

/* True if the mailbox has what base knows, as far as counts can tell. */
static bool is_known(const struct clear *c)
{
	return c->uidvalidity == c->o.uidvalidity && c->uidnext == c->o.uidnext &&
	       c->exists == (c->again ? 0 : c->o.count);
}

static void on_selected(void *ctx, const struct gw_result *result)
{
	struct clear *c = ctx;

	if (result->kind != GW_RESULT_OK) {
		fail(c, result->err);
		finish(c);
		return;
	}
	c->outcome = is_known(c) ? GW_CLEAR_EMPTY : GW_CLEAR_FRESH;
	if (c->again || c->o.count == 0 || c->uidvalidity != c->o.uidvalidity ||
		(c->o.trash == NULL && c->outcome == GW_CLEAR_EMPTY))
		leave(c);
	else
		remove_known(c);
}

static void on_response(void *ctx, const struct gw_response *r)
{
	struct clear *c = ctx;

	if (r->type == GW_RESP_EXISTS)
		c->exists = (uint32_t)r->number;
	else if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_UIDVALIDITY)
		c->uidvalidity = (uint32_t)r->number;
	else if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_UIDNEXT)
		c->uidnext = (uint32_t)r->number;
}

static void select_it(struct clear *c)
{
	struct gw_line line;

	c->exists = UINT32_MAX; /* not told: it proves nothing */
	c->uidvalidity = c->uidnext = 0;
	gw_line_init(&line);
	gw_line_printf(&line, "SELECT ");
	gw_line_string(&line, gw_slice_str(c->o.mailbox), gw_session_caps(c->o.session));
	ask(c, &line,
		&(struct gw_handlers){ .response = on_response, .done = on_selected, .ctx = c });
}

enum gw_code gw_clear_start(const struct gw_clear_options *options)
{
	struct clear *c;

	if (!gw_session_usable(options->session)) /* so that done() cannot come from in here */
		return GW_ERR_NET;
	c = calloc(1, sizeof *c);
	if (c == NULL)
		return GW_ERR_NOMEM;
	c->o = *options;
	select_it(c);
	return GW_OK;
}
