/* SPDX-License-Identifier: ISC */
/* base/words.h - decodes header text for display: encoded words (RFC 2047). */
#pragma once

#include "base/buf.h"

/* Appends text as UTF-8, without control characters.  Leaves words in unknown charsets as they are;
 * reads bytes that are not UTF-8 as windows-1252, which they usually are.  Folds become spaces. */
void gw_words_decode(struct gw_slice text, struct gw_buf *out);
