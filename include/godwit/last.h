/* godwit/last.h - how the last syncs of an account ended: what people ask first when mail does not come.
 *
 * It is told beside the state, in a file of its own: a sync that had nothing to do writes nothing to the
 * state, and nobody waits for the disk because of this. */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"

#include <stdint.h>

struct gw_last {
	int64_t good;      /* seconds: when one ended well; 0: none has, as far as is known */
	int64_t tried;     /* when the last one ended, or was seen at work */
	bool failed;       /* the last one did not see the account through */
	uint64_t problems; /* that it told of */
	char text[600];    /* why it failed, or the first of its problems; "": all is well */
	uint64_t to_come, bytes_to_come; /* messages that it was to fetch, and did not */
};

/* GW_OK with zeros: nothing is known, or cannot be read.  GW_ERR_NOMEM. */
enum gw_code gw_last_read(
	const struct gw_account *account, struct gw_last *out, struct gw_error *err);
/* As far as it can be: nobody fails for it. */
void gw_last_write(const struct gw_account *account, const struct gw_last *last);
