/* SPDX-License-Identifier: ISC */
/* plan/likeness.h - judges whether a directory is the home of a mailbox of another name, by the
 * messages in it.  Pure.
 *
 * All messages of the directory are compared with a few of the mailbox.  A message is known by its
 * header or by its Message-ID.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gw_trace {
	uint64_t header, msgid; /* the beginnings of their digests; msgid 0: none */
};

/* Builds a trace from digests, whose first bytes suffice. */
struct gw_trace gw_trace_of(const uint8_t header[static 8], const uint8_t msgid[static 8]);

/* A directory's. */
struct gw_traces {
	uint64_t *list; /* owned; sorted once it is settled */
	size_t count, cap;
	size_t messages;
};

void gw_traces_deinit(struct gw_traces *t);
/* false: no memory. */
bool gw_traces_add(struct gw_traces *t, struct gw_trace one);
/* No more will be added. */
void gw_traces_settle(struct gw_traces *t);

/* How much they are alike; 0: it is no more than chance. */
unsigned gw_likeness(const struct gw_traces *dir, const struct gw_trace *sample, size_t count);
