/* mailbox/match.c - a mailbox's part in finding out what was moved or edited; part of the machine
 * in box_p.h.  The account (sync/moves.c) brings the parts of all mailboxes together.
 */
#include "mailbox/box_p.h"

#include "base/text.h"
#include "plan/direction.h"
#include "plan/match.h"

#include <stdlib.h>

/* Gone here, or there: what confirm() looks at. */
static bool is_gone(const struct gw_box *box, const struct gw_action *a)
{
	size_t b;

	switch ((enum gw_action_kind)a->kind) {
	case GW_DO_FORGET: /* gone here too, if it had a file */
		b = gw_base_find(box->local.base, box->local.base_count, a->uid);
		return b < box->local.base_count && box->local.base[b].kind == GW_BASE_FILE;
	case GW_DO_DELETE_LOCAL:
	case GW_DO_KEEP:
	case GW_DO_UNKEPT:
	case GW_DO_DELETE_REMOTE:
	case GW_DO_LEAVE:
	case GW_DO_RETURN:
		return true;
	case GW_DO_DOWNLOAD:
	case GW_DO_PAIR:
	case GW_DO_LOCAL_FLAGS:
	case GW_DO_BASE_FLAGS:
	case GW_DO_REMOTE_FLAGS:
	case GW_DO_HOLD_FLAGS:
	case GW_DO_SETTLE_FLAGS:
	case GW_DO_HOLD_DELETE:
	case GW_DO_HOLD_REMOTE:
	case GW_DO_UNHOLD:
	case GW_DO_UPLOAD:
	case GW_DO_HOLD_UPLOAD:
	case GW_DO_REFUSE:
	case GW_DO_STRAY:
	case GW_DO_SKIP:
	case GW_DO_EXPIRE:
	case GW_DO_STAY:
	case GW_DO_HOLD:
	case GW_DO_NOTHING:
	case GW_DO_HIDE:
	case GW_DO_RELINK:
	case GW_DO_TAKE:
	case GW_DO_REPLACED:
		break;
	}
	return false;
}

bool gw_box_has_gone(const struct gw_box *box)
{
	for (size_t i = 0; i < box->plan.count; i++) {
		if (is_gone(box, &box->plan.actions[i]))
			return true;
	}
	return false;
}

bool gw_box_has_gone_there(const struct gw_box *box)
{
	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];

		if (gw_action_is_gone_there(a) || (a->kind == GW_DO_FORGET && is_gone(box, a)))
			return true;
	}
	return false;
}

static bool was_in_base(const struct gw_box *box, uint32_t uid)
{
	return gw_base_find(box->local.base, box->local.base_count, uid) < box->local.base_count;
}

static bool is_fresh_there(const struct gw_box *box, const struct gw_action *a)
{
	return a->kind == GW_DO_DOWNLOAD && (gw_box_is_archive(box) || !was_in_base(box, a->uid));
}

/* True if its file was moved here and its message copied, so that only the old one is left to
 * go. */
static bool is_copied(const struct gw_box *box, const struct gw_action *a)
{
	return a->kind == GW_DO_PAIR && !a->check_body && gw_box_was_to_be_copied(box, a->local);
}

bool gw_box_has_fresh(const struct gw_box *box)
{
	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];

		if (a->kind == GW_DO_UPLOAD || is_fresh_there(box, a) || is_copied(box, a))
			return true;
	}
	for (size_t i = 0; i < box->print_count; i++) { /* refused ones matter too */
		if (box->local.messages[box->prints[i].index].refused)
			return true;
	}
	return false;
}

/* --- the second look ------------------------------------------------------------------------- */

/* Puts off what another look does show: it is not gone, and is looked at again. */
static void drop_unconfirmed(struct gw_box *box)
{
	for (size_t i = 0; i < box->gone_count; i++) {
		if (box->gone[i].look && !box->gone[i].still_gone)
			gw_box_put_off(box, box->gone_actions[i]);
	}
}

