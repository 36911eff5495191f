/* SPDX-License-Identifier: ISC */
/* mailbox/hidden.c - what many messages that a mailbox does not show any more became; all mail knows
 * (Gmail).  Those that still are in the mailbox stay here: Gmail can be told how many it shows.
 * Those that only lost this label were archived, and no accident; part of the machine in box_p.h.
 */
#include "mailbox/box_p.h"

#include <stdlib.h>

enum { MANY_ARCHIVED = 20 };

bool gw_box_has_label(const struct gw_box *box)
{
	const unsigned no_labels = GW_LIST_ALL | GW_LIST_TRASH | GW_LIST_JUNK;

	return box->env->all != NULL && !box->asked_all && (box->folder->attrs & no_labels) == 0;
}

void gw_box_judge_sight(struct gw_box *box, struct gw_plan_input *in)
{
	const struct gw_remote_view *v = &box->remote;
	const struct gw_sight sight = {
		.exists = (uint32_t)v->listed, .before = box->row->messages, .most = box->row->shows
	};

	box->shows = box->row->shows;
	box->sighted = (struct gw_sighted){ 0 };
	if (box->env->all != NULL || v->unproved || v->restarted || box->copies_differ)
		return;
	if (box->env->accept_hidden && sight.most > 0)
		box->sighted.whole = true;
	else
		box->sighted = gw_sight_judge(&sight, in);
	in->shows_all = box->sighted.whole;
	if (box->sighted.whole)
		box->shows = 0;
	else if (box->sighted.more && box->shows > 0 && sight.exists > box->shows)
		box->shows = sight.exists;
}

void gw_box_note_hidden(struct gw_box *box, size_t hidden)
{
	if (hidden == 0)
		return;
	if (box->shows == 0)
		box->shows = (uint32_t)box->remote.listed;
	box->hidden += hidden;
}

void gw_box_hidden_error(uint32_t shows, uint64_t count, struct gw_error *err)
{
	gw_fail(err, GW_ERR_HELD,
		"the server shows the newest %u messages only, as it seems: %llu that it does not "
		"show stay here as they are (`godwit status` says more)",
		shows, (unsigned long long)count);
	err->scope = GW_SCOPE_MESSAGE;
}

/* Returns the mailbox's label as in X-GM-LABELS. */
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

static int by_id(const void *a, const void *b)
{
	const struct gw_search_label_item *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* Returns what All Mail says of it; never NULL. */
static const struct gw_search_label_item *told_of(const struct gw_box *box, uint64_t id)
{
	static const struct gw_search_label_item nothing;
	const struct gw_search_label_item key = { .id = id }, *found = NULL;

	if (id != 0)
		found = bsearch(&key, box->labelled, box->labelled_count, sizeof key, by_id);
	return found == NULL ? &nothing : found;
}

static void tell(const struct gw_box *box, size_t hidden, size_t archived)
{
	if (hidden > 0)
		gw_log(box->env->log, GW_LOG_WARN,
			"%s: the server does not show %zu messages any more that are in it; they "
			"stay here (Gmail: Settings, Forwarding and POP/IMAP, Folder size limits)",
			box->folder->shown, hidden);
	if (archived >= MANY_ARCHIVED)
		gw_log(box->env->log, GW_LOG_WARN,
			"%s: %zu messages left it on the server and are still among all mail "
			"there; here they %s",
			box->folder->shown, archived,
			box->env->archive ? "go to Archive, unless another mailbox has them"
			: box->env->account->attic_days > 0
				? "go to the attic (`archive = yes` keeps archived mail)"
				: "go (`archive = yes` keeps archived mail)");
}

/* Lists what All Mail says of the messages gone there; exists 0: it has none. */
static size_t list_missed(const struct gw_box *box, uint32_t exists, struct gw_missed *out)
{
	size_t n = 0;

	for (size_t i = 0; i < box->plan.count && exists > 0; i++) {
		const struct gw_action *a = &box->plan.actions[i];
		const struct gw_search_label_item *told;

		if (!gw_action_is_gone_there(a))
			continue;
		told = told_of(box, gw_box_gone_id(box, a->uid));
		out[n++] = (struct gw_missed){
			.uid = a->uid, .labelled = told->has, .kept = told->there
		};
	}
	return n;
}

static void on_asked(void *ctx, uint32_t exists, const struct gw_error *lost)
{
	struct gw_box *box = ctx;
	struct gw_missed *list;
	struct gw_missed_counts n;

	if (lost != NULL) {
		gw_box_end_lost(box, lost);
		return;
	}
	list = calloc(box->plan.count + 1, sizeof *list);
	if (list == NULL) {
		gw_box_fail_nomem(box);
		return;
	}
	n = gw_sight_missed(box->local.base, box->local.base_count, list,
		list_missed(box, exists, list), exists != 0 && exists == box->remote.exists,
		&box->plan);
	free(list);
	tell(box, n.hidden, n.archived);
	gw_box_step(box);
}

void gw_box_ask_labels(struct gw_box *box)
{
	const struct gw_search_label_options options = { .session = box->session,
		.all = box->env->all,
		.label = label_of(box),
		.items = box->labelled,
		.count = box->labelled_count,
		.done = on_asked,
		.ctx = box };
	enum gw_code code = gw_search_label_start(&options);

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
		uint64_t id = gw_action_is_gone_there(a) ? gw_box_gone_id(box, a->uid) : 0;

		if (id != 0 && box->labelled_count < box->gone_count)
			box->labelled[box->labelled_count++].id = id;
	}
	if (box->labelled != NULL)
		qsort(box->labelled, box->labelled_count, sizeof *box->labelled, by_id);
	box->machine->go(box, BOX_ASKING_ALL);
}
