/* SPDX-License-Identifier: ISC */
/* import/offlineimap.c - what offlineimap's accounts and repositories are in godwit's words; see other.h. */
#include "import/command.h"
#include "import/ini.h"
#include "import/other.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct map {
	const struct gw_ini *ini;
	const struct gw_ini_section *section; /* that is being read */
	const char *file, *home;
	struct gw_other *o;
	bool gmail, token;
};

typedef void take_fn(struct map *m, unsigned line, const char *said, const char *value);

static void became(struct map *m, unsigned line, const char *said, const char *key, bool plain)
{
	const char *value = gw_other_get(m->o, key);

	gw_other_note(m->o, line, GW_FATE_BECAME, said, plain ? "%s = %s" : "%s = \"%s\"", key,
		value == NULL ? "" : value);
}

/* True as by Python's getboolean(). */
static bool is_true(const char *value)
{
	return strcasecmp(value, "yes") == 0 || strcasecmp(value, "true") == 0 ||
	       strcasecmp(value, "on") == 0 || strcmp(value, "1") == 0;
}

static bool is_number(const char *text)
{
	return *text != '\0' && strspn(text, "0123456789") == strlen(text) && strlen(text) < 10;
}

/* Appends a command that prints what the expression is, as offlineimap reckons it. */
static void put_python(struct map *m, const char *expression, struct gw_buf *out)
{
	struct gw_buf script;
	enum gw_code code;

	gw_buf_init(&script, 65536);
	code = gw_buf_puts(&script, "import re,os;");
	if (code == GW_OK && m->o->pythonfile != NULL)
		code = gw_buf_printf(&script, "exec(open(\"%s\").read());", m->o->pythonfile);
	if (code == GW_OK)
		code = gw_buf_printf(&script,
			"v=(%s);print(v.decode() if isinstance(v,bytes) else v)", expression);
	for (size_t i = 0; i < script.n; i++) /* inside of the brackets a line end is a blank */
		script.p[i] = script.p[i] == '\n' ? ' ' : script.p[i];
	if (code != GW_OK || gw_buf_puts(out, "python3 -c ") != GW_OK ||
		gw_import_quote(gw_buf_cstr(&script), out) != GW_OK)
		m->o->failed = true;
	gw_buf_deinit(&script);
}

static void set_python(
	struct map *m, unsigned line, const char *said, const char *key, const char *expression)
{
	bool later = strstr(key, "-command") != NULL;
	struct gw_buf command;

	gw_buf_init(&command, 65536);
	put_python(m, expression, &command);
	if (later)
		gw_other_set(m->o, key, false, "%s", gw_buf_cstr(&command));
	else
		gw_other_ask(m->o, key, gw_buf_cstr(&command));
	gw_other_note(m->o, line, GW_FATE_BECAME, said,
		later ? "%s = python3, which evaluates the same%s"
		      : "%s = what Python says it is now%s",
		key, m->o->pythonfile != NULL ? " with your pythonfile" : "");
	gw_buf_deinit(&command);
}

/* --- the server's side ------------------------------------------------------------------------- */

static void take_host(struct map *m, unsigned line, const char *said, const char *value)
{
	gw_other_set(m->o, "host", false, "%s", value);
	became(m, line, said, "host", false);
}

static void take_host_eval(struct map *m, unsigned line, const char *said, const char *value)
{
	set_python(m, line, said, "host", value);
}

static void take_port(struct map *m, unsigned line, const char *said, const char *value)
{
	if (is_number(value))
		gw_other_set(m->o, "port", true, "%s", value);
	became(m, line, said, "port", true);
}

static void take_user(struct map *m, unsigned line, const char *said, const char *value)
{
	gw_other_set(m->o, "user", false, "%s", value);
	became(m, line, said, "user", false);
}

static void take_user_eval(struct map *m, unsigned line, const char *said, const char *value)
{
	set_python(m, line, said, "user", value);
}

