/* SPDX-License-Identifier: ISC */
/* import/mbsync.c - what mbsync's stores and channels are in godwit's words; see other.h. */
#include "import/command.h"
#include "import/mbsyncrc.h"
#include "import/other.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct map {
	const struct gw_mbsync_file *f;
	const char *file, *home;
	struct gw_other *o;
	bool swapped;     /* the far side is the one here */
	bool first;       /* the account's first channel */
	bool token;       /* XOAUTH2 */
	bool trash;       /* the server's side has a Trash */
	bool system_cert; /* SystemCertificates is not "no" */
	struct gw_other_channel *channel;
};

typedef void take_fn(struct map *m, const struct gw_mbsync_item *item, const char *said);

static void became(
	struct map *m, const struct gw_mbsync_item *item, const char *said, const char *key)
{
	const struct gw_other_key *k = gw_other_key(m->o, key);

	if (k != NULL)
		gw_other_note(m->o, item->line, GW_FATE_BECAME, said,
			k->plain ? "%s = %s" : "%s = \"%s\"", key, k->value);
}

/* "12 IMAPS", with a number at its beginning. */
static bool is_number(const char *text)
{
	return *text != '\0' && strspn(text, "0123456789") == strlen(text) && strlen(text) < 7;
}

static void take_host(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	const char *host = item->args[0];

	if (strncasecmp(host, "imaps:", 6) == 0) { /* as old versions had it */
		host += 6;
		gw_other_set(m->o, "tls", false, "implicit");
	} else if (strncasecmp(host, "imap:", 5) == 0) {
		host += 5;
	}
	gw_other_set(m->o, "host", false, "%s", host + strspn(host, "/"));
	became(m, item, said, "host");
}

static void take_port(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	if (!is_number(item->args[0])) {
		gw_other_note(m->o, item->line, GW_FATE_HEED, said, "is no number");
		return;
	}
	gw_other_set(m->o, "port", true, "%s", item->args[0]);
	became(m, item, said, "port");
}

static void take_timeout(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	unsigned long s = is_number(item->args[0]) ? strtoul(item->args[0], NULL, 10) : 0;

	if (s == 0 || s > 3600) {
		gw_other_note(m->o, item->line, GW_FATE_LEFT, said,
			"godwit never waits for ever: `timeout` stays 60 seconds");
		return;
	}
	gw_other_set(m->o, "timeout", true, "%lu", s);
	became(m, item, said, "timeout");
}

static void take_user(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	gw_other_set(m->o, "user", false, "%s", item->args[0]);
	became(m, item, said, "user");
}

static void take_user_command(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	gw_other_ask(m->o, "user", item->args[0] + (item->args[0][0] == '+'));
	gw_other_note(m->o, item->line, GW_FATE_BECAME, said, "user = what it prints now");
}

static void take_password_command(
	struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	const char *key = m->token ? "token-command" : "password-command";

	gw_other_set(m->o, key, false, "%s", item->args[0] + (item->args[0][0] == '+'));
	became(m, item, said, key);
}

static void take_password(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	struct gw_buf command;

	(void)said; /* it would show the password */
	gw_buf_init(&command, 8192);
	if (gw_buf_printf(&command,
		    "sed -n '%u{s/^[[:space:]]*[A-Za-z]*[[:space:]]*//;s/[[:space:]]*$//;s/^\"//;s/\"$//;"
		    "s/\\\\\\(.\\)/\\1/g;p}' ",
		    item->line) != GW_OK ||
		gw_import_quote(m->file, &command) != GW_OK)
		m->o->failed = true;
	gw_other_set(m->o, "password-command", false, "%s", gw_buf_cstr(&command));
	gw_other_note(m->o, item->line, GW_FATE_HEED, "Pass ...",
		"password-command reads it from that line: put the password into a store (`pass insert`, "
		"`secret-tool store`) before the old file goes");
	gw_buf_deinit(&command);
}

static void take_tunnel(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	gw_other_set(m->o, "tunnel-command", false, "%s", item->args[0]);
	became(m, item, said, "tunnel-command");
}

