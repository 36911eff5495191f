/* SPDX-License-Identifier: ISC */
/* local/confirm.h - a second look at what seems to be gone, and what base knows of it; a disk job.
 *
 * A listing can miss a file that a reader renames meanwhile, so a file is gone only if two trusted
 * looks agree.  The facts serve to find where it went.  The same look shows what came since.
 */
#pragma once

#include "local/batch.h"
#include "maildir/fingerprint.h"
#include "maildir/scan.h"

struct gw_gone {
	uint32_t uid;
	uint32_t row_uid; /* in base, if it is another one there (a dry run after new UIDs); or 0 */
	bool look;        /* find out whether its file is gone */
	bool edited;      /* out: its name is now another message's */

	bool known;         /* out: base has a row of it, with hashes */
	bool still_gone;    /* out, if look: a second trusted look does not show it either */
	bool has_copy;      /* out: a copy of it that we made stands in another mailbox */
	uint64_t global_id; /* out; 0: not known */
	uint64_t size;      /* out: RFC822.SIZE */
	time_t date;        /* out */
	bool named_by_us;   /* out: its base name is `key` and the UID */
	uint64_t name;      /* out; hash of its base name */
	struct gw_fingerprint print; /* out */
};

/* news: the mailbox holds a file that it did not hold at the first look, or does not hold one that
 * it did, or the look cannot be trusted: somebody moves or deletes mail at this moment. */
typedef void gw_confirm_cb(void *ctx, bool news, const struct gw_error *err);

/* first: the first look; place, key and list are borrowed until cb, which is called exactly once,
 * later.  GW_ERR_NOMEM: never. */
enum gw_code gw_confirm_start(struct gw_disk *disk, struct gw_place *place, const char *key,
	const struct gw_scan *first, struct gw_gone *list, size_t count, gw_confirm_cb *cb,
	void *ctx);