static void set_quoted(struct map *m, const char *key, const char *before, const char *path)
{
	struct gw_buf command;

	gw_buf_init(&command, 8192);
	if (gw_buf_puts(&command, before) != GW_OK || gw_import_quote(path, &command) != GW_OK)
		m->o->failed = true;
	gw_other_set(m->o, key, false, "%s", gw_buf_cstr(&command));
	gw_buf_deinit(&command);
}

static void take_password(struct map *m, unsigned line, const char *said, const char *value)
{
	char before[160];

	(void)said; /* it would show the password */
	(void)value;
	snprintf(before, sizeof before,
		"sed -n '%u{s/^[[:space:]]*[A-Za-z]*[[:space:]]*[:=][[:space:]]*//;s/[[:space:]]*$//;"
		"s/%%%%/%%/g;p}' ",
		line);
	set_quoted(m, "password-command", before, m->file);
	gw_other_note(m->o, line, GW_FATE_HEED, "remotepass = ...",
		"password-command reads it from that line: put the password into a store (`pass insert`, "
		"`secret-tool store`) before the old file goes");
}

static void take_password_file(struct map *m, unsigned line, const char *said, const char *value)
{
	char *path = gw_other_path(value, m->home);

	if (path == NULL) {
		m->o->failed = true;
		return;
	}
	set_quoted(m, "password-command", "head -n 1 ", path);
	became(m, line, said, "password-command", false);
	free(path);
}

static void take_password_eval(struct map *m, unsigned line, const char *said, const char *value)
{
	(void)said; /* it may hold the password */
	set_python(m, line, "remotepasseval", "password-command", value);
}

static void take_token_eval(struct map *m, unsigned line, const char *said, const char *value)
{
	(void)said;
	set_python(m, line, "oauth2_access_token_eval", "token-command", value);
}

static void take_mechanisms(struct map *m, unsigned line, const char *said, const char *value)
{
	m->token |= strstr(value, "XOAUTH2") != NULL;
	gw_other_note(m->o, line, GW_FATE_BECAME, said, "%s",
		m->token ? "auth = \"oauth2\"" : "godwit takes PLAIN or LOGIN, inside TLS");
}

static void take_client_id(struct map *m, unsigned line, const char *said, const char *value)
{
	gw_other_set(m->o, "oauth2-client-id", false, "%s", value);
	m->token = true;
	became(m, line, said, "oauth2-client-id", false);
}

static void take_client_secret(struct map *m, unsigned line, const char *said, const char *value)
{
	(void)said;
	gw_other_set(m->o, "oauth2-client-secret", false, "%s", value);
	gw_other_note(m->o, line, GW_FATE_BECAME, "oauth2_client_secret", "oauth2-client-secret");
}

static void take_token_url(struct map *m, unsigned line, const char *said, const char *value)
{
	gw_other_set(m->o, "oauth2-token-url", false, "%s", value);
	became(m, line, said, "oauth2-token-url", false);
}

static void take_refresh_token(struct map *m, unsigned line, const char *said, const char *value)
{
	(void)said;
	(void)value;
	gw_other_note(m->o, line, GW_FATE_HEED, "oauth2_refresh_token",
		"run `godwit auth %s` once instead", m->o->name);
}

static void take_ca_file(struct map *m, unsigned line, const char *said, const char *value)
{
	char *path = gw_other_path(value, m->home);
	bool system = strcmp(value, "OS-DEFAULT") == 0 || strncmp(value, "/etc/ssl/", 9) == 0 ||
		      strncmp(value, "/etc/pki/", 9) == 0;

	if (system) {
		gw_other_note(m->o, line, GW_FATE_BECAME, said,
			"the system's authorities, which are trusted anyway");
	} else if (path != NULL) {
		gw_other_set(m->o, "tls-ca-file", false, "%s", path);
		became(m, line, said, "tls-ca-file", false);
	}
	free(path);
}

static void take_tunnel(struct map *m, unsigned line, const char *said, const char *value)
{
	gw_other_set(m->o, "tunnel-command", false, "%s", value);
	became(m, line, said, "tunnel-command", false);
}

