/* SPDX-License-Identifier: ISC */
/* import/settle.h - which directory is which mailbox, and which root, layout, `folders` and `local`
 * say so in godwit's configuration; pure.
 *
 * The old program's rules are tried on the names that the server has; what godwit would do by
 * itself is not written down.
 */
#pragma once

#include "godwit/account.h"
#include "import/other.h"

/* A mailbox of the server (godwit/mailboxes.h), and what becomes of it. */
struct gw_settle_box {
	char *name, *wire; /* owned */
	char *dirs[2];     /* owned; by its name, by enum gw_layout */
	char delimiter;
	bool repeats; /* comes only if it is named outright */
	/* The old program's: */
	bool in;        /* the program synchronizes it */
	size_t channel; /* of mbsync's, if in */
	char *place;    /* owned; its directory, absolute; NULL: none */
	bool here;      /* place exists */
	char *utf8; /* owned; if place is in modified UTF-7, which godwit finds by itself: in UTF-8 */
	/* godwit's: */
	char *local; /* owned; relative to the root; NULL: by its name */
	char *move;  /* owned; absolute: the place has to be renamed to this first; NULL */
};

struct gw_settled {
	char *root; /* owned */
	enum gw_layout layout;
	char **folders; /* owned; count 0: the key is not needed */
	size_t folder_count, folder_cap;
	size_t here, moves; /* mailboxes */
};

/* True if there is a Maildir at this path. */
typedef bool gw_settle_exists(void *ctx, const char *path);

/* Where the old program keeps each box: in, channel, place and here are set.  false: no memory. */
bool gw_settle_places(const struct gw_other *o, struct gw_settle_box *boxes, size_t count,
	gw_settle_exists *exists, void *ctx);
/* Chooses the root and the layout that need the fewest words, and says them.  GW_ERR_CONFIG: nothing is
 * kept in step; GW_ERR_NOMEM. */
enum gw_code gw_settle(const struct gw_other *o, struct gw_settle_box *boxes, size_t count,
	gw_settle_exists *exists, void *ctx, struct gw_settled *out, struct gw_error *err);
void gw_settled_deinit(struct gw_settled *s);
void gw_settle_boxes_free(struct gw_settle_box *boxes, size_t count);
