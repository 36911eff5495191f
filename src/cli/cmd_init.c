/* cli/cmd_init.c - `godwit init`: from an address to an account that works.
 *
 * What is not given with --set is asked on a terminal, and taken from what is usual without one.
 * The account is tried before the configuration is touched.
 */
#include "cli/cli.h"
#include "cli/provider.h"
#include "cli/srv.h"

#include "base/fs.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { ANSWERS = 40, ANSWER_SIZE = 1000, CONFIG_MAX = 1 << 20, TEXT_MAX = 1 << 21 };

struct answer {
	char key[40];
	char value[ANSWER_SIZE];
};

struct init {
	const struct options *options;
	const char *address, *domain;
	const struct provider *provider; /* NULL: none of ours */
	char name[64];
	struct answer answers[ANSWERS]; /* in the order in which they are written */
	size_t count;
	bool asks;
	struct gw_error err;
};

static const char *given(const struct init *in, const char *key)
{
	for (size_t i = 0; i < in->count; i++) {
		if (strcmp(in->answers[i].key, key) == 0)
			return in->answers[i].value;
	}
	return NULL;
}

static bool set(struct init *in, const char *key, const char *value)
{
	struct answer *a = &in->answers[in->count];

	if (in->count == ANSWERS || strlen(key) >= sizeof a->key ||
		strlen(value) >= sizeof a->value || strpbrk(value, "\n\r") != NULL) {
		gw_fail(&in->err, GW_ERR_CONFIG, "%s: that is too long, or too much", key);
		return false;
	}
	in->count++;
	snprintf(a->key, sizeof a->key, "%s", key);
	snprintf(a->value, sizeof a->value, "%s", value);
	return true;
}

/* Asks for what was not given; usual NULL: there is none. */
static bool need(struct init *in, const char *key, const char *question, const char *usual)
{
	char line[ANSWER_SIZE];

	if (given(in, key) != NULL)
		return true;
	if (in->asks) {
		printf("%s%s%s%s: ", question, usual == NULL ? "" : " [",
			usual == NULL ? "" : usual, usual == NULL ? "" : "]");
		fflush(stdout);
		if (fgets(line, sizeof line, stdin) == NULL) {
			gw_fail(&in->err, GW_ERR_CANCELLED, "stopped; nothing was written");
			return false;
		}
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] != '\0')
			return set(in, key, line);
	}
	if (usual != NULL)
		return set(in, key, usual);
	gw_fail(&in->err, GW_ERR_CONFIG, "%s is missing: give it with --set %s=...", key, key);
	return false;
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
	struct init name = { .options = in->options, .asks = in->asks };

	snprintf(label, sizeof label, "%s", in->provider != NULL ? in->provider->name : in->domain);
	label[strcspn(label, ".")] = '\0';
	if (in->name[0] != '\0')
		return true;
	if (!need(&name, "name", "A name for the account", label)) {
		in->err = name.err;
		return false;
	}
	snprintf(in->name, sizeof in->name, "%.63s", name.answers[0].value);
	return true;
}

static bool ask_sign_in(struct init *in)
{
	const struct provider *p = in->provider;
	bool can_token = p != NULL && p->auth_url != NULL;
	char usual[ANSWER_SIZE];
	const char *auth;

	if (in->asks && p != NULL && p->hint != NULL)
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
		       (!in->asks || in->provider == NULL ||
			       strcmp(in->provider->name, "gmail") != 0 ||
			       need(in, "oauth2-client-secret", "And its secret", NULL));
	}
	snprintf(usual, sizeof usual, "pass show mail/%.60s", in->name);
	return need(in, "password-command", "A command that prints the password", usual);
}

static bool ask_all(struct init *in)
{
	char usual[200];

	if (!take_sets(in) || !ask_server(in))
		return false;
	if (!need(in, "user", "The name to sign in with", in->address) || !ask_name(in) ||
		!ask_sign_in(in))
		return false;
	snprintf(usual, sizeof usual, "~/Mail/%.60s", in->name);
	if (!need(in, "maildir", "The directory for the mail", usual))
		return false;
	return in->provider == NULL || strcmp(in->provider->name, "gmail") != 0 ||
	       need(in, "archive", "Mail that is archived, as a mailbox \"Archive\" (yes or no)",
		       "no");
}

/* --- the configuration ----------------------------------------------------------------------- */

static enum gw_code put_quoted(struct gw_buf *out, const char *value)
{
	enum gw_code code = gw_buf_puts(out, "\"");

	for (const char *p = value; *p != '\0' && code == GW_OK; p++) {
		if (*p == '"' || *p == '\\')
			code = gw_buf_puts(out, "\\");
		if (code == GW_OK)
			code = gw_buf_append(out, p, 1);
	}
	return code == GW_OK ? gw_buf_puts(out, "\"") : code;
}

static enum gw_code put_account(const struct init *in, struct gw_buf *out)
{
	enum gw_code code =
		gw_buf_printf(out, "# %s; `man 5 godwit` explains every key.\naccount \"%s\" {\n",
			in->address, in->name);

