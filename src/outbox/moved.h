/* SPDX-License-Identifier: ISC */
/* outbox/moved.h - tells that a folder was moved away or removed, and nothing of what goes on in it.
 *
 * Implemented twice: moved_linux.c is told, moved_portable.c looks now and then.
 */
#pragma once

#include <uv.h>

struct gw_moved;

/* cb is called from the loop.  NULL: out of memory, or it cannot be told. */
struct gw_moved *gw_moved_start(
	uv_loop_t *loop, const char *folder, void (*cb)(void *ctx), void *ctx);

/* cb is not called any more.  NULL is accepted. */
void gw_moved_stop(struct gw_moved *m);
