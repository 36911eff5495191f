/* imap/refusal.h - what a server means that says no: whether it is a matter of time, and what a
 * person can do.  Texts of the big providers, as users quote them.
 */
#pragma once

#include "base/buf.h"

struct gw_refusal {
	bool busy;          /* it wants to be left alone for a while */
	unsigned wait_s;    /* for how long; 0: it did not say */
	const char *advice; /* static; NULL: nothing is known about it */
};

/* line: a NO, BAD or BYE, as it came. */
struct gw_refusal gw_refusal_of(struct gw_slice line);
