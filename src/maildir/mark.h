/* SPDX-License-Identifier: ISC */
/* maildir/mark.h - the mark MAILDIR/.godwit: which account's tree this is, and how old.
 *
 * Mark and state carry one account id and one generation.  The mark is raised before the first
 * change of a run, the state at its end; so a mark equal to the state's or one above it is right,
 * and anything else means that one of the two is an old copy.  The mark also names the account, for
 * when the state is lost.
 */
#pragma once

#include "godwit/error.h"

#include <stdbool.h>
#include <stdint.h>

struct gw_mark {
	char account_id[33]; /* hex; "" when there is no mark */
	uint64_t generation;
	char user[256], host[256]; /* "": not given */
};

/* Sets the mark's names; omits one that is too long or would break the line; NULL: not given. */
void gw_mark_name(struct gw_mark *mark, const char *user, const char *host);

/* Reads the mark of a root; none is no error.  GW_ERR_DISK; GW_ERR_STATE when the file is not a
 * mark. */
enum gw_code gw_mark_read(const char *root, struct gw_mark *out, struct gw_error *err);

/* Checks that the root's file system accepts names with this separator.  Called before there is a
 * mark.  GW_ERR_CONFIG: it does not; the text says what to do. */
enum gw_code gw_mark_try_names(const char *root, char separator, struct gw_error *err);

/* Writes it durably; in place, if nothing can be made in the root, but the mark itself be written. */
enum gw_code gw_mark_write(const char *root, const struct gw_mark *mark, struct gw_error *err);
