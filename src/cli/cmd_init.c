/* SPDX-License-Identifier: ISC */
/* cli/cmd_init.c - `godwit init`: from an address to an account that works.
 *
 * What is not given with --set is asked on a terminal, and taken from what is usual without one.
 * On a terminal each answer is tried, and asked for again if it does not work; the whole account is
 * tried before the configuration is touched.
 */
#include "cli/import_file.h"
#include "cli/init_p.h"
#include "cli/provider.h"
#include "cli/say.h"
#include "cli/server_name.h"
#include "cli/terminal.h"
#include "cli/trial.h"

#include "godwit/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { TEXT_MAX = 1 << 21 };

static bool confirmed(struct init *in, const char *text)
{
	const struct question q = { .text = text, .usual = "no", .check = answer_yes_no };
	char line[ANSWER_SIZE];

	return in->answers.asks && answer_ask(&q, line, &in->err) == GW_OK &&
	       strcmp(line, "yes") == 0;
}

/* --- the configuration ----------------------------------------------------------------------- */

static enum gw_code put_account(const struct init *in, struct gw_buf *out)
{
	enum gw_code code =
		gw_buf_printf(out, "# %s; `man 5 godwit` explains every key.\naccount \"%s\" {\n",
			in->address, in->name);

	if (code == GW_OK)
		code = answers_put(&in->answers, out);
	if (code == GW_OK && init_is_pop3(in) && init_given(in, "keep") == NULL)
		code = gw_buf_puts(out,
			"  # keep = \"14 days\"                # how long mail stays on the server; forever\n");
	if (code == GW_OK && !init_is_pop3(in) && init_given(in, "folders") == NULL)
		code = gw_buf_puts(out,
			"  # folders = {\"*\", \"!Spam\"}        # which mailboxes; the last that "
			"matches wins\n");
	if (code == GW_OK)
		code = gw_buf_puts(out,
			"  # on-new-mail = \"notmuch new\"     # run when mail has come\n"
			"}\n");
	return code;
}

/* Composes the existing configuration and the new account behind it. */
static enum gw_code compose(struct init *in, struct gw_buf *out)
{
	enum gw_code code = config_file_begin(&in->file, out);

	return code == GW_OK ? put_account(in, out) : code;
}

/* The configuration as it would be, in text and read.  false: in->err. */
static bool read_draft(struct init *in, struct gw_buf *text, struct config *out)
{
	bool ok =
		compose(in, text) == GW_OK && config_parse(gw_buf_cstr(text), in->file.dir,
						      "what was answered", out, &in->err) == GW_OK;

	if (!ok && in->err.code == GW_OK)
		gw_fail(&in->err, GW_ERR_NOMEM, "out of memory");
	return ok;
}

static struct gw_account *account_in(const struct init *in, const struct config *config)
{
	for (size_t i = 0; i < config->count; i++) {
		if (strcmp(config->accounts[i].name, in->name) == 0)
			return &config->accounts[i];
	}
	return NULL;
}

/* --- trying what was answered ---------------------------------------------------------------- */

/* Fills in values not known yet, so that the rest can be tried. */
static bool fill_up(struct init *in)
{
	const char *auth = init_given(in, "auth");
	bool token = auth != NULL ? strcmp(auth, "oauth2") == 0
				  : in->provider != NULL && !in->provider->passwords;
	char usual[200];

	snprintf(usual, sizeof usual, "~/Mail/%.60s", in->name);
	return (init_given(in, "user") != NULL || init_set(in, "user", in->address)) &&
	       (init_given(in, "maildir") != NULL || init_set(in, "maildir", usual)) &&
	       (init_given(in, "password-command") != NULL ||
		       init_given(in, "oauth2-client-id") != NULL ||
		       init_given(in, "token-command") != NULL ||
		       init_set(in, token ? "oauth2-client-id" : "password-command", "true"));
}

