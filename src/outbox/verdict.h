/* SPDX-License-Identifier: ISC */
/* outbox/verdict.h - what a server's answer means for a queue; pure.
 *
 * The table is data, in the order in which it is read.  Words count more than codes: daily limits come
 * as 5xx, and a refused sign-in never is a refusal of the mail.
 */
#pragma once

#include "smtp/reply.h"
#include "smtp/session.h"

enum gw_verdict_class {
	GW_VERDICT_OK,
	GW_VERDICT_LATER,   /* this mail, or this recipient, after a while */
	GW_VERDICT_NEXT,    /* this recipient, in another transaction, at once */
	GW_VERDICT_PAUSE,   /* nothing of the account for wait_s; not a try */
	GW_VERDICT_SIGN_IN, /* the account stands until its credentials change; nothing is returned */
	GW_VERDICT_NO,      /* for good: the user's turn */
};

struct gw_verdict {
	enum gw_verdict_class what;
	unsigned wait_s;    /* PAUSE */
	const char *advice; /* what to do; NULL: nothing is known.  Static. */
};

struct gw_verdict gw_verdict_of(enum gw_smtp_stage stage, const struct gw_smtp_reply *reply);

/* Returns advice about a refused sign-in; token: nobody typed a password. */
const char *gw_verdict_advice(
	enum gw_smtp_stage stage, const struct gw_smtp_reply *reply, bool token);

/* Judges a connection that failed or was lost, without a reply. */
struct gw_verdict gw_verdict_lost(const struct gw_error *err);

/* "later", "next", "pause", "sign-in", "no", "ok". */
const char *gw_verdict_name(enum gw_verdict_class what);
