/* cli/help.h - `godwit help [COMMAND]`. */
#pragma once

#include <stdbool.h>

/* What godwit is called with, all of it in one screen. */
extern const char help_usage[];

/* Prints a page about one command.  false: there is none of that name. */
bool help_print(const char *command);
