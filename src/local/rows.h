/* SPDX-License-Identifier: ISC */
/* local/rows.h - what an operation of a batch does to the state's rows. */
#pragma once

#include "local/batch.h"

/* Stores, changes or drops the row of op, and what its tags will have to do, within the transaction that is
 * open; counts it in result.  GW_ERR_DISK, GW_ERR_STATE or GW_ERR_NOMEM: nothing of the transaction may be
 * committed. */
enum gw_code gw_rows_act(struct gw_op *op, struct gw_disk_world *world,
	struct gw_batch_result *result, struct gw_error *err);

/* Forgets a message, and all that is remembered of it. */
enum gw_code gw_rows_drop(
	struct gw_store *store, int64_t mailbox, uint32_t uid, struct gw_error *err);
