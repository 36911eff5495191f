/* SPDX-License-Identifier: ISC */
/* cli/errors.h - how errors reach the user: a line on stderr and an exit status. */
#pragma once

#include "godwit/error.h"

/* Returns an error's exit status (sysexits(3) where they fit). */
int exit_status(const struct gw_error *err);

/* Prints one line on stderr: "godwit: [account: [mailbox: ]]text". */
void complain(const char *account, const char *mailbox, const struct gw_error *err);
