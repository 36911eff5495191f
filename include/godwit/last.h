/* SPDX-License-Identifier: ISC */
/* godwit/last.h - how an account's last syncs ended: the first question when mail does not arrive.
 *
 * Stored beside the state in a file of its own, unflushed: a sync that had nothing to do writes
 * nothing to the state and never waits for the disk. */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"

#include <stdint.h>

struct gw_last {
	int64_t good;      /* seconds: when one last succeeded; 0: none is known to have */
	int64_t tried;     /* when the last one ended, or was seen running */
	bool failed;       /* the last one could not finish the account */
	uint64_t problems; /* reported by the last one */
	char text[600];    /* why it failed, or its first problem; "": all is well */
	uint64_t to_come, bytes_to_come; /* messages that it should have fetched and did not */
	uint64_t waiting_there; /* flags and deletions that `direction` leaves on the server */
};

/* Reads the record.  GW_OK with zeros: there is none, or it cannot be read.  GW_ERR_NOMEM. */
enum gw_code gw_last_read(
	const struct gw_account *account, struct gw_last *out, struct gw_error *err);
/* Writes the record on a best effort: no sync fails because of it. */
void gw_last_write(const struct gw_account *account, const struct gw_last *last);
