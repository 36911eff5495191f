/* SPDX-License-Identifier: ISC */
/* doctor/local.c - the part of the doctor that looks at this machine; see doctor_p.h. */
#include "base/num.h"
#include "doctor/doctor_p.h"
#include "doctor/system.h"
#include "godwit/rivals.h"
#include "godwit/status.h"
#include "maildir/mark.h"
#include "maildir/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { MEGABYTE = 1 << 20, LITTLE_ROOM_MB = 200 };

struct checks {
	const struct gw_account *account;
	gw_tell *tell;
	void *ctx;
};

static void check_room(const struct checks *c, const char *root)
{
	struct statvfs fs;
	unsigned long long free_mb;

	if (statvfs(root, &fs) != 0)
		return;
	free_mb = (unsigned long long)fs.f_bavail * fs.f_frsize / MEGABYTE;
	if (fs.f_flag & ST_RDONLY)
		c->tell(c->ctx, "maildir", GW_HEALTH_BAD, "mount it writable",
			"its file system is mounted read-only");
	else if (free_mb < LITTLE_ROOM_MB)
		gw_tellf(c->tell, c->ctx, "maildir", GW_HEALTH_FAIR, "make room",
			"only %llu MB are free on its file system", free_mb);
	if (fs.f_files > 0 && fs.f_favail < 1000)
		c->tell(c->ctx, "maildir", GW_HEALTH_FAIR,
			"every message is a file; choose a file system with more inodes",
			"its file system has hardly any inodes left");
}

/* Checks whether the missing root can be created. */
static void check_place_of(const struct checks *c, const char *root)
{
	char above[4096];
	char *slash;

	snprintf(above, sizeof above, "%s", root);
	do {
		slash = strrchr(above, '/');
		if (slash == NULL)
			return;
		slash[slash == above] = '\0';
	} while (access(above, F_OK) != 0 && slash != above);
	if (access(above, W_OK | X_OK) == 0)
		gw_tellf(c->tell, c->ctx, "maildir", GW_HEALTH_GOOD, NULL,
			"%s is not there yet; the first sync makes it", root);
	else
		gw_tellf(c->tell, c->ctx, "maildir", GW_HEALTH_BAD,
			"choose another place, or look at that directory's owner and mode",
			"%s is not there, and cannot be made in %s: %s", root, above,
			strerror(errno));
}

static void check_maildir(const struct checks *c)
{
	const char *root = c->account->maildir;
	const char *remote;
	struct gw_mark mark = { .generation = 0 };
	struct gw_error err = { 0 };
	struct stat st;

	if (stat(root, &st) != 0 && errno == ENOENT) {
		check_place_of(c, root);
		return;
	}
	if (stat(root, &st) != 0) {
		gw_tellf(c->tell, c->ctx, "maildir", GW_HEALTH_BAD,
			"look at the modes of the directories above it", "%s cannot be looked at",
			root);
		return;
	}
	if (!S_ISDIR(st.st_mode) || access(root, R_OK | W_OK | X_OK) != 0) {
		gw_tellf(c->tell, c->ctx, "maildir", GW_HEALTH_BAD,
			"it has to be a directory that you can read and write: look at its owner "
			"and "
			"mode, or at `maildir`",
			"%s cannot be used: %s", root,
			S_ISDIR(st.st_mode) ? strerror(errno) : "it is not a directory");
		return;
	}
	if (gw_mark_read(root, &mark, &err) != GW_OK)
		c->tell(c->ctx, "maildir", GW_HEALTH_BAD, "look at the file .godwit in it",
			err.text);
	else
		gw_tellf(c->tell, c->ctx, "maildir", GW_HEALTH_GOOD, NULL, "%s%s", root,
			mark.account_id[0] == '\0' ? ", which godwit has not used yet" : "");
	remote = gw_system_remote_fs(root);
	if (remote != NULL)
		gw_tellf(c->tell, c->ctx, "maildir", GW_HEALTH_FAIR,
			"changes that another machine makes there are found by `poll` only",
			"it lies on a network file system (%s)", remote);
	check_room(c, root);
}

struct totals {
	bool known;
	uint64_t mailboxes, messages, held;
	uint64_t down, up; /* today */
	int64_t not_before;
};

static void on_account(void *ctx, bool known, int64_t changed_at)
{
	struct totals *t = ctx;

	(void)changed_at;
	t->known = known;
}

static void on_mailbox(void *ctx, const struct gw_status_mailbox *m)
{
	struct totals *t = ctx;

	t->mailboxes++;
	t->messages += m->messages;
}

