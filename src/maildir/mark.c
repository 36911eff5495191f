/* SPDX-License-Identifier: ISC */
/* maildir/mark.c - see mark.h. */
#include "maildir/mark.h"

#include "base/fs.h"
#include "base/num.h"
#include "maildir/name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MARK_FILE ".godwit"
#define ACCOUNT "account "
#define GENERATION "\ngeneration "
#define USER "\nuser "
#define HOST "\nhost "

enum { SECTOR = 512 };

static void keep_line(char out[256], const char *text)
{
	size_t n = text == NULL ? 0 : strcspn(text, "\n");

	out[0] = '\0';
	if (n > 0 && n < 256 && (text[n] == '\0' || text[n] == '\n')) {
		memcpy(out, text, n);
		out[n] = '\0';
	}
}

void gw_mark_name(struct gw_mark *mark, const char *user, const char *host)
{
	keep_line(mark->user, user == NULL || strchr(user, '\n') != NULL ? NULL : user);
	keep_line(mark->host, host == NULL || strchr(host, '\n') != NULL ? NULL : host);
}

/* "user NAME" and "host NAME", each on a line; older marks have none. */
static void parse_names(const char *text, struct gw_mark *out)
{
	const char *user = strstr(text, USER), *host = strstr(text, HOST);

	keep_line(out->user, user == NULL ? NULL : user + strlen(USER));
	keep_line(out->host, host == NULL ? NULL : host + strlen(HOST));
}

static bool parse(const char *text, struct gw_mark *out)
{
	const char *id = text + strlen(ACCOUNT), *generation;
	size_t n;

	if (strncmp(text, ACCOUNT, strlen(ACCOUNT)) != 0)
		return false;
	n = strspn(id, "0123456789abcdef");
	if (n == 0 || n >= sizeof out->account_id ||
		strncmp(id + n, GENERATION, strlen(GENERATION)) != 0)
		return false;
	memcpy(out->account_id, id, n);
	out->account_id[n] = '\0';
	parse_names(id + n, out);
	generation = id + n + strlen(GENERATION);
	return gw_read_u64((struct gw_slice){ generation, strcspn(generation, "\n") }, INT64_MAX,
		&out->generation);
}

enum gw_code gw_mark_read(const char *root, struct gw_mark *out, struct gw_error *err)
{
	char path[4096];
	struct gw_buf text;
	bool found = false;
	enum gw_code code;

	*out = (struct gw_mark){ 0 };
	gw_buf_init(&text, 4096);
	snprintf(path, sizeof path, "%s/" MARK_FILE, root);
	code = gw_read_file(AT_FDCWD, path, 4096, &text, &found, err);
	if (code == GW_OK && found && !parse(gw_buf_cstr(&text), out)) {
		*out = (struct gw_mark){ 0 };
		code = gw_fail(err, GW_ERR_STATE,
			"%s is not a mark of godwit's; move it away if it belongs to something "
			"else",
			path);
	}
	gw_buf_deinit(&text);
	return code;
}

enum gw_code gw_mark_try_names(const char *root, char separator, struct gw_error *err)
{
	char path[4096];
	int fd, sys;

	separator = gw_name_separator(separator);
	snprintf(path, sizeof path, "%s/" MARK_FILE "%c2,", root, separator);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	sys = fd < 0 ? errno : 0;
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && unlink(path) == 0)
		return GW_OK;
	if (sys == 0 || gw_hits_whole_disk(sys) || sys == EACCES)
		return gw_fail_sys(
			err, GW_ERR_DISK, sys == 0 ? errno : sys, "cannot write to %s", root);
	return gw_fail_sys(err, GW_ERR_CONFIG, sys,
		"the file system of %s takes no \"%c\" in names, which every Maildir has: add "
		"info-separator = \"%s\" to the account, and read godwit(5) on what to tell the mail "
		"reader",
		root, separator, separator == ';' ? "!" : ";");
}

enum {
	DIGITS = 20
}; /* of every generation, so that the next mark has room where this one stands */

static size_t format(const struct gw_mark *mark, int digits, char out[1024])
{
	int n = snprintf(out, 1024, ACCOUNT "%s" GENERATION "%0*llu%s%s%s%s\n", mark->account_id,
		digits, (unsigned long long)mark->generation, mark->user[0] == '\0' ? "" : USER,
		mark->user, mark->host[0] == '\0' ? "" : HOST, mark->host);

	return n < 0 || n >= 1024 ? 0 : (size_t)n;
}

/* Returns a mark's number of digits: old marks, with fewer, keep theirs. */
static int digits_of(const char *text)
{
	const char *at = strstr(text, GENERATION);

	return at == NULL ? 0 : (int)strspn(at + strlen(GENERATION), "0123456789");
}

/* Overwrites the mark with one write of equal length, within one sector: a power cut leaves the old
 * mark or the new one. */
static int overwrite(int fd, const struct gw_mark *mark)
{
	char old[SECTOR + 1], text[1024];
	ssize_t n = pread(fd, old, SECTOR, 0);
	size_t length;

	if (n < 0)
		return errno;
	old[n] = '\0';
	length = format(mark, digits_of(old), text);
	if (length != (size_t)n || length >= SECTOR)
		return EFBIG;
	n = pwrite(fd, text, length, 0);
	if (n != (ssize_t)length)
		return n < 0 ? errno : EIO;
	return fdatasync(fd) == 0 ? 0 : errno;
}

/* false: the mark is as it was. */
static bool write_in_place(const char *path, const struct gw_mark *mark)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), sys;

	if (fd < 0)
		return false;
	sys = overwrite(fd, mark);
	close(fd);
	return sys == 0;
}

enum gw_code gw_mark_write(const char *root, const struct gw_mark *mark, struct gw_error *err)
{
	char path[4096], text[1024];
	struct gw_error local = { 0 };
	enum gw_code code;

	snprintf(path, sizeof path, "%s/" MARK_FILE, root);
	(void)format(mark, DIGITS, text);
	code = gw_write_file(path, gw_slice_str(text), &local);
	if (code == GW_OK)
		return GW_OK;
	if (code == GW_ERR_NOMEM || gw_hits_whole_disk(local.sys)) {
		*err = local;
		return code;
	}
	if (write_in_place(path, mark))
		return GW_OK;
	return gw_fail_sys(err, code, local.sys,
		"neither %s nor the mark .godwit in it can be written, and without its number an old copy "
		"of these directories could not be told from this one, so nothing was done; make one of the "
		"two writable (`chmod u+w`)",
		root);
}
