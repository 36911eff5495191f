/* SPDX-License-Identifier: ISC */
/* sync/names.c - which directory each listed mailbox has; part of sync_p.h.
 *
 * The configuration comes first (`local`), then what the state knows, then a directory that another
 * program made for the mailbox under a name of its own, then the name itself.  Where two mailboxes
 * would share a directory one keeps it, and the other gets a name that is no mailbox's.
 */
#include "base/text.h"
#include "imap/utf7.h"
#include "maildir/folder.h"
#include "sync/folders_p.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { NAME_LIMIT = 8192, HASH_BYTES = 8 };

/* True if the layout has directories of this name. */
static bool fits_layout(const char *dir, enum gw_layout layout)
{
	return (dir[0] == '.') == (layout == GW_LAYOUT_MAILDIRPP);
}

static bool set_dir(struct gw_folder *f, const char *dir)
{
	char *fresh = strdup(dir);

	if (fresh == NULL)
		return false;
	free(f->dir);
	f->dir = fresh;
	return true;
}

/* mbsync names directories in modified UTF-7. */
static bool adopt_utf7(struct gw_sync *s, struct gw_folder *f)
{
	struct gw_slice wire = gw_slice_str(f->wire);
	struct gw_buf dir;
	bool ok = true;

	if (memchr(wire.p, '&', wire.n) == NULL)
		return true;
	if (s->folders.prefix != NULL && gw_slice_case_starts(wire, s->folders.prefix)) {
		wire.p += strlen(s->folders.prefix);
		wire.n -= strlen(s->folders.prefix);
	}
	gw_buf_init(&dir, (size_t)2 * NAME_LIMIT);
	if (gw_folder_dir(wire, f->delimiter, s->account->layout, &dir) == GW_OK &&
		gw_tree_find(&s->settling->tree, gw_buf_cstr(&dir)) != NULL)
		ok = set_dir(f, gw_buf_cstr(&dir));
	gw_buf_deinit(&dir);
	return ok;
}

/* mbsync and mu4e call it Inbox or inbox. */
static bool adopt_inbox(struct gw_sync *s, struct gw_folder *f)
{
	const struct gw_tree *tree = &s->settling->tree;
	const char *plus = s->account->layout == GW_LAYOUT_MAILDIRPP ? "." : "";

	for (size_t i = 0; i < tree->count; i++) {
		const char *dir = tree->list[i].dir;

		if (strncmp(dir, plus, strlen(plus)) == 0 &&
			strcasecmp(dir + strlen(plus), "INBOX") == 0)
			return set_dir(f, dir);
	}
	return true;
}

static bool name_dir(struct gw_sync *s, struct gw_folder *f)
{
	const char *given = gw_folder_given(f, s->account);
	const struct gw_mailbox_row *row = gw_sync_find_row(s, f->wire);

	f->given = given != NULL;
	if (given != NULL)
		return set_dir(f, given);
	if (row != NULL)
		return !fits_layout(row->local_dir, s->account->layout) ||
		       set_dir(f, row->local_dir);
	if (gw_tree_find(&s->settling->tree, f->dir) != NULL)
		return true;
	return strcasecmp(f->wire, "INBOX") == 0 ? adopt_inbox(s, f) : adopt_utf7(s, f);
}

/* --- one directory, one mailbox ---------------------------------------------------------------- */

/* True if its name on the wire is the one that we would give it. */
static bool is_plain(const struct gw_sync *s, const struct gw_folder *f)
{
	struct gw_slice wire = gw_slice_str(f->wire);
	struct gw_buf own;
	bool plain;

	if (s->folders.prefix != NULL && gw_slice_case_starts(wire, s->folders.prefix)) {
		wire.p += strlen(s->folders.prefix);
		wire.n -= strlen(s->folders.prefix);
	}
	gw_buf_init(&own, (size_t)2 * NAME_LIMIT);
	plain = gw_utf7_encode(gw_slice_str(f->name), &own) == GW_OK &&
		gw_slice_eq(wire, gw_buf_cstr(&own));
	gw_buf_deinit(&own);
	return plain;
}

/* Higher keeps the directory. */
static int claim_of(const struct gw_sync *s, const struct gw_folder *f)
{
	const struct gw_mailbox_row *row = gw_sync_find_row(s, f->wire);

	return f->given                                             ? 4
	       : row != NULL && strcmp(row->local_dir, f->dir) == 0 ? 3
	       : strcasecmp(f->wire, "INBOX") == 0                  ? 2
	       : is_plain(s, f)                                     ? 1
								    : 0;
}

/* "%~" is no escape, so this is no other mailbox's directory. */
static bool give_way(struct gw_sync *s, struct gw_folder *f)
{
	char hash[2 * HASH_BYTES + 1];
	struct gw_buf dir;
	bool ok;

	gw_sha256_hex(gw_slice_str(f->wire), HASH_BYTES, hash);
	gw_buf_init(&dir, (size_t)2 * NAME_LIMIT);
	ok = gw_buf_printf(&dir, "%s%%~%s", strcmp(f->dir, ".") == 0 ? ".INBOX" : f->dir, hash) ==
		     GW_OK &&
	     set_dir(f, gw_buf_cstr(&dir));
	if (ok && gw_sync_find_row(s, f->wire) == NULL)
		gw_log(s->log, GW_LOG_WARN,
			"%s: another mailbox of the server leads to the same directory, so this one is kept in %s",
			f->wire, f->dir);
	gw_buf_deinit(&dir);
	return ok;
}

