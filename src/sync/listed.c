/* SPDX-License-Identifier: ISC */
/* sync/listed.c - see listed.h. */
#include "sync/listed.h"

#include "base/buf.h"
#include "maildir/labels.h"
#include "maildir/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	struct gw_store *store;
	const struct gw_account *account;
	gw_held_cb *cb;
	void *ctx;
	struct beyond {
		int64_t mailbox;
		char *wire, *name; /* owned; name: one of them */
		uint64_t flags;
	} * beyond; /* owned; keywords without a letter */
	size_t count, cap;
	struct gw_error *err;
};

/* --- mailboxes that one side lacks ------------------------------------------------------------- */

/* What `direction` leaves to one side waits as it is meant to. */
const char *gw_listed_missing(const struct gw_account *account, const struct gw_mailbox_row *row)
{
	bool is_here = gw_tree_inode(account->maildir, row->local_dir) != 0;

	if (row->messages == 0 || /* no mail is missing with it */
		account->direction == (is_here ? GW_DIRECTION_PUSH : GW_DIRECTION_PULL))
		return NULL;
	return is_here ? "the mailbox is not on the server any more; it is left as it is here"
		       : "its directory is not here any more; the mailbox is left as it is on the "
			 "server";
}

static enum gw_code take_mailbox(void *ctx, const struct gw_mailbox_row *row)
{
	const struct reader *r = ctx;
	const char *reason = row->missing_at == 0 ? NULL : gw_listed_missing(r->account, row);

	return reason == NULL ? GW_OK : r->cb(r->ctx, row->remote_name, 0, "", reason);
}

/* --- keywords that have no letter -------------------------------------------------------------- */

/* A label is a tag where there are tags. */
static enum gw_code take_keyword(
	void *ctx, int64_t mailbox, const char *wire, unsigned index, const char *name)
{
	struct reader *r = ctx;
	struct beyond *b = r->count > 0 ? &r->beyond[r->count - 1] : NULL;

	if (index >= GW_KEYWORD_MAX ||
		(r->account->labels == GW_LABELS_NOTMUCH && gw_label_is(gw_slice_str(name))))
		return GW_OK;
	if (b == NULL || b->mailbox != mailbox) {
		b = gw_array_push((void **)&r->beyond, &r->count, &r->cap, sizeof *r->beyond);
		if (b == NULL)
			return gw_fail(r->err, GW_ERR_NOMEM, "out of memory");
		*b = (struct beyond){ mailbox, strdup(wire), strdup(name), 0 };
		if (b->wire == NULL || b->name == NULL)
			return gw_fail(r->err, GW_ERR_NOMEM, "out of memory");
	}
	b->flags |= GW_FLAG_KEYWORD(index);
	return GW_OK;
}

static enum gw_code tell_beyond(struct reader *r, const struct beyond *b)
{
	uint64_t messages = 0;
	char reason[400];
	enum gw_code code =
		gw_store_count_flagged(r->store, b->mailbox, b->flags, &messages, r->err);

	if (code != GW_OK || messages == 0)
		return code;
	snprintf(reason, sizeof reason,
		"%llu message%s keywords that are on the server only (one is %.100s): in a Maildir "
		"a mailbox has letters for %d",
		(unsigned long long)messages, messages == 1 ? " has" : "s have", b->name,
		(int)GW_KEYWORD_LETTERS);
	return r->cb(r->ctx, b->wire, 0, "", reason);
}

static enum gw_code read_beyond(struct reader *r)
{
	enum gw_code code =
		gw_store_keywords_from(r->store, GW_KEYWORD_LETTERS, take_keyword, r, r->err);

	for (size_t i = 0; i < r->count && code == GW_OK; i++)
		code = tell_beyond(r, &r->beyond[i]);
	for (size_t i = 0; i < r->count; i++) {
		free(r->beyond[i].wire);
		free(r->beyond[i].name);
	}
	free(r->beyond);
	return code;
}

enum gw_code gw_listed_read(struct gw_store *store, const struct gw_account *account,
	gw_held_cb *cb, void *ctx, struct gw_error *err)
{
	struct reader r = { .store = store, .account = account, .cb = cb, .ctx = ctx, .err = err };
	enum gw_code code = gw_store_mailboxes(store, 0, take_mailbox, &r, err);

	if (code == GW_OK)
		code = read_beyond(&r);
	return code == GW_OK ? gw_store_held(store, cb, ctx, err) : code;
}
