/* SPDX-License-Identifier: ISC */
/* maildir/labels.h - which keywords are Gmail's labels (`labels = keywords`).  Their names on the
 * wire: remote/labels.h.
 */
#pragma once

#include "maildir/keywords.h"

/* True if a keyword of this name is a label.  Those that programs make ("$Forwarded", "NonJunk")
 * are not. */
bool gw_label_is(struct gw_slice keyword);

/* The bits of the keywords that are labels. */
uint64_t gw_labels_among(const struct gw_keywords *keywords);
