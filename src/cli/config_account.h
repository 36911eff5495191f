/* SPDX-License-Identifier: ISC */
/* cli/config_account.h - from a section of the configuration to an account. */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"

#include <confuse.h>

struct config_reader {
	const char *path; /* or what it is called */
	const char *text; /* NULL: it is in the file */
	const char *dir;  /* of the file, for relative paths */
	const char *state_dir;
	struct gw_error *err;
};

/* GW_ERR_CONFIG says which key, and what to do; what was read until then stays in a. */
enum gw_code config_read_account(const struct config_reader *r, cfg_t *sec, struct gw_account *a);
/* The strings of a key; none: *out stays as it is. */
enum gw_code config_read_list(
	const struct config_reader *r, cfg_t *sec, const char *key, char ***out, size_t *count);
