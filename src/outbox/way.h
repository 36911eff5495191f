/* SPDX-License-Identifier: ISC */
/* outbox/way.h - the way to an account's submission server: who signs in there, and how it is reached. */
#pragma once

#include "smtp/session.h"

/* The account as it signs in for sending: what IMAP signs in with, or another user and password.
 * Everything is borrowed from it. */
struct gw_account gw_way_login(const struct gw_account *account);

/* sender: whose mail goes first; NULL: nobody's yet.  tls NULL: in clear, or through a tunnel. */
struct gw_smtp_options gw_way_options(const struct gw_account *account, struct gw_tls_ctx *tls,
	struct gw_sasl *sasl, const char *sender);