/* Does the user's part of the sign-in.  false: it failed, which was reported, or was stopped:
 * in->err. */
static bool sign_in(struct init *in, const struct config *config)
{
	const struct gw_account *a = account_in(in, config);
	struct gw_error err = { 0 };

	if (in->signed_in || a == NULL || a->auth != GW_AUTH_OAUTH2 || a->token_command != NULL)
		return true;
	in->left_tokens = true;
	in->signed_in = auth_person(in->options, a, in->log, &err) == GW_OK;
	if (err.code == GW_ERR_CANCELLED)
		gw_fail(&in->err, GW_ERR_CANCELLED, "stopped; nothing was written");
	else if (!in->signed_in)
		complain(in->name, NULL, &err);
	return in->signed_in;
}

static const enum trial_result bad_at[] = { [TRIAL_MAILDIR] = TRIAL_BAD_MAILDIR,
	[TRIAL_SERVER] = TRIAL_BAD_SERVER,
	[TRIAL_LOGIN] = TRIAL_BAD_LOGIN,
	[TRIAL_SENDING] = TRIAL_BAD_SENDING };

/* Tries the answers so far.  Reports what cannot be tried as it stands, as bad; TRIAL_STOPPED:
 * in->err. */
static enum trial_result try_answers(struct init *in, enum trial_depth depth)
{
	enum trial_result result = bad_at[depth];
	struct answers answers = in->answers;
	struct config config = { 0 };
	struct gw_buf text;

	gw_buf_init(&text, TEXT_MAX);
	if (fill_up(in) && read_draft(in, &text, &config) &&
		(depth < TRIAL_LOGIN ||
			(sign_in(in, &config) && init_know_password(in, account_in(in, &config)))))
		result = trial(account_in(in, &config), depth, in->log);
	in->answers = answers;
	config_free(&config);
	gw_buf_deinit(&text);
	if (result == TRIAL_STOPPED)
		gw_fail(&in->err, GW_ERR_CANCELLED, "stopped; nothing was written");
	if (in->err.code == GW_ERR_CONFIG) { /* in another account's directory, for example */
		complain(NULL, NULL, &in->err);
		gw_error_clear(&in->err);
	}
	return in->err.code == GW_OK ? result : TRIAL_STOPPED;
}

/* --- what is asked --------------------------------------------------------------------------- */

static bool name_is_free(struct init *in)
{
	for (size_t i = 0; i < in->file.present.count; i++) {
		if (strcmp(in->file.present.accounts[i].name, in->name) == 0)
			gw_fail(&in->err, GW_ERR_CONFIG,
				"%s has an account \"%s\" already; choose another name (--set "
				"name=...)",
				in->file.path, in->name);
	}
	return in->err.code == GW_OK;
}

/* Keeps only the name of a server given with its port, or as a URL: ask_all() takes the rest. */
static bool keep_name_alone(struct init *in, const char *key)
{
	struct server_name server;

	return init_given(in, key) == NULL ||
	       server_name_parse(init_given(in, key), &server) != NULL ||
	       init_set(in, key, server.host);
}

/* Checks the answers given with --set: they are final, so faults are reported before anything is
 * asked. */
static bool check_sets(struct init *in)
{
	struct answers answers = in->answers;
	struct config config = { 0 };
	struct gw_buf text;
	char name[64];
	bool ok;

	if (!name_is_free(in))
		return false;
	gw_buf_init(&text, TEXT_MAX);
	snprintf(name, sizeof name, "%s", in->name);
	if (in->name[0] == '\0')
		snprintf(in->name, sizeof in->name, "new");
	in->provider = init_given(in, "provider") == NULL
			       ? NULL
			       : provider_named(init_given(in, "provider"));
	ok = (init_given(in, "host") != NULL || init_given(in, "provider") != NULL ||
		     init_set(in, "host", "localhost")) &&
	     keep_name_alone(in, "host") && keep_name_alone(in, "smtp-host") && fill_up(in) &&
	     compose(in, &text) == GW_OK &&
	     config_parse(gw_buf_cstr(&text), in->file.dir, "--set", &config, &in->err) == GW_OK;
	in->answers = answers;
	in->provider = NULL;
	snprintf(in->name, sizeof in->name, "%s", name);
	config_free(&config);
	gw_buf_deinit(&text);
	return ok;
}