static void take_connections(struct map *m, unsigned line, const char *said, const char *value)
{
	unsigned long n = is_number(value) ? strtoul(value, NULL, 10) : 0;

	if (n < 1)
		return;
	gw_other_set(m->o, "connections", true, "%lu", n > 16 ? 16 : n);
	became(m, line, said, "connections", true);
}

static void take_timeout(struct map *m, unsigned line, const char *said, const char *value)
{
	unsigned long n = is_number(value) ? strtoul(value, NULL, 10) : 0;

	if (n < 1 || n > 3600) {
		gw_other_note(m->o, line, GW_FATE_LEFT, said, "`timeout` stays 60 seconds");
		return;
	}
	gw_other_set(m->o, "timeout", true, "%lu", n);
	became(m, line, said, "timeout", true);
}

static void take_subscribed(struct map *m, unsigned line, const char *said, const char *value)
{
	gw_other_set(m->o, "subscribed", true, "%s", is_true(value) ? "yes" : "no");
	became(m, line, said, "subscribed", true);
}

static void never_delete(struct map *m, unsigned line, const char *said, const char *value)
{
	if (!is_true(value))
		gw_other_set(m->o, "delete", false, "never");
	gw_other_note(m->o, line, GW_FATE_BECAME, said, "%s",
		is_true(value) ? "as ever" : "delete = \"never\"");
}

static void take_real_delete(struct map *m, unsigned line, const char *said, const char *value)
{
	if (is_true(value))
		gw_other_set(m->o, "delete", false, "expunge");
	gw_other_note(m->o, line, GW_FATE_BECAME, said, "%s",
		is_true(value) ? "delete = \"expunge\"" : "delete = \"trash\"");
}

static void take_readonly(
	struct map *m, unsigned line, const char *said, const char *value, const char *direction)
{
	const char *other = gw_other_get(m->o, "direction");

	if (!is_true(value))
		return;
	if (other != NULL && strcmp(other, direction) != 0) {
		gw_other_note(m->o, line, GW_FATE_HEED, said,
			"with both sides read-only nothing would be carried over: choose a `direction`");
		return;
	}
	gw_other_set(m->o, "direction", false, "%s", direction);
	became(m, line, said, "direction", false);
}

static void take_readonly_there(struct map *m, unsigned line, const char *said, const char *value)
{
	take_readonly(m, line, said, value, "pull");
}

static void take_readonly_here(struct map *m, unsigned line, const char *said, const char *value)
{
	take_readonly(m, line, said, value, "push");
}

static void take_nametrans(struct map *m, unsigned line, const char *said, const char *value)
{
	(void)said;
	gw_other_text(m->o, &m->o->nametrans, value);
	gw_other_note(m->o, line, GW_FATE_BECAME, "nametrans",
		"tried on each name: `local`, `layout` or nothing, see below");
}

static void take_filter(struct map *m, unsigned line, const char *said, const char *value)
{
	(void)said;
	gw_other_text(m->o, &m->o->folderfilter, value);
	gw_other_note(m->o, line, GW_FATE_BECAME, "folderfilter",
		"tried on each name: folders, see below; what is made later comes, too, unless you "
		"name it there");
}

static void take_includes(struct map *m, unsigned line, const char *said, const char *value)
{
	gw_other_text(m->o, &m->o->folderincludes, value);
	gw_other_note(m->o, line, GW_FATE_BECAME, said, "folders, see below");
}

/* "['INBOX', 'x']" */
static void take_idle(struct map *m, unsigned line, const char *said, const char *value)
{
	struct gw_buf list;
	bool ok = true;
	size_t count = 0;

	gw_buf_init(&list, 8192);
	for (const char *p = value; *p != '\0' && ok;) {
		size_t n = strcspn(p, "'\""), end;

		if (p[n] == '\0')
			break;
		end = strcspn(p + n + 1, "'\"");
		ok = p[n + 1 + end] != '\0' &&
		     gw_buf_printf(&list, "%s\"%.*s\"", count++ == 0 ? "{" : ", ", (int)end,
			     p + n + 1) == GW_OK;
		p += n + 1 + end + (ok ? 1 : 0);
	}
	if (ok && count > 0 && gw_buf_puts(&list, "}") == GW_OK &&
		strpbrk(gw_buf_cstr(&list), "\\$\n") == NULL) {
		gw_other_set(m->o, "watch", true, "%s", gw_buf_cstr(&list));
		became(m, line, said, "watch", true);
	} else {
		gw_other_note(m->o, line, GW_FATE_HEED, said, "write its mailboxes into `watch`");
	}
	gw_buf_deinit(&list);
}

