/* base/header.h - the fields of a message's header, as people read them. */
#pragma once

#include <stddef.h>

/* The first field of this name in the header, decoded (words.h), in one line and without control characters; as
 * much as fits, in whole characters.  header: NUL-terminated, from the beginning of the message.  "" if there is
 * none. */
void gw_header_field(const char *header, const char *name, char *out, size_t size);
