/* SPDX-License-Identifier: ISC */
/* outbox/evidence.c - see evidence.h.
 *
 *   FINDING (which mailbox, in the pool) -> SIGNING_IN -> ASKING (EXAMINE, SEARCH) -> told
 */
#include "outbox/evidence.h"

#include "auth/credentials.h"
#include "auth/trust.h"
#include "imap/search.h"
#include "imap/session.h"
#include "outbox/sent.h"

#include <stdlib.h>

struct question {
	struct gw_evidence *all;
	char *message_id; /* owned */
	struct gw_seqset hits;
};

struct gw_evidence {
	uv_loop_t *loop;
	const struct gw_log *log;
	const struct gw_account *account;
	struct question *questions; /* owned */
	size_t count, answered;
	bool *found; /* owned */
	gw_evidence_cb *cb;
	void *ctx;
	uv_work_t request;
	uv_timer_t over; /* tells, outside of any callback */
	struct gw_sent_mailbox sent;
	struct gw_credentials *credentials;
	struct gw_tls_ctx *tls; /* owned */
	struct gw_session *session;
	enum gw_evidence_answer answer;
	bool examined, cancelled, told;
};

bool gw_evidence_can(const struct gw_account *account)
{
	return account->host != NULL && account->maildir != NULL &&
	       account->protocol == GW_PROTOCOL_IMAP;
}

static void free_evidence(struct gw_evidence *e)
{
	for (size_t i = 0; e->questions != NULL && i < e->count; i++) {
		gw_seqset_deinit(&e->questions[i].hits);
		free(e->questions[i].message_id);
	}
	gw_sent_deinit(&e->sent);
	gw_tls_ctx_free(e->tls);
	free(e->questions);
	free(e->found);
	free(e);
}

static void on_freed(uv_handle_t *handle)
{
	free_evidence(handle->data);
}

static void on_over(uv_timer_t *timer)
{
	struct gw_evidence *e = timer->data;

	gw_session_close(&e->session);
	for (size_t i = 0; i < e->count; i++)
		e->found[i] = e->questions[i].hits.count > 0;
	e->cb(e->ctx, e->cancelled ? GW_EVIDENCE_LATER : e->answer, e->found);
	uv_close((uv_handle_t *)&e->over, on_freed);
}

static void finish(struct gw_evidence *e, enum gw_evidence_answer answer)
{
	if (e->told)
		return;
	e->told = true;
	e->answer = answer;
	uv_timer_start(&e->over, on_over, 0, 0);
}

/* Fails: for ever if we were refused, otherwise for now. */
static void fail(struct gw_evidence *e, const struct gw_error *err)
{
	bool for_good = err->code == GW_ERR_AUTH || err->code == GW_ERR_REFUSED ||
			err->code == GW_ERR_CONFIG || err->code == GW_ERR_SECURITY;

	gw_log(e->log, GW_LOG_INFO, "looking into Sent failed: %s", err->text);
	finish(e, for_good ? GW_EVIDENCE_NEVER : GW_EVIDENCE_LATER);
}

static void on_hits(void *ctx, const struct gw_response *r)
{
	struct question *q = ctx;

	gw_search_take(r, &q->hits);
}

/* on_session() reports a lost connection. */
static void on_searched(void *ctx, const struct gw_result *result)
{
	struct gw_evidence *e = ((struct question *)ctx)->all;

	if (!e->examined || result->kind != GW_RESULT_OK)
		finish(e, GW_EVIDENCE_NEVER);
	else if (++e->answered == e->count)
		finish(e, GW_EVIDENCE_KNOWN);
}

static void on_examined(void *ctx, const struct gw_result *result)
{
	struct gw_evidence *e = ctx;

	e->examined = result->kind == GW_RESULT_OK;
}

