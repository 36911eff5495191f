/* SPDX-License-Identifier: ISC */
/* cli/typed_password.h - tells a password from a command that prints one, and puts it where a command finds it. */
#pragma once

#include "godwit/error.h"

#include <stdbool.h>
#include <stddef.h>

/* True if the line looks like a password: one word that is_program() does not know, or four groups
 * of four letters, as Google shows one. */
bool password_is_typed(const char *line, bool (*is_program)(const char *word));

/* True if there is a program of this name in PATH, or at this path. */
bool program_exists(const char *word);

enum password_store {
	STORE_KEYRING, /* secret-tool(1), in a session with a keyring */
	STORE_PASS,    /* pass(1), where it was set up */
	STORE_FILE,    /* a file in dir that only its owner can read */
	STORES,
};

/* Returns a store's name, as the user answers it. */
const char *password_store_name(enum password_store store);
bool password_store_is_here(enum password_store store);

/* Puts the password of the account there; what is there already only if replace; command: what prints it from now on.  dir: of the configuration.
 * GW_ERR_SECRET: the store did not take it, which it says on stderr; GW_ERR_DISK, GW_ERR_LIMIT. */
enum gw_code password_keep(enum password_store store, const char *account, const char *dir,
	const char *password, bool replace, char *command, size_t size, struct gw_error *err);
