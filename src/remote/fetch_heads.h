/* SPDX-License-Identifier: ISC */
/* remote/fetch_heads.h - fetches the headers of some messages of the selected mailbox, as prints.
 *
 * All of them at once, a few thousand a command.  A UID whose header the server does not give never
 * stops the rest: a refused command is halved until the one is found, and what an OK left out is asked
 * for once more.  What a connection broke at before (heat; plan/isolate.h) comes last, in many small
 * commands, so that the first one without an answer is the one that breaks; or on trial: first, alone.
 */
#pragma once

#include "imap/session.h"
#include "maildir/fingerprint.h"

struct gw_fetch_heads_events {
	/* Returns how often a connection broke while this header was asked for.  on_trial: once in
	 * a command that asked for nothing else. */
	unsigned (*heat)(void *ctx, uint32_t uid, bool *on_trial);
	/* True if a connection certainly breaks at this header: it is not asked for. */
	bool (*is_culprit)(void *ctx, uint32_t uid);
	/* The header of one that was asked for; once. */
	void (*head)(void *ctx, const struct gw_fetch *fetch, const struct gw_fingerprint *print);
	/* All was answered, and the header of this one did not come. */
	void (*missing)(void *ctx, uint32_t uid, const char *why);
	/* The connection broke while [lo, hi] were asked for, the first of which did not come; done()
	 * follows.  asked: as one command.  alone: none had come before. */
	void (*broke)(void *ctx, uint32_t lo, uint32_t hi, size_t asked, bool alone);
	/* err: NULL, or the session is lost (its scope is the account), or the server gives none at
	 * present (the mailbox). */
	void (*done)(void *ctx, const struct gw_error *err);
	void *ctx;
};

/* Starts fetching.  uids: ascending.  per_command: messages per command.  pending: something was
 * asked for, and done() is called exactly once, later; otherwise all are missing, and it is not.
 * GW_ERR_NOMEM, GW_ERR_NET: nothing is called. */
enum gw_code gw_fetch_heads_start(struct gw_session *session, const uint32_t *uids, size_t count,
	size_t per_command, const struct gw_fetch_heads_events *events, bool *pending);
