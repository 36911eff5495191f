/* imap/flags.h - flags and keywords as a server names them (RFC 9051 2.3.2). */
#pragma once

#include "base/buf.h"
#include "base/flagset.h"

enum { GW_FLAG_LIST_MAX = 128, GW_KEYWORD_NAME_MAX = 250 };

/* Slices point into the response and share its life. */
struct gw_flag_list {
	uint64_t system; /* GW_FLAG_*, $Forwarded included */
	bool any;        /* \* : new keywords may be made (PERMANENTFLAGS) */
	size_t keyword_count;
	struct gw_slice keywords[GW_FLAG_LIST_MAX]; /* beyond that many are left out */
};

/* The name of a flag that is no keyword of a mailbox: exactly one of the GW_FLAG_* bits. */
const char *gw_flag_name(uint64_t flag);

/* Can the word be sent as a keyword?  That is an atom, and of a length that leaves room for others.
 */
bool gw_flag_is_keyword(struct gw_slice word);

/* Adds one flag to the list.  \Recent, unknown system flags and words that could not be sent back
 * (servers store them, RFC 9051 forbids them) cost only themselves. */
void gw_flag_list_add(struct gw_flag_list *list, struct gw_slice flag);