static bool take_sets(struct init *in)
{
	for (size_t i = 0; i < in->options->set_count; i++) {
		const char *text = in->options->sets[i], *equals = strchr(text, '=');
		char key[40];

		if (equals == NULL || (size_t)(equals - text) >= sizeof key) {
			gw_fail(&in->err, GW_ERR_CONFIG, "--set %s: it has to be KEY=VALUE", text);
			return false;
		}
		snprintf(key, sizeof key, "%.*s", (int)(equals - text), text);
		if (strcmp(key, "name") == 0)
			snprintf(in->name, sizeof in->name, "%s", equals + 1);
		else if (!init_set(in, key, equals + 1))
			return false;
	}
	for (size_t i = 0; i < in->answers.count; i++)
		in->answers.list[i].given = true;
	return true;
}

/* Checks an account's name: valid for config.c, and not taken. */
static const char *check_name(const void *ctx, char value[static ANSWER_SIZE])
{
	const struct init *in = ctx;

	if (strlen(value) >= sizeof in->name)
		return "that is too long";
	if (!config_is_name(value))
		return "it may hold letters, digits and _ . @ + - and not begin with a dot";
	for (size_t i = 0; i < in->file.present.count; i++) {
		if (strcmp(in->file.present.accounts[i].name, value) == 0)
			return "there is an account of that name already; choose another one";
	}
	return NULL;
}

/* The provider's, or the domain's first part; where that is no name for an account, "mail"; with a number behind it where
 * another account has it. */
static void usual_name(const struct init *in, char *out, size_t size)
{
	const char *from = in->provider != NULL ? in->provider->name : in->domain;
	char base[48], tried[ANSWER_SIZE];

	snprintf(base, sizeof base, "%.*s", (int)strcspn(from, "."), from);
	if (!config_is_name(base))
		snprintf(base, sizeof base, "mail");
	snprintf(tried, sizeof tried, "%s", base);
	for (unsigned i = 2; check_name(in, tried) != NULL && i < 100; i++)
		snprintf(tried, sizeof tried, "%s%u", base, i);
	snprintf(out, size, "%.63s", tried);
}

static bool ask_name(struct init *in)
{
	char label[64];
	struct answers name = { .asks = in->answers.asks };
	struct question q = { .key = "name",
		.text = "A name for the account",
		.usual = label,
		.check = check_name,
		.ctx = in };

	usual_name(in, label, sizeof label);
	if (in->name[0] == '\0') {
		if (answer_need(&name, &q, &in->err) != GW_OK)
			return false;
		snprintf(in->name, sizeof in->name, "%.63s", answer_of(&name, "name"));
	}
	return name_is_free(in);
}

static bool ask_client(struct init *in)
{
	bool gmail = in->provider != NULL && strcmp(in->provider->name, "gmail") == 0;

	if (init_given(in, "token-command") != NULL)
		return true;
	return init_need(in, (struct question){ .key = "oauth2-client-id",
				     .text = "The client id that the provider gave you" }) &&
	       (!in->answers.asks || !gmail ||
		       init_need(in, (struct question){ .key = "oauth2-client-secret",
					     .text = "And its secret" }));
}

static void print_hint(const struct provider *p)
{
	size_t columns = say_columns(stdout);

	say_folded(stdout, columns, 0, "%s: %s", p->name, p->hint);
	say_folded(stdout, columns, 0, "(settings as in %s)", p->source);
}

