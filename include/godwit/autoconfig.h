/* SPDX-License-Identifier: ISC */
/* godwit/autoconfig.h - reads what a domain publishes about its mail servers, over HTTPS, for
 * programs that set up an account (Mozilla's autoconfig, draft-ietf-mailmaint-autoconfig). */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"
#include "godwit/log.h"

struct uv_loop_s;
struct gw_autoconfig;

struct gw_advised_server {
	char host[256]; /* a DNS name; "": no usable one was named */
	unsigned port;
	enum gw_tls_mode tls; /* never GW_TLS_NONE */
	char user[256];       /* for signing in; "": not given */
};

struct gw_advice {
	struct gw_advised_server imap, smtp; /* imap is always named */
	const char *source;                  /* the URL; valid during the call */
};

struct gw_autoconfig_question {
	const char *address;          /* of the account */
	const struct gw_proxy *proxy; /* NULL, or without a host: none */
	const char *ca_file;          /* the only authorities to trust; NULL: the system's */
};

/* advice NULL: none was found. */
typedef void gw_autoconfig_cb(void *ctx, const struct gw_advice *advice);

/* Asks https://autoconfig.DOMAIN/ and https://DOMAIN/.well-known/ at the same time, for ten seconds
 * at most; prefers the former's answer.  Borrows the question during the call, and log until cb is
 * called.  GW_OK: cb is called exactly once, later. */
enum gw_code gw_autoconfig_start(struct uv_loop_s *loop,
	const struct gw_autoconfig_question *question, const struct gw_log *log,
	gw_autoconfig_cb *cb, void *ctx, struct gw_autoconfig **out, struct gw_error *err);
/* Gives up; the call of cb follows, with NULL. */
void gw_autoconfig_stop(struct gw_autoconfig *a);
