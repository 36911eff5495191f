/* SPDX-License-Identifier: ISC */
/* maildir/folder.c - see folder.h. */
#include "maildir/folder.h"

#include "base/fs.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_FILE ".godwit-name"
enum { PATH_LIMIT = 3500, HASH_DIGITS = 16 };

static enum gw_code put_escaped(struct gw_buf *out, unsigned char c)
{
	return gw_buf_printf(out, "%%%02X", c);
}

/* Appends one component with everything that may not stand in it escaped. */
static enum gw_code put_component(struct gw_slice name, bool dots, struct gw_buf *out)
{
	const char *p = name.p, *end = name.p + name.n;
	bool reserved = gw_slice_eq(name, "cur") || gw_slice_eq(name, "new") ||
			gw_slice_eq(name, "tmp") || gw_slice_eq(name, "dovecot-keywords");
	enum gw_code code = GW_OK;

	if (name.n == 0)
		return gw_buf_puts(out, "%-"); /* an empty component: no escape looks like this */
	while (p < end && code == GW_OK) {
		const char *next = p;
		uint32_t cp = gw_utf8_next(&next, end);
		bool bad = cp == UINT32_MAX || cp < 0x20 || cp == 0x7f || cp == '%' || cp == '/' ||
			   (cp == '.' && (dots || p == name.p)) || (reserved && p == name.p);

		if (cp == UINT32_MAX)
			next = p + 1;
		code = bad ? put_escaped(out, (unsigned char)*p)
			   : gw_buf_append(out, p, (size_t)(next - p));
		p = next;
	}
	return code;
}

/* Cuts what was appended since start to GW_COMPONENT_MAX bytes, ending in a hash of the name.
 * "%~" is no escape, so a cut name is never the escape of another one. */
static enum gw_code cut_long(struct gw_slice name, size_t start, struct gw_buf *out)
{
	size_t keep = GW_COMPONENT_MAX - 2 - HASH_DIGITS;
	char hash[HASH_DIGITS + 1];

	if (out->n - start <= GW_COMPONENT_MAX)
		return GW_OK;
	while (keep > 0 && ((unsigned char)out->p[start + keep] & 0xc0) == 0x80)
		keep--; /* not inside a character */
	for (size_t back = 1; back <= 2 && back <= keep; back++) {
		if (out->p[start + keep - back] == '%') { /* not inside an escape */
			keep -= back;
			break;
		}
	}
	out->n = start + keep;
	gw_sha256_hex(name, HASH_DIGITS / 2, hash);
	return gw_buf_printf(out, "%%~%s", hash);
}

typedef enum gw_code component_fn(struct gw_slice part, bool first, struct gw_buf *out);

static enum gw_code each_component(
	struct gw_slice name, char delimiter, component_fn *fn, struct gw_buf *out)
{
	bool first = true;

	for (;;) {
		const char *cut =
			delimiter == '\0' || name.n == 0 ? NULL : memchr(name.p, delimiter, name.n);
		struct gw_slice part = { name.p, cut == NULL ? name.n : (size_t)(cut - name.p) };
		enum gw_code code = fn(part, first, out);

		if (code != GW_OK || cut == NULL)
			return code;
		name = (struct gw_slice){ cut + 1, name.n - part.n - 1 };
		first = false;
	}
}

static enum gw_code put_fs(struct gw_slice part, bool first, struct gw_buf *out)
{
	enum gw_code code = first ? GW_OK : gw_buf_puts(out, "/");
	size_t start = out->n;

	if (code == GW_OK)
		code = put_component(part, false, out);
	return code == GW_OK ? cut_long(part, start, out) : code;
}

static enum gw_code put_maildirpp(struct gw_slice part, bool first, struct gw_buf *out)
{
	enum gw_code code = gw_buf_puts(out, ".");

	(void)first;
	return code == GW_OK ? put_component(part, true, out) : code;
}