static void ask(struct gw_evidence *e)
{
	uint32_t caps = gw_session_caps(e->session);
	struct gw_command line;
	enum gw_code code;

	gw_command_init(&line);
	gw_command_printf(&line, "EXAMINE ");
	gw_command_string(&line, gw_slice_str(e->sent.remote), caps);
	code = gw_session_send(
		e->session, &line, &(struct gw_handlers){ .done = on_examined, .ctx = e });
	for (size_t i = 0; i < e->count && code == GW_OK; i++) {
		struct question *q = &e->questions[i];

		gw_command_printf(&line, "UID SEARCH %sHEADER Message-ID ",
			caps & GW_CAP_ESEARCH ? "RETURN (ALL) " : "");
		gw_command_string(&line, gw_slice_str(q->message_id), caps);
		code = gw_session_send(e->session, &line,
			&(struct gw_handlers){
				.response = on_hits, .done = on_searched, .ctx = q });
	}
	if (code != GW_OK)
		finish(e, GW_EVIDENCE_LATER);
	gw_command_deinit(&line);
}

static void on_session(void *ctx, enum gw_session_event event, const struct gw_error *err)
{
	struct gw_evidence *e = ctx;

	if (event == GW_SESSION_READY)
		ask(e);
	else
		fail(e, err);
}

static void on_credentials(void *ctx, struct gw_sasl *sasl, const struct gw_error *err)
{
	struct gw_evidence *e = ctx;
	const struct gw_account *a = e->account;
	struct gw_error why = { 0 };
	struct gw_session_options o = { .stream = { .host = a->host,
						.port = a->port,
						.tunnel_command = a->tunnel_command,
						.runner = a->runner,
						.proxy = &a->proxy,
						.bandwidth = a->bandwidth,
						.tls_at_once = a->tls == GW_TLS_IMPLICIT,
						.timeout_ms = a->timeout_s * 1000 },
		.tls = a->tls,
		.sasl = sasl };
	enum gw_code code = err != NULL ? err->code : GW_OK;

	e->credentials = NULL;
	if (e->cancelled && code == GW_OK)
		code = gw_fail(&why, GW_ERR_CANCELLED, "cancelled");
	if (code == GW_OK && a->tls != GW_TLS_NONE)
		code = gw_trust_imap(a, &e->tls, &why);
	o.stream.tls = e->tls;
	if (code == GW_OK)
		code = gw_session_open(e->loop, e->log, &o, on_session, e, &e->session, &why);
	gw_sasl_unref(&sasl);
	if (code != GW_OK)
		fail(e, err != NULL ? err : &why);
}

static void find(uv_work_t *request)
{
	struct gw_evidence *e = request->data;

	gw_sent_find(e->account, &e->sent);
}

static void on_sent_known(uv_work_t *request, int status)
{
	struct gw_evidence *e = request->data;
	struct gw_error err = { 0 };

	(void)status;
	if (e->sent.remote == NULL)
		finish(e, GW_EVIDENCE_NEVER);
	else if (e->cancelled)
		finish(e, GW_EVIDENCE_LATER);
	else if (gw_credentials_start(e->loop, e->log, e->account, false, on_credentials, e,
			 &e->credentials, &err) != GW_OK)
		fail(e, &err);
}

bool gw_evidence_start(uv_loop_t *loop, const struct gw_log *log, const struct gw_account *account,
	const char *const *message_ids, size_t count, gw_evidence_cb *cb, void *ctx,
	struct gw_evidence **out)
{
	struct gw_evidence *e = calloc(1, sizeof *e);
	bool whole;

	*out = NULL;
	if (e == NULL)
		return false;
	*e = (struct gw_evidence){
		.loop = loop, .log = log, .account = account, .count = count, .cb = cb, .ctx = ctx
	};
	e->questions = calloc(count, sizeof *e->questions);
	e->found = calloc(count, sizeof *e->found);
	whole = e->questions != NULL && e->found != NULL;
	for (size_t i = 0; i < count && whole; i++) {
		e->questions[i] = (struct question){ .all = e };
		e->questions[i].message_id = strdup(message_ids[i]);
		whole = e->questions[i].message_id != NULL;
	}
	if (!whole) {
		free_evidence(e);
		return false;
	}
	uv_timer_init(loop, &e->over);
	e->over.data = e->request.data = e;
	uv_queue_work(loop, &e->request, find, on_sent_known);
	*out = e;
	return true;
}

void gw_evidence_cancel(struct gw_evidence *e)
{
	e->cancelled = true;
	if (e->credentials != NULL)
		gw_credentials_cancel(e->credentials);
	else if (e->session != NULL)
		finish(e, GW_EVIDENCE_LATER);
}
