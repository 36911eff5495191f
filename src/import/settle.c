/* SPDX-License-Identifier: ISC */
/* import/settle.c - see settle.h. */
#include "import/settle.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { MOVE_COSTS = 1000, CANDIDATES = 4 };

void gw_settled_deinit(struct gw_settled *s)
{
	for (size_t i = 0; i < s->folder_count; i++)
		free(s->folders[i]);
	free(s->folders);
	free(s->root);
	*s = (struct gw_settled){ 0 };
}

void gw_settle_boxes_free(struct gw_settle_box *boxes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct gw_settle_box *b = &boxes[i];
		char *const strings[] = { b->name, b->wire, b->dirs[0], b->dirs[1], b->place,
			b->utf8, b->local, b->move };

		for (size_t k = 0; k < sizeof strings / sizeof *strings; k++)
			free(strings[k]);
	}
	free(boxes);
}

static bool is_inbox(const char *name)
{
	return strcasecmp(name, "INBOX") == 0;
}

/* --- the old program's places ------------------------------------------------------------------ */

/* The name as mbsync has it: components divided by "/", without its Path on the server.  wire: the last
 * components as the server says them, which is how mbsync 1.4 names directories.  NULL: it does not see
 * the mailbox; heap. */
static char *canonical(const struct gw_other *o, const struct gw_settle_box *b, bool wire)
{
	const char *name = b->name, *last = b->wire;
	size_t parts = 1, wire_parts = 1;
	char *out;

	if (is_inbox(b->wire))
		return strdup("INBOX");
	if (o->far_path != NULL) {
		if (strncmp(b->wire, o->far_path, strlen(o->far_path)) != 0)
			return NULL;
		last = b->wire + strlen(o->far_path);
	} else if (!wire) {
		return strdup(name);
	} else {
		for (const char *p = name; *p != '\0'; p++)
			parts += *p == '/';
		for (const char *p = b->wire; *p != '\0'; p++)
			wire_parts += *p == b->delimiter;
		for (; wire_parts > parts; wire_parts--)
			last = strchr(last, b->delimiter) + 1;
	}
	out = strdup(last);
	for (char *p = out; p != NULL && *p != '\0'; p++)
		*p = *p == b->delimiter ? '/' : *p;
	return out;
}

/* True if the channel has the mailbox.  near: its name here; heap. */
static bool channel_has(
	const struct gw_other *o, const struct gw_other_channel *c, const char *name, char **near)
{
	size_t prefix = strlen(c->far);
	bool in = false;

	if (c->pattern_count == 0) {
		if (strcmp(prefix == 0 ? "INBOX" : c->far, name) != 0)
			return false;
		*near = strdup(*c->near == '\0' ? "INBOX" : c->near);
		return true;
	}
	if (strncmp(name, c->far, prefix) != 0 || name[prefix] == '\0')
		return false;
	for (size_t i = 0; i < c->pattern_count; i++) {
		bool out = c->patterns[i][0] == '!';
		const char *pattern = c->patterns[i] + out;

		/* With a Path, wildcards are about what is below it. */
		if (gw_glob_match(pattern, name + prefix) &&
			(o->far_path == NULL || !is_inbox(name) || strpbrk(pattern, "*%") == NULL))
			in = !out;
	}
	if (in && asprintf(near, "%s%s", c->near, name + prefix) < 0)
		*near = NULL;
	return in;
}

/* Appends text with each "/" written as `instead`. */
static enum gw_code put_with(struct gw_buf *out, const char *text, const char *instead)
{
	enum gw_code code = GW_OK;

	for (const char *p = text; *p != '\0' && code == GW_OK; p++)
		code = *p == '/' ? gw_buf_puts(out, instead) : gw_buf_append(out, p, 1);
	return code;
}

/* Appends the directory of a mailbox of this name in a Maildir store.  GW_ERR_CONFIG: it has none. */
static enum gw_code put_place(const struct gw_other *o, const char *near, struct gw_buf *out)
{
	bool below_inbox = strncasecmp(near, "INBOX/", 6) == 0 && o->flatten == NULL;
	enum gw_code code = GW_OK;

