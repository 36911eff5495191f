/* SPDX-License-Identifier: ISC */
/* net/bandwidth.h - shares a bandwidth limit among all connections of an account; pure: the caller
 * supplies the time.
 *
 * One clock of debts: each byte moved, in either direction, postpones the time at which everything
 * is paid for.  Each direction of each connection moves a piece, then waits until what had been
 * moved by then is paid; later traffic of others does not delay it.  So they take turns, none
 * starves, and within t seconds no more moves than t + 1 seconds' worth plus one piece per
 * direction.
 */
#pragma once

#include "godwit/account.h"

/* Bytes to move at a time. */
size_t gw_bandwidth_piece(const struct gw_bandwidth *b);

/* Records that n bytes were moved at now_ms.  Returns when (ms) the mover may go on; not later than
 * now_ms: at once.  n 0: when a newcomer may begin. */
uint64_t gw_bandwidth_charge(struct gw_bandwidth *b, uint64_t now_ms, size_t n);
