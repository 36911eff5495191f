/* SPDX-License-Identifier: ISC */
/* base/header.h - a message's header fields for display. */
#pragma once

#include <stddef.h>

/* Copies the first field of this name, decoded (words.h), on one line and without control
 * characters, cut to fit at a whole character.  header: NUL-terminated, from the beginning of the
 * message.  "": no such field. */
void gw_header_field(const char *header, const char *name, char *out, size_t size);
