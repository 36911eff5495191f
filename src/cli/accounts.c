/* cli/accounts.c - which accounts the arguments name. */
#include "cli/cli.h"

#include <string.h>

bool account_is_chosen(const struct options *o, const struct gw_account *a)
{
	for (int i = 0; i < o->arg_count; i++) {
		if (strcmp(o->args[i], a->name) == 0)
			return true;
	}
	return o->arg_count == 0 &&
	       a->maildir != NULL; /* one that only sends is not synchronized */
}

static enum gw_code check_names(
	const struct options *o, const struct config *config, bool senders, struct gw_error *err)
{
	for (int i = 0; i < o->arg_count; i++) {
		size_t k = 0;

		while (k < config->count && strcmp(config->accounts[k].name, o->args[i]) != 0)
			k++;
		if (k == config->count)
			return gw_fail(err, GW_ERR_CONFIG,
				"the configuration has no account \"%s\"", o->args[i]);
		if (!senders && config->accounts[k].maildir == NULL)
			return gw_fail(err, GW_ERR_CONFIG,
				"account \"%s\" only sends mail: it has no `host` and no `maildir`",
				o->args[i]);
	}
	return GW_OK;
}

enum gw_code accounts_check(
	const struct options *o, const struct config *config, struct gw_error *err)
{
	return check_names(o, config, false, err);
}

enum gw_code accounts_check_all(
	const struct options *o, const struct config *config, struct gw_error *err)
{
	return check_names(o, config, true, err);
}

int accounts_each(const struct options *o, const struct config *config, bool senders,
	int (*one)(void *ctx, size_t account), void *ctx)
{
	struct gw_error err = { 0 };
	int worst = 0;

	if (check_names(o, config, senders, &err) != GW_OK) {
		complain(NULL, NULL, &err);
		return exit_status(&err);
	}
	for (size_t i = 0; i < config->count; i++) {
		bool chosen = account_is_chosen(o, &config->accounts[i]) ||
			      (senders && o->arg_count == 0);
		int status = chosen ? one(ctx, i) : 0;

		worst = status > worst ? status : worst;
	}
	return worst;
}
