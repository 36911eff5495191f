/* SPDX-License-Identifier: ISC */
/* mailbox/same_name.c - files that share a base name (local/same_name.h): another message gets a
 * name of its own; a second file of the same message is reported and left; part of the machine in
 * box_p.h.
 */
#include "mailbox/box_p.h"

#include <stdlib.h>

enum { FRESH_NAMES = 1000 };

static const char *subdir(const struct gw_box *box, size_t i)
{
	return box->local.scan.entries[i].in_new ? "new" : "cur";
}

/* A name that no file here has. */
static char *fresh_name(const struct gw_box *box, size_t i)
{
	char fresh[GW_NAME_MAX + 1];

	for (unsigned k = 1; k <= FRESH_NAMES; k++) {
		if (!gw_name_numbered(gw_scan_name(&box->local.scan, i), k, fresh))
			return NULL;
		if (!gw_box_name_is_taken(box, gw_name_split(fresh).base))
			return strdup(fresh);
	}
	return NULL;
}

static void rename_other(struct gw_box *box, size_t i)
{
	struct gw_op op = { .kind = GW_OP_RENAME, .to = fresh_name(box, i) };

	if (op.to == NULL || !gw_box_name_source(box, (uint32_t)i, &op)) {
		free(op.to);
		box->incomplete = true;
		return;
	}
	op.to_in_new = op.from_in_new;
	gw_box_add(box, &op);
	box->incomplete = true; /* the next look takes it for what it is */
}

void gw_box_settle_twins(struct gw_box *box)
{
	const struct gw_scan *s = &box->local.scan;

	for (size_t i = 0; i < s->count && !box->env->dry_run; i++) {
		if (box->local.messages[i].twin == GW_TWIN_OTHER)
			rename_other(box, i);
		else if (box->local.messages[i].twin == GW_TWIN_SAME && s->trusted && !box->again)
			gw_log(box->env->log, GW_LOG_WARN,
				"%s: %s/%s is a second file of one message, and left alone: delete "
				"it",
				box->folder->shown, subdir(box, i), gw_scan_name(s, i));
	}
}

static void drop(struct gw_box *box, size_t i)
{
	struct gw_op op = { .kind = GW_OP_DELETE };

	if (gw_box_name_source(box, (uint32_t)i, &op))
		gw_box_add(box, &op);
}

void gw_box_drop_twins(struct gw_box *box, uint32_t uid, uint32_t local)
{
	const struct gw_scan *s = &box->local.scan;

	if (local != GW_NO_LOCAL) {
		struct gw_slice base = gw_scan_base(s, local);

		for (size_t i = gw_scan_find(s, base);
			i < s->count && gw_base_compare(gw_scan_base(s, i), base) == 0; i++) {
			if (i != local && box->local.messages[i].twin == GW_TWIN_SAME)
				drop(box, i);
		}
	}
	for (size_t i = 0; i < box->local.alias_count && uid != 0; i++) {
		if (box->local.aliases[i].uid == uid)
			drop(box, box->local.aliases[i].file);
	}
}
