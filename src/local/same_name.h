/* SPDX-License-Identifier: ISC */
/* local/same_name.h - files of a mailbox that share a base name; a part of the look, in a disk job.
 *
 * A base name belongs to one message.  Another program may have been killed between a link and an
 * unlink, or have put a file of its own under a name in use.
 */
#pragma once

#include "local/look.h"

/* Finds, in a listing that was joined with base's rows, which file of each such name is the row's,
 * and what the others are to it (gw_local_msg.twin).  In a listing that is not trusted, what looks
 * like two may be one that is being renamed: nothing is read then.  GW_ERR_STATE, GW_ERR_CORRUPT.
 */
enum gw_code gw_same_name_find(const struct gw_place *place, struct gw_local_view *view,
	struct gw_store *store, struct gw_error *err);
