/* SPDX-License-Identifier: ISC */
/* net/wake.h - reports that the machine slept, its clock was set, or its network changed: earlier
 * connections may be dead without notice.
 */
#pragma once

#include "godwit/error.h"

#include <uv.h>

struct gw_wake;

/* Calls cb from the loop, once per burst.  Does without what the system does not offer (in some
 * containers).  GW_ERR_NOMEM. */
enum gw_code gw_wake_start(uv_loop_t *loop, void (*cb)(void *ctx), void *ctx, struct gw_wake **out);

/* Stops the reports.  NULL is accepted. */
void gw_wake_stop(struct gw_wake *w);
