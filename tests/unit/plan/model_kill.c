/* SPDX-License-Identifier: ISC */
/* tests/unit/plan/model_kill.c - one message that breaks every connection on which it is fetched or
 * sent, and how it is isolated: what remote/fetch_bodies.c, mailbox/isolate.c and upload.c do with
 * plan/isolate.h.  See test_model.c.
 */
#include "model.h"

/* One connection more broke; whoever asked is asked what for. */
static bool breaks(struct world *w, int b)
{
	struct killer *k = &w->killer;

	if (k->now[b]++ == 0)
		k->passed_then[b] = k->passed;
	k->broke = true;
	return false;
}

static bool is_culprit(const struct world *w, int b, unsigned heat, unsigned alone)
{
	const struct killer *k = &w->killer;
	const struct gw_charge charge = { .breaks = heat,
		.alone = alone,
		.size = 1,
		.now = k->now[b],
		.peers = k->now[b] > 0 ? k->passed - k->passed_then[b] : 0 };

	if (w->mutant == NEVER_ASIDE || heat == 0)
		return false;
	return w->mutant == ACCUSED_ASIDE || gw_isolate_is_culprit(&charge);
}

/* --- fetching -------------------------------------------------------------------------------- */

static void accuse(struct world *w, int b, uint32_t lo, uint32_t hi)
{
	struct killer *k = &w->killer;
	size_t i = 0;

	while (i < k->break_n[b] && (k->breaks[b][i].lo != lo || k->breaks[b][i].hi != hi))
		i++;
	if (i == MAX)
		return;
	if (i == k->break_n[b])
		k->breaks[b][k->break_n[b]++] = (struct gw_break){ .lo = lo, .hi = hi };
	k->breaks[b][i].times++;
	k->breaks[b][i].alone += k->quiet;
}

static unsigned heat_of(const struct world *w, int b, uint32_t uid, unsigned *alone)
{
	return gw_isolate_heat(w->killer.breaks[b], w->killer.break_n[b], uid, alone);
}

/* What is asked for in one command, in the order of UIDs. */
static bool fetch_part(struct world *w, int b, struct box *x, const struct gw_action *const *part,
	size_t n, ask_fn *fetch)
{
	for (size_t i = 0; i < n; i++) {
		struct message *m = find(&x->there, part[i]->uid);

		if (m->content == w->killer.content && find(&w->there[b], part[i]->uid) != NULL) {
			if (!step(w))
				return false;
			accuse(w, b, part[i]->uid, part[n - 1]->uid);
			return breaks(w, b);
		}
		if (!fetch(w, b, x, part[i]))
			return false;
		w->killer.passed++;
		w->killer.quiet = false;
	}
	return true;
}

static bool set_aside(struct world *w, int b, const struct box *x, uint32_t uid)
{
	struct message row = *find((struct list *)(uintptr_t)&x->there, uid);

	if (!step(w))
		return false;
	row.name = 0;
	row.aside = true;
	row.dim = false;
	forget(&w->base[b], find(&w->base[b], uid));
	add_row(&w->base[b], row);
	return true;
}

/* Those of one heat: the first one alone, then ever half of the rest. */
static bool fetch_suspects(struct world *w, int b, struct box *x,
	const struct gw_action *const *all, size_t n, ask_fn *fetch)
{
	for (size_t from = 0; from < n;) {
		unsigned alone, heat = heat_of(w, b, all[from]->uid, &alone);
		size_t end = from, part;
		bool ok;

		if (is_culprit(w, b, heat, alone)) {
			if (!set_aside(w, b, x, all[from++]->uid))
				return false;
			continue;
		}
		while (end < n && heat_of(w, b, all[end]->uid, &alone) == heat)
			end++;
		part = gw_isolate_part(end - from, from == 0 || heat > 1);
		part = part < end - from ? part : end - from;
		w->killer.quiet = true; /* a connection of its own */
		ok = fetch_part(w, b, x, all + from, part, fetch);
		if (!ok)
			return false;
		from += part;
	}
	return true;
}

bool fetch_all(struct world *w, int b, struct box *x, bool hot, ask_fn *fetch)
{
	const struct gw_action *wanted[MAX];
	size_t n = 0;
	unsigned alone;

	for (size_t i = 0; i < x->plan.count && n < MAX; i++) {
		const struct gw_action *a = &x->plan.actions[i];

		if ((a->kind == GW_DO_DOWNLOAD || a->kind == GW_DO_RETURN) &&
			(heat_of(w, b, a->uid, &alone) > 0) == hot)
			wanted[n++] = a;
	}
	return hot ? fetch_suspects(w, b, x, wanted, n, fetch)
		   : fetch_part(w, b, x, wanted, n, fetch);
}

/* --- sending --------------------------------------------------------------------------------- */

static struct suspect *suspect_of(struct killer *k, int b, uint32_t name)
{
	for (size_t i = 0; i < k->file_n[b]; i++) {
		if (k->files[b][i].name == name)
			return &k->files[b][i];
	}
	return NULL;
}

bool is_refused(const struct world *w, int b, uint32_t name)
{
	struct suspect *s = suspect_of((struct killer *)(uintptr_t)&w->killer, b, name);

	return s != NULL && s->aside;
}

static bool send(struct world *w, int b, struct box *x, const struct gw_action *a, ask_fn *upload)
{
	struct killer *k = &w->killer;
	const struct message *file = &x->here.at[a->local];
	struct suspect *s = suspect_of(k, b, file->name);

	if (s != NULL && is_culprit(w, b, s->times, s->alone)) {
		if (!step(w))
			return false;
		s->aside = true;
		return true;
	}
	k->quiet |= s != NULL;
	if (file->content != k->content || find_name(&w->here[b], file->name) == NULL) {
		k->passed++;
		k->quiet = false;
		return upload(w, b, x, a);
	}
	if (!step(w))
		return false;
	if (s == NULL && k->file_n[b] < MAX) {
		s = &k->files[b][k->file_n[b]++];
		*s = (struct suspect){ .name = file->name };
	}
	if (s != NULL) {
		s->times++;
		s->alone += k->quiet;
	}
	return breaks(w, b);
}

bool send_all(struct world *w, int b, struct box *x, bool hot, ask_fn *upload)
{
	for (size_t i = 0; i < x->plan.count; i++) {
		const struct gw_action *a = &x->plan.actions[i];

		if (a->kind != GW_DO_UPLOAD ||
			(suspect_of(&w->killer, b, x->here.at[a->local].name) != NULL) != hot)
			continue;
		if (!send(w, b, x, a, upload))
			return false;
	}
	return true;
}

/* --- a run ----------------------------------------------------------------------------------- */

void begin_trial(struct world *w)
{
	memset(w->killer.now, 0, sizeof w->killer.now);
	w->killer.passed = 0;
}

void acquit(struct world *w)
{
	struct killer *k = &w->killer;

	for (int b = 0; b < BOXES; b++) {
		size_t kept = 0;

		k->break_n[b] = 0;
		for (size_t i = 0; i < k->file_n[b]; i++) {
			if (k->files[b][i].aside)
				k->files[b][kept++] = k->files[b][i];
		}
		k->file_n[b] = kept;
	}
}

void heal(struct world *w)
{
	memset(&w->killer, 0, sizeof w->killer);
	w->killer.retry = true;
}
