/* tests/unit/plan/model_run.c - what box*.c and batch.c do, in their order, on simulated sides;
 * each outside effect is a step of its own, before which it may crash.  See test_model.c.
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

/* --- looking --------------------------------------------------------------------------------- */

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
static void look(struct world *w, int b, struct box *x)
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

static bool plan_box(struct world *w, int b, struct box *x)
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
static bool changed_meanwhile(struct world *w, struct box *x)
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

/* --- carrying out ---------------------------------------------------------------------------- */

static bool deliver_here(struct world *w, int b, struct box *x, const struct gw_action *a)
{
	struct message *m = find((struct list *)(uintptr_t)&x->there, a->uid);
	/* A function of mailbox and UID, unless the look showed another message under it. */
	uint32_t name = 100000 * (uint32_t)(b + 1) + a->uid;
	bool taken = find_name((struct list *)(uintptr_t)&x->here, name) != NULL;
	struct message file = { a->uid, taken ? w->next_name++ : name, m->content, a->flags, a->uid,
		false, false };
	bool unrecorded;

	if (find(&w->there[b], a->uid) == NULL)
		return true; /* it is gone before it was fetched */
	if (!step(w))
		return false;
	if (find_name(&w->here[b], file.name) != NULL && w->mutant != NAMES_BY_CHANCE)
		return true; /* an interrupted run left it */
	if (w->mutant == NAMES_BY_CHANCE)
		file.name = w->next_name++;
	forget(&w->base[b], find(&w->base[b], a->uid));
	if (w->mutant == ROW_BEFORE_FILE) {
		add_row(&w->base[b], file);
		if (!step(w))
			return false;
		add(&w->here[b], file);
		return true;
	}
	add(&w->here[b], file);
	unrecorded = w->unrecorded[file.content];
	w->unrecorded[file.content] = true;
	if (!step(w))
		return false;
	w->unrecorded[file.content] = unrecorded;
	add_row(&w->base[b], file);
	return true;
}

static bool take_here(
	struct world *w, int b, const struct gw_action *a, struct box *x, const struct joined *j)
{
	const struct move *m = &j->down[b][a->local];
	const struct message *seen = &x[m->from].here.at[m->local];
	struct message *file, *row;
	struct message moved;
	bool half_taken;

	if (!step(w))
		return false;
	file = find_name(&w->here[m->from], seen->name);
	if (file == NULL || file->flags != seen->flags)
		return true; /* somebody was faster */
	row = find(&x[m->row_of].base, m->uid);
	moved = *file;
	moved.flags =
		(file->flags & ~(row->flags ^ a->flags)) | (a->flags & (row->flags ^ a->flags));
	if (find_name(&x[b].here, moved.name) != NULL) /* another message has the name here */
		moved.name = w->next_name++;
	if (find_name(&w->here[b], moved.name) != NULL)
		return true; /* it came there meanwhile */
	moved.ours = file->ours != 0 ? a->uid : 0;
	forget(&w->here[m->from], file);
	add(&w->here[b], moved);
	half_taken = w->half_taken[moved.content];
	w->half_taken[moved.content] = true;
	if (!step(w))
		return false;
	w->half_taken[moved.content] = half_taken;
	forget(&w->base[m->row_of], find(&w->base[m->row_of], m->uid));
	moved.number = a->uid;
	moved.flags = a->flags;
	add_row(&w->base[b], moved);
	return true;
}

static bool announce(struct world *w, int b, const struct box *x, uint32_t local, uint64_t flags)
{
	const struct message *file = &x->here.at[local];

	if (!step(w))
		return false;
	if (w->mutant != NOT_ANNOUNCED && w->pending_n[b] < MAX)
		w->pending[b][w->pending_n[b]++] =
			(struct pending){ file->name, x->uidnext, file->content, flags };
	return true;
}

/* The server's answer is recorded; what was announced is not pending any more. */
static void record(struct world *w, int b, uint32_t uid, const struct message *file, uint64_t flags)
{
	add_row(&w->base[b],
		(struct message){ uid, file->name, file->content, flags, 0, false, false });
	for (size_t i = w->pending_n[b]; i-- > 0;) {
		if (w->pending[b][i].name == file->name)
			w->pending[b][i] = w->pending[b][--w->pending_n[b]];
	}
}

static bool carry_there(struct world *w, int b, struct box *x, const struct move *m)
{
	const struct message *file = &x[b].here.at[m->local], *row = find(&x[m->from].base, m->uid);
	struct message *old, *now;
	uint32_t uid;
	uint64_t flags, changed = row->flags ^ m->flags;

	if (!announce(w, b, &x[b], m->local, row->flags) || !step(w))
		return false;
	old = find(&w->there[m->from], m->uid);
	if (old == NULL) { /* the server says OK all the same, and names no UID */
		if (!step(w))
			return false;
		forget(&w->base[m->from], find(&w->base[m->from], m->uid));
		return true;
	}
	flags = old->flags;
	uid = w->uidnext[b]++;
	deliver(&w->there[b], uid, old->content, flags);
	forget(&w->there[m->from], old);
	if (!step(w))
		return false;
	now = find_name(&w->here[b], file->name);
	if (now == NULL || now->flags != file->flags)
		return true; /* renamed meanwhile: found again as what is pending */
	now->flags = (now->flags & ~changed) | (m->flags & changed);
	record(w, b, uid, file, m->flags);
	forget(&w->base[m->from], find(&w->base[m->from], m->uid));
	return true;
}

