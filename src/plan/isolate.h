/* SPDX-License-Identifier: ISC */
/* plan/isolate.h - which one of many is it that a server breaks at?  Pure.
 *
 * A connection that ends, or falls silent, while something was asked for makes that a suspect: a
 * range of UIDs, a file that was being sent, the look at a mailbox, what was to be changed in it.
 * The state says so before it is asked again.  Suspects are asked for last, alone, in ever smaller
 * parts, each on a connection that nothing else was asked for on.
 *
 *   range of n --broke--> its first one alone, then halves --broke--> ... --one, again--> culprit
 *                                         `--answered--> innocent
 *
 * Servers mostly send in the order of UIDs, so that the first one that did not come is the likely
 * one: with such a server one bad message costs three connections, with any other log2(n) + 2.
 *
 * A bad line breaks at whatever is asked.  So nothing is a culprit by its breaks alone: others have
 * to have gone through since the first of them.  Where all that a connection broke at went through
 * later, the line is a bad one, and every break after that is believed the less.
 */
#pragma once

#include "godwit/error.h"

#include <stdint.h>

enum gw_suspicion {
	GW_SUSPECT_BODIES, /* lo to hi: UIDs whose bodies were asked for and did not come */
	GW_SUSPECT_LOOK,   /* the mailbox itself: to select it and ask what is new */
	GW_SUSPECT_FILE,   /* name: what was being sent */
	GW_SUSPECT_CHANGE, /* changes to the server: flags, moves, deletions */
	GW_SUSPECT_HEADS,  /* lo to hi: likewise of headers */
};

/* One break, or several at the same place. */
struct gw_break {
	uint32_t lo, hi;
	unsigned times;
	unsigned alone; /* of these, how often nothing else had passed on that connection */
};

/* The case against one suspect, of whatever kind. */
struct gw_charge {
	unsigned breaks;   /* connections that broke at it, in this run and before */
	unsigned alone;    /* of these, how many had nothing else on them: a session may be over */
	uint64_t size;     /* of a message or file; 0: neither */
	unsigned now;      /* in this run, at something in its mailbox, each on a new connection */
	uint64_t peers;    /* other mail and mailboxes that went through since the first of these */
	unsigned innocent; /* breaks in this run at what went through later */
};

/* True if the failure is the connection's, so that the pending request may be its cause. */
bool gw_isolate_counts(enum gw_code code);

/* Counts the breaks while this message was asked for.  alone: those while only it was asked for. */
unsigned gw_isolate_heat(
	const struct gw_break *breaks, size_t count, uint32_t uid, unsigned *alone);

/* True if the thing is to blame, not the line.  A suspect must break twice when tried alone; once
 * more if it is large, which takes time, and if the line has been seen to break by itself. */
bool gw_isolate_is_culprit(const struct gw_charge *charge);

/* True if what was set aside at `at` is to be tried again: after a week. */
bool gw_isolate_is_due(int64_t at, int64_t now);

/* How many of `left` equally hot suspects to ask for next.  first: none of them was tried yet. */
size_t gw_isolate_part(size_t left, bool first);

/* How many messages to ask for at once after a window of `asked` broke: some servers end the
 * session when asked for many.  most: the limit so far. */
size_t gw_isolate_window(size_t asked, size_t most);
