/* SPDX-License-Identifier: ISC */
/* cli/sums.h - what a run did, or a dry run would do, in one line of words. */
#pragma once

#include "godwit/sync.h"

/* "3 messages fetched (12 KB), 1 message moved"; planned: "would fetch 3 messages (12 KB), move 1 message".  Nothing was
 * done: "". */
void sums_text(const struct gw_sync_counts *counts, bool planned, char *out, size_t size);
