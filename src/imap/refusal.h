/* imap/refusal.h - what a server means that says no: is it about what was asked, about the server's
 * own state, or a wish to be left alone; and what a person can do.
 *
 * Response codes decide.  Words do not: they quote the names of mailboxes, which anybody can choose.
 * Only Gmail says some things in words alone, and is believed where it cannot be somebody else.
 */
#pragma once

#include "imap/response.h"

struct gw_refusal {
	bool busy;          /* it wants to be left alone for a while */
	unsigned wait_s;    /* for how long; 0: it did not say */
	const char *advice; /* static; NULL: nothing is known about it */
};

/* r: a NO, BAD or BYE.  gmail: it is Gmail that speaks, and nobody else. */
struct gw_refusal gw_refusal_of(const struct gw_response *r, bool gmail);

/* Is it the server's state that refuses, which passes, and not what was asked for? */
bool gw_refusal_passes(enum gw_resp_code code);

/* Does it refuse because of the user's name or password, so that another way to say them is of no
 * use? */
bool gw_refusal_is_of_credentials(enum gw_resp_code code);
