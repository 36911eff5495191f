/* cli/config.c - see config.h; keys are documented in godwit(5). */
#include "cli/config.h"

#include "base/fs.h"
#include "base/text.h"
#include "cli/amount.h"
#include "cli/config_paths.h"
#include "cli/config_smtp.h"
#include "cli/config_text.h"
#include "cli/provider.h"
#include "godwit/sync.h"

#include <confuse.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

enum { DEFAULT_CONNECTIONS = 3, FILE_MAX = 1 << 20 };

static cfg_opt_t folder_keys[] = {
	CFG_STR("max-age", "0", CFGF_NONE),
	CFG_INT("max-messages", 0, CFGF_NONE),
	CFG_STR("max-size", NULL, CFGF_NODEFAULT),
	CFG_STR("local", NULL, CFGF_NODEFAULT),
	CFG_END(),
};

static cfg_opt_t account_keys[] = {
	CFG_STR("provider", NULL, CFGF_NODEFAULT),
	CFG_STR("auth", NULL, CFGF_NODEFAULT),
	CFG_STR("token-command", NULL, CFGF_NODEFAULT),
	CFG_STR("oauth2-client-id", NULL, CFGF_NODEFAULT),
	CFG_STR("oauth2-client-secret", NULL, CFGF_NODEFAULT),
	CFG_STR("oauth2-scope", NULL, CFGF_NODEFAULT),
	CFG_STR("oauth2-auth-url", NULL, CFGF_NODEFAULT),
	CFG_STR("oauth2-token-url", NULL, CFGF_NODEFAULT),
	CFG_STR("oauth2-device-url", NULL, CFGF_NODEFAULT),
	CFG_STR("oauth2-userinfo-url", NULL, CFGF_NODEFAULT),
	CFG_STR("host", NULL, CFGF_NODEFAULT),
	CFG_INT("port", 0, CFGF_NONE),
	CFG_STR("tls", NULL, CFGF_NODEFAULT),
	CFG_STR("tls-ca-file", NULL, CFGF_NODEFAULT),
	CFG_STR("tunnel-command", NULL, CFGF_NODEFAULT),
	CFG_STR("user", NULL, CFGF_NODEFAULT),
	CFG_STR("password-command", NULL, CFGF_NODEFAULT),
	CFG_STR("maildir", NULL, CFGF_NODEFAULT),
	CFG_STR("layout", NULL, CFGF_NODEFAULT),
	CFG_STR("info-separator", ":", CFGF_NONE),
	CFG_STR_LIST("folders", NULL, CFGF_NODEFAULT),
	CFG_BOOL("subscribed", cfg_false, CFGF_NONE),
	CFG_BOOL("mirror-deleted", cfg_false, CFGF_NONE),
	CFG_BOOL("guard", cfg_true, CFGF_NONE),
	CFG_STR("guard-percent", "20", CFGF_NONE),
	CFG_STR("direction", NULL, CFGF_NODEFAULT),
	CFG_STR("delete", NULL, CFGF_NODEFAULT),
	CFG_BOOL("delete-folders", cfg_false, CFGF_NONE),
	CFG_BOOL("archive", cfg_false, CFGF_NONE),
	CFG_STR("labels", "no", CFGF_NONE),
	CFG_SEC("folder", folder_keys, CFGF_MULTI | CFGF_TITLE),
	CFG_STR("attic", "30", CFGF_NONE),
	CFG_STR("max-message-size", "1G", CFGF_NONE),
	CFG_STR("min-free-space", "64M", CFGF_NONE),
	CFG_INT("connections", -1, CFGF_NONE),
	CFG_BOOL("compress", cfg_true, CFGF_NONE),
	CFG_STR("daily-download", NULL, CFGF_NODEFAULT),
	CFG_STR("daily-upload", NULL, CFGF_NODEFAULT),
	CFG_STR("timeout", "60", CFGF_NONE),
	CFG_STR("poll", "300", CFGF_NONE),
	CFG_STR_LIST("watch", "{INBOX}", CFGF_NONE),
	CFG_STR_LIST("also-check", NULL, CFGF_NODEFAULT),
	CFG_STR("on-new-mail", NULL, CFGF_NODEFAULT),
	CFG_STR("on-sync", NULL, CFGF_NODEFAULT),
	CFG_STR("on-error", NULL, CFGF_NODEFAULT),
	CFG_STR("on-sent", NULL, CFGF_NODEFAULT),
	CONFIG_SMTP_KEYS,
	CFG_END(),
};

