/* SPDX-License-Identifier: ISC */
/* sync/whose.c - finds out whose mail this is.  Part of sync_p.h.
 *
 * The state and the tree's mark name their account: the user, the host, and (in the state) the
 * identity that the server gives INBOX.  If the configuration names another, one account's mail is
 * about to be joined with, and sent into, another's; no UID or UIDVALIDITY need show that (Gmail
 * gives all accounts the same ones).  So nothing is done until the user says that both are one
 * (`--same-account`).
 */
#include "sync/sync_p.h"

#include "local/account.h"

#include <stdlib.h>
#include <strings.h>

void gw_sync_sign_mark(struct gw_sync *s)
{
	gw_mark_name(&s->mark, s->account->user, s->account->host);
}

enum gw_code gw_sync_check_whose(
	struct gw_sync *s, const char *user, const char *host, struct gw_error *err)
{
	const struct gw_account *a = s->account;
	bool by_state = user != NULL || host != NULL;
	bool other;

	if (!by_state) { /* a state that was lost, or never was: the tree tells */
		user = s->mark.user;
		host = s->mark.host;
	}
	other = gw_account_is_other(a, user, host);
	s->names_changed = other && s->options.same_account;
	if (!other || s->options.same_account)
		return GW_OK;
	return gw_account_fail_other(a, by_state ? s->db_path : a->maildir, user, host, err);
}

static bool has_id(const struct gw_sync *s, uint64_t id)
{
	for (size_t i = 0; i < s->folders.count; i++) {
		if (s->folders.list[i].object_id == id)
			return true;
	}
	return false;
}

/* INBOX is another one, and no mailbox that the state knows by its id is left: RENAME takes INBOX's
 * id elsewhere at most. */
static bool is_another(const struct gw_sync *s)
{
	bool inbox = false;

	for (size_t i = 0; i < s->row_count; i++) {
		const struct gw_mailbox_row *row = &s->rows[i];

		if (row->object_id == 0)
			continue;
		if (has_id(s, row->object_id))
			return false;
		inbox |= row->remote_name != NULL && strcasecmp(row->remote_name, "INBOX") == 0;
	}
	for (size_t i = 0; i < s->folders.count && inbox; i++) {
		if (strcasecmp(s->folders.list[i].wire, "INBOX") == 0)
			return s->folders.list[i].object_id != 0;
	}
	return false;
}

bool gw_sync_check_mailboxes(struct gw_sync *s)
{
	struct gw_error err = { 0 };

	if (s->options.same_account || !is_another(s))
		return true;
	gw_fail(&err, GW_ERR_HELD,
		"none of the mailboxes is one that the state %s knows, by the server's own word "
		"(MAILBOXID), as in another account, so nothing was done: is `user` right, or who "
		"signed in? If the server was set up anew, say so once: `godwit sync --same-account "
		"%s`; mail that is here is recognised",
		s->db_path, s->account->name);
	gw_sync_fail(s, &err);
	return false;
}
