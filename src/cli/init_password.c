/* SPDX-License-Identifier: ISC */
/* cli/init_password.c - where `godwit init` has the password from; part of init_p.h. */
#include "cli/init_p.h"
#include "cli/say.h"

#include "godwit/auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct question password_question = { .key = "password-command",
	.text = "A command that prints the password" };

/* Checks for an available store, or "command". */
static const char *check_store(const void *ctx, char value[static ANSWER_SIZE])
{
	(void)ctx;
	for (enum password_store s = 0; s < STORES; s++) {
		if (password_store_is_here(s) && strcasecmp(value, password_store_name(s)) == 0) {
			snprintf(value, ANSWER_SIZE, "%s", password_store_name(s));
			return NULL;
		}
	}
	return strcasecmp(value, "command") == 0 ? NULL : "please answer with one of these words";
}

static void print_stores(const struct init *in)
{
	size_t columns = say_columns(stdout);

	say_folded(stdout, columns, 2,
		"  That looks like a password, and not like a command that prints one. It can be kept in:");
	if (password_store_is_here(STORE_KEYRING))
		printf("    keyring  the desktop's, by secret-tool\n");
	if (password_store_is_here(STORE_PASS))
		printf("    pass     as mail/%s\n", in->name);
	say_folded(stdout, columns, 13, "    file     %s/%s.password, which only you can read",
		in->file.dir, in->name);
	say_folded(stdout, columns, 2,
		"  It stands on the screen now: clear that. \"command\": it is a command all the same.");
}

/* Keeps what was typed, where its owner says.  false: in->err. */
static bool keep(struct init *in, const char *typed)
{
	struct question q = { .text = "Where to keep it", .check = check_store };
	char line[ANSWER_SIZE], command[ANSWER_SIZE];

	print_stores(in);
	for (enum password_store s = STORES; s > 0; s--)
		q.usual = password_store_is_here(s - 1) ? password_store_name(s - 1) : q.usual;
	while (answer_ask(&q, line, &in->err) == GW_OK) {
		enum password_store s = 0;
		struct gw_error err = { 0 };

		if (strcasecmp(line, "command") == 0)
			return true;
		while (strcmp(line, password_store_name(s)) != 0)
			s++;
		if (password_keep(s, in->name, in->file.dir, typed, in->kept[s], command,
			    sizeof command, &err) == GW_OK) {
			in->kept[s] = true;
			say(stdout, "  It is kept; the command is now: %s", command);
			return init_set(in, "password-command", command);
		}
		complain(NULL, NULL, &err);
	}
	return false;
}

/* The answer may be the password itself. */
static bool settle(struct init *in)
{
	const char *answer = init_given(in, "password-command");
	char typed[ANSWER_SIZE];
	bool ok;

	if (answer == NULL || !password_is_typed(answer, program_exists))
		return true;
	snprintf(typed, sizeof typed, "%s", answer);
	ok = keep(in, typed);
	explicit_bzero(typed, sizeof typed);
	return ok;
}

static void print_ways(const struct init *in)
{
	printf("\ngodwit keeps no password: it runs a command that prints it.  In each pair, the\n"
	       "first line puts the password there once, and the second is the command:\n"
	       "  pass insert mail/%s\n"
	       "  pass show mail/%s\n"
	       "with the desktop's keyring:\n"
	       "  secret-tool store --label='mail %s' mail %s\n"
	       "  secret-tool lookup mail %s\n"
	       "Whoever types the password itself is asked where to keep it.\n\n",
		in->name, in->name, in->name, in->name, in->name);
}

bool init_ask_password(struct init *in)
{
	struct question q = password_question;
	char usual[ANSWER_SIZE];
	bool asks = in->answers.asks && init_given(in, q.key) == NULL;

	if (asks)
		print_ways(in);
	snprintf(usual, sizeof usual, "pass show mail/%.60s", in->name);
	q.usual = usual;
	return init_need(in, q) && (!asks || settle(in));
}

bool init_ask_password_again(struct init *in, bool *same)
{
	return init_again(in, password_question, same) && (*same || settle(in));
}

void init_forget_password(struct init *in)
{
	gw_auth_wipe(in->password);
	free(in->password_of);
	in->password = in->password_of = NULL;
}

bool init_know_password(struct init *in, struct gw_account *account)
{
	const char *command = account->password_command;
	struct gw_error err = { 0 };

	if (account->auth != GW_AUTH_PASSWORD || command == NULL || account->password != NULL)
		return true;
	if (in->password_of == NULL || strcmp(in->password_of, command) != 0) {
		init_forget_password(in);
		if (gw_auth_password(account, &in->password, &err) != GW_OK ||
			(in->password_of = strdup(command)) == NULL) {
			complain(in->name, NULL, &err);
			return false;
		}
	}
	account->password = strdup(in->password);
	return account->password != NULL;
}
