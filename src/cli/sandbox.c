/* SPDX-License-Identifier: ISC */
/* cli/sandbox.c - see sandbox.h; what is let in, and why, is in docs/security.md. */
#include "cli/sandbox.h"

#include "base/fs.h"
#include "base/syscalls.h"
#include "base/text.h"
#include "godwit/auth.h"
#include "godwit/control.h"
#include "godwit/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

/* A tree of many directories is looked at for new links now and then. */
enum { MANY = 100, MANY_LOOKS = 10 };
enum { USE_TRIES = 100 };

static const char ENDED[] = "ended"; /* to the runner, which tidies then */

bool sandbox_is_possible(const struct config *config)
{
#ifdef __linux__
	return config->sandbox;
#else
	(void)config;
	return false;
#endif
}

/* --- commands -------------------------------------------------------------------------------- */

static void add_command(struct sandbox *s, const char *command)
{
	const char **slot;

	if (command == NULL)
		return;
	slot = gw_array_push((void **)&s->table.list, &s->table.count, &s->table.cap, sizeof *slot);
	if (slot != NULL && (*slot = strdup(command)) == NULL)
		s->table.count--;
	s->failed |= slot == NULL || *slot == NULL;
}

static void add_commands(
	struct sandbox *s, const struct gw_account *a, const struct hook_commands *h)
{
	const char *const list[] = { a->password_command, a->token_command, a->tunnel_command,
		a->smtp.password_command, a->smtp.tunnel_command, h->on_new_mail, h->on_sync,
		h->on_error, h->on_sent };
	char command[512];

	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		add_command(s, list[i]);
	for (size_t i = 0; gw_auth_command(a, i, command, sizeof command); i++)
		add_command(s, command);
}

/* --- files ----------------------------------------------------------------------------------- */

static void add_place(struct sandbox *s, const char *path, bool write)
{
	struct gw_landlock_path *slot;

	if (path == NULL)
		return;
	slot = gw_array_push((void **)&s->places, &s->place_count, &s->place_cap, sizeof *slot);
	if (slot == NULL) {
		s->failed = true;
		return;
	}
	*slot = (struct gw_landlock_path){ .path = strdup(path), .write = write };
	if (slot->path == NULL)
		s->place_count--;
	s->failed |= slot->path == NULL;
}

static void directory_of(const char *path, char out[PATH_MAX])
{
	char *slash;

	snprintf(out, PATH_MAX, "%s", path);
	slash = strrchr(out, '/');
	if (slash != NULL)
		slash[slash == out] = '\0';
}

/* A resolver's file is replaced when the network changes, and may be a link to another directory. */
static void add_resolver(struct sandbox *s)
{
	char *real = realpath("/etc/resolv.conf", NULL), dir[PATH_MAX];

	if (real != NULL) {
		directory_of(real, dir);
		if (strcmp(dir, "/") == 0)
			add_place(s, real, false);
		else
			add_place(s, dir, false);
	}
	free(real);
}

static void add_system(struct sandbox *s)
{
	static const char *const read[] = { "/etc", "/usr", "/lib", "/lib32", "/lib64",
		"/nix/store", "/gnu/store", "/var/lib/ca-certificates", "/system/etc/security",
		"/dev/urandom", "/dev/random", "/proc/meminfo", "/proc/sys/kernel/random" };

	for (size_t i = 0; i < sizeof read / sizeof *read; i++)
		add_place(s, read[i], false);
	add_place(s, "/dev/null", true);
	add_resolver(s);
	add_place(s, getenv("SSL_CERT_FILE"), false);
	add_place(s, getenv("SSL_CERT_DIR"), false);
}

/* Something of the account's, which is looked at again later. */
static void watch_path(struct sandbox *s, const char *path)
{
	struct sandbox_path *slot;
	struct stat st;

	slot = gw_array_push((void **)&s->paths, &s->path_count, &s->path_cap, sizeof *slot);
	s->failed |= slot == NULL;
	if (slot != NULL && stat(path, &st) == 0)
		*slot = (struct sandbox_path){ path, st.st_dev, st.st_ino, false };
	else if (slot != NULL)
		*slot = (struct sandbox_path){ .path = path };
}