	if (is_inbox(near) || (o->map_inbox != NULL && strcmp(near, o->map_inbox) == 0))
		return gw_buf_puts(out, o->inbox);
	if (o->style == GW_STYLE_MAILDIRPP && o->flatten == NULL) {
		code = gw_buf_printf(out, "%s/.%s", o->inbox, below_inbox ? "." : "");
		return code == GW_OK ? put_with(out, near + (below_inbox ? 6 : 0), ".") : code;
	}
	if (below_inbox)
		code = gw_buf_printf(
			out, "%s/%s", o->inbox, o->style == GW_STYLE_LEGACY ? "." : "");
	else if (o->path == NULL)
		return GW_ERR_CONFIG;
	else
		code = gw_buf_puts(out, o->path);
	near += below_inbox ? 6 : 0;
	if (code != GW_OK)
		return code;
	if (o->flatten != NULL)
		return put_with(out, near, o->flatten);
	if (o->style == GW_STYLE_NONE && strchr(near, '/') != NULL)
		return GW_ERR_CONFIG;
	return put_with(out, near, o->style == GW_STYLE_LEGACY ? "/." : "/");
}

static bool place_mbsync(const struct gw_other *o, struct gw_settle_box *b, bool wire, char **place)
{
	char *name = canonical(o, b, wire), *near = NULL;
	bool ok = true;
	struct gw_buf path;

	*place = NULL;
	gw_buf_init(&path, 65536);
	for (size_t i = 0; name != NULL && near == NULL && i < o->channel_count; i++) {
		if (!channel_has(o, &o->channels[i], name, &near))
			continue;
		ok = near != NULL;
		b->in = true;
		b->channel = i;
		break;
	}
	if (near != NULL && put_place(o, near, &path) == GW_OK) {
		*place = strdup(gw_buf_cstr(&path));
		ok = *place != NULL;
	}
	gw_buf_deinit(&path);
	free(name);
	free(near);
	return ok;
}

/* offlineimap: the server's name, with its own separator; filters and nametrans were tried already. */
static bool place_by_wire(const struct gw_other *o, struct gw_settle_box *b)
{
	struct gw_buf path;
	enum gw_code code;

	if (o->nametrans != NULL || o->folderfilter != NULL || o->folderincludes != NULL)
		return true; /* Python said */
	b->in = true;
	gw_buf_init(&path, 65536);
	code = gw_buf_printf(&path, "%s/", o->path);
	for (const char *p = b->wire; *p != '\0' && code == GW_OK; p++)
		code = *p == b->delimiter ? gw_buf_puts(&path, o->sep) : gw_buf_append(&path, p, 1);
	b->place = code == GW_OK ? strdup(gw_buf_cstr(&path)) : NULL;
	gw_buf_deinit(&path);
	return b->place != NULL;
}

bool gw_settle_places(const struct gw_other *o, struct gw_settle_box *boxes, size_t count,
	gw_settle_exists *exists, void *ctx)
{
	bool ok = true;

	for (size_t i = 0; i < count && ok; i++) {
		struct gw_settle_box *b = &boxes[i];
		char *other = NULL;

		ok = o->by_wire ? place_by_wire(o, b) : place_mbsync(o, b, false, &b->place);
		b->here = b->place != NULL && exists(ctx, b->place);
		if (!ok || b->here || o->by_wire || strchr(b->wire, '&') == NULL)
			continue;
		ok = place_mbsync(o, b, true, &other);
		if (other != NULL && exists(ctx, other)) {
			b->utf8 = b->place;
			b->place = other;
			b->here = true;
		} else {
			free(other);
		}
	}
	return ok;
}

/* --- root and layout --------------------------------------------------------------------------- */

/* path below root, or NULL. */
static const char *below(const char *root, const char *path)
{
	size_t n = strlen(root);

	return strncmp(root, path, n) == 0 && path[n] == '/' && path[n + 1] != '\0' ? path + n + 1
										    : NULL;
}

