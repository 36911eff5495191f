/* maildir/flush.h - makes a batch of written files durable, in the cheapest safe way. */
#pragma once

#include "godwit/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Learned from earlier flushes; kept by the caller, initialized to zeros. */
struct gw_flusher {
	bool known;              /* the next field was found out */
	bool can_syncfs;         /* a local file system whose syncfs reports errors */
	uint64_t avoid_until_ms; /* syncfs took too long because of somebody else's data */
};

/* Flushes the files behind fds (on one file system), own_bytes in all; total_bytes is what godwit
 * has written and not flushed yet, this batch included.  Blocking.  Returns 0 or errno; after an
 * error nothing in the batch may be believed. */
int gw_flush(struct gw_flusher *f, const int *fds, size_t count, uint64_t own_bytes,
	uint64_t total_bytes);
