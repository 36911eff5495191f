/* SPDX-License-Identifier: ISC */
/* cli/config.h - the configuration file. */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"

#include <stdio.h>

/* Commands of the user's, for sh; NULL: none. */
struct hook_commands {
	char *on_new_mail, *on_sync, *on_error, *on_sent; /* owned */
};

/* Other servers of a provider, as "host:port". */
struct end_points {
	char **list; /* owned */
	size_t count;
};

struct config {
	struct end_points *also_check; /* owned; one for each account */
	struct gw_account *accounts;   /* owned */
	struct hook_commands *hooks;   /* owned; one for each account */
	size_t count;
	bool sandbox; /* see sandbox.h */
};

/* Reads the file; path NULL: $XDG_CONFIG_HOME/godwit/config.  GW_ERR_CONFIG names file, line and
 * what to do. */
enum gw_code config_read(const char *path, struct config *out, struct gw_error *err);
/* Reads a configuration that is in memory, and may have no account yet; dir: where relative paths
 * begin.  GW_ERR_CONFIG says which key of which account, and what to do; it calls the whole
 * `name`. */
enum gw_code config_parse(const char *text, const char *dir, const char *name, struct config *out,
	struct gw_error *err);
/* Fails with GW_ERR_CONFIG if the file at path is missing, or others can write it. */
enum gw_code config_check_file(const char *path, struct gw_error *err);
/* True if an account may have this name. */
bool config_is_name(const char *name);
/* Returns the usual path; heap.  NULL: HOME is not set. */
char *config_default_path(void);
/* The keys of an account, one a line. */
void config_print_keys(FILE *to);
void config_free(struct config *config);
