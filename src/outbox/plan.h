/* SPDX-License-Identifier: ISC */
/* outbox/plan.h - what to send next, to whom, and how long to wait; pure: no files, no clock.
 *
 * Time without a connection does not age a mail: `aged_s` grows only between two answers of the
 * server, and by no more than AGE_STEP between them.
 */
#pragma once

#include "godwit/outbox.h"

struct gw_item_to {
	const char *address; /* borrowed; lives as long as the item */
	unsigned notify;
	enum gw_fate fate;
	char *answer;   /* owned; NULL: none */
	bool under_way; /* in the transaction that runs */
	bool next;      /* in another transaction, at once */
};

/* Tasks left after a mail was decided for every recipient; in the state until done. */
enum gw_left {
	GW_LEFT_NOTICE = 1, /* tell in INBOX who was refused */
	GW_LEFT_SHOW = 2,   /* move it to `new/`, where readers show it */
	GW_LEFT_COPY =
		4, /* put it into Sent for those who got it, while it stays here for the others */
};

struct gw_item {
	char id[16];
	struct gw_item_to *to; /* owned */
	size_t to_count;
	int64_t queued_at, next_at, later_at, aged_s, doubt_at, sent_at;
	unsigned tries, doubts, looks;
	int64_t decided_at, left_at; /* since when `left` is; when it is tried again */
	unsigned left, left_tries;   /* left: of gw_left; tries: also those to file what was sent */
	bool held;                   /* by the user */
	bool broken;                 /* cannot be sent as it is */
	bool sending;                /* a transaction runs */
	bool asked;                  /* by name: no waiting */
	bool tried;                  /* since it was loaded */
};

/* A provider's pace.  0: no limit. */
struct gw_pace_limits {
	unsigned per_minute;     /* messages */
	unsigned per_day;        /* recipients */
	unsigned per_connection; /* messages */
	unsigned per_message;    /* recipients of a transaction */
};

struct gw_outbox_facts {
	int64_t now;
	int64_t pause_until;
	bool sign_in;     /* the account stands */
	int64_t asked_at; /* the user asked for everything at that time: once, due or not; 0: not */
	bool only_asked;
	int64_t delay_s; /* between queueing and sending */
	struct gw_pace_limits limits;
	uint64_t sent_today; /* recipients, in 24 hours */
	unsigned sent_last_minute;
};

struct gw_outbox_step {
	struct gw_item *item; /* to be sent now; NULL: none */
	size_t to_count;      /* how many of its recipients that are due, in their order */
	int64_t wait_until;   /* item NULL: when something is due next; 0: nothing will be */
	const char *why;      /* item NULL and something waits: static words */
};

enum { GW_OUTBOX_AHEAD = 1024 };

/* The mails that are due next, so that a long queue is not searched for each one.  Later ones queue
 * up behind them, and are found when these are done. */
struct gw_outbox_ahead {
	struct gw_item *list[GW_OUTBOX_AHEAD]; /* borrowed; in their order, from `at` on */
	size_t at, count; /* zeros: to be found; as they have to be when the items are others */
};

/* Chooses the mail that has been due for the longest time. */
struct gw_outbox_step gw_outbox_plan(struct gw_item *const *items, size_t count,
	const struct gw_outbox_facts *facts, struct gw_outbox_ahead *ahead);

/* True if this recipient must be sent to. */
bool gw_item_to_is_due(const struct gw_item_to *to);

enum gw_mail_state gw_item_state(const struct gw_item *item);

/* Returns the time of the next try, after a 4xx or no answer.  random: 0 to 255, for jitter. */
int64_t gw_outbox_next_try(unsigned tries, int64_t now, unsigned random);

/* Adds to the age after an answer; true: five days are over, so give up. */
bool gw_item_age(struct gw_item *item, int64_t now);

/* Returns when the tasks left since then are due: after delay_s, or when they are retried. */
int64_t gw_item_left_at(const struct gw_item *item, int64_t since, int64_t delay_s, int64_t now);

/* Returns when to look again for a mail in doubt; 0: never. */
int64_t gw_outbox_next_look(int64_t doubt_at, unsigned looks);
enum { GW_OUTBOX_RESEND_AFTER = 600 };
