/* mailbox/lease.c - a mailbox's connection: lent by the account, given up while it waits, asked for
 * again; part of the machine in box_p.h.
 */
#include "mailbox/box_p.h"

static void on_select_response(void *ctx, const struct gw_response *r)
{
	struct gw_box *box = ctx;

	if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_UIDVALIDITY &&
		r->number == box->remote.uidvalidity)
		box->selected = true;
	else if (r->type == GW_RESP_EXISTS)
		box->remote.exists = (uint32_t)r->number;
}

static void on_selected(void *ctx, const struct gw_result *result)
{
	struct gw_box *box = ctx;
	struct gw_error err = { 0 };

	if (result->kind != GW_RESULT_OK) {
		err = *result->err;
		err.scope = result->kind == GW_RESULT_LOST ? GW_SCOPE_ACCOUNT : GW_SCOPE_MAILBOX;
		gw_box_fail(box, &err);
	} else if (!box->selected) { /* its UIDs mean something else by now */
		gw_box_finish(box, GW_BOX_AGAIN);
	} else {
		box->remote.read_only |= result->response->code == GW_CODE_READ_ONLY;
		box->machine->arrive(box);
	}
}

void gw_box_select(struct gw_box *box)
{
	uint32_t caps = gw_session_caps(box->session);
	struct gw_line line;
	enum gw_code code;

	gw_box_enter(box, BOX_SELECTING);
	gw_line_init(&line);
	gw_line_printf(&line, "SELECT ");
	gw_line_string(&line, gw_slice_str(box->folder->wire), caps);
	if (!box->env->plain_select && (caps & GW_CAP_CONDSTORE))
		gw_line_printf(&line, " (CONDSTORE)");
	code = gw_session_send(box->session, &line,
		&(struct gw_handlers){
			.response = on_select_response, .done = on_selected, .ctx = box });
	gw_line_deinit(&line);
	if (code == GW_OK)
		return;
	gw_box_end_unsent(box, code);
}

bool gw_box_has_session(const struct gw_box *box)
{
	return box->selected && !box->superseded;
}

void gw_box_ask_session(struct gw_box *box)
{
	if (box->session != NULL && !box->superseded) {
		gw_box_select(box);
		return;
	}
	gw_box_release(box);
	box->superseded = false;
	gw_box_enter(box, BOX_READY_AGAIN);
	box->env->ready(box->env->ctx, box);
}
