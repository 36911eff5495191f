/* SPDX-License-Identifier: ISC */
/* mailbox/lease.c - a mailbox's connection: lent by the account, given up while it waits, asked for
 * again; part of the machine in box_p.h.
 *
 * Bodies are asked for behind a SELECT without waiting for its answer.  It comes first; if it fails, or
 * shows another UIDVALIDITY, nothing of what follows is taken.
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

/* Were bodies to be asked for, and could not be? */
static void end_unsent(struct gw_box *box, const struct gw_result *result)
{
	if (result->kind == GW_RESULT_LOST)
		gw_box_end_lost(box, result->err);
	else
		gw_box_end_unsent(box, box->unsent_code);
}

/* Bodies are under way behind it. */
static void take_late_answer(struct gw_box *box, const struct gw_result *result)
{
	if (box->download == NULL) {
		end_unsent(box, result);
		return;
	}
	if (result->kind ==
		GW_RESULT_LOST) /* so are they, and then it ends: it broke at the SELECT */
		return;
	box->selecting = false;
	if (result->kind == GW_RESULT_OK && box->selected) {
		box->remote.read_only |= result->response->code == GW_CODE_READ_ONLY;
		return;
	}
	box->select_failed = true;
	if (result->kind != GW_RESULT_OK) {
		box->select_err = *result->err;
		box->select_err.scope = GW_SCOPE_MAILBOX;
	}
	gw_fetch_bodies_reject(box->download);
}

void gw_box_end_select(struct gw_box *box)
{
	if (box->select_err.code != GW_OK)
		gw_box_fail(box, &box->select_err);
	else /* its UIDs mean something else by now */
		gw_box_finish(box, GW_BOX_AGAIN);
}

static void on_selected(void *ctx, const struct gw_result *result)
{
	struct gw_box *box = ctx;
	struct gw_error err = { 0 };

	if (box->selecting) {
		take_late_answer(box, result);
	} else if (result->kind != GW_RESULT_OK) {
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

/* A state that ends the box at once would leave the SELECT without anybody who takes its answer. */
static bool reads_at_once(const struct gw_box *box)
{
	return (box->then == BOX_DOWNLOADING || box->then == BOX_VERIFYING_BODIES) &&
	       box->local.unwritable == 0;
}

void gw_box_select(struct gw_box *box)
{
	uint32_t caps = gw_session_caps(box->session);
	struct gw_command line;
	enum gw_code code;

	if (gw_box_selects_itself(box->then)) {
		box->machine->arrive(box);
		return;
	}
	gw_box_enter(box, BOX_SELECTING);
	box->selected = box->select_failed = false;
	gw_command_init(&line);
	gw_command_printf(&line, "SELECT ");
	gw_command_string(&line, gw_slice_str(box->folder->wire), caps);
	if (!box->env->plain_select && (caps & GW_CAP_CONDSTORE))
		gw_command_printf(&line, " (CONDSTORE)");
	code = gw_session_send(box->session, &line,
		&(struct gw_handlers){ .response = on_select_response,
			.done = on_selected,
			.ctx = box,
			.selects = box->folder->wire });
	gw_command_deinit(&line);
	box->selection = gw_session_selection(box->session);
	box->selecting = code == GW_OK && reads_at_once(box);
	if (code != GW_OK)
		gw_box_end_unsent(box, code);
	else if (box->selecting)
		box->machine->arrive(box);
}

bool gw_box_has_session(const struct gw_box *box)
{
	return box->session != NULL && box->selected && !box->superseded &&
	       box->selection == gw_session_selection(box->session);
}

void gw_box_drain(struct gw_box *box)
{
	box->drained = true;
	box->env->drained(box->env->ctx, box);
}

bool gw_box_is_drained(const struct gw_box *box)
{
	return box->drained;
}

bool gw_box_is_superseded(const struct gw_box *box)
{
	return box->superseded;
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
