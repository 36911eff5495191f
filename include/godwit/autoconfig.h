/* godwit/autoconfig.h - what a domain publishes about its mail servers, over HTTPS, for programs that set an
 * account up (Mozilla's autoconfig, draft-ietf-mailmaint-autoconfig). */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"
#include "godwit/log.h"

struct uv_loop_s;
struct gw_autoconfig;

struct gw_advised_server {
	char host[256]; /* a DNS name; "": none is named that can be used */
	unsigned port;
	enum gw_tls_mode tls; /* never none */
	char user[256];       /* to sign in with; "": not said */
};

struct gw_advice {
	struct gw_advised_server imap, smtp; /* imap is named in any case */
	const char *source;                  /* the URL; valid during the call */
};

struct gw_autoconfig_question {
	const char *address;          /* of the account */
	const struct gw_proxy *proxy; /* NULL, or without a host: none */
	const char *ca_file;          /* of the only authorities to trust; NULL: the system's */
};

/* advice NULL: nobody gave any. */
typedef void gw_autoconfig_cb(void *ctx, const struct gw_advice *advice);

/* Asks https://autoconfig.DOMAIN/ and https://DOMAIN/.well-known/ at once, for ten seconds at most; the
 * former's word goes first.  The question is borrowed during the call, log until cb is called.  GW_OK: cb is
 * called exactly once, later. */
enum gw_code gw_autoconfig_start(struct uv_loop_s *loop,
	const struct gw_autoconfig_question *question, const struct gw_log *log,
	gw_autoconfig_cb *cb, void *ctx, struct gw_autoconfig **out, struct gw_error *err);
/* The call follows, with NULL. */
void gw_autoconfig_stop(struct gw_autoconfig *a);
