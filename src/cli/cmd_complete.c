/* SPDX-License-Identifier: ISC */
/* cli/cmd_complete.c - `godwit complete WHAT`: words for a shell's completion, one a line.
 *
 * Connects to nothing, and says nothing when something is wrong: who presses Tab wants no message.
 */
#include "cli/cli.h"
#include "cli/say.h"

#include "godwit/status.h"

#include <string.h>

static void on_mailbox(void *ctx, const struct gw_status_mailbox *m)
{
	const struct gw_account *a = ctx;

	say(stdout, "%s:%s", a->name, m->shown);
}

static void print_mailboxes(struct gw_account *a)
{
	const struct gw_status_sink sink = { .mailbox = on_mailbox, .ctx = a };
	struct gw_error ignored = { 0 };

	if (a->maildir != NULL)
		gw_status_read(a, &sink, &ignored);
}

int cmd_complete(const struct options *o)
{
	const char *what = o->arg_count > 0 ? o->args[0] : "";
	struct config config = { 0 };
	struct gw_error ignored = { 0 };

	if (strcmp(what, "keys") == 0) {
		config_print_keys(stdout);
		return 0;
	}
	if (config_read(o->config_path, &config, &ignored) != GW_OK)
		return 0;
	for (size_t i = 0; i < config.count; i++) {
		if (strcmp(what, "accounts") == 0)
			say(stdout, "%s", config.accounts[i].name);
		else if (strcmp(what, "mailboxes") == 0)
			print_mailboxes(&config.accounts[i]);
	}
	config_free(&config);
	return 0;
}
