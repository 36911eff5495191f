/* net/wake.h - tells that the machine slept, that its clock was set, or that its network changed:
 * what was connected before may be dead without anybody saying so.
 */
#pragma once

#include "godwit/error.h"

#include <uv.h>

struct gw_wake;

/* cb is called from the loop, once for a burst of such things.  What the system does not offer
 * (in some containers) is done without.  GW_ERR_NOMEM. */
enum gw_code gw_wake_start(uv_loop_t *loop, void (*cb)(void *ctx), void *ctx, struct gw_wake **out);

/* cb is not called any more.  NULL is accepted. */
void gw_wake_stop(struct gw_wake *w);
