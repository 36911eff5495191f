/* SPDX-License-Identifier: ISC */
/* tests/unit/plan/model.h - the simulated sides of test_model.c, and what model_look.c and model_run.c
 * do with them.
 */
#pragma once

#include "plan/evidence.h"
#include "plan/isolate.h"
#include "plan/match.h"
#include "plan/pair.h"
#include "test.h"

enum { S = GW_FLAG_SEEN, F = GW_FLAG_FLAGGED, R = GW_FLAG_ANSWERED };
enum { BOXES = 3, MAX = 40, CONTENTS = 400, PASSES = 4 };
#define LETTERED (GW_FLAG_KEYWORD(1) - 1)

enum mutant {
	NONE,
	ROW_BEFORE_FILE,     /* base leads the disk */
	ROW_BEFORE_SERVER,   /* base leads the server */
	NOT_ANNOUNCED,       /* an upload is not in `pending` before it is sent */
	ONE_LOOK,            /* what one look does not show is gone */
	CROSSED_ARE_GONE,    /* moved and moved back: deleted on both sides */
	MOVED_TWICE,         /* moved on both sides: it stands in both places */
	DELETE_BEATS_CHANGE, /* deleted there although it was changed before */
	NAMES_BY_CHANCE,     /* what is fetched has no name of its own */
	STRAYS_STAY,     /* a file of an interrupted fetch is new mail, though it is gone there */
	FORGETFUL,       /* a gone file's row is dropped before the server was told */
	FLAGS_OF_EDITED, /* what an edited one was sent with is taken for what its file has */

	/* Where listings leave something out: */
	FIRST_LISTED,     /* what a listing does not name is gone, whatever EXISTS says */
	ANY_SECOND,       /* the second question need not agree with EXISTS */
	UNTOLD_SENT,      /* what may be there, untold, is sent again */
	UNTOLD_FORGOTTEN, /* an announced upload that is not told of was not sent */
	FILES_DOUBTED,  /* what is gone here is gone, although it may have come to such a mailbox */
	MOVES_DOUBTED,  /* likewise, though its move there was announced */
	UNTOLD_MOVED,   /* what was moved here has not been moved there, as far as is told */
	UNTOLD_RENAMED, /* likewise, of what was only given another name */
	HALF_DOUBTED,   /* of a move on both sides one half is carried out, while the other waits */

	/* Where a server tells of changes alone, and leaves some out: */
	CHANGES_BELIEVED, /* whatever EXISTS says */
	VANISHED_FIRST,   /* what is said to have vanished is gone, although it is listed */

	/* Where one message breaks every connection on which it is sent: */
	NEVER_ASIDE,   /* it is tried for ever */
	ACCUSED_ASIDE, /* all that may be it are set aside at once */
	MUTANTS,
	LYING = FIRST_LISTED, /* these fall in such histories */
	TELLING = CHANGES_BELIEVED,
	KILLING = NEVER_ASIDE
};

struct message { /* there: number is the UID; here: the file's name; in base both */
	uint32_t number, name;
	int content;
	uint64_t flags;
	uint32_t ours; /* the UID that the file's name speaks of; 0: another program's name */
	bool dim;      /* in a look: its flags were not told */
	bool aside;    /* in base: it cannot be fetched, so it has no file */
};

struct list {
	struct message at[MAX];
	size_t n;
};

struct pending {
	uint32_t name, uidnext;
	int content;
	uint64_t flags;
};

/* A file at which connections broke. */
struct suspect {
	uint32_t name;
	unsigned times, alone;
	bool aside;
};

/* One message that breaks every connection on which it is fetched or sent, and what the state, and
 * one run, know of that. */
struct killer {
	int content; /* 0: there is none (any more) */
	struct gw_break breaks[BOXES][MAX];
	struct suspect files[BOXES][MAX];
	size_t break_n[BOXES], file_n[BOXES];
	unsigned now[BOXES], passed, passed_then[BOXES];
	bool broke; /* this connection */
	bool quiet; /* nothing has gone through on it */
	bool retry; /* what was set aside is tried again */
};

struct world {
	struct list there[BOXES], here[BOXES], base[BOXES];
	struct pending pending[BOXES][MAX];
	size_t pending_n[BOXES];
	uint32_t uidnext[BOXES], next_name;
	uint32_t cursor[BOXES]; /* UIDNEXT when all was last in step */
	int next_content;
	int msgid[CONTENTS]; /* which message a content is a version of */
	/* By msgid: said last, there; ever copied, or deleted, or something that a run saw or
	 * did one half of alone. */
	bool answered[CONTENTS], copied[CONTENTS];
	int wanted[CONTENTS];   /* how many of it there should be */
	bool touched[CONTENTS]; /* a flag was changed since all was quiet, so it may outlive a
				   delete */
	bool flagged[CONTENTS], dying[CONTENTS];
	/* Moved or copied; in_run: while a run looked.  On both sides it stands in one place in the
	 * end, but not if it was copied, or if no run saw both halves stand still. */
	bool moved_here[CONTENTS], moved_there[CONTENTS], in_run[CONTENTS];
	bool running;
	/* Since the last run: flags that differ from base's, and where it was deleted. */
	bool changed_here[CONTENTS], changed_there[CONTENTS], gone_here[CONTENTS],
		gone_there[CONTENTS];
	bool half_sent[CONTENTS];  /* sent, likewise */
	bool half_taken[CONTENTS]; /* moved here after it was there, likewise */
	bool unrecorded[CONTENTS]; /* fetched, and killed before that was recorded */
	int deleted_here[CONTENTS],
		deleted_there[CONTENTS]; /* perhaps the same one, on both sides */
	/* A save or an edit that is half done: the old file goes later. */
	int half_box, half_content;
	uint32_t half_name;
	uint64_t seed;
	enum mutant mutant;
	struct killer killer;
	bool moves; /* a history with many of them */
	bool lies;  /* the server's listings leave something out */
	bool truth; /* for now they do not */
	/* It tells of changes (QRESYNC), and leaves some out.  missed: what a look went past, so that it is
	 * not told again before all is listed; fooled: that look added up all the same. */
	bool deltas, cunning; /* cunning: so that it adds up all the same, now and then */
	struct list missed[BOXES];
	bool fooled[BOXES], named[BOXES];
	/* Of lies that add up: said to have vanished while it was there; what became of it was not told; and
	 * for that its file was taken away, so that it rests in the attic. */
	bool slandered[CONTENTS], unheard[CONTENTS], in_attic[CONTENTS];
	int steps; /* left before the crash; -1: no crash */
	int noise; /* one in so many steps something else happens; 0: never */
	char failure[128];
};

