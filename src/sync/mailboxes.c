/* SPDX-License-Identifier: ISC */
/* sync/mailboxes.c - see godwit/mailboxes.h.
 *
 *   SIGNING_IN --> LOGGING_IN --> ASKING --> OVER
 *   any --failure, stop--> OVER
 *
 * I1  the last call of cb is made once, from on_over(), which comes from the loop.
 */
#include "godwit/mailboxes.h"

#include "auth/credentials.h"
#include "auth/trust.h"
#include "maildir/folder.h"
#include "net/delay.h"
#include "sync/lend.h"

#include <stdlib.h>

enum state { SIGNING_IN, LOGGING_IN, ASKING, OVER, STATES };

struct gw_mailboxes {
	enum state state;
	uv_loop_t *loop;
	const struct gw_account *account;
	const struct gw_log *log;
	gw_mailboxes_cb *cb;
	void *ctx;
	struct gw_credentials *credentials; /* frees itself */
	struct gw_tls_ctx *tls;             /* owned */
	struct gw_sasl *sasl;               /* referenced */
	struct gw_session *session;         /* owned */
	struct gw_delay *later;             /* owned */
	struct gw_folders folders;          /* owned */
	bool renewed;                       /* a token was refused, and requested again */
	struct gw_error err;
};

/* The only writer of m->state. */
static void enter(struct gw_mailboxes *m, enum state next)
{
	static const char *const names[] = { [SIGNING_IN] = "signing in",
		[LOGGING_IN] = "logging in",
		[ASKING] = "asking",
		[OVER] = "over" };
	_Static_assert(sizeof names / sizeof *names == STATES, "each state has a name");

	gw_log(m->log, GW_LOG_DEBUG, "mailboxes: %s -> %s", names[m->state], names[next]);
	m->state = next;
}

static const char *use_of(unsigned attrs)
{
	static const struct {
		unsigned attr;
		const char *name;
	} uses[] = { { GW_LIST_ALL, "\\All" }, { GW_LIST_ARCHIVE, "\\Archive" },
		{ GW_LIST_DRAFTS, "\\Drafts" }, { GW_LIST_FLAGGED, "\\Flagged" },
		{ GW_LIST_IMPORTANT, "\\Important" }, { GW_LIST_JUNK, "\\Junk" },
		{ GW_LIST_SENT, "\\Sent" }, { GW_LIST_TRASH, "\\Trash" } };

	for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
		if (attrs & uses[i].attr)
			return uses[i].name;
	}
	return NULL;
}

static void tell(const struct gw_mailboxes *m, const struct gw_folder *f)
{
	struct gw_mailbox_info info = { .name = f->shown,
		.wire = f->wire,
		.delimiter = f->delimiter,
		.given = gw_folder_given(f, m->account),
		.use = use_of(f->attrs),
		.repeats = (f->attrs & (GW_LIST_ALL | GW_LIST_FLAGGED | GW_LIST_IMPORTANT)) != 0,
		.wanted = f->wanted,
		.pattern = gw_folder_decided_by(f, m->account),
		.counted = (f->items & GW_ITEM_MESSAGES) != 0,
		.messages = f->messages };
	struct gw_buf fs, plus;

	gw_buf_init(&fs, 65536);
	gw_buf_init(&plus, 65536);
	if (gw_folder_dir(gw_slice_str(f->name), f->delimiter, GW_LAYOUT_FS, &fs) == GW_OK &&
		gw_folder_dir(gw_slice_str(f->name), f->delimiter, GW_LAYOUT_MAILDIRPP, &plus) ==
			GW_OK) {
		info.dirs[GW_LAYOUT_FS] = gw_buf_cstr(&fs);
		info.dirs[GW_LAYOUT_MAILDIRPP] = gw_buf_cstr(&plus);
		m->cb(m->ctx, &info, NULL);
	}
	gw_buf_deinit(&fs);
	gw_buf_deinit(&plus);
}

/* I1 */
static void on_over(void *ctx)
{
	struct gw_mailboxes *m = ctx;

	m->later = NULL;
	gw_session_close(&m->session);
	for (size_t i = 0; i < m->folders.count && m->err.code == GW_OK; i++) {
		if (!(m->folders.list[i].attrs & GW_LIST_NOSELECT))
			tell(m, &m->folders.list[i]);
	}
	m->cb(m->ctx, NULL, m->err.code == GW_OK ? NULL : &m->err);
	gw_folders_deinit(&m->folders);
	gw_sasl_unref(&m->sasl);
	gw_tls_ctx_free(m->tls);
	free(m);
}

static void end(struct gw_mailboxes *m, const struct gw_error *err)
{
	if (err != NULL && m->err.code == GW_OK)
		m->err = *err;
	if (m->state != OVER)
		enter(m, OVER);
	if (m->later == NULL && m->credentials == NULL &&
		gw_delay_start(m->loop, 0, on_over, m, &m->later) != GW_OK)
		on_over(m); /* without memory: from here */
}

static void on_response(void *ctx, const struct gw_response *r)
{
	struct gw_mailboxes *m = ctx;
	struct gw_error err = { 0 };

	if (r->type == GW_RESP_NAMESPACE)
		gw_folders_take_namespace(&m->folders, r);
	else if (r->type == GW_RESP_LIST &&
		 gw_folders_take_list(&m->folders, r, m->account, &err) != GW_OK)
		gw_log(m->log, GW_LOG_WARN, "%s", err.text);
	else if (r->type == GW_RESP_LSUB)
		gw_folders_take_lsub(&m->folders, r);
	else if (r->type == GW_RESP_STATUS)
		gw_folders_take_status(&m->folders, r);
}

