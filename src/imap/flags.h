/* SPDX-License-Identifier: ISC */
/* imap/flags.h - flags and keywords as a server names them (RFC 9051 2.3.2). */
#pragma once

#include "base/buf.h"
#include "base/flagset.h"

enum { GW_FLAG_LIST_MAX = 128, GW_KEYWORD_NAME_MAX = 250 };

/* Slices point into the response and share its life. */
struct gw_flag_list {
	uint64_t system; /* GW_FLAG_*, $Forwarded included */
	bool any;        /* \*: the mailbox accepts new keywords (PERMANENTFLAGS) */
	size_t keyword_count;
	struct gw_slice keywords[GW_FLAG_LIST_MAX]; /* any further ones are dropped */
};

/* Returns the name of a system flag: exactly one of the GW_FLAG_* bits. */
const char *gw_flag_name(uint64_t flag);

/* True if word can be sent as a keyword: an atom, short enough to leave room for others. */
bool gw_flag_is_keyword(struct gw_slice word);

/* Adds one flag to the list.  Drops \Recent, unknown system flags and words that could not be sent
 * back (servers store them although RFC 9051 forbids it); the other flags are unaffected. */
void gw_flag_list_add(struct gw_flag_list *list, struct gw_slice flag);