	for (size_t i = 0; i < in->count && code == GW_OK; i++) {
		const struct answer *a = &in->answers[i];

		code = gw_buf_printf(out, "  %s = ", a->key);
		if (code == GW_OK)
			code = a->value[0] == '{' ? gw_buf_puts(out, a->value)
						  : put_quoted(out, a->value);
		if (code == GW_OK)
			code = gw_buf_puts(out, "\n");
	}
	if (code == GW_OK)
		code = gw_buf_puts(out,
			"  # folders = {\"*\", \"!Spam\"}        # which mailboxes; the last that "
			"matches wins\n"
			"  # on-new-mail = \"notmuch new\"     # run when mail has come\n"
			"}\n");
	return code;
}

/* What is there, and the new account behind it. */
static enum gw_code compose(struct init *in, const char *path, struct gw_buf *out)
{
	bool found = false;
	enum gw_code code = gw_read_file(AT_FDCWD, path, CONFIG_MAX, out, &found, &in->err);

	if (code == GW_OK && !found)
		code = gw_buf_puts(out, "# godwit's configuration, see godwit(5)\n");
	if (code == GW_OK)
		code = gw_buf_puts(out, "\n");
	return code == GW_OK ? put_account(in, out) : code;
}

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

static bool confirmed(const struct init *in, const char *question)
{
	char line[20];

	if (!in->asks)
		return false;
	printf("%s [y/N]: ", question);
	fflush(stdout);
	return fgets(line, sizeof line, stdin) != NULL && tolower((unsigned char)line[0]) == 'y';
}

/* Signs in if that is a person's part, and looks whether it works. */
static int try_account(const struct init *in, const struct config *config, const struct gw_log *log)
{
	char *names[] = { (char *)(uintptr_t)in->name };
	struct options o = *in->options;
	const struct gw_account *a = NULL;
	int status = 0;

	o.args = names;
	o.arg_count = 1;
	for (size_t i = 0; i < config->count; i++) {
		if (strcmp(config->accounts[i].name, in->name) == 0)
			a = &config->accounts[i];
	}
	if (a != NULL && a->auth == GW_AUTH_OAUTH2 && a->token_command == NULL)
		status = cmd_auth(&o, config, log);
	return status != 0 ? status : cmd_doctor(&o, config, log);
}

/* A configuration that is there has to be good, and without this account. */
static bool check_present(struct init *in, const char *path)
{
	struct config config;

	if (access(path, F_OK) != 0)
		return true;
	if (config_read(path, &config, &in->err) != GW_OK)
		return false;
	for (size_t i = 0; i < config.count; i++) {
		if (strcmp(config.accounts[i].name, in->name) == 0)
			gw_fail(&in->err, GW_ERR_CONFIG,
				"%s has an account \"%s\" already; choose another name (--set "
				"name=...)",
				path, in->name);
	}
	config_free(&config);
	return in->err.code == GW_OK;
}

static int finish(struct init *in, const char *path, const struct gw_log *log)
{
	char *draft = NULL;
	struct gw_buf text;
	struct config config = { 0 };
	int status = 0;

	gw_buf_init(&text, TEXT_MAX);
	if (asprintf(&draft, "%s.new", path) < 0 || compose(in, path, &text) != GW_OK ||
		gw_write_file(draft, (struct gw_slice){ text.p, text.n }, &in->err) != GW_OK ||
		config_read(draft, &config, &in->err) != GW_OK)
		goto out;
	status = try_account(in, &config, log);
	if (status > 1 && !confirmed(in, "It does not work yet. Keep it all the same?")) {
		gw_fail(&in->err, GW_ERR_CONFIG, "it does not work yet, so %s stays as it was",
			path);
		goto out;
	}
	if (rename(draft, path) != 0) {
		gw_fail(&in->err, GW_ERR_DISK, "cannot replace %s", path);
		goto out;
	}
	printf("\n%s has the account \"%s\" now. Next: godwit sync %s\n", path, in->name, in->name);
	for (size_t i = 0; i < config.count; i++) {
		if (strcmp(config.accounts[i].name, in->name) == 0)
			print_readers(config.accounts[i].maildir);
	}
	status = 0;
out:
	if (draft != NULL)
		unlink(draft);
	if (in->err.code != GW_OK) {
		complain(NULL, NULL, &in->err);
		status = status > 1 ? status : exit_status(&in->err);
	}
	config_free(&config);
	gw_buf_deinit(&text);
	free(draft);
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
	struct init in = { .options = o };
	char *path = o->config_path != NULL ? strdup(o->config_path) : config_default_path();
	char address[300] = "";
	int status;

	in.asks = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	if (o->arg_count == 1) {
		snprintf(address, sizeof address, "%s", o->args[0]);
	} else if (in.asks) {
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
	if (ask_all(&in) && check_present(&in, path) && make_dir_of(path, &in.err)) {
		status = finish(&in, path, log);
	} else {
		complain(NULL, NULL, &in.err);
		status = exit_status(&in.err);
	}
	free(path);
	return status;
}
