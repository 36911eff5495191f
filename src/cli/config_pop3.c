/* SPDX-License-Identifier: ISC */
/* cli/config_pop3.c - see config_pop3.h. */
#include "cli/config_pop3.h"

#include "base/buf.h"
#include "cli/amount.h"

#include <stdlib.h>
#include <string.h>

enum { POLL_S = 600, DAYS_MAX = 36500 };

/* Keys that concern several mailboxes, or both sides. */
static const struct {
	const char *key, *why;
} meaningless[] = {
	{ "folders", "there is one mailbox" },
	{ "folder", "there is one mailbox; `max-size` stands in the account" },
	{ "subscribed", "there is one mailbox" },
	{ "watch", "there is one mailbox, and the server does not tell what changes" },
	{ "mirror-deleted", "nothing is deleted here" },
	{ "direction", "nothing but `keep` and `delete` changes what is on the server" },
	{ "delete-folders", "there is one mailbox" },
	{ "archive", "there are no labels" },
	{ "labels", "there are no labels" },
	{ "attic", "nothing is deleted here" },
	{ "connections", "there is one connection" },
	{ "compress", "the protocol cannot compress" },
	{ "daily-download", "the protocol's servers have no such limit" },
	{ "daily-upload", "nothing is uploaded" },
};

static const char *const own[] = { "keep", "max-size", "deliver-to", "recent" };

static bool is_set(cfg_t *sec, const char *key)
{
	const cfg_opt_t *o = cfg_getopt(sec, key);

	return o != NULL &&
	       (o->type == CFGT_SEC ? cfg_size(sec, key) > 0 : (o->flags & CFGF_MODIFIED) != 0);
}

static enum gw_code check_keys(cfg_t *sec, const struct gw_account *a, struct gw_error *err)
{
	const char *deletes = cfg_getstr(sec, "delete");

	for (size_t i = 0; i < sizeof meaningless / sizeof *meaningless; i++) {
		if (is_set(sec, meaningless[i].key))
			return gw_fail(err, GW_ERR_CONFIG,
				"`%s` means nothing with protocol = \"pop3\": %s",
				meaningless[i].key, meaningless[i].why);
	}
	if (deletes != NULL && strcmp(deletes, "never") != 0 && strcmp(deletes, "expunge") != 0)
		return gw_fail(err, GW_ERR_CONFIG,
			"delete = \"%s\" cannot be with protocol = \"pop3\", which has no trash: what is "
			"deleted here stays there (never, the default) or is deleted there, too "
			"(expunge)",
			deletes);
	if (deletes != NULL && strcmp(deletes, "expunge") == 0 && cfg_getbool(sec, "recent"))
		return gw_fail(err, GW_ERR_CONFIG,
			"delete = \"expunge\" cannot be with `recent`: what is shown so is never deleted");
	if (a->smtp.sent == GW_SENT_YES)
		return gw_fail(err, GW_ERR_CONFIG,
			"sent = \"yes\" cannot be with protocol = \"pop3\": there is no Sent on the server");
	return GW_OK;
}

static enum gw_code read_keep(cfg_t *sec, struct gw_pop3_account *a, struct gw_error *err)
{
	const char *text = cfg_getstr(sec, "keep");
	unsigned long long days;

	if (text == NULL || strcmp(text, "forever") == 0) {
		a->keep = GW_KEEP_FOREVER;
	} else if (strcmp(text, "no") == 0) {
		a->keep = GW_KEEP_NO;
	} else {
		if (!amount_read(text, AMOUNT_DAYS, &days) || days == 0 || days > DAYS_MAX)
			return gw_fail(err, GW_ERR_CONFIG,
				"keep = \"%s\" is not one of forever, no, or a number of days, such as "
				"\"14 days\"",
				text);
		a->keep = GW_KEEP_DAYS;
		a->keep_days = (unsigned)days;
	}
	a->recent = cfg_getbool(sec, "recent");
	if (a->recent && a->keep != GW_KEEP_FOREVER)
		return gw_fail(err, GW_ERR_CONFIG,
			"keep = \"%s\" cannot be with `recent`: what is shown so is never deleted",
			text);
	return GW_OK;
}

static enum gw_code read_own(cfg_t *sec, struct gw_account *a, struct gw_error *err)
{
	const char *size = cfg_getstr(sec, "max-size"), *folder = cfg_getstr(sec, "deliver-to");
	enum gw_code code = read_keep(sec, &a->pop3, err);

	a->pop3.max_size = a->max_message_size;
	if (code == GW_OK && size != NULL && !amount_read(size, AMOUNT_BYTES, &a->pop3.max_size))
		code = gw_fail(err, GW_ERR_CONFIG, "max-size = \"%s\" is not %s", size,
			amount_words(AMOUNT_BYTES));
	if (folder == NULL || code != GW_OK)
		return code;
	if (*folder == '/' || folder[strlen(folder) - 1] == '/' || strstr(folder, "//") != NULL ||
		strlen(folder) > 500)
		return gw_fail(err, GW_ERR_CONFIG,
			"deliver-to = \"%s\" is not the name of a folder, such as \"Old/Home\"",
			folder);
	a->pop3.folder = gw_copy_str(folder);
	return a->pop3.folder != NULL ? GW_OK : gw_fail(err, GW_ERR_NOMEM, "out of memory");
}

static enum gw_code take_preset(
	const struct provider *p, struct gw_account *a, struct gw_error *err)
{
	if (p == NULL)
		return GW_OK;
	if (a->host == NULL && p->pop3_host == NULL)
		return gw_fail(err, GW_ERR_CONFIG,
			"provider = \"%s\" has no POP3 server that is known here: set `host`",
			p->name);
	if (a->host == NULL && (a->host = strdup(p->pop3_host)) == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	return GW_OK;
}

static enum gw_code check_imap(cfg_t *sec, struct gw_error *err)
{
	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		if (is_set(sec, own[i]))
			return gw_fail(err, GW_ERR_CONFIG, "`%s` is for protocol = \"pop3\"%s",
				own[i],
				strcmp(own[i], "max-size") == 0
					? "; for IMAP it belongs into a section folder \"PATTERN\" { }"
					: "");
	}
	return GW_OK;
}

enum gw_code config_read_pop3(
	cfg_t *sec, const struct provider *p, struct gw_account *a, struct gw_error *err)
{
	const char *protocol = cfg_getstr(sec, "protocol");
	enum gw_code code;

	if (protocol == NULL || strcmp(protocol, "imap") == 0)
		return check_imap(sec, err);
	if (strcmp(protocol, "pop3") != 0)
		return gw_fail(
			err, GW_ERR_CONFIG, "protocol = \"%s\" is not one of imap, pop3", protocol);
	a->protocol = GW_PROTOCOL_POP3;
	code = check_keys(sec, a, err);
	if (code == GW_OK)
		code = take_preset(p, a, err);
	if (code == GW_OK)
		code = read_own(sec, a, err);
	if (!is_set(sec, "poll"))
		a->poll_s = POLL_S;
	return code;
}
