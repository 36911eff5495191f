/* SPDX-License-Identifier: ISC */
/* cli/config_account.c - see config_account.h; keys are documented in godwit(5). */
#include "cli/config_account.h"

#include "base/text.h"
#include "cli/amount.h"
#include "cli/config.h"
#include "cli/config_paths.h"
#include "cli/config_pop3.h"
#include "cli/config_smtp.h"
#include "cli/provider.h"
#include "cli/proxy_url.h"
#include "cli/server_name.h"
#include "godwit/sync.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_CONNECTIONS = 3 };

static enum gw_code wrong(const struct config_reader *r, cfg_t *sec, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static enum gw_code wrong(const struct config_reader *r, cfg_t *sec, const char *fmt, ...)
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
	const struct config_reader *r, cfg_t *sec, const struct provider *p, struct gw_account *a)
{
	const char *tls = cfg_getstr(sec, "tls");

	if (tls == NULL)
		tls = a->tunnel_command != NULL ? "none"
		      : p != NULL && p->tls == GW_TLS_STARTTLS && a->protocol == GW_PROTOCOL_IMAP
			      ? "starttls"
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
	if (a->tls == GW_TLS_NONE && a->auth == GW_AUTH_CERTIFICATE)
		return wrong(r, sec, "auth = \"certificate\" wants TLS, and tls is \"none\"");
	if (a->port == 0 && a->protocol == GW_PROTOCOL_POP3)
		a->port = a->tls == GW_TLS_IMPLICIT ? 995 : 110;
	if (a->port == 0 && p != NULL)
		a->port = p->port;
	if (a->port == 0)
		a->port = a->tls == GW_TLS_IMPLICIT ? 993 : 143;
	return GW_OK;
}

static enum gw_code read_number(const struct config_reader *r, cfg_t *sec, const char *key,
	long min, long max, unsigned *out)
{
	long value = cfg_getint(sec, key);

	if (value < min || value > max)
		return wrong(r, sec, "%s must be between %ld and %ld", key, min, max);
	*out = (unsigned)value;
	return GW_OK;
}

