/* SPDX-License-Identifier: ISC */
/* remote/folders.c - see folders.h. */
#include "remote/folders.h"

#include "base/text.h"
#include "imap/utf7.h"
#include "maildir/folder.h"

#include <stdlib.h>
#include <strings.h>

enum { NAME_LIMIT = 8192, MAILBOXES = 100 * 1000 };

static void free_folder(struct gw_folder *f)
{
	free(f->wire);
	free(f->name);
	free(f->shown);
	free(f->dir);
}

void gw_folders_deinit(struct gw_folders *f)
{
	for (size_t i = 0; i < f->count; i++)
		free_folder(&f->list[i]);
	free(f->list);
	gw_name_index_deinit(&f->index);
	free(f->prefix);
	for (size_t i = 0; i < f->space_count; i++)
		free(f->spaces[i]);
	*f = (struct gw_folders){ 0 };
}

static const char *wire_at(const void *list, size_t place)
{
	return ((const struct gw_folder *)list)[place].wire;
}

struct gw_folder *gw_folders_find(const struct gw_folders *f, struct gw_slice wire)
{
	size_t place = gw_name_index_find(&f->index, wire_at, f->list, wire);

	return place == SIZE_MAX ? NULL : &f->list[place];
}

bool gw_folders_note_last(struct gw_folders *f)
{
	return gw_name_index_add(&f->index, wire_at, f->list, f->count - 1);
}

/* Runs a function that appends to a buffer and takes the result as a string. */
#define TAKE(target, call)                                                           \
	do {                                                                         \
		struct gw_buf out;                                                   \
		gw_buf_init(&out, NAME_LIMIT);                                       \
		code = (call);                                                       \
		if (code == GW_OK && ((target) = strdup(gw_buf_cstr(&out))) == NULL) \
			code = GW_ERR_NOMEM;                                         \
		gw_buf_deinit(&out);                                                 \
	} while (0)

static enum gw_code decode(struct gw_slice wire, struct gw_buf *out)
{
	if (gw_utf7_decode(wire, out) == GW_OK && memchr(gw_buf_cstr(out), '\0', out->n) == NULL)
		return GW_OK;
	gw_buf_reset(out); /* not modified UTF-7: the bytes as they are */
	return gw_buf_append(out, wire.p, wire.n);
}

/* The length of the name, as shown, of the namespace that is not ours; 0: it is ours. */
static size_t foreign_name(const struct gw_folders *f, const struct gw_folder *folder)
{
	struct gw_slice wire = gw_slice_str(folder->wire);
	size_t best = GW_NAMESPACES;
	struct gw_buf name, shown;
	size_t n = 0;

	for (size_t i = 0; i < f->space_count && strcasecmp(folder->wire, "INBOX") != 0; i++) {
		if (gw_slice_case_starts(wire, f->spaces[i]) &&
			(best == GW_NAMESPACES || strlen(f->spaces[i]) > strlen(f->spaces[best])))
			best = i;
	}
	if (best == GW_NAMESPACES || !f->space_foreign[best])
		return 0;
	wire = gw_slice_str(f->spaces[best]);
	if (wire.n > 0 && wire.p[wire.n - 1] == folder->delimiter)
		wire.n--;
	gw_buf_init(&name, NAME_LIMIT);
	gw_buf_init(&shown, NAME_LIMIT);
	if (decode(wire, &name) == GW_OK && wire.n > 0 &&
		gw_folder_shown(gw_slice_str(gw_buf_cstr(&name)), folder->delimiter, &shown) ==
			GW_OK)
		n = shown.n;
	gw_buf_deinit(&name);
	gw_buf_deinit(&shown);
	return n > 0 ? n : 1;
}

