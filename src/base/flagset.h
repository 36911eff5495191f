/* SPDX-License-Identifier: ISC */
/* base/flagset.h - the flags and keywords of one message as bits.
 *
 * The system flags have fixed bits; bit GW_KEYWORD_FIRST + i is keyword i of the mailbox's own
 * list.
 */
#pragma once

#include <stdint.h>

#define GW_FLAG_SEEN (UINT64_C(1) << 0)
#define GW_FLAG_ANSWERED (UINT64_C(1) << 1)
#define GW_FLAG_FLAGGED (UINT64_C(1) << 2)
#define GW_FLAG_DRAFT (UINT64_C(1) << 3)
#define GW_FLAG_DELETED (UINT64_C(1) << 4)
#define GW_FLAG_FORWARDED (UINT64_C(1) << 5) /* $Forwarded, Maildir's P */

enum {
	GW_KEYWORD_FIRST = 6,
	GW_KEYWORD_MAX = 52, /* keywords that a mailbox can have; others are dropped */
};

#define GW_FLAG_KEYWORD(i) (UINT64_C(1) << (GW_KEYWORD_FIRST + (i)))
#define GW_FLAGS_ALL ((UINT64_C(1) << (GW_KEYWORD_FIRST + GW_KEYWORD_MAX)) - 1)
/* Flags that servers store as keywords: $Forwarded and the mailbox's own. */
#define GW_FLAGS_KEYWORDS (GW_FLAGS_ALL & ~(GW_FLAG_FORWARDED - 1))
