/* cli/cmd_init.c - `godwit init`: from an address to an account that works.
 *
 * What is not given with --set is asked on a terminal, and taken from what is usual without one.
 * On a terminal each answer is tried, and asked for again if it does not work; the whole account is
 * tried before the configuration is touched.
 */
#include "cli/answers.h"
#include "cli/cli.h"
#include "cli/provider.h"
#include "cli/srv.h"
#include "cli/trial.h"

#include "base/fs.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { CONFIG_MAX = 1 << 20, TEXT_MAX = 1 << 21 };

struct init {
	const struct options *options;
	const struct gw_log *log;
	const char *path; /* of the configuration */
	const char *address, *domain;
	const struct provider *provider; /* NULL: none of ours */
	char name[64];
	struct answers answers;
	bool signed_in; /* a person's part is done */
	struct gw_error err;
};

static const char *given(const struct init *in, const char *key)
{
	return answer_of(&in->answers, key);
}

static bool set(struct init *in, const char *key, const char *value)
{
	return answer_set(&in->answers, key, value, &in->err) == GW_OK;
}

static bool need(struct init *in, const char *key, const char *question, const char *usual)
{
	return answer_need(&in->answers, key, question, usual, &in->err) == GW_OK;
}

static bool confirmed(const struct init *in, const char *question)
{
	char line[20];

	if (!in->answers.asks)
		return false;
	printf("%s [y/N]: ", question);
	fflush(stdout);
	return fgets(line, sizeof line, stdin) != NULL && tolower((unsigned char)line[0]) == 'y';
}

/* --- the configuration ----------------------------------------------------------------------- */

static enum gw_code put_account(const struct init *in, struct gw_buf *out)
{
	enum gw_code code =
		gw_buf_printf(out, "# %s; `man 5 godwit` explains every key.\naccount \"%s\" {\n",
			in->address, in->name);

	if (code == GW_OK)
		code = answers_put(&in->answers, out);
	if (code == GW_OK && given(in, "folders") == NULL)
		code = gw_buf_puts(out,
			"  # folders = {\"*\", \"!Spam\"}        # which mailboxes; the last that "
			"matches wins\n");
	if (code == GW_OK)
		code = gw_buf_puts(out,
			"  # on-new-mail = \"notmuch new\"     # run when mail has come\n"
			"}\n");
	return code;
}

/* What is there, and the new account behind it. */
static enum gw_code compose(struct init *in, struct gw_buf *out)
{
	bool found = false;
	enum gw_code code = gw_read_file(AT_FDCWD, in->path, CONFIG_MAX, out, &found, &in->err);

	if (code == GW_OK && !found)
		code = gw_buf_puts(out, "# godwit's configuration, see godwit(5)\n");
	if (code == GW_OK)
		code = gw_buf_puts(out, "\n");
	return code == GW_OK ? put_account(in, out) : code;
}

/* The configuration as it would be, beside the present one, and read.  false: in->err. */
static bool read_draft(struct init *in, char **draft, struct config *out)
{
	struct gw_buf text;
	bool ok;

	gw_buf_init(&text, TEXT_MAX);
	*draft = NULL;
	ok = asprintf(draft, "%s.new", in->path) >= 0 && compose(in, &text) == GW_OK &&
	     gw_write_file(*draft, (struct gw_slice){ text.p, text.n }, &in->err) == GW_OK &&
	     config_read(*draft, out, &in->err) == GW_OK;
	gw_buf_deinit(&text);
	if (!ok && in->err.code == GW_OK)
		gw_fail(&in->err, GW_ERR_NOMEM, "out of memory");
	return ok;
}

static void drop_draft(char **draft)
{
	if (*draft != NULL)
		unlink(*draft);
	free(*draft);
	*draft = NULL;
}

static const struct gw_account *account_in(const struct init *in, const struct config *config)
{
	for (size_t i = 0; i < config->count; i++) {
		if (strcmp(config->accounts[i].name, in->name) == 0)
			return &config->accounts[i];
	}
	return NULL;
}

/* --- trying what was answered ---------------------------------------------------------------- */