void gw_folders_take_namespace(struct gw_folders *f, const struct gw_response *r)
{
	free(f->prefix);
	f->prefix = gw_slice_dup(r->mailbox);
	for (size_t i = 0; i < f->space_count; i++)
		free(f->spaces[i]);
	f->space_count = 0;
	for (size_t i = 0; i < r->space_count; i++) {
		f->spaces[f->space_count] = gw_slice_dup(r->spaces[i]);
		f->space_foreign[f->space_count] = r->space_foreign[i];
		f->space_count += f->spaces[f->space_count] != NULL;
	}
}

static enum gw_code fill(struct gw_folder *f, const struct gw_response *r, const char *prefix,
	const struct gw_account *account)
{
	struct gw_slice wire = r->mailbox;
	enum gw_code code = GW_OK;

	f->wire = gw_slice_dup(wire);
	if (f->wire == NULL)
		return GW_ERR_NOMEM;
	if (prefix != NULL && gw_slice_case_starts(wire, prefix) && wire.n > strlen(prefix)) {
		wire.p += strlen(prefix);
		wire.n -= strlen(prefix);
	}
	f->delimiter = r->delimiter;
	f->attrs = r->attrs;
	TAKE(f->name, decode(wire, &out));
	if (code == GW_OK)
		TAKE(f->shown, gw_folder_shown(gw_slice_str(f->name), f->delimiter, &out));
	if (code == GW_OK)
		TAKE(f->dir,
			gw_folder_dir(gw_slice_str(f->name), f->delimiter, account->layout, &out));
	return code;
}

/* Said once. */
static enum gw_code leave_out(struct gw_folders *f, struct gw_error *err)
{
	if (f->overfull)
		return GW_OK;
	f->overfull = true;
	return gw_fail(err, GW_ERR_LIMIT,
		"the server lists more than %d mailboxes; the others are left out", MAILBOXES);
}

enum gw_code gw_folders_take_list(struct gw_folders *f, const struct gw_response *r,
	const struct gw_account *account, struct gw_error *err)
{
	struct gw_folder *known = gw_folders_find(f, r->mailbox), fresh = { 0 }, *slot;
	struct gw_slice text = r->mailbox.n == 0 ? r->line : r->mailbox;
	enum gw_code code = GW_ERR_LIMIT;

	if (known != NULL) { /* told twice */
		known->attrs |= r->attrs;
		return GW_OK;
	}
	if (f->count >= MAILBOXES && !gw_slice_case_eq(r->mailbox, "INBOX"))
		return leave_out(f, err);
	if (r->mailbox.n > 0 && r->mailbox.n <= NAME_LIMIT / 8 &&
		memchr(r->mailbox.p, '\0', r->mailbox.n) == NULL)
		code = fill(&fresh, r, f->prefix, account);
	slot = code != GW_OK
		       ? NULL
		       : gw_array_push((void **)&f->list, &f->count, &f->cap, sizeof *f->list);
	if (slot == NULL) {
		free_folder(&fresh);
		return gw_fail(err, code == GW_OK ? GW_ERR_NOMEM : code,
			r->mailbox.n == 0
				? "the server's list of mailboxes has a line that cannot be read, which is left out: %.*s"
				: "the mailbox name %.*s cannot be used here; it is left out",
			(int)(text.n < 60 ? text.n : 60), text.p);
	}
	*slot = fresh;
	if (!gw_folders_note_last(f)) {
		f->count--;
		free_folder(&fresh);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	slot->foreign = foreign_name(f, slot);
	if (strcasecmp(slot->wire, "INBOX") == 0)
		slot->attrs &= ~(unsigned)GW_LIST_NOSELECT; /* it always exists */
	return GW_OK;
}

static void forget_ids(struct gw_folders *f)
{
	f->unsound_ids = true;
	for (size_t i = 0; i < f->count; i++)
		f->list[i].object_id = 0;
}

void gw_folders_take_status(struct gw_folders *f, const struct gw_response *r)
{
	struct gw_folder *folder = gw_folders_find(f, r->mailbox);

	if (folder == NULL)
		return;
	folder->stale = false;
	folder->items = r->items;
	folder->messages = r->messages;
	folder->uidnext = r->uidnext;
	folder->uidvalidity = r->uidvalidity;
	folder->highestmodseq = r->highestmodseq;
	folder->total_size = r->total_size;
	if (r->unsound_id)
		forget_ids(f);
	if (r->object_id.n > 0 && !f->unsound_ids)
		folder->object_id = gw_hash_bytes(r->object_id);
}

void gw_folders_take_lsub(struct gw_folders *f, const struct gw_response *r)
{
	struct gw_folder *folder = gw_folders_find(f, r->mailbox);

	if (folder != NULL)
		folder->attrs |= GW_LIST_SUBSCRIBED;
}

/* "\\Sent": the mailbox of that use. */
static bool matches_use(const char *pattern, const struct gw_folder *f)
{
	static const struct {
		const char *name;
		unsigned attr;
	} uses[] = { { "\\All", GW_LIST_ALL }, { "\\Archive", GW_LIST_ARCHIVE },
		{ "\\Drafts", GW_LIST_DRAFTS }, { "\\Flagged", GW_LIST_FLAGGED },
		{ "\\Important", GW_LIST_IMPORTANT }, { "\\Junk", GW_LIST_JUNK },
		{ "\\Sent", GW_LIST_SENT }, { "\\Trash", GW_LIST_TRASH } };

	for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
		if (strcasecmp(pattern, uses[i].name) == 0)
			return (f->attrs & uses[i].attr) != 0;
	}
	return false;
}

