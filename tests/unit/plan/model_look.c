/* SPDX-License-Identifier: ISC */
/* tests/unit/plan/model_look.c - what a run on the simulated sides sees, and plans: remote/observe.c, plan.c and the
 * second look (local/confirm.c).  See test_model.c.
 */
#include "model.h"

static int by_number(const void *a, const void *b)
{
	const struct message *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static int pair_order(const void *a, const void *b)
{
	const struct gw_pair *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

static void leave_out(struct world *w, struct list *answer)
{
	uint32_t one_in = 1 + pick(w, 5);

	for (size_t i = answer->n; i-- > 0;) {
		if (pick(w, one_in) == 0)
			drop(answer, i);
	}
}

static bool adds_up(const struct world *w, const struct list *answer, uint32_t exists, bool second)
{
	const struct gw_answer a = { .told = answer->n, .exists = exists };

	return w->mutant == (second ? ANY_SECOND : FIRST_LISTED) || gw_answer_is_complete(&a);
}

/* What the server says that there is.  EXISTS is true; what it lists then may not be all.  (As
 * remote/observe.c: the second question names UIDs; those that nobody told of are asked for.) */
static void listen(struct world *w, struct box *x)
{
	struct list all = x->there, second = all;

	x->exists = (uint32_t)all.n;
	if (!w->lies || w->truth || pick(w, 2))
		return;
	leave_out(w, &x->there);
	if (adds_up(w, &x->there, x->exists, false))
		return;
	if (pick(w, 2))
		leave_out(w, &second);
	x->unproved = !adds_up(w, &second, x->exists, true);
	for (size_t i = 0; i < second.n; i++) {
		struct message *m = &second.at[i];

		m->dim = find(&x->there, m->number) == NULL && find(&x->base, m->number) != NULL &&
			 pick(w, 2);
	}
	for (size_t i = 0; i < x->there.n && x->unproved; i++) {
		if (find(&second, x->there.at[i].number) == NULL)
			add(&second, x->there.at[i]);
	}
	x->there = second;
	for (size_t i = 0; i < all.n && x->unproved; i++) /* one half was seen alone */
		w->in_run[all.at[i].content] |= find(&x->there, all.at[i].number) == NULL;
}

static bool is_same(const struct message *m, const struct message *row)
{
	return row != NULL && (m->flags & GW_FLAGS_ALL) == (row->flags & GW_FLAGS_ALL);
}

/* Does this one go untold?  What was once passed over is. */
static bool is_passed_over(struct world *w, int b, const struct message *m, uint32_t one_in)
{
	bool lies = w->lies && !w->truth;

	return find(&w->missed[b], m->number) != NULL || (lies && pick(w, one_in) == 0);
}

/* Puts together what the changes that are told make of base.  omitted: what they do not tell. */
static void hear_changes(struct world *w, int b, struct box *x, struct list *omitted)
{
	uint32_t one_in = pick(w, 2) ? 1000 : 1 + pick(w, 6);
	struct list all = x->there, told = { 0 };

	for (size_t i = 0; i < all.n; i++) {
		struct message *m = &all.at[i], *row = find(&x->base, m->number);

		if (row != NULL && w->lies && !w->truth && pick(w, 4 * one_in) == 0) {
			gw_seqset_add(&x->vanished, m->number, m->number);
			add(omitted, *m);
		} else if (is_same(m, row) || !is_passed_over(w, b, m, one_in)) {
			add(&told, *m);
		} else {
			add(omitted, *m);
			if (row != NULL) {
				struct message old = *m;

				old.flags = row->flags;
				add(&told, old);
			}
		}
	}
	for (size_t i = 0; i < x->base.n; i++) {
		struct message *row = &x->base.at[i];

		if (find(&all, row->number) != NULL)
			continue;
		if (!is_passed_over(w, b, row, one_in)) {
			gw_seqset_add(&x->vanished, row->number, row->number);
			continue;
		}
		add(omitted, *row);
		add(&told, *row);
	}
	x->there = told;
}

/* They are believed, and not told again before all is listed. */
static void go_past(struct world *w, int b, struct box *x, const struct list *omitted)
{
	x->changes = true;
	for (size_t i = 0; i < omitted->n; i++) {
		const struct message *m = &omitted->at[i];

		w->in_run[m->content] = w->unheard[m->content] = true;
		if (find(&w->there[b], m->number) != NULL && gw_seqset_has(&x->vanished, m->number))
			w->slandered[m->content] = w->copied[w->msgid[m->content]] = true;
		if (find(&w->missed[b], m->number) == NULL)
			add(&w->missed[b], *m);
	}
}

static bool changes_add_up(const struct box *x)
{
	const struct gw_answer a = { .told = x->there.n, .exists = x->exists };

	return gw_answer_is_complete(&a);
}

/* As remote/observe.c: changes are believed if, with base, they are as many as EXISTS says; else all is listed.
 * Without cunning what is left out always shows in that. */
static void listen_for_changes(struct world *w, int b, struct box *x)
{
	struct list all = x->there, omitted = { 0 };

	x->exists = (uint32_t)all.n;
	hear_changes(w, b, x, &omitted);
	if (!w->cunning && omitted.n > 0 && changes_add_up(x)) {
		gw_seqset_deinit(&x->vanished);
		omitted.n = 0;
		x->there = all;
		w->truth = true;
		hear_changes(w, b, x, &omitted);
		w->truth = false;
	}
	w->fooled[b] = omitted.n > 0 && changes_add_up(x);
	if (changes_add_up(x) || w->mutant == CHANGES_BELIEVED) {
		go_past(w, b, x, &omitted);
		return;
	}
	w->missed[b].n = 0;
	for (size_t i = 0; i < all.n && w->mutant == VANISHED_FIRST; i++) {
		if (gw_seqset_has(&x->vanished, all.at[i].number))
			all.at[i].number = 0;
	}
	for (size_t i = all.n; i-- > 0;) {
		if (all.at[i].number == 0)
			drop(&all, i);
	}
	gw_seqset_deinit(&x->vanished);
	x->there = all;
	listen(w, x);
}

/* Looks at both sides.  A look may be blind to a file that is renamed meanwhile. */
void look(struct world *w, int b, struct box *x)
{
	*x = (struct box){ .here = w->here[b],
		.there = w->there[b],
		.base = w->base[b],
		.uidnext = w->uidnext[b] };
	if (w->noise > 0 && pick(w, 8) == 0 && x->here.n > 0) {
		uint32_t unseen = pick(w, (uint32_t)x->here.n);

		w->in_run[x->here.at[unseen].content] = true;
		drop(&x->here, unseen);
	}
	if (w->truth)
		w->missed[b].n = 0; /* everything is listed */
	if (w->deltas && !w->truth)
		listen_for_changes(w, b, x);
	else
		listen(w, x);
	w->named[b] = x->unproved;
	for (size_t i = 0; i < x->there.n; i++)
		w->named[b] |= x->there.at[i].dim;
	qsort(x->there.at, x->there.n, sizeof *x->there.at, by_number);
	qsort(x->base.at, x->base.n, sizeof *x->base.at, by_number);
}

static bool in_base(const struct box *x, uint32_t uid)
{
	for (size_t i = 0; i < x->base.n; i++) {
		if (x->base.at[i].number == uid)
			return true;
	}
	return false;
}

/* What was announced and not recorded: found among the new ones there, or given up. */
static bool settle_pending(struct world *w, int b, struct box *x)
{
	for (size_t i = w->pending_n[b]; i-- > 0;) {
		struct pending p = w->pending[b][i];
		struct message *file = find_name(&x->here, p.name), *found = NULL;

		for (size_t r = 0; r < x->there.n && found == NULL; r++) {
			struct message *m = &x->there.at[r];
			bool taken = in_base(x, m->number);

			for (size_t k = 0; k < x->pair_n; k++)
				taken |= x->pairs[k].uid == m->number;
			if (!taken && m->number >= p.uidnext && m->content == p.content)
				found = m;
		}
		if (find_name(&x->base, p.name) != NULL)
			found = NULL; /* recorded, but for this */
		else if (found != NULL && file != NULL)
			x->pairs[x->pair_n++] = (struct gw_pair){ .uid = found->number,
				.local = (uint32_t)(file - x->here.at) };
		else if (found != NULL) {
			struct message row = { found->number, p.name, p.content, p.flags, 0, false,
				false };

			if (!step(w))
				return false;
			add_row(&w->base[b], row);
			add(&x->base, row);
			qsort(x->base.at, x->base.n, sizeof *x->base.at, by_number);
		}
		/* Untold, it may have arrived. */
		if (found != NULL ? file == NULL : !x->unproved || w->mutant == UNTOLD_FORGOTTEN)
			w->pending[b][i] = w->pending[b][--w->pending_n[b]];
	}
	return true;
}

static bool is_announced(const struct world *w, int b, uint32_t name)
{
	bool announced = false;

	for (size_t i = 0; i < w->pending_n[b]; i++)
		announced |= w->pending[b][i].name == name;
	return announced && w->mutant != UNTOLD_FORGOTTEN;
}

static void pair_rest(struct box *x)
{
	struct gw_pair_remote remote[MAX];
	struct gw_pair_local local[MAX];
	struct gw_pair *pairs = NULL;
	size_t r = 0, l = 0, n = 0, cap = 0;

	for (size_t i = 0; i < x->there.n; i++) {
		bool known = in_base(x, x->there.at[i].number);

		for (size_t k = 0; k < x->pair_n; k++)
			known |= x->pairs[k].uid == x->there.at[i].number;
		if (known)
			continue;
		remote[r] = (struct gw_pair_remote){
			.uid = x->there.at[i].number, .size = 1, .flags = x->there.at[i].flags
		};
		take_print(remote[r++].header, x->there.at[i].content);
	}
	for (size_t i = 0; i < x->here.n; i++) {
		bool known = x->local[i].uid != 0;

		for (size_t k = 0; k < x->pair_n; k++)
			known |= x->pairs[k].local == i;
		if (known)
			continue;
		local[l] = (struct gw_pair_local){
			.index = (uint32_t)i, .size = 1, .flags = x->here.at[i].flags
		};
		take_print(local[l++].header, x->here.at[i].content);
	}
	gw_pair_messages(remote, r, local, l, true, &pairs, &n, &cap);
	for (size_t i = 0; i < n; i++)
		x->pairs[x->pair_n++] = pairs[i];
	free(pairs);
	if (x->pair_n > 0)
		qsort(x->pairs, x->pair_n, sizeof *x->pairs, pair_order);
}

/* Are there messages that nobody knows, and that were not told of? */
static bool hides(const struct box *x)
{
	const struct gw_seqset none = { 0 };

	return x->unproved &&
	       x->exists > gw_evidence_expected(x->rows, x->base.n, x->remote, x->there.n, &none);
}

bool plan_box(struct world *w, int b, struct box *x)
{
	struct gw_plan_input in = { .base = x->rows,
		.remote = x->remote,
		.local = x->local,
		.pairs = x->pairs,
		.local_trusted = true,
		.lettered = LETTERED,
		.storable = GW_FLAGS_ALL };
	size_t told = 0;

	if (!settle_pending(w, b, x))
		return false;
	for (size_t i = 0; i < x->here.n; i++) {
		uint32_t ours = x->here.at[i].ours;

		x->local[i] = (struct gw_local_msg){ .flags = x->here.at[i].flags,
			.candidate = true,
			.refused = is_refused(w, b, x->here.at[i].name),
			.announced = is_announced(w, b, x->here.at[i].name),
			.ours = ours != 0,
			.stray = w->mutant != STRAYS_STAY && ours != 0 && w->cursor[b] != 0 &&
				 ours >= w->cursor[b] && ours < x->uidnext &&
				 find(&x->there, ours) == NULL };
	}
	for (size_t i = 0; i < x->base.n; i++) {
		struct message *row = &x->base.at[i], *file = find_name(&x->here, row->name);

		x->rows[i] = (struct gw_base_msg){ .uid = row->number,
			.flags = row->flags & GW_FLAGS_ALL,
			.kind = row->aside ? GW_BASE_UNFETCHABLE : GW_BASE_FILE,
			.local = file == NULL ? GW_NO_LOCAL : (uint32_t)(file - x->here.at) };
		if (file != NULL)
			x->local[file - x->here.at].uid = row->number;
	}
	for (size_t i = 0; i < x->there.n; i++) {
		const struct message *m = &x->there.at[i];

		if (x->changes && is_same(m, find(&x->base, m->number)))
			continue; /* of which nothing is told */
		x->remote[told++] = (struct gw_remote_msg){
			.uid = m->number, .size = 1, .dim = m->dim, .flags = m->flags & GW_FLAGS_ALL
		};
	}
	pair_rest(x);
	in.remote_full = !x->changes;
	in.vanished = &x->vanished;
	in.unproved = x->unproved;
	in.retry_unfetchable = w->killer.retry;
	in.hides = w->mutant != UNTOLD_SENT && hides(x);
	in.base_count = x->base.n;
	in.remote_count = told;
	in.local_count = x->here.n;
	in.pair_count = x->pair_n;
	assert_int_equal(gw_plan_mailbox(&in, &x->plan), GW_OK);
	for (size_t i = 0; i < x->plan.count && w->mutant == DELETE_BEATS_CHANGE; i++) {
		if (x->plan.actions[i].kind == GW_DO_KEEP)
			x->plan.actions[i].kind = GW_DO_DELETE_LOCAL;
		if (x->plan.actions[i].kind == GW_DO_RETURN)
			x->plan.actions[i].kind = GW_DO_DELETE_REMOTE;
	}
	return true;
}

/* The second look.  true: something came meanwhile, so all is looked at once more. */
bool changed_meanwhile(struct world *w, struct box *x)
{
	bool here = false, there = false, again = false;

	for (int b = 0; b < BOXES; b++) {
		for (size_t i = 0; i < x[b].plan.count; i++) {
			struct gw_action *a = &x[b].plan.actions[i];
			struct message *row = find(&x[b].base, a->uid);

			there |= gone_there(a) || a->kind == GW_DO_FORGET;
			if (!gone_here(a) && a->kind != GW_DO_FORGET)
				continue;
			if (w->mutant != ONE_LOOK && find_name(&w->here[b], row->name) != NULL)
				a->kind = GW_DO_NOTHING; /* it is there after all */
			else
				here = true;
		}
	}
	if (w->mutant == ONE_LOOK)
		return false;
	for (int b = 0; b < BOXES; b++) {
		for (size_t i = 0; i < w->here[b].n && (here || there); i++)
			again |= find_name(&x[b].here, w->here[b].at[i].name) == NULL;
		for (size_t i = 0; i < x[b].here.n && (here || there); i++)
			again |= find_name(&w->here[b], x[b].here.at[i].name) == NULL;
		again |= there && w->uidnext[b] != x[b].uidnext;
	}
	return again;
}
