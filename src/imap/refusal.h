/* SPDX-License-Identifier: ISC */
/* imap/refusal.h - what a server's refusal means: the request, the server's own state, or a wish to
 * be left alone; and what the user can do.
 *
 * Response codes decide.  Words do not: they quote mailbox names, which anybody can choose.  Only
 * Gmail says some things in words alone, and is believed where nobody else can be speaking.
 */
#pragma once

#include "imap/response.h"

struct gw_refusal {
	bool busy;          /* the server wants to be left alone for a while */
	unsigned wait_s;    /* for how long; 0: not said */
	const char *advice; /* static; NULL: none is known */
};

/* Classifies a NO, BAD or BYE.  gmail: certainly Gmail's own. */
struct gw_refusal gw_refusal_of(const struct gw_response *r, bool gmail);

/* True if the refusal is about the server's state, which passes, and not about the request. */
bool gw_refusal_passes(enum gw_resp_code code);

/* True if the refusal is about the user's name or password, so that another mechanism would not
 * help. */
bool gw_refusal_is_of_credentials(enum gw_resp_code code);
