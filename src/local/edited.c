/* SPDX-License-Identifier: ISC */
/* local/edited.c - see edited.h. */
#include "local/edited.h"

#include "maildir/fingerprint.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { GRANULARITY_SECONDS = 2 }; /* of a clock and a file system, together */

struct row_facts {
	uint8_t header[GW_HASH_BYTES], body[GW_HASH_BYTES];
	int64_t date;
	bool known;
};

static enum gw_code take_facts(void *ctx, const struct gw_message_row *row)
{
	struct row_facts *facts = ctx;

	if (row->base_name == NULL || row->header_hash == NULL || row->body_hash == NULL)
		return GW_OK;
	facts->known = true;
	facts->date = row->date;
	memcpy(facts->header, row->header_hash, GW_HASH_BYTES);
	memcpy(facts->body, row->body_hash, GW_HASH_BYTES);
	return GW_OK;
}

/* Ours bear the server's date, to the second, for as long as nobody writes to them. */
static bool is_as_written(const struct row_facts *facts, const struct stat *st)
{
	return facts->date != 0 && st->st_mtim.tv_sec == facts->date && st->st_mtim.tv_nsec == 0;
}

enum gw_edit gw_edit_of(struct gw_store *store, int64_t mailbox, uint32_t uid, int dir,
	const char *name, int64_t since)
{
	struct row_facts facts = { .known = false };
	struct gw_error ignored = { 0 };
	struct gw_fingerprint print;
	struct gw_file_facts file;
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		(since > 0 && st.st_ctim.tv_sec + GRANULARITY_SECONDS < since))
		return GW_EDIT_NONE;
	if (gw_store_message(store, mailbox, uid, take_facts, &facts, &ignored) != GW_OK ||
		!facts.known || (since > 0 && is_as_written(&facts, &st)) ||
		gw_fingerprint_file(dir, name, &print, &file, &ignored) != GW_OK)
		return GW_EDIT_NONE;
	if (memcmp(print.header, facts.header, GW_HASH_BYTES) == 0 &&
		memcmp(print.body, facts.body, GW_HASH_BYTES) == 0)
		return GW_EDIT_NONE;
	return file.crlf_size == 0 || file.has_nul ? GW_EDIT_WRECK : GW_EDIT_TEXT;
}
