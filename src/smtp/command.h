/* SPDX-License-Identifier: ISC */
/* smtp/command.h - builds SMTP command lines (RFC 5321 4.1), checking everything that goes into
 * them: an address can never become a command or a parameter.
 */
#pragma once

#include "base/buf.h"
#include "smtp/caps.h"

enum { GW_SMTP_LINE_MAX = 512 }; /* octets of a command, including CR LF */

/* What a sender wishes to be notified of (RFC 3461 4.1). */
enum gw_smtp_notify {
	GW_NOTIFY_NEVER = 1,
	GW_NOTIFY_SUCCESS = 2,
	GW_NOTIFY_FAILURE = 4,
	GW_NOTIFY_DELAY = 8,
};

struct gw_smtp_recipient {
	const char *address; /* "local@domain", without angle brackets */
	unsigned notify;     /* bits of gw_smtp_notify; 0: the server's default */
};

struct gw_smtp_sender {
	const char *address; /* "": the null path */
	uint64_t size;       /* of the text on the wire */
	bool eight_bit;      /* has octets above 127 */
	bool utf8;           /* an address or the header needs SMTPUTF8 */
	const char *envid;   /* RFC 3461; NULL: none */
	const char *ret;     /* "FULL", "HDRS", or NULL */
};

/* True if address may be put between angle brackets: a local part (quoted or not), "@" and a
 * domain, within the bounds of RFC 5321 4.5.3.1, without control characters, and without blanks or
 * angle brackets outside quotes. */
bool gw_smtp_address_ok(struct gw_slice address);

/* Each function appends one whole line and leaves out what the server does not offer.
 * GW_ERR_LIMIT: the line is too long; GW_ERR_REFUSED: not an address; GW_ERR_NOMEM. */
enum gw_code gw_smtp_put_mail(
	struct gw_buf *out, const struct gw_smtp_sender *sender, const struct gw_smtp_caps *caps);
enum gw_code gw_smtp_put_rcpt(
	struct gw_buf *out, const struct gw_smtp_recipient *to, const struct gw_smtp_caps *caps);
/* verb and name: "EHLO example.org". */
enum gw_code gw_smtp_put_hello(struct gw_buf *out, const char *verb, const char *name);

/* Reads the argument of a sendmail command's -N: "never", or some of "success,failure,delay". */
bool gw_smtp_read_notify(const char *text, unsigned *out);