static enum gw_code put_shown(struct gw_slice part, bool first, struct gw_buf *out)
{
	enum gw_code code = first ? GW_OK : gw_buf_puts(out, "/");

	return code == GW_OK ? put_component(part, false, out) : code;
}

enum gw_code gw_folder_dir(
	struct gw_slice name, char delimiter, enum gw_layout layout, struct gw_buf *out)
{
	bool inbox = gw_slice_case_eq(name, "INBOX");
	size_t start = out->n;
	enum gw_code code;

	if (layout == GW_LAYOUT_FS) {
		code = inbox ? gw_buf_puts(out, "INBOX")
			     : each_component(name, delimiter, put_fs, out);
	} else if (inbox) {
		code = gw_buf_puts(out, ".");
	} else {
		code = each_component(name, delimiter, put_maildirpp, out);
		if (code == GW_OK)
			code = cut_long(name, start, out);
	}
	if (code == GW_OK && out->n - start > PATH_LIMIT)
		code = GW_ERR_LIMIT;
	return code;
}

/* Decodes one component of a directory; false: not one that we would write. */
static bool take_component(struct gw_slice part, struct gw_buf *out)
{
	if (gw_slice_eq(part, "%-"))
		return true;
	for (size_t i = 0; i < part.n; i++) {
		char c = part.p[i];
		unsigned byte = 0;

		if (c == '%' && (part.n - i < 3 || !gw_read_hex(part.p + i + 1, &byte)))
			return false;
		if (c == '%') {
			c = (char)(unsigned char)byte;
			i += 2;
		}
		if (gw_buf_append(out, &c, 1) != GW_OK)
			return false;
	}
	return true;
}

enum gw_code gw_folder_name(
	const char *dir, char delimiter, enum gw_layout layout, struct gw_buf *out)
{
	const char divider = layout == GW_LAYOUT_FS ? '/' : '.';
	struct gw_slice rest = gw_slice_str(dir);
	struct gw_buf back;
	bool ok = true, first = true;

	if (layout == GW_LAYOUT_MAILDIRPP && strcmp(dir, ".") == 0)
		return gw_buf_puts(out, "INBOX");
	if (layout == GW_LAYOUT_MAILDIRPP && rest.n > 0) { /* ".a.b" */
		rest.p++;
		rest.n--;
	}
	while (ok && rest.p != NULL) {
		const char *cut = rest.n == 0 ? NULL : memchr(rest.p, divider, rest.n);
		struct gw_slice part = { rest.p, cut == NULL ? rest.n : (size_t)(cut - rest.p) };

		if (!first)
			ok = delimiter != '\0' && gw_buf_append(out, &delimiter, 1) == GW_OK;
		ok = ok && take_component(part, out);
		rest = (struct gw_slice){ cut == NULL ? NULL : cut + 1,
			cut == NULL ? 0 : rest.n - part.n - 1 };
		first = false;
	}
	/* The mapping is one to one: only what leads back here is a mailbox's directory. */
	gw_buf_init(&back, 65536);
	ok = ok && out->n > 0 &&
	     gw_folder_dir((struct gw_slice){ out->p, out->n }, delimiter, layout, &back) ==
		     GW_OK &&
	     strcmp(gw_buf_cstr(&back), dir) == 0;
	gw_buf_deinit(&back);
	return ok ? GW_OK : GW_ERR_PROTOCOL;
}

enum gw_code gw_folder_shown(struct gw_slice name, char delimiter, struct gw_buf *out)
{
	if (gw_slice_case_eq(name, "INBOX"))
		return gw_buf_puts(out, "INBOX");
	return each_component(name, delimiter, put_shown, out);
}