void gw_box_spare(struct gw_box *box)
{
	for (size_t i = 0; i < box->plan.count; i++) {
		if (is_gone(box, &box->plan.actions[i]))
			gw_box_put_off(box, (uint32_t)i);
	}
}

bool gw_box_is_unproved(const struct gw_box *box)
{
	return box->remote.unproved;
}

void gw_box_doubt(const struct gw_box *box, struct gw_doubt *doubt)
{
	const struct gw_scan *scan = &box->local.scan;
	size_t n = 0;

	*doubt = (struct gw_doubt){ .files = calloc(scan->count + 1, sizeof *doubt->files),
		.announced = calloc(box->local.pending_count + 1, sizeof *doubt->announced) };
	doubt->any = doubt->files == NULL || doubt->announced == NULL;
	for (size_t f = 0; f < scan->count && !doubt->any; f++)
		doubt->files[doubt->file_count++] = gw_hash_bytes(gw_scan_base(scan, f));
	for (size_t i = 0; i < box->local.pending_count && !doubt->any; i++) {
		const struct gw_pending_file *p = &box->local.pending[i];

		if (!p->known)
			doubt->announced[n++] = gw_hash_bytes(gw_slice_str(p->base_name));
	}
	doubt->announced_count = n;
	gw_doubt_sort(doubt);
}

void gw_box_spare_doubtful(struct gw_box *box, const struct gw_doubt *doubt)
{
	for (size_t i = 0; i < box->gone_count; i++) {
		const struct gw_action *a = &box->plan.actions[box->gone_actions[i]];
		bool gone_here = !gw_action_is_gone_there(a) && a->local == GW_NO_LOCAL;

		if (is_gone(box, a) && gw_doubt_covers(doubt, box->gone[i].name, gone_here))
			gw_box_put_off(box, box->gone_actions[i]);
	}
}

static void on_confirmed(void *ctx, bool news, const struct gw_error *err)
{
	struct gw_box *box = ctx;

	box->confirmed = true;
	box->has_news = news;
	if (err != NULL) {
		gw_box_fail(box, err);
		return;
	}
	drop_unconfirmed(box);
	gw_box_step(box);
}

void gw_box_confirm(struct gw_box *box)
{
	size_t n = 0;

	for (size_t i = 0; i < box->plan.count; i++)
		n += is_gone(box, &box->plan.actions[i]);
	free(box->gone);
	free(box->gone_actions);
	box->gone_count = 0;
	box->fresh_from = ++*box->env->moments;
	box->gone = calloc(n + 1, sizeof *box->gone);
	box->gone_actions = calloc(n + 1, sizeof *box->gone_actions);
	for (size_t i = 0; i < box->plan.count && box->gone != NULL && box->gone_actions != NULL;
		i++) {
		const struct gw_action *a = &box->plan.actions[i];

		if (!is_gone(box, a))
			continue;
		box->gone[box->gone_count].uid = a->uid;
		box->gone[box->gone_count].row_uid = gw_box_row_uid(box, a->uid);
		box->gone[box->gone_count].edited = gw_seqset_has(&box->local.edited, a->uid);
		box->gone[box->gone_count].look =
			!gw_action_is_gone_there(a) && a->local == GW_NO_LOCAL;
		box->gone_actions[box->gone_count++] = (uint32_t)i;
	}
	box->machine->go(box, BOX_CONFIRMING);
}

void gw_box_look_at_gone(struct gw_box *box)
{
	if (box->gone == NULL || box->gone_actions == NULL ||
		gw_confirm_start(box->env->disk, box->place, box->key, &box->local.scan, box->gone,
			box->gone_count, on_confirmed, box) != GW_OK)
		gw_box_fail_nomem(box);
}

bool gw_box_is_confirmed(const struct gw_box *box)
{
	return box->confirmed;
}

bool gw_box_has_news(const struct gw_box *box)
{
	return box->has_news;
}

uint64_t gw_box_saw_at(const struct gw_box *box)
{
	return box->saw_at;
}