static bool upload(struct world *w, int b, struct box *x, const struct gw_action *a)
{
	const struct message *file = &x->here.at[a->local];
	struct message *now;
	bool half_sent;
	uint32_t uid;

	if (!announce(w, b, x, a->local, a->flags) || !step(w))
		return false;
	if (find_name(&w->here[b], file->name) == NULL)
		return true; /* it is gone before it was sent; the next look drops what is pending
			      */
	uid = w->uidnext[b]++;
	deliver(&w->there[b], uid, file->content, a->flags);
	x->stored[a->local] = true;
	half_sent = w->half_sent[file->content];
	w->half_sent[file->content] = true;
	if (!step(w)) { /* an edit's flags are found again, but not on a file that is moved */
		w->copied[w->msgid[file->content]] |= (a->flags & ~file->flags) != 0;
		return false;
	}
	w->half_sent[file->content] = half_sent;
	now = find_name(&w->here[b], file->name);
	if (w->mutant != FLAGS_OF_EDITED && (a->flags & ~file->flags) != 0) {
		if (now == NULL || now->flags != file->flags) {
			/* Renamed meanwhile: found again as what is pending. */
			w->copied[w->msgid[file->content]] = true;
			return true;
		}
		now->flags |= a->flags;
	}
	record(w, b, uid, file, a->flags);
	return true;
}

static bool set_flags_here(struct world *w, int b, struct box *x, const struct gw_action *a)
{
	const struct message *seen = &x->here.at[a->local];
	struct message *file, *row;

	if (!step(w))
		return false;
	file = find_name(&w->here[b], seen->name);
	if (file == NULL || file->flags != seen->flags)
		return true;
	file->flags = a->flags;
	if (!step(w)) { /* set back there before it is recorded, it seems to be wished here */
		w->copied[w->msgid[seen->content]] = true;
		return false;
	}
	row = find(&w->base[b], a->uid);
	if (row != NULL)
		row->flags = a->base_flags;
	return true;
}

static bool set_flags_there(struct world *w, int b, const struct gw_action *a)
{
	uint64_t set = a->flags & ~a->base_flags, clear = a->base_flags & ~a->flags;
	struct message *m, *row;

	if (!step(w))
		return false;
	m = find(&w->there[b], a->uid);
	if (m != NULL)
		m->flags = (m->flags | set) & ~clear;
	if (!step(w))
		return false;
	row = find(&w->base[b], a->uid);
	if (row != NULL)
		row->flags = (row->flags | set) & ~clear;
	return true;
}

static bool create(struct world *w, int b, struct box *x, const struct joined *j)
{
	bool ok = true;

	for (size_t i = 0; i < x[b].plan.count && ok; i++) {
		const struct gw_action *a = &x[b].plan.actions[i];
		struct message *row = find(&w->base[b], a->uid);

		switch ((enum gw_action_kind)a->kind) {
		case GW_DO_TAKE:
			ok = take_here(w, b, a, x, j);
			break;
		case GW_DO_PAIR: {
			struct message file = x[b].here.at[a->local], *now;

			ok = step(w);
			now = find_name(&w->here[b], file.name);
			if (!ok || now == NULL || now->flags != file.flags)
				break;
			now->flags = a->flags;
			record(w, b, a->uid, now, a->base_flags);
			break;
		}
		case GW_DO_RELINK:
			ok = step(w);
			if (ok && row != NULL)
				row->name = x[b].here.at[a->local].name;
			break;
		case GW_DO_LOCAL_FLAGS:
			ok = set_flags_here(w, b, &x[b], a);
			break;
		case GW_DO_BASE_FLAGS:
			ok = step(w);
			if (ok && row != NULL)
				row->flags = a->base_flags;
			break;
		case GW_DO_KEEP:
		case GW_DO_FORGET:
			ok = step(w);
			if (ok)
				forget(&w->base[b], find(&w->base[b], a->uid));
			break;
		case GW_DO_DOWNLOAD:
		case GW_DO_REMOTE_FLAGS:
		case GW_DO_HOLD_FLAGS:
		case GW_DO_SETTLE_FLAGS:
		case GW_DO_DELETE_LOCAL:
		case GW_DO_HOLD_DELETE:
		case GW_DO_DELETE_REMOTE:
		case GW_DO_HOLD_REMOTE:
		case GW_DO_UNHOLD:
		case GW_DO_LEAVE:
		case GW_DO_RETURN:
		case GW_DO_UNKEPT:
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
		case GW_DO_REPLACED:
			break;
		}
	}
	ok = ok && fetch_all(w, b, &x[b], false, deliver_here);
	for (size_t i = 0; i < j->up_n[b] && ok; i++)
		ok = carry_there(w, b, x, &j->up[b][i]);
	ok = ok && send_all(w, b, &x[b], false, upload);
	for (size_t i = 0; i < x[b].plan.count && ok; i++) {
		if (x[b].plan.actions[i].kind == GW_DO_REMOTE_FLAGS)
			ok = set_flags_there(w, b, &x[b].plan.actions[i]);
	}
	return ok;
}

