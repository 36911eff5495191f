/* SPDX-License-Identifier: ISC */
/* plan/judge.h - the judge of an account: when the plans of its mailboxes may be carried out, and what has to
 * be known before.  Pure: no look, no command, no clock.
 *
 * What the judge sees: of each mailbox (struct gw_case) how far it is, its plan (what is gone, new, changed),
 * and facts of its look; of the account its policy, and what was asked already.  What it says: the next
 * evidence that is wanted and of which mailboxes (`asked`), or that they act.  Whoever asks (sync/ask.c)
 * gets that evidence, puts it into the cases, and asks again; nothing else decides in what order.
 *
 * The order, and what each is for:
 *
 *   ALONE     a mailbox from which nothing is gone, and into which nothing can have been moved, does not wait
 *   STAMPS    whose directories changed since they were looked at?  (E3: a reader copies first, unlinks later)
 *   CONFIRM   a second look at what is gone (V3), and at what changed since something was seen to be gone
 *   COUNTS    what has come to the server's mailboxes since?
 *   AGAIN     those that changed are looked at from the start, each a bounded number of times
 *   ALL_MAIL  what many gone messages became: hidden, archived, deleted (L4)
 *   HALVES    candidates for moves and edits, from memory (join.h)
 *   HEADS     headers of what is new there, and as large as something that is gone
 *   ARCHIVE   what of All Mail has a file here
 *   JOIN      moves and edits: gw_join_account(), and what it says is done
 *   ELSEWHERE is what is gone here, and explained by nothing, in a directory that takes no part?
 *   ACT       the rest, mailbox by mailbox: verdict.h
 *
 * Whatever is gone waits until all mailboxes were looked at.  Mail that is still being moved about after as
 * many looks as are allowed makes the account restless: nothing is taken for gone in that run.
 */
#pragma once

#include "plan/join.h"

enum gw_judge_next {
	GW_JUDGE_WAIT, /* for looks and answers that are under way */
	GW_JUDGE_ALONE,
	GW_JUDGE_STAMPS,
	GW_JUDGE_CONFIRM,
	GW_JUDGE_COUNTS, /* of all mailboxes */
	GW_JUDGE_AGAIN,
	GW_JUDGE_ALL_MAIL,
	GW_JUDGE_HALVES, /* of all planned mailboxes, into `joiner` */
	GW_JUDGE_HEADS,  /* of new messages whose size is one of gw_judge_sizes() */
	GW_JUDGE_ARCHIVE,
	GW_JUDGE_JOIN,
	GW_JUDGE_ELSEWHERE,
	GW_JUDGE_ACT, /* all planned ones */
};

/* How far a mailbox is. */
enum gw_case_stage {
	GW_CASE_LOOKING, /* to be looked at, or asked for evidence */
	GW_CASE_PLANNED, /* its plan waits */
	GW_CASE_ACTING,  /* judged before */
	GW_CASE_OVER,    /* in step, or given up, in this run */
};

enum gw_case_stamps { GW_STAMPS_UNKNOWN, GW_STAMPS_HOLD, GW_STAMPS_DIFFER };

/* A mailbox. */
struct gw_case {
	enum gw_case_stage stage;
	bool failed;
	uint64_t fresh_from; /* the moment at which its last trusted look began; 0: none */
	enum gw_case_stamps stamps;
	bool counts_differ; /* by the last counts, something came since its look */
	bool may_lose;      /* LOOKING: something may be gone, by counts and stamps */

	/* PLANNED: */
	const struct gw_plan *plan;
	const struct gw_base_msg *base;
	size_t base_count;
	bool unproved;   /* its listings do not add up */
	bool fresh;      /* something is new that may have come from another mailbox */
	bool archive;    /* All Mail, shown as one */
	bool trash;      /* deleted mail goes there */
	bool confirmed;  /* looked at once more ... */
	bool news;       /* ... and files came or went since the first look */
	uint64_t saw_at; /* the moment at which its first look ended */
	bool has_label;  /* All Mail says what becomes of its messages, and was not asked */
	uint32_t exists; /* messages there */
	uint64_t deleted_recently;

	/* The judge's own: what was asked in this round. */
	bool headed, sifted;
	unsigned looks;

	bool asked; /* out */
};

struct gw_judge {
	struct gw_case *cases; /* owned */
	size_t count;
	uint64_t deleted_recently; /* in the account */

	/* The judge's own. */
	enum { GW_COUNTS_OPEN, GW_COUNTS_ASKED, GW_COUNTS_CAME, GW_COUNTS_DONE } counts;
	enum {
		GW_ELSEWHERE_OPEN,
		GW_ELSEWHERE_NEXT, /* all that can be joined is */
		GW_ELSEWHERE_ASKED,
		GW_ELSEWHERE_CAME
	} elsewhere;
	unsigned rounds;
	bool restless;
	bool by_counts;          /* AGAIN: because of what came there */
	bool shown;              /* joiner holds the halves */
	struct gw_joiner joiner; /* owned, between HALVES and the end of a call's evidence */
	struct gw_seqset there, in_trash; /* owned; see gw_judge_sizes() */
};

/* Makes room for so many mailboxes, whose own part stays; call it before any case is set.  false: out of
 * memory. */
bool gw_judge_begin(struct gw_judge *j, size_t count);
/* What was seen may be another thing the next time: forgets halves and sizes. */
void gw_judge_end(struct gw_judge *j);
void gw_judge_deinit(struct gw_judge *j);

/* Says what is next; the cases of which it is wanted have `asked`. */
enum gw_judge_next gw_judge_next(struct gw_judge *j);

/* COUNTS, ELSEWHERE: the question is under way, or cannot be asked; the answer came. */
void gw_judge_counts(struct gw_judge *j, bool asked);
void gw_judge_counted(struct gw_judge *j);
void gw_judge_elsewhere(struct gw_judge *j, bool asked);
void gw_judge_found(struct gw_judge *j);
/* HEADS: the sizes that matter in this mailbox. */
const struct gw_seqset *gw_judge_sizes(const struct gw_judge *j, const struct gw_case *c);
/* A mailbox begins another look: it may be asked for all of it again. */
void gw_judge_forget(struct gw_case *c);
/* Looks from now on are about another matter: what the run moved itself. */
void gw_judge_renew(struct gw_judge *j);
