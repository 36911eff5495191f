/* SPDX-License-Identifier: ISC */
/* cli/accounts.c - which accounts the arguments name. */
#include "cli/cli.h"

#include <stdio.h>
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

enum gw_code accounts_unknown(
	const struct config *config, const char *name, size_t length, struct gw_error *err)
{
	char known[300] = "";
	size_t n = 0;

	for (size_t i = 0; i < config->count && n < sizeof known; i++)
		n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i > 0 ? ", " : "",
			config->accounts[i].name);
	return gw_fail(err, GW_ERR_CONFIG, "the configuration has no account \"%.*s\"; it has %s",
		(int)length, name, known);
}

static bool is_named(const struct config *config, const char *name, size_t length)
{
	size_t k = 0;

	while (k < config->count && (strlen(config->accounts[k].name) != length ||
					    memcmp(config->accounts[k].name, name, length) != 0))
		k++;
	return k < config->count;
}

static enum gw_code complain_of_name(
	const struct config *config, const char *name, struct gw_error *err)
{
	size_t n = strcspn(name, ":");

	if (name[n] == ':' && is_named(config, name, n))
		return gw_fail(err, GW_ERR_CONFIG,
			"\"%s\" is a mailbox, and this command takes accounts: \"%.*s\"", name,
			(int)n, name);
	return accounts_unknown(config, name, strlen(name), err);
}

static enum gw_code check_names(
	const struct options *o, const struct config *config, bool senders, struct gw_error *err)
{
	for (int i = 0; i < o->arg_count; i++) {
		size_t k = 0;

		while (k < config->count && strcmp(config->accounts[k].name, o->args[i]) != 0)
			k++;
		if (k == config->count)
			return complain_of_name(config, o->args[i], err);
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
