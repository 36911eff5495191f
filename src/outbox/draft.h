/* SPDX-License-Identifier: ISC */
/* outbox/draft.h - what a sendmail command got becomes a header that is fit to leave; pure.
 *
 * Bcc, what came in as ours and an mbox "From " line go out; Date, Message-ID and From come in where
 * they are missing (RFC 6409 8); nothing else is changed.
 */
#pragma once

#include "outbox/address.h"
#include "outbox/envelope.h"

struct gw_draft_wishes {
	const char *sender; /* of the envelope; NULL: the header's */
	const char *const *recipients;
	size_t recipient_count;
	bool from_header;
	unsigned notify;
};

/* Facts from the header, before an account is chosen. */
struct gw_draft {
	struct gw_addresses to;     /* owned */
	struct gw_addresses sender; /* owned; the envelope's; none: the empty path or not known */
	struct gw_addresses author; /* owned; Sender or From, by which the account is chosen */
	bool empty_path;
	bool has_date, has_from;
	bool has_id; /* a well-formed Message-ID */
	bool resent;
	size_t fields_at; /* an mbox line at the head is left out */
};

/* header: up to the empty line.  GW_ERR_REFUSED names field and part. */
enum gw_code gw_draft_read(struct gw_slice header, const struct gw_draft_wishes *wishes,
	struct gw_draft *out, struct gw_error *err);
void gw_draft_deinit(struct gw_draft *d);

/* Appends the header as it is queued: the envelope's block, what stays, and what was missing; without
 * the empty line.  from: the body of a From field; date and message_id: likewise, used if missing. */
enum gw_code gw_draft_write(struct gw_slice header, const struct gw_draft *d,
	const struct gw_envelope *envelope, const char *from, const char *date,
	const char *message_id, struct gw_buf *out);

/* Line by line checks of everything that came in: NUL, a CR without LF, lines over 998 octets. */
struct gw_text_check {
	bool long_lines; /* are allowed */
	uint64_t line;   /* the present one, from 0 */
	size_t n;        /* octets in it */
	bool cr;
};

/* GW_ERR_REFUSED names the line. */
enum gw_code gw_text_check(struct gw_text_check *c, struct gw_slice bytes, struct gw_error *err);
enum gw_code gw_text_check_end(struct gw_text_check *c, struct gw_error *err);
