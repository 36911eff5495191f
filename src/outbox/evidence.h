/* outbox/evidence.h - was it sent?  Some providers file what they are given in \Sent: a message that is
 * found there by its Message-ID was.
 */
#pragma once

#include "godwit/account.h"
#include "godwit/log.h"

#include <uv.h>

struct gw_evidence;

/* known: the question was answered, on a working connection. */
typedef void gw_evidence_cb(void *ctx, bool known, bool found);

/* Can it be asked at all?  files: the submission server files by itself. */
bool gw_evidence_can(const struct gw_account *account, bool files);

/* true: cb is called exactly once, later.  account outlives it. */
bool gw_evidence_start(uv_loop_t *loop, const struct gw_log *log, const struct gw_account *account,
	const char *message_id, gw_evidence_cb *cb, void *ctx, struct gw_evidence **out);

/* cb is called, later. */
void gw_evidence_cancel(struct gw_evidence *e);
