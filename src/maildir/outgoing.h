/* SPDX-License-Identifier: ISC */
/* maildir/outgoing.h - a message on its way from its file to the wire: LF becomes CR LF as it is
 * read, nothing is held whole in memory.
 */
#pragma once

#include "base/buf.h"

enum { GW_OUTGOING_CHUNK = 8192 };

struct gw_outgoing {
	int fd; /* owned; -1: closed */
	bool after_cr;
	size_t at, n; /* the rest of `out` */
	char out[2 * GW_OUTGOING_CHUNK];
};

/* Opens the file; returns 0 or errno. */
int gw_outgoing_open(struct gw_outgoing *o, int dirfd, const char *name);

/* Writes up to n bytes to out; 0 at the end, or when it cannot be read. */
size_t gw_outgoing_read(struct gw_outgoing *o, char *out, size_t n);

void gw_outgoing_close(struct gw_outgoing *o); /* again is nothing */