static cfg_opt_t top_keys[] = {
	CFG_STR("state-dir", NULL, CFGF_NODEFAULT),
	CFG_SEC("account", account_keys, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_END(),
};

struct reader {
	const char *path; /* or what it is called */
	const char *text; /* NULL: it is in the file */
	const char *dir;  /* of the file, for relative paths */
	const char *state_dir;
	struct gw_error *err;
};

/* libconfuse hands its errors to a function without context: the text goes through here. */
struct trap {
	const char *name; /* of what is read */
	char text[512];
};

static _Thread_local struct trap *trap; /* set during cfg_parse() only */

static const char *nearest(const cfg_t *section, const char *word)
{
	const char *best = NULL;
	unsigned best_distance = 5;

	for (const cfg_opt_t *o = section->opts; o->name != NULL; o++) {
		unsigned d = gw_edit_distance(o->name, word);

		if (d < best_distance) {
			best = o->name;
			best_distance = d;
		}
	}
	return best;
}

static bool has_key(const cfg_opt_t *keys, const char *word)
{
	while (keys->name != NULL && strcmp(keys->name, word) != 0)
		keys++;
	return keys->name != NULL;
}

/* What somebody may have meant who wrote a key that is none here; NULL: nobody knows. */
static const char *meant(const char *word)
{
	static const char *const passwords[] = { "password", "pass", "passwd", "secret" };

	for (size_t i = 0; i < sizeof passwords / sizeof *passwords; i++) {
		if (strcasecmp(passwords[i], word) == 0)
			return "; godwit keeps no password: `password-command` is a command that prints "
			       "it, such as \"pass show mail\"";
	}
	if (strcmp(word, "%") == 0)
		return "; a number with a blank before its unit stands in quotes: \"20 %\"";
	if (has_key(folder_keys, word))
		return "; it belongs into a section folder \"PATTERN\" { } of the account";
	if (has_key(account_keys, word))
		return "; it belongs into a section account \"NAME\" { }";
	return has_key(top_keys, word) ? "; it stands before the accounts, outside of them" : NULL;
}

__attribute__((format(printf, 2, 0))) static void on_confuse_error(
	cfg_t *cfg, const char *fmt, va_list args)
{
	char text[300], word[64];
	const char *open, *hint = NULL, *words = NULL;
	size_t n = 0;

	vsnprintf(text, sizeof text, fmt, args);
	open = strstr(text, "no such option '");
	if (open != NULL) {
		open += strlen("no such option '");
		n = strcspn(open, "'");
		snprintf(word, sizeof word, "%.*s", (int)n, open);
		snprintf(text, sizeof text, "there is no key \"%s\"", word);
		words = meant(word);
		hint = words == NULL ? nearest(cfg, word) : NULL;
	}
	if (trap->text[0] == '\0')
		snprintf(trap->text, sizeof trap->text, "%s line %d: %s%s%s%s", trap->name,
			cfg->line, text, hint != NULL ? "; did you mean \"" : "",
			hint != NULL ? hint : "",
			hint != NULL ? "\"?"
				     : (words != NULL  ? words
					       : n > 0 ? "; godwit(5) lists them"
						       : ""));
}

void config_print_keys(FILE *to)
{
	for (const cfg_opt_t *o = account_keys; o->name != NULL; o++)
		fprintf(to, "%s\n", o->name);
}

char *config_default_path(void)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char *path = NULL;

	if ((xdg == NULL || *xdg != '/') && home == NULL)
		return NULL;
	if (asprintf(&path, "%s%s/godwit/config", xdg != NULL && *xdg == '/' ? xdg : home,
		    xdg != NULL && *xdg == '/' ? "" : "/.config") < 0)
		return NULL;
	return path;
}

static char *copy(const char *text)
{
	return text == NULL ? NULL : strdup(text);
}

