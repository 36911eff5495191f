/* SPDX-License-Identifier: ISC */
/* sync/lend_use.c - a watcher's connection in one of its syncs (sync/lend.h); part of
 * sync_p.h. */
#include "net/delay.h"
#include "sync/sync_p.h"

#include <stdio.h>
#include <stdlib.h>

static void on_adopted(void *ctx)
{
	struct gw_sync *s = ctx;

	s->adopting = NULL;
	gw_sync_list(s);
}

/* The watcher's session goes on where the last sync left it. */
enum gw_code gw_sync_adopt_session(struct gw_sync *s, struct gw_error *err)
{
	struct gw_warm *w = s->options.warm;
	struct gw_conn *c = &s->conns[0];

	if (gw_delay_start(s->loop, 0, on_adopted, s, &s->adopting) != GW_OK)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	s->remembered = w->list_holds && w->folders.count > 0 && s->options.folder_count == 0;
	if (s->remembered) {
		s->folders = w->folders;
		w->folders = (struct gw_folders){ 0 };
		for (size_t i = 0; i < s->folders.count; i++)
			s->folders.list[i].stale = true;
	} else {
		gw_folders_deinit(&w->folders);
	}
	c->session = w->session;
	w->session = NULL;
	c->ready = true;
	c->used = true;
	gw_session_traffic(c->session, &c->received_before, &c->sent_before);
	gw_session_hand_over(c->session, gw_sync_on_session, c);
	return GW_OK;
}

/* All went well: one connection is left for the next sync. */
bool gw_sync_give_back(struct gw_conn *c)
{
	struct gw_sync *s = c->sync;
	struct gw_warm *w = s->options.warm;

	if (w == NULL || w->session != NULL || s->err.code != GW_OK || !c->ready ||
		c->session == NULL || !gw_session_usable(c->session) ||
		!gw_session_quiet(c->session))
		return false;
	gw_sync_count_traffic(c);
	w->session = c->session;
	c->session = NULL;
	gw_session_hand_over(w->session, w->lost, w->ctx);
	return true;
}

void gw_sync_keep_list(struct gw_sync *s)
{
	const unsigned counts = GW_ITEM_MESSAGES | GW_ITEM_UIDNEXT;
	struct gw_warm *w = s->options.warm;

	if (w == NULL || s->options.folder_count > 0 || s->options.dry_run)
		return;
	for (size_t i = 0; i < s->entry_count; i++) {
		const struct gw_entry *e = &s->entries[i];
		struct gw_folder *f = &s->folders.list[e->folder - s->folders.list];

		f->touched = e->failed || e->unsettled;
		/* What could not be synchronized is no news until it changes again. */
		if (f->touched && (f->items & counts) == counts)
			continue;
		f->items = counts | GW_ITEM_UIDVALIDITY | GW_ITEM_HIGHESTMODSEQ;
		f->messages = e->row.messages;
		f->uidnext = e->row.uidnext;
		f->uidvalidity = e->row.uidvalidity;
		f->highestmodseq = e->row.highestmodseq;
	}
	w->folders = s->folders;
	s->folders = (struct gw_folders){ 0 };
}

/* NULL: it is not one of this run. */
static const struct gw_entry *entry_at(const struct gw_sync *s, const struct gw_place *place)
{
	for (size_t i = 0; i < s->entry_count; i++) {
		if (s->entries[i].row.id == place->mailbox)
			return &s->entries[i];
	}
	return NULL;
}

void gw_sync_on_wrote(
	void *ctx, const struct gw_place *place, const char *name, bool in_new, enum gw_written how)
{
	struct gw_sync *s = ctx;
	struct gw_warm *w = s->options.warm;
	const struct gw_entry *e;
	char *path = NULL;

	if (w != NULL)
		w->wrote(w->ctx, place->dir, name, in_new, how != GW_WRITTEN_GONE);
	if (how != GW_WRITTEN_NEW || !in_new)
		return;
	if (asprintf(&path, "%s/%s/new/%s", s->account->maildir, place->dir, name) < 0)
		return; /* out of memory; the mail is there, only not reported */
	e = entry_at(s, place);
	gw_sync_tell_new(s, e == NULL ? place->dir : e->folder->shown, path,
		e != NULL && e->row.uidnext == 0);
	free(path);
}