uint64_t gw_box_fresh_from(const struct gw_box *box)
{
	return box->fresh_from;
}

void gw_box_seen_stamps(const struct gw_box *box, struct gw_stamp *cur, struct gw_stamp *new)
{
	*cur = box->local.scan.seen_cur;
	*new = box->local.scan.seen_new;
}

uint32_t gw_box_seen_uidnext(const struct gw_box *box)
{
	bool believed = !box->remote.unproved && (!box->incomplete || box->env->dry_run);

	return believed ? box->remote.uidnext : 0;
}

bool gw_box_stamps_hold(const struct gw_box *box)
{
	struct gw_stamp cur, new;
	const struct gw_scan *scan = &box->local.scan;

	if (box->place == NULL) /* a dry run, of a new mailbox */
		return true;
	if (!gw_stamp_read(box->place->m.cur, &cur) || !gw_stamp_read(box->place->m.new, &new))
		return false;
	return (gw_stamp_same(&cur, &scan->cur) && gw_stamp_same(&new, &scan->new)) ||
	       (gw_stamp_same(&cur, &scan->seen_cur) && gw_stamp_same(&new, &scan->seen_new));
}

bool gw_box_counts_hold(const struct gw_box *box, const struct gw_folder *now)
{
	const struct gw_remote_view *v = &box->remote;
	const unsigned counts = GW_ITEM_MESSAGES | GW_ITEM_UIDNEXT;

	if ((now->items & counts) != counts)
		return true; /* not told */
	/* Only what came since matters: the other half of what is gone here. */
	return now->uidnext == v->uidnext ||
	       (now->items & GW_ITEM_UIDVALIDITY && now->uidvalidity != v->uidvalidity);
}

/* --- headers of what is new there ------------------------------------------------------------ */

static const struct gw_pair_remote *head_of(const struct gw_box *box, uint32_t uid)
{
	for (size_t i = 0; i < box->head_count; i++) {
		if (box->heads[i].uid == uid)
			return &box->heads[i];
	}
	return NULL;
}

bool gw_box_fetch_heads(struct gw_box *box, const struct gw_seqset *sizes)
{
	size_t n = 0;

	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];

		if (is_fresh_there(box, a) && gw_seqset_has(sizes, a->size))
			n++;
	}
	if (n == 0)
		return false;
	free(box->wanted_heads);
	box->wanted_heads = calloc(n, sizeof *box->wanted_heads);
	if (box->wanted_heads == NULL)
		return false; /* bodies are fetched instead */
	box->wanted_count = 0;
	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];

		if (is_fresh_there(box, a) && gw_seqset_has(sizes, a->size))
			box->wanted_heads[box->wanted_count++] = a->uid;
	}
	box->machine->go(box, BOX_HEADS_FOR_MOVES);
	return true;
}

/* --- halves ---------------------------------------------------------------------------------- */

static struct gw_half *add_half(
	struct gw_halves *list, uint32_t number, size_t action, const struct gw_fingerprint *print)
{
	struct gw_half *h =
		gw_array_push((void **)&list->list, &list->count, &list->cap, sizeof *h);

	if (h == NULL)
		return NULL;
	h->box = number;
	h->action = (uint32_t)action;
	if (print != NULL) {
		memcpy(h->header, print->header, GW_MATCH_HASH);
		memcpy(h->body, print->body, GW_MATCH_HASH);
		memcpy(h->msgid, print->msgid, GW_MATCH_HASH);
	}
	return h;
}

