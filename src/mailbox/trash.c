/* SPDX-License-Identifier: ISC */
/* mailbox/trash.c - what goes to the trash of the server goes there once; part of the machine in box_p.h.
 *
 * Without MOVE it is copied first, and then removed.  The connection, or godwit, may end between the two,
 * or before the answer: so what is about to go is in the state first, with the cursors that the trash
 * had.  What a look finds announced is looked for in the trash before anything is sent again, whether
 * that mailbox is part of the run or not; and what is there already is only removed here.
 *
 * What was in the trash before is not taken for our copy: where neither the server's list nor the state
 * tells how far it was, the trash is asked.  If it does not tell either, an older message with the same
 * header and size counts: that leaves one copy where there would be two, and never none.
 */
#include "mailbox/box_p.h"

#include "base/sorted.h"

#include <stdlib.h>

/* Returns what an earlier run, or look, announced of it; NULL: nothing. */
static const struct gw_trashing_row *announced(const struct gw_box *box, uint32_t uid)
{
	const struct gw_trashing_row *rows = box->local.trashing;
	size_t at = GW_LOWER_BOUND(rows, box->local.trashing_count, uid, uid);

	return at < box->local.trashing_count && rows[at].uid == uid ? &rows[at] : NULL;
}

bool gw_box_was_trashed(const struct gw_box *box, uint32_t uid)
{
	return announced(box, uid) != NULL;
}

bool gw_box_is_trash(const struct gw_box *box)
{
	return box->env->trash != NULL && strcmp(box->folder->wire, box->env->trash) == 0;
}

bool gw_box_left_for_trash(const struct gw_box *box)
{
	return box->left_for_trash;
}

static bool is_copied_there(const struct gw_box *box, const struct gw_box_removal *r)
{
	return r->to == GW_EXPUNGE_TO_TRASH && !box->env->merges;
}

/* True if what was announced is still about this trash. */
static bool holds(const struct gw_trashing_row *row, const struct gw_trashing_row *now)
{
	return row != NULL && (row->uidvalidity == 0 || now->uidvalidity == 0 ||
				      row->uidvalidity == now->uidvalidity);
}

static struct gw_cursors trash_cursors(const struct gw_box *box)
{
	struct gw_cursors at = { 0, 1 };

	box->env->trash_cursors(box->env->ctx, &at.uidvalidity, &at.uidnext);
	return at.uidvalidity == 0 && box->trash_at.uidvalidity != 0 ? box->trash_at : at;
}

bool gw_box_must_ask_trash(struct gw_box *box)
{
	if (box->remote.read_only || box->env->trash == NULL || box->env->make_trash ||
		trash_cursors(box).uidvalidity != 0)
		return false;
	for (size_t i = 0; i < box->leaving_count; i++) {
		if (is_copied_there(box, &box->leaving[i]) &&
			announced(box, box->leaving[i].uid) == NULL)
			return true;
	}
	return false;
}

static void on_told(void *ctx, struct gw_cursors told, const struct gw_error *lost)
{
	struct gw_box *box = ctx;

	box->trash_at = told;
	if (lost == NULL)
		gw_box_step(box);
	else
		gw_box_end_lost(box, lost);
}

void gw_box_ask_trash(struct gw_box *box)
{
	enum gw_code code = gw_cursors_start(&(struct gw_cursors_options){
		.session = box->session, .mailbox = box->env->trash, .done = on_told, .ctx = box });

	if (code != GW_OK)
		gw_box_end_unsent(box, code);
}

struct gw_announcement gw_box_list_trashing(struct gw_box *box)
{
	struct gw_announcement what = { 0 };
	struct gw_trashing_row now = { 0 };
	struct gw_cursors at;

	free(box->trashing);
	box->trashing = calloc(box->leaving_count + 1, sizeof *box->trashing);
	if (box->trashing == NULL || box->env->trash == NULL)
		return what;
	at = trash_cursors(box);
	now.uidvalidity = at.uidvalidity;
	now.uidnext = at.uidnext;
	for (size_t i = 0; i < box->leaving_count; i++) {
		now.uid = box->leaving[i].uid;
		if (is_copied_there(box, &box->leaving[i]) && !holds(announced(box, now.uid), &now))
			box->trashing[what.trashing_count++] = now;
	}
	what.trashing = box->trashing;
	return what;
}

/* --- finding what is in the trash already ---------------------------------------------------- */

bool gw_box_may_be_trashed(struct gw_box *box)
{
	if (box->remote.read_only)
		return false;
	for (size_t i = 0; i < box->leaving_count; i++) {
		if (is_copied_there(box, &box->leaving[i]) &&
			announced(box, box->leaving[i].uid) != NULL)
			return true;
	}
	return false;
}

static void on_came(void *ctx, const struct gw_error *lost)
{
	struct gw_box *box = ctx;

	for (size_t i = 0; i < box->trashed_count; i++) {
		uint32_t at = box->trashed[i].number;

		if (!box->trashed[i].came)
			continue;
		box->leaving[at].to = box->removals[at].to = GW_EXPUNGE_FOR_GOOD;
		box->leaving[at].trashed = true;
	}
	free(box->trashed);
	box->trashed = NULL;
	if (lost == NULL)
		gw_box_step(box);
	else
		gw_box_end_lost(box, lost);
}

static void list_announced(struct gw_box *box)
{
	box->trashed_count = 0;
	for (size_t i = 0; i < box->leaving_count; i++) {
		const struct gw_trashing_row *row = announced(box, box->leaving[i].uid);
		const struct gw_gone *gone = gw_box_gone_of(box, box->leaving[i].uid);
		struct gw_came_item *item = &box->trashed[box->trashed_count];

		if (row == NULL || gone == NULL || !gone->known ||
			!is_copied_there(box, &box->leaving[i]))
			continue;
		*item = (struct gw_came_item){ .size = gone->size,
			.uidvalidity = row->uidvalidity,
			.uidnext = row->uidnext,
			.number = (uint32_t)i };
		memcpy(item->header, gone->print.header, sizeof item->header);
		box->trashed_count++;
	}
}

void gw_box_look_into_trash(struct gw_box *box)
{
	enum gw_code code;

	box->trashed = calloc(box->leaving_count + 1, sizeof *box->trashed);
	if (box->trashed == NULL) {
		gw_box_fail_nomem(box);
		return;
	}
	list_announced(box);
	if (box->trashed_count == 0) {
		on_came(box, NULL);
		return;
	}
	box->selected = false;
	code = gw_came_start(&(struct gw_came_options){ .session = box->session,
		.mailbox = box->env->trash,
		.items = box->trashed,
		.count = box->trashed_count,
		.done = on_came,
		.ctx = box });
	if (code != GW_OK)
		gw_box_end_unsent(box, code);
}