/* What is not known yet is taken to be something, so that the rest can be tried. */
static bool fill_up(struct init *in)
{
	bool token = in->provider != NULL && !in->provider->passwords;
	char usual[200];

	snprintf(usual, sizeof usual, "~/Mail/%.60s", in->name);
	return (given(in, "user") != NULL || set(in, "user", in->address)) &&
	       (given(in, "maildir") != NULL || set(in, "maildir", usual)) &&
	       (given(in, "password-command") != NULL || given(in, "oauth2-client-id") != NULL ||
		       given(in, "token-command") != NULL ||
		       set(in, token ? "oauth2-client-id" : "password-command", "true"));
}

/* A person's part of the sign-in. */
static int sign_in(struct init *in, const struct config *config)
{
	const struct gw_account *a = account_in(in, config);
	char *names[] = { in->name };
	struct options o = *in->options;
	int status;

	if (in->signed_in || a == NULL || a->auth != GW_AUTH_OAUTH2 || a->token_command != NULL)
		return 0;
	o.args = names;
	o.arg_count = 1;
	status = cmd_auth(&o, config, in->log);
	in->signed_in = status == 0;
	return status;
}

/* The answers so far; TRIAL_STOPPED with in->err set: it cannot be tried. */
static enum trial_result try_answers(struct init *in, enum trial_depth depth)
{
	enum trial_result result = TRIAL_STOPPED;
	struct answers answers = in->answers;
	struct config config = { 0 };
	char *draft = NULL;

	if (fill_up(in) && read_draft(in, &draft, &config)) {
		if (depth == TRIAL_LOGIN && sign_in(in, &config) != 0)
			result = TRIAL_BAD_LOGIN;
		else
			result = trial(account_in(in, &config), depth, in->log);
		if (result == TRIAL_STOPPED)
			gw_fail(&in->err, GW_ERR_CANCELLED, "stopped; nothing was written");
	}
	in->answers = answers;
	config_free(&config);
	drop_draft(&draft);
	return result;
}

/* --- what is asked --------------------------------------------------------------------------- */

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
		else if (!set(in, key, equals + 1))
			return false;
	}
	for (size_t i = 0; i < in->answers.count; i++)
		in->answers.list[i].given = true;
	return true;
}

static bool ask_server(struct init *in)
{
	char host[256], port[8], usual[300];
	unsigned number = 993;
	const char *chosen = given(in, "provider");

	in->provider = chosen != NULL ? provider_named(chosen) : provider_of_domain(in->domain);
	if (given(in, "host") != NULL && chosen == NULL)
		in->provider = NULL; /* a server of one's own, whatever the address looks like */
	if (in->provider != NULL)
		return chosen != NULL || set(in, "provider", in->provider->name);
	if (given(in, "host") == NULL && srv_imaps(in->domain, host, sizeof host, &number)) {
		snprintf(port, sizeof port, "%u", number);
		if (number != 993 && given(in, "port") == NULL && !set(in, "port", port))
			return false;
		return need(in, "host", "The IMAP server, as the domain names it", host);
	}
	snprintf(usual, sizeof usual, "imap.%s", in->domain);
	return need(in, "host", "The IMAP server", usual);
}

static bool ask_name(struct init *in)
{
	char label[64];
	struct answers name = { .asks = in->answers.asks };

	snprintf(label, sizeof label, "%s", in->provider != NULL ? in->provider->name : in->domain);
	label[strcspn(label, ".")] = '\0';
	if (in->name[0] != '\0')
		return true;
	if (answer_need(&name, "name", "A name for the account", label, &in->err) != GW_OK)
		return false;
	snprintf(in->name, sizeof in->name, "%.63s", answer_of(&name, "name"));
	return true;
}

static bool ask_sign_in(struct init *in)
{
	const struct provider *p = in->provider;
	bool can_token = p != NULL && p->auth_url != NULL;
	char usual[ANSWER_SIZE];
	const char *auth;

	if (in->answers.asks && p != NULL && p->hint != NULL)
		printf("%s: %s\n", p->name, p->hint);
	if (can_token && p->passwords &&
		!need(in, "auth", "Sign in with \"password\" or \"oauth2\"", "password"))
		return false;
	auth = given(in, "auth");
	if (auth != NULL ? strcmp(auth, "oauth2") == 0 : (p != NULL && !p->passwords)) {
		if (given(in, "token-command") != NULL)
			return true;
		return need(in, "oauth2-client-id", "The client id that the provider gave you",
			       NULL) &&
		       (!in->answers.asks || in->provider == NULL ||
			       strcmp(in->provider->name, "gmail") != 0 ||
			       need(in, "oauth2-client-secret", "And its secret", NULL));
	}
	snprintf(usual, sizeof usual, "pass show mail/%.60s", in->name);
	return need(in, "password-command", "A command that prints the password", usual);
}

