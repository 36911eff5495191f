/* SPDX-License-Identifier: ISC */
/* cli/senders.h - what sends the accounts' mail beside a sync or a watch, on the same loop. */
#pragma once

#include "cli/hooks.h"
#include "godwit/outbox.h"

#include <stddef.h>

struct senders;

/* forever: until senders_stop(); then an account whose mail another process sends is waited for.
 * ended(ctx): the last one has ended; called once for each time that senders_add() made the first.
 * loop, log and hooks outlive it.  NULL: out of memory. */
struct senders *senders_new(struct uv_loop_s *loop, const struct gw_log *log, struct hooks *hooks,
	bool forever, void (*ended)(void *ctx), void *ctx);

/* Starts one, if the account sends by itself; true if it runs.  account and commands
 * are borrowed until it ended. */
bool senders_add(
	struct senders *s, const struct gw_account *account, const struct hook_commands *commands);

void senders_stop(struct senders *s);
/* 1: something waits for the user, 77 and the like: an account cannot send; else 0. */
int senders_status(const struct senders *s);
/* Frees it, when none runs. */
void senders_free(struct senders *s);
