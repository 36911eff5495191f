/* SPDX-License-Identifier: ISC */
/* sync/folders_tell.c - says why nothing was done to a mailbox as a whole; part of the machine in
 * sync_p.h.
 */
#include "sync/folders_p.h"

void gw_sync_tell_doubt(struct gw_sync *s, size_t i)
{
	const struct gw_home_doubt *doubt = &s->settling->doubts[i];
	const char *dir = s->settling->tree.list[i].dir, *name = doubt->of->shown;
	struct gw_error err = { 0 };

	switch (doubt->kind) {
	case GW_HOME_BY_NAME:
		gw_fail(&err, GW_ERR_HELD,
			"it looks like the directory of the mailbox %s, which has none here, so neither is touched: say `folder \"%s\" { local = \"%s\" }` if it is; if not, make a directory %s/cur",
			name, name, dir, doubt->of->dir);
		break;
	case GW_HOME_BY_MAIL:
		gw_fail(&err, GW_ERR_HELD,
			"it holds messages of the mailbox %s, which has no directory here, so neither is touched: say `folder \"%s\" { local = \"%s\" }` if it is that mailbox's; if not, make a directory %s/cur",
			name, name, dir, doubt->of->dir);
		break;
	case GW_HOME_UNSURE:
		gw_fail(&err, GW_ERR_HELD,
			"it may be the directory of the mailbox %s, which has none here and cannot be looked into, so neither is touched: say `folder \"%s\" { local = \"%s\" }` if it is; if not, make a directory %s/cur, or leave that mailbox out (`folders`)",
			name, name, dir, doubt->of->dir);
		break;
	}
	gw_sync_note_doubt(s, dir, doubt->kind == GW_HOME_BY_MAIL ? doubt->of->wire : NULL, &err);
	gw_sync_problem(s, dir, &err);
}

/* Of those that are gone on one side `status` says so by itself. */
static bool status_tells(enum gw_folder_reason reason)
{
	return reason == GW_FOLDER_GONE_THERE || reason == GW_FOLDER_GONE_HERE ||
	       reason == GW_FOLDER_UNLISTED || reason == GW_FOLDER_LEFT_HERE;
}

void gw_sync_tell_held(struct gw_sync *s, const struct gw_folder_op *op)
{
	const char *dir = op->shown, *to = op->dir;
	struct gw_error err = { 0 };

	switch (op->what.reason) {
	case GW_FOLDER_NO_REASON:
		return;
	case GW_FOLDER_GONE_THERE:
		gw_fail(&err, GW_ERR_HELD,
			"the mailbox was deleted on the server; since it is not empty it stays here: `godwit sync --accept-deletions` moves it to the attic");
		break;
	case GW_FOLDER_GONE_HERE:
		gw_fail(&err, GW_ERR_HELD,
			"its directory was deleted here; since the mailbox is not empty it stays on the server: `godwit sync --accept-deletions` deletes it there too, `godwit sync --restore-deletions` fetches it again");
		break;
	case GW_FOLDER_FRESH_HERE:
		gw_fail(&err, GW_ERR_HELD,
			"the mailbox was deleted on the server, but here it holds mail that was never there, so it stays: move that mail to another one");
		break;
	case GW_FOLDER_FRESH_THERE:
		gw_fail(&err, GW_ERR_HELD,
			"its directory was deleted here, but on the server the mailbox holds mail that was never here, or was changed there since, so it stays there: `mkdir -p %s/%s/cur` fetches that mail, `godwit sync --restore-deletions` everything",
			s->account->maildir, dir);
		break;
	case GW_FOLDER_TAKEN_HERE:
		gw_fail(&err, GW_ERR_HELD,
			"the mailbox was renamed on the server, and would be %s here, where another directory stands: rename one of the two directories",
			to);
		break;
	case GW_FOLDER_TAKEN_THERE:
		gw_fail(&err, GW_ERR_HELD,
			"the server has another mailbox of this name, so nothing was done: rename the directory %s",
			op->from != NULL ? op->from : dir);
		break;
	case GW_FOLDER_NOT_A_NAME:
		gw_fail(&err, GW_ERR_HELD,
			"a directory of this name cannot be a mailbox of the server, so it is left alone; rename it");
		break;
	case GW_FOLDER_DOUBTED:
		gw_sync_tell_doubt(s, op->what.dir);
		return;
	case GW_FOLDER_NOT_MADE:
		gw_fail(&err, GW_ERR_HELD, "%s", gw_sync_why_not_made(s, op->from));
		break;
	case GW_FOLDER_LIST_CUT:
		gw_fail(&err, GW_ERR_HELD,
			"the server's list of mailboxes lacks it, and INBOX, too, so that proves nothing; it is left as it is");
		break;
	case GW_FOLDER_UNLISTED:
		gw_fail(&err, GW_ERR_HELD,
			"the server's list of mailboxes lacks it; if it still does in the next run, the mailbox counts as deleted there");
		break;
	case GW_FOLDER_LEFT_HERE:
		gw_fail(&err, GW_ERR_HELD,
			"the mailbox is not on the server any more; it is left as it is here: delete its directory, or say `delete-folders = yes`");
		break;
	}
	if (!status_tells(op->what.reason))
		gw_sync_note_held(s, op->what.reason == GW_FOLDER_NOT_MADE ? op->from : dir, &err);
	if (err.code != GW_OK)
		gw_sync_problem(s, dir, &err);
}