/* A number that may have a unit. */
static enum gw_code read_amount(const struct config_reader *r, cfg_t *sec, const char *key,
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

static enum gw_code read_numbers(const struct config_reader *r, cfg_t *sec, struct gw_account *a)
{
	enum gw_code code = GW_OK;

	if (cfg_size(sec, "port") > 0)
		code = read_number(r, sec, "port", 1, 65535, &a->port);
	if (code == GW_OK)
		code = read_amount(r, sec, "attic", AMOUNT_DAYS, 0, 36500, &a->attic_days);
	if (code == GW_OK)
		code = read_amount(
			r, sec, "guard-percent", AMOUNT_PERCENT, 1, 100, &a->guard_percent);
	if (code == GW_OK && cfg_size(sec, "connections") > 0)
		code = read_number(r, sec, "connections", 1, 16, &a->connections);
	if (code == GW_OK)
		code = read_amount(r, sec, "timeout", AMOUNT_SECONDS, 1, 3600, &a->timeout_s);
	if (code == GW_OK)
		code = read_amount(r, sec, "poll", AMOUNT_SECONDS, 1, 86400, &a->poll_s);
	return code;
}

static enum gw_code read_pins(
	const struct config_reader *r, cfg_t *sec, const char *key, struct gw_pins *pins)
{
	enum gw_code code = config_read_list(r, sec, key, &pins->list, &pins->count);

	for (size_t i = 0; code == GW_OK && i < pins->count; i++) {
		if (!gw_is_pin(pins->list[i]))
			code = wrong(r, sec,
				"%s: \"%s\" is not \"sha256/\" and 44 characters; godwit doctor "
				"prints the server's",
				key, pins->list[i]);
	}
	return code;
}

static char *read_path(const struct config_reader *r, cfg_t *sec, const char *key)
{
	const char *path = cfg_getstr(sec, key);

	return path == NULL ? NULL : config_expand(r->dir, path);
}

static enum gw_code read_mechanisms(const struct config_reader *r, cfg_t *sec, struct gw_account *a)
{
	enum gw_code code =
		config_read_list(r, sec, "auth-mechanisms", &a->mechanisms, &a->mechanism_count);

	if (code == GW_OK && a->mechanism_count > 0 && a->auth != GW_AUTH_PASSWORD)
		return wrong(r, sec, "auth-mechanisms are of passwords, and auth = \"%s\" has none",
			cfg_getstr(sec, "auth") != NULL ? cfg_getstr(sec, "auth") : "oauth2");
	for (size_t i = 0; code == GW_OK && i < a->mechanism_count; i++) {
		if (!gw_is_mechanism(a->mechanisms[i]))
			code = wrong(r, sec,
				"auth-mechanisms: \"%s\" is not one of SCRAM-SHA-256-PLUS, "
				"SCRAM-SHA-256, PLAIN",
				a->mechanisms[i]);
	}
	return code;
}

/* Reads the day's limits; the provider's hold unless set. */
static enum gw_code read_daily(
	const struct config_reader *r, cfg_t *sec, const struct provider *p, struct gw_account *a)
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

static enum gw_code read_delete(const struct config_reader *r, cfg_t *sec, struct gw_account *a)
{
	const char *text = cfg_getstr(sec, "delete");

	if (text == NULL)
		a->deletes = a->protocol == GW_PROTOCOL_POP3 ? GW_DELETE_NEVER : GW_DELETE_TRASH;
	else if (strcmp(text, "trash") == 0)
		a->deletes = GW_DELETE_TRASH;
	else if (strcmp(text, "expunge") == 0)
		a->deletes = GW_DELETE_EXPUNGE;
	else if (strcmp(text, "never") == 0)
		a->deletes = GW_DELETE_NEVER;
	else
		return wrong(r, sec, "delete = \"%s\" is not one of trash, expunge, never", text);
	return GW_OK;
}

static enum gw_code read_direction(const struct config_reader *r, cfg_t *sec, struct gw_account *a)
{
	const char *text = cfg_getstr(sec, "direction");

	if (text == NULL || strcmp(text, "both") == 0)
		a->direction = GW_DIRECTION_BOTH;
	else if (strcmp(text, "pull") == 0)
		a->direction = GW_DIRECTION_PULL;
	else if (strcmp(text, "push") == 0)
		a->direction = GW_DIRECTION_PUSH;
	else
		return wrong(r, sec, "direction = \"%s\" is not one of both, pull, push", text);
	return GW_OK;
}

enum gw_code config_read_list(
	const struct config_reader *r, cfg_t *sec, const char *key, char ***out, size_t *count)
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
	const struct config_reader *r, cfg_t *sec, const char *key, unsigned long long *out)
{
	const char *text = cfg_getstr(sec, key);

	if (amount_read(text, AMOUNT_BYTES, out))
		return GW_OK;
	return wrong(r, sec, "%s = \"%s\" is not %s", key, text, amount_words(AMOUNT_BYTES));
}

/* Reads the limit: less than 1k would not get through a handshake in reasonable time. */
static enum gw_code read_bandwidth(const struct config_reader *r, cfg_t *sec, struct gw_account *a)
{
	unsigned long long rate = 0;
	enum gw_code code = cfg_getstr(sec, "bandwidth") == NULL
				    ? GW_OK
				    : read_bytes(r, sec, "bandwidth", &rate);

	if (code != GW_OK || rate == 0)
		return code;
	if (rate < 1024)
		return wrong(r, sec,
			"bandwidth must be 0, for no limit, or at least 1k (bytes a second)");
	a->bandwidth = gw_bandwidth_new(rate);
	return a->bandwidth != NULL ? GW_OK : gw_fail(r->err, GW_ERR_NOMEM, "out of memory");
}

