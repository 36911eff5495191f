/* SPDX-License-Identifier: ISC */
/* base/show.h - text from outside, made fit to be shown to a person.
 *
 * Servers, files and mail bring bytes that a terminal would obey: escape sequences (C0, and C1 both
 * as single bytes and as UTF-8), line ends that forge lines of ours, and characters that turn the
 * direction of writing (Unicode UAX #9).  They are shown as what they are: "\x1b", "\u202e".
 */
#pragma once

#include "base/buf.h"

/* Appends text to out with everything escaped that is not a printable character: "\n", "\t", "\r"
 * by letter, other bytes and malformed UTF-8 as "\xNN", code points from U+0080 as "\uNNNN" (or
 * "\UNNNNNNNN").  A backslash stays as it is, for this is for eyes, not for reading back.
 * GW_ERR_LIMIT, GW_ERR_NOMEM: out holds what fitted. */
enum gw_code gw_show(struct gw_slice text, struct gw_buf *out);

/* True if gw_show() would change nothing. */
bool gw_is_plain(struct gw_slice text);
