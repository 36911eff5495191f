/* SPDX-License-Identifier: ISC */
/* plan/pull.h - what to fetch from a POP3 maildrop, what the listed messages are, and what may be
 * deleted there: pure.
 *
 * A UIDL names a message if one message is listed with it and one row has it; the message is then
 * known, until something contradicts: another size, a wish to delete it.  Any other message is
 * recognised by its header (TOP) if that distinguishes messages, otherwise by its whole text
 * (RETR), among rows whose message is not listed: a renumbered maildrop costs headers.  A message
 * that the server said it had deleted is recognised likewise, if its header tells and no twin of it
 * was waiting to be fetched.  Each row is at most one listed message, so two equal messages stay two.
 *
 * A message that is not listed is not gone: its row is dropped only after 30 days without it.
 *
 * Nothing is deleted on the server that was not seen to be the row's message in the same session.
 */
#pragma once

#include "base/buf.h"

enum { GW_PULL_HASH = 16, GW_PULL_TRIES = 3 };

enum gw_pull_state {
	GW_PULL_HERE = 0,    /* delivered */
	GW_PULL_DELETED = 1, /* and deleted on the server, by its own word */
	GW_PULL_ASIDE = 2,   /* cannot be fetched */
	GW_PULL_LARGE = 3,   /* larger than `max-size` */
	GW_PULL_UNWANTED =
		4, /* delivered, then its file was deleted here: to be deleted there, too */
};

#define GW_PULL_NONE SIZE_MAX

/* What the state knows of a message. */
struct gw_pull_row {
	struct gw_slice uidl; /* borrowed; .n 0: none that counts */
	uint64_t size;        /* as listed; 0: unknown */
	enum gw_pull_state state;
	uint8_t header[GW_PULL_HASH], body[GW_PULL_HASH];
	bool has_body; /* false: known by its header alone */
	bool sealed;   /* fetched in a session that QUIT ended */
	bool is_short; /* less came than was listed */
	bool recorded; /* in the state, durably */
	bool has_file; /* known to be here */
	bool is_alone; /* DELETED: all that was listed beside it was known, so one like it is no twin */
	unsigned tries;
	int64_t tried_at;                    /* seconds */
	int64_t delivered_at, delivered_age; /* by the clock, and by gw_pull_age */
	bool claimed;                        /* in this session: by a message that is listed */
	/* A file that the state does not know, as after a kill, or where the state was lost.  Another
	 * program may have added to its header: then these tell. */
	bool is_file;
	uint8_t msgid[GW_PULL_HASH];
	uint64_t about; /* 0: nothing is known */
};

/* The content of a fetched message, or of a file. */
struct gw_pull_print {
	uint8_t header[GW_PULL_HASH], body[GW_PULL_HASH], msgid[GW_PULL_HASH];
	uint64_t about;
};

enum gw_pull_todo {
	GW_PULL_NOTHING,
	GW_PULL_LOOK,        /* TOP, then gw_pull_looked() */
	GW_PULL_GET,         /* RETR, then gw_pull_got() */
	GW_PULL_LEAVE_ASIDE, /* not tried again yet */
	GW_PULL_LEAVE_LARGE,
};

/* A message of the listing. */
struct gw_pull_item {
	uint32_t number;
	struct gw_slice uidl; /* borrowed; .n 0: none that counts */
	uint64_t size;        /* 0: not known */
	enum gw_pull_todo todo;
	size_t row;      /* the row of its message; GW_PULL_NONE: unknown */
	bool identified; /* proved to be that message in this session */
};

struct gw_pull_policy {
	enum { GW_PULL_KEEP_FOREVER, GW_PULL_KEEP_NO, GW_PULL_KEEP_FOR } keep;
	int64_t keep_s;    /* KEEP_FOR */
	int64_t now, age;  /* both clocks, in seconds */
	uint64_t max_size; /* 0: no limit */
	bool deletes;      /* local deletions are carried over */
	bool has_top;
	bool marks;     /* the server does not show again what was fetched (EXPIRE 0) */
	bool full;      /* look at everything, try everything again */
	bool has_files; /* there are files that no row knows, and that may be what is listed */
	bool hold;      /* nothing is deleted: it looks like an accident */
	bool sizes_lie; /* this server's sizes are useless */
};