static void take_tls(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	const char *type = item->args[0];

	if (strcasecmp(type, "IMAPS") == 0)
		gw_other_set(m->o, "tls", false, "implicit");
	else if (strcasecmp(type, "STARTTLS") == 0)
		gw_other_set(m->o, "tls", false, "starttls");
	else if (strcasecmp(type, "None") == 0)
		gw_other_set(m->o, "tls", false, "none");
	else
		gw_other_note(m->o, item->line, GW_FATE_HEED, said, "is not known");
	became(m, item, said, "tls");
}

static void take_use_imaps(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	gw_other_set(m->o, "tls", false, "%s",
		strcasecmp(item->args[0], "yes") == 0 ? "implicit" : "starttls");
	became(m, item, said, "tls");
}

static void take_certificate(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	char *path = gw_other_path(item->args[0], m->home);

	if (path == NULL) {
		m->o->failed = true;
	} else if (strncmp(path, "/etc/ssl/", 9) == 0 || strncmp(path, "/etc/pki/", 9) == 0) {
		gw_other_note(m->o, item->line, GW_FATE_BECAME, said,
			"the system's authorities, which are trusted anyway");
	} else {
		gw_other_set(m->o, "tls-ca-file", false, "%s", path);
		gw_other_note(m->o, item->line, m->system_cert ? GW_FATE_HEED : GW_FATE_BECAME,
			said, "tls-ca-file = \"%s\"%s", path,
			m->system_cert
				? ", and only what is in it: leave the key out if the server's "
				  "certificate is an ordinary one"
				: "");
	}
	free(path);
}

static void take_mechanisms(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	gw_other_note(m->o, item->line, m->token ? GW_FATE_BECAME : GW_FATE_LEFT, said, "%s",
		m->token ? "auth = \"oauth2\"" : "godwit takes PLAIN or LOGIN, inside TLS");
}

static void take_subscribed(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	bool yes = strcasecmp(item->args[0], "yes") == 0;

	gw_other_set(m->o, "subscribed", true, "%s", yes ? "yes" : "no");
	became(m, item, said, "subscribed");
}

static void take_far_path(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	gw_other_text(m->o, &m->o->far_path, item->args[0]);
	gw_other_note(m->o, item->line, GW_FATE_BECAME, said,
		"directories are named without it; names of mailboxes have it");
}

static void take_flatten_far(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	gw_other_note(m->o, item->line, GW_FATE_HEED, said,
		"has no counterpart on the server's side: mailboxes keep the names that they have there");
}

static void take_trash_far(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	gw_other_note(m->o, item->line, GW_FATE_BECAME, said,
		"delete = \"trash\", into the server's own trash (\\Trash), else one with a usual name");
}

static void take_max_size(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	char *end = NULL;
	unsigned long long n = strtoull(item->args[0], &end, 10);

	if (*end == 'k' || *end == 'K')
		n <<= 10;
	else if (*end == 'm' || *end == 'M')
		n <<= 20;
	if (n == 0 || n > UINT32_MAX || m->channel == NULL)
		return;
	m->channel->max_size = n;
	m->o->placeholders = true;
	gw_other_note(m->o, item->line, GW_FATE_HEED, said,
		"max-size = \"%llu\": larger ones stay on the server, without a placeholder here",
		n);
}

static void take_path(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	char *path = gw_other_path(item->args[0], m->home);

	if (path == NULL)
		m->o->failed = true;
	else
		gw_other_text(m->o, &m->o->path, path);
	gw_other_note(m->o, item->line, GW_FATE_BECAME, said, "maildir, see below");
	free(path);
}

static void take_inbox(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	char *path = gw_other_path(item->args[0], m->home);

	for (size_t n = path == NULL ? 0 : strlen(path); n > 1 && path[n - 1] == '/'; n--)
		path[n - 1] = '\0';
	if (path == NULL)
		m->o->failed = true;
	else
		gw_other_text(m->o, &m->o->inbox, path);
	gw_other_note(m->o, item->line, GW_FATE_BECAME, said, "the directory of INBOX, see below");
	free(path);
}

static void take_style(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	const char *style = item->args[0];

	m->o->style = strcasecmp(style, "Verbatim") == 0    ? GW_STYLE_VERBATIM
		      : strcasecmp(style, "Maildir++") == 0 ? GW_STYLE_MAILDIRPP
		      : strcasecmp(style, "Legacy") == 0    ? GW_STYLE_LEGACY
							    : GW_STYLE_NONE;
	gw_other_note(m->o, item->line,
		m->o->style == GW_STYLE_NONE ? GW_FATE_HEED : GW_FATE_BECAME, said,
		m->o->style == GW_STYLE_NONE ? "is not known" : "layout, see below");
}

