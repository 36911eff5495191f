/* plan/isolate.h - which one of many is it that a server breaks at?  Pure.
 *
 * A connection that ends, or falls silent, while something was asked for makes that a suspect: a
 * range of UIDs, a file that was being sent, the look at a mailbox, what was to be changed in it.
 * The state says so before it is asked again.  Suspects are asked for last, without anything behind
 * them, in ever smaller parts; what breaks alone, and broke before, is set aside with its reason.
 *
 *   range of n --broke--> its first one alone, then halves --broke--> ... --one, twice--> set aside
 *                                         `--answered--> innocent
 *
 * Servers mostly send in the order of UIDs, so that the first one that did not come is the likely
 * one: with such a server one bad message costs two connections, with any other log2(n) + 1.
 */
#pragma once

#include "godwit/error.h"

#include <stdint.h>

enum gw_suspicion {
	GW_SUSPECT_BODIES, /* lo to hi: UIDs whose bodies were asked for and did not come */
	GW_SUSPECT_LOOK,   /* the mailbox itself: to select it and ask what is new */
	GW_SUSPECT_FILE,   /* name: what was being sent */
	GW_SUSPECT_CHANGE, /* what was to be changed on the server: flags, moves, deletions */
};

/* One break, or several at the same. */
struct gw_break {
	uint32_t lo, hi;
	unsigned times;
	bool late; /* behind others that came: perhaps the session was only over */
};

/* Is it of the connection, so that what was being asked for may be why? */
bool gw_isolate_counts(enum gw_code code);

/* How often did a connection break while this one was asked for?  *alone: nothing else was, once,
 * and nothing had come before on that connection (some servers end a session after so much). */
unsigned gw_isolate_heat(const struct gw_break *breaks, size_t count, uint32_t uid, bool *alone);

/* Has it shown enough that it is the one?  A large one takes its time, in which a connection may
 * end for other reasons. */
bool gw_isolate_is_culprit(unsigned heat, bool alone, uint64_t size);

/* Of `left` suspects of equal heat, how many are asked for next?  first: none of them was yet. */
size_t gw_isolate_part(size_t left, bool first);

/* When a window of `asked` messages broke: how many may one have from now on?  (Some servers end
 * the session when asked for many.)  most: so far. */
size_t gw_isolate_window(size_t asked, size_t most);