/* True if `local` can name this directory. */
static bool can_say(const char *dir, enum gw_layout layout)
{
	if (layout == GW_LAYOUT_MAILDIRPP)
		return dir[0] == '.' && strchr(dir, '/') == NULL && strlen(dir) > 1 &&
		       strcmp(dir, "..") != 0;
	for (const char *p = dir; p != NULL;
		p = strchr(p, '/') == NULL ? NULL : strchr(p, '/') + 1) {
		struct gw_slice part = { p, strcspn(p, "/") };

		if (part.n == 0 || part.p[0] == '.' || gw_slice_eq(part, "cur") ||
			gw_slice_eq(part, "new") || gw_slice_eq(part, "tmp"))
			return false;
	}
	return true;
}

/* True if godwit finds the mailbox there without being told. */
static bool is_plain(const struct gw_settle_box *b, const char *root, enum gw_layout layout)
{
	const char *place = b->utf8 != NULL ? b->utf8 : b->place, *dir = below(root, place);

	if (dir == NULL)
		return strcmp(b->dirs[layout], ".") == 0 && strcmp(root, place) == 0;
	if (is_inbox(b->name))
		return strcasecmp(dir + (layout == GW_LAYOUT_MAILDIRPP && *dir == '.'), "INBOX") ==
			       0 &&
		       (layout == GW_LAYOUT_MAILDIRPP) == (*dir == '.');
	return strcmp(dir, b->dirs[layout]) == 0;
}

enum want { PLAIN, LOCAL, MOVE };

static enum want wants(const struct gw_settle_box *b, const char *root, enum gw_layout layout)
{
	const char *dir;

	if (b->place == NULL || is_plain(b, root, layout))
		return PLAIN;
	dir = below(root, b->place);
	if (dir != NULL && can_say(dir, layout) && strpbrk(b->name, "*%") == NULL)
		return LOCAL;
	return b->here ? MOVE : PLAIN;
}

static size_t cost(
	const struct gw_settle_box *boxes, size_t count, const char *root, enum gw_layout layout)
{
	static const size_t costs[] = { [PLAIN] = 0, [LOCAL] = 1, [MOVE] = MOVE_COSTS };
	size_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += boxes[i].in ? costs[wants(&boxes[i], root, layout)] : 0;
	return sum;
}

/* The directory above path, or path itself if it ends with "/"; heap. */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL || slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* Returns the directory of a prefix such as "work/" before every mailbox here. */
static char *directory_with_prefix(const struct gw_other *o)
{
	char *path = NULL, *dir;

	if (o->channel_count == 0 || o->path == NULL || strchr(o->channels[0].near, '/') == NULL)
		return NULL;
	if (asprintf(&path, "%s%s", o->path, o->channels[0].near) < 0)
		return NULL;
	dir = directory_of(path);
	free(path);
	return dir;
}

static bool choose(const struct gw_other *o, const struct gw_settle_box *boxes, size_t count,
	struct gw_settled *out)
{
	char *roots[CANDIDATES] = { o->by_wire        ? strdup(o->path)
				    : o->path != NULL ? directory_of(o->path)
						      : NULL,
		directory_with_prefix(o), gw_copy_str(o->inbox), NULL };
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < CANDIDATES; i++) {
		for (int layout = 0; layout < 2 && roots[i] != NULL; layout++) {
			size_t c = cost(boxes, count, roots[i], (enum gw_layout)layout);

			if (c >= best)
				continue;
			best = c;
			free(out->root);
			out->root = strdup(roots[i]);
			out->layout = (enum gw_layout)layout;
		}
		free(roots[i]);
	}
	return out->root != NULL;
}

/* Sets what each mailbox needs. */
static bool say_places(struct gw_settle_box *boxes, size_t count, gw_settle_exists *exists,
	void *ctx, struct gw_settled *out)
{
	bool ok = true;

	for (size_t i = 0; i < count && ok; i++) {
		struct gw_settle_box *b = &boxes[i];
		enum want want = b->in ? wants(b, out->root, out->layout) : PLAIN;

		out->here += b->in && b->here;
		if (want == LOCAL) {
			b->local = strdup(below(out->root, b->place));
			ok = b->local != NULL;
		} else if (want == MOVE) {
			bool self = strcmp(b->dirs[out->layout], ".") == 0;

			ok = asprintf(&b->move, "%s%s%s", out->root, self ? "" : "/",
				     self ? "" : b->dirs[out->layout]) >= 0;
			out->moves += ok;
		}
		/* Moved since: the old program would not find it, and godwit does. */
		if (ok && b->local != NULL && !b->here) {
			char *by_name = NULL;

			ok = asprintf(&by_name, "%s/%s", out->root, b->dirs[out->layout]) >= 0;
			if (ok && exists(ctx, by_name)) {
				free(b->local);
				b->local = NULL;
			}
			free(by_name);
		}
	}
	return ok;
}

