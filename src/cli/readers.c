/* SPDX-License-Identifier: ISC */
/* cli/readers.c - see readers.h. */
#include "cli/readers.h"

#include "import/command.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 30 }; /* mailboxes that are named one by one */

#define IGNORED ".godwit .godwit-name dovecot-keywords"

/* Returns a special mailbox's directory; NULL: none. */
static const char *dir_of(const struct readers *r, const char *use)
{
	for (size_t i = 0; i < r->box_count; i++) {
		if (r->boxes[i].use != NULL && strcmp(r->boxes[i].use, use) == 0)
			return r->boxes[i].dir;
	}
	return NULL;
}

static const char *inbox(const struct readers *r)
{
	return r->box_count > 0 ? r->boxes[0].dir : "INBOX";
}

/* In double quotes; each of special stands behind a backslash. */
static enum gw_code put_quoted(struct gw_buf *out, const char *text, const char *special)
{
	enum gw_code code = gw_buf_puts(out, "\"");

	for (const char *p = text; *p != '\0' && code == GW_OK; p++) {
		if (strchr(special, *p) != NULL)
			code = gw_buf_puts(out, "\\");
		if (code == GW_OK)
			code = gw_buf_append(out, p, 1);
	}
	return code == GW_OK ? gw_buf_puts(out, "\"") : code;
}

/* --- mutt -------------------------------------------------------------------------------------- */

/* "+DIR" is below $folder; the root itself is spelled out. */
static enum gw_code put_mutt(
	const struct readers *r, const char *before, const char *dir, struct gw_buf *out)
{
	char name[4200];
	enum gw_code code = gw_buf_printf(out, "  %s", before);

	if (strcmp(dir, ".") == 0 || (size_t)snprintf(name, sizeof name, "+%s", dir) >= sizeof name)
		snprintf(name, sizeof name, "%s", r->account->maildir);
	if (code == GW_OK)
		code = put_quoted(out, name, "\"\\`$");
	return code == GW_OK ? gw_buf_puts(out, "\n") : code;
}

static enum gw_code put_mutt_special(const struct readers *r, struct gw_buf *out)
{
	static const struct {
		const char *use, *line;
	} lines[] = { { "\\Drafts", "set postponed = " }, { "\\Trash", "set trash = " } };
	const char *sent = dir_of(r, "\\Sent");
	enum gw_code code = GW_OK;

	if (r->sends)
		code = gw_buf_puts(out, "  set record = \"\" # a copy comes to Sent by itself\n");
	else if (sent != NULL)
		code = put_mutt(r, "set record = ", sent, out);
	for (size_t i = 0; i < sizeof lines / sizeof *lines && code == GW_OK; i++) {
		if (dir_of(r, lines[i].use) != NULL)
			code = put_mutt(r, lines[i].line, dir_of(r, lines[i].use), out);
	}
	return code;
}

static enum gw_code put_muttrc(const struct readers *r, struct gw_buf *out)
{
	enum gw_code code = gw_buf_puts(out,
		"\nFor mutt and neomutt, in muttrc:\n\n  set mbox_type = Maildir\n  set folder = ");

	if (code == GW_OK)
		code = put_quoted(out, r->account->maildir, "\"\\`$");
	if (code == GW_OK)
		code = gw_buf_puts(out, "\n");
	if (code == GW_OK)
		code = put_mutt(r, "set spoolfile = ", inbox(r), out);
	if (code == GW_OK)
		code = put_mutt_special(r, out);
	for (size_t i = 0; i < r->box_count && i < MOST && code == GW_OK; i++)
		code = put_mutt(r, "mailboxes ", r->boxes[i].dir, out);
	if (code == GW_OK && r->box_count > MOST)
		code = gw_buf_printf(out, "  # and %zu more\n", r->box_count - MOST);
	return code == GW_OK
		       ? gw_buf_printf(out,
				 "  macro index S \"<shell-escape>godwit sync %s<enter>\" \"sync mail\"\n",
				 r->account->name)
		       : code;
}

/* --- the others -------------------------------------------------------------------------------- */

/* Appends it as a path in a URL (RFC 3986 3.3). */
static enum gw_code put_path(struct gw_buf *out, const char *path)
{
	enum gw_code code = GW_OK;

	for (const char *p = path; *p != '\0' && code == GW_OK; p++) {
		unsigned char c = (unsigned char)*p;

		code = isalnum(c) || strchr("/-._~@+", c) != NULL ? gw_buf_append(out, p, 1)
								  : gw_buf_printf(out, "%%%02X", c);
	}
	return code;
}

