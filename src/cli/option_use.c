/* SPDX-License-Identifier: ISC */
/* cli/option_use.c - see option_use.h. */
#include "cli/option_use.h"

#include "cli/say.h"

#include <stdio.h>
#include <string.h>

enum { COMMANDS_MAX = 4 };

static const struct {
	int c;
	const char *name, *commands[COMMANDS_MAX];
} uses[] = {
	{ 'n', "--dry-run", { "sync", "import", "restore" } },
	{ OPT_FULL, "--full", { "sync" } },
	{ OPT_NOW, "--now", { "sync", "verify", "restore", "outbox" } },
	{ OPT_ACCEPT, "--accept-deletions", { "sync" } },
	{ OPT_RESTORE, "--restore-deletions", { "sync" } },
	{ OPT_ACCEPT_UPLOADS, "--accept-uploads", { "sync" } },
	{ OPT_SAME_ACCOUNT, "--same-account", { "sync" } },
	{ OPT_DEADLINE, "--deadline", { "sync" } },
	{ OPT_BODIES, "--bodies", { "verify" } },
	{ OPT_REPAIR, "--repair", { "verify" } },
	{ OPT_ALL, "--all", { "restore" } },
	{ OPT_DEVICE, "--device", { "auth", "init", "import" } },
	{ OPT_NO_BROWSER, "--no-browser", { "auth", "init", "import" } },
	{ OPT_SET, "--set", { "init", "import" } },
	{ OPT_FOLLOW, "--follow", { "status" } },
	{ OPT_BACKGROUND, "--background", { "outbox" } },
};
enum { USES = sizeof uses / sizeof *uses };

unsigned option_use_bit(int c)
{
	for (unsigned i = 0; i < USES; i++) {
		if (uses[i].c == c)
			return 1u << i;
	}
	return 0;
}

static bool is_for(unsigned use, const char *command)
{
	for (int i = 0; i < COMMANDS_MAX && uses[use].commands[i] != NULL; i++) {
		if (strcmp(uses[use].commands[i], command) == 0)
			return true;
	}
	return false;
}

bool option_use_check(unsigned given, const char *command)
{
	for (unsigned i = 0; i < USES; i++) {
		const char *const *c = uses[i].commands;

		if ((given & 1u << i) == 0 || is_for(i, command))
			continue;
		say(stderr, "godwit: %s means nothing to %s; it is for %s%s%s%s%s%s%s\n",
			uses[i].name, command, c[0],
			c[1] != NULL ? (c[2] != NULL ? ", " : " and ") : "",
			c[1] != NULL ? c[1] : "",
			c[2] != NULL ? (c[3] != NULL ? ", " : " and ") : "",
			c[2] != NULL ? c[2] : "", c[3] != NULL ? " and " : "",
			c[3] != NULL ? c[3] : "");
		return false;
	}
	return true;
}
