/* SPDX-License-Identifier: ISC */
/* doctor/rivals.c - see godwit/rivals.h. */
#include "godwit/rivals.h"

#include "doctor/system.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Programs that fetch from a server into a Maildir, or start one that does. */
static const char *const programs[] = { "mbsync", "isync", "offlineimap", "offlineimap3", "getmail",
	"fetchmail", "interimap", "goimapnotify", "imapnotify" };

/* Returns a rival's name that occurs in the text as a word; NULL: none does. */
static const char *named_in(const char *text)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		size_t n = strlen(programs[i]);

		for (const char *p = text; (p = strstr(p, programs[i])) != NULL; p += n) {
			if ((p == text || strchr(letters, p[-1]) == NULL) &&
				(p[n] == '\0' || strchr(letters, p[n]) == NULL))
				return programs[i];
		}
	}
	return NULL;
}

/* --- systemd ----------------------------------------------------------------------------------- */

/* A unit that is wanted by another one: a link in X.wants/. */
static void look_at_unit(const char *dir, const char *unit, gw_rival_cb *cb, void *ctx)
{
	char path[PATH_MAX + 300], line[1024], what[PATH_MAX + 400], advice[400];
	const char *name = named_in(unit);
	FILE *f;

	snprintf(path, sizeof path, "%.4095s/%.255s", dir, unit);
	f = fopen(path, "re");
	while (name == NULL && f != NULL && fgets(line, sizeof line, f) != NULL) {
		if (strncmp(line, "ExecStart", 9) == 0)
			name = named_in(line);
	}
	if (f != NULL)
		fclose(f);
	if (name == NULL)
		return;
	snprintf(what, sizeof what, "the unit %.255s starts %s (%.4000s)", unit, name, dir);
	snprintf(advice, sizeof advice, "systemctl --user disable --now %.300s", unit);
	cb(ctx, what, advice);
}

static void look_at_wanted(const char *dir, gw_rival_cb *cb, void *ctx)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] != '.' && strncmp(e->d_name, "godwit", 6) != 0)
			look_at_unit(dir, e->d_name, cb, ctx);
	}
	if (d != NULL)
		closedir(d);
}

/* Looks at every enabled unit in this directory. */
static void look_at_units(const char *dir, gw_rival_cb *cb, void *ctx)
{
	DIR *d = opendir(dir);
	char wanted[2 * PATH_MAX];
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		const char *end = strstr(e->d_name, ".wants");

		if (end == NULL || end[6] != '\0')
			continue;
		snprintf(wanted, sizeof wanted, "%s/%s", dir, e->d_name);
		look_at_wanted(wanted, cb, ctx);
	}
	if (d != NULL)
		closedir(d);
}

static void look_at_systemd(gw_rival_cb *cb, void *ctx)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char dir[PATH_MAX];

	if (xdg != NULL && *xdg == '/')
		snprintf(dir, sizeof dir, "%s/systemd/user", xdg);
	else
		snprintf(dir, sizeof dir, "%s/.config/systemd/user", home != NULL ? home : "");
	look_at_units(dir, cb, ctx);
	look_at_units("/etc/systemd/user", cb, ctx);
}

/* --- cron, and what runs now ------------------------------------------------------------------- */

static void look_at_cron(gw_rival_cb *cb, void *ctx)
{
	char line[1024], what[1200];
	/* NOLINTNEXTLINE(bugprone-command-processor,cert-env33-c): a fixed command */
	FILE *f = popen("crontab -l 2> /dev/null", "re");

	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		const char *start = line + strspn(line, " \t");

		line[strcspn(line, "\n")] = '\0';
		if (*start == '#' || strncmp(start, "MAILTO", 6) == 0 || named_in(start) == NULL)
			continue;
		snprintf(what, sizeof what, "a line of your crontab: %s", start);
		cb(ctx, what, "take it out: crontab -e");
	}
	if (f != NULL)
		pclose(f);
}

struct seeker {
	gw_rival_cb *cb;
	void *ctx;
};

static void on_process(void *ctx, const char *pid, const char *name)
{
	const struct seeker *s = ctx;
	char what[200], advice[100];

	if (named_in(name) == NULL)
		return;
	snprintf(what, sizeof what, "%.64s runs now, as process %.20s", name, pid);
	snprintf(advice, sizeof advice, "stop what started it, then: kill %.20s", pid);
	s->cb(s->ctx, what, advice);
}

void gw_rivals_look(gw_rival_cb *cb, void *ctx)
{
	struct seeker seeker = { cb, ctx };

	look_at_systemd(cb, ctx);
	look_at_cron(cb, ctx);
	gw_system_processes(on_process, &seeker);
}
