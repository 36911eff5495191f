/* SPDX-License-Identifier: ISC */
/* cli/config_keys.c - see config_keys.h; the keys are documented in godwit(5). */
#include "cli/config_keys.h"

#include "base/text.h"
#include "cli/amount.h"
#include "cli/config.h"
#include "cli/config_pop3.h"
#include "cli/config_smtp.h"

#include <strings.h>

static cfg_opt_t folder_keys[] = {
	CFG_STR("max-age", "0", CFGF_NONE),
	CFG_STR("since", NULL, CFGF_NODEFAULT),
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
	CFG_INT("port", 0, CFGF_NODEFAULT),
	CFG_STR("tls", NULL, CFGF_NODEFAULT),
	CFG_STR("tls-ca-file", NULL, CFGF_NODEFAULT),
	CFG_STR("tls-client-cert", NULL, CFGF_NODEFAULT),
	CFG_STR("tls-client-key", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("auth-mechanisms", NULL, CFGF_NODEFAULT),
	CFG_STR_LIST("tls-pin", NULL, CFGF_NODEFAULT),
	CFG_STR("tunnel-command", NULL, CFGF_NODEFAULT),
	CFG_STR("proxy", NULL, CFGF_NODEFAULT),
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
	CFG_INT("connections", 0, CFGF_NODEFAULT),
	CFG_BOOL("compress", cfg_true, CFGF_NONE),
	CFG_STR("bandwidth", NULL, CFGF_NODEFAULT),
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
	CONFIG_POP3_KEYS,
	CONFIG_SMTP_KEYS,
	CFG_END(),
};

static cfg_opt_t top_keys[] = {
	CFG_STR("state-dir", NULL, CFGF_NODEFAULT),
	CFG_BOOL("sandbox", cfg_true, CFGF_NONE),
	CFG_SEC("account", account_keys, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_END(),
};

cfg_opt_t *config_keys(void)
{
	return top_keys;
}

/* What other programs call a key. */
static const char *called_otherwise(const char *word)
{
	static const struct {
		const char *theirs, *ours;
	} words[] = { { "server", "host" }, { "imap", "host" }, { "login", "user" },
		{ "email", "user" }, { "address", "user" }, { "ssl", "tls" }, { "starttls", "tls" },
		{ "path", "maildir" }, { "directory", "maildir" }, { "mailboxes", "folders" },
		{ "patterns", "folders" }, { "size", "max-size" }, { "age", "max-age" },
		{ "days", "max-age" }, { "messages", "max-messages" } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcasecmp(words[i].theirs, word) == 0)
			return words[i].ours;
	}
	return "";
}

const char *config_nearest_key(const cfg_t *section, const char *word)
{
	const char *best = NULL, *ours = called_otherwise(word);
	unsigned best_distance = strlen(word) < 8 ? (unsigned)strlen(word) / 2 + 1 : 5;

	for (const cfg_opt_t *o = section->opts; o->name != NULL; o++) {
		unsigned d = strcmp(o->name, ours) == 0 ? 0 : gw_edit_distance(o->name, word);

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

const char *config_meant_key(const char *word)
{
	static const char *const passwords[] = { "password", "pass", "passwd", "secret" };

	for (size_t i = 0; i < sizeof passwords / sizeof *passwords; i++) {
		if (strcasecmp(passwords[i], word) == 0)
			return "; godwit keeps no password: `password-command` is a command that prints "
			       "it, such as \"pass show mail\"";
	}
	if (word[0] != '\0' && word[strlen(word) - 1] == ':')
		return "; between a key and its value stands \"=\"";
	if (amount_is_unit(word))
		return "; a number with a blank before its unit stands in quotes: \"20 %\", \"2 M\"";
	if (has_key(folder_keys, word))
		return "; it belongs into a section folder \"PATTERN\" { } of the account";
	if (has_key(account_keys, word))
		return "; it belongs into a section account \"NAME\" { }";
	if (strchr(word, '_') != NULL)
		return "; between the words of a key stands \"-\", no \"_\"";
	return has_key(top_keys, word) ? "; it stands before the accounts, outside of them" : NULL;
}

void config_print_keys(FILE *to)
{
	for (const cfg_opt_t *o = account_keys; o->name != NULL; o++)
		fprintf(to, "%s\n", o->name);
}
