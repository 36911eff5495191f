/* SPDX-License-Identifier: ISC */
/* doctor/maildrop.c - signs in to a POP3 server, and tells what it offers; part of doctor_p.h.
 *
 * No message is asked for, and QUIT is not said: nothing counts as fetched.
 */
#include "doctor/doctor_p.h"

#include "pop3/session.h"

#include <stdlib.h>

struct gw_maildrop {
	const struct gw_account *account;
	gw_tell *tell;
	void (*done)(void *ctx);
	void *ctx;
	struct gw_pop3 *session; /* owned */
};

void gw_maildrop_cancel(struct gw_maildrop **at)
{
	struct gw_maildrop *m = *at;

	*at = NULL;
	if (m == NULL)
		return;
	gw_pop3_close(&m->session);
	free(m);
}

static void on_stat(void *ctx, uint32_t number, const struct gw_pop3_answer *a)
{
	struct gw_maildrop *m = ctx;

	(void)number;
	if (a->end == GW_POP3_DONE)
		gw_tellf(m->tell, m->ctx, "maildrop", GW_HEALTH_GOOD, NULL,
			"messages and bytes in it: %.*s", (int)(a->text.n < 60 ? a->text.n : 60),
			a->text.p);
	else if (a->end == GW_POP3_REFUSED)
		gw_tellf(m->tell, m->ctx, "maildrop", GW_HEALTH_FAIR, NULL, "STAT is refused: %.*s",
			(int)(a->text.n < 200 ? a->text.n : 200), a->text.p);
	else
		m->tell(m->ctx, "maildrop", GW_HEALTH_BAD, NULL, a->err->text);
	gw_pop3_close(&m->session);
	m->done(m->ctx);
}

static void tell_capabilities(struct gw_maildrop *m)
{
	const struct gw_pop3_caps *caps = gw_pop3_capabilities(m->session);
	struct gw_buf has;
	const char *lacks = !(caps->bits & GW_POP3_UIDL)
				    ? "it lacks UIDL: each message is looked at in every run"
			    : !(caps->bits & GW_POP3_TOP)
				    ? "it lacks TOP: where UIDLs change, messages are fetched "
				      "again to be compared"
				    : NULL;

	gw_buf_init(&has, 4096);
	gw_pop3_caps_format(caps, &has);
	gw_tellf(m->tell, m->ctx, "server", lacks == NULL ? GW_HEALTH_GOOD : GW_HEALTH_FAIR, lacks,
		"%s", !caps->known ? "it does not know CAPA" : gw_buf_cstr(&has));
	if (caps->login_delay > 0)
		gw_tellf(m->tell, m->ctx, "server", GW_HEALTH_GOOD, NULL,
			"%u seconds between two sessions, as it says", caps->login_delay);
	gw_buf_deinit(&has);
}

static void tell_tls(struct gw_maildrop *m)
{
	struct gw_tls_facts facts;

	if (gw_pop3_tls(m->session, &facts))
		gw_tellf(m->tell, m->ctx, "tls", GW_HEALTH_GOOD, NULL,
			"%s; the certificate is by %s; its key is %s", facts.version, facts.issuer,
			facts.pin);
	else
		m->tell(m->ctx, "tls", GW_HEALTH_GOOD, NULL, "not used, as `tls` says");
}

static void on_session(void *ctx, const struct gw_pop3_event *ev)
{
	const struct gw_pop3_handlers h = { .done = on_stat, .ctx = ctx };
	struct gw_maildrop *m = ctx;

	if (ev->type == GW_POP3_UP) {
		tell_tls(m);
		gw_tellf(m->tell, m->ctx, "login", GW_HEALTH_GOOD, NULL, "\"%s\" is signed in",
			m->account->user);
		tell_capabilities(m);
		if (gw_pop3_ask(m->session, GW_POP3_DO_STAT, 0, 0, &h) == GW_OK)
			return;
	} else if (m->session == NULL) {
		return;
	} else {
		m->tell(m->ctx, ev->err->code == GW_ERR_TLS ? "tls" : "login", GW_HEALTH_BAD, NULL,
			ev->err->text);
	}
	gw_pop3_close(&m->session);
	m->done(m->ctx);
}

enum gw_code gw_maildrop_check(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_account *account, struct gw_tls_ctx *tls, struct gw_sasl *sasl,
	gw_tell *tell, void (*done)(void *ctx), void *ctx, struct gw_maildrop **out,
	struct gw_error *err)
{
	const struct gw_pop3_options options = {
		.stream = { .proxy = &account->proxy,
			.bandwidth = account->bandwidth,
			.host = account->host,
			.port = account->port,
			.tunnel_command = account->tunnel_command,
			.runner = account->runner,
			.tls = account->tls == GW_TLS_NONE ? NULL : tls,
			.tls_at_once = account->tls == GW_TLS_IMPLICIT,
			.timeout_ms = account->timeout_s * 1000,
			.settle_ms = account->timeout_s * 5000 },
		.tls = account->tls,
		.sasl = sasl,
	};
	struct gw_maildrop *m = calloc(1, sizeof *m);
	enum gw_code code;

	*out = NULL;
	if (m == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	*m = (struct gw_maildrop){ .account = account, .tell = tell, .done = done, .ctx = ctx };
	code = gw_pop3_open(loop, log, &options, on_session, m, &m->session, err);
	if (code == GW_OK)
		*out = m;
	else
		free(m);
	return code;
}