static enum gw_code read_window(
	const struct config_reader *r, cfg_t *account, cfg_t *sec, struct gw_window *w)
{
	const char *size = cfg_getstr(sec, "max-size"), *local = cfg_getstr(sec, "local");
	const char *days = cfg_getstr(sec, "max-age"), *since = cfg_getstr(sec, "since");
	long count = cfg_getint(sec, "max-messages");
	unsigned long long age;

	w->pattern = gw_copy_str(cfg_title(sec));
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
	w->local = gw_copy_str(local);
	if (local != NULL && w->local == NULL)
		return gw_fail(r->err, GW_ERR_NOMEM, "out of memory");
	if (since != NULL && !amount_read_date(since, &w->since))
		return wrong(r, account,
			"folder \"%s\": since = \"%s\" is not a date such as \"2024-01-31\"",
			w->pattern, since);
	w->max_age = (unsigned)age;
	w->max_messages = (unsigned)count;
	return GW_OK;
}

static enum gw_code read_windows(const struct config_reader *r, cfg_t *sec, struct gw_account *a)
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

	return gw_copy_str(own != NULL ? own : preset);
}

static bool is_pop3(cfg_t *sec)
{
	const char *protocol = cfg_getstr(sec, "protocol");

	return protocol != NULL && strcmp(protocol, "pop3") == 0;
}

static enum gw_code read_auth(
	const struct config_reader *r, cfg_t *sec, const struct provider *p, struct gw_account *a)
{
	const char *auth = cfg_getstr(sec, "auth");
	struct gw_oauth_provider *o = &a->oauth2;

	if (auth == NULL)
		a->auth = p != NULL ? p->auth : GW_AUTH_PASSWORD;
	else if (strcmp(auth, "oauth2") == 0)
		a->auth = GW_AUTH_OAUTH2;
	else if (strcmp(auth, "certificate") == 0)
		a->auth = GW_AUTH_CERTIFICATE;
	else if (strcmp(auth, "password") != 0)
		return wrong(
			r, sec, "auth = \"%s\" is not one of password, oauth2, certificate", auth);
	else if (p != NULL && !p->passwords)
		return wrong(
			r, sec, "%s takes no passwords any more: set auth = \"oauth2\"", p->name);
	a->token_command = gw_copy_str(cfg_getstr(sec, "token-command"));
	o->client_id = gw_copy_str(cfg_getstr(sec, "oauth2-client-id"));
	o->client_secret = gw_copy_str(cfg_getstr(sec, "oauth2-client-secret"));
	o->scope = chosen(sec, "oauth2-scope",
		p == NULL                               ? NULL
		: is_pop3(sec) && p->pop3_scope != NULL ? p->pop3_scope
							: p->scope);
	o->auth_url = chosen(sec, "oauth2-auth-url", p == NULL ? NULL : p->auth_url);
	o->token_url = chosen(sec, "oauth2-token-url", p == NULL ? NULL : p->token_url);
	o->device_url = chosen(sec, "oauth2-device-url", p == NULL ? NULL : p->device_url);
	o->userinfo_url = chosen(sec, "oauth2-userinfo-url", p == NULL ? NULL : p->userinfo_url);
	return GW_OK;
}

static enum gw_code read_proxy(const struct config_reader *r, cfg_t *sec, struct gw_account *a)
{
	const char *text = cfg_getstr(sec, "proxy");
	const char *what = text == NULL ? NULL : proxy_url_parse(text, &a->proxy);

	if (what != NULL)
		return wrong(r, sec, "`proxy`: %s", what);
	if (text != NULL && (a->tunnel_command != NULL || a->smtp.tunnel_command != NULL))
		return wrong(r, sec,
			"`proxy` and a tunnel-command do not go together: the command is the connection");
	if (text != NULL &&
		(a->tls == GW_TLS_NONE || (a->smtp.host != NULL && a->smtp.tls == GW_TLS_NONE)))
		return wrong(r, sec,
			"with `proxy` the password would go in clear to it: tls = \"none\" is not allowed");
	return GW_OK;
}