static int by_dir(const void *a, const void *b)
{
	const struct gw_folder *const *x = a, *const *y = b;
	int order = strcmp((*x)->dir, (*y)->dir);

	return order != 0 ? order : strcmp((*x)->wire, (*y)->wire);
}

static bool part_dirs(struct gw_sync *s, struct gw_folder **list, size_t count)
{
	bool ok = true;

	for (size_t i = 0; i < count && ok;) {
		size_t end = i + 1, keeps = i;

		while (end < count && strcmp(list[end]->dir, list[i]->dir) == 0) {
			if (claim_of(s, list[end]) > claim_of(s, list[keeps]))
				keeps = end;
			end++;
		}
		for (size_t k = i; k < end && ok; k++)
			ok = k == keeps || give_way(s, list[k]);
		i = end;
	}
	return ok;
}

bool gw_sync_name_dirs(struct gw_sync *s)
{
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
	struct gw_folder **list = calloc(s->folders.count + 1, sizeof *list);
	bool ok = list != NULL;
	size_t count = 0;

	for (size_t i = 0; i < s->folders.count && ok; i++) {
		struct gw_folder *f = &s->folders.list[i];

		if (f->attrs & GW_LIST_NOSELECT)
			continue;
		ok = name_dir(s, f);
		list[count++] = f;
	}
	if (ok && count > 0) {
		/* NOLINTNEXTLINE(bugprone-sizeof-expression): likewise */
		qsort(list, count, sizeof *list, by_dir);
		ok = part_dirs(s, list, count);
	}
	free(list);
	return ok;
}

/* --- names that are alike ----------------------------------------------------------------------- */

/* The base letters of U+00C0 to U+017F, in order; '?': it has none. */
static const char letters[] = "aaaaaa?ceeeeiiii?nooooo??uuuuy??aaaaaa?ceeeeiiii?nooooo??uuuuy?y"
			      "aaaaaaccccccccdd??eeeeeeeeeegggggggghh??iiiiiiiii???jjkk?llllll?"
			      "???nnnnnn???oooooo??rrrrrrsssssssstttt??uuuuuuuuuuuuwwyyyzzzzzz?";

void gw_sync_fold_name(struct gw_slice name, struct gw_buf *out)
{
	const char *p = name.p, *end = name.p + name.n;

	while (p < end && *p == ' ')
		p++;
	while (end > p && end[-1] == ' ')
		end--;
	while (p < end) {
		uint32_t cp = gw_utf8_next(&p, end);

		if (cp == UINT32_MAX) { /* not UTF-8: by its bytes */
			p++;
			continue;
		}
		if (cp >= 0x300 && cp <= 0x36f)
			continue;
		if (cp >= 'A' && cp <= 'Z')
			cp += 'a' - 'A';
		if (cp >= 0xc0 && cp - 0xc0 < sizeof letters - 1 && letters[cp - 0xc0] != '?')
			cp = (unsigned char)letters[cp - 0xc0];
		gw_utf8_put(out, cp);
	}
}

/* --- what a server made of a name ---------------------------------------------------------------- */

static bool same_name(const char *a, const char *b)
{
	struct gw_buf x, y;
	bool same;

	gw_buf_init(&x, NAME_LIMIT);
	gw_buf_init(&y, NAME_LIMIT);
	gw_sync_fold_name(gw_slice_str(a), &x);
	gw_sync_fold_name(gw_slice_str(b), &y);
	same = x.n > 0 && strcmp(gw_buf_cstr(&x), gw_buf_cstr(&y)) == 0;
	gw_buf_deinit(&x);
	gw_buf_deinit(&y);
	return same;
}

/* The only mailbox without a row and a directory whose name is this one's, as a server may have
 * altered it. */
static struct gw_folder *altered(struct gw_sync *s, const char *dir)
{
	char delimiter = gw_sync_delimiter(s);
	struct gw_folder *found = NULL;
	struct gw_buf name;
	bool many = false;

	gw_buf_init(&name, NAME_LIMIT);
	if (gw_folder_name(dir, delimiter, s->account->layout, &name) != GW_OK)
		gw_buf_reset(&name);
	for (size_t i = 0; i < s->folders.count && name.n > 0; i++) {
		struct gw_folder *f = &s->folders.list[i];

		if ((f->attrs & GW_LIST_NOSELECT) || gw_sync_find_row(s, f->wire) != NULL ||
			gw_tree_find(&s->settling->tree, f->dir) != NULL ||
			!same_name(f->name, gw_buf_cstr(&name)))
			continue;
		many |= found != NULL;
		found = f;
	}
	gw_buf_deinit(&name);
	return many ? NULL : found;
}

bool gw_sync_name_made(struct gw_sync *s, const char *wire, const char *dir)
{
	struct gw_folder *f = gw_folders_find(&s->folders, gw_slice_str(wire));

	if (f != NULL && !(f->attrs & GW_LIST_NOSELECT))
		return true;
	f = altered(s, dir);
	if (f != NULL)
		return set_dir(f, dir);
	gw_sync_note_not_made(
		s, dir, "it said that it had made it, and does not list it under this name");
	return true;
}
