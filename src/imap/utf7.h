/* SPDX-License-Identifier: ISC */
/* imap/utf7.h - modified UTF-7, the encoding of mailbox names (RFC 3501 5.1.3). */
#pragma once

#include "base/buf.h"

/* Appends the UTF-8 form of a name; GW_ERR_PROTOCOL if it is not canonical modified UTF-7 (so that
 * encoding the result yields the name again). */
enum gw_code gw_utf7_decode(struct gw_slice name, struct gw_buf *utf8);

/* Appends the modified UTF-7 form of a UTF-8 name; GW_ERR_PROTOCOL if it is not UTF-8. */
enum gw_code gw_utf7_encode(struct gw_slice utf8, struct gw_buf *name);