static enum gw_code check_oauth2(
	const struct config_reader *r, cfg_t *sec, const struct gw_account *a)
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

static enum gw_code read_provider(const struct config_reader *r, cfg_t *sec,
	const struct provider **out, struct gw_account *a)
{
	const char *name = cfg_getstr(sec, "provider");

	*out = name == NULL ? NULL : provider_named(name);
	if (name != NULL && *out == NULL)
		return wrong(r, sec, "provider = \"%s\" is not one of %s", name, provider_names());
	if (*out != NULL && a->host == NULL && !is_pop3(sec))
		a->host = strdup((*out)->host);
	return GW_OK;
}

bool config_is_name(const char *name)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@+-";

	return name[0] != '\0' && name[0] != '.' && strspn(name, allowed) == strlen(name);
}

static enum gw_code check_certificate(
	const struct config_reader *r, cfg_t *sec, const struct gw_account *a)
{
	if (a->tls_client_cert == NULL)
		return wrong(r, sec,
			"`tls-client-cert` is missing: the certificate that auth = \"certificate\" signs in with");
	return GW_OK;
}

static enum gw_code check_required(
	const struct config_reader *r, cfg_t *sec, const struct gw_account *a)
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
	if (a->auth == GW_AUTH_CERTIFICATE)
		return check_certificate(r, sec, a);
	if (a->password_command == NULL && a->tunnel_command == NULL)
		return wrong(r, sec,
			"`password-command` is missing: a command whose first line of output is "
			"the password, "
			"such as \"pass show mail\"");
	return GW_OK;
}

static enum gw_code read_labels(const struct config_reader *r, cfg_t *sec, struct gw_account *a)
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
static enum gw_code check_empty(const struct config_reader *r, cfg_t *sec)
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

static enum gw_code check_paths(const struct config_reader *r, cfg_t *sec)
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

/* Port and TLS have keys of their own. */
static enum gw_code check_host(const struct config_reader *r, cfg_t *sec, const char *key)
{
	const char *host = cfg_getstr(sec, key);
	struct server_name server;
	const char *what = host == NULL ? NULL : server_name_parse(host, &server);

	if (what != NULL)
		return wrong(r, sec, "%s = \"%s\": %s", key, host, what);
	if (host != NULL && (server.port != 0 || strstr(host, "://") != NULL))
		return wrong(r, sec,
			"%s = \"%s\": the name stands alone, \"%s\"; how to connect is said by `%sport` and `%stls`",
			key, host, server.host, key[0] == 's' ? "smtp-" : "",
			key[0] == 's' ? "smtp-" : "");
	return GW_OK;
}

static enum gw_code check_maildir(
	const struct config_reader *r, cfg_t *sec, const struct gw_account *a)
{
	const char *what = a->maildir == NULL ? NULL : config_wrong_maildir(a->maildir, r->dir);

	return what == NULL
		       ? GW_OK
		       : wrong(r, sec,
				 "maildir = \"%s\" is %s; give the mail a directory of its own, such as ~/Mail/%s",
				 cfg_getstr(sec, "maildir"), what, a->name);
}

/* Reads the patterns; exclusions alone mean everything else. */
static enum gw_code read_folders(const struct config_reader *r, cfg_t *sec, struct gw_account *a)
{
	unsigned n = cfg_size(sec, "folders"), not = 0;
	char **grown;
	enum gw_code code = config_read_list(r, sec, "folders", &a->folders, &a->folder_count);

	for (unsigned i = 0; i < n; i++) {
		const char *pattern = cfg_getnstr(sec, "folders", i);

		not += pattern[0] == '!';
		if (code == GW_OK && (*pattern == '\0' || strcmp(pattern, "!") == 0))
			code = wrong(r, sec,
				"folders: a pattern is empty; take it out, or say which mailboxes it is for");
	}
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

static enum gw_code read_separator(const struct config_reader *r, cfg_t *sec, struct gw_account *a)
{
	const char *given = cfg_getstr(sec, "info-separator");