static void take_flatten(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	gw_other_text(m->o, &m->o->flatten, item->args[0]);
	gw_other_note(m->o, item->line, GW_FATE_BECAME, said,
		"a section `folder` with `local` for each mailbox that has a \"/\"; name those that come "
		"later likewise");
}

static void take_map_inbox(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	gw_other_text(m->o, &m->o->map_inbox, item->args[0]);
	gw_other_note(m->o, item->line, GW_FATE_BECAME, said, "the directory of INBOX, see below");
}

static void take_delimiter(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	const char *given = item->args[0];

	if (strcmp(given, ";") == 0 || strcmp(given, "!") == 0) {
		gw_other_set(m->o, "info-separator", false, "%s", given);
		became(m, item, said, "info-separator");
	} else if (strcmp(given, ":") == 0) {
		gw_other_note(m->o, item->line, GW_FATE_LEFT, said, "as usual");
	} else {
		gw_other_note(m->o, item->line, GW_FATE_HEED, said,
			"godwit knows \":\", \";\" and \"!\": rename the files first, or their flags "
			"are lost");
	}
}

/* --- channels ---------------------------------------------------------------------------------- */

static bool is_far(const char *word)
{
	return strcasecmp(word, "Far") == 0 || strcasecmp(word, "Master") == 0;
}

static bool is_near(const char *word)
{
	return strcasecmp(word, "Near") == 0 || strcasecmp(word, "Slave") == 0;
}

/* Finds which sides the words of Create, Remove or Expunge name. */
static void read_sides(
	const struct map *m, const struct gw_mbsync_item *item, bool *here, bool *there)
{
	bool far = false, near = false;

	for (size_t i = 0; i < item->arg_count; i++) {
		bool both = strcasecmp(item->args[i], "Both") == 0 ||
			    strcasecmp(item->args[i], "Yes") == 0;

		far |= both || is_far(item->args[i]);
		near |= both || is_near(item->args[i]);
	}
	*here = m->swapped ? far : near;
	*there = m->swapped ? near : far;
}

/* Sets one key of the account, which each channel may set differently. */
static void set_of_channel(struct map *m, const struct gw_mbsync_item *item, const char *said,
	const char *key, bool plain, const char *value)
{
	const char *present = gw_other_get(m->o, key);

	if (m->first || present == NULL) {
		gw_other_set(m->o, key, plain, "%s", value);
		gw_other_note(m->o, item->line, GW_FATE_BECAME, said,
			plain ? "%s = %s" : "%s = \"%s\"", key, value);
	} else if (strcmp(present, value) != 0) {
		gw_other_note(m->o, item->line, GW_FATE_HEED, said,
			"is %s = \"%s\" in another channel; godwit has one value for the account",
			key, present);
	}
}

static void take_expunge(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	bool here, there;

	read_sides(m, item, &here, &there);
	set_of_channel(
		m, item, said, "delete", false, there ? (m->trash ? "trash" : "expunge") : "never");
}

static void take_remove(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	bool here, there;

	read_sides(m, item, &here, &there);
	set_of_channel(m, item, said, "delete-folders", true, here && there ? "yes" : "no");
	if (here != there)
		gw_other_note(m->o, item->line, GW_FATE_HEED, said,
			"godwit carries deleted mailboxes over in both directions, or in none");
}

static void take_create(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	bool here, there;

	read_sides(m, item, &here, &there);
	gw_other_note(m->o, item->line, here && there ? GW_FATE_BECAME : GW_FATE_LEFT, said,
		"godwit makes what is missing on both sides; `folders` says which mailboxes count");
}

