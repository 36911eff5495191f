/* SPDX-License-Identifier: ISC */
/* sync/entry.c - answers questions about the account's mailboxes: whether the Maildir is unchanged,
 * whether a label exists, where deleted mail goes, whether a message stays in this run.  Part of
 * the machine in sync_p.h.
 */
#include "sync/sync_p.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* True if the directory is where it was, and nothing was made, renamed or removed in it since the
 * last trusted look.  (Three stats; the names in it are not read.) */
bool gw_sync_local_unchanged(const struct gw_sync *s, const struct gw_entry *e)
{
	const char *root = s->account->maildir, *dir = e->row.local_dir;
	struct gw_stamp self, cur, new;
	char path[4096];
	bool ok;

	snprintf(path, sizeof path, "%s/%s", root, dir);
	ok = gw_stamp_read_dir(path, &self) && self.inode == e->row.inode;
	snprintf(path, sizeof path, "%s/%s/cur", root, dir);
	ok = ok && gw_stamp_read_dir(path, &cur) && gw_stamp_same(&cur, &e->row.cur);
	snprintf(path, sizeof path, "%s/%s/new", root, dir);
	return ok && gw_stamp_read_dir(path, &new) && gw_stamp_same(&new, &e->row.new);
}

bool gw_sync_local_as_seen(const struct gw_sync *s, const struct gw_entry *e)
{
	struct gw_entry seen = *e;

	seen.row.cur = e->seen_cur;
	seen.row.new = e->seen_new;
	return gw_sync_local_unchanged(s, &seen);
}

bool gw_sync_shows_label(const struct gw_folder *f, struct gw_slice label)
{
	static const struct {
		const char *label;
		unsigned use;
	} special[] = { { "\\Sent", GW_LIST_SENT }, { "\\Draft", GW_LIST_DRAFTS },
		{ "\\Drafts", GW_LIST_DRAFTS }, { "\\Starred", GW_LIST_FLAGGED },
		{ "\\Flagged", GW_LIST_FLAGGED }, { "\\Important", GW_LIST_IMPORTANT } };

	if (gw_slice_case_eq(label, "\\Inbox"))
		return strcasecmp(f->wire, "INBOX") == 0;
	for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
		if (gw_slice_case_eq(label, special[i].label))
			return (f->attrs & special[i].use) != 0;
	}
	return !(f->attrs & GW_LIST_NOSELECT) && gw_slice_eq(label, f->wire);
}

bool gw_sync_in_sight(void *ctx, struct gw_slice label)
{
	const unsigned none = GW_LIST_FLAGGED | GW_LIST_IMPORTANT;
	const struct gw_sync *s = ctx;

	for (size_t i = 0; i < s->folders.count; i++) {
		if (!(s->folders.list[i].attrs & none) &&
			gw_sync_shows_label(&s->folders.list[i], label))
			return true;
	}
	return false;
}

bool gw_sync_is_label(void *ctx, struct gw_slice name)
{
	const unsigned special = GW_LIST_ALL | GW_LIST_DRAFTS | GW_LIST_FLAGGED | GW_LIST_JUNK |
				 GW_LIST_SENT | GW_LIST_TRASH | GW_LIST_IMPORTANT |
				 GW_LIST_NOSELECT;
	const struct gw_sync *s = ctx;

	for (size_t i = 0; i < s->folders.count; i++) {
		const struct gw_folder *f = &s->folders.list[i];

		if (gw_slice_eq(name, f->name))
			return !(f->attrs & special) && strcasecmp(f->wire, "INBOX") != 0;
	}
	return false;
}

/* Where deleted messages go: the mailbox that says so, else one with a usual name, else a new one.
 */
bool gw_sync_choose_trash(struct gw_sync *s)
{
	/* At Gmail another of that name is a label like any other. */
	bool by_use = s->env.merges;
	static const char *const usual[] = { "Trash", "Deleted Items", "Deleted Messages" };
	const struct gw_folder *found = NULL;

	for (size_t i = 0; i < s->folders.count && found == NULL; i++) {
		if (s->folders.list[i].attrs & GW_LIST_TRASH)
			found = &s->folders.list[i];
	}
	for (size_t u = 0; u < sizeof usual / sizeof *usual && found == NULL; u++) {
		for (size_t i = 0; i < s->folders.count && found == NULL && !by_use; i++) {
			if (strcasecmp(s->folders.list[i].name, usual[u]) == 0 &&
				!(s->folders.list[i].attrs & GW_LIST_NOSELECT))
				found = &s->folders.list[i];
		}
	}
	free(s->trash);
	if (found != NULL)
		s->trash = strdup(found->wire);
	else if (by_use || asprintf(&s->trash, "%sTrash",
				   s->folders.prefix != NULL ? s->folders.prefix : "") < 0)
		s->trash = NULL;
	s->env.trash = s->trash;
	s->env.make_trash = found == NULL;
	return s->trash != NULL || (by_use && found == NULL);
}

