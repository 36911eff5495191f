/* SPDX-License-Identifier: ISC */
/* outbox/plan.c - see plan.h. */
#include "outbox/plan.h"

enum {
	MINUTE = 60,
	HOUR = 3600,
	DAY = 24 * HOUR,
	LIFETIME = 5 * DAY, /* RFC 5321 4.5.4.1 */
	AGE_STEP = 5 * HOUR,
	LONGEST_WAIT = 25 * HOUR /* of any that we set: more means that the clock went back */
};

static const unsigned waits[] = { 1 * MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE,
	HOUR, HOUR, HOUR, HOUR, HOUR, HOUR, HOUR, HOUR, HOUR, HOUR, HOUR, HOUR, 4 * HOUR };

enum { WAITS = sizeof waits / sizeof *waits };

int64_t gw_outbox_next_try(unsigned tries, int64_t now, unsigned random)
{
	unsigned wait = waits[tries < WAITS ? tries : WAITS - 1];

	return now + wait + wait * (random & 255) / 1024; /* up to a quarter more */
}

bool gw_item_age(struct gw_item *item, int64_t now)
{
	int64_t step = item->later_at == 0 || now < item->later_at ? 0 : now - item->later_at;

	item->aged_s += step < AGE_STEP ? step : AGE_STEP;
	item->later_at = now;
	return item->aged_s >= LIFETIME;
}

int64_t gw_outbox_next_look(int64_t doubt_at, unsigned looks)
{
	static const unsigned after[] = { 10, MINUTE, 3 * MINUTE, GW_OUTBOX_RESEND_AFTER };

	return looks < sizeof after / sizeof *after ? doubt_at + after[looks] : 0;
}

bool gw_item_to_is_due(const struct gw_item_to *to)
{
	return !to->under_way && (to->fate == GW_FATE_OPEN || to->fate == GW_FATE_LATER);
}

static size_t count_due(const struct gw_item *item)
{
	size_t n = 0;

	for (size_t i = 0; i < item->to_count; i++)
		n += gw_item_to_is_due(&item->to[i]);
	return n;
}

static bool any(const struct gw_item *item, enum gw_fate fate)
{
	for (size_t i = 0; i < item->to_count; i++) {
		if (item->to[i].fate == fate)
			return true;
	}
	return false;
}

enum gw_mail_state gw_item_state(const struct gw_item *item)
{
	if (item->sent_at != 0)
		return GW_MAIL_SENT;
	if (item->broken)
		return GW_MAIL_BROKEN;
	if (item->sending)
		return GW_MAIL_SENDING;
	if (item->doubt_at != 0 || any(item, GW_FATE_DOUBT))
		return item->held || item->doubts > 1 ? GW_MAIL_HELD : GW_MAIL_DOUBT;
	if (item->held)
		return GW_MAIL_HELD;
	if (count_due(item) == 0 && any(item, GW_FATE_REFUSED))
		return GW_MAIL_REFUSED;
	return item->tries > 0 ? GW_MAIL_WAITING : GW_MAIL_QUEUED;
}

/* A time that we set and that is too far off was set by another clock. */
static int64_t believable(int64_t at, int64_t now)
{
	return at > now + LONGEST_WAIT ? now : at;
}

int64_t gw_item_left_at(const struct gw_item *item, int64_t since, int64_t delay_s, int64_t now)
{
	int64_t from = since > now ? now : since + delay_s; /* the clock went back */

	return believable(item->left_at > from ? item->left_at : from, now);
}

static int64_t due_at(const struct gw_item *item, const struct gw_outbox_facts *f)
{
	int64_t delayed = item->queued_at + f->delay_s, next = believable(item->next_at, f->now);

	if (item->asked || (f->asked_at != 0 && !item->tried && item->later_at <= f->asked_at))
		return 0;
	delayed = delayed > f->now + f->delay_s ? f->now : delayed;
	for (size_t i = 0; i < item->to_count; i++) {
		if (item->to[i].next && gw_item_to_is_due(&item->to[i]))
			return delayed;
	}
	return next > delayed ? next : delayed;
}

/* Returns its place among due mails: since when it is due.  What broke last time goes behind the
 * others. */