static void take_sync(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	bool pull = false, push = false, none = false, types = false;

	for (size_t i = 0; i < item->arg_count; i++) {
		const char *word = item->args[i];

		pull |= strncasecmp(word, "Pull", 4) == 0;
		push |= strncasecmp(word, "Push", 4) == 0;
		none |= strcasecmp(word, "None") == 0;
		types |= strcasecmp(word, "All") != 0 && strcasecmp(word, "Pull") != 0 &&
			 strcasecmp(word, "Push") != 0 && strcasecmp(word, "Full") != 0;
	}
	if (m->swapped) {
		bool was = pull;

		pull = push;
		push = was;
	}
	if (none)
		gw_other_note(m->o, item->line, GW_FATE_HEED, said,
			"leave such mailboxes out of `folders`");
	else
		set_of_channel(m, item, said, "direction", false,
			pull && !push   ? "pull"
			: push && !pull ? "push"
					: "both");
	if (types && !none)
		gw_other_note(m->o, item->line, GW_FATE_HEED, said,
			"godwit carries over all that changed: new messages, flags and deletions");
}

static void take_patterns(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	for (size_t i = 0; i < item->arg_count; i++) {
		char **slot = gw_array_push((void **)&m->channel->patterns,
			&m->channel->pattern_count, &m->channel->pattern_cap, sizeof *slot);

		if (slot == NULL || (*slot = strdup(item->args[i])) == NULL) {
			m->o->failed = true;
			m->channel->pattern_count -= slot != NULL;
		}
	}
	gw_other_note(m->o, item->line, GW_FATE_BECAME, said, "folders, see below");
}

static void take_side(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	bool far = is_far(item->key), there = far != m->swapped;
	const char *box = strchr(item->args[0] + 1, ':');

	box = box == NULL ? "" : box + 1;
	gw_other_text(m->o, there ? &m->channel->far : &m->channel->near, box);
	if (*box != '\0')
		gw_other_note(
			m->o, item->line, GW_FATE_BECAME, said, "folders and `local`, see below");
}

static void take_max_messages(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	unsigned long n = is_number(item->args[0]) ? strtoul(item->args[0], NULL, 10) : 0;

	m->channel->max_messages = (unsigned)n;
	gw_other_note(m->o, item->line, GW_FATE_BECAME, said, "max-messages = %lu", n);
}

static void take_expire_unread(struct map *m, const struct gw_mbsync_item *item, const char *said)
{
	bool yes = strcasecmp(item->args[0], "yes") == 0;

	gw_other_note(m->o, item->line, yes ? GW_FATE_HEED : GW_FATE_LEFT, said, "%s",
		yes ? "unread messages always stay with godwit" : "as ever: unread messages stay");
}

/* --- the table --------------------------------------------------------------------------------- */

enum { ACCOUNT = 1, IMAP = 2, MAILDIR = 4, CHANNEL = 8, GLOBAL = 16 };

