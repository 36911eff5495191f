/* SPDX-License-Identifier: ISC */
/* imap/quirks.h - what a server announces but does not do, and some of what it has proved to do.
 *
 * Stored beside its capabilities and forgotten when those change, so that no command is spent on
 * finding it out again.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

/* One list yields the enumerators and the stored words. */
#define GW_QUIRKS(X)                                                                                   \
	X(NO_AHEAD,                                                                                    \
		"no-ahead") /* drops or refuses what comes behind AUTHENTICATE before its answer */    \
	X(SCRAM,                                                                                       \
		"scram") /* a password was proven to it, not said: it may be asked why not any more */ \
	X(NO_SCRAM, "no-scram")     /* refuses SCRAM and takes PLAIN */                                \
	X(NO_SASL, "no-sasl")       /* refuses AUTHENTICATE and takes LOGIN */                         \
	X(NO_MOVE, "no-move")       /* MOVE was answered with BAD */                                   \
	X(NO_UIDPLUS, "no-uidplus") /* UID EXPUNGE was */                                              \
	X(PLAIN_LIST, "plain-list") /* ends the connection at LIST with RETURN, twice */               \
	X(FEW, "few")               /* ends the connection when asked of many messages at once */      \
	X(APPEND_FLAGS, "append-flags")   /* APPEND without a list of flags was */                     \
	X(TOOK_BARE, "took-bare")         /* proved: it understands APPEND without flags, ... */       \
	X(TOOK_FLAGS, "took-flags")       /* ... with flags, ... */                                    \
	X(TOOK_KEYWORDS, "took-keywords") /* ... and with keywords, so that a body need not wait */

enum gw_quirk_bit {
#define GW_QUIRK_BIT(id, word) GW_QUIRK_BIT_##id,
	GW_QUIRKS(GW_QUIRK_BIT)
#undef GW_QUIRK_BIT
};

enum gw_quirk {
#define GW_QUIRK_VALUE(id, word) GW_QUIRK_##id = 1 << GW_QUIRK_BIT_##id,
	GW_QUIRKS(GW_QUIRK_VALUE)
#undef GW_QUIRK_VALUE
};

enum { GW_FEW = 50 }; /* the most messages to request at once from such a server */

/* Parses words as gw_quirks_format() writes them; ignores others.  NULL: none. */
unsigned gw_quirks_parse(const char *words);
enum gw_code gw_quirks_format(unsigned quirks, struct gw_buf *out);
/* Removes from caps (imap/caps.h) what had better not be used. */
uint32_t gw_quirks_hide(unsigned quirks, uint32_t caps);