static bool add_gone(const struct gw_box *box, uint32_t number, struct gw_all_halves *out)
{
	for (size_t i = 0; i < box->gone_count; i++) {
		const struct gw_action *a = &box->plan.actions[box->gone_actions[i]];
		const struct gw_gone *g = &box->gone[i];
		struct gw_half *h;

		if (!is_gone(box, a) || !g->known ||
			(!gw_action_is_gone_there(a) && a->local != GW_NO_LOCAL))
			continue; /* a T in place is no move */
		h = add_half(a->kind == GW_DO_FORGET      ? &out->gone_both
			     : gw_action_is_gone_there(a) ? &out->gone_there
							  : &out->gone_here,
			number, box->gone_actions[i], &g->print);
		if (h == NULL)
			return false;
		h->size = g->size;
		h->id = g->global_id;
		h->name = g->name;
		h->untold = a->untold;
		h->drafts = (box->folder->attrs & GW_LIST_DRAFTS) != 0;
		h->trashed = gw_box_was_trashed(box, a->uid);
	}
	return true;
}

static struct gw_half *add_file(struct gw_halves *list, const struct gw_box *box, uint32_t number,
	size_t action, const struct gw_file_print *p)
{
	struct gw_half *h = add_half(list, number, action, &p->print);

	if (h != NULL)
		h->name = gw_hash_bytes(gw_scan_base(&box->local.scan, p->index));
	return h;
}

static bool add_named(const struct gw_box *box, uint32_t number, struct gw_all_halves *out)
{
	for (size_t i = 0; i < box->print_count; i++) {
		const struct gw_file_print *p = &box->prints[i];

		if (p->ok && add_file(&out->named_here, box, number, 0, p) == NULL)
			return false;
	}
	return true;
}

static bool add_fresh_here(const struct gw_box *box, uint32_t number, struct gw_all_halves *out)
{
	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];
		const struct gw_file_print *p = a->kind == GW_DO_UPLOAD || a->kind == GW_DO_PAIR
							? gw_box_print_of(box, a->local)
							: NULL;

		if (p != NULL && add_file(a->kind == GW_DO_PAIR ? &out->paired : &out->fresh_here,
					 box, number, i, p) == NULL)
			return false;
	}
	for (size_t i = 0; i < box->print_count; i++) {
		const struct gw_file_print *p = &box->prints[i];
		struct gw_half *h;

		if (!p->ok || !box->local.messages[p->index].refused)
			continue;
		h = add_file(&out->fresh_here, box, number, p->index, p);
		if (h == NULL)
			return false;
		h->refused = true;
	}
	return true;
}

bool gw_box_add_halves(const struct gw_box *box, uint32_t number, struct gw_all_halves *out)
{
	bool trash = gw_box_is_trash(box);

	if (!add_gone(box, number, out) || !add_named(box, number, out) ||
		!add_fresh_here(box, number, out))
		return false;
	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];
		const struct gw_pair_remote *head =
			is_fresh_there(box, a) ? head_of(box, a->uid) : NULL;
		uint64_t id = is_fresh_there(box, a) ? gw_remote_view_id(&box->remote, a->uid) : 0;
		bool tells = head != NULL && (head->has_received || trash);
		struct gw_half *h;

		if (id == 0 && !tells)
			continue;
		h = add_half(&out->fresh_there, number, i, NULL);
		if (h == NULL)
			return false;
		h->id = id;
		if (tells) {
			memcpy(h->header, head->header, GW_MATCH_HASH);
			h->size = head->raw_size;
			h->alone = !head->has_received;
		}
		h->trash = trash;
		h->drafts = (box->folder->attrs & GW_LIST_DRAFTS) != 0;
	}
	return true;
}

/* --- joining --------------------------------------------------------------------------------- */

static const struct gw_gone *facts_of(const struct gw_box *box, uint32_t action)
{
	for (size_t i = 0; i < box->gone_count; i++) {
		if (box->gone_actions[i] == action)
			return &box->gone[i];
	}
	return NULL;
}

/* Returns the server's flags of a message gone here. */
static uint64_t flags_there(const struct gw_box *box, const struct gw_action *a)
{
	size_t b = gw_base_find(box->local.base, box->local.base_count, a->uid);

	return a->kind == GW_DO_DELETE_REMOTE || a->kind == GW_DO_RETURN ||
			       b == box->local.base_count
		       ? a->flags
		       : box->local.base[b].flags;
}

