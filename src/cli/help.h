/* SPDX-License-Identifier: ISC */
/* cli/help.h - `godwit help [COMMAND]`. */
#pragma once

#include <stdbool.h>

/* The command line's summary, on one screen. */
extern const char help_usage[];

/* Prints the page of a command.  false: unknown command. */
bool help_print(const char *command);
