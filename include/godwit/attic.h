/* godwit/attic.h - mail that was deleted here rests for a while; what is there, and back again.
 *
 * Works on files alone: no connection, no state.  Blocking.
 */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"

#include <stdint.h>
#include <time.h>

struct gw_attic_message {
	const char *folder; /* the directory relative to the root */
	const char *name;   /* of the file; together with folder it names the message */
	time_t deleted;     /* when it came into the attic */
	uint64_t size;      /* bytes of the file */
	char from[128], subject[256], date[64]; /* of the header; printable, cut; "" if missing */
	char id[13];                            /* short, for people; stands for folder and name */
};

/* Strings are borrowed and valid during the call.  false ends the listing. */
typedef bool gw_attic_cb(void *ctx, const struct gw_attic_message *message);

/* Every message in the attic, folder by folder.  No attic: none.  GW_ERR_DISK, GW_ERR_NOMEM. */
enum gw_code gw_attic_list(
	const struct gw_account *account, gw_attic_cb *cb, void *ctx, struct gw_error *err);

/* Puts a message back into its folder's cur/, without a wish to delete it; the next sync uploads
 * it. Never over an existing file.  Durable.  GW_ERR_DISK; GW_ERR_HELD when its folder is gone. */
enum gw_code gw_attic_restore(const struct gw_account *account,
	const struct gw_attic_message *message, struct gw_error *err);
