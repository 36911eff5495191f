/* SPDX-License-Identifier: ISC */
/* godwit/auth.h - signs an account in with OAuth 2.0: with a browser on this machine (RFC 8252, RFC
 * 7636), or with another device (RFC 8628).  Keeps the tokens for later syncs.
 */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"
#include "godwit/log.h"

struct uv_loop_s;
struct gw_auth_flow;

enum gw_auth_event_type {
	GW_AUTH_OPEN,   /* open url in a browser; code: to be typed in there, or NULL */
	GW_AUTH_NOTICE, /* text: something that arrived and was ignored */
	GW_AUTH_DONE,   /* the last event; err NULL: signed in */
};

struct gw_auth_event {
	enum gw_auth_event_type type;
	const char *url, *code, *text;
	const struct gw_error *err;
};

typedef void gw_auth_cb(void *ctx, const struct gw_auth_event *ev);

/* Starts a sign-in; device: with another device, where the provider offers that.  account and log
 * outlive the flow.  GW_OK: GW_AUTH_DONE comes exactly once, later.  GW_ERR_CONFIG: the
 * configuration lacks something. */
enum gw_code gw_auth_start(struct uv_loop_s *loop, const struct gw_account *account, bool device,
	const struct gw_log *log, gw_auth_cb *cb, void *ctx, struct gw_auth_flow **out,
	struct gw_error *err);

/* Continues with the address at which a browser on another machine ended, as the user copied it. */
void gw_auth_paste(struct gw_auth_flow *flow, const char *url);

/* Forgets an account's tokens, for a sign-in that is not wanted after all.  GW_OK: GW_AUTH_DONE
 * comes exactly once, later; account outlives it. */
enum gw_code gw_auth_forget(struct uv_loop_s *loop, const struct gw_account *account,
	gw_auth_cb *cb, void *ctx, struct gw_error *err);

/* Ends the flow: GW_AUTH_DONE brings GW_ERR_CANCELLED. */
void gw_auth_cancel(struct gw_auth_flow *flow);

/* Runs the account's password-command.  Blocking.  *out: heap, for gw_auth_wipe(). 
 * GW_ERR_SECRET. */
enum gw_code gw_auth_password(const struct gw_account *account, char **out, struct gw_error *err);
/* Wipes and frees a password; NULL is accepted. */
void gw_auth_wipe(char *password);

/* Reports commands that may ask the user for a password on the terminal.  what: "ACCOUNT: waiting
 * for password-command" when one begins, NULL when none is left; well: the one that ended
 * succeeded. */
typedef void gw_asking_cb(void *ctx, const char *what, bool well);

/* Sets this thread's only listener; cb NULL removes it. */
void gw_asking_listen(gw_asking_cb *cb, void *ctx);

/* The commands by which an account's tokens are kept in the keyring, for the table of a runner; size 512 is enough.
 * false: it has no such, or no more. */
bool gw_auth_command(const struct gw_account *account, size_t index, char *out, size_t size);
