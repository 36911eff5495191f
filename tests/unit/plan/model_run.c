/* SPDX-License-Identifier: ISC */
/* tests/unit/plan/model_run.c - what box*.c and batch.c carry out, in their order, on simulated sides;
 * each outside effect is a step of its own, before which it may crash.  See test_model.c.
 */
#include "model.h"

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