static const struct rule {
	const char *key;
	unsigned where;
	take_fn *take;
	const char *words; /* of those without take: why nothing is missed */
} rules[] = {
	{ "Host", ACCOUNT, take_host, NULL },
	{ "Port", ACCOUNT, take_port, NULL },
	{ "Timeout", ACCOUNT, take_timeout, NULL },
	{ "User", ACCOUNT, take_user, NULL },
	{ "UserCmd", ACCOUNT, take_user_command, NULL },
	{ "Pass", ACCOUNT, take_password, NULL },
	{ "PassCmd", ACCOUNT, take_password_command, NULL },
	{ "Tunnel", ACCOUNT, take_tunnel, NULL },
	{ "SSLType", ACCOUNT, take_tls, NULL },
	{ "TLSType", ACCOUNT, take_tls, NULL },
	{ "UseIMAPS", ACCOUNT, take_use_imaps, NULL },
	{ "CertificateFile", ACCOUNT, take_certificate, NULL },
	{ "AuthMechs", ACCOUNT, take_mechanisms, NULL },
	{ "AuthMech", ACCOUNT, take_mechanisms, NULL },
	{ "RequireSSL", ACCOUNT, NULL, "TLS is always required" },
	{ "SSLVersions", ACCOUNT, NULL, "TLS 1.2 or later is always used" },
	{ "SSLVersion", ACCOUNT, NULL, "TLS 1.2 or later is always used" },
	{ "TLSVersions", ACCOUNT, NULL, "TLS 1.2 or later is always used" },
	{ "SystemCertificates", ACCOUNT, NULL,
		"the system's authorities, unless tls-ca-file is set" },
	{ "PipelineDepth", ACCOUNT, NULL, "godwit finds that out by itself" },
	{ "DisableExtension", ACCOUNT, NULL, "godwit finds out by itself what does not work" },
	{ "DisableExtensions", ACCOUNT, NULL, "godwit finds out by itself what does not work" },
	{ "Account", IMAP, NULL, "see there" },
	{ "UseNamespace", IMAP, NULL, "the namespace is always used" },
	{ "PathDelimiter", IMAP, NULL, "the server says what it is" },
	{ "SubscribedOnly", IMAP, take_subscribed, NULL },
	{ "Path", IMAP, take_far_path, NULL },
	{ "Flatten", IMAP, take_flatten_far, NULL },
	{ "Trash", IMAP, take_trash_far, NULL },
	{ "MaxSize", IMAP, NULL, "what is sent has no limit but the server's own" },
	{ "TrashNewOnly", IMAP | MAILDIR, NULL,
		"what is deleted here rests in the attic (`attic`)" },
	{ "TrashRemoteNew", IMAP | MAILDIR, NULL,
		"what is deleted here rests in the attic (`attic`)" },
	{ "Trash", MAILDIR, NULL, "what is deleted here rests in the attic (`attic`)" },
	{ "MapInbox", IMAP, NULL, "INBOX is INBOX" },
	{ "MapInbox", MAILDIR, take_map_inbox, NULL },
	{ "Path", MAILDIR, take_path, NULL },
	{ "Inbox", MAILDIR, take_inbox, NULL },
	{ "SubFolders", MAILDIR, take_style, NULL },
	{ "Flatten", MAILDIR, take_flatten, NULL },
	{ "InfoDelimiter", MAILDIR, take_delimiter, NULL },
	{ "AltMap", MAILDIR, NULL, "godwit keeps its numbers in its state, not in files here" },
	{ "MaxSize", MAILDIR | CHANNEL, take_max_size, NULL },
	{ "Far", CHANNEL, take_side, NULL },
	{ "Master", CHANNEL, take_side, NULL },
	{ "Near", CHANNEL, take_side, NULL },
	{ "Slave", CHANNEL, take_side, NULL },
	{ "Pattern", CHANNEL, take_patterns, NULL },
	{ "Patterns", CHANNEL, take_patterns, NULL },
	{ "MaxMessages", CHANNEL | GLOBAL, take_max_messages, NULL },
	{ "ExpireUnread", CHANNEL | GLOBAL, take_expire_unread, NULL },
	{ "ExpireSide", CHANNEL | GLOBAL, NULL, "messages leave this side only" },
	{ "Sync", CHANNEL | GLOBAL, take_sync, NULL },
	{ "Create", CHANNEL | GLOBAL, take_create, NULL },
	{ "Remove", CHANNEL | GLOBAL, take_remove, NULL },
	{ "Expunge", CHANNEL | GLOBAL, take_expunge, NULL },
	{ "ExpungeSolo", CHANNEL | GLOBAL, NULL, "only what godwit marked itself is expunged" },
	{ "CopyArrivalDate", CHANNEL | GLOBAL, NULL, "dates always go along" },
	{ "SyncState", CHANNEL | GLOBAL, NULL, "not used: messages are known by their content" },
	{ "FSync", GLOBAL, NULL, "always" },
	{ "FieldDelimiter", GLOBAL, NULL, "not used" },
	{ "BufferLimit", GLOBAL, NULL, "memory is bounded by itself" },
};

/* "Expunge Both", for a note; long ones are cut. */
static void say_item(const struct gw_mbsync_item *item, char *out, size_t size)
{
	size_t n = (size_t)snprintf(out, size, "%s", item->key);

	for (size_t i = 0; i < item->arg_count && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, " %s", item->args[i]);
}

static void take_item(struct map *m, const struct gw_mbsync_item *item, unsigned where)
{
	char said[120];

	say_item(item, said, sizeof said);
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		if (!(rules[i].where & where) || strcasecmp(rules[i].key, item->key) != 0)
			continue;
		if (rules[i].take != NULL)
			rules[i].take(m, item, said);
		else
			gw_other_note(m->o, item->line, GW_FATE_LEFT, said, "%s", rules[i].words);
		return;
	}
	gw_other_note(m->o, item->line, GW_FATE_HEED, item->key, "is not known, and left out");
}