bool gw_sync_takes_trash(void *ctx)
{
	const struct gw_sync *s = ctx;

	for (size_t i = 0; i < s->entry_count && s->trash != NULL; i++) {
		const struct gw_entry *e = &s->entries[i];

		if (strcmp(e->folder->wire, s->trash) == 0)
			return !e->failed;
	}
	return false;
}

/* Returns the newer of the cursors that the server reported in this run and in the last. */
void gw_sync_trash_cursors(void *ctx, uint32_t *uidvalidity, uint32_t *uidnext)
{
	const unsigned cursors = GW_ITEM_UIDNEXT | GW_ITEM_UIDVALIDITY;
	struct gw_sync *s = ctx;

	*uidvalidity = 0;
	*uidnext = 1;
	for (size_t i = 0; i < s->folders.count; i++) {
		const struct gw_folder *f = &s->folders.list[i];

		if (strcmp(f->wire, s->trash) != 0 || (f->items & cursors) != cursors)
			continue;
		*uidvalidity = f->uidvalidity;
		*uidnext = f->uidnext;
	}
	for (size_t i = 0; i < s->entry_count; i++) {
		const struct gw_mailbox_row *row = &s->entries[i].row;

		if (strcmp(s->entries[i].folder->wire, s->trash) != 0 || row->uidvalidity == 0 ||
			(*uidvalidity != 0 && row->uidvalidity != *uidvalidity) ||
			row->uidnext < *uidnext)
			continue;
		*uidvalidity = row->uidvalidity;
		*uidnext = row->uidnext;
	}
}

char gw_sync_delimiter(const struct gw_sync *s)
{
	for (size_t i = 0; i < s->folders.count; i++) {
		if (s->folders.list[i].delimiter != '\0')
			return s->folders.list[i].delimiter;
	}
	return '\0';
}

bool gw_sync_stays(void *ctx, int64_t mailbox, uint32_t uid)
{
	/* Derived mailboxes hold their mail by rule, and keep none from the trash. */
	struct gw_sync *s = ctx;
	const unsigned derived =
		GW_LIST_FLAGGED | GW_LIST_IMPORTANT | (s->env.archive ? 0 : GW_LIST_ALL);

	for (size_t i = 0; i < s->entry_count; i++) {
		const struct gw_entry *e = &s->entries[i];

		if (e->row.id == mailbox)
			return !(e->folder->attrs & derived) &&
			       (e->box == NULL || !gw_box_deletes(e->box, uid));
	}
	return false;
}

bool gw_sync_stands_there(void *ctx, int64_t mailbox, uint32_t uid)
{
	struct gw_sync *s = ctx;

	for (size_t i = 0; i < s->entry_count; i++) {
		const struct gw_entry *e = &s->entries[i];

		if (e->row.id == mailbox)
			return !(e->folder->attrs & (GW_LIST_FLAGGED | GW_LIST_IMPORTANT)) &&
			       (e->box == NULL || !gw_box_is_gone_there(e->box, uid));
	}
	return false;
}

bool gw_sync_is_leaving(void *ctx, int64_t mailbox, uint32_t uid)
{
	struct gw_sync *s = ctx;

	for (size_t i = 0; i < s->entry_count; i++) {
		const struct gw_entry *e = &s->entries[i];

		if (e->box != NULL && e->row.id == mailbox && gw_box_leaves(e->box, uid))
			return true;
	}
	return false;
}

const char *gw_sync_mailbox_of(void *ctx, int64_t mailbox, uint32_t *uidvalidity)
{
	struct gw_sync *s = ctx;

	for (size_t i = 0; i < s->entry_count; i++) {
		const struct gw_entry *e = &s->entries[i];

		if (e->row.id != mailbox)
			continue;
		*uidvalidity = e->row.uidvalidity;
		return e->folder->wire;
	}
	return NULL;
}
