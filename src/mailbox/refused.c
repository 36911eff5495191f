/* SPDX-License-Identifier: ISC */
/* mailbox/refused.c - what the disk does not do in one directory, or to one file; part of the machine in
 * box_p.h.
 *
 * The rest of the mailbox goes on.  Its cursors stay, so that the next look finds the same again.
 */
#include "mailbox/box_p.h"

#include "base/fs.h"

#include <errno.h>

enum { ENOUGH = 3 }; /* new messages that find no place, and none that does */

bool gw_box_is_at(const struct gw_box *box, const struct gw_place *place)
{
	return box->place == place;
}

bool gw_box_is_own(const struct gw_error *err)
{
	return err->code == GW_ERR_DISK && err->sys != 0 && !gw_hits_whole_disk(err->sys);
}

bool gw_box_finds_no_place(const struct gw_box *box)
{
	return box->undelivered >= ENOUGH && box->place->arrived == 0;
}

bool gw_box_bars_download(struct gw_box *box)
{
	struct gw_error err = { 0 };

	if (box->local.unwritable == 0)
		return false;
	gw_fail_sys(&err, GW_ERR_DISK, box->local.unwritable,
		"cannot write to %s, where new mail is to go", box->place->m.path);
	err.scope = gw_box_is_own(&err) ? GW_SCOPE_MAILBOX : GW_SCOPE_ACCOUNT;
	gw_box_fail(box, &err);
	return true;
}

static void count_less(struct gw_box *box, const struct gw_op *op)
{
	struct gw_sync_counts *d = &box->delta, *all = box->env->counts;
	bool got = op->kind == GW_OP_DELIVER, went = op->kind == GW_OP_DELETE;
	bool flags = op->kind == GW_OP_FLAGS, left = op->kind == GW_OP_EXPIRE;
	bool moved = op->kind == GW_OP_TAKE;

	d->downloaded -= got, all->downloaded -= got;
	d->deleted -= went, all->deleted -= went;
	d->flags_changed -= flags, all->flags_changed -= flags;
	d->expired -= left, all->expired -= left;
	d->moved -= moved, all->moved -= moved;
}

void gw_box_refused(struct gw_box *box, const struct gw_op *op)
{
	const char *name = op->to != NULL ? op->to : op->from;
	bool colon = (op->sys == EINVAL || op->sys == EPERM) && strchr(name, ':') != NULL;

	if (box->refused++ == 0)
		gw_fail_sys(&box->refusal, GW_ERR_DISK, op->sys, "%s in %s%s", name,
			box->place->m.path,
			colon ? " (if its file system takes no \":\", see info-separator in "
				"godwit(5))"
			      : "");
	count_less(box, op);
	box->undelivered += op->kind == GW_OP_DELIVER;
	if (box->download != NULL && gw_box_finds_no_place(box))
		gw_fetch_bodies_stop(box->download);
}

void gw_box_tell_refused(struct gw_box *box)
{
	struct gw_error err = { 0 };

	if (box->refused == 0)
		return;
	gw_fail(&err, GW_ERR_DISK,
		"%zu change%s could not be made here, and will be tried again: %s", box->refused,
		box->refused == 1 ? "" : "s", box->refusal.text);
	err.scope = GW_SCOPE_MAILBOX;
	box->env->problem(box->env->ctx, box, &err);
}
