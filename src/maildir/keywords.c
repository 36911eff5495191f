/* maildir/keywords.c - see keywords.h. */
#include "maildir/keywords.h"

#include "base/fs.h"
#include "base/num.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FILE_NAME "dovecot-keywords"
#define TEMP_NAME "dovecot-keywords.godwit"
enum { FILE_MAX = 1 << 20 };

void gw_keywords_deinit(struct gw_keywords *k)
{
	for (size_t i = 0; i < GW_KEYWORD_MAX; i++)
		free(k->names[i]);
	*k = (struct gw_keywords){ 0 };
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
	if (index >= GW_KEYWORD_MAX || k->names[index] != NULL || gw_keywords_find(k, name) >= 0)
		return false;
	k->names[index] = gw_slice_dup(name);
	return k->names[index] != NULL;
}

int gw_keywords_add(struct gw_keywords *k, struct gw_slice name)
{
	int found = gw_keywords_find(k, name);

	for (unsigned i = 0; found < 0 && i < GW_KEYWORD_MAX; i++) {
		if (k->names[i] != NULL)
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

static void load_line(struct gw_keywords *k, struct gw_slice line, uint32_t *seen)
{
	const char *space = memchr(line.p, ' ', line.n);
	struct gw_slice number = line, name;
	uint32_t index;

	if (space == NULL)
		return;
	number.n = (size_t)(space - line.p);
	name = (struct gw_slice){ space + 1, line.n - number.n - 1 };
	if (!gw_read_u32(number, &index) || index >= GW_KEYWORD_LETTERS || name.n == 0)
		return;
	gw_keywords_put(k, index, name);
	if (gw_keywords_find(k, name) == (int)index)
		*seen |= UINT32_C(1) << index;
}

enum gw_code gw_keywords_load(struct gw_keywords *k, int dirfd, struct gw_error *err)
{
	struct gw_buf text;
	bool found;
	uint32_t seen = 0;
	enum gw_code code;
	size_t at = 0;

	gw_buf_init(&text, FILE_MAX);
	code = gw_read_file(dirfd, FILE_NAME, FILE_MAX, &text, &found, err);
	while (code == GW_OK && at < text.n) {
		const char *lf = memchr(text.p + at, '\n', text.n - at);
		size_t n = lf == NULL ? text.n - at : (size_t)(lf - text.p) - at;

		load_line(k, (struct gw_slice){ text.p + at, n }, &seen);
		at += n + 1;
	}
	for (unsigned i = 0; i < GW_KEYWORD_LETTERS; i++) {
		if (k->names[i] != NULL && !(seen >> i & 1))
			k->file_stale = true;
	}
	gw_buf_deinit(&text);
	return code;
}

enum gw_code gw_keywords_save(struct gw_keywords *k, int dirfd, struct gw_error *err)
{
	struct gw_buf text;
	enum gw_code code = GW_OK;
	int fd, saved;

	gw_buf_init(&text, FILE_MAX);
	for (unsigned i = 0; code == GW_OK && i < GW_KEYWORD_LETTERS; i++) {
		if (k->names[i] != NULL)
			code = gw_buf_printf(&text, "%u %s\n", i, k->names[i]);
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
