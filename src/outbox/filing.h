/* outbox/filing.h - what becomes of a mail that is decided: a copy in Sent, a notice in INBOX.
 *
 * Both are files in the local Maildir, which the two-way sync carries to the server with all its care.
 * A failure here is told, and never looks like a failure to send.
 */
#pragma once

#include "outbox/sender_p.h"

enum { GW_FILE_AFTER_S = 30 }; /* a reader's own copy, or the provider's, comes within that */

enum gw_filing {
	GW_FILING_WANTED, /* unless Sent has it here */
	GW_FILING_THERE,  /* Sent has it there */
	GW_FILING_PARTLY, /* as WANTED; the mail stays in the outbox for those who were refused */
};

/* True if a copy belongs in Sent that nobody else puts there: by `sent`, and by the provider's ways. */
bool gw_filing_is_wanted(const struct gw_sender *s, const struct gw_queued *mail);

/* Adds to the sender's records: a copy with its Bcc line goes to Sent if it is wanted there; then the
 * mail leaves the outbox. */
void gw_filing_queue(struct gw_sender *s, const struct gw_queued *mail, enum gw_filing how);

/* Adds to the sender's records: a delivery status notification (RFC 3464) in INBOX for the recipients
 * that were refused; none for an empty return path, nor for what is a notice itself. */
void gw_notice_queue(struct gw_sender *s, const struct gw_queued *mail);

/* The text of such a notice; pure.  header: of the mail it is about.  date, id: as its own fields. */
enum gw_code gw_notice_format(const struct gw_queued *mail, struct gw_slice header,
	const char *date, const char *id, struct gw_buf *out);
