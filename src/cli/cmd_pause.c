/* cli/cmd_pause.c - `godwit pause` and `godwit resume`. */
#include "cli/ask.h"
#include "cli/cli.h"

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
		printf("%s: %s\n", a->name, text);
	}
	json_decref(answer);
	return 0;
}

int cmd_pause(const struct options *o, const struct config *config, bool pause)
{
	struct gw_error err = { 0 };
	int status = 0;

	if (accounts_check(o, config, &err) != GW_OK) {
		complain(NULL, NULL, &err);
		return exit_status(&err);
	}
	for (size_t i = 0; i < config->count; i++) {
		int one = !account_is_chosen(o, &config->accounts[i])
				  ? 0
				  : ask_one(o, &config->accounts[i], pause ? "pause" : "resume");

		status = one > status ? one : status;
	}
	return status;
}