static bool ask_sign_in(struct init *in)
{
	const struct provider *p = in->provider;
	const char *auth;

	if (in->answers.asks && p != NULL && p->hint != NULL)
		print_hint(p);
	if (p != NULL && p->auth_url != NULL && p->passwords &&
		!init_need(in, (struct question){ .key = "auth",
				       .text = "Sign in with \"password\" or \"oauth2\"",
				       .usual = "password",
				       .check = answer_auth }))
		return false;
	auth = init_given(in, "auth");
	if (auth != NULL && strcmp(auth, "certificate") == 0)
		return true;
	if (auth != NULL ? strcmp(auth, "oauth2") == 0 : (p != NULL && !p->passwords))
		return ask_client(in);
	return init_ask_password(in);
}

/* Asks for the server until one answers, or the user repeats the answer. */
static bool settle_server(struct init *in)
{
	bool same = false;

	while (in->answers.asks && !same) {
		enum trial_result result = try_answers(in, TRIAL_SERVER);

		if (result == TRIAL_STOPPED)
			return false;
		if (result != TRIAL_BAD_SERVER)
			return true;
		if (!init_ask_server_again(in, &same))
			return false;
	}
	return true;
}

static bool ask_again_who(struct init *in, bool *same)
{
	static const struct question user = { .key = "user", .text = "The name to sign in with" };
	static const struct question list[] = { { .key = "token-command",
							.text = "A command that prints the token" },
		{ .key = "oauth2-client-id", .text = "The client id that the provider gave you" },
		{ .key = "oauth2-client-secret", .text = "And its secret" } };
	bool one;

	if (!init_again(in, user, same) || !init_ask_password_again(in, &one))
		return false;
	*same &= one;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		if (!init_again(in, list[i], &one))
			return false;
		*same &= one;
	}
	return true;
}

static bool settle_sign_in(struct init *in)
{
	bool same = false;

	while (in->answers.asks && !same) {
		enum trial_result result = try_answers(in, TRIAL_LOGIN);

		if (result == TRIAL_STOPPED)
			return false;
		if (result == TRIAL_GOOD) {
			in->works = true;
			return true;
		}
		init_forget_password(in); /* another time it may give another one */
		if (!(result == TRIAL_BAD_SERVER ? init_ask_server_again(in, &same)
						 : ask_again_who(in, &same)))
			return false;
	}
	return true;
}

/* Likewise the server that takes mail, which is often guessed. */
static bool settle_sending(struct init *in)
{
	bool same = false;

	while (in->answers.asks && in->works && !same && init_given(in, "smtp-host") != NULL) {
		enum trial_result result = try_answers(in, TRIAL_SENDING);

		if (result == TRIAL_STOPPED)
			return false;
		if (result != TRIAL_BAD_SENDING)
			return true;
		if (!init_ask_sending_again(in, &same))
			return false;
	}
	return true;
}

static const struct question maildir_question = { .key = "maildir",
	.text = "The directory for the mail" };

static bool settle_maildir(struct init *in)
{
	bool same = false;

	while (in->answers.asks && !same) {
		enum trial_result result = try_answers(in, TRIAL_MAILDIR);

		if (result == TRIAL_STOPPED)
			return false;
		if (result == TRIAL_GOOD)
			return true;
		if (!init_again(in, maildir_question, &same))
			return false;
	}
	return true;
}

/* Whoever is asked for patterns sees what they are over. */
static void show_names(struct init *in)
{
	struct answers answers = in->answers;
	struct config config = { 0 };
	struct gw_buf text;

	gw_buf_init(&text, TEXT_MAX);
	if (in->works && fill_up(in) && read_draft(in, &text, &config) &&
		init_know_password(in, account_in(in, &config)))
		init_look(in, account_in(in, &config));
	in->answers = answers;
	gw_error_clear(&in->err);
	init_print_names(in);
	config_free(&config);
	gw_buf_deinit(&text);
}