static void take_reference(struct map *m, unsigned line, const char *said, const char *value)
{
	gw_other_note(m->o, line, *value == '\0' ? GW_FATE_LEFT : GW_FATE_HEED, said,
		"names are as the server lists them; look at the directories below");
}

/* --- this side --------------------------------------------------------------------------------- */

static void take_folders_dir(struct map *m, unsigned line, const char *said, const char *value)
{
	char *path = gw_other_path(value, m->home);

	for (size_t n = path == NULL ? 0 : strlen(path); n > 1 && path[n - 1] == '/'; n--)
		path[n - 1] = '\0';
	if (path == NULL)
		m->o->failed = true;
	else
		gw_other_text(m->o, &m->o->path, path);
	gw_other_note(m->o, line, GW_FATE_BECAME, said, "maildir, see below");
	free(path);
}

static void take_sep(struct map *m, unsigned line, const char *said, const char *value)
{
	gw_other_text(m->o, &m->o->sep, value);
	gw_other_note(m->o, line, GW_FATE_BECAME, said,
		strcmp(value, "/") == 0
			? "layout = \"fs\""
			: "a section `folder` with `local` for each mailbox that has one; "
			  "name those that come later likewise");
}

static void take_windows(struct map *m, unsigned line, const char *said, const char *value)
{
	if (!is_true(value)) {
		gw_other_note(m->o, line, GW_FATE_LEFT, said, "as usual");
		return;
	}
	gw_other_set(m->o, "info-separator", false, "!");
	became(m, line, said, "info-separator", false);
}

/* --- the account ------------------------------------------------------------------------------- */

static void add_limit(struct map *m, const char *key, const char *value)
{
	struct gw_buf limits;

	gw_buf_init(&limits, 4096);
	if (gw_buf_puts(&limits, m->o->limits != NULL ? m->o->limits : "") != GW_OK ||
		gw_buf_printf(&limits, "    %s = ", key) != GW_OK ||
		gw_buf_puts(&limits, value) != GW_OK || gw_buf_puts(&limits, "\n") != GW_OK)
		m->o->failed = true;
	gw_other_text(m->o, &m->o->limits, gw_buf_cstr(&limits));
	gw_buf_deinit(&limits);
}

static void take_max_age(struct map *m, unsigned line, const char *said, const char *value)
{
	char date[50];

	if (is_number(value)) {
		add_limit(m, "max-age", value);
		gw_other_note(m->o, line, GW_FATE_BECAME, said,
			"max-age = %s, of all mailboxes; what gets older leaves this side only",
			value);
	} else {
		snprintf(date, sizeof date, "\"%.40s\"", value);
		add_limit(m, "since", date);
		gw_other_note(m->o, line, GW_FATE_BECAME, said,
			"since = %s, of all mailboxes; what is older leaves this side only", date);
	}
}

static void take_max_size(struct map *m, unsigned line, const char *said, const char *value)
{
	char quoted[40];

	if (!is_number(value)) {
		gw_other_note(m->o, line, GW_FATE_HEED, said, "is no number");
		return;
	}
	snprintf(quoted, sizeof quoted, "\"%.20s\"", value);
	add_limit(m, "max-size", quoted);
	gw_other_note(m->o, line, GW_FATE_BECAME, said, "max-size = %s, of all mailboxes", quoted);
}

