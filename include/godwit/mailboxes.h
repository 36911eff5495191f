/* SPDX-License-Identifier: ISC */
/* godwit/mailboxes.h - lists the mailboxes on an account's server, and where each belongs here.
 * Changes nothing anywhere and reads no state. */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"
#include "godwit/log.h"

#include <stdint.h>

struct uv_loop_s;
struct gw_mailboxes;

struct gw_mailbox_info {
	const char *name;    /* as shown and as matched by patterns */
	const char *wire;    /* as the server spells it */
	char delimiter;      /* in wire; '\0': none */
	const char *dirs[2]; /* the directory derived from its name, by enum gw_layout */
	const char *given;   /* the directory that the configuration assigns; NULL: none */
	const char *use;     /* "\\Sent" and the like; NULL: none */
	bool repeats;        /* \All, \Flagged, \Important: synchronized only if named */
	bool wanted;         /* selected by `folders` and `subscribed` */
	const char *pattern; /* the pattern that decided; NULL: none did */
	bool counted;        /* messages is valid */
	uint32_t messages;
};

/* mailbox NULL: nothing more follows, or err says why it failed.  INBOX comes first, the others by
 * name; mailboxes that hold no mail (\NoSelect) are left out. */
typedef void gw_mailboxes_cb(
	void *ctx, const struct gw_mailbox_info *mailbox, const struct gw_error *err);

/* Starts the listing.  account and log are borrowed until the last call.  GW_OK: cb is called with
 * NULL exactly once, later.  Any other code: never. */
enum gw_code gw_mailboxes_start(struct uv_loop_s *loop, const struct gw_account *account,
	const struct gw_log *log, gw_mailboxes_cb *cb, void *ctx, struct gw_mailboxes **out,
	struct gw_error *err);

/* Gives up; the last call follows, with GW_ERR_CANCELLED. */
void gw_mailboxes_stop(struct gw_mailboxes *m);