static uint64_t flags_in_base(const struct gw_box *box, const struct gw_action *a)
{
	size_t b = gw_base_find(box->local.base, box->local.base_count, a->uid);

	return b == box->local.base_count ? flags_there(box, a) : box->local.base[b].flags;
}

/* Merges what a moved file says with base, and finds what the server must be told. */
static void merge_moved(struct gw_box *from, const struct gw_action *gone, uint64_t base,
	struct gw_box *to, struct gw_box_carry *c)
{
	const char *file = gw_scan_name(&to->local.scan, c->local);
	struct gw_plan_input in = gw_box_policy(from);
	struct gw_slice info = gw_name_split(file).info;
	uint64_t there = flags_there(from, gone), here;
	struct gw_merged m;

	in.storable = gw_box_storable(from);
	here = (gw_name_flags(info, &from->keywords) & ~gw_box_tags(from)) |
	       (base & gw_box_tags(from));
	c->letters = gw_name_letters(info) & gw_keywords_letters(&from->keywords);
	c->meant = gw_box_translate(to, &from->keywords, here) & ~(GW_FLAG_KEYWORD(0) - 1);
	m = gw_merge_flags(&in, base, there, here);
	if (from->env->account->direction == GW_DIRECTION_PUSH) { /* it keeps its flags */
		there = gw_store_flags_agreed(there, base, m.local ^ here);
		m.remote = gw_store_flags_agreed(m.remote, base, m.local ^ here);
		m.local = here;
	}
	c->leaves = gw_box_tag_of(to, from);
	c->flags = gw_box_translate(to, &from->keywords, there);
	c->agreed = gw_box_translate(to, &from->keywords, base);
	c->flags_differ = m.remote != there;
	c->to = gw_box_moved_name(
		to, &from->keywords, file, NULL, gw_box_translate(to, &from->keywords, m.local));
	if (c->to != NULL && strcmp(c->to, file) == 0) {
		free(c->to);
		c->to = NULL;
	}
}

/* base: the flags that both sides agreed on last. */
static void carry(struct gw_box *from, struct gw_action *gone, uint64_t base,
	const struct gw_gone *facts, struct gw_box *to, struct gw_action *fresh,
	const struct gw_fingerprint *print)
{
	struct gw_box_carry *c = gw_array_push(
		(void **)&to->carries, &to->carry_count, &to->carry_cap, sizeof *to->carries);

	if (c == NULL) { /* its body is sent instead; the old one goes later */
		to->incomplete = from->incomplete = true;
		gone->kind = GW_DO_NOTHING;
		return;
	}
	*c = (struct gw_box_carry){ .from = from,
		.from_place = from->place,
		.wire = from->folder->wire,
		.uidvalidity = from->remote.uidvalidity,
		.uid = gone->uid,
		.local = fresh->local,
		.print = print,
		.size = facts->size,
		.global_id = facts->global_id,
		.date = facts->date };
	merge_moved(from, gone, base, to, c);
	if (from->place != NULL) /* not in a dry run of a new mailbox */
		from->place->refs++;
	from->awaited++;
	gone->kind = fresh->kind = GW_DO_NOTHING;
}

/* Joins an edit with its message where the server merges: stored again, it would become one with
 * the old message and go to the trash with it.  The message stays as it was, for the new file.
 * false: the usual way will do. */
static bool join_merged(struct gw_box *gone, struct gw_action *old, const struct gw_gone *facts,
	struct gw_box *fresh, uint32_t fresh_action, int kind)
{
	struct gw_action *new =
		kind == GW_MATCH_BLOCKED ? NULL : &fresh->plan.actions[fresh_action];
	uint32_t local = kind == GW_MATCH_BLOCKED ? fresh_action : new->local;

	if (kind != GW_MATCH_EDIT && kind != GW_MATCH_BLOCKED)
		return false;
	if (kind == GW_MATCH_BLOCKED && (gone != fresh || old->untold))
		return false;
	if (gone != fresh) {
		carry(gone, old, flags_in_base(gone, old), facts, fresh, new,
			&gw_box_print_of(fresh, local)->print);
		return true;
	}
	old->base_flags = flags_there(gone, old);
	old->kind = GW_DO_RELINK;
	old->local = local;
	if (new != NULL)
		new->kind = GW_DO_NOTHING;
	return true;
}

