/* SPDX-License-Identifier: ISC */
/* cli/readers.h - settings for mail readers: lines for mutt, aerc, mu4e and notmuch; pure. */
#pragma once

#include "base/buf.h"
#include "godwit/account.h"

/* A mailbox here. */
struct reader_box {
	const char *dir; /* relative to the root */
	const char *use; /* "\\Sent" and the like; NULL: none */
};

struct readers {
	const struct gw_account *account;
	const char *address;
	const struct reader_box *boxes; /* INBOX first; none: not known */
	size_t box_count;
	bool sends;       /* through godwit, which sees to it that Sent has a copy */
	bool has_notmuch; /* there is a configuration of notmuch, which is left as it is */
};

/* Appends them.  GW_ERR_NOMEM, GW_ERR_LIMIT. */
enum gw_code readers_put(const struct readers *r, struct gw_buf *out);