static bool remove_there(struct world *w, int b, const struct gw_action *a)
{
	struct message *m;

	if (!step(w))
		return false;
	if (w->mutant == FORGETFUL || w->mutant == ROW_BEFORE_SERVER) {
		forget(&w->base[b], find(&w->base[b], a->uid));
		if (!step(w))
			return false;
	}
	m = find(&w->there[b], a->uid);
	if (m != NULL && ((m->flags ^ a->flags) & ~(uint64_t)S) != 0)
		return true; /* UNCHANGEDSINCE: changed meanwhile, so it waits */
	forget(&w->there[b], m);
	if (!step(w))
		return false;
	forget(&w->base[b], find(&w->base[b], a->uid));
	return true;
}

static bool delete_all(struct world *w, int b, struct box *x)
{
	bool ok = true;

	for (size_t i = 0; i < x->plan.count && ok; i++) {
		const struct gw_action *a = &x->plan.actions[i];
		const struct message *seen;
		struct message *file;

		if (a->kind == GW_DO_DELETE_REMOTE ||
			(a->kind == GW_DO_REPLACED && x->stored[a->local]))
			ok = remove_there(w, b, a);
		if ((a->kind != GW_DO_DELETE_LOCAL && a->kind != GW_DO_STRAY) || !ok)
			continue;
		if (!(ok = step(w)))
			break;
		seen = &x->here.at[a->local];
		file = find_name(&w->here[b], seen->name);
		if (file == NULL || file->flags != seen->flags)
			continue;
		w->in_attic[file->content] |=
			w->slandered[file->content] || w->unheard[file->content];
		forget(&w->here[b], file);
		if (!(ok = step(w)))
			break;
		forget(&w->base[b], find(&w->base[b], a->uid));
	}
	return ok;
}

static bool carry_out(struct world *w, struct box *x)
{
	static struct joined j;
	int first = (int)pick(w, BOXES);
	bool ok = true;

	memset(&j, 0, sizeof j);
	ok = join_all(w, x, &j);
	for (int i = 0; i < BOXES && ok; i++)
		ok = create(w, (first + i) % BOXES, x, &j);
	for (int b = 0; b < BOXES && ok; b++) /* suspects come last */
		ok = fetch_all(w, b, &x[b], true, deliver_here) &&
		     send_all(w, b, &x[b], true, upload);
	for (int i = 0; i < BOXES && ok; i++)
		ok = delete_all(w, (first + i) % BOXES, &x[(first + i) % BOXES]);
	return ok;
}

static void spare(struct box *x)
{
	for (int b = 0; b < BOXES; b++) {
		for (size_t i = 0; i < x[b].plan.count; i++) {
			struct gw_action *a = &x[b].plan.actions[i];

			if (gone_here(a) || gone_there(a) || a->kind == GW_DO_FORGET)
				a->kind = GW_DO_NOTHING;
		}
	}
}

static void forget_changes(struct world *w)
{
	memset(w->changed_here, 0, sizeof w->changed_here);
	memset(w->changed_there, 0, sizeof w->changed_there);
	memset(w->gone_here, 0, sizeof w->gone_here);
	memset(w->gone_there, 0, sizeof w->gone_there);
}

/* One connection of a run. */
static int connection(struct world *w)
{
	static struct box x[BOXES];
	int actions = 0;
	bool ok = true, again = true;

	w->killer.broke = false;
	w->killer.quiet = true;
	for (int pass = 0; pass < PASSES && again && ok; pass++) {
		for (int b = 0; b < BOXES && ok; b++) {
			look(w, b, &x[b]);
			ok = step(w) && plan_box(w, b, &x[b]);
		}
		again = ok && changed_meanwhile(w, x);
		if (again && pass + 1 == PASSES) { /* still restless: nothing is taken for gone */
			put_off_both(w, x);
			spare(x);
			again = false;
		}
		for (int b = 0; b < BOXES && ok && !again; b++)
			actions += (int)x[b].plan.count;
		if (ok && !again)
			ok = carry_out(w, x);
		for (int b = 0; b < BOXES; b++) {
			gw_plan_deinit(&x[b].plan);
			gw_seqset_deinit(&x[b].vanished);
		}
	}
	return ok ? actions : -1;
}

int run(struct world *w)
{
	enum { CONNECTIONS = 8 };
	int actions = -1;

	forget_changes(w);
	begin_trial(w);
	for (int i = 0; i < CONNECTIONS && (i == 0 || w->killer.broke); i++)
		actions = connection(w);
	if (actions >= 0)
		acquit(w);
	forget_changes(w); /* those during the run may have been carried over, or not */
	return actions;
}