static void read_path(struct sandbox *s, const char *path)
{
	if (path == NULL)
		return;
	add_place(s, path, false);
	watch_path(s, path);
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The length of the part of path that is there. */
static size_t part_that_exists(const char *path)
{
	char above[PATH_MAX];
	char *slash = above;

	snprintf(above, sizeof above, "%s", path);
	while (!exists(above) && (slash = strrchr(above, '/')) != NULL && slash > above)
		*slash = '\0';
	return slash == above ? 1 : strlen(above);
}

static bool is_still(const char *path, int fd)
{
	struct stat at, open;

	return stat(path, &at) == 0 && fstat(fd, &open) == 0 && at.st_dev == open.st_dev &&
	       at.st_ino == open.st_ino;
}

/* Opens a directory so that no other run takes it away (sandbox_tidy()).  -1: it is not there. */
static int use(const char *path)
{
	for (unsigned i = 0; i < USE_TRIES; i++) {
		int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_SH | LOCK_NB) == 0 ? is_still(path, fd) : errno != EWOULDBLOCK)
			return fd;
		close(fd);
		usleep(1000); /* somebody is about to take it away */
	}
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool is_used(const struct sandbox *s, const char *path)
{
	for (size_t i = 0; i < s->made_count; i++) {
		if (strcmp(s->made[i].path, path) == 0)
			return true;
	}
	return false;
}

/* Uses a directory from now on; may_make: also makes it. */
static void take(struct sandbox *s, const char *path, bool may_make)
{
	struct sandbox_made *slot, m = { path, strlen(path), -1 };

	if (is_used(s, path))
		return;
	m.fd = use(path);
	if (m.fd < 0 && may_make) {
		m.existed = part_that_exists(path);
		gw_mkdirs(path,
			&(struct gw_error){ 0 }); /* who needs it says why it cannot be made */
		m.fd = use(path);
	}
	slot = gw_array_push((void **)&s->made, &s->made_count, &s->made_cap, sizeof *slot);
	s->failed |= slot == NULL;
	if (slot != NULL)
		*slot = m;
	else if (m.fd >= 0)
		close(m.fd);
}

/* A tree that is gone may be made anew once the user says so; then above it, too. */
static void write_above(struct sandbox *s, const char *path)
{
	char above[PATH_MAX];

	snprintf(above, sizeof above, "%.*s", (int)part_that_exists(path), path);
	add_place(s, above, true);
}

/* Mailboxes may be links to somewhere else. */
static void add_links(struct sandbox *s, const char *root)
{
	size_t known = s->links.target_count;

	links_find(&s->links, root);
	for (size_t i = known; i < s->links.target_count; i++)
		add_place(s, s->links.targets[i].path, true);
	s->failed |= s->links.failed;
}

static void add_maildir(struct sandbox *s, const struct gw_account *a, bool may_make)
{
	char state[PATH_MAX];

	if (a->maildir == NULL)
		return;
	snprintf(state, sizeof state, "%s/%s.db", a->state_dir, a->name);
	take(s, a->maildir, may_make && !exists(state));
	if (exists(a->maildir)) {
		add_place(s, a->maildir, true);
		add_links(s, a->maildir);
	} else if (may_make) {
		write_above(s, a->maildir);
	}
	watch_path(s, a->maildir);
}

static void add_notmuch(struct sandbox *s)
{
	static const struct {
		const char *variable, *at_home, *below;
		bool write;
	} places[] = { { "NOTMUCH_CONFIG", ".notmuch-config", "", false },
		{ "XDG_CONFIG_HOME", ".config", "/notmuch", false },
		{ "XDG_DATA_HOME", ".local/share", "/notmuch", true } };
	const char *home = getenv("HOME");
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		const char *value = getenv(places[i].variable);
		bool given = value != NULL && *value != '\0';

		snprintf(path, sizeof path, "%s%s%s%s",
			given          ? value
			: home != NULL ? home
				       : "",
			given ? "" : "/", given ? "" : places[i].at_home, places[i].below);
		add_place(s, path, places[i].write);
	}
	if (gw_notmuch_place(path, sizeof path))
		add_place(s, path, true);
}