static bool matches(const char *pattern, const struct gw_folder *f)
{
	if (pattern[0] == '\\')
		return matches_use(pattern, f);
	return gw_glob_match(pattern, f->shown) ||
	       (strcasecmp(pattern, "INBOX") == 0 && strcmp(f->shown, "INBOX") == 0);
}

bool gw_folder_is_among(const struct gw_folder *f, char *const *patterns, size_t count)
{
	bool in = false;

	for (size_t i = 0; i < count; i++) {
		bool out = patterns[i][0] == '!';

		if (matches(patterns[i] + out, f))
			in = !out;
	}
	return in;
}

const char *gw_folder_given(const struct gw_folder *f, const struct gw_account *account)
{
	const char *dir = NULL;

	for (size_t i = 0; i < account->window_count; i++) {
		if (account->windows[i].local != NULL && matches(account->windows[i].pattern, f))
			dir = account->windows[i].local;
	}
	return dir;
}

const char *gw_folder_decided_by(const struct gw_folder *f, const struct gw_account *account)
{
	const char *pattern = NULL;

	for (size_t i = 0; i < account->folder_count; i++) {
		if (matches(account->folders[i] + (account->folders[i][0] == '!'), f))
			pattern = account->folders[i];
	}
	return pattern;
}

bool gw_folders_match(const struct gw_folders *f, const char *pattern)
{
	for (size_t i = 0; i < f->count; i++) {
		if (matches(pattern, &f->list[i]))
			return true;
	}
	return false;
}

static bool chosen(const struct gw_folder *f, const struct gw_account *account)
{
	bool special = f->attrs & (GW_LIST_ALL | GW_LIST_FLAGGED | GW_LIST_IMPORTANT);
	bool in = account->folder_count == 0 && !special && f->foreign == 0;

	for (size_t i = 0; i < account->folder_count; i++) {
		const char *pattern = account->folders[i];
		bool out = pattern[0] == '!';

		if (!matches(pattern + out, f))
			continue;
		/* A wildcard does not ask for every message a second time. */
		in = !out && (!special || strpbrk(pattern, "*%") == NULL) &&
		     strcspn(pattern, "*%") >= f->foreign;
	}
	if (account->subscribed && !(f->attrs & GW_LIST_SUBSCRIBED) &&
		strcmp(f->shown, "INBOX") != 0)
		return false;
	return in && !(f->attrs & GW_LIST_NOSELECT);
}

