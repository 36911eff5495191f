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

enum gw_code gw_mark_write(const char *root, const struct gw_mark *mark, struct gw_error *err)
{
	char path[4096], text[1024];

	snprintf(path, sizeof path, "%s/" MARK_FILE, root);
	snprintf(text, sizeof text, ACCOUNT "%s" GENERATION "%llu%s%s%s%s\n", mark->account_id,
		(unsigned long long)mark->generation, mark->user[0] == '\0' ? "" : USER, mark->user,
		mark->host[0] == '\0' ? "" : HOST, mark->host);
	return gw_write_file(path, gw_slice_str(text), err);
}
