/* SPDX-License-Identifier: ISC */
/* sync/mute.c - mailboxes whose STATUS ends the connection: they are looked at without asking for
 * it; part of sync_p.h.
 *
 * The state keeps their names, so that no later run loses a connection to each of them; after a
 * week, and with --full, they are asked again.  The empty name means LIST itself, and once more
 * LSUB: what is known from before is then all there is, and every run says so.  This is remembered
 * once it happened in two runs in a row: in one it may have been the line, or a server that ended
 * all sessions for a while.
 */
#include "sync/sync_p.h"

#include "base/num.h"

#include <stdlib.h>
#include <time.h>

enum { MUTED_SECONDS = 7 * 86400, MUTED_MAX = 1 << 16 };

/* In the state: LIST ended connections in one run.  No name has it. */
static const char once[] = "\001";

void gw_sync_free_muted(struct gw_sync *s)
{
	for (size_t i = 0; i < s->muted_count; i++)
		free(s->muted[i]);
	free(s->muted);
}

bool gw_sync_is_muted(const struct gw_sync *s, const char *wire)
{
	for (size_t i = 0; i < s->muted_count; i++) {
		if (strcmp(s->muted[i], wire) == 0)
			return true;
	}
	return false;
}

unsigned gw_sync_muted_lists(const struct gw_sync *s)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->muted_count; i++)
		n += s->muted[i][0] == '\0';
	return n;
}

bool gw_sync_mute(struct gw_sync *s, struct gw_slice wire)
{
	char *name = gw_slice_dup(wire), **slot;

	if (name == NULL)
		return false;
	slot = gw_array_push((void **)&s->muted, &s->muted_count, &s->muted_cap, sizeof *s->muted);
	if (slot == NULL) {
		free(name);
		return false;
	}
	*slot = name;
	s->muted_changed = true;
	if (s->muted_at == 0)
		s->muted_at = (int64_t)time(NULL);
	return true;
}

/* The time of the first on a line, then a name a line. */
enum gw_code gw_sync_read_muted(struct gw_sync *s, const char *text, struct gw_error *err)
{
	uint64_t at;
	size_t n = text == NULL ? 0 : strcspn(text, "\n");

	if (n == 0 || !gw_read_u64((struct gw_slice){ text, n }, INT64_MAX, &at))
		return GW_OK;
	if (s->options.full || (int64_t)at + MUTED_SECONDS <= (int64_t)time(NULL)) {
		s->muted_changed = true;
		return GW_OK;
	}
	s->muted_at = (int64_t)at;
	for (text += n + (text[n] == '\n'); *text != '\0'; text += n + (text[n] == '\n')) {
		struct gw_slice name = { text, n = strcspn(text, "\n") };

		s->list_doubted |= n == 0 || gw_slice_eq(name, once);
		if (!gw_slice_eq(name, once) && !gw_sync_mute(s, name))
			return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	s->muted_changed = false;
	return GW_OK;
}

/* Writes the muted names.  Those without room are asked about again, and remembered later. */
static void put_muted(const struct gw_sync *s, bool doubt, struct gw_buf *text)
{
	enum gw_code code = gw_buf_printf(text, "%lld\n", (long long)s->muted_at);

	if (doubt && code == GW_OK)
		code = gw_buf_printf(text, "%s\n", once);
	for (size_t i = 0; i < s->muted_count && code == GW_OK; i++) {
		const char *name = s->muted[i];

		if (strchr(name, '\n') == NULL && (*name != '\0' || s->list_doubted))
			code = gw_buf_printf(text, "%s\n", name);
	}
}

enum gw_code gw_sync_write_muted(struct gw_sync *s, struct gw_error *err)
{
	bool ended = gw_sync_muted_lists(s) > 0;
	bool came = s->list_came && s->list_way == GW_LIST_USUAL;
	bool doubt = ended ? !s->list_doubted : s->list_doubted && !came;
	struct gw_buf text;
	enum gw_code code;

	if (!s->muted_changed && !(s->list_doubted && came))
		return GW_OK;
	gw_buf_init(&text, MUTED_MAX);
	if (s->muted_count > 0 || doubt)
		put_muted(s, doubt, &text);
	code = gw_store_set_fact(s->disk.world.store, GW_FACT_MUTED, gw_buf_cstr(&text), err);
	gw_buf_deinit(&text);
	return code;
}
