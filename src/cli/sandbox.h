/* SPDX-License-Identifier: ISC */
/* cli/sandbox.h - what a command that talks to servers may do, once the configuration is read: to files (Landlock),
 * of the system (seccomp), and as whom (no new privileges).
 *
 * Commands of the configuration are run by another process, the runner (godwit/runner.h), which stays as it was.
 */
#pragma once

#include "base/landlock.h"
#include "cli/cli.h"
#include "cli/links.h"
#include "godwit/runner.h"

#include <sys/stat.h>

/* A path of the account's, as it was when the sandbox was made. */
struct sandbox_path {
	const char *path; /* borrowed */
	dev_t device;
	ino_t inode; /* 0: it was not there */
	bool gone;   /* it was seen missing since: what comes back is another one */
};

/* A directory that is used, and perhaps was made so that it can be let in. */
struct sandbox_made {
	const char *path; /* borrowed */
	size_t existed;   /* so much of path was there */
	int fd; /* owned; open and locked, shared: no other run takes it away; -1: it is not there */
};

struct sandbox {
	struct gw_command_table table;
	struct gw_landlock_path *places; /* owned */
	size_t place_count, place_cap;
	struct sandbox_path *paths; /* owned */
	size_t path_count, path_cap;
	struct sandbox_made *made; /* owned */
	size_t made_count, made_cap;
	struct links links;       /* of all Maildirs */
	struct gw_runner *runner; /* owned; NULL: there is no sandbox */
	int server;               /* owned; the runner's end; -1: it has it */
	pid_t pid;                /* the runner's, if it is our child */
	unsigned looks;           /* of sandbox_is_stale() */
	bool watches;
	bool failed; /* no memory */
};

/* What a command does with what it is told. */
enum sandbox_use {
	SANDBOX_SYNC,
	SANDBOX_LOOK, /* nothing that is missing is made: a dry run, or mail that is sent */
	SANDBOX_WATCH
};

/* Whether there is anything to confine with, on this system and by the configuration. */
bool sandbox_is_possible(const struct config *config);

/* Works out what will be needed, makes what is missing and may be, and opens the runner's socket.  config and o
 * outlive it.  GW_ERR_NOMEM. */
enum gw_code sandbox_prepare(struct sandbox *s, const struct options *o,
	const struct config *config, enum sandbox_use use, struct gw_error *err);

/* For this process and from now on.  What the kernel does not have is left out, and logged. */
void sandbox_enter(struct sandbox *s, struct config *config, const struct gw_log *log);

/* All of it for a command that runs once: prepare, start the runner as a child, enter. */
enum gw_code sandbox_begin(struct sandbox *s, const struct options *o, struct config *config,
	enum sandbox_use use, const struct gw_log *log, struct gw_error *err);

/* Is something of the account's another file now than the one that was let in, and cannot be opened? */
bool sandbox_is_stale(struct sandbox *s);

/* Takes directories away again that were made and not used.  In the process that is not confined. */
void sandbox_tidy(const struct sandbox *s);

/* Ends a runner that is a child, and frees. */
void sandbox_end(struct sandbox *s);

/* What of it is in force, for `doctor`. */
void sandbox_words(const struct config *config, char *out, size_t size);