static bool ask_folders(struct init *in)
{
	const struct question q = { .text = "Which mailboxes, by patterns, \"!\" for not: "
					    "\"*, !Spam\"",
		.usual = "*",
		.check = answer_patterns };
	char line[ANSWER_SIZE];
	struct gw_buf list;
	bool ok;

	if (!in->answers.asks || init_is_pop3(in) || init_given(in, "folders") != NULL)
		return true;
	show_names(in);
	if (answer_ask(&q, line, &in->err) != GW_OK)
		return false;
	if (strcmp(line, "*") == 0)
		return true;
	gw_buf_init(&list, (size_t)ANSWER_SIZE * 4);
	ok = answer_pattern_list(line, &list) == GW_OK &&
	     init_set(in, "folders", gw_buf_cstr(&list));
	gw_buf_deinit(&list);
	return ok;
}

static bool ask_archive(struct init *in)
{
	if (in->provider == NULL || init_is_pop3(in) || strcmp(in->provider->name, "gmail") != 0)
		return true;
	if (in->answers.asks && init_given(in, "archive") == NULL)
		printf("\nMail that you archive at Gmail has no label left.  \"yes\": it comes "
		       "here "
		       "as a\nmailbox \"Archive\", and what you move there is archived.  \"no\": "
		       "it "
		       "stays at Gmail\nonly, and mail that is archived later disappears here.\n");
	return init_need(in, (struct question){ .key = "archive",
				     .text = "Archived mail as a mailbox \"Archive\" (yes or no)",
				     .usual = "no",
				     .check = answer_yes_no });
}

static bool ask_all(struct init *in)
{
	struct question q = maildir_question;
	char usual[200];

	if (!init_ask_server(in) || !ask_name(in) || !settle_server(in))
		return false;
	if (!init_need(in, (struct question){ .key = "user",
				   .text = "The name to sign in with",
				   .usual = in->advice.imap.user[0] != '\0' ? in->advice.imap.user
									    : in->address }) ||
		!ask_sign_in(in) || !settle_sign_in(in) || !init_ask_sending(in) ||
		!settle_sending(in) || !ask_folders(in))
		return false;
	snprintf(usual, sizeof usual, "~/Mail/%.60s", in->name);
	q.usual = usual;
	return init_need(in, q) && settle_maildir(in) && ask_archive(in);
}

/* --- the end --------------------------------------------------------------------------------- */

/* Looks once more whether all of it works; the doctor's exit status. */
static int try_account(struct init *in, const struct config *config)
{
	char *names[] = { in->name };
	struct options o = *in->options;

	o.args = names;
	o.arg_count = 1;
	return sign_in(in, config) ? cmd_doctor(&o, config, in->log) : EX_NOPERM;
}

/* Tries the whole account, and writes it if it works or is wanted all the same. */
static bool finish(struct init *in, int *status)
{
	struct config config = { 0 };
	struct gw_buf text;
	bool written = false;

	gw_buf_init(&text, TEXT_MAX);
	*status = 0;
	if (!read_draft(in, &text, &config))
		goto out;
	*status = init_know_password(in, account_in(in, &config)) ? try_account(in, &config)
								  : EX_NOPERM;
	if (in->err.code == GW_OK && *status == EX_TEMPFAIL)
		gw_fail(&in->err, GW_ERR_CANCELLED, "stopped; nothing was written");
	if (in->err.code == GW_OK && *status > 1 &&
		!confirmed(in, "It does not work yet. Keep it all the same?"))
		gw_fail(&in->err, GW_ERR_CONFIG, "it does not work yet, so %s stays as it was%s",
			in->file.path,
			in->answers.asks
				? ""
				: "; without a terminal, answers come from --set KEY=VALUE");
	if (in->err.code != GW_OK ||
		config_file_write(&in->file, (struct gw_slice){ text.p, text.n }, &in->err) !=
			GW_OK)
		goto out;
	written = true;
	*status = 0;
	if (!init_is_pop3(in))
		init_look(in, account_in(in, &config));
	init_print_next(in, account_in(in, &config));
out:
	config_free(&config);
	gw_buf_deinit(&text);
	return written;
}

