/* SPDX-License-Identifier: ISC */
/* outbox/envelope.h - who sends a queued mail to whom: a block of fields at the head of its file.
 *
 *   X-Godwit-Outbox: 1 ID
 *   X-Godwit-From: <me@example.org> RET=HDRS ENVID=xtext
 *   X-Godwit-To: <you@example.net> NOTIFY=FAILURE,DELAY       one a recipient
 *   X-Godwit-Bcc: ...                                          the text of a Bcc field, for the copy in Sent
 *
 * One file, so that no half of it can be lost.  No such field ever leaves, and none that came in is
 * believed.
 */
#pragma once

#include "outbox/header.h"
#include "smtp/command.h"

enum { GW_OUTBOX_ID = 12 }; /* hex digits */

struct gw_envelope_to {
	char *address; /* owned */
	unsigned notify;
};

struct gw_envelope {
	char id[GW_OUTBOX_ID + 1];
	char *sender;     /* owned; "": the empty path */
	char *ret;        /* owned; "FULL", "HDRS" or NULL */
	char *envid;      /* owned; or NULL */
	char *message_id; /* owned; as in its field, with angle brackets; NULL: none */
	char *subject;    /* owned; unfolded, for people; NULL: none */
	struct gw_envelope_to *to;
	size_t to_count, to_cap;
};

void gw_envelope_deinit(struct gw_envelope *e);

/* True if it can be an envelope id (RFC 3461 4.4): visible ASCII, without blanks, up to 100. */
bool gw_envid_ok(const char *envid);

/* Adds a recipient.  GW_ERR_NOMEM. */
enum gw_code gw_envelope_add(struct gw_envelope *e, const char *address, unsigned notify);

/* Appends the block. */
enum gw_code gw_envelope_format(const struct gw_envelope *e, struct gw_buf *out);

/* Parses the block in a header.  GW_ERR_REFUSED: it is missing or unreadable; err says which
 * line. */
enum gw_code gw_envelope_parse(
	struct gw_slice header, struct gw_envelope *out, struct gw_error *err);

/* True for a field that never leaves: ours, Bcc and Resent-Bcc. */
bool gw_field_stays(const struct gw_field *f);
