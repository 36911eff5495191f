/* SPDX-License-Identifier: ISC */
/* sync/rest.c - what the state lists as out of step, and this run has not reported; part of sync_p.h.
 *
 * What `status` lists is reported by every run for as long as it lasts (R4), whether its mailbox was
 * looked at or not, and whatever put it there.  This is the one place that holds that.
 */
#include "sync/listed.h"
#include "sync/sync_p.h"

#include <stdio.h>
#include <stdlib.h>

struct gw_rest {
	struct rest_item {
		char *name;  /* owned; as the state has it */
		char *first; /* owned; what is listed */
		uint64_t count;
	} * list; /* owned */
	size_t count, cap;
};

static struct rest_item *find(const struct gw_rest *r, const char *name)
{
	for (size_t i = r->count; i-- > 0;) { /* most are about the last one */
		if (strcmp(r->list[i].name, name) == 0)
			return &r->list[i];
	}
	return NULL;
}

static char *describe(uint32_t uid, const char *base_name, const char *reason)
{
	char *text = NULL;
	int n;

	if (uid != 0)
		n = asprintf(&text, "UID %u: %s", uid, reason);
	else if (*base_name != '\0')
		n = asprintf(&text, "file %s: %s", base_name, reason);
	else
		return strdup(reason);
	return n < 0 ? NULL : text;
}

static enum gw_code take(
	void *ctx, const char *name, uint32_t uid, const char *base_name, const char *reason)
{
	struct gw_rest *r = ctx;
	struct rest_item *item = find(r, name);

	if (item != NULL) {
		item->count++;
		return GW_OK;
	}
	item = gw_array_push((void **)&r->list, &r->count, &r->cap, sizeof *r->list);
	if (item == NULL)
		return GW_ERR_NOMEM;
	*item = (struct rest_item){ strdup(name), describe(uid, base_name, reason), 1 };
	return item->name == NULL || item->first == NULL ? GW_ERR_NOMEM : GW_OK;
}

static void free_rest(struct gw_rest *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->list[i].name);
		free(r->list[i].first);
	}
	free(r->list);
	free(r);
}

struct gw_rest *gw_sync_read_rest(struct gw_sync *s, struct gw_store *store, struct gw_error *err)
{
	struct gw_rest *r = calloc(1, sizeof *r);

	if (r != NULL && gw_listed_read(store, s->account, take, r, err) == GW_OK)
		return r;
	gw_fail(err, GW_ERR_NOMEM, "out of memory");
	if (r != NULL)
		free_rest(r);
	return NULL;
}

/* --- on the loop ------------------------------------------------------------------------------- */

/* Returns the name that it is reported under; NULL: this run leaves it alone, or a dry run would have
 * changed it. */
static const char *shown_name(const struct gw_sync *s, const char *name)
{
	for (size_t i = 0; i < s->entry_count; i++) {
		const struct gw_entry *e = &s->entries[i];

		if (strcmp(e->row.remote_name, name) == 0)
			return s->options.dry_run && e->dirty ? NULL : e->folder->shown;
	}
	if (s->options.folder_count > 0)
		return NULL;
	for (size_t i = 0; i < s->row_count; i++) {
		if (s->rows[i].remote_name != NULL && strcmp(s->rows[i].remote_name, name) == 0)
			return s->rows[i].local_dir;
	}
	return s->options.dry_run ? NULL : name; /* a directory, which may have gone since */
}

void gw_sync_tell_rest(struct gw_sync *s, struct gw_rest *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->count; i++) {
		const struct rest_item *item = &r->list[i];
		const char *shown = shown_name(s, item->name);
		struct gw_error err = { 0 };

		if (shown == NULL || gw_sync_had_problem(s, shown))
			continue;
		if (item->count == 1)
			gw_fail(&err, GW_ERR_HELD, "%s", item->first);
		else
			gw_fail(&err, GW_ERR_HELD, "%s (`godwit status` lists %llu more)",
				item->first, (unsigned long long)(item->count - 1));
		gw_sync_problem(s, shown, &err);
	}
	free_rest(r);
}
