/* SPDX-License-Identifier: ISC */
/* store/journal.c - see journal.h. */
#include "store/journal.h"

#include "base/fs.h"
#include "base/show.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FIELDS = 7, TIME_SIZE = 32 };

void gw_journal_id(const uint8_t digest[static 16], char out[static GW_JOURNAL_ID])
{
	for (size_t i = 0; i < 16; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static enum gw_code put_field(struct gw_buf *lines, const char *text, char end)
{
	enum gw_code code =
		gw_show(gw_slice_str(text == NULL || *text == '\0' ? "-" : text), lines);

	return code == GW_OK ? gw_buf_append(lines, &end, 1) : code;
}

static void format_time(int64_t at, char out[static TIME_SIZE])
{
	time_t t = (time_t)at;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, TIME_SIZE, "-");
}

enum gw_code gw_journal_format(const struct gw_journal_entry *e, struct gw_buf *lines)
{
	char when[TIME_SIZE], uid[16];
	const char *fields[FIELDS] = { when, e->mailbox, e->what, uid, e->file, e->id, e->text };
	size_t before = lines->n;
	enum gw_code code = GW_OK;

	format_time(e->at, when);
	snprintf(uid, sizeof uid, "%" PRIu32, e->uid);
	for (size_t i = 0; i < FIELDS && code == GW_OK; i++)
		code = put_field(lines, fields[i], i + 1 < FIELDS ? '\t' : '\n');
	if (code != GW_OK)
		lines->n = before;
	return code;
}

/* Turns a full log over. */
static bool make_room(int fd, const char *path)
{
	struct stat st;
	char *old = NULL;
	bool full = fstat(fd, &st) == 0 && st.st_size >= GW_JOURNAL_MAX;

	if (full && asprintf(&old, "%s.1", path) < 0)
		return false;
	full = full && rename(path, old) == 0;
	free(old);
	return full;
}

static int open_log(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

enum gw_code gw_journal_append(const char *path, struct gw_slice lines, struct gw_error *err)
{
	int fd = open_log(path), failed;

	if (fd >= 0 && make_room(fd, path)) {
		close(fd);
		fd = open_log(path);
	}
	if (fd < 0)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot open the log %s", path);
	failed = gw_write_all(fd, lines.p, lines.n);
	close(fd);
	return failed == 0
		       ? GW_OK
		       : gw_fail_sys(err, GW_ERR_DISK, failed, "cannot write to the log %s", path);
}

/* Parses "2026-11-29T13:45:01Z"; 0: invalid. */
static int64_t read_time(const char *text)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	return end == NULL || *end != '\0' ? 0 : (int64_t)timegm(&tm);
}

static const char *or_null(const char *field)
{
	return strcmp(field, "-") == 0 ? NULL : field;
}

/* Splits line, which is changed. */
static bool parse(char *line, struct gw_journal_entry *out)
{
	char *fields[FIELDS];

	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < FIELDS; i++) {
		fields[i] = i + 1 < FIELDS ? strsep(&line, "\t") : line;
		if (fields[i] == NULL)
			return false;
	}
	*out = (struct gw_journal_entry){ .at = read_time(fields[0]),
		.mailbox = fields[1],
		.what = fields[2],
		.uid = (uint32_t)strtoul(fields[3], NULL, 10),
		.file = or_null(fields[4]),
		.id = or_null(fields[5]),
		.text = fields[6] };
	return out->at != 0;
}

/* *wants_more: cb's last word. */
static enum gw_code read_one(
	const char *path, gw_journal_cb *cb, void *ctx, bool *wants_more, struct gw_error *err)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;
	bool broken;

	if (f == NULL && errno == ENOENT)
		return GW_OK;
	if (f == NULL)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot open the log %s", path);
	while (*wants_more && getline(&line, &cap, f) > 0) {
		struct gw_journal_entry entry;

		if (parse(line, &entry))
			*wants_more = cb(ctx, &entry);
	}
	broken = ferror(f) != 0;
	free(line);
	fclose(f);
	return broken ? gw_fail_sys(err, GW_ERR_DISK, errno, "cannot read the log %s", path)
		      : GW_OK;
}

enum gw_code gw_journal_read(const char *path, gw_journal_cb *cb, void *ctx, struct gw_error *err)
{
	bool wants_more = true;
	char *old = NULL;
	enum gw_code code;

	if (asprintf(&old, "%s.1", path) < 0)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	code = read_one(old, cb, ctx, &wants_more, err);
	free(old);
	return code == GW_OK && wants_more ? read_one(path, cb, ctx, &wants_more, err) : code;
}
