/* mailbox/hidden.c - messages that a mailbox does not show any more although they are in it: Gmail
 * can be told how many a mailbox shows.  They stay here; part of the machine in box_p.h.
 */
#include "mailbox/box_p.h"

#include <stdlib.h>

/* So many at once, or as many left as Gmail can be told to show, are worth a question. */
enum { MANY_GONE = 20 };
static const uint32_t limits[] = { 1000, 2000, 5000, 10000 };

bool gw_box_may_hide(const struct gw_box *box)
{
	const unsigned no_labels = GW_LIST_ALL | GW_LIST_TRASH | GW_LIST_JUNK;
	size_t gone = 0;

	if (box->env->all == NULL || box->asked_all || (box->folder->attrs & no_labels) != 0)
		return false;
	for (size_t i = 0; i < box->plan.count; i++)
		gone += gw_action_is_gone_there(&box->plan.actions[i]);
	if (gone >= MANY_GONE)
		return true;
	for (size_t i = 0; i < sizeof limits / sizeof *limits && gone > 0; i++) {
		if (box->remote.exists == limits[i])
			return true;
	}
	return gone > 0 && gw_base_has_hidden(box->local.base, box->local.base_count);
}

/* As X-GM-LABELS has it. */
static const char *label_of(const struct gw_box *box)
{
	static const struct {
		unsigned use;
		const char *label;
	} special[] = { { GW_LIST_SENT, "\\Sent" }, { GW_LIST_DRAFTS, "\\Draft" },
		{ GW_LIST_FLAGGED, "\\Starred" }, { GW_LIST_IMPORTANT, "\\Important" } };

	if (strcasecmp(box->folder->wire, "INBOX") == 0)
		return "\\Inbox";
	for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
		if (box->folder->attrs & special[i].use)
			return special[i].label;
	}
	return box->folder->wire;
}

static uint64_t id_of(const struct gw_box *box, uint32_t uid)
{
	for (size_t i = 0; i < box->gone_count; i++) {
		if (box->gone[i].uid == uid)
			return box->gone[i].global_id;
	}
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct gw_labelled_item *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static bool still_has(const struct gw_box *box, uint64_t id)
{
	const struct gw_labelled_item key = { .id = id }, *found;

	found = bsearch(&key, box->labelled, box->labelled_count, sizeof key, by_id);
	return id != 0 && found != NULL && found->has;
}

/* The oldest UID that base and the server agree on. */
static uint32_t oldest_shown(const struct gw_box *box)
{
	size_t a = 0;

	for (size_t i = 0; i < box->local.base_count; i++) {
		const struct gw_base_msg *b = &box->local.base[i];

		while (a < box->plan.count && box->plan.actions[a].uid < b->uid)
			a++;
		if (b->kind != GW_BASE_HIDDEN &&
			(a == box->plan.count || box->plan.actions[a].uid != b->uid ||
				!gw_action_is_gone_there(&box->plan.actions[a])))
			return b->uid;
	}
	return UINT32_MAX;
}

static void on_asked(void *ctx, uint32_t exists, const struct gw_error *lost)
{
	struct gw_box *box = ctx;
	uint32_t oldest = oldest_shown(box);
	/* All mail is cut off in the same way, so it cannot tell of what is older. */
	bool cut = exists != 0 && exists == box->remote.exists;
	size_t hidden = 0;

	gw_box_enter(box, BOX_PLANNED);
	if (lost != NULL) {
		gw_box_end_lost(box, lost);
		return;
	}
	if (box->stopped) {
		gw_box_stop(box, false);
		return;
	}
	for (size_t i = 0; i < box->plan.count; i++) {
		struct gw_action *a = &box->plan.actions[i];

		if (!gw_action_is_gone_there(a) ||
			(!still_has(box, id_of(box, a->uid)) && !(cut && a->uid < oldest)))
			continue;
		a->kind = GW_DO_HIDE;
		hidden++;
	}
	if (hidden > 0)
		gw_log(box->env->log, GW_LOG_WARN,
			"%s: the server does not show %zu messages any more that are in it; they "
			"stay here (Gmail: Settings, Forwarding and POP/IMAP, Folder size limits)",
			box->folder->shown, hidden);
	box->env->planned(box->env->ctx, box);
}

static void ask(struct gw_box *box)
{
	const struct gw_labelled_options options = { .session = box->session,
		.all = box->env->all,
		.label = label_of(box),
		.items = box->labelled,
		.count = box->labelled_count,
		.done = on_asked,
		.ctx = box };
	enum gw_code code = gw_labelled_start(&options);

	gw_box_enter(box, BOX_ASKING_ALL);
	box->selected = false;
	if (code == GW_OK)
		return;
	gw_box_end_unsent(box, code);
}

void gw_box_ask_all(struct gw_box *box)
{
	box->asked_all = true;
	free(box->labelled);
	box->labelled = calloc(box->gone_count + 1, sizeof *box->labelled);
	box->labelled_count = 0;
	for (size_t i = 0; i < box->plan.count && box->labelled != NULL; i++) {
		const struct gw_action *a = &box->plan.actions[i];
		uint64_t id = gw_action_is_gone_there(a) ? id_of(box, a->uid) : 0;

		if (id != 0 && box->labelled_count < box->gone_count)
			box->labelled[box->labelled_count++].id = id;
	}
	if (box->labelled != NULL)
		qsort(box->labelled, box->labelled_count, sizeof *box->labelled, by_id);
	gw_box_with_session(box, ask);
}
