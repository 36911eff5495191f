/* SPDX-License-Identifier: ISC */
/* remote/head_reader.h - the header that a FETCH brings, as it comes, as prints.
 *
 * One header at a time: a caller feeds it the body events of its command, and asks at each FETCH response
 * whether that one brought a whole header.
 */
#pragma once

#include "imap/session.h"
#include "maildir/crlf.h"
#include "maildir/fingerprint.h"

struct gw_head_reader {
	struct gw_printer printer;
	struct gw_crlf crlf;
	bool comes, whole;
	uint64_t bytes;
};

/* Takes `ev`, if it is of a section that was asked for (HEADER).  A header announced with more than 64 MB
 * breaks the session. */
void gw_head_reader_feed(
	struct gw_head_reader *r, struct gw_session *session, const struct gw_body_event *ev);

/* True if a whole header arrived since the last call.  Sets print to its own, and bytes to its
 * length, 0 from a server that delivers none. */
bool gw_head_reader_take(struct gw_head_reader *r, struct gw_fingerprint *print, uint64_t *bytes);
