/* SPDX-License-Identifier: ISC */
/* local/edited.h - tells whether a file is still its row's message; for disk jobs.
 *
 * Editors rewrite a file in place, or put another one under its name.
 */
#pragma once

#include "store/store.h"

enum gw_edit {
	GW_EDIT_NONE, /* or nobody can tell */
	GW_EDIT_TEXT, /* another text, which is mail */
	GW_EDIT_WRECK /* nothing is left, or NUL bytes: a disk does that, not an editor */
};

/* Compares the file `name` in dir with what the state has of the message.  since: seconds since the
 * epoch; what was not touched after that is known to be as it was, and what bears its message's date is
 * taken to be.  0: the file is read, since some programs give what they wrote its old date again. */
enum gw_edit gw_edit_of(struct gw_store *store, int64_t mailbox, uint32_t uid, int dir,
	const char *name, int64_t since);
