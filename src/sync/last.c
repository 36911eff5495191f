/* SPDX-License-Identifier: ISC */
/* sync/last.c - see godwit/last.h.
 *
 * A line each: "good TIME", "tried TIME", "to-come MESSAGES BYTES", "waiting CHANGES", "failed TEXT", "problems COUNT TEXT".
 */
#include "godwit/last.h"

#include "base/fs.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 4096 };

static char *path_of(const struct gw_account *account)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s.last", account->state_dir, account->name) < 0 ? NULL : path;
}

static void take_line(const char *line, struct gw_last *out)
{
	int at = 0;

	if (sscanf(line, "good %" SCNd64, &out->good) == 1 ||
		sscanf(line, "tried %" SCNd64, &out->tried) == 1 ||
		sscanf(line, "waiting %" SCNu64, &out->waiting_there) == 1 ||
		sscanf(line, "to-come %" SCNu64 " %" SCNu64, &out->to_come, &out->bytes_to_come) ==
			2)
		return;
	if (sscanf(line, "problems %" SCNu64 " %n", &out->problems, &at) == 1 && at > 0) {
		snprintf(out->text, sizeof out->text, "%s", line + at);
	} else if (strncmp(line, "failed ", 7) == 0) {
		out->failed = true;
		snprintf(out->text, sizeof out->text, "%s", line + 7);
	}
}

enum gw_code gw_last_read(
	const struct gw_account *account, struct gw_last *out, struct gw_error *err)
{
	char *path = path_of(account), *rest = NULL;
	enum gw_code code = GW_ERR_NOMEM;
	struct gw_buf text;
	bool found = false;

	*out = (struct gw_last){ 0 };
	gw_buf_init(&text, FILE_MAX);
	if (path == NULL)
		gw_fail(err, code, "out of memory");
	else
		code = gw_read_file(AT_FDCWD, path, FILE_MAX, &text, &found, err);
	if (code != GW_OK && code != GW_ERR_NOMEM) { /* no use, and no reason to fail for */
		gw_error_clear(err);
		code = GW_OK;
		found = false;
	}
	if (code == GW_OK && found && gw_buf_reserve(&text, 1) == GW_OK) {
		(void)gw_buf_cstr(&text);
		for (char *line = strtok_r(text.p, "\n", &rest); line != NULL;
			line = strtok_r(NULL, "\n", &rest))
			take_line(line, out);
	}
	gw_buf_deinit(&text);
	free(path);
	return code;
}

/* Writes one line of text, whatever the server said. */
static void put_text(FILE *to, const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		putc((unsigned char)*p < ' ' ? ' ' : *p, to);
	putc('\n', to);
}

static bool put(FILE *to, const struct gw_last *last)
{
	fprintf(to, "good %" PRId64 "\ntried %" PRId64 "\n", last->good, last->tried);
	if (last->to_come > 0)
		fprintf(to, "to-come %" PRIu64 " %" PRIu64 "\n", last->to_come,
			last->bytes_to_come);
	if (last->waiting_there > 0)
		fprintf(to, "waiting %" PRIu64 "\n", last->waiting_there);
	if (last->failed)
		fputs("failed ", to);
	else if (last->problems > 0)
		fprintf(to, "problems %" PRIu64 " ", last->problems);
	if (last->failed || last->problems > 0)
		put_text(to, last->text);
	return fflush(to) == 0 && !ferror(to);
}

void gw_last_write(const struct gw_account *account, const struct gw_last *last)
{
	char *path = path_of(account), *beside = NULL;
	FILE *to = NULL;
	bool ok = false;
	int fd;

	if (path == NULL || asprintf(&beside, "%s.new", path) < 0) {
		free(path);
		return;
	}
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && (to = fdopen(fd, "w")) == NULL)
		close(fd);
	if (to != NULL) {
		ok = put(to, last);
		ok = fclose(to) == 0 && ok;
		if (!ok || rename(beside, path) != 0)
			unlink(beside);
	}
	free(beside);
	free(path);
}