static void take_refresh(struct map *m, unsigned line, const char *said, const char *value)
{
	double minutes = strtod(value, NULL);

	if (!(minutes > 0))
		return;
	gw_other_set(m->o, "poll", true, "%.0f",
		minutes * 60 > 86400 ? 86400
		: minutes * 60 < 10  ? 10
				     : minutes * 60);
	gw_other_note(m->o, line, GW_FATE_BECAME, said, "poll = %s, of `godwit watch`",
		gw_other_get(m->o, "poll"));
}

static void take_post_hook(struct map *m, unsigned line, const char *said, const char *value)
{
	gw_other_set(m->o, "on-sync", false, "%s", value);
	gw_other_note(m->o, line, GW_FATE_BECAME, said,
		"on-sync = \"%s\", which runs if anything changed", value);
}

enum { ACCOUNT = 1, THERE = 2, HERE = 4, GENERAL = 8 };

static const struct rule {
	const char *key;
	unsigned where;
	take_fn *take;
	const char *words; /* of those without take; "!" in front: a person has to look at it */
} rules[] = {
	{ "type", THERE | HERE, NULL, "" },
	{ "remotehost", THERE, take_host, NULL },
	{ "remotehosteval", THERE, take_host_eval, NULL },
	{ "remoteport", THERE, take_port, NULL },
	{ "remoteuser", THERE, take_user, NULL },
	{ "remoteusereval", THERE, take_user_eval, NULL },
	{ "remotepass", THERE, take_password, NULL },
	{ "remotepassfile", THERE, take_password_file, NULL },
	{ "remotepasseval", THERE, take_password_eval, NULL },
	{ "oauth2_access_token_eval", THERE, take_token_eval, NULL },
	{ "auth_mechanisms", THERE, take_mechanisms, NULL },
	{ "oauth2_client_id", THERE, take_client_id, NULL },
	{ "oauth2_client_secret", THERE, take_client_secret, NULL },
	{ "oauth2_request_url", THERE, take_token_url, NULL },
	{ "oauth2_refresh_token", THERE, take_refresh_token, NULL },
	{ "oauth2_refresh_token_eval", THERE, take_refresh_token, NULL },
	{ "ssl", THERE, NULL, "tls, see below" },
	{ "starttls", THERE, NULL, "tls, see below" },
	{ "sslcacertfile", THERE, take_ca_file, NULL },
	{ "cert_fingerprint", THERE, NULL,
		"!is of the certificate, tls-pin is of its key: `godwit doctor` prints that; or put the certificate into a file and name it in tls-ca-file" },
	{ "sslclientcert", THERE, NULL, "!client certificates have no counterpart" },
	{ "sslclientkey", THERE, NULL, "!client certificates have no counterpart" },
	{ "ssl_version", THERE, NULL, "TLS 1.2 or later is always used" },
	{ "tls_level", THERE, NULL, "TLS 1.2 or later is always used" },
	{ "preauthtunnel", THERE, take_tunnel, NULL },
	{ "transporttunnel", THERE, take_tunnel, NULL },
	{ "maxconnections", THERE, take_connections, NULL },
	{ "subscribedonly", THERE, take_subscribed, NULL },
	{ "expunge", THERE, never_delete, NULL },
	{ "sync_deletes", THERE, never_delete, NULL },
	{ "realdelete", THERE, take_real_delete, NULL },
	{ "trashfolder", THERE, NULL, "the mailbox that the server marks as \\Trash" },
	{ "spamfolder", THERE, NULL, "the mailbox that the server marks as \\Junk" },
	{ "readonly", THERE, take_readonly_there, NULL },
	{ "readonly", HERE, take_readonly_here, NULL },
	{ "nametrans", THERE, take_nametrans, NULL },
	{ "nametrans", HERE, NULL,
		"not needed: what is made here has its name there by the layout" },
	{ "folderfilter", THERE, take_filter, NULL },
	{ "folderfilter", HERE, NULL,
		"!is not tried on directories here: look at what would be uploaded" },
	{ "folderincludes", THERE, take_includes, NULL },
	{ "idlefolders", THERE, take_idle, NULL },
	{ "reference", THERE, take_reference, NULL },
	{ "createfolders", THERE | HERE, NULL,
		"godwit makes what is missing on both sides; `folders` says which mailboxes count" },
	{ "keepalive", THERE, NULL, "`godwit watch` does so by itself" },
	{ "holdconnectionopen", THERE, NULL, "`godwit watch` does so by itself" },
	{ "usecompression", THERE, NULL, "where it pays (`compress`)" },
	{ "proxy", THERE | ACCOUNT, NULL,
		"!if it speaks SOCKS5, write proxy = \"socks5://host:port\" into the account" },
	{ "authproxy", THERE | ACCOUNT, NULL, "!a proxy has no counterpart but tunnel-command" },
	{ "remote_identity", THERE, NULL, "!has no counterpart" },
	{ "decodefoldernames", THERE, NULL, "names are always UTF-8 here" },
	{ "utf8foldernames", ACCOUNT | THERE | HERE, NULL, "names are always UTF-8 here" },
	{ "foldersort", THERE, NULL, "INBOX comes first" },
	{ "dynamic_folderfilter", ACCOUNT | THERE | HERE, NULL, "folders, see below" },
	{ "copy_ignore_eval", THERE, NULL, "what cannot be fetched is set aside by itself" },
	{ "singlethreadperfolder", THERE, NULL, "connections are shared by all mailboxes" },
	{ "filterheaders", HERE | THERE, NULL, "!has no counterpart: mail is sent as it is" },
	{ "localfolders", HERE, take_folders_dir, NULL },
	{ "sep", HERE, take_sep, NULL },
	{ "restoreatime", HERE, NULL, "not needed" },
	{ "filename_use_mail_timestamp", HERE | ACCOUNT, NULL, "file names are godwit's own" },
	{ "utime_from_header", HERE | ACCOUNT, NULL, "a file's time is the server's date" },
	{ "fsync", HERE | ACCOUNT | GENERAL, NULL, "always" },
	{ "customflag_a", HERE, NULL,
		"!keywords get their letters by dovecot-keywords, in each mailbox" },
	{ "localrepository", ACCOUNT, NULL, "" },
	{ "remoterepository", ACCOUNT, NULL, "" },
	{ "maxage", ACCOUNT, take_max_age, NULL },
	{ "startdate", ACCOUNT | THERE | HERE, NULL,
		"!a date: write a section `folder \"*\"` with `max-age` (days)" },
	{ "maxsize", ACCOUNT, take_max_size, NULL },
	{ "autorefresh", ACCOUNT, take_refresh, NULL },
	{ "quick", ACCOUNT, NULL, "every sync is" },
	{ "presynchook", ACCOUNT, NULL,
		"!has no counterpart: let what starts godwit do it first (ExecStartPre= in its unit)" },
	{ "postsynchook", ACCOUNT, take_post_hook, NULL },
	{ "newmail_hook", ACCOUNT | THERE | HERE, NULL, "!write a command into on-new-mail" },
	{ "synclabels", ACCOUNT, NULL,
		"!see `labels`: they are keywords, and no header of the message" },
	{ "labelsheader", ACCOUNT, NULL,
		"!see `labels`: they are keywords, and no header of the message" },
	{ "ignorelabels", ACCOUNT, NULL, "!see `labels`" },
	{ "maildir-windows-compatible", ACCOUNT | HERE, take_windows, NULL },
	{ "status_backend", ACCOUNT, NULL, "not used" },
	{ "enabled", ACCOUNT, NULL, "" },
	{ "accounts", GENERAL, NULL, "" },
	{ "pythonfile", GENERAL, NULL, "" },
	{ "socktimeout", GENERAL, take_timeout, NULL },
	{ "ui", GENERAL, NULL, "progress is drawn on a terminal" },
	{ "metadata", GENERAL, NULL, "not used: messages are known by their content" },
	{ "maxsyncaccounts", GENERAL, NULL, "accounts are worked on side by side" },
};

