/* imap/quirks.h - what a server announces and does not do, and some of what it proved to do, as it
 * was found out on it.
 *
 * Kept beside its capabilities and forgotten when those change, so that no command is spent on
 * finding out again.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

/* One list yields the enumerators and the words that are kept. */
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

enum { GW_FEW = 50 }; /* messages, where a server is known to want no more at once */

/* Words, as gw_quirks_format() writes them; others are passed over.  NULL is none. */
unsigned gw_quirks_parse(const char *words);
enum gw_code gw_quirks_format(unsigned quirks, struct gw_buf *out);
/* Capabilities (imap/caps.h) that are better not used. */
uint32_t gw_quirks_hide(unsigned quirks, uint32_t caps);
