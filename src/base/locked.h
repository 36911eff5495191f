/* SPDX-License-Identifier: ISC */
/* base/locked.h - memory for secrets: never swapped where the system lets us have that much (RLIMIT_MEMLOCK), in no core
 * dump, wiped before it is given back.  Each piece has pages of its own: it is for few and small ones.
 */
#pragma once

#include "base/buf.h"

/* Zeroed; NULL: out of memory. */
void *gw_locked_alloc(size_t n);
void gw_locked_free(void *p); /* NULL is accepted */

/* A NUL-terminated copy; NULL also for NULL, or out of memory. */
char *gw_locked_str(const char *text);
char *gw_locked_slice(struct gw_slice s);