bool gw_folders_wants(const struct gw_folders *all, const char *name, char delimiter,
	const struct gw_account *account, const char *const *only, size_t only_count)
{
	struct gw_folder f = { .attrs = GW_LIST_SUBSCRIBED };
	struct gw_buf shown, wire;
	bool named = only_count == 0, wanted;

	gw_buf_init(&shown, NAME_LIMIT);
	if (gw_folder_shown(gw_slice_str(name), delimiter, &shown) != GW_OK) {
		gw_buf_deinit(&shown);
		return false;
	}
	f.shown = shown.p;
	f.delimiter = delimiter;
	gw_buf_init(&wire, NAME_LIMIT);
	if (gw_buf_puts(&wire, all->prefix != NULL ? all->prefix : "") == GW_OK &&
		gw_buf_puts(&wire, name) == GW_OK) {
		f.wire = wire.p;
		f.foreign = foreign_name(all, &f);
	}
	gw_buf_deinit(&wire);
	for (size_t i = 0; i < only_count && !named; i++)
		named = matches(only[i], &f);
	wanted = named && chosen(&f, account);
	gw_buf_deinit(&shown);
	return wanted;
}

static int by_name(const void *a, const void *b)
{
	const struct gw_folder *x = a, *y = b;
	bool x_inbox = strcmp(x->shown, "INBOX") == 0, y_inbox = strcmp(y->shown, "INBOX") == 0;

	return x_inbox != y_inbox ? (x_inbox ? -1 : 1) : strcmp(x->shown, y->shown);
}

/* Each limit by itself: the last section that sets it wins. */
static struct gw_window window_of(const struct gw_folder *f, const struct gw_account *account)
{
	struct gw_window w = { .labels = account->labels };

	for (size_t i = 0; i < account->window_count; i++) {
		const struct gw_window *x = &account->windows[i];

		if (!matches(x->pattern, f))
			continue;
		if (x->max_age > 0)
			w.max_age = x->max_age;
		if (x->since > 0)
			w.since = x->since;
		if (x->max_messages > 0)
			w.max_messages = x->max_messages;
		if (x->max_size > 0)
			w.max_size = x->max_size;
	}
	return w;
}

/* All mail is called Archive here, unless another mailbox is. */
static bool name_archive(
	struct gw_folders *f, struct gw_folder *all, const struct gw_account *account)
{
	static const char name[] = "Archive";
	struct gw_folder old = *all;
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < f->count; i++) {
		if (strcasecmp(f->list[i].shown, name) == 0)
			return &f->list[i] == all; /* already */
	}
	all->name = strdup(name);
	all->shown = strdup(name);
	all->dir = NULL;
	TAKE(all->dir, gw_folder_dir(gw_slice_str(name), all->delimiter, account->layout, &out));
	if (all->name == NULL || all->shown == NULL || code != GW_OK) {
		free(all->name);
		free(all->shown);
		free(all->dir);
		*all = old;
		return false;
	}
	free(old.name);
	free(old.shown);
	free(old.dir);
	return true;
}

void gw_folders_choose(struct gw_folders *f, const struct gw_account *account,
	const char *const *only, size_t only_count)
{
	for (size_t i = 0; i < f->count; i++) {
		bool named = only_count == 0;
		bool archive = f->archive && (f->list[i].attrs & GW_LIST_ALL) != 0 &&
			       name_archive(f, &f->list[i], account);

		for (size_t j = 0; j < only_count && !named; j++)
			named = matches(only[j], &f->list[i]);
		f->list[i].wanted = named && (archive || chosen(&f->list[i], account));
		f->list[i].window = window_of(&f->list[i], account);
	}
	if (f->count == 0)
		return;
	qsort(f->list, f->count, sizeof *f->list, by_name);
	gw_name_index_build(&f->index, wire_at, f->list, f->count); /* it has the room */
}
