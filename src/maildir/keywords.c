/* SPDX-License-Identifier: ISC */
/* maildir/keywords.c - see keywords.h. */
#include "maildir/keywords.h"

#include "base/fs.h"
#include "base/num.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME "dovecot-keywords"
#define TEMP_NAME "dovecot-keywords.godwit"
enum { FILE_MAX = 1 << 20, NAME_MAX_BYTES = 1000 };

void gw_keywords_deinit(struct gw_keywords *k)
{
	for (size_t i = 0; i < GW_KEYWORD_MAX; i++)
		free(k->names[i]);
	*k = (struct gw_keywords){ 0 };
}

bool gw_keyword_is_name(struct gw_slice name)
{
	const char *p = name.p, *end = name.p + name.n;

	if (name.n == 0 || name.n > NAME_MAX_BYTES || !gw_utf8_valid(name))
		return false;
	while (p < end) {
		uint32_t cp = gw_utf8_next(&p, end);

		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029)
			return false;
	}
	return true;
}

int gw_keywords_find(const struct gw_keywords *k, struct gw_slice name)
{
	for (int i = 0; i < GW_KEYWORD_MAX; i++) {
		if (k->names[i] != NULL && gw_slice_case_eq(name, k->names[i]))
			return i;
	}
	return -1;
}

bool gw_keywords_put(struct gw_keywords *k, unsigned index, struct gw_slice name)
{
	if (index >= GW_KEYWORD_MAX || k->names[index] != NULL || gw_keywords_find(k, name) >= 0 ||
		!gw_keyword_is_name(name))
		return false;
	k->names[index] = gw_slice_dup(name);
	return k->names[index] != NULL;
}

int gw_keywords_add(struct gw_keywords *k, struct gw_slice name)
{
	int found = gw_keywords_find(k, name);

	for (unsigned i = 0; found < 0 && i < GW_KEYWORD_MAX; i++) {
		if (k->names[i] != NULL || (k->reserved >> i & 1))
			continue;
		if (!gw_keywords_put(k, i, name))
			return -1;
		if (i < GW_KEYWORD_LETTERS)
			k->file_stale = true;
		found = (int)i;
	}
	return found;
}

uint32_t gw_keywords_letters(const struct gw_keywords *k)
{
	uint32_t set = 0;

	for (unsigned i = 0; i < GW_KEYWORD_LETTERS; i++)
		set |= k->names[i] == NULL ? 0 : 1u << i;
	return set;
}

uint64_t gw_keywords_lettered(const struct gw_keywords *k)
{
	uint64_t flags = GW_FLAG_KEYWORD(0) - 1;

	for (unsigned i = 0; i < GW_KEYWORD_LETTERS; i++) {
		if (k->names[i] != NULL)
			flags |= GW_FLAG_KEYWORD(i);
	}
	return flags;
}

/* "index name"; false: another kind of line. */
static bool split_line(struct gw_slice line, uint32_t *index, struct gw_slice *name)
{
	const char *space = line.n == 0 ? NULL : memchr(line.p, ' ', line.n);
	struct gw_slice number = line;

	if (space == NULL)
		return false;
	number.n = (size_t)(space - line.p);
	*name = (struct gw_slice){ space + 1, line.n - number.n - 1 };
	return gw_read_u32(number, index);
}

static struct gw_slice next_line(struct gw_slice text, size_t *at)
{
	const char *lf = memchr(text.p + *at, '\n', text.n - *at);
	size_t n = lf == NULL ? text.n - *at : (size_t)(lf - text.p) - *at;
	struct gw_slice line = { text.p + *at, n };

	*at += n + 1;
	return line;
}

/* Reads one line.  A letter that keeps its name here counts as read; a line whose name is
 * impossible reserves its letter. */