/* "said = value", cut; expressions over lines are not repeated. */
static void say(const struct gw_ini_item *item, const char *value, char *out, size_t size)
{
	snprintf(out, size, "%s = %.80s%s", item->key, value, strlen(value) > 80 ? "..." : "");
	out[strcspn(out, "\n")] = '\0';
}

static void take_item(struct map *m, const struct gw_ini_item *item, unsigned where)
{
	char *value = gw_ini_get(m->ini, m->section, item->key), said[160];

	if (value == NULL) {
		gw_other_note(m->o, item->line, GW_FATE_HEED, item->key,
			"refers to something that is not there (\"%%(...)s\")");
		return;
	}
	say(item, value, said, sizeof said);
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		const char *words = rules[i].words;

		if (!(rules[i].where & where) || strcmp(rules[i].key, item->key) != 0)
			continue;
		if (rules[i].take != NULL)
			rules[i].take(m, item->line, said, value);
		else if (*words != '\0')
			gw_other_note(m->o, item->line, *words == '!' ? GW_FATE_HEED : GW_FATE_LEFT,
				said, "%s", words + (*words == '!'));
		free(value);
		return;
	}
	gw_other_note(m->o, item->line, GW_FATE_HEED, item->key, "is not known, and left out");
	free(value);
}

static void take_section(struct map *m, const struct gw_ini_section *s, unsigned where)
{
	m->section = s;
	for (size_t i = 0; s != NULL && i < s->count; i++)
		take_item(m, &s->items[i], where);
}

