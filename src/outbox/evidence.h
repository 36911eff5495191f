/* SPDX-License-Identifier: ISC */
/* outbox/evidence.h - finds out whether a mail was sent.  Some providers file what they are given
 * in \Sent: a message found there by its Message-ID was sent.
 */
#pragma once

#include "godwit/account.h"
#include "godwit/log.h"

#include <uv.h>

struct gw_evidence;

enum gw_evidence_answer {
	GW_EVIDENCE_KNOWN, /* on a working connection: found[i] holds for the i-th Message-ID */
	GW_EVIDENCE_LATER, /* no connection, or the server is busy */
	GW_EVIDENCE_NEVER, /* cannot be asked: no such mailbox, or sign-in refused */
};

/* found: borrowed during the call; as many as were asked for. */
typedef void gw_evidence_cb(void *ctx, enum gw_evidence_answer answer, const bool *found);

/* True if the account's server can be asked at all. */
bool gw_evidence_can(const struct gw_account *account);

/* Asks about several Message-IDs in one session.  true: cb is called exactly once, later.  account
 * outlives it. */
bool gw_evidence_start(uv_loop_t *loop, const struct gw_log *log, const struct gw_account *account,
	const char *const *message_ids, size_t count, gw_evidence_cb *cb, void *ctx,
	struct gw_evidence **out);

/* Gives up; cb is called later. */
void gw_evidence_cancel(struct gw_evidence *e);
