/* SPDX-License-Identifier: ISC */
/* tests/unit/plan/model_join.c - what plan/join.c and mailbox/joins.c do, on the simulated sides: halves of
 * moves and edits are joined before anything is carried out.  See test_model.c.
 */
#include "model.h"

static struct gw_half half(const struct world *w, int b, size_t action, int content, uint32_t name)
{
	struct gw_half h = {
		.box = (uint32_t)b, .action = (uint32_t)action, .size = 1, .name = name
	};

	take_print(h.header, content);
	take_print(h.body, content);
	take_print(h.msgid, w->msgid[content] + 1);
	return h;
}

static struct gw_half gone_half(const struct world *w, int b, size_t i, const struct gw_action *a,
	const struct message *row)
{
	struct gw_half h = half(w, b, i, row->content, row->name);

	h.untold = a->untold;
	return h;
}

/* Gone there, and under that name in another mailbox: it was moved while we looked. */
static void spare_moved(struct box *x)
{
	for (int b = 0; b < BOXES; b++) {
		for (size_t i = 0; i < x[b].plan.count; i++) {
			struct gw_action *a = &x[b].plan.actions[i];
			uint32_t name = find(&x[b].base, a->uid) == NULL
						? 0
						: find(&x[b].base, a->uid)->name;

			for (int o = 0; o < BOXES && gone_there(a); o++) {
				struct message *m = o == b ? NULL : find_name(&x[o].here, name);

				if (m != NULL && x[o].local[m - x[o].here.at].uid == 0)
					a->kind = GW_DO_FORGET;
			}
		}
	}
}

/* Gone here in one mailbox, gone there in another, under one name: it was moved back. */
static void join_crossed(struct world *w, struct box *x, struct joined *j)
{
	struct gw_half here[BOXES * MAX], there[BOXES * MAX];
	struct gw_match out[BOXES * MAX];
	size_t here_n = 0, there_n = 0, n;

	for (int b = 0; b < BOXES; b++) {
		for (size_t i = 0; i < x[b].plan.count; i++) {
			const struct gw_action *a = &x[b].plan.actions[i];
			struct message *row = find(&x[b].base, a->uid);
			struct gw_half h;

			if (!gone_here(a) && !gone_there(a))
				continue;
			h = half(w, b, i, row->content, row->name);
			if (gone_here(a))
				here[here_n++] = h;
			else
				there[there_n++] = h;
		}
	}
	n = gw_match_crossed(here, here_n, there, there_n, out);
	for (size_t i = 0; i < n; i++) {
		int from = (int)here[out[i].gone].box, to = (int)there[out[i].fresh].box;
		struct gw_action *old = &x[from].plan.actions[here[out[i].gone].action];
		struct gw_action *file = &x[to].plan.actions[there[out[i].fresh].action];

		j->up[to][j->up_n[to]++] = (struct move){ from, from, old->uid, file->local,
			old->flags, find(&x[from].base, old->uid)->content };
		old->kind = GW_DO_NOTHING;
		file->kind = GW_DO_FORGET;
	}
}

/* Halves of one kind: gone and new, here or there. */
struct halves {
	struct gw_half gone[BOXES * MAX], fresh[BOXES * MAX];
	struct gw_match out[BOXES * MAX];
	size_t gone_n, fresh_n;
};

static void collect_both(struct world *w, struct box *x, struct halves *h)
{
	h->gone_n = 0;
	for (int b = 0; b < BOXES; b++) {
		for (size_t i = 0; i < x[b].plan.count; i++) {
			const struct gw_action *a = &x[b].plan.actions[i];
			struct message *row = find(&x[b].base, a->uid);

			if (a->kind == GW_DO_FORGET && !row->aside)
				h->gone[h->gone_n++] = half(w, b, i, row->content, row->name);
		}
	}
}

static void collect(struct world *w, struct box *x, bool there, struct halves *h)
{
	h->gone_n = h->fresh_n = 0;
	for (int b = 0; b < BOXES; b++) {
		for (size_t i = 0; i < x[b].plan.count; i++) {
			const struct gw_action *a = &x[b].plan.actions[i];
			struct message *row = find(&x[b].base, a->uid);

			if (there ? gone_there(a) : gone_here(a))
				h->gone[h->gone_n++] = gone_half(w, b, i, a, row);
			else if (!there && a->kind == GW_DO_UPLOAD)
				h->fresh[h->fresh_n++] =
					half(w, b, i, x[b].here.at[a->local].content,
						x[b].here.at[a->local].name);
			else if (there && a->kind == GW_DO_DOWNLOAD && row == NULL)
				h->fresh[h->fresh_n++] =
					half(w, b, i, find(&x[b].there, a->uid)->content, 0);
		}
		for (size_t i = 0; i < x[b].here.n && !there; i++) {
			struct gw_half r =
				half(w, b, i, x[b].here.at[i].content, x[b].here.at[i].name);

			r.refused = true;
			if (x[b].local[i].refused && x[b].local[i].uid == 0)
				h->fresh[h->fresh_n++] = r;
		}
	}
}

