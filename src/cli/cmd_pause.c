/* SPDX-License-Identifier: ISC */
/* cli/cmd_pause.c - `godwit pause` and `godwit resume`. */
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/say.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

static int ask_one(const struct options *o, const struct gw_account *a, const char *what)
{
	struct gw_error err = { 0 };
	json_t *answer;
	char text[900];

	if (ask_watcher(a, what, &answer, &err) != GW_OK) {
		complain(a->name, NULL, &err);
		return exit_status(&err);
	}
	if (answer == NULL) {
		gw_fail(&err, GW_ERR_CONFIG, "no `godwit watch` runs for this account");
		complain(a->name, NULL, &err);
		return EX_TEMPFAIL;
	}
	if (o->json) {
		json_dumpf(answer, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		putchar('\n');
	} else if (!o->quiet) {
		/* A sync that is under way ends first. */
		describe_watcher(answer, text, sizeof text);
		say(stdout, "%s: %s\n", a->name, text);
	}
	json_decref(answer);
	return 0;
}

struct request {
	const struct options *options;
	const struct config *config;
	const char *word;
};

static int request_one(void *ctx, size_t account)
{
	const struct request *r = ctx;

	return ask_one(r->options, &r->config->accounts[account], r->word);
}

int cmd_pause(const struct options *o, const struct config *config, bool pause)
{
	struct request r = { o, config, pause ? "pause" : "resume" };

	return accounts_each(o, config, false, request_one, &r);
}
