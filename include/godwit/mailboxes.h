/* godwit/mailboxes.h - asks an account's server which mailboxes there are, and says where each has
 * its place here.  Nothing is changed anywhere, and no state is read. */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"
#include "godwit/log.h"

#include <stdint.h>

struct uv_loop_s;
struct gw_mailboxes;

struct gw_mailbox_info {
	const char *name;    /* as shown, and as patterns see it */
	const char *wire;    /* as the server says it */
	char delimiter;      /* in wire; '\0': none */
	const char *dirs[2]; /* the directory by its name, by enum gw_layout */
	const char *given;   /* the directory that the configuration gives it; NULL */
	const char *use;     /* "\\Sent" and the like; NULL: none */
	bool repeats;        /* \All, \Flagged, \Important: only if it is named */
	bool wanted;         /* by `folders` and `subscribed` */
	const char *pattern; /* the pattern that decided; NULL: none did */
	bool counted;        /* messages is known */
	uint32_t messages;
};

/* mailbox NULL: that was all, or err says why not.  INBOX comes first, then by name; those that
 * hold no mail (\NoSelect) are left out. */
typedef void gw_mailboxes_cb(
	void *ctx, const struct gw_mailbox_info *mailbox, const struct gw_error *err);

/* account and log are borrowed until the last call.  GW_OK: cb is called with NULL exactly once,
 * later.  Any other code: never. */
enum gw_code gw_mailboxes_start(struct uv_loop_s *loop, const struct gw_account *account,
	const struct gw_log *log, gw_mailboxes_cb *cb, void *ctx, struct gw_mailboxes **out,
	struct gw_error *err);

/* The last call follows, with GW_ERR_CANCELLED. */
void gw_mailboxes_stop(struct gw_mailboxes *m);
