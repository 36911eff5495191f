/* outbox/evidence.c - see evidence.h.
 *
 *   FINDING (which mailbox, in the pool) -> SIGNING_IN -> ASKING (EXAMINE, SEARCH) -> told
 */
#include "outbox/evidence.h"

#include "auth/credentials.h"
#include "imap/search.h"
#include "imap/session.h"
#include "outbox/sent.h"

#include <stdlib.h>

struct gw_evidence {
	uv_loop_t *loop;
	const struct gw_log *log;
	const struct gw_account *account;
	char *message_id; /* owned */
	gw_evidence_cb *cb;
	void *ctx;
	uv_work_t request;
	uv_timer_t over; /* tells, outside of any callback */
	struct gw_sent_mailbox sent;
	struct gw_credentials *credentials;
	struct gw_tls_ctx *tls; /* owned */
	struct gw_session *session;
	struct gw_seqset found;
	bool examined, known, cancelled, told;
};

bool gw_evidence_can(const struct gw_account *account, bool files)
{
	return files && account->host != NULL && account->maildir != NULL;
}

static void on_freed(uv_handle_t *handle)
{
	struct gw_evidence *e = handle->data;

	gw_seqset_deinit(&e->found);
	gw_sent_deinit(&e->sent);
	gw_tls_ctx_free(e->tls);
	free(e->message_id);
	free(e);
}

static void on_over(uv_timer_t *timer)
{
	struct gw_evidence *e = timer->data;

	gw_session_close(&e->session);
	e->cb(e->ctx, e->known && !e->cancelled, e->found.count > 0);
	uv_close((uv_handle_t *)&e->over, on_freed);
}

static void finish(struct gw_evidence *e)
{
	if (e->told)
		return;
	e->told = true;
	uv_timer_start(&e->over, on_over, 0, 0);
}

static void on_found(void *ctx, const struct gw_response *r)
{
	struct gw_evidence *e = ctx;

	gw_search_take(r, &e->found);
}

static void on_searched(void *ctx, const struct gw_result *result)
{
	struct gw_evidence *e = ctx;

	e->known = e->examined && result->kind == GW_RESULT_OK;
	finish(e);
}

static void on_examined(void *ctx, const struct gw_result *result)
{
	struct gw_evidence *e = ctx;

	e->examined = result->kind == GW_RESULT_OK;
}

static void ask(struct gw_evidence *e)
{
	uint32_t caps = gw_session_caps(e->session);
	struct gw_line line;

	gw_line_init(&line);
	gw_line_printf(&line, "EXAMINE ");
	gw_line_string(&line, gw_slice_str(e->sent.remote), caps);
	gw_session_send(e->session, &line, &(struct gw_handlers){ .done = on_examined, .ctx = e });
	gw_line_printf(&line, "UID SEARCH %sHEADER Message-ID ",
		caps & GW_CAP_ESEARCH ? "RETURN (ALL) " : "");
	gw_line_string(&line, gw_slice_str(e->message_id), caps);
	if (gw_session_send(e->session, &line,
		    &(struct gw_handlers){ .response = on_found, .done = on_searched, .ctx = e }) !=
		GW_OK)
		finish(e);
	gw_line_deinit(&line);
}

static void on_session(void *ctx, enum gw_session_event event, const struct gw_error *err)
{
	struct gw_evidence *e = ctx;

	if (event == GW_SESSION_READY) {
		ask(e);
		return;
	}
	gw_log(e->log, GW_LOG_INFO, "looking into Sent failed: %s", err->text);
	finish(e);
}

static void on_credentials(void *ctx, struct gw_sasl *sasl, const struct gw_error *err)
{
	struct gw_evidence *e = ctx;
	const struct gw_account *a = e->account;
	struct gw_error why = { 0 };
	struct gw_session_options o = { .stream = { .host = a->host,
						.port = a->port,
						.tunnel_command = a->tunnel_command,
						.tls_at_once = a->tls == GW_TLS_IMPLICIT,
						.timeout_ms = a->timeout_s * 1000 },
		.tls = a->tls,
		.sasl = sasl };
	enum gw_code code = err != NULL ? err->code : GW_OK;

	e->credentials = NULL;
	if (e->cancelled && code == GW_OK)
		code = GW_ERR_CANCELLED;
	if (code == GW_OK && a->tls != GW_TLS_NONE)
		code = gw_tls_ctx_new(a->tls_ca_file, &e->tls, &why);
	o.stream.tls = e->tls;
	if (code == GW_OK)
		code = gw_session_open(e->loop, e->log, &o, on_session, e, &e->session, &why);
	gw_sasl_unref(&sasl);
	if (code != GW_OK)
		finish(e);
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
	if (e->cancelled || e->sent.remote == NULL ||
		gw_credentials_start(e->loop, e->log, e->account, false, on_credentials, e,
			&e->credentials, &err) != GW_OK)
		finish(e);
}

bool gw_evidence_start(uv_loop_t *loop, const struct gw_log *log, const struct gw_account *account,
	const char *message_id, gw_evidence_cb *cb, void *ctx, struct gw_evidence **out)
{
	struct gw_evidence *e = message_id == NULL ? NULL : calloc(1, sizeof *e);

	*out = NULL;
	if (e == NULL)
		return false;
	*e = (struct gw_evidence){
		.loop = loop, .log = log, .account = account, .cb = cb, .ctx = ctx
	};
	e->message_id = strdup(message_id);
	if (e->message_id == NULL) {
		free(e);
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
		finish(e);
}