/* Asks for the server until one answers.  Who sticks to an answer goes on with it. */
static bool settle_server(struct init *in)
{
	bool same = false;

	while (in->answers.asks && !same) {
		enum trial_result result = try_answers(in, TRIAL_SERVER);

		if (result == TRIAL_STOPPED)
			return false;
		if (result != TRIAL_BAD_SERVER)
			return true;
		if (answer_again(&in->answers, "host", "The IMAP server", &same, &in->err) != GW_OK)
			return false;
	}
	return true;
}

static bool ask_again_who(struct init *in, bool *same)
{
	static const struct {
		const char *key, *question;
	} list[] = { { "user", "The name to sign in with" },
		{ "password-command", "A command that prints the password" },
		{ "token-command", "A command that prints the token" },
		{ "oauth2-client-id", "The client id that the provider gave you" },
		{ "oauth2-client-secret", "And its secret" } };
	bool one;

	*same = true;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		if (answer_again(&in->answers, list[i].key, list[i].question, &one, &in->err) !=
			GW_OK)
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
		if (result == TRIAL_GOOD)
			return true;
		if (result == TRIAL_BAD_SERVER
				? answer_again(&in->answers, "host", "The IMAP server", &same,
					  &in->err) != GW_OK
				: !ask_again_who(in, &same))
			return false;
	}
	return true;
}

static bool settle_maildir(struct init *in)
{
	bool same = false;

	while (in->answers.asks && !same) {
		enum trial_result result = try_answers(in, TRIAL_MAILDIR);

		if (result == TRIAL_STOPPED && in->err.code != GW_ERR_CONFIG)
			return false;
		if (result == TRIAL_GOOD)
			return true;
		if (in->err.code == GW_ERR_CONFIG) { /* in another account's, for example */
			complain(NULL, NULL, &in->err);
			gw_error_clear(&in->err);
		}
		if (answer_again(&in->answers, "maildir", "The directory for the mail", &same,
			    &in->err) != GW_OK)
			return false;
	}
	return true;
}

/* "*, !Spam" as the configuration has it. */
static bool put_patterns(struct init *in, const char *line)
{
	struct gw_buf list;
	bool ok;

	gw_buf_init(&list, ANSWER_SIZE);
	ok = gw_buf_puts(&list, "{") == GW_OK;
	for (const char *p = line; ok && *p != '\0';) {
		size_t n = strcspn(p, ","), lead = strspn(p, " "), end = n;

		while (end > lead && p[end - 1] == ' ')
			end--;
		if (end > lead)
			ok = gw_buf_printf(&list, "%s\"%.*s\"", list.n > 1 ? ", " : "",
				     (int)(end - lead), p + lead) == GW_OK;
		p += n + (p[n] == ',');
	}
	ok = ok && gw_buf_puts(&list, "}") == GW_OK && set(in, "folders", gw_buf_cstr(&list));
	gw_buf_deinit(&list);
	return ok;
}

static bool ask_folders(struct init *in)
{
	struct answers patterns = { .asks = true };
	const char *line;

	if (!in->answers.asks || given(in, "folders") != NULL)
		return true;
	if (answer_need(&patterns, "folders",
		    "Which mailboxes, by patterns, \"!\" for not: \"*, !Spam\"", "*",
		    &in->err) != GW_OK)
		return false;
	line = answer_of(&patterns, "folders");
	if (strcmp(line, "*") == 0)
		return true;
	if (strpbrk(line, "\"{}") == NULL)
		return put_patterns(in, line);
	gw_fail(&in->err, GW_ERR_CONFIG,
		"patterns are names with * and !, and commas between them");
	return false;
}

/* A configuration that is there has to be good, and without this account. */
static bool check_present(struct init *in)
{
	struct config config;

	if (access(in->path, F_OK) != 0)
		return true;
	if (config_read(in->path, &config, &in->err) != GW_OK)
		return false;
	for (size_t i = 0; i < config.count; i++) {
		if (strcmp(config.accounts[i].name, in->name) == 0)
			gw_fail(&in->err, GW_ERR_CONFIG,
				"%s has an account \"%s\" already; choose another name (--set "
				"name=...)",
				in->path, in->name);
	}
	config_free(&config);
	return in->err.code == GW_OK;
}