static void join_here(struct world *w, struct box *x, struct joined *j, bool by_name)
{
	static struct halves h;
	size_t n;

	collect(w, x, false, &h);
	n = (by_name ? gw_match_named : gw_match_here)(h.gone, h.gone_n, h.fresh, h.fresh_n, h.out);
	for (size_t i = 0; i < n; i++) {
		int from = (int)h.gone[h.out[i].gone].box, to = (int)h.fresh[h.out[i].fresh].box;
		struct gw_action *old = &x[from].plan.actions[h.gone[h.out[i].gone].action], *new;
		struct message *row = find(&x[from].base, old->uid);

		if (h.out[i].kind == GW_MATCH_BLOCKED) { /* it stays there as it was */
			old->kind = GW_DO_NOTHING;
			continue;
		}
		new = &x[to].plan.actions[h.fresh[h.out[i].fresh].action];
		if (h.out[i].kind == GW_MATCH_WAITS && w->mutant != UNTOLD_RENAMED) {
			old->kind = new->kind = GW_DO_NOTHING;
		} else if (h.out[i].kind == GW_MATCH_SAME || h.out[i].kind == GW_MATCH_WAITS) {
			old->base_flags = old->flags;
			old->kind = GW_DO_RELINK;
			old->local = new->local;
			new->kind = GW_DO_NOTHING;
		} else {
			j->up[to][j->up_n[to]++] = (struct move){ from, from, old->uid, new->local,
				old->flags, row->content };
			old->kind = new->kind = GW_DO_NOTHING;
		}
	}
}

static void join_there(struct world *w, struct box *x, struct joined *j)
{
	static struct halves h;
	size_t n;

	collect(w, x, true, &h);
	n = gw_match_there(h.gone, h.gone_n, h.fresh, h.fresh_n, h.out);
	for (size_t i = 0; i < n; i++) {
		int from = (int)h.gone[h.out[i].gone].box, to = (int)h.fresh[h.out[i].fresh].box;
		struct gw_action *old = &x[from].plan.actions[h.gone[h.out[i].gone].action];
		struct gw_action *new = &x[to].plan.actions[h.fresh[h.out[i].fresh].action];

		j->down[to][j->down_n[to]++] =
			(struct move){ from, from, old->uid, old->local, 0, 0 };
		new->local = (uint32_t)j->down_n[to] - 1;
		new->kind = GW_DO_TAKE;
		old->kind = GW_DO_NOTHING;
	}
}

/* Moved on both sides, to two places.  restless: nothing is taken for gone, so both wait.  false:
 * it crashed. */
static bool join_both(struct world *w, struct box *x, struct joined *j, bool restless)
{
	static struct halves both, here, there;
	size_t n;

	collect_both(w, x, &both);
	collect(w, x, false, &here);
	collect(w, x, true, &there);
	n = gw_match_both(both.gone, both.gone_n, here.fresh, here.fresh_n, there.fresh,
		there.fresh_n, both.out);
	for (size_t i = 0; i < n; i++) {
		const struct gw_half *g = &both.gone[both.out[i].gone];
		const struct gw_half *h = &here.fresh[both.out[i].fresh];
		const struct gw_half *t = &there.fresh[both.out[i].there];
		struct gw_action *old = &x[g->box].plan.actions[g->action];
		struct gw_action *file = &x[h->box].plan.actions[h->action];
		struct gw_action *new = &x[t->box].plan.actions[t->action];
		struct message row = *find(&x[g->box].base, old->uid);

		if (h->refused)
			continue;
		if (restless) {
			file->kind = new->kind = GW_DO_NOTHING;
			continue;
		}
		if (h->box == g->box) { /* only renamed here */
			j->down[t->box][j->down_n[t->box]++] = (struct move){ (int)h->box,
				(int)g->box, old->uid, file->local, 0, 0 };
			new->local = (uint32_t)j->down_n[t->box] - 1;
			new->kind = GW_DO_TAKE;
		} else {
			if (!step(w))
				return false;
			forget(&w->base[g->box], find(&w->base[g->box], old->uid));
			row.number = new->uid;
			row.name = 100000 * (t->box + 1) + new->uid;
			add_row(&w->base[t->box], row);
			add(&x[t->box].base, row);
			j->up[h->box][j->up_n[h->box]++] = (struct move){ (int)t->box, (int)t->box,
				new->uid, file->local, new->flags, row.content };
			new->kind = GW_DO_NOTHING;
		}
		old->kind = file->kind = GW_DO_NOTHING;
	}
	return true;
}

/* The new one gets the flags that the old one has there. */
static void join_edits(struct world *w, struct box *x)
{
	static struct halves h;
	size_t n;

	collect(w, x, false, &h);
	n = gw_match_edits(h.gone, h.gone_n, h.fresh, h.fresh_n, false, h.out);
	for (size_t i = 0; i < n; i++) {
		struct box *at = &x[h.gone[h.out[i].gone].box];
		struct gw_action *old = &at->plan.actions[h.gone[h.out[i].gone].action];
		struct gw_action *new = &at->plan.actions[h.fresh[h.out[i].fresh].action];

		if (h.out[i].kind == GW_MATCH_BLOCKED) {
			old->kind = GW_DO_NOTHING;
			continue;
		}
		new->flags |= old->flags;
		old->kind = GW_DO_REPLACED;
		old->local = new->local;
	}
}