/* A session's judgement; arrays are borrowed, and rows may be appended (already claimed). */
struct gw_pull_view {
	struct gw_pull_item *items;
	size_t item_count;
	struct gw_pull_row *rows;
	size_t row_count;
	struct gw_pull_policy policy;
	size_t *by_header; /* owned; rows that came once, as they were at gw_pull_index() */
	size_t *by_body;   /* owned; files among them */
	size_t indexed, body_indexed;
	bool marks_disproved; /* out: what was fetched and sealed is listed again */
};

/* Says what to do with each item, and indexes the rows if anything is to be looked at or fetched.  false: out
 * of memory. */
bool gw_pull_sort(struct gw_pull_view *v);
/* Makes rows known by their content, for gw_pull_looked() and gw_pull_got().  false: out of memory. */
bool gw_pull_index(struct gw_pull_view *v);
void gw_pull_deinit(struct gw_pull_view *v);

/* Records an item's header; telling: no two messages share it.  Joins item i to a row, or gives it
 * GET to do.  not_its: a row whose UIDL now names another message, or GW_PULL_NONE. */
void gw_pull_looked(struct gw_pull_view *v, size_t i, const uint8_t header[static GW_PULL_HASH],
	bool telling, size_t *not_its);

/* Its header cannot be had: if it was to be looked at, all of it is to come. */
void gw_pull_not_looked(struct gw_pull_view *v, size_t i);

/* All of it came.  Returns the row whose message it is, which has a file or had one: what came is
 * dropped.  GW_PULL_NONE: it is new. */
size_t gw_pull_got(
	struct gw_pull_view *v, size_t i, const struct gw_pull_print *print, size_t *not_its);

/* True if the policy deletes the row's message on the server, once it is proved to be that
 * message. */
bool gw_pull_is_due(const struct gw_pull_view *v, const struct gw_pull_row *row);

/* True if each message of the maildrop has a row. */
bool gw_pull_all_known(const struct gw_pull_view *v);

/* True if the item may be deleted on the server now. */
bool gw_pull_may_delete(const struct gw_pull_view *v, size_t i);

/* How long the account has lived, in seconds, by a clock that no jump makes run ahead. */
struct gw_pull_age {
	int64_t age;
	int64_t wall,
		boot; /* when it was last told: the clock, and the time since the machine began */
	char boot_id[40]; /* which run of the machine that was */
};

/* Within one run of the machine both clocks have to agree; between two, a gap counts as GAP_MAX at
 * most. */
struct gw_pull_age gw_pull_age_at(
	const struct gw_pull_age *last, int64_t wall, int64_t boot, const char *boot_id);

/* True if this many missing files look like an accident.  known: messages that should have one. */
bool gw_pull_looks_like_accident(uint64_t known, uint64_t missing, unsigned percent);

/* What a walk of the whole tree says of the file of a row that is HERE. */
struct gw_pull_sight {
	bool seen;
	bool certain;  /* all of the tree could be read, twice */
	bool deletes;  /* the policy's; and it was that of the last run that ended */
	bool accident; /* too many are missing, or a directory is */
	bool accepted; /* the user was told that it is missing, and has decided */
	bool is_short; /* less came than was listed: it is not all here */
};

enum gw_pull_fate {
	GW_PULL_STAYS,  /* the row is as it was */
	GW_PULL_HELD,   /* the row is as it was, and the user must decide */
	GW_PULL_LET_GO, /* its file is gone; the message stays on the server */
	GW_PULL_FOLLOW, /* its file is gone, and it is UNWANTED */
};

enum gw_pull_fate gw_pull_judge_file(const struct gw_pull_sight *s);

/* True if the row may be forgotten. */
bool gw_pull_may_forget(int64_t listed_at, int64_t now);