/* --- folders ----------------------------------------------------------------------------------- */

static bool add_folder(
	struct gw_settled *out, const char *before, const char *far, const char *rest)
{
	char **slot = gw_array_push(
		(void **)&out->folders, &out->folder_count, &out->folder_cap, sizeof *slot);

	if (slot == NULL)
		return false;
	if (asprintf(slot, "%s%s%s", before, far, rest) < 0) {
		out->folder_count--;
		return false;
	}
	return true;
}

static bool add_channel(
	const struct gw_other *o, const struct gw_other_channel *c, struct gw_settled *out)
{
	bool ok = true;

	if (c->pattern_count == 0)
		return add_folder(out, "", *c->far == '\0' ? "INBOX" : c->far, "");
	for (size_t i = 0; i < c->pattern_count && ok; i++) {
		bool not = c->patterns[i][0] == '!';

		/* Names in modified UTF-7 are spelled out below, as they are. */
		if (strchr(c->patterns[i], '&') == NULL && o->far_path == NULL)
			ok = add_folder(out, not ? "!" : "", c->far, c->patterns[i] + not );
	}
	return ok;
}

/* Decides as the configuration will be read (remote/folders.c). */
static bool decides(const struct gw_settled *s, const struct gw_settle_box *b)
{
	bool in = s->folder_count == 0 && !b->repeats;

	for (size_t i = 0; i < s->folder_count; i++) {
		bool not = s->folders[i][0] == '!';
		const char *pattern = s->folders[i] + not ;

		if (gw_glob_match(pattern, b->name) || (is_inbox(pattern) && is_inbox(b->name)))
			in = !not &&(!b->repeats || strpbrk(pattern, "*%") == NULL);
	}
	return in;
}

static bool say_folders(const struct gw_other *o, const struct gw_settle_box *boxes, size_t count,
	struct gw_settled *out)
{
	bool ok = true, all = o->channel_count == 0;

	for (size_t i = 0; i < o->channel_count && ok; i++)
		ok = add_channel(o, &o->channels[i], out);
	if (out->folder_count == 1 && strcmp(out->folders[0], "*") == 0) {
		free(out->folders[0]);
		out->folder_count = 0;
		all = true;
	}
	for (size_t i = 0; i < count && ok; i++) {
		const struct gw_settle_box *b = &boxes[i];
		bool want = b->in && (b->here || !b->repeats);

		if (decides(out, b) == want || strpbrk(b->name, "*%") != NULL)
			continue;
		if (all && out->folder_count == 0)
			ok = add_folder(out, "*", "", "");
		ok = ok && add_folder(out, want ? "" : "!", b->name, "");
	}
	return ok;
}

enum gw_code gw_settle(const struct gw_other *o, struct gw_settle_box *boxes, size_t count,
	gw_settle_exists *exists, void *ctx, struct gw_settled *out, struct gw_error *err)
{
	bool any = false;

	*out = (struct gw_settled){ 0 };
	for (size_t i = 0; i < count; i++)
		any |= boxes[i].in;
	if (!any)
		return gw_fail(err, GW_ERR_CONFIG,
			"account \"%s\": the old configuration takes none of the %zu mailboxes that "
			"the server has",
			o->name, count);
	if (choose(o, boxes, count, out) && say_places(boxes, count, exists, ctx, out) &&
		say_folders(o, boxes, count, out))
		return GW_OK;
	gw_settled_deinit(out);
	return gw_fail(err, GW_ERR_NOMEM, "out of memory");
}