static int64_t place_of(const struct gw_item *item)
{
	return item->next_at > item->queued_at ? item->next_at : item->queued_at;
}

static bool may_go(const struct gw_item *item, const struct gw_outbox_facts *f)
{
	if (item->sending || item->broken || item->sent_at != 0 || count_due(item) == 0 ||
		(f->only_asked && !item->asked))
		return false;
	return item->asked || (!item->held && item->doubt_at == 0 && !any(item, GW_FATE_DOUBT));
}

/* When the account may send again, for whatever reason it may not now; 0: now. */
static int64_t account_waits(const struct gw_outbox_facts *f, const char **why)
{
	int64_t pause = believable(f->pause_until, f->now);

	if (f->sign_in) {
		*why = "the sign-in was refused";
		return INT64_MAX;
	}
	if (pause > f->now) {
		*why = "the account pauses";
		return pause;
	}
	if (f->limits.per_day > 0 && f->sent_today >= f->limits.per_day && f->asked_at == 0) {
		*why = "the provider's limit for a day is reached";
		return f->now + HOUR;
	}
	if (f->limits.per_minute > 0 && f->sent_last_minute >= f->limits.per_minute) {
		*why = "the provider wants no more messages a minute";
		return f->now + 5;
	}
	return 0;
}

static bool is_due(const struct gw_item *item, const struct gw_outbox_facts *f)
{
	return may_go(item, f) && due_at(item, f) <= f->now;
}

/* Into its place, behind its equals; the last one makes room. */
static void put_ahead(struct gw_outbox_ahead *ahead, struct gw_item *item)
{
	size_t at = ahead->count;

	while (at > 0 && place_of(ahead->list[at - 1]) > place_of(item))
		at--;
	if (at == GW_OUTBOX_AHEAD)
		return;
	ahead->count += ahead->count < GW_OUTBOX_AHEAD;
	for (size_t i = ahead->count - 1; i > at; i--)
		ahead->list[i] = ahead->list[i - 1];
	ahead->list[at] = item;
}

/* Goes through all of them.  Returns when the first of those that are not due will be; INT64_MAX: none. */
static int64_t look_ahead(struct gw_item *const *items, size_t count,
	const struct gw_outbox_facts *f, struct gw_outbox_ahead *ahead)
{
	int64_t soonest = INT64_MAX;

	ahead->at = ahead->count = 0;
	for (size_t i = 0; i < count; i++) {
		int64_t at;

		if (!may_go(items[i], f))
			continue;
		at = due_at(items[i], f);
		if (at <= f->now)
			put_ahead(ahead, items[i]);
		else if (at < soonest)
			soonest = at;
	}
	return soonest;
}

/* The first of them that is still due; NULL: none.  One that is being sent may be due again, for further
 * recipients. */
static struct gw_item *next_ahead(struct gw_outbox_ahead *ahead, const struct gw_outbox_facts *f)
{
	for (size_t i = ahead->at; i < ahead->count; i++) {
		if (is_due(ahead->list[i], f))
			return ahead->list[i];
		ahead->at += i == ahead->at && !ahead->list[i]->sending;
	}
	return NULL;
}

struct gw_outbox_step gw_outbox_plan(struct gw_item *const *items, size_t count,
	const struct gw_outbox_facts *f, struct gw_outbox_ahead *ahead)
{
	struct gw_outbox_step step = { .item = next_ahead(ahead, f) };
	int64_t soonest = INT64_MAX, waits_until;

	if (step.item == NULL) {
		soonest = look_ahead(items, count, f, ahead);
		step.item = next_ahead(ahead, f);
	}
	waits_until = step.item != NULL || soonest != INT64_MAX ? account_waits(f, &step.why) : 0;
	if (waits_until > 0 || step.item == NULL) {
		int64_t until = step.item != NULL       ? waits_until
				: soonest == INT64_MAX  ? 0
				: soonest > waits_until ? soonest
							: waits_until;

		step.item = NULL;
		step.wait_until = until == INT64_MAX ? 0 : until;
		return step;
	}
	step.to_count = count_due(step.item);
	if (f->limits.per_message > 0 && step.to_count > f->limits.per_message)
		step.to_count = f->limits.per_message;
	return step;
}
