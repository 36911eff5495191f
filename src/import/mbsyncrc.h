/* SPDX-License-Identifier: ISC */
/* import/mbsyncrc.h - the lines of mbsync's configuration, taken apart as mbsync does; pure. */
#pragma once

#include "base/buf.h"

enum gw_mbsync_kind {
	GW_MBSYNC_GLOBAL, /* outside of a section */
	GW_MBSYNC_ACCOUNT,
	GW_MBSYNC_IMAP,
	GW_MBSYNC_MAILDIR,
	GW_MBSYNC_CHANNEL,
	GW_MBSYNC_GROUP,
};

struct gw_mbsync_item {
	unsigned line;
	char *key;   /* owned */
	char **args; /* owned; one at least */
	size_t arg_count, arg_cap;
};

struct gw_mbsync_section {
	enum gw_mbsync_kind kind;
	char *name; /* owned; NULL: global */
	unsigned line;
	struct gw_mbsync_item *items; /* owned */
	size_t count, cap;
};

struct gw_mbsync_file {
	struct gw_mbsync_section *list; /* owned; the first is the global one */
	size_t count, cap;
};

/* GW_ERR_CONFIG: a line that mbsync does not take; GW_ERR_NOMEM. */
enum gw_code gw_mbsync_read(
	struct gw_slice text, const char *file, struct gw_mbsync_file *out, struct gw_error *err);
void gw_mbsync_deinit(struct gw_mbsync_file *f);

const struct gw_mbsync_section *gw_mbsync_find(
	const struct gw_mbsync_file *f, enum gw_mbsync_kind kind, const char *name);
/* The last item of this key, without case; NULL: none. */
const struct gw_mbsync_item *gw_mbsync_item(const struct gw_mbsync_section *s, const char *key);