static void add_account(struct sandbox *s, const struct gw_account *a, bool may_make)
{
	char path[PATH_MAX], dir[PATH_MAX];

	take(s, a->state_dir, true);
	add_place(s, a->state_dir, true);
	watch_path(s, a->state_dir);
	add_maildir(s, a, may_make);
	read_path(s, a->tls_ca_file);
	read_path(s, a->tls_client_cert);
	read_path(s, a->tls_client_key);
	if (s->watches && gw_control_path(a, path, sizeof path)) {
		directory_of(path, dir);
		gw_mkdirs(dir, &(struct gw_error){ 0 });
		add_place(s, dir, true);
	}
}

/* "ACCOUNT" or "ACCOUNT:FOLDER" */
static bool is_chosen(const struct options *o, const struct gw_account *a)
{
	for (int i = 0; i < o->arg_count; i++) {
		size_t n = strcspn(o->args[i], ":");

		if (strlen(a->name) == n && strncmp(o->args[i], a->name, n) == 0)
			return true;
	}
	return o->arg_count == 0;
}

static bool uses_notmuch(const struct gw_account *a)
{
	bool uses = a->labels == GW_LABELS_NOTMUCH;

	for (size_t i = 0; i < a->window_count; i++)
		uses |= a->windows[i].labels == GW_LABELS_NOTMUCH;
	return uses;
}

enum gw_code sandbox_prepare(struct sandbox *s, const struct options *o,
	const struct config *config, enum sandbox_use use, struct gw_error *err)
{
	bool notmuch = false;

	*s = (struct sandbox){ .server = -1, .watches = use == SANDBOX_WATCH };
	add_system(s);
	for (size_t i = 0; i < config->count; i++) {
		const struct gw_account *a = &config->accounts[i];

		add_commands(s, a, &config->hooks[i]);
		add_account(s, a, use != SANDBOX_LOOK && is_chosen(o, a));
		notmuch |= uses_notmuch(a);
	}
	if (notmuch)
		add_notmuch(s);
	if (s->failed)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	return gw_runner_open(&s->table, &s->runner, &s->server, err);
}

/* --- entering -------------------------------------------------------------------------------- */

void sandbox_enter(struct sandbox *s, struct config *config, const struct gw_log *log)
{
	struct gw_error err = { 0 };

	for (size_t i = 0; i < config->count; i++)
		config->accounts[i].runner = s->runner;
	if (!sandbox_is_possible(config)) /* the configuration was read again, and says so now */
		return;
#ifdef __linux__
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#endif
	if (gw_landlock_version() == 0)
		gw_log(log, GW_LOG_INFO, "no Landlock: this process can open all its user's files");
	else if (gw_landlock_enter(s->places, s->place_count, &err) != GW_OK)
		gw_log(log, GW_LOG_WARN, "%s: this process can open all its user's files",
			err.text);
	err = (struct gw_error){ 0 };
	if (gw_syscalls_forbid(s->watches, &err) != GW_OK)
		gw_log(log, GW_LOG_INFO, "%s: all of them are allowed", err.text);
}

/* A process that is killed says nothing, and nobody waits for its runner: the next run may have begun already, with the
 * same directories. */
static void on_said(void *ctx, const char *text)
{
	bool *ended = ctx;

	*ended |= strcmp(text, ENDED) == 0;
}

static _Noreturn void be_runner(struct sandbox *s)
{
	bool ended = false;
	const struct gw_runner_host host = { .said = on_said, .ctx = &ended };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	gw_runner_close(s->runner);
	dup2(null, STDOUT_FILENO); /* whoever reads ours waits for its end */
	signal(SIGINT, SIG_IGN);   /* it ends with the process that it serves */
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	gw_runner_serve(s->server, &s->table, &host);
	if (ended)
		sandbox_tidy(s);
	_exit(0);
}

