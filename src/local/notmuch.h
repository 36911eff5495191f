/* SPDX-License-Identifier: ISC */
/* local/notmuch.h - notmuch's tags (`labels = notmuch`), as far as they are labels.
 *
 * Blocking, and only for disk jobs.  The user's own database is used (notmuch-config(1)); where the
 * library was not there when godwit was built, nothing but gw_notmuch_supported() does anything.
 */
#pragma once

#include "godwit/error.h"

#include <stdbool.h>
#include <stddef.h>

bool gw_notmuch_supported(void);

/* A file of a message whose tags changed. */
struct gw_tagged {
	char *dir;  /* owned; of its mailbox, relative to the root */
	char *base; /* owned; base name */
	char *tags; /* owned; "one\ntwo\n" */
};

enum { GW_TAG_REVISION = 80 };

struct gw_notmuch_list {
	struct gw_tagged *list; /* owned; sorted by dir and base */
	size_t count, cap;
	char revision[GW_TAG_REVISION]; /* the database's, as read; empty: not read */
	bool anew; /* the database is another than that of `since`, or the first */
};

void gw_notmuch_list_deinit(struct gw_notmuch_list *t);

/* True if the list has a file in this mailbox. */
bool gw_notmuch_list_has_dir(const struct gw_notmuch_list *t, const char *dir);
/* The tags of this file; NULL: they were not changed. */
const char *gw_notmuch_list_find(
	const struct gw_notmuch_list *t, const char *dir, const char *base);

/* Lists what changed below root since a revision (gw_notmuch_list.revision; "": unknown, and then
 * nothing is listed).  GW_ERR_DISK, with what to do. */
enum gw_code gw_notmuch_read(
	const char *root, const char *since, struct gw_notmuch_list *out, struct gw_error *err);

struct gw_notmuch_db;

/* For writing; GW_ERR_BUSY: another program writes. */
enum gw_code gw_notmuch_db_open(struct gw_notmuch_db **out, struct gw_error *err);
void gw_notmuch_db_close(struct gw_notmuch_db *db); /* NULL is accepted */

/* The message (Message-ID as in its header) gains and loses tags; both "one\ntwo\n".  *known:
 * notmuch has it (yet). */
enum gw_code gw_notmuch_db_change(struct gw_notmuch_db *db, const char *msgid, const char *gains,
	const char *loses, bool *known, struct gw_error *err);