	if (given[0] == '\0' || given[1] != '\0' || strchr(GW_INFO_SEPARATORS, given[0]) == NULL)
		return wrong(r, sec, "info-separator = \"%s\" is not one of :, ;, !", given);
	a->info_separator = given[0];
	return GW_OK;
}

enum gw_code config_read_account(const struct config_reader *r, cfg_t *sec, struct gw_account *a)
{
	const char *layout = cfg_getstr(sec, "layout");
	const char *maildir = cfg_getstr(sec, "maildir"), *ca = cfg_getstr(sec, "tls-ca-file");
	const struct provider *p = NULL;
	struct gw_error smtp = { 0 }, pop3 = { 0 };
	enum gw_code code;

	a->name = strdup(cfg_title(sec));
	a->host = gw_copy_str(cfg_getstr(sec, "host"));
	a->user = gw_copy_str(cfg_getstr(sec, "user"));
	a->password_command = gw_copy_str(cfg_getstr(sec, "password-command"));
	a->tunnel_command = gw_copy_str(cfg_getstr(sec, "tunnel-command"));
	if (a->host == NULL && a->tunnel_command != NULL)
		a->host = strdup("tunnel");
	a->maildir = maildir == NULL ? NULL : config_expand(r->dir, maildir);
	a->tls_ca_file = ca == NULL ? NULL : config_expand(r->dir, ca);
	a->tls_client_cert = read_path(r, sec, "tls-client-cert");
	a->tls_client_key = read_path(r, sec, "tls-client-key");
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
		code = check_host(r, sec, "host");
	if (code == GW_OK)
		code = check_host(r, sec, "smtp-host");
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
		code = read_numbers(r, sec, a);
	if (code == GW_OK)
		code = read_bytes(r, sec, "max-message-size", &a->max_message_size);
	if (code == GW_OK && config_read_pop3(sec, p, a, &pop3) != GW_OK)
		code = wrong(r, sec, "%s", pop3.text);
	if (code == GW_OK)
		code = check_required(r, sec, a);
	if (code == GW_OK)
		code = read_bytes(r, sec, "min-free-space", &a->min_free_space);
	if (code == GW_OK)
		code = read_daily(r, sec, p, a);
	if (code == GW_OK)
		code = read_bandwidth(r, sec, a);
	if (code == GW_OK && a->connections == 0)
		a->connections = p != NULL ? p->connections : DEFAULT_CONNECTIONS;
	if (code == GW_OK && a->host != NULL)
		code = read_tls(r, sec, p, a);
	if (code == GW_OK && a->tls_client_key != NULL && a->tls_client_cert == NULL)
		code = wrong(r, sec, "tls-client-key is of no use without `tls-client-cert`");
	if (code == GW_OK)
		code = read_mechanisms(r, sec, a);
	if (code == GW_OK)
		code = read_pins(r, sec, "tls-pin", &a->pins);
	if (code == GW_OK)
		code = read_pins(r, sec, "smtp-tls-pin", &a->smtp.pins);
	if (code == GW_OK)
		code = read_delete(r, sec, a);
	if (code == GW_OK)
		code = read_direction(r, sec, a);
	if (code == GW_OK)
		code = read_windows(r, sec, a);
	if (code == GW_OK)
		code = read_folders(r, sec, a);
	if (code == GW_OK)
		code = config_read_list(r, sec, "watch", &a->watch, &a->watch_count);
	if (code == GW_OK)
		code = read_separator(r, sec, a);
	if (code == GW_OK)
		code = read_proxy(r, sec, a);
	if (layout != NULL && strcmp(layout, "maildir++") == 0)
		a->layout = GW_LAYOUT_MAILDIRPP;
	else if (layout != NULL && strcmp(layout, "fs") != 0 && code == GW_OK)
		code = wrong(r, sec, "layout = \"%s\" is not one of fs, maildir++", layout);
	return code;
}
