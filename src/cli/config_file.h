/* SPDX-License-Identifier: ISC */
/* cli/config_file.h - the configuration as a file that gets another account. */
#pragma once

#include "base/buf.h"
#include "cli/config.h"

struct config_file {
	const char *path;      /* as the user gave it */
	char *target;          /* owned; the file itself, if path is a symbolic link */
	char *dir;             /* owned; of target */
	struct gw_buf text;    /* its contents */
	struct config present; /* the same, parsed */
};

/* Reads the file to be extended.  It must be valid, but may be empty or missing.  path is borrowed.
 * GW_ERR_CONFIG, GW_ERR_DISK, GW_ERR_NOMEM; deinit in any case. */
enum gw_code config_file_read(const char *path, struct config_file *f, struct gw_error *err);
/* Appends what it holds, so that an account's section can follow. */
enum gw_code config_file_begin(const struct config_file *f, struct gw_buf *out);
enum gw_code config_file_write(
	const struct config_file *f, struct gw_slice text, struct gw_error *err);
/* True if the file has an account of this name. */
bool config_file_has(const struct config_file *f, const char *name);
void config_file_deinit(struct config_file *f);
