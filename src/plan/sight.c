/* SPDX-License-Identifier: ISC */
/* plan/sight.c - see sight.h. */
#include "plan/sight.h"

/* Below, a picture like that is mostly a person's; and people set limits in round numbers. */
enum { LEAST = 50, ROUND = 50 };

struct counted {
	uint64_t gone;   /* that were shown */
	uint64_t inside; /* of these, newer than the oldest that is shown */
	uint64_t fresh;
	uint32_t oldest; /* that is shown; UINT32_MAX: none is */
	bool has_hidden, shown_again;
};

static const struct gw_remote_msg *told_of(const struct gw_plan_input *in, uint32_t uid, size_t *at)
{
	while (*at < in->remote_count && in->remote[*at].uid < uid)
		(*at)++;
	return *at < in->remote_count && in->remote[*at].uid == uid ? &in->remote[*at] : NULL;
}

static bool is_shown(const struct gw_plan_input *in, uint32_t uid, size_t *at)
{
	if (told_of(in, uid, at) != NULL)
		return true;
	if (in->listing != NULL)
		return gw_seqset_has(in->listing, uid);
	return !in->remote_full && !gw_seqset_has(in->vanished, uid);
}

static void note_oldest(struct counted *c, uint32_t uid)
{
	if (uid < c->oldest)
		c->oldest = uid;
}

static struct counted count(const struct gw_plan_input *in)
{
	struct counted c = { .oldest = UINT32_MAX };
	size_t at = 0, b = 0;

	for (size_t i = 0; i < in->base_count; i++) {
		const struct gw_base_msg *m = &in->base[i];
		bool hidden = m->kind == GW_BASE_HIDDEN;
		/* A missing report says nothing about a hidden message. */
		bool shown = hidden && in->listing == NULL && !in->remote_full
				     ? told_of(in, m->uid, &at) != NULL
				     : is_shown(in, m->uid, &at);

		c.has_hidden |= hidden;
		c.shown_again |= hidden && shown;
		c.gone += !hidden && !shown;
		if (shown)
			note_oldest(&c, m->uid);
		else if (!hidden && m->uid > c.oldest)
			c.inside++;
	}
	for (size_t i = 0; i < in->remote_count; i++) {
		while (b < in->base_count && in->base[b].uid < in->remote[i].uid)
			b++;
		if (b < in->base_count && in->base[b].uid == in->remote[i].uid)
			continue;
		c.fresh++;
		note_oldest(&c, in->remote[i].uid);
	}
	return c;
}

/* True if the oldest seem to have made room for new ones, or a limit seems to have been set. */
static bool begins(const struct gw_sight *s, const struct counted *c)
{
	return c->inside == 0 &&
	       (s->exists == s->before ? c->fresh == c->gone
				       : s->exists < s->before && s->exists % ROUND == 0);
}

struct gw_sighted gw_sight_judge(const struct gw_sight *sight, const struct gw_plan_input *in)
{
	const struct counted c = count(in);
	struct gw_sighted out = { .more = c.shown_again };

	out.whole =
		c.has_hidden && sight->most != 0 && sight->exists > sight->most && !c.shown_again;
	if (sight->exists < LEAST || c.gone == 0 || c.oldest == UINT32_MAX || out.whole)
		return out;
	if (c.has_hidden ? sight->exists <= sight->most || c.shown_again : begins(sight, &c))
		out.oldest = c.oldest;
	return out;
}

/* The oldest UID that base and the server agree on. */
static uint32_t oldest_shown(
	const struct gw_base_msg *base, size_t base_count, const struct gw_plan *plan)
{
	size_t a = 0;

	for (size_t i = 0; i < base_count; i++) {
		const struct gw_base_msg *b = &base[i];

		while (a < plan->count && plan->actions[a].uid < b->uid)
			a++;
		if (b->kind != GW_BASE_HIDDEN &&
			(a == plan->count || plan->actions[a].uid != b->uid ||
				!gw_action_is_gone_there(&plan->actions[a])))
			return b->uid;
	}
	return UINT32_MAX;
}

struct gw_missed_counts gw_sight_missed(const struct gw_base_msg *base, size_t base_count,
	const struct gw_missed *list, size_t count, bool cut, struct gw_plan *plan)
{
	static const struct gw_missed nothing;
	uint32_t oldest = oldest_shown(base, base_count, plan);
	struct gw_missed_counts n = { 0 };

	for (size_t i = 0, at = 0; i < plan->count; i++) {
		struct gw_action *a = &plan->actions[i];
		const struct gw_missed *told = &nothing;

		if (!gw_action_is_gone_there(a))
			continue;
		while (at < count && list[at].uid < a->uid)
			at++;
		if (at < count && list[at].uid == a->uid)
			told = &list[at];
		if (told->labelled || (cut && a->uid < oldest)) {
			a->kind = GW_DO_HIDE;
			n.hidden++;
		} else if (told->kept) {
			a->lives = true;
			n.archived++;
		}
	}
	return n;
}