static enum gw_code wrong(const struct reader *r, cfg_t *sec, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static enum gw_code wrong(const struct reader *r, cfg_t *sec, const char *fmt, ...)
{
	char text[300];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	return gw_fail(
		r->err, GW_ERR_CONFIG, "%s: account \"%s\": %s", r->path, cfg_title(sec), text);
}

static enum gw_code read_tls(
	const struct reader *r, cfg_t *sec, const struct provider *p, struct gw_account *a)
{
	const char *tls = cfg_getstr(sec, "tls");

	if (tls == NULL)
		tls = a->tunnel_command != NULL                ? "none"
		      : p != NULL && p->tls == GW_TLS_STARTTLS ? "starttls"
							       : "implicit";
	if (strcmp(tls, "implicit") == 0)
		a->tls = GW_TLS_IMPLICIT;
	else if (strcmp(tls, "starttls") == 0)
		a->tls = GW_TLS_STARTTLS;
	else if (strcmp(tls, "none") == 0)
		a->tls = GW_TLS_NONE;
	else
		return wrong(r, sec, "tls = \"%s\" is not one of implicit, starttls, none", tls);
	if (a->tls == GW_TLS_NONE && a->tunnel_command == NULL && !gw_is_loopback(a->host))
		return wrong(r, sec,
			"tls = \"none\" would send the password to %s in clear; it is allowed on "
			"loopback and "
			"with tunnel-command only",
			a->host);
	if (a->port == 0 && p != NULL)
		a->port = p->port;
	if (a->port == 0)
		a->port = a->tls == GW_TLS_IMPLICIT ? 993 : 143;
	return GW_OK;
}

static enum gw_code read_number(
	const struct reader *r, cfg_t *sec, const char *key, long min, long max, unsigned *out)
{
	long value = cfg_getint(sec, key);

	if (value < min || value > max)
		return wrong(r, sec, "%s must be between %ld and %ld", key, min, max);
	*out = (unsigned)value;
	return GW_OK;
}

/* A number that may have a unit. */
static enum gw_code read_amount(const struct reader *r, cfg_t *sec, const char *key,
	enum amount_unit unit, unsigned min, unsigned max, unsigned *out)
{
	const char *text = cfg_getstr(sec, key);
	unsigned long long value;

	if (!amount_read(text, unit, &value))
		return wrong(r, sec, "%s = \"%s\" is not %s", key, text, amount_words(unit));
	if (value < min || value > max)
		return wrong(r, sec, "%s must be between %u and %u", key, min, max);
	*out = (unsigned)value;
	return GW_OK;
}

static enum gw_code read_numbers(const struct reader *r, cfg_t *sec, struct gw_account *a)
{
	enum gw_code code = read_number(r, sec, "port", 0, 65535, &a->port);

	if (code == GW_OK)
		code = read_amount(r, sec, "attic", AMOUNT_DAYS, 0, 36500, &a->attic_days);
	if (code == GW_OK)
		code = read_amount(
			r, sec, "guard-percent", AMOUNT_PERCENT, 1, 100, &a->guard_percent);
	if (code == GW_OK && cfg_getint(sec, "connections") != -1)
		code = read_number(r, sec, "connections", 1, 16, &a->connections);
	if (code == GW_OK)
		code = read_amount(r, sec, "timeout", AMOUNT_SECONDS, 1, 3600, &a->timeout_s);
	if (code == GW_OK)
		code = read_amount(r, sec, "poll", AMOUNT_SECONDS, 1, 86400, &a->poll_s);
	return code;
}

/* What is not set is the provider's. */
static enum gw_code read_daily(
	const struct reader *r, cfg_t *sec, const struct provider *p, struct gw_account *a)
{
	enum gw_code code = GW_OK;

	a->daily_download_mb = p != NULL ? p->daily_download_mb : 0;
	a->daily_upload_mb = p != NULL ? p->daily_upload_mb : 0;
	if (cfg_getstr(sec, "daily-download") != NULL)
		code = read_amount(r, sec, "daily-download", AMOUNT_MEGABYTES, 0, 1000000,
			&a->daily_download_mb);
	if (code == GW_OK && cfg_getstr(sec, "daily-upload") != NULL)
		code = read_amount(
			r, sec, "daily-upload", AMOUNT_MEGABYTES, 0, 1000000, &a->daily_upload_mb);
	return code;
}

static enum gw_code read_delete(const struct reader *r, cfg_t *sec, struct gw_account *a)
{
	const char *text = cfg_getstr(sec, "delete");

	if (text == NULL || strcmp(text, "trash") == 0)
		a->deletes = GW_DELETE_TRASH;
	else if (strcmp(text, "expunge") == 0)
		a->deletes = GW_DELETE_EXPUNGE;
	else if (strcmp(text, "never") == 0)
		a->deletes = GW_DELETE_NEVER;
	else
		return wrong(r, sec, "delete = \"%s\" is not one of trash, expunge, never", text);
	return GW_OK;
}

static enum gw_code read_direction(const struct reader *r, cfg_t *sec, struct gw_account *a)
{
	const char *text = cfg_getstr(sec, "direction");

	if (text == NULL || strcmp(text, "both") == 0)
		a->direction = GW_DIRECTION_BOTH;
	else if (strcmp(text, "pull") == 0)
		a->direction = GW_DIRECTION_PULL;
	else
		return wrong(r, sec, "direction = \"%s\" is not one of both, pull", text);
	return GW_OK;
}

static enum gw_code read_list(
	const struct reader *r, cfg_t *sec, const char *key, char ***out, size_t *count)
{
	unsigned n = cfg_size(sec, key);

	if (n == 0)
		return GW_OK;
	*out = calloc(n, sizeof **out);
	if (*out == NULL)
		return gw_fail(r->err, GW_ERR_NOMEM, "out of memory");
	for (; *count < n; ++*count) {
		(*out)[*count] = strdup(cfg_getnstr(sec, key, (unsigned)*count));
		if ((*out)[*count] == NULL)
			return gw_fail(r->err, GW_ERR_NOMEM, "out of memory");
	}
	return GW_OK;
}

/* A directory below the root, and not one of a mailbox's own. */
static bool is_directory_name(const char *dir)
{
	bool ok = *dir != '\0' && strlen(dir) < 1000;

	for (const char *p = dir; ok && p != NULL;
		p = strchr(p, '/') == NULL ? NULL : strchr(p, '/') + 1) {
		struct gw_slice part = { p, strcspn(p, "/") };

		ok = part.n > 0 && part.n <= 255 && !gw_slice_eq(part, ".") &&
		     !gw_slice_eq(part, "..") && !gw_slice_eq(part, "cur") &&
		     !gw_slice_eq(part, "new") && !gw_slice_eq(part, "tmp");
	}
	return ok;
}

static enum gw_code read_bytes(
	const struct reader *r, cfg_t *sec, const char *key, unsigned long long *out)
{
	const char *text = cfg_getstr(sec, key);

	if (amount_read(text, AMOUNT_BYTES, out))
		return GW_OK;
	return wrong(r, sec, "%s = \"%s\" is not %s", key, text, amount_words(AMOUNT_BYTES));
}

static enum gw_code read_window(
	const struct reader *r, cfg_t *account, cfg_t *sec, struct gw_window *w)
{
	const char *size = cfg_getstr(sec, "max-size"), *local = cfg_getstr(sec, "local");
	const char *days = cfg_getstr(sec, "max-age");
	long count = cfg_getint(sec, "max-messages");
	unsigned long long age;

	w->pattern = copy(cfg_title(sec));
	if (w->pattern == NULL)
		return gw_fail(r->err, GW_ERR_NOMEM, "out of memory");
	if (!amount_read(days, AMOUNT_DAYS, &age) || age > 36500)
		return wrong(r, account, "folder \"%s\": max-age = \"%s\" is not %s, up to 36500",
			w->pattern, days, amount_words(AMOUNT_DAYS));
	if (count < 0 || count > INT_MAX)
		return wrong(r, account, "folder \"%s\": max-messages must be between 0 and %d",
			w->pattern, INT_MAX);
	if (size != NULL && !amount_read(size, AMOUNT_BYTES, &w->max_size))
		return wrong(r, account,
			"folder \"%s\": max-size = \"%s\" is not a number of bytes, or of k, M or "
			"G",
			w->pattern, size);
	if (local != NULL && !is_directory_name(local))
		return wrong(r, account,
			"folder \"%s\": local = \"%s\" is not the name of a directory below `maildir`",
			w->pattern, local);
	if (local != NULL && strpbrk(w->pattern, "*%") != NULL)
		return wrong(r, account,
			"folder \"%s\": `local` is for one mailbox, so its name is spelled out",
			w->pattern);
	w->local = copy(local);
	if (local != NULL && w->local == NULL)
		return gw_fail(r->err, GW_ERR_NOMEM, "out of memory");
	w->max_age = (unsigned)age;
	w->max_messages = (unsigned)count;
	return GW_OK;
}

static enum gw_code read_windows(const struct reader *r, cfg_t *sec, struct gw_account *a)
{
	unsigned n = cfg_size(sec, "folder");
	enum gw_code code = GW_OK;

	if (n == 0)
		return GW_OK;
	a->windows = calloc(n, sizeof *a->windows);
	if (a->windows == NULL)
		return gw_fail(r->err, GW_ERR_NOMEM, "out of memory");
	for (unsigned i = 0; i < n && code == GW_OK; i++)
		code = read_window(
			r, sec, cfg_getnsec(sec, "folder", i), &a->windows[a->window_count++]);
	return code;
}

/* Set in the account, else as the provider has it. */
static char *chosen(cfg_t *sec, const char *key, const char *preset)
{
	const char *own = cfg_getstr(sec, key);

	return copy(own != NULL ? own : preset);
}

static enum gw_code read_auth(
	const struct reader *r, cfg_t *sec, const struct provider *p, struct gw_account *a)
{
	const char *auth = cfg_getstr(sec, "auth");
	struct gw_oauth_provider *o = &a->oauth2;

	if (auth == NULL)
		a->auth = p != NULL ? p->auth : GW_AUTH_PASSWORD;
	else if (strcmp(auth, "oauth2") == 0)
		a->auth = GW_AUTH_OAUTH2;
	else if (strcmp(auth, "password") != 0)
		return wrong(r, sec, "auth = \"%s\" is not one of password, oauth2", auth);
	else if (p != NULL && !p->passwords)
		return wrong(
			r, sec, "%s takes no passwords any more: set auth = \"oauth2\"", p->name);
	a->token_command = copy(cfg_getstr(sec, "token-command"));
	o->client_id = copy(cfg_getstr(sec, "oauth2-client-id"));
	o->client_secret = copy(cfg_getstr(sec, "oauth2-client-secret"));
	o->scope = chosen(sec, "oauth2-scope", p == NULL ? NULL : p->scope);
	o->auth_url = chosen(sec, "oauth2-auth-url", p == NULL ? NULL : p->auth_url);
	o->token_url = chosen(sec, "oauth2-token-url", p == NULL ? NULL : p->token_url);
	o->device_url = chosen(sec, "oauth2-device-url", p == NULL ? NULL : p->device_url);
	o->userinfo_url = chosen(sec, "oauth2-userinfo-url", p == NULL ? NULL : p->userinfo_url);
	return GW_OK;
}

static enum gw_code check_oauth2(const struct reader *r, cfg_t *sec, const struct gw_account *a)
{
	const struct gw_oauth_provider *o = &a->oauth2;
	const char *name = cfg_getstr(sec, "provider");
	const struct provider *p = name == NULL ? NULL : provider_named(name);

	if (a->token_command != NULL)
		return GW_OK;
	if (o->client_id == NULL)
		return wrong(r, sec, "`oauth2-client-id` is missing%s%s", p != NULL ? ": " : "",
			p != NULL ? p->hint : "");
	if (o->auth_url == NULL || o->token_url == NULL || o->scope == NULL)
		return wrong(r, sec,
			"auth = \"oauth2\" needs `provider`, or `oauth2-auth-url`, "
			"`oauth2-token-url` "
			"and `oauth2-scope`");
	return GW_OK;
}

static enum gw_code read_provider(
	const struct reader *r, cfg_t *sec, const struct provider **out, struct gw_account *a)
{
	const char *name = cfg_getstr(sec, "provider");

	*out = name == NULL ? NULL : provider_named(name);
	if (name != NULL && *out == NULL)
		return wrong(r, sec, "provider = \"%s\" is not one of %s", name, provider_names());
	if (*out != NULL && a->host == NULL)
		a->host = strdup((*out)->host);
	return GW_OK;
}

bool config_is_name(const char *name)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@+-";

	return name[0] != '\0' && name[0] != '.' && strspn(name, allowed) == strlen(name);
}

