/* SPDX-License-Identifier: ISC */
/* outbox/filing.h - files a mail after it was decided: a copy in Sent, a notice in INBOX.
 *
 * Both are files in the local Maildir, which the two-way sync carries to the server with all its
 * care.  A failure here is reported once, retried ever more slowly, and never looks like a failure
 * to send.
 *
 * I1  what is left to do is in the state until it is done; nothing is done without checking whether
 *     it was, so that a cut anywhere costs no copy and makes no second one.
 * I2  a sent mail leaves the outbox when its copy is on disk, or when the user is told that there
 *     is none.
 */
#pragma once

#include "outbox/sender_p.h"

enum { GW_FILE_AFTER_S = 30 }; /* a reader's own copy, or the provider's, comes within that */

/* True if a copy belongs in Sent that nobody else puts there: by `sent`, and by the provider's ways. */
bool gw_filing_is_wanted(const struct gw_sender *s, const struct gw_queued *mail);

/* Adds to the sender's records: a copy with its Bcc line goes to Sent if it is wanted there, and is neither
 * here nor there; then the mail leaves the outbox, if it was sent to everyone. */
void gw_filing_queue(struct gw_sender *s, const struct gw_queued *mail, bool is_there);

/* True if its sender is to be told who was refused: none for an empty return path. */
bool gw_notice_is_wanted(const struct gw_sender *s, const struct gw_queued *mail);

/* Adds to the sender's records: a delivery status notification (RFC 3464) in INBOX for the recipients
 * that were refused, if that is left to do, but none for what is a notice itself; and the move to `new/`. */
void gw_notice_queue(struct gw_sender *s, const struct gw_queued *mail);

/* The text of such a notice; pure.  header: of the mail it is about.  date, id: as its own fields. */
enum gw_code gw_notice_format(const struct gw_queued *mail, struct gw_slice header,
	const char *date, const char *id, struct gw_buf *out);