static void on_held(void *ctx, const struct gw_status_held *h)
{
	struct totals *t = ctx;

	(void)h;
	t->held++;
}

static void on_day(void *ctx, uint64_t down, uint64_t up, int64_t not_before)
{
	struct totals *t = ctx;

	t->down = down;
	t->up = up;
	t->not_before = not_before;
}

static void check_budget(const struct checks *c, const struct totals *t)
{
	const struct gw_account *a = c->account;
	uint64_t mb = 1000000;

	if (t->not_before != 0)
		gw_tellf(c->tell, c->ctx, "bandwidth", GW_HEALTH_BAD,
			"wait, and let other programs fetch less; `sync --now` asks all the same",
			"the provider refused more for now; syncs wait for another %lld minutes",
			(long long)(t->not_before - (int64_t)time(NULL) + 59) / 60);
	if (a->daily_download_mb + a->daily_upload_mb > 0)
		gw_tellf(c->tell, c->ctx, "bandwidth", GW_HEALTH_GOOD, NULL,
			"today %llu of %u MB down, %llu of %u MB up",
			(unsigned long long)(t->down / mb), a->daily_download_mb,
			(unsigned long long)(t->up / mb), a->daily_upload_mb);
}

static void check_state(const struct checks *c)
{
	struct totals t = { .known = false };
	const struct gw_status_sink sink = { .account = on_account,
		.mailbox = on_mailbox,
		.day = on_day,
		.held = on_held,
		.ctx = &t };
	struct gw_error err = { 0 };
	enum gw_code code = gw_status_read(c->account, &sink, &err);
	char sum[100];

	snprintf(sum, sizeof sum, "%llu %s in %llu %s", (unsigned long long)t.messages,
		t.messages == 1 ? "message" : "messages", (unsigned long long)t.mailboxes,
		t.mailboxes == 1 ? "mailbox" : "mailboxes");
	if (code != GW_OK)
		c->tell(c->ctx, "state", GW_HEALTH_BAD,
			err.code == GW_ERR_CORRUPT
				? "the next sync sets it aside and makes a new one; no mail is lost"
				: "look at `state-dir`",
			err.text);
	else if (!t.known)
		c->tell(c->ctx, "state", GW_HEALTH_GOOD, NULL, "never synchronized");
	else if (t.held > 0)
		gw_tellf(c->tell, c->ctx, "state", GW_HEALTH_FAIR,
			"`godwit status` says which and why", "%s; %llu %s held back", sum,
			(unsigned long long)t.held, t.held == 1 ? "thing is" : "things are");
	else
		c->tell(c->ctx, "state", GW_HEALTH_GOOD, NULL, sum);
	check_budget(c, &t);
}

/* A mailbox takes three watches: itself, cur/ and new/. */
static void check_watching(const struct checks *c)
{
	uint64_t most, needed;
	struct gw_error err = { 0 };
	struct gw_tree tree;

	if (!gw_system_watch_limit(&most)) {
		c->tell(c->ctx, "watching", GW_HEALTH_GOOD, NULL,
			"`godwit watch` sees changed files within 10 seconds, sooner where the "
			"system reports them");
		return;
	}
	if (most == 0) {
		c->tell(c->ctx, "watching", GW_HEALTH_FAIR,
			"`godwit watch` looks every minute instead",
			"this system does not tell of changed files (inotify)");
		return;
	}
	if (gw_tree_walk(c->account->maildir, c->account->layout, &tree, &err) != GW_OK)
		return;
	needed = 3 * (uint64_t)tree.count;
	gw_tree_deinit(&tree);
	gw_tellf(c->tell, c->ctx, "watching", needed * 2 > most ? GW_HEALTH_FAIR : GW_HEALTH_GOOD,
		needed * 2 > most ? "raise fs.inotify.max_user_watches (sysctl), or `godwit watch` "
				    "looks every minute instead"
				  : NULL,
		"`godwit watch` needs %llu of the %llu watches that the system allows a user",
		(unsigned long long)needed, (unsigned long long)most);
}

static void on_rival(void *ctx, const char *what, const char *advice)
{
	const struct checks *c = ctx;

	gw_tellf(c->tell, c->ctx, "rivals", GW_HEALTH_FAIR, advice,
		"%s: two programs on one tree double each new message", what);
}

void gw_doctor_local(const struct gw_account *account, gw_tell *tell, void *ctx)
{
	struct checks c = { .account = account, .tell = tell, .ctx = ctx };

	check_maildir(&c);
	check_state(&c);
	check_watching(&c);
	gw_rivals_look(on_rival, &c);
}