static enum gw_code check_required(const struct reader *r, cfg_t *sec, const struct gw_account *a)
{
	if (!config_is_name(a->name))
		return wrong(r, sec,
			"the name may hold letters, digits and _ . @ + - and must not begin with a "
			"dot");
	if (a->host == NULL && a->maildir == NULL && a->smtp.host != NULL)
		return GW_OK; /* it only sends */
	if (a->host == NULL)
		return wrong(r, sec, "`host` is missing");
	if (a->maildir == NULL)
		return wrong(r, sec, "`maildir` is missing: where is the mail to be kept?");
	if (a->user == NULL)
		return wrong(r, sec, "`user` is missing");
	if (a->auth == GW_AUTH_OAUTH2)
		return check_oauth2(r, sec, a);
	if (a->password_command == NULL && a->tunnel_command == NULL)
		return wrong(r, sec,
			"`password-command` is missing: a command whose first line of output is "
			"the password, "
			"such as \"pass show mail\"");
	return GW_OK;
}

static enum gw_code read_labels(const struct reader *r, cfg_t *sec, struct gw_account *a)
{
	static const char *const modes[] = { "no", "keywords", "notmuch" };
	const char *mode = cfg_getstr(sec, "labels");
	size_t i = 0;

	while (i < sizeof modes / sizeof *modes && strcmp(mode, modes[i]) != 0)
		i++;
	if (i == sizeof modes / sizeof *modes)
		return wrong(r, sec, "`labels` has to be \"no\", \"keywords\" or \"notmuch\"");
	a->labels = (enum gw_label_mode)i;
	return a->labels != GW_LABELS_NOTMUCH || gw_has_notmuch()
		       ? GW_OK
		       : wrong(r, sec,
				 "`labels` cannot be \"notmuch\": libnotmuch is not there, or "
				 "godwit was built without it");
}

