/* net/bandwidth.h - how much all connections of an account together may move in a second: pure, the clock
 * is the caller's.
 *
 * One clock of debts: each byte that was moved, either way, puts off the time at which everything is paid
 * for.  Each direction of each connection moves a piece, then waits until what had been moved by then is
 * paid; what others move meanwhile does not concern it.  So they take turns, none starves, and in t
 * seconds no more goes than t + 1 seconds' worth and a piece for each direction.
 */
#pragma once

#include "godwit/account.h"

/* How much is moved at a time. */
size_t gw_bandwidth_piece(const struct gw_bandwidth *b);

/* n bytes were moved at now_ms.  Returns when (ms) whoever moved them may go on; not later than now_ms: at
 * once.  n 0: when somebody who has not moved anything yet may begin. */
uint64_t gw_bandwidth_charge(struct gw_bandwidth *b, uint64_t now_ms, size_t n);