typedef size_t match_fn(
	const struct gw_half *, size_t, const struct gw_half *, size_t, struct gw_match *);

/* What is new may be one of these, moved.  Those that were found come first then. */
static size_t put_off_fresh(
	struct box *x, struct gw_half *gone, size_t count, struct halves *h, match_fn *match)
{
	struct gw_half found[BOXES * MAX];
	size_t n = match(gone, count, h->fresh, h->fresh_n, h->out), all = n;

	for (size_t i = 0; i < n; i++) {
		const struct gw_half *fresh = &h->fresh[h->out[i].fresh];

		if (!fresh->refused)
			x[fresh->box].plan.actions[fresh->action].kind = GW_DO_NOTHING;
		found[i] = gone[h->out[i].gone];
		gone[h->out[i].gone].unknown = true;
	}
	for (size_t i = 0; i < count; i++) {
		if (!gone[i].unknown)
			found[all++] = gone[i];
	}
	memcpy(gone, found, all * sizeof *gone);
	return n;
}

/* What was moved here, and is not told of there, may have been moved there, too. */
static void put_off_untold(struct world *w, struct box *x, bool restless)
{
	static struct halves here, there;
	size_t untold = 0, torn;

	collect(w, x, false, &here);
	collect(w, x, true, &there);
	for (size_t i = 0; i < here.gone_n; i++) {
		if (here.gone[i].untold)
			here.gone[untold++] = here.gone[i];
	}
	torn = put_off_fresh(x, here.gone, untold, &there, gw_match_there);
	for (size_t i = 0; i < torn; i++)
		x[here.gone[i].box].plan.actions[here.gone[i].action].kind = GW_DO_NOTHING;
	put_off_fresh(x, here.gone, restless ? untold : torn, &here, gw_match_here);
}

/* Likewise if its half here waits where the listing does not add up. */
static void put_off_halves(struct world *w, struct box *x, const struct gw_doubt *doubt)
{
	static struct halves both, there;
	size_t doubtful = 0;

	collect_both(w, x, &both);
	collect(w, x, true, &there);
	for (size_t i = 0; i < both.gone_n; i++) {
		if (gw_doubt_covers(doubt, both.gone[i].name, true))
			both.gone[doubtful++] = both.gone[i];
	}
	put_off_fresh(x, both.gone, doubtful, &there, gw_match_there);
}

/* What is gone may have come to where the listing does not add up. */
static void spare_doubtful(struct world *w, struct box *x, const struct box *source, bool restless)
{
	uint64_t files[MAX], announced[MAX];
	struct gw_doubt doubt = { .files = files, .announced = announced };
	int from = (int)(source - x);

	for (size_t i = 0; i < source->here.n && w->mutant != FILES_DOUBTED; i++)
		files[doubt.file_count++] = source->here.at[i].name;
	for (size_t i = 0; i < w->pending_n[from] && w->mutant != MOVES_DOUBTED; i++)
		announced[doubt.announced_count++] = w->pending[from][i].name;
	gw_doubt_sort(&doubt);
	if (w->mutant != HALF_DOUBTED)
		put_off_halves(w, x, &doubt);
	for (int b = 0; b < BOXES && !restless; b++) {
		for (size_t i = 0; i < x[b].plan.count; i++) {
			struct gw_action *a = &x[b].plan.actions[i];
			const struct message *row = find(&x[b].base, a->uid);

			if ((gone_here(a) || gone_there(a) || a->kind == GW_DO_FORGET) &&
				gw_doubt_covers(&doubt, row->name, !gone_there(a)))
				a->kind = GW_DO_NOTHING;
		}
	}
}

bool join_all(struct world *w, struct box *x, struct joined *j)
{
	bool ok = true;

	if (w->mutant != UNTOLD_MOVED)
		put_off_untold(w, x, false);
	join_here(w, x, j, true);
	if (w->mutant != CROSSED_ARE_GONE)
		join_crossed(w, x, j);
	join_here(w, x, j, false);
	join_there(w, x, j);
	if (w->mutant != MOVED_TWICE)
		ok = join_both(w, x, j, false);
	spare_moved(x);
	join_edits(w, x);
	for (int b = 0; b < BOXES; b++) {
		if (x[b].unproved)
			spare_doubtful(w, x, &x[b], false);
	}
	return ok;
}

void put_off_both(struct world *w, struct box *x)
{
	if (w->mutant != UNTOLD_MOVED)
		put_off_untold(w, x, true);
	if (w->mutant != MOVED_TWICE)
		join_both(w, x, NULL, true);
	for (int b = 0; b < BOXES; b++) {
		if (x[b].unproved)
			spare_doubtful(w, x, &x[b], true);
	}
}