enum gw_code sandbox_begin(struct sandbox *s, const struct options *o, struct config *config,
	enum sandbox_use use, const struct gw_log *log, struct gw_error *err)
{
	if (sandbox_prepare(s, o, config, use, err) != GW_OK)
		return err->code;
	s->pid = fork();
	if (s->pid == 0)
		be_runner(s);
	if (s->pid < 0)
		return gw_fail_sys(err, GW_ERR_BUSY, errno, "no process for the runner");
	close(s->server);
	s->server = -1;
	sandbox_enter(s, config, log);
	return GW_OK;
}

/* What opening it for reading ends with; 0: it can be opened. */
static int error_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* Not every file system keeps its numbers: what can still be opened is what was let in. */
static bool is_shut_out(struct sandbox_path *p, const struct stat *st)
{
	int error = error_of(p->path);

	if (error == 0)
		*p = (struct sandbox_path){ p->path, st->st_dev, st->st_ino, false };
	return error == EACCES;
}

/* A link that is new, and leads to where this process may not go. */
static bool has_another_link(struct sandbox *s)
{
	struct links now = { 0 };
	bool another = false, rests = s->links.place_count > MANY && s->looks++ % MANY_LOOKS != 0;

	if (rests || !links_may_differ(&s->links))
		return false;
	for (size_t i = 0; i < s->links.root_count; i++)
		links_find(&now, s->links.roots[i]);
	for (size_t i = 0; i < now.target_count && !another; i++)
		another = !links_know(&s->links, &now.targets[i]) &&
			  error_of(now.targets[i].path) == EACCES;
	links_free(&s->links);
	s->links = now;
	return another;
}

bool sandbox_is_stale(struct sandbox *s)
{
	for (size_t i = 0; i < s->path_count; i++) {
		struct sandbox_path *p = &s->paths[i];
		struct stat st;

		if (stat(p->path, &st) != 0)
			p->gone = true;
		else if ((p->gone || st.st_dev != p->device || st.st_ino != p->inode) &&
			 is_shut_out(p, &st))
			return true;
	}
	return has_another_link(s);
}

void sandbox_tidy(const struct sandbox *s)
{
	char path[PATH_MAX];
	char *slash;

	for (size_t i = s->made_count; i-- > 0;) {
		const struct sandbox_made *m = &s->made[i];

		if (m->fd < 0 || strlen(m->path) == m->existed ||
			flock(m->fd, LOCK_EX | LOCK_NB) != 0 || !is_still(m->path, m->fd))
			continue; /* not ours, or another run uses it */
		snprintf(path, sizeof path, "%s", m->path);
		while (strlen(path) > m->existed &&
			rmdir(path) == 0 && /* which passes over one with something in it */
			(slash = strrchr(path, '/')) != NULL)
			*slash = '\0';
	}
}

void sandbox_end(struct sandbox *s)
{
	if (s->pid > 0)
		gw_runner_say(s->runner, ENDED);
	gw_runner_close(s->runner);
	if (s->server >= 0)
		close(s->server);
	if (s->pid > 0)
		waitpid(s->pid, NULL, 0);
	for (size_t i = 0; i < s->table.count; i++)
		free((char *)(uintptr_t)s->table.list[i]);
	free(s->table.list);
	for (size_t i = 0; i < s->place_count; i++)
		free(s->places[i].path);
	free(s->places);
	free(s->paths);
	for (size_t i = 0; i < s->made_count; i++) {
		if (s->made[i].fd >= 0)
			close(s->made[i].fd);
	}
	free(s->made);
	links_free(&s->links);
	*s = (struct sandbox){ .server = -1 };
}

void sandbox_words(const struct config *config, char *out, size_t size)
{
	unsigned version = gw_landlock_version();
	bool calls = gw_syscalls_supported();
	char files[100];

	if (!sandbox_is_possible(config)) {
		snprintf(out, size, "%s",
			config->sandbox ? "this system has none" : "switched off (sandbox = no)");
		return;
	}
	if (version > 0)
		snprintf(files, sizeof files, "its own files only (Landlock %u)", version);
	else
		snprintf(files, sizeof files, "all files of the user (the kernel has no Landlock)");
	snprintf(out, size, "%s; %s; no new privileges", files,
		calls ? "no programs and no other processes (seccomp)"
		      : "all system calls (no seccomp here)");
}