static void read_line(struct gw_keywords *k, struct gw_slice line, uint32_t *seen)
{
	struct gw_slice name;
	uint32_t index;

	if (!split_line(line, &index, &name) || index >= GW_KEYWORD_LETTERS)
		return;
	gw_keywords_put(k, index, name);
	if (k->names[index] == NULL)
		k->reserved |= UINT64_C(1) << index;
	else if (gw_slice_case_eq(name, k->names[index]))
		*seen |= UINT32_C(1) << index;
}

void gw_keywords_read(struct gw_keywords *k, struct gw_slice text)
{
	uint32_t seen = 0;
	size_t at = 0;

	while (at < text.n)
		read_line(k, next_line(text, &at), &seen);
	for (unsigned i = 0; i < GW_KEYWORD_LETTERS; i++) {
		if (k->names[i] != NULL && !(seen >> i & 1))
			k->file_stale = true;
	}
}

/* Reads only a regular file: a pipe would never end. */
static enum gw_code read_text(int dirfd, struct gw_buf *out, struct gw_error *err)
{
	struct stat st;
	bool found;

	if (fstatat(dirfd, FILE_NAME, &st, 0) == 0 && !S_ISREG(st.st_mode))
		return gw_fail(err, GW_ERR_DISK, FILE_NAME " is no regular file; move it away");
	return gw_read_file(dirfd, FILE_NAME, FILE_MAX, out, &found, err);
}

enum gw_code gw_keywords_load(struct gw_keywords *k, int dirfd, struct gw_error *err)
{
	struct gw_buf text;
	enum gw_code code;

	gw_buf_init(&text, FILE_MAX);
	code = read_text(dirfd, &text, err);
	if (code == GW_OK)
		gw_keywords_read(k, (struct gw_slice){ text.p, text.n });
	gw_buf_deinit(&text);
	return code;
}

/* Lines of the present file at indices that have no name here stay as they are. */
static enum gw_code keep_lines(const struct gw_keywords *k, int dirfd, struct gw_buf *out)
{
	struct gw_error ignored = { 0 };
	struct gw_buf old;
	enum gw_code code = GW_OK;

	gw_buf_init(&old, FILE_MAX);
	if (read_text(dirfd, &old, &ignored) != GW_OK)
		old.n = 0;
	for (size_t at = 0; at < old.n && code == GW_OK;) {
		struct gw_slice line = next_line((struct gw_slice){ old.p, old.n }, &at), name;
		uint32_t index;

		if (!split_line(line, &index, &name) ||
			(index < GW_KEYWORD_LETTERS && k->names[index] != NULL))
			continue;
		code = gw_buf_append(out, line.p, line.n);
		if (code == GW_OK)
			code = gw_buf_puts(out, "\n");
	}
	gw_buf_deinit(&old);
	return code;
}

enum gw_code gw_keywords_save(struct gw_keywords *k, int dirfd, struct gw_error *err)
{
	struct gw_buf text;
	enum gw_code code = GW_OK;
	int fd, saved;

	gw_buf_init(&text, (size_t)2 * FILE_MAX);
	for (unsigned i = 0; code == GW_OK && i < GW_KEYWORD_LETTERS; i++) {
		if (k->names[i] != NULL)
			code = gw_buf_printf(&text, "%u %s\n", i, k->names[i]);
	}
	if (code == GW_OK)
		code = keep_lines(k, dirfd, &text);
	if (code != GW_OK) {
		gw_buf_deinit(&text);
		return gw_fail(err, code, "cannot write " FILE_NAME ": out of memory");
	}
	fd = openat(dirfd, TEMP_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	saved = fd < 0 ? errno : gw_write_all(fd, gw_buf_cstr(&text), text.n);
	if (saved == 0 && fsync(fd) != 0)
		saved = errno;
	if (fd >= 0)
		close(fd);
	if (saved == 0 && renameat(dirfd, TEMP_NAME, dirfd, FILE_NAME) != 0)
		saved = errno;
	gw_buf_deinit(&text);
	if (saved != 0)
		return gw_fail_sys(err, GW_ERR_DISK, saved, "cannot write " FILE_NAME);
	k->file_stale = false;
	return code;
}
