/* godwit/auth.h - a person signs an account in with OAuth 2.0: with a browser on this machine (RFC
 * 8252, RFC 7636), or with another device (RFC 8628).  The tokens are kept for the syncs.
 */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"
#include "godwit/log.h"

struct uv_loop_s;
struct gw_auth_flow;

enum gw_auth_event_type {
	GW_AUTH_OPEN,   /* url is to be opened in a browser; code: to be typed in there, or NULL */
	GW_AUTH_NOTICE, /* text: something that came, and was passed over */
	GW_AUTH_DONE,   /* the last event; err NULL: signed in */
};

struct gw_auth_event {
	enum gw_auth_event_type type;
	const char *url, *code, *text;
	const struct gw_error *err;
};

typedef void gw_auth_cb(void *ctx, const struct gw_auth_event *ev);

/* device: with another device, where the provider offers that.  account and log outlive it.  GW_OK:
 * GW_AUTH_DONE comes exactly once, later.  GW_ERR_CONFIG: the configuration lacks something. */
enum gw_code gw_auth_start(struct uv_loop_s *loop, const struct gw_account *account, bool device,
	const struct gw_log *log, gw_auth_cb *cb, void *ctx, struct gw_auth_flow **out,
	struct gw_error *err);

/* The address that a browser on another machine was sent to in the end, as a person copied it. */
void gw_auth_paste(struct gw_auth_flow *flow, const char *url);

/* Forgets the tokens of an account: of a sign-in that is not wanted after all.  GW_OK: GW_AUTH_DONE
 * comes exactly once, later; account outlives it. */
enum gw_code gw_auth_forget(struct uv_loop_s *loop, const struct gw_account *account,
	gw_auth_cb *cb, void *ctx, struct gw_error *err);

/* GW_AUTH_DONE brings GW_ERR_CANCELLED. */
void gw_auth_cancel(struct gw_auth_flow *flow);

/* Runs the account's password-command.  Blocking.  *out: heap, for gw_auth_wipe().  GW_ERR_SECRET. */
enum gw_code gw_auth_password(const struct gw_account *account, char **out, struct gw_error *err);
/* Wipes a password and frees it; NULL is accepted. */
void gw_auth_wipe(char *password);

/* Hears of commands that may ask a person for a password on the terminal.  what: "ACCOUNT: waiting for
 * password-command" as one begins, NULL as none is left; well: the one that ended gave it. */
typedef void gw_asking_cb(void *ctx, const char *what, bool well);

/* One listener a thread; cb NULL: none any more. */
void gw_asking_listen(gw_asking_cb *cb, void *ctx);
