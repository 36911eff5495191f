/* SPDX-License-Identifier: ISC */
/* cli/option_use.h - which commands an option is for. */
#pragma once

#include <stdbool.h>

/* What getopt_long() returns for options without a letter. */
enum {
	OPT_FULL = 256,
	OPT_NOW,
	OPT_JSON,
	OPT_VERSION,
	OPT_ACCEPT,
	OPT_RESTORE,
	OPT_BODIES,
	OPT_REPAIR,
	OPT_ALL,
	OPT_FOLLOW,
	OPT_DEVICE,
	OPT_NO_BROWSER,
	OPT_SET,
	OPT_BACKGROUND,
	OPT_ACCEPT_UPLOADS,
	OPT_SAME_ACCOUNT,
	OPT_DEADLINE
};

/* The bit of the option that getopt_long() returned as c; 0: one that every command takes. */
unsigned option_use_bit(int c);
/* Says so on stderr and returns false if one of the options given means nothing to the command: --dry-run above all must
 * not be passed over. */
bool option_use_check(unsigned given, const char *command);