static void ask(
	struct gw_mailboxes *m, const char *command, void (*done)(void *, const struct gw_result *))
{
	const struct gw_handlers handlers = { .response = on_response, .done = done, .ctx = m };
	struct gw_command line;

	gw_command_init(&line);
	gw_command_printf(&line, "%s", command);
	gw_session_send(m->session, &line, &handlers); /* lost: the session's event follows */
	gw_command_deinit(&line);
}

static void on_known(void *ctx, const struct gw_result *result)
{
	struct gw_mailboxes *m = ctx;

	if (result->kind == GW_RESULT_LOST || m->state != ASKING)
		return;
	gw_folders_choose(&m->folders, m->account, NULL, 0);
	end(m, NULL);
}

static void on_listed(void *ctx, const struct gw_result *result)
{
	struct gw_mailboxes *m = ctx;

	if (result->kind == GW_RESULT_LOST || m->state != ASKING)
		return;
	if (result->kind != GW_RESULT_OK && !m->folders.plain) {
		m->folders.plain = true;
		ask(m, "LIST \"\" \"*\"", on_listed);
	} else if (result->kind != GW_RESULT_OK) {
		end(m, result->err);
	} else if (m->account->subscribed) {
		ask(m, "LSUB \"\" \"*\"", on_known);
	} else {
		on_known(m, result);
	}
}

static void list(struct gw_mailboxes *m)
{
	const uint32_t want = GW_CAP_LIST_EXTENDED | GW_CAP_LIST_STATUS | GW_CAP_SPECIAL_USE;

	m->folders.plain = (gw_session_caps(m->session) & want) != want;
	ask(m,
		m->folders.plain ? "LIST \"\" \"*\""
				 : "LIST \"\" \"*\" RETURN (SPECIAL-USE STATUS (MESSAGES))",
		on_listed);
}

static void on_namespace(void *ctx, const struct gw_result *result)
{
	struct gw_mailboxes *m = ctx;

	if (result->kind != GW_RESULT_LOST && m->state == ASKING)
		list(m);
}

static void sign_in(struct gw_mailboxes *m, bool refused);

static void on_session(void *ctx, enum gw_session_event event, const struct gw_error *err)
{
	struct gw_mailboxes *m = ctx;

	if (m->state == OVER)
		return;
	if (event == GW_SESSION_READY) {
		enter(m, ASKING);
		if (gw_session_caps(m->session) & GW_CAP_NAMESPACE)
			ask(m, "NAMESPACE", on_namespace);
		else
			list(m);
		return;
	}
	gw_session_close(&m->session);
	if (err->code == GW_ERR_AUTH && m->account->auth == GW_AUTH_OAUTH2 && !m->renewed) {
		m->renewed = true; /* as a sync does it */
		gw_sasl_unref(&m->sasl);
		sign_in(m, true);
		return;
	}
	end(m, err);
}

static void on_credentials(void *ctx, struct gw_sasl *sasl, const struct gw_error *err)
{
	struct gw_mailboxes *m = ctx;
	struct gw_session_options options;
	struct gw_error local = { 0 };

	m->credentials = NULL;
	m->sasl = sasl;
	if (m->state == OVER || err != NULL) {
		end(m, err);
		return;
	}
	enter(m, LOGGING_IN);
	options = gw_session_options_of(m->account, m->tls, m->sasl, NULL);
	if (gw_session_open(m->loop, m->log, &options, on_session, m, &m->session, &local) != GW_OK)
		end(m, &local);
}

static void sign_in(struct gw_mailboxes *m, bool refused)
{
	struct gw_error err = { 0 };

	enter(m, SIGNING_IN);
	if (gw_credentials_start(m->loop, m->log, m->account, refused, on_credentials, m,
		    &m->credentials, &err) != GW_OK)
		end(m, &err);
}

enum gw_code gw_mailboxes_start(uv_loop_t *loop, const struct gw_account *account,
	const struct gw_log *log, gw_mailboxes_cb *cb, void *ctx, struct gw_mailboxes **out,
	struct gw_error *err)
{
	struct gw_mailboxes *m;
	enum gw_code code = GW_OK;

	*out = NULL;
	if (account->protocol == GW_PROTOCOL_POP3)
		return gw_fail(err, GW_ERR_CONFIG,
			"account \"%s\" is fetched over POP3, where there is one mailbox only",
			account->name);
	m = calloc(1, sizeof *m);
	if (m == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	*m = (struct gw_mailboxes){
		.loop = loop, .account = account, .log = log, .cb = cb, .ctx = ctx
	};
	if (account->tls != GW_TLS_NONE)
		code = gw_trust_imap(account, &m->tls, err);
	if (code != GW_OK) {
		free(m);
		return code;
	}
	*out = m;
	sign_in(m, false);
	return GW_OK;
}

void gw_mailboxes_stop(struct gw_mailboxes *m)
{
	struct gw_error err = { 0 };

	gw_fail(&err, GW_ERR_CANCELLED, "stopped");
	if (m->credentials != NULL)
		gw_credentials_cancel(m->credentials);
	end(m, &err);
}
