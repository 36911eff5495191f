/* SPDX-License-Identifier: ISC */
/* maildir/scan.c - see scan.h. */
#include "maildir/scan.h"

#include "maildir/partial.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 3, BASE_MAX = 255, GRANULARITY_SECONDS = 2, FINE_NS = 20000000 };

void gw_scan_deinit(struct gw_scan *s)
{
	free(s->entries);
	free(s->others);
	gw_buf_deinit(&s->arena);
	*s = (struct gw_scan){ 0 };
}

const char *gw_scan_name(const struct gw_scan *s, size_t i)
{
	return s->arena.p + s->entries[i].offset;
}

static struct gw_slice base_at(const struct gw_scan *s, uint32_t offset)
{
	const char *name = s->arena.p + offset;

	return (struct gw_slice){ name, (unsigned char)name[-1] };
}

struct gw_slice gw_scan_base(const struct gw_scan *s, size_t i)
{
	return base_at(s, s->entries[i].offset);
}

int gw_base_compare(struct gw_slice a, struct gw_slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static size_t find(const struct gw_scan *s, const struct gw_scan_entry *entries, size_t count,
	struct gw_slice base)
{
	size_t lo = 0, hi = count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (gw_base_compare(base_at(s, entries[mid].offset), base) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < count && gw_base_compare(base_at(s, entries[lo].offset), base) == 0 ? lo
											: SIZE_MAX;
}

size_t gw_scan_find(const struct gw_scan *s, struct gw_slice base)
{
	return find(s, s->entries, s->count, base);
}

bool gw_scan_has_other(const struct gw_scan *s, struct gw_slice base)
{
	return find(s, s->others, s->other_count, base) != SIZE_MAX;
}

/* An editor's file is nothing of the message that it is called after: its whole name counts. */
static enum gw_code add_name(struct gw_scan *s, const char *name, bool is_message, bool in_new)
{
	size_t n = gw_name_is_editors(name) ? strlen(name) : gw_name_split(name).base.n;
	char base_n = (char)(unsigned char)n;
	struct gw_scan_entry *entry =
		is_message ? gw_array_push((void **)&s->entries, &s->count, &s->cap, sizeof *entry)
			   : gw_array_push((void **)&s->others, &s->other_count, &s->other_cap,
				     sizeof *entry);
	enum gw_code code;

	if (entry == NULL)
		return GW_ERR_NOMEM;
	code = gw_buf_append(&s->arena, &base_n, 1);
	entry->offset = (uint32_t)s->arena.n;
	entry->in_new = in_new;
	if (code == GW_OK)
		code = gw_buf_append(&s->arena, name, strlen(name) + 1);
	return code;
}

/* A link or a pipe is nobody's mail: it may lead anywhere, or nowhere for ever. */
static bool is_message(int dir, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN) /* not every file system tells */
		return e->d_type == DT_REG;
	return fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

/* Returns the entry's name in full: names on NTFS and FAT may exceed struct dirent. */
static const char *name_of(const struct dirent *e, size_t *n)
{
	const char *name = (const char *)e + offsetof(struct dirent, d_name);

	*n = strnlen(name, e->d_reclen - offsetof(struct dirent, d_name));
	return name;
}

static enum gw_code list_dir(int fd, bool in_new, struct gw_scan *s, struct gw_error *err)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;
	enum gw_code code = GW_OK;

	if (dir == NULL) {
		code = gw_fail_sys(err, GW_ERR_DISK, errno, "cannot list a Maildir");
		if (copy >= 0)
			close(copy);
		return code;
	}
	while (code == GW_OK && (errno = 0, e = readdir(dir)) != NULL) {
		size_t n;
		const char *name = name_of(e, &n);

		if (name[0] != '.' && n > BASE_MAX)
			s->too_long++;
		else if (name[0] != '.')
			code = add_name(
				s, name, !gw_name_is_editors(name) && is_message(copy, e), in_new);
	}
	if (code == GW_OK && errno != 0)
		code = gw_fail_sys(err, GW_ERR_DISK, errno, "cannot list a Maildir");
	closedir(dir);
	return code == GW_OK ? code : gw_fail(err, code, "cannot list a Maildir: out of memory");
}

/* A change within the clock's granularity of the look would leave the same stamp: a stamp that is
 * younger (or of the future) shows nothing, as in git's index.  FAT counts in steps of 2 s. */
static bool is_settled(const struct gw_stamp *s, time_t now)
{
	int64_t limit = ((int64_t)now - GRANULARITY_SECONDS) * 1000000000;

	return s->mtime < limit && s->ctime < limit;
}

/* True if the stamp is old enough by a finer measure, where stamps have fractions: Linux's own file
 * systems step every few ms. */
static bool is_settled_finely(const struct gw_stamp *s, const struct timespec *now)
{
	int64_t at = (int64_t)now->tv_sec * 1000000000 + now->tv_nsec;

	return s->mtime % 1000000000 != 0 && s->mtime + FINE_NS < at && s->ctime + FINE_NS < at;
}

static enum gw_code list_both(const struct gw_maildir *m, struct gw_scan *s, struct gw_error *err)
{
	struct gw_stamp before[2], after[2];
	struct timespec now, began;
	bool known = gw_stamp_read(m->cur, &before[0]) && gw_stamp_read(m->new, &before[1]);
	enum gw_code code;

	if (clock_gettime(CLOCK_REALTIME, &began) != 0)
		known = false;
	s->count = s->other_count = s->too_long = 0;
	gw_buf_reset(&s->arena);
	code = list_dir(m->cur, false, s, err);
	if (code == GW_OK)
		code = list_dir(m->new, true, s, err);
	known = known && gw_stamp_read(m->cur, &after[0]) && gw_stamp_read(m->new, &after[1]);
	s->trusted = known && gw_stamp_same(&before[0], &after[0]) &&
		     gw_stamp_same(&before[1], &after[1]);
	s->cur = s->new = s->seen_cur = s->seen_new = (struct gw_stamp){ 0 };
	if (!s->trusted || clock_gettime(CLOCK_REALTIME, &now) != 0)
		return code;
	if (is_settled_finely(&before[0], &began) && is_settled_finely(&before[1], &began)) {
		s->seen_cur = before[0];
		s->seen_new = before[1];
	}
	if (is_settled(&before[0], now.tv_sec) && is_settled(&before[1], now.tv_sec)) {
		s->cur = before[0];
		s->new = before[1];
	}
	return code;
}

static int compare_entries(const void *a, const void *b, void *scan)
{
	const struct gw_scan *s = scan;
	const struct gw_scan_entry *x = a, *y = b;
	int order = gw_base_compare(base_at(s, x->offset), base_at(s, y->offset));

	return order != 0 ? order : (x->offset > y->offset) - (x->offset < y->offset);
}

enum gw_code gw_scan_run(const struct gw_maildir *m, struct gw_scan *s, struct gw_error *err)
{
	enum gw_code code = GW_OK;

	*s = (struct gw_scan){ 0 };
	gw_buf_init(&s->arena, UINT32_MAX);
	for (int i = 0; i < TRIES && code == GW_OK && !s->trusted; i++)
		code = list_both(m, s, err);
	if (code != GW_OK) {
		gw_error_context(err, "%s", m->path);
		gw_scan_deinit(s);
		return code;
	}
	if (s->count > 0)
		qsort_r(s->entries, s->count, sizeof *s->entries, compare_entries, s);
	if (s->other_count > 0)
		qsort_r(s->others, s->other_count, sizeof *s->others, compare_entries, s);
	return GW_OK;
}

/* The beginning of a big message, for the next run to go on with. */
static bool is_kept(const struct gw_maildir *m, const char *name)
{
	struct stat st;

	return strncmp(name, GW_PARTIAL_PREFIX, strlen(GW_PARTIAL_PREFIX)) == 0 &&
	       fstatat(m->tmp, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_mtime + (time_t)GW_PARTIAL_DAYS * 86400 > time(NULL);
}

void gw_scan_sweep_tmp(const struct gw_maildir *m)
{
	int copy = openat(m->tmp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (dir == NULL) {
		if (copy >= 0)
			close(copy);
		return;
	}
	while ((e = readdir(dir)) != NULL) {
		if (strncmp(e->d_name, GW_TMP_PREFIX, strlen(GW_TMP_PREFIX)) == 0 &&
			!is_kept(m, e->d_name))
			unlinkat(m->tmp, e->d_name, 0);
	}
	closedir(dir);
}
