/* SPDX-License-Identifier: ISC */
/* cli/progress_line.h - the line that shows how far a sync is, in as many columns as there are; pure. */
#pragma once

#include "godwit/sync.h"

#include <stddef.h>

struct progress_facts {
	const char *name;  /* of the account */
	const char *stage; /* what it does, in words */
	const struct gw_sync_counts *counts;
	double rate; /* bytes a second, both ways; 0: not known yet */
};

/* Formats the line.  Where columns are short, the bar goes first, then rate, bytes and words;
 * percent and remaining time stay longer, the count of messages longest. */
void progress_line(const struct progress_facts *f, size_t columns, char *out, size_t size);

/* "1.2 MB", in units of 1000. */
void progress_bytes(double n, char *out, size_t size);