/* "KEY = DIR", where there is such a mailbox. */
static enum gw_code put_aerc_box(
	const struct readers *r, const char *use, const char *key, struct gw_buf *out)
{
	const char *dir = dir_of(r, use);
	bool plus = r->account->layout == GW_LAYOUT_MAILDIRPP;

	if (dir == NULL)
		return GW_OK;
	return gw_buf_printf(out, "  %s = %s\n", key, plus && dir[0] == '.' ? dir + 1 : dir);
}

static enum gw_code put_aerc(const struct readers *r, struct gw_buf *out)
{
	bool plus = r->account->layout == GW_LAYOUT_MAILDIRPP;
	enum gw_code code =
		gw_buf_printf(out, "\nFor aerc, in accounts.conf:\n\n  [%s]\n  source = %s://",
			r->account->name, plus ? "maildirpp" : "maildir");

	if (code == GW_OK)
		code = put_path(out, r->account->maildir);
	if (code == GW_OK)
		code = gw_buf_printf(out, "\n%s  from = <%s>\n  default = INBOX\n",
			r->sends ? "  outgoing = godwit sendmail\n" : "", r->address);
	if (code == GW_OK && !r->sends)
		code = put_aerc_box(r, "\\Sent", "copy-to", out);
	if (code == GW_OK)
		code = put_aerc_box(r, "\\Drafts", "postpone", out);
	if (code == GW_OK)
		code = put_aerc_box(r, "\\Archive", "archive", out);
	return code == GW_OK ? gw_buf_printf(out,
				       "  check-mail-cmd = godwit sync %s\n  check-mail = 5m\n  "
				       "check-mail-timeout = 1m\n",
				       r->account->name)
			     : code;
}

static enum gw_code put_mu4e_box(
	const struct readers *r, const char *use, const char *key, struct gw_buf *out)
{
	char name[4200];
	const char *dir = dir_of(r, use);
	enum gw_code code = dir == NULL ? GW_OK : gw_buf_printf(out, "\n        %s ", key);

	if (dir != NULL && code == GW_OK) {
		snprintf(name, sizeof name, "/%s", dir);
		code = put_quoted(out, name, "\"\\");
	}
	return code;
}

static enum gw_code put_mu4e(const struct readers *r, struct gw_buf *out)
{
	static const struct {
		const char *use, *key;
	} boxes[] = { { "\\Sent", "mu4e-sent-folder" }, { "\\Drafts", "mu4e-drafts-folder" },
		{ "\\Trash", "mu4e-trash-folder" }, { "\\Archive", "mu4e-refile-folder" } };
	enum gw_code code = gw_buf_puts(out, "\nFor mu4e:\n\n  mu init --maildir=");

	if (code == GW_OK)
		code = gw_import_quote(r->account->maildir, out);
	if (code == GW_OK)
		code = gw_buf_puts(out, " --my-address=");
	if (code == GW_OK)
		code = gw_import_quote(r->address, out);
	if (code == GW_OK)
		code = gw_buf_printf(out, "\n  (setq mu4e-get-mail-command \"godwit sync %s\"",
			r->account->name);
	for (size_t i = 0; i < sizeof boxes / sizeof *boxes && code == GW_OK; i++)
		code = put_mu4e_box(r, boxes[i].use, boxes[i].key, out);
	if (code == GW_OK && r->sends)
		code = gw_buf_puts(out, "\n        mu4e-sent-messages-behavior 'delete");
	return code == GW_OK ? gw_buf_puts(out, ")\n") : code;
}

static enum gw_code put_notmuch(const struct readers *r, struct gw_buf *out)
{
	enum gw_code code;

	if (r->has_notmuch)
		return gw_buf_puts(out,
			"\nFor notmuch, which is set up already: its database.path has to hold this "
			"directory, and\nits new.ignore has to have, beside what it has: " IGNORED
			"\n");
	code = gw_buf_puts(out, "\nFor notmuch:\n\n  notmuch config set database.path ");
	if (code == GW_OK)
		code = gw_import_quote(r->account->maildir, out);
	return code == GW_OK ? gw_buf_puts(out, "\n  notmuch config set new.ignore " IGNORED "\n")
			     : code;
}

enum gw_code readers_put(const struct readers *r, struct gw_buf *out)
{
	enum gw_code code = put_muttrc(r, out);

	if (code == GW_OK)
		code = put_aerc(r, out);
	if (code == GW_OK)
		code = put_mu4e(r, out);
	return code == GW_OK ? put_notmuch(r, out) : code;
}
