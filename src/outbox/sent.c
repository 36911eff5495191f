/* SPDX-License-Identifier: ISC */
/* outbox/sent.c - see sent.h. */
#include "outbox/sent.h"

#include "imap/response.h"
#include "outbox/header.h"
#include "outbox/memory.h"
#include "store/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 4096, HEADER_READ = 65536 };

static const char *const usual[] = { "Sent", "Sent Messages", "Sent Items", "Sent Mail",
	"INBOX/Sent", "[Gmail]/Sent Mail", "[Google Mail]/Sent Mail", "Gesendet",
	"Gesendete Objekte", "Envoy\xc3\xa9s" };

void gw_sent_deinit(struct gw_sent_mailbox *s)
{
	free(s->remote);
	free(s->dir);
	*s = (struct gw_sent_mailbox){ 0 };
}

struct search {
	const struct gw_account *account;
	struct gw_sent_mailbox *out;
	size_t rank; /* of what was found; 0: \Sent */
};

static bool is_maildir(const char *dir)
{
	char path[PATH];
	struct stat st;

	return (size_t)snprintf(path, sizeof path, "%s/cur", dir) < sizeof path &&
	       stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static enum gw_code on_mailbox(void *ctx, const struct gw_mailbox_row *row)
{
	struct search *s = ctx;
	size_t rank = row->special_use & GW_LIST_SENT ? 0 : SIZE_MAX;
	char path[PATH];

	for (size_t i = 0; rank != 0 && i < sizeof usual / sizeof *usual; i++) {
		if (strcmp(row->remote_name, usual[i]) == 0)
			rank = i + 1;
	}
	if (rank >= s->rank || row->missing_at != 0)
		return GW_OK;
	snprintf(path, sizeof path, "%s/%s", s->account->maildir, row->local_dir);
	gw_sent_deinit(s->out);
	s->rank = rank;
	s->out->remote = strdup(row->remote_name);
	s->out->dir = is_maildir(path) ? strdup(path) : NULL;
	return GW_OK;
}

void gw_sent_find(const struct gw_account *account, struct gw_sent_mailbox *out)
{
	struct search search = { account, out, SIZE_MAX - 1 };
	struct gw_store *store = NULL;
	struct gw_error err = { 0 };
	char path[PATH];

	*out = (struct gw_sent_mailbox){ 0 };
	if (account->maildir == NULL)
		return;
	gw_memory_path(account, ".db", path, sizeof path);
	if (gw_store_open(path, GW_STORE_READ, &store, &err) == GW_OK && store != NULL) {
		gw_store_mailboxes(store, 0, on_mailbox, &search, &err);
		gw_store_close(store);
	}
	for (size_t i = 0; out->dir == NULL && i < sizeof usual / sizeof *usual; i++) {
		snprintf(path, sizeof path, "%s/%s%s", account->maildir,
			account->layout == GW_LAYOUT_MAILDIRPP ? "." : "", usual[i]);
		if (is_maildir(path))
			out->dir = strdup(path);
	}
}

static bool file_has(int dir, const char *name, const char *message_id)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char *text = malloc(HEADER_READ);
	ssize_t n = fd < 0 || text == NULL ? -1 : pread(fd, text, HEADER_READ, 0);
	struct gw_slice rest = { text, n > 0 ? (size_t)n : 0 };
	struct gw_field f;
	bool found = false;

	while (!found && gw_field_next(&rest, &f)) {
		if (gw_field_is(&f, "Message-ID"))
			found = memmem(f.body.p, f.body.n, message_id, strlen(message_id)) != NULL;
	}
	free(text);
	if (fd >= 0)
		close(fd);
	return found;
}

bool gw_sent_has(const char *dir, const char *message_id, int64_t since)
{
	static const char *const subs[] = { "new", "cur" };
	bool found = false;

	for (size_t i = 0; i < 2 && !found && message_id != NULL; i++) {
		char path[PATH];
		struct dirent *e;
		struct stat st;
		DIR *d;

		snprintf(path, sizeof path, "%s/%s", dir, subs[i]);
		d = opendir(path);
		while (d != NULL && !found && (e = readdir(d)) != NULL) {
			if (e->d_name[0] != '.' &&
				fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
				S_ISREG(st.st_mode) &&
				(st.st_mtim.tv_sec >= since || st.st_ctim.tv_sec >= since))
				found = file_has(dirfd(d), e->d_name, message_id);
		}
		if (d != NULL)
			closedir(d);
	}
	return found;
}
