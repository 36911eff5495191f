/* base/words.h - text of a header as people read it: encoded words (RFC 2047) become what they stand for. */
#pragma once

#include "base/buf.h"

/* Appends text as UTF-8, without control characters.  A word in a charset that nobody here knows stays as it
 * is; bytes that are no UTF-8 are taken for windows-1252, which they mostly are.  Folds are blanks. */
void gw_words_decode(struct gw_slice text, struct gw_buf *out);
