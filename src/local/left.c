/* SPDX-License-Identifier: ISC */
/* local/left.c - see left.h. */
#include "local/left.h"

#include "maildir/labels.h"

struct left {
	uint64_t global_id, flags;
};

static enum gw_code take_left(void *ctx, const struct gw_message_row *row)
{
	*(struct left *)ctx = (struct left){ row->global_id, row->flags };
	return GW_OK;
}

enum gw_code gw_left_labels(struct gw_store *store, int64_t mailbox, uint32_t uid,
	const struct gw_keywords *keywords, const char *own, struct gw_error *err)
{
	struct left left = { 0 };
	enum gw_code code = gw_store_message(store, mailbox, uid, take_left, &left, err);

	if (code != GW_OK || left.global_id == 0)
		return code;
	if (own != NULL)
		code = gw_store_untag(store, left.global_id, own, err);
	left.flags &= gw_labels_among(keywords);
	for (unsigned i = 0; i < GW_KEYWORD_MAX && code == GW_OK; i++) {
		if (left.flags & GW_FLAG_KEYWORD(i))
			code = gw_store_untag(store, left.global_id, keywords->names[i], err);
	}
	return code;
}