/* A key that says nothing is worse than none. */
static enum gw_code check_empty(const struct reader *r, cfg_t *sec)
{
	for (const cfg_opt_t *o = sec->opts; o->name != NULL; o++) {
		const char *text = o->type == CFGT_STR && !(o->flags & CFGF_LIST) && o->nvalues > 0
					   ? cfg_getstr(sec, o->name)
					   : NULL;

		if (text != NULL && *text == '\0' && strcmp(o->name, "smtp-user") != 0)
			return wrong(
				r, sec, "`%s` is empty; leave it out, or say what it is", o->name);
	}
	return GW_OK;
}

static enum gw_code check_paths(const struct reader *r, cfg_t *sec)
{
	static const char *const keys[] = { "maildir", "tls-ca-file" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *path = cfg_getstr(sec, keys[i]);
		const char *why = path == NULL ? NULL : config_wrong_path(path);

		if (why != NULL)
			return wrong(r, sec, "%s = \"%s\": %s", keys[i], path, why);
	}
	return GW_OK;
}

static enum gw_code check_maildir(const struct reader *r, cfg_t *sec, const struct gw_account *a)
{
	const char *what = a->maildir == NULL ? NULL : config_wrong_maildir(a->maildir, r->dir);

	return what == NULL
		       ? GW_OK
		       : wrong(r, sec,
				 "maildir = \"%s\" is %s; give the mail a directory of its own, such as ~/Mail/%s",
				 cfg_getstr(sec, "maildir"), what, a->name);
}

