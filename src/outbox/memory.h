/* SPDX-License-Identifier: ISC */
/* outbox/memory.h - where an account's outbox lies, and what its server said the last time. */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"

#include <stdint.h>

/* state_dir/NAME + suffix: ".outbox", ".outbox.db", ".outbox.lock". */
void gw_memory_path(
	const struct gw_account *account, const char *suffix, char *out, size_t out_size);

struct gw_memory_server {
	bool known, utf8;
	uint64_t size;    /* 0: no limit */
	uint32_t without; /* gw_smtp_cap: offered, but not working */
	int64_t until;    /* until then; afterwards tried again; 0: nothing is left out */
};

/* A small file in the outbox, so that submitting need not open a database. */
void gw_memory_server_read(const struct gw_account *account, struct gw_memory_server *out);
/* A failure costs nothing but the early refusal. */
void gw_memory_server_write(
	const struct gw_account *account, const struct gw_memory_server *server);