static bool ask_all(struct init *in)
{
	char usual[200];

	if (!take_sets(in) || !ask_server(in) || !ask_name(in) || !check_present(in) ||
		!settle_server(in))
		return false;
	if (!need(in, "user", "The name to sign in with", in->address) || !ask_sign_in(in) ||
		!settle_sign_in(in) || !ask_folders(in))
		return false;
	snprintf(usual, sizeof usual, "~/Mail/%.60s", in->name);
	if (!need(in, "maildir", "The directory for the mail", usual) || !settle_maildir(in))
		return false;
	return in->provider == NULL || strcmp(in->provider->name, "gmail") != 0 ||
	       need(in, "archive", "Mail that is archived, as a mailbox \"Archive\" (yes or no)",
		       "no");
}

/* --- the end --------------------------------------------------------------------------------- */

static void print_readers(const char *maildir)
{
	printf("\nFor mutt and neomutt, in muttrc:\n\n"
	       "  set mbox_type = Maildir\n"
	       "  set folder = \"%s\"\n"
	       "  set spoolfile = \"+INBOX\"\n"
	       "  macro index S \"<shell-escape>godwit sync<enter>\" \"sync mail\"\n\n"
	       "For notmuch:\n\n"
	       "  notmuch config set database.path %s\n"
	       "  notmuch config set new.ignore .godwit .godwit-name dovecot-keywords\n\n",
		maildir, maildir);
}

/* Looks once more whether all of it works. */
static int try_account(struct init *in, const struct config *config)
{
	char *names[] = { in->name };
	struct options o = *in->options;
	int status = sign_in(in, config);

	o.args = names;
	o.arg_count = 1;
	return status != 0 ? status : cmd_doctor(&o, config, in->log);
}

static int finish(struct init *in)
{
	char *draft = NULL;
	struct config config = { 0 };
	int status = 0;

	if (!read_draft(in, &draft, &config))
		goto out;
	status = try_account(in, &config);
	if (status > 1 && !confirmed(in, "It does not work yet. Keep it all the same?")) {
		gw_fail(&in->err, GW_ERR_CONFIG, "it does not work yet, so %s stays as it was",
			in->path);
		goto out;
	}
	if (rename(draft, in->path) != 0) {
		gw_fail(&in->err, GW_ERR_DISK, "cannot replace %s", in->path);
		goto out;
	}
	printf("\n%s has the account \"%s\" now. Next: godwit sync %s\n", in->path, in->name,
		in->name);
	print_readers(account_in(in, &config)->maildir);
	status = 0;
out:
	if (in->err.code != GW_OK) {
		complain(NULL, NULL, &in->err);
		status = status > 1 ? status : exit_status(&in->err);
	}
	config_free(&config);
	drop_draft(&draft);
	return status;
}

static bool make_dir_of(const char *path, struct gw_error *err)
{
	char dir[4096];
	char *slash;

	snprintf(dir, sizeof dir, "%s", path);
	slash = strrchr(dir, '/');
	if (slash == NULL || slash == dir)
		return true;
	*slash = '\0';
	return gw_mkdirs(dir, err) == GW_OK;
}

int cmd_init(const struct options *o, const struct gw_log *log)
{
	struct init in = { .options = o, .log = log };
	char *path = o->config_path != NULL ? strdup(o->config_path) : config_default_path();
	char address[300] = "";
	int status;

	in.path = path;
	in.answers.asks = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	if (o->arg_count == 1) {
		snprintf(address, sizeof address, "%s", o->args[0]);
	} else if (in.answers.asks) {
		printf("Your address: ");
		fflush(stdout);
		if (fgets(address, sizeof address, stdin) == NULL)
			address[0] = '\0';
		address[strcspn(address, "\r\n")] = '\0';
	}
	in.address = address;
	in.domain = strrchr(address, '@') == NULL ? "" : strrchr(address, '@') + 1;
	if (path == NULL || in.domain[0] == '\0' || in.domain == address + 1) {
		fputs("godwit: init wants an address: godwit init me@example.org\n", stderr);
		free(path);
		return EX_USAGE;
	}
	if (make_dir_of(path, &in.err) && ask_all(&in)) {
		status = finish(&in);
	} else {
		complain(NULL, NULL, &in.err);
		status = exit_status(&in.err);
	}
	free(path);
	return status;
}