/* Only exclusions: all but those. */
static enum gw_code read_folders(const struct reader *r, cfg_t *sec, struct gw_account *a)
{
	unsigned n = cfg_size(sec, "folders"), not = 0;
	char **grown;
	enum gw_code code = read_list(r, sec, "folders", &a->folders, &a->folder_count);

	for (unsigned i = 0; i < n; i++)
		not += cfg_getnstr(sec, "folders", i)[0] == '!';
	if (code != GW_OK || n == 0 || not < n)
		return code;
	grown = realloc(a->folders, (a->folder_count + 1) * sizeof *grown);
	if (grown == NULL)
		return gw_fail(r->err, GW_ERR_NOMEM, "out of memory");
	a->folders = grown;
	memmove(grown + 1, grown, a->folder_count * sizeof *grown);
	grown[0] = strdup("*");
	a->folder_count++;
	return grown[0] != NULL ? GW_OK : gw_fail(r->err, GW_ERR_NOMEM, "out of memory");
}

static enum gw_code read_separator(const struct reader *r, cfg_t *sec, struct gw_account *a)
{
	const char *given = cfg_getstr(sec, "info-separator");

	if (given[0] == '\0' || given[1] != '\0' || strchr(GW_INFO_SEPARATORS, given[0]) == NULL)
		return wrong(r, sec, "info-separator = \"%s\" is not one of :, ;, !", given);
	a->info_separator = given[0];
	return GW_OK;
}

static enum gw_code read_account(const struct reader *r, cfg_t *sec, struct gw_account *a)
{
	const char *layout = cfg_getstr(sec, "layout");
	const char *maildir = cfg_getstr(sec, "maildir"), *ca = cfg_getstr(sec, "tls-ca-file");
	const struct provider *p = NULL;
	struct gw_error smtp = { 0 };
	enum gw_code code;

