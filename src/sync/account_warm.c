/* sync/account_warm.c - a watcher's connection in one of its syncs (sync/warm.h); part of
 * account_p.h. */
#include "net/delay.h"
#include "sync/account_p.h"

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
	c->session = w->session;
	w->session = NULL;
	c->ready = true;
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

void gw_sync_tell_settled(struct gw_sync *s)
{
	const unsigned counts = GW_ITEM_MESSAGES | GW_ITEM_UIDNEXT;
	struct gw_warm *w = s->options.warm;

	for (size_t i = 0; i < s->entry_count && w != NULL; i++) {
		const struct gw_entry *e = &s->entries[i];
		const struct gw_folder *f = e->folder;
		/* What could not be brought in step is no news before it changes again. */
		bool listed = (e->failed || e->unsettled || (e->dirty && !e->done_once)) &&
			      (f->items & counts) == counts;

		if (listed)
			w->settled(w->ctx, f->wire, f->messages, f->uidnext, f->highestmodseq);
		else
			w->settled(w->ctx, f->wire, e->row.messages, e->row.uidnext,
				e->row.highestmodseq);
	}
}

void gw_sync_on_wrote(
	void *ctx, const struct gw_place *place, const char *name, bool in_new, bool appeared)
{
	struct gw_sync *s = ctx;
	struct gw_warm *w = s->options.warm;

	if (w != NULL)
		w->wrote(w->ctx, place->dir, name, in_new, appeared);
}
