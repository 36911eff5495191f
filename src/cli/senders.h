/* cli/senders.h - what sends the accounts' mail beside a sync or a watch, on the same loop. */
#pragma once

#include "godwit/outbox.h"

#include <stddef.h>

struct senders;

/* forever: until senders_stop(); then an account whose mail another process sends is waited for.
 * ended(ctx): the last one has ended; called once for each time that senders_add() made the first.
 * NULL: out of memory. */
struct senders *senders_new(struct uv_loop_s *loop, const struct gw_log *log, bool forever,
	void (*ended)(void *ctx), void *ctx);

/* Starts one, if the account sends by itself; true if it runs.  account is borrowed until it ended. */
bool senders_add(struct senders *s, const struct gw_account *account);

void senders_stop(struct senders *s);
/* 1: something waits for the user, 77 and the like: an account cannot send; else 0. */
int senders_status(const struct senders *s);
/* None runs. */
void senders_free(struct senders *s);