void gw_box_join_here(struct gw_box *gone, uint32_t gone_action, struct gw_box *fresh,
	uint32_t fresh_action, int kind)
{
	struct gw_action *old = &gone->plan.actions[gone_action];
	const struct gw_gone *facts = facts_of(gone, gone_action);
	struct gw_action *new;

	if (facts == NULL)
		return;
	if (gone->env->merges && join_merged(gone, old, facts, fresh, fresh_action, kind))
		return;
	if (kind == GW_MATCH_BLOCKED) { /* fresh_action is a file: nothing is planned for it */
		gw_box_hold(gone, old->uid,
			"moved or edited here, but the server does not take the file; it stays "
			"there as it was");
		old->kind = GW_DO_NOTHING;
		return;
	}
	new = &fresh->plan.actions[fresh_action];
	switch ((enum gw_match_kind)kind) {
	case GW_MATCH_WAITS:
	case GW_MATCH_BLOCKED: /* nothing is joined */
		break;
	case GW_MATCH_SAME:
		old->base_flags = flags_there(gone, old);
		old->kind = GW_DO_RELINK;
		old->local = new->local;
		new->kind = GW_DO_NOTHING;
		break;
	case GW_MATCH_MOVE:
		carry(gone, old, flags_in_base(gone, old), facts, fresh, new,
			&gw_box_print_of(fresh, new->local)->print);
		break;
	case GW_MATCH_EDIT: /* the new one gets what was changed there meanwhile */
		new->flags |= flags_there(gone, old) & ~GW_FLAG_DELETED &gw_box_storable(gone);
		old->kind = GW_DO_REPLACED;
		old->local = new->local;
		break;
	}
}

/* The file `local` of `from` follows its message to `fresh`.  false: it is fetched. */
static bool follow(struct gw_box *gone, uint32_t gone_action, struct gw_box *from, uint32_t local,
	struct gw_box *fresh, uint32_t fresh_action)
{
	struct gw_action *old = &gone->plan.actions[gone_action];
	struct gw_action *new = &fresh->plan.actions[fresh_action];
	const struct gw_gone *facts = facts_of(gone, gone_action);
	size_t b = gw_base_find(gone->local.base, gone->local.base_count, old->uid);
	struct gw_box_take *t = gw_array_push(
		(void **)&fresh->takes, &fresh->take_count, &fresh->take_cap, sizeof *fresh->takes);

	if (facts == NULL || b == gone->local.base_count || t == NULL) {
		fresh->take_count -= t != NULL;
		return false;
	}
	*t = (struct gw_box_take){ .from = from,
		.row_of = gone,
		.from_local = local,
		.from_uid = old->uid,
		.from_base = gone->local.base[b].flags,
		.wished = old->wished && gw_box_is_trash(fresh) &&
			  (gone->env->merges || gw_box_was_trashed(gone, old->uid)),
		.facts = facts };
	gone->awaited++;
	from->awaited += from != gone;
	old->kind = GW_DO_NOTHING;
	new->kind = GW_DO_TAKE;
	new->local = (uint32_t)(fresh->take_count - 1);
	return true;
}

void gw_box_join_there(
	struct gw_box *gone, uint32_t gone_action, struct gw_box *fresh, uint32_t fresh_action)
{
	follow(gone, gone_action, gone, gone->plan.actions[gone_action].local, fresh, fresh_action);
}

/* Base's row becomes that of the message where it is now, on disk before anything is sent: from
 * then on, whatever is cut, only its file was moved. */
