/* SPDX-License-Identifier: ISC */
/* cli/hooks.h - the user's commands: on-new-mail, on-sync, on-error, on-sent.
 *
 * They run one at a time, for a minute at most, with what they need to know in their
 * environment only: nothing that a server sent is ever part of a command line.
 */
#pragma once

#include "cli/config.h"
#include "godwit/log.h"
#include "godwit/sync.h"

struct hooks;

/* loop and log outlive it.  NULL: out of memory. */
struct hooks *hooks_new(struct uv_loop_s *loop, const struct gw_log *log);

/* Takes an event of a sync that changes things.  account and commands are borrowed for the call. */
void hooks_sync_event(struct hooks *h, const struct gw_account *account,
	const struct hook_commands *commands, const struct gw_sync_event *ev);

/* Reports that the account cannot be synchronized: once, until a sync succeeds. */
void hooks_trouble(struct hooks *h, const struct gw_account *account,
	const struct hook_commands *commands, const struct gw_error *err);

/* Reports that the server has a mail for all its recipients.  subject may be NULL. */
void hooks_sent(struct hooks *h, const struct gw_account *account,
	const struct hook_commands *commands, const char *id, const char *subject);

/* Drops the waiting commands; the loop waits for the end of a running one. */
void hooks_stop(struct hooks *h);

/* After the loop has ended.  NULL is accepted. */
void hooks_free(struct hooks *h);