static inline uint32_t pick(struct world *w, uint32_t below)
{
	return test_random(&w->seed, below);
}

static inline struct message *add(struct list *l, struct message m)
{
	if (l->n == MAX)
		return NULL;
	l->at[l->n] = m;
	return &l->at[l->n++];
}

static inline void drop(struct list *l, size_t i)
{
	l->at[i] = l->at[--l->n];
}

static inline struct message *find(struct list *l, uint32_t number)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->at[i].number == number)
			return &l->at[i];
	}
	return NULL;
}

static inline struct message *find_name(struct list *l, uint32_t name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->at[i].name == name)
			return &l->at[i];
	}
	return NULL;
}

static inline void forget(struct list *l, struct message *m)
{
	if (m != NULL)
		drop(l, (size_t)(m - l->at));
}

/* A name stands for one message, as in the state: the newer row takes it. */
static inline void add_row(struct list *l, struct message m)
{
	if (m.name != 0)
		forget(l, find_name(l, m.name));
	add(l, m);
}

/* One mailbox in one run. */
struct box {
	struct list here, there, base; /* as they were looked at */
	uint32_t uidnext;
	uint32_t exists; /* as the server says */
	bool unproved;   /* which does not agree with what it lists: `there` is what was told */
	bool changes;    /* only changes were told: the rest of `there` is base's */
	struct gw_seqset vanished;
	struct gw_base_msg rows[MAX];
	struct gw_remote_msg remote[MAX];
	struct gw_local_msg local[MAX];
	struct gw_pair pairs[2 * MAX];
	size_t pair_n;
	struct gw_plan plan;
	bool stored[MAX]; /* by local index: its upload was answered */
};

struct move {
	int from, row_of;    /* row_of: of what comes here, whose row it was */
	uint32_t uid, local; /* local: of the one that comes */
	uint64_t flags;
	int content;
};

/* What the joined halves ask for. */
struct joined {
	struct move up[BOXES][MAX], down[BOXES][MAX]; /* by the mailbox that gets it */
	size_t up_n[BOXES], down_n[BOXES];
};

static inline void take_print(uint8_t header[16], int content)
{
	memset(header, 0, 16);
	memcpy(header, &content, sizeof content);
}

static inline bool gone_here(const struct gw_action *a)
{
	return a->kind == GW_DO_DELETE_REMOTE || a->kind == GW_DO_RETURN;
}

static inline bool gone_there(const struct gw_action *a)
{
	return a->kind == GW_DO_DELETE_LOCAL || a->kind == GW_DO_KEEP;
}

/* test_model.c */
void deliver(struct list *l, uint32_t number, int content, uint64_t flags);
/* One effect on the outside; false: it crashes before that. */
bool step(struct world *w);

/* model_kill.c: the messages of a mailbox's plan that are to be fetched, or to be sent, are asked
 * for: those that no connection broke at together, the others (hot) apart.  false: the connection
 * broke, or it crashed. */
struct box;
typedef bool ask_fn(struct world *w, int b, struct box *x, const struct gw_action *a);
bool fetch_all(struct world *w, int b, struct box *x, bool hot, ask_fn *fetch);
bool send_all(struct world *w, int b, struct box *x, bool hot, ask_fn *upload);
/* Is this file set aside? */
bool is_refused(const struct world *w, int b, uint32_t name);
/* A run begins; or it has brought everything that can be brought. */
void begin_trial(struct world *w);
void acquit(struct world *w);
/* The server is sound again, and all is tried once more. */
void heal(struct world *w);

/* model_look.c: looks at both sides of a mailbox; plans it (false: it crashed); looks once more at what is to
 * go (true: something came meanwhile, so all is looked at once more). */
void look(struct world *w, int b, struct box *x);
bool plan_box(struct world *w, int b, struct box *x);
bool changed_meanwhile(struct world *w, struct box *x);

/* model_run.c: one run of the synchronizer, as far as it gets.  Returns -1 when it crashed, else
 * how many things it did. */
int run(struct world *w);

/* model_join.c: joins the halves in the plans.  false: it crashed.  put_off_both(): when it is too
 * restless for that. */
bool join_all(struct world *w, struct box *x, struct joined *j);
void put_off_both(struct world *w, struct box *x);
