/* SPDX-License-Identifier: ISC */
/* outbox/changes.h - tells that the outbox changed on disk, or that the network may be another. */
#pragma once

#include "godwit/error.h"

#include <uv.h>

struct gw_changes;

/* awake: the machine slept, or its network changed.  Called from the loop.  NULL: out of memory; what
 * the system does not offer is done without. */
struct gw_changes *gw_changes_start(
	uv_loop_t *loop, const char *outbox, void (*cb)(void *ctx, bool awake), void *ctx);

/* cb is not called any more.  NULL is accepted. */
void gw_changes_stop(struct gw_changes *c);