static void take_section(struct map *m, const struct gw_mbsync_section *s, unsigned where)
{
	for (size_t i = 0; s != NULL && i < s->count; i++)
		take_item(m, &s->items[i], where);
}

/* Applies global items unless the channel says otherwise. */
static void take_globals(struct map *m, const struct gw_mbsync_section *channel)
{
	const struct gw_mbsync_section *s = &m->f->list[0];

	for (size_t i = 0; i < s->count; i++) {
		if (gw_mbsync_item(channel, s->items[i].key) == NULL &&
			(m->first || strcasecmp(s->items[i].key, "MaxMessages") == 0))
			take_item(m, &s->items[i], GLOBAL);
	}
}

/* --- accounts ---------------------------------------------------------------------------------- */

static bool wants_token(const struct gw_mbsync_section *s)
{
	const struct gw_mbsync_item *item = gw_mbsync_item(s, "AuthMechs");
	bool token = false;

	item = item != NULL ? item : gw_mbsync_item(s, "AuthMech");
	for (size_t i = 0; item != NULL && i < item->arg_count; i++)
		token |= strcasecmp(item->args[i], "XOAUTH2") == 0 ||
			 strcasecmp(item->args[i], "OAUTHBEARER") == 0;
	return token;
}

static bool says_no(const struct gw_mbsync_section *s, const char *key)
{
	const struct gw_mbsync_item *item = gw_mbsync_item(s, key);

	return item != NULL && strcasecmp(item->args[0], "no") == 0;
}

/* Fills in mbsync's defaults. */
static void fill_defaults(struct map *m)
{
	if (m->token)
		gw_other_set(m->o, "auth", false, "oauth2");
	if (gw_other_get(m->o, "tls") == NULL)
		gw_other_set(m->o, "tls", false, "%s",
			gw_other_get(m->o, "tunnel-command") != NULL ? "none" : "starttls");
	if (m->o->inbox == NULL) {
		char *inbox = gw_other_path("~/Maildir", m->home);

		if (inbox != NULL)
			gw_other_text(m->o, &m->o->inbox, inbox);
		free(inbox);
	}
}

static void take_stores(struct map *m, const struct gw_mbsync_section *imap,
	const struct gw_mbsync_section *maildir)
{
	const struct gw_mbsync_item *named = gw_mbsync_item(imap, "Account");
	const struct gw_mbsync_section *account =
		named == NULL ? NULL : gw_mbsync_find(m->f, GW_MBSYNC_ACCOUNT, named->args[0]);
	const struct gw_mbsync_section *server = account != NULL ? account : imap;

	m->token = wants_token(server);
	m->trash = gw_mbsync_item(imap, "Trash") != NULL;
	m->system_cert = !says_no(server, "SystemCertificates");
	gw_other_name(m->o, server->name);
	if (named != NULL && account == NULL)
		gw_other_note(m->o, named->line, GW_FATE_HEED, named->args[0],
			"there is no IMAPAccount of that name");
	take_section(m, account, ACCOUNT);
	take_section(m, imap, account != NULL ? IMAP : IMAP | ACCOUNT);
	take_section(m, maildir, MAILDIR);
	fill_defaults(m);
}

/* ":store:box": the store that a side of a channel names, of either kind. */
static const struct gw_mbsync_section *store_of(
	const struct gw_mbsync_file *f, const struct gw_mbsync_item *side)
{
	const char *text = side == NULL ? "" : side->args[0], *end;
	const struct gw_mbsync_section *found = NULL;
	char *name;

	if (*text != ':' || (end = strchr(text + 1, ':')) == NULL)
		return NULL;
	name = strndup(text + 1, (size_t)(end - text - 1));
	if (name != NULL)
		found = gw_mbsync_find(f, GW_MBSYNC_IMAP, name);
	if (name != NULL && found == NULL)
		found = gw_mbsync_find(f, GW_MBSYNC_MAILDIR, name);
	free(name);
	return found;
}

static const struct gw_mbsync_item *side_of(
	const struct gw_mbsync_section *channel, const char *name, const char *old)
{
	const struct gw_mbsync_item *item = gw_mbsync_item(channel, name);

	return item != NULL ? item : gw_mbsync_item(channel, old);
}

