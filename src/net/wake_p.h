/* SPDX-License-Identifier: ISC */
/* net/wake_p.h - what the system tells of its clock and its network; for wake.c.
 *
 * Implemented twice: wake_linux.c is told, wake_portable.c looks now and then.
 */
#pragma once

#include <stdbool.h>
#include <uv.h>

struct gw_wake_source;

/* clock_set: the machine slept, or its clock was set; else something happened to its network, or may
 * have. */
typedef void gw_wake_told(void *ctx, bool clock_set);

/* NULL: out of memory. */
struct gw_wake_source *gw_wake_source_start(uv_loop_t *loop, gw_wake_told *told, void *ctx);

/* told is not called any more.  NULL is accepted. */
void gw_wake_source_stop(struct gw_wake_source *s);