	a->name = strdup(cfg_title(sec));
	a->host = copy(cfg_getstr(sec, "host"));
	a->user = copy(cfg_getstr(sec, "user"));
	a->password_command = copy(cfg_getstr(sec, "password-command"));
	a->tunnel_command = copy(cfg_getstr(sec, "tunnel-command"));
	if (a->host == NULL && a->tunnel_command != NULL)
		a->host = strdup("tunnel");
	a->maildir = maildir == NULL ? NULL : config_expand(r->dir, maildir);
	a->tls_ca_file = ca == NULL ? NULL : config_expand(r->dir, ca);
	a->state_dir = config_expand(r->dir, r->state_dir);
	a->subscribed = cfg_getbool(sec, "subscribed");
	a->mirror_deleted = cfg_getbool(sec, "mirror-deleted");
	a->guard = cfg_getbool(sec, "guard");
	a->compress = cfg_getbool(sec, "compress");
	a->delete_folders = cfg_getbool(sec, "delete-folders");
	a->archive = cfg_getbool(sec, "archive");
	code = check_empty(r, sec);
	if (code == GW_OK)
		code = check_paths(r, sec);
	if (code == GW_OK)
		code = check_maildir(r, sec, a);
	if (code == GW_OK)
		code = read_provider(r, sec, &p, a);
	if (code == GW_OK)
		code = read_labels(r, sec, a);
	if (code == GW_OK)
		code = read_auth(r, sec, p, a);
	if (code == GW_OK && config_read_smtp(sec, p, a, &smtp) != GW_OK)
		code = wrong(r, sec, "%s", smtp.text);
	if (code == GW_OK)
		code = check_required(r, sec, a);
	if (code == GW_OK)
		code = read_numbers(r, sec, a);
	if (code == GW_OK)
		code = read_bytes(r, sec, "max-message-size", &a->max_message_size);
	if (code == GW_OK)
		code = read_bytes(r, sec, "min-free-space", &a->min_free_space);
	if (code == GW_OK)
		code = read_daily(r, sec, p, a);
	if (code == GW_OK && a->connections == 0)
		a->connections = p != NULL ? p->connections : DEFAULT_CONNECTIONS;
	if (code == GW_OK && a->host != NULL)
		code = read_tls(r, sec, p, a);
	if (code == GW_OK)
		code = read_delete(r, sec, a);
	if (code == GW_OK)
		code = read_direction(r, sec, a);
	if (code == GW_OK)
		code = read_windows(r, sec, a);
	if (code == GW_OK)
		code = read_folders(r, sec, a);
	if (code == GW_OK)
		code = read_list(r, sec, "watch", &a->watch, &a->watch_count);
	if (code == GW_OK)
		code = read_separator(r, sec, a);
	if (layout != NULL && strcmp(layout, "maildir++") == 0)
		a->layout = GW_LAYOUT_MAILDIRPP;
	else if (layout != NULL && strcmp(layout, "fs") != 0 && code == GW_OK)
		code = wrong(r, sec, "layout = \"%s\" is not one of fs, maildir++", layout);
	return code;
}

static void read_hooks(cfg_t *sec, struct hook_commands *h)
{
	h->on_new_mail = copy(cfg_getstr(sec, "on-new-mail"));
	h->on_sync = copy(cfg_getstr(sec, "on-sync"));
	h->on_error = copy(cfg_getstr(sec, "on-error"));
	h->on_sent = copy(cfg_getstr(sec, "on-sent"));
}

enum gw_code config_check_file(const char *path, struct gw_error *err)
{
	struct stat st;

	if (stat(path, &st) != 0 && errno == ENOENT)
		return gw_fail(err, GW_ERR_CONFIG,
			"there is no configuration %s; `godwit init you@example.org` makes one, "
			"`godwit import` takes mbsync's or offlineimap's over",
			path);
	if (stat(path, &st) != 0)
		return gw_fail_sys(err, GW_ERR_CONFIG, errno, "cannot read %s", path);
	if (!S_ISREG(st.st_mode))
		return gw_fail(err, GW_ERR_CONFIG,
			"%s is %s, and no file with a configuration in it", path,
			S_ISDIR(st.st_mode) ? "a directory" : "a device or a pipe");
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return gw_fail(err, GW_ERR_CONFIG,
			"%s can be written by others, and it names commands to run; chmod go-w it",
			path);
	return GW_OK;
}

static enum gw_code parse(struct reader *r, const char *given, struct config *out)
{
	const char *xdg = getenv("XDG_STATE_HOME");
	char default_state[PATH_MAX];
	struct trap local = { .name = r->path };
	cfg_t *cfg = cfg_init(top_keys, CFGF_NONE);
	/* Some editors put a mark in front (U+FEFF). */
	const char *text = strncmp(given, "\xef\xbb\xbf", 3) == 0 ? given + 3 : given;
	enum gw_code code = config_text_variables(text, r->path, r->err);
	int rc;