struct pair {
	const struct gw_mbsync_section *imap, *maildir;
	size_t account; /* its index */
};

static struct gw_other *account_of(struct gw_others *out, struct pair *pairs, size_t pair_count,
	const struct pair *p, bool *first)
{
	for (size_t i = 0; i < pair_count; i++) {
		if (pairs[i].imap == p->imap && pairs[i].maildir == p->maildir) {
			*first = false;
			return &out->list[i];
		}
	}
	*first = true;
	return gw_array_push((void **)&out->list, &out->count, &out->cap, sizeof *out->list);
}

static void take_channel(struct map *m, const struct gw_mbsync_section *channel)
{
	m->channel = gw_array_push((void **)&m->o->channels, &m->o->channel_count,
		&m->o->channel_cap, sizeof *m->channel);
	if (m->channel == NULL) {
		m->o->failed = true;
		return;
	}
	take_globals(m, channel);
	take_section(m, channel, CHANNEL);
	if (m->channel->far == NULL)
		gw_other_text(m->o, &m->channel->far, "");
	if (m->channel->near == NULL)
		gw_other_text(m->o, &m->channel->near, "");
	if (gw_other_get(m->o, "delete") == NULL) {
		gw_other_set(m->o, "delete", false, "never");
		gw_other_note(m->o, channel->line, GW_FATE_BECAME, "without Expunge",
			"delete = \"never\": what is deleted here stays on the server");
	}
}

static enum gw_code map_channels(
	const struct gw_mbsync_file *f, const char *file, const char *home, struct gw_others *out)
{
	struct pair *pairs = calloc(f->count, sizeof *pairs);

	if (pairs == NULL)
		return GW_ERR_NOMEM;
	for (size_t i = 1; i < f->count; i++) {
		const struct gw_mbsync_section *c = &f->list[i];
		const struct gw_mbsync_section *far = store_of(f, side_of(c, "Far", "Master"));
		const struct gw_mbsync_section *near = store_of(f, side_of(c, "Near", "Slave"));
		struct map m = { .f = f, .file = file, .home = home };
		struct pair p = { .imap = far, .maildir = near };

		if (c->kind != GW_MBSYNC_CHANNEL)
			continue;
		m.swapped = far != NULL && far->kind == GW_MBSYNC_MAILDIR;
		if (m.swapped)
			p = (struct pair){ .imap = near, .maildir = far };
		if (p.imap == NULL || p.maildir == NULL || p.imap->kind != GW_MBSYNC_IMAP ||
			p.maildir->kind != GW_MBSYNC_MAILDIR) {
			gw_others_note(out, c->line, c->name,
				"godwit keeps a server and a Maildir in step; this channel does not "
				"join one with the other, or one of its stores is not there");
			continue;
		}
		m.o = account_of(out, pairs, out->count, &p, &m.first);
		if (m.o == NULL)
			break;
		pairs[m.o - out->list] = p;
		if (m.first)
			take_stores(&m, p.imap, p.maildir);
		m.token = wants_token(p.imap);
		m.trash = gw_mbsync_item(p.imap, "Trash") != NULL;
		take_channel(&m, c);
	}
	free(pairs);
	return GW_OK;
}

static void tell_unused(const struct gw_mbsync_file *f, struct gw_others *out)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct gw_mbsync_section *s = &f->list[i];

		if (s->kind == GW_MBSYNC_GROUP)
			gw_others_note(out, s->line, s->name,
				"a group has no counterpart: `godwit sync` takes the names of accounts, "
				"and ACCOUNT:MAILBOX");
	}
}

enum gw_code gw_import_mbsync(struct gw_slice text, const char *file, const char *home,
	struct gw_others *out, struct gw_error *err)
{
	struct gw_mbsync_file f;
	enum gw_code code = gw_mbsync_read(text, file, &f, err);

	*out = (struct gw_others){ 0 };
	if (code != GW_OK)
		return code;
	code = map_channels(&f, file, home, out);
	tell_unused(&f, out);
	gw_mbsync_deinit(&f);
	for (size_t i = 0; i < out->count; i++)
		out->failed |= out->list[i].failed;
	if (code != GW_OK || out->failed) {
		gw_others_deinit(out);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	return GW_OK;
}
