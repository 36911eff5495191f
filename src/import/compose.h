/* SPDX-License-Identifier: ISC */
/* import/compose.h - an account's section of godwit's configuration; pure. */
#pragma once

#include "import/settle.h"

/* s NULL: for asking the server only; the maildir is `root`. */
enum gw_code gw_compose(const struct gw_other *o, const struct gw_settle_box *boxes, size_t count,
	const struct gw_settled *s, const char *root, struct gw_buf *out);
