/* SPDX-License-Identifier: ISC */
/* outbox/address.h - lists of addresses as headers have them (RFC 5322 3.4, 4.4), down to what stands
 * between angle brackets in SMTP.
 *
 * Groups are opened up, comments, display names and source routes dropped; missing and superfluous
 * separators are forgiven.  What is left has passed gw_smtp_address_ok(); a domain beyond ASCII is
 * written in A-labels (RFC 5891).
 */
#pragma once

#include "base/buf.h"

struct gw_addresses {
	char **list; /* owned: "local@domain" */
	size_t count, cap;
};

void gw_addresses_deinit(struct gw_addresses *a);

/* Appends what a field's body names; equal ones once.  GW_ERR_REFUSED: err says which part is no
 * address, and why; GW_ERR_NOMEM. */
enum gw_code gw_addresses_parse(
	struct gw_slice field, struct gw_addresses *out, struct gw_error *err);

/* Appends one address of a command's argument: an address, with or without angle brackets. */
enum gw_code gw_addresses_add(const char *address, struct gw_addresses *out, struct gw_error *err);

/* Equal for a mail server: the domain in any case, the local part by byte. */
bool gw_address_same(const char *a, const char *b);

/* True if the address matches a pattern with "*" ("*@my.example", "me+*@x"), in any case. */
bool gw_address_matches(const char *pattern, const char *address);

/* True if the local part is beyond ASCII: the server has to offer SMTPUTF8. */
bool gw_address_is_utf8(const char *address);