	trap = &local;
	cfg_set_error_function(cfg, on_confuse_error);
	rc = code == GW_OK ? cfg_parse_buf(cfg, text) : CFG_PARSE_ERROR;
	trap = NULL;
	if (code == GW_OK) /* the parser tells where it gave up, which is not where it went wrong */
		code = config_text_blame(text, r->path, rc == CFG_SUCCESS, r->err);
	if (code != GW_OK)
		goto out;
	if (rc != CFG_SUCCESS) {
		code = gw_fail(r->err, GW_ERR_CONFIG, "%s",
			local.text[0] != '\0' ? local.text : "the configuration cannot be read");
		goto out;
	}
	snprintf(default_state, sizeof default_state, "%s/godwit",
		xdg != NULL && *xdg == '/' ? xdg : "~/.local/state");
	r->state_dir = cfg_getstr(cfg, "state-dir");
	if (r->state_dir == NULL)
		r->state_dir = default_state;
	out->accounts = calloc(cfg_size(cfg, "account") + 1, sizeof *out->accounts);
	out->hooks = calloc(cfg_size(cfg, "account") + 1, sizeof *out->hooks);
	out->also_check = calloc(cfg_size(cfg, "account") + 1, sizeof *out->also_check);
	if (out->accounts == NULL || out->hooks == NULL || out->also_check == NULL) {
		code = gw_fail(r->err, GW_ERR_NOMEM, "out of memory");
		goto out;
	}
	for (unsigned i = 0; i < cfg_size(cfg, "account") && code == GW_OK; i++) {
		cfg_t *sec = cfg_getnsec(cfg, "account", i);
		struct end_points *e = &out->also_check[i];

		read_hooks(sec, &out->hooks[i]);
		code = read_account(r, sec, &out->accounts[out->count++]);
		if (code == GW_OK)
			code = read_list(r, sec, "also-check", &e->list, &e->count);
	}
	if (code == GW_OK)
		code = config_check_roots(out, r->path, r->err);
out:
	r->state_dir = NULL; /* it lives in cfg, or here */
	cfg_free(cfg);
	return code;
}

enum gw_code config_read(const char *path, struct config *out, struct gw_error *err)
{
	char *own = path == NULL ? config_default_path() : realpath(path, NULL);
	struct reader r = { .path = own != NULL ? own : path, .err = err };
	char *dir = NULL, *slash;
	struct gw_buf text;
	bool found = false;
	enum gw_code code;

	*out = (struct config){ 0 };
	gw_buf_init(&text, FILE_MAX);
	if (r.path == NULL)
		return gw_fail(err, GW_ERR_CONFIG,
			"HOME is not set, so there is no usual place for the configuration; name "
			"it with -c FILE");
	code = config_check_file(r.path, err);
	if (code == GW_OK) {
		r.dir = dir = strdup(r.path);
		slash = dir == NULL ? NULL : strrchr(dir, '/');
		if (slash != NULL)
			*slash = '\0';
		code = gw_read_file(AT_FDCWD, r.path, FILE_MAX, &text, &found, err);
	}
	if (code == GW_OK)
		code = parse(&r, gw_buf_cstr(&text), out);
	if (code == GW_OK && out->count == 0)
		code = gw_fail(err, GW_ERR_CONFIG,
			"%s names no account; `godwit init you@example.org` adds one", r.path);
	gw_buf_deinit(&text);
	free(dir);
	free(own);
	if (code != GW_OK)
		config_free(out);
	return code;
}

enum gw_code config_parse(const char *text, const char *dir, const char *name, struct config *out,
	struct gw_error *err)
{
	struct reader r = { .path = name, .text = text, .dir = dir, .err = err };
	enum gw_code code;

	*out = (struct config){ 0 };
	code = parse(&r, text, out);
	if (code != GW_OK)
		config_free(out);
	return code;
}

static void free_list(char **list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i]);
	free(list);
}

void config_free(struct config *c)
{
	for (size_t i = 0; i < c->count; i++) {
		struct gw_account *a = &c->accounts[i];
		char *const strings[] = { a->name, a->state_dir, a->host, a->tls_ca_file,
			a->tunnel_command, a->user, a->password_command, a->maildir,
			a->token_command, a->oauth2.client_id, a->oauth2.client_secret,
			a->oauth2.auth_url, a->oauth2.token_url, a->oauth2.device_url,
			a->oauth2.userinfo_url, a->oauth2.scope };

		config_free_smtp(&a->smtp);
		for (size_t j = 0; j < sizeof strings / sizeof *strings; j++)
			free(strings[j]);
		free_list(a->folders, a->folder_count);
		free_list(a->watch, a->watch_count);
		for (size_t j = 0; j < a->window_count; j++) {
			free(a->windows[j].pattern);
			free(a->windows[j].local);
		}
		free(a->windows);
		free(c->hooks[i].on_new_mail);
		free(c->hooks[i].on_sync);
		free(c->hooks[i].on_error);
		free(c->hooks[i].on_sent);
		free_list(c->also_check[i].list, c->also_check[i].count);
	}
	free(c->also_check);
	free(c->hooks);
	free(c->accounts);
	*c = (struct config){ 0 };
}