static bool inherit(struct gw_box *gone, const struct gw_action *old, uint64_t flags,
	const struct gw_gone *facts, struct gw_box *there, const struct gw_action *new)
{
	struct gw_op op = { .kind = GW_OP_INHERIT,
		.uid = new->uid,
		.flags = flags,
		.size = facts->size,
		.global_id = facts->global_id,
		.date = facts->date,
		.print = facts->print,
		.row_place = gone->place,
		.from_uid = old->uid };
	char base[64];

	gw_name_of_uid(there->key, new->uid, base);
	op.to = strdup(base);
	if (op.to == NULL || gw_box_store_validity(there) != GW_OK) {
		free(op.to);
		return false;
	}
	gw_box_add(there, &op);
	gw_batcher_seal(there->env->batcher);
	return true;
}

void gw_box_join_both(struct gw_box *gone, uint32_t gone_action, struct gw_box *here,
	uint32_t here_action, struct gw_box *there, uint32_t there_action, bool follows)
{
	struct gw_action *old = &gone->plan.actions[gone_action];
	struct gw_action *file = &here->plan.actions[here_action];
	struct gw_action *new = &there->plan.actions[there_action];
	const struct gw_gone *facts = facts_of(gone, gone_action);
	uint64_t base;

	if (follows) {
		if (follow(gone, gone_action, here, file->local, there, there_action))
			file->kind = GW_DO_NOTHING;
		return;
	}
	if (facts == NULL)
		return;
	base = gw_box_translate(there, &gone->keywords, flags_in_base(gone, old));
	if (!there->env->dry_run && !inherit(gone, old, base, facts, there, new))
		return; /* the one is fetched, the other uploaded */
	carry(there, new, base, facts, here, file, &gw_box_print_of(here, file->local)->print);
	old->kind = GW_DO_NOTHING;
}

void gw_box_join_crossed(
	struct gw_box *here, uint32_t here_action, struct gw_box *there, uint32_t there_action)
{
	const struct gw_gone *facts = facts_of(here, here_action);
	const struct gw_gone *own = facts_of(there, there_action);
	struct gw_action *old = &there->plan.actions[there_action];
	struct gw_op op = { .kind = GW_OP_DROP_ROW, .uid = old->uid };

	if (facts == NULL || own == NULL)
		return;
	if (!there->env->dry_run)
		gw_box_add(there, &op); /* that UID is gone; the file gets another one */
	carry(here, &here->plan.actions[here_action],
		flags_in_base(here, &here->plan.actions[here_action]), facts, there, old,
		&own->print);
}

void gw_box_was_moved(struct gw_box *gone, uint32_t gone_action)
{
	gone->plan.actions[gone_action].kind = GW_DO_FORGET;
}

void gw_box_has_copy(
	struct gw_box *gone, uint32_t gone_action, struct gw_box *other, uint32_t copy_action)
{
	struct gw_action *copy = &other->plan.actions[copy_action];

	if (copy->kind == GW_DO_PAIR && !is_copied(other, copy))
		return;
	copy->copied = true; /* should the rest be refused again */
	for (size_t i = 0; i < gone->gone_count; i++) {
		if (gone->gone_actions[i] == gone_action)
			gone->gone[i].has_copy = true;
	}
}

bool gw_box_leaves(const struct gw_box *box, uint32_t uid)
{
	for (size_t i = 0; i < box->gone_count; i++) {
		if (box->gone[i].uid == uid)
			return true;
	}
	return false;
}

bool gw_box_deletes(const struct gw_box *box, uint32_t uid)
{
	const struct gw_action *a = gw_plan_find(&box->plan, uid);

	return a != NULL && (a->kind == GW_DO_DELETE_REMOTE || a->kind == GW_DO_REPLACED ||
				    a->kind == GW_DO_DELETE_LOCAL || a->kind == GW_DO_FORGET);
}

/* --- ending ---------------------------------------------------------------------------------- */

void gw_box_yield(struct gw_box *box)
{
	if (box->state == BOX_PLANNED || box->state == BOX_CREATED)
		gw_box_release(box);
}

void gw_box_restart(struct gw_box *box)
{
	gw_box_finish(box, GW_BOX_AGAIN);
}