/* A sign-in for an account that there will not be. */
static void drop_tokens(struct init *in)
{
	struct config config = { 0 };
	struct gw_error ignored = { 0 };
	struct gw_buf text;

	gw_buf_init(&text, TEXT_MAX);
	if (in->left_tokens && fill_up(in) && compose(in, &text) == GW_OK &&
		config_parse(gw_buf_cstr(&text), in->file.dir, "", &config, &ignored) == GW_OK)
		auth_forget(account_in(in, &config));
	config_free(&config);
	gw_buf_deinit(&text);
}

static bool take_address(struct init *in)
{
	const struct question q = { .text = "Your address", .check = answer_address };
	const char *wrong;

	if (in->options->arg_count == 1) {
		snprintf(in->address, sizeof in->address, "%s", in->options->args[0]);
		wrong = answer_address(NULL, in->address);
		if (wrong != NULL && in->answers.asks)
			printf("%s: %s\n", in->options->args[0], wrong);
	} else {
		wrong = "none was given";
	}
	if (wrong != NULL && in->answers.asks && answer_ask(&q, in->address, &in->err) != GW_OK)
		return false;
	if (wrong != NULL && !in->answers.asks)
		gw_fail(&in->err, GW_ERR_CONFIG,
			"init wants an address: godwit init me@example.org");
	in->domain = strrchr(in->address, '@') == NULL ? "" : strrchr(in->address, '@') + 1;
	return in->err.code == GW_OK;
}

/* Offers to import another program's configuration.  true: the user accepted. */
static bool offers_import(struct init *in)
{
	const struct question q = { .usual = "yes",
		.check = answer_yes_no,
		.text = "Take its accounts over instead of asking (yes or no)" };
	char *old = in->options->set_count > 0 ? NULL : import_file_any();
	char line[ANSWER_SIZE] = "no";

	if (old == NULL || in->file.present.count > 0) {
		free(old);
		return false;
	}
	say(stdout, "There is %s; `godwit import` takes the accounts in it over.", old);
	free(old);
	return in->answers.asks && answer_ask(&q, line, &in->err) == GW_OK &&
	       strcmp(line, "yes") == 0;
}

/* Releases the existing configuration, since import reads it again, then imports. */
static int import_instead(struct init *in, char *path)
{
	struct options o = *in->options;

	config_file_deinit(&in->file);
	free(path);
	o.arg_count = 0;
	return cmd_import(&o, in->log);
}

int cmd_init(const struct options *o, const struct gw_log *log)
{
	struct init in = { .options = o, .log = log };
	char *path = o->config_path != NULL ? strdup(o->config_path) : config_default_path();
	bool addressed, written;
	int status = 0;

	in.file.path = path;
	in.answers.asks = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	if (path == NULL)
		gw_fail(&in.err, GW_ERR_CONFIG,
			"HOME is not set; name the configuration with -c FILE");
	terminal_hold_signals();
	if (path != NULL && config_file_read(path, &in.file, &in.err) == GW_OK &&
		offers_import(&in))
		return import_instead(&in, path);
	addressed = in.err.code == GW_OK && take_address(&in);
	written = addressed && take_sets(&in) && check_sets(&in) && ask_all(&in) &&
		  finish(&in, &status);
	if (!written) {
		drop_tokens(&in);
		complain(NULL, NULL, &in.err);
		status = status > 1                                   ? status
			 : !addressed && in.err.code == GW_ERR_CONFIG ? EX_USAGE
								      : exit_status(&in.err);
	}
	init_forget_password(&in);
	init_drop_boxes(&in);
	config_file_deinit(&in.file);
	free(path);
	return status;
}