static bool truth(const struct map *m, const struct gw_ini_section *s, const char *key, bool usual)
{
	char *value = gw_ini_get(m->ini, s, key);
	bool yes = value == NULL ? usual : is_true(value);

	free(value);
	return yes;
}

/* Fills in offlineimap's defaults. */
static void fill_defaults(struct map *m, const struct gw_ini_section *there)
{
	struct gw_other *o = m->o;

	if (gw_other_get(o, "tls") == NULL && gw_other_get(o, "tunnel-command") == NULL)
		gw_other_set(o, "tls", false, "%s",
			truth(m, there, "ssl", true)        ? "implicit"
			: truth(m, there, "starttls", true) ? "starttls"
							    : "none");
	if (m->gmail && gw_other_get(o, "host") == NULL)
		gw_other_set(o, "host", false, "imap.gmail.com");
	if (gw_other_get(o, "delete") == NULL) {
		gw_other_set(o, "delete", false, m->gmail ? "trash" : "expunge");
		gw_other_note(o, there->line, GW_FATE_BECAME, "what is deleted here",
			"delete = \"%s\", as it was; without that key it goes to the trash",
			gw_other_get(o, "delete"));
	}
	if (m->token)
		gw_other_set(o, "auth", false, "oauth2");
	if (o->sep == NULL)
		gw_other_text(o, &o->sep, ".");
	if (gw_other_get(o, "password-command") != NULL || m->token ||
		gw_other_get(o, "tunnel-command") != NULL)
		return;
	gw_other_set(o, "password-command", false,
		"awk -v h='%s' -v u='%s' '{for(i=1;i<NF;i++){if($i==\"machine\"){m=$(i+1);l=\"\"}"
		"if($i==\"login\")l=$(i+1);if($i==\"password\"&&m==h&&(l==u||l==\"\")){print $(i+1);exit}}}' "
		"~/.netrc",
		gw_other_get(o, "host") == NULL ? "" : gw_other_get(o, "host"),
		gw_other_get(o, "user") == NULL ? "" : gw_other_get(o, "user"));
	gw_other_note(o, there->line, GW_FATE_HEED, "no password",
		"offlineimap asks, or looks into ~/.netrc: password-command does the latter");
}

static const struct gw_ini_section *repository(
	const struct map *m, const struct gw_ini_section *account, const char *key)
{
	char *name = gw_ini_get(m->ini, account, key), *full = NULL;
	const struct gw_ini_section *s = NULL;

	if (name != NULL && asprintf(&full, "Repository %s", name) >= 0)
		s = gw_ini_find(m->ini, full);
	free(name);
	free(full);
	return s;
}