static int open_dir(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static enum gw_code make_and_open(
	struct gw_maildir *m, const char *name, int *fd, bool *made, struct gw_error *err)
{
	if (mkdirat(m->dir, name, 0700) == 0)
		*made = true;
	else if (errno != EEXIST)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot make %s/%s", m->path, name);
	*fd = open_dir(m->dir, name);
	if (*fd < 0)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot open %s/%s", m->path, name);
	return GW_OK;
}

/* Makes every directory from the root down and flushes each new one's parent. */
static enum gw_code make_path(const char *root, const char *path, struct gw_error *err)
{
	char *copy = strdup(path);
	size_t root_n = strlen(root);
	enum gw_code code = GW_OK;

	if (copy == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	code = gw_mkdirs(path, err);
	for (char *slash; code == GW_OK && strlen(copy) > root_n; *slash = '\0') {
		slash = strrchr(copy, '/');
		if (slash == NULL || slash == copy)
			break;
		*slash = '\0';
		code = gw_fsync_dir(copy, err);
	}
	free(copy);
	return code;
}

static enum gw_code write_name_file(
	const struct gw_maildir *m, const char *dir, const char *name, struct gw_error *err)
{
	char *path = NULL;
	enum gw_code code = GW_OK;

	if (strchr(dir, '%') == NULL || faccessat(m->dir, NAME_FILE, F_OK, 0) == 0)
		return GW_OK; /* nothing was escaped or cut */
	if (asprintf(&path, "%s/" NAME_FILE, m->path) < 0)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	code = gw_write_file(path, gw_slice_str(name), err);
	free(path);
	return code;
}

static enum gw_code open_parts(struct gw_maildir *m, const char *dir, bool create, const char *name,
	enum gw_open_result *result, struct gw_error *err)
{
	bool made = false;
	enum gw_code code;
	int sys;

	m->dir = open_dir(AT_FDCWD, m->path);
	if (m->dir < 0 && errno == ENOENT && !create) {
		*result = GW_MAILDIR_MISSING;
		return GW_OK;
	}
	if (m->dir < 0)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot open %s", m->path);
	if (!create && faccessat(m->dir, "cur", F_OK, 0) != 0 && errno == ENOENT &&
		faccessat(m->dir, "new", F_OK, 0) != 0) {
		*result = GW_MAILDIR_MISSING;
		return GW_OK;
	}
	*result = GW_MAILDIR_OPENED;
	code = make_and_open(m, "tmp", &m->tmp, &made, err);
	if (code == GW_OK)
		code = make_and_open(m, "new", &m->new, &made, err);
	if (code == GW_OK)
		code = make_and_open(m, "cur", &m->cur, &made, err); /* last: it says "complete" */
	if (code == GW_OK && made && create)
		code = write_name_file(m, dir, name, err);
	if (code == GW_OK && made && (sys = gw_flush_dir(m->dir)) != 0)
		code = gw_fail_sys(err, GW_ERR_DISK, sys, "cannot flush %s", m->path);
	return code;
}

enum gw_code gw_maildir_open(const char *root, const char *dir, bool create, const char *name,
	struct gw_maildir *m, enum gw_open_result *result, struct gw_error *err)
{
	enum gw_code code = GW_OK;

	*m = GW_MAILDIR_CLOSED;
	if (strcmp(dir, ".") == 0)
		m->path = strdup(root);
	else if (asprintf(&m->path, "%s/%s", root, dir) < 0)
		m->path = NULL;
	if (m->path == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	if (create)
		code = make_path(root, m->path, err);
	if (code == GW_OK)
		code = open_parts(m, dir, create, name, result, err);
	if (code != GW_OK || *result == GW_MAILDIR_MISSING)
		gw_maildir_close(m);
	return code;
}

enum gw_code gw_maildir_rename(
	const struct gw_maildir *m, const char *dir, const char *name, struct gw_error *err)
{
	if (unlinkat(m->dir, NAME_FILE, 0) != 0 && errno != ENOENT)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot remove %s/" NAME_FILE, m->path);
	return write_name_file(m, dir, name, err);
}

void gw_maildir_close(struct gw_maildir *m)
{
	int *const fds[] = { &m->dir, &m->cur, &m->new, &m->tmp };

	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
	free(m->path);
	m->path = NULL;
}
