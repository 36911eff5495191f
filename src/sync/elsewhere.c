/* SPDX-License-Identifier: ISC */
/* sync/elsewhere.c - looks for what is gone here in directories that this run cannot bring in step:
 * their mailbox cannot be looked at, was not made, is not listed or not asked for, or the server
 * refuses what is in it.  Part of sync_p.h.
 *
 * Deleted on the server now, such a message would be nowhere but here until that is over.  So it
 * stays where it is, and is reported, for as long.  Done last, for what nothing else explains.
 */
#include "sync/sync_p.h"

#include "plan/match.h"

#include <stdio.h>
#include <stdlib.h>

static bool add_dir(struct gw_elsewhere *what, const char *dir, int64_t mailbox, bool left_out)
{
	struct gw_elsewhere_dir *d = gw_array_push(
		(void **)&what->dirs, &what->dir_count, &what->dir_cap, sizeof *what->dirs);

	if (d == NULL)
		return false;
	*d = (struct gw_elsewhere_dir){
		.dir = strdup(dir), .mailbox = mailbox, .left_out = left_out
	};
	return d->dir != NULL;
}

static bool is_mailbox(const struct gw_sync *s, const char *name)
{
	for (size_t i = 0; i < s->entry_count; i++) {
		if (strcmp(s->entries[i].row.local_dir, name) == 0 ||
			strcmp(s->entries[i].folder->shown, name) == 0)
			return true;
	}
	for (size_t i = 0; i < s->row_count; i++) {
		if (s->rows[i].local_dir != NULL && strcmp(s->rows[i].local_dir, name) == 0)
			return true;
	}
	return false;
}

/* Adds directories that take no part, or hold what the server refuses. */
static bool add_dirs(struct gw_sync *s, struct gw_elsewhere *what)
{
	bool ok = true;

	for (size_t i = 0; i < s->entry_count && ok; i++) {
		const struct gw_entry *e = &s->entries[i];

		if (e->stage != ENTRY_PLANNED && e->settled &&
			(e->failed || e->told || e->row.refused > 0))
			ok = add_dir(what, e->row.local_dir, e->row.id, false);
	}
	for (size_t i = 0; i < s->row_count && ok;
		i++) { /* its name is an entry's, if it has one */
		const struct gw_mailbox_row *row = &s->rows[i];

		if (row->local_dir != NULL)
			ok = add_dir(what, row->local_dir, row->id, s->options.folder_count > 0);
	}
	for (size_t i = 0; i < s->held_count && ok; i++) {
		if (!is_mailbox(s, s->held[i].name))
			ok = add_dir(what, s->held[i].name, 0, false);
	}
	return ok;
}

static bool add_key(struct gw_elsewhere *what, const struct gw_half *half)
{
	struct gw_elsewhere_key *k = gw_array_push(
		(void **)&what->keys, &what->key_count, &what->key_cap, sizeof *what->keys);

	if (k == NULL)
		return false;
	*k = (struct gw_elsewhere_key){ .box = half->box, .action = half->action };
	memcpy(k->header, half->header, sizeof k->header);
	memcpy(k->body, half->body, sizeof k->body);
	return true;
}

static void tell(struct gw_sync *s, const struct gw_elsewhere_dir *dir, size_t count)
{
	struct gw_error err = { 0 };

	if (dir->left_out) {
		gw_log(s->log, GW_LOG_INFO,
			"%s: %zu message%s moved here, and not part of this run; on the server %s where "
			"%s",
			dir->dir, count, count == 1 ? " was" : "s were",
			count == 1 ? "it stays" : "they stay", count == 1 ? "it was" : "they were");
		return;
	}
	gw_fail(&err, GW_ERR_HELD,
		"%zu message%s moved here, which cannot be done on the server as long as this "
		"mailbox cannot be synchronized; there %s where %s",
		count, count == 1 ? " was" : "s were", count == 1 ? "it stays" : "they stay",
		count == 1 ? "it was" : "they were");
	err.scope = GW_SCOPE_MESSAGE;
	gw_sync_note_held(s, dir->dir, &err);
	gw_sync_problem(s, dir->dir, &err);
}

/* Reports them once, although each look at their old mailbox asks again. */
static void hold_found(struct gw_sync *s)
{
	const struct gw_elsewhere *what = &s->elsewhere;
	size_t found = 0;

	for (size_t i = 0; i < what->key_count; i++) {
		const struct gw_elsewhere_key *k = &what->keys[i];

		if (k->found > 0 && s->entries[k->box].stage == ENTRY_PLANNED)
			gw_box_put_off(s->entries[k->box].box, k->action);
		found += k->found > 0;
	}
	for (size_t d = 0; d < what->dir_count && found > s->elsewhere_told; d++) {
		size_t count = 0;

		for (size_t i = 0; i < what->key_count; i++)
			count += what->keys[i].found == d + 1;
		if (count > 0)
			tell(s, &what->dirs[d], count);
	}
	if (found > s->elsewhere_told)
		s->elsewhere_told = found;
}

static void on_found(void *ctx, const struct gw_error *err)
{
	struct gw_sync *s = ctx;

	gw_judge_found(&s->judge);
	if (err != NULL)
		gw_sync_fail(s, err);
	else if (s->phase == SYNC_WORKING)
		hold_found(s);
	gw_sync_pump(s);
	if (s->phase >= SYNC_ENDING)
		gw_sync_maybe_finish(s); /* it may have waited for this */
}

bool gw_sync_asks_elsewhere(struct gw_sync *s, const struct gw_halves *gone)
{
	struct gw_elsewhere *what = &s->elsewhere;
	bool ok = true;

	gw_elsewhere_deinit(what);
	for (size_t i = 0; i < gone->count && ok; i++)
		ok = add_key(what, &gone->list[i]);
	ok = ok && (what->key_count == 0 || add_dirs(s, what));
	if (ok && (what->key_count == 0 || what->dir_count == 0))
		return false;
	if (!ok || gw_elsewhere_start(&s->disk, what, on_found, s) != GW_OK) {
		gw_sync_fail_nomem(s);
		return true;
	}
	return true;
}