static bool type_is(const struct map *m, const struct gw_ini_section *s, const char *type)
{
	char *value = gw_ini_get(m->ini, s, "type");
	bool is = value != NULL && strcasecmp(value, type) == 0;

	free(value);
	return is;
}

static void take_pythonfile(struct map *m, const struct gw_ini_section *general)
{
	char *text = gw_ini_get(m->ini, general, "pythonfile");
	char *path = text == NULL ? NULL : gw_other_path(text, m->home);

	if (path != NULL)
		gw_other_text(m->o, &m->o->pythonfile, path);
	free(text);
	free(path);
}

static void take_account(struct map *m, const struct gw_ini_section *account, const char *name)
{
	const struct gw_ini_section *here = repository(m, account, "localrepository");
	const struct gw_ini_section *there = repository(m, account, "remoterepository");
	const struct gw_ini_section *general = gw_ini_find(m->ini, "general");

	gw_other_name(m->o, name);
	m->o->by_wire = true;
	m->gmail = there != NULL && type_is(m, there, "Gmail");
	if (here == NULL || there == NULL || !(m->gmail || type_is(m, there, "IMAP")) ||
		!(type_is(m, here, "Maildir") || type_is(m, here, "GmailMaildir"))) {
		gw_other_note(m->o, account->line, GW_FATE_HEED, name,
			"godwit keeps a server and a Maildir in step; this account has no Repository of "
			"type IMAP or Gmail, or none of type Maildir");
		return;
	}
	take_pythonfile(m, general);
	take_section(m, general, GENERAL);
	take_section(m, account, ACCOUNT);
	take_section(m, there, THERE);
	take_section(m, here, HERE);
	fill_defaults(m, there);
}

static enum gw_code map_accounts(const struct gw_ini *ini, const char *file, const char *home,
	struct gw_others *out, struct gw_error *err)
{
	const struct gw_ini_section *general = gw_ini_find(ini, "general");
	char *names = general == NULL ? NULL : gw_ini_get(ini, general, "accounts"), *rest = names;

	if (names == NULL)
		return gw_fail(err, GW_ERR_CONFIG,
			"%s: there is no `accounts` in a section [general]", file);
	for (char *name; (name = strtok_r(rest, ", \t\n", &rest)) != NULL;) {
		struct map m = { .ini = ini, .file = file, .home = home };
		char section[300];
		const struct gw_ini_section *account;

		snprintf(section, sizeof section, "Account %.200s", name);
		account = gw_ini_find(ini, section);
		if (account == NULL) {
			gw_others_note(out, general->line, name,
				"there is no section [Account] of that name");
			continue;
		}
		m.o = gw_array_push((void **)&out->list, &out->count, &out->cap, sizeof *out->list);
		if (m.o == NULL) {
			out->failed = true;
			break;
		}
		take_account(&m, account, name);
	}
	free(names);
	if (gw_ini_find(ini, "mbnames") != NULL && gw_ini_find(ini, "mbnames")->count > 0)
		gw_others_note(out, gw_ini_find(ini, "mbnames")->line, "[mbnames]",
			"mutt's `mailboxes` lines have no counterpart; a shell line in muttrc makes them");
	return GW_OK;
}

enum gw_code gw_import_offlineimap(struct gw_slice text, const char *file, const char *home,
	struct gw_others *out, struct gw_error *err)
{
	struct gw_ini ini;
	enum gw_code code = gw_ini_read(text, file, &ini, err);

	*out = (struct gw_others){ 0 };
	if (code != GW_OK)
		return code;
	code = map_accounts(&ini, file, home, out, err);
	gw_ini_deinit(&ini);
	for (size_t i = 0; i < out->count; i++)
		out->failed |= out->list[i].failed;
	if (code == GW_OK && out->failed)
		code = gw_fail(err, GW_ERR_NOMEM, "out of memory");
	if (code != GW_OK)
		gw_others_deinit(out);
	return code;
}
