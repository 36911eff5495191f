/* SPDX-License-Identifier: ISC */
/* doctor/sending.c - whether the account can send: signs in to its submission server, says what that
 * offers, and sends nothing.
 *
 *   CREDENTIALS --got--> SESSION --up, lost--> OVER      any --cancel, failure--> OVER
 *
 * I1  done() is called exactly once, from the loop: on_over().
 */
#include "auth/credentials.h"
#include "auth/trust.h"
#include "doctor/doctor_p.h"
#include "godwit/outbox.h"
#include "net/delay.h"
#include "outbox/provider.h"
#include "outbox/verdict.h"
#include "outbox/way.h"

#include <stdlib.h>

enum { EXTENSIONS = 400, LIMITS = 200, MB = 1000000 };

struct gw_sending {
	uv_loop_t *loop;
	const struct gw_log *log;
	const struct gw_account *account;
	gw_tell *tell;
	void (*done)(void *ctx);
	void *ctx;
	struct gw_account login;
	struct gw_credentials *credentials; /* frees itself */
	struct gw_tls_ctx *tls;             /* owned */
	struct gw_sasl *sasl;               /* referenced */
	struct gw_smtp *session;            /* owned */
	struct gw_delay *over;              /* owned */
	bool renewed;
};

static void on_over(void *ctx)
{
	struct gw_sending *s = ctx;

	s->over = NULL;
	gw_smtp_close(&s->session);
	gw_sasl_unref(&s->sasl);
	gw_tls_ctx_free(s->tls);
	s->done(s->ctx);
	free(s);
}

/* I1 */
static void finish(struct gw_sending *s)
{
	if (s->over == NULL)
		gw_delay_start(s->loop, 0, on_over, s, &s->over);
}

static void fail(struct gw_sending *s, const struct gw_error *err, const char *advice)
{
	s->tell(s->ctx, "sending", GW_HEALTH_BAD, advice, err->text);
	finish(s);
}

static void tell_limits(struct gw_sending *s, const struct gw_smtp_caps *caps)
{
	const struct gw_pace_limits *pace =
		&gw_submission_provider_of(s->account->smtp.host)->limits;
	unsigned at_once = caps->rcpt_max > 0 && caps->rcpt_max < pace->per_message
				   ? caps->rcpt_max
				   : pace->per_message;
	char limits[LIMITS], day[60] = "", minute[60] = "",
			     size[60] = "of any size it does not tell";
	bool plain = !(caps->bits & GW_SMTP_8BITMIME);
	struct gw_buf names;

	if (caps->size > 0)
		snprintf(size, sizeof size, "of up to %llu %s",
			(unsigned long long)(caps->size / (caps->size < MB ? 1000 : MB)),
			caps->size < MB ? "KB" : "MB");
	if (pace->per_day > 0)
		snprintf(day, sizeof day, ", %u a day", pace->per_day);
	if (pace->per_minute > 0)
		snprintf(minute, sizeof minute, ", %u mails a minute", pace->per_minute);
	snprintf(limits, sizeof limits, "%s; to %u recipients at once%s%s", size, at_once, day,
		minute);
	gw_buf_init(&names, EXTENSIONS);
	gw_smtp_caps_format(caps, &names);
	gw_tellf(s->tell, s->ctx, "submission", plain ? GW_HEALTH_FAIR : GW_HEALTH_GOOD,
		plain ? "it takes no 8-bit text (8BITMIME): let your mail reader encode it" : NULL,
		"mails %s; it has %s", limits, names.n > 0 ? gw_buf_cstr(&names) : "no extensions");
	gw_buf_deinit(&names);
}

static void tell_ready(struct gw_sending *s)
{
	const struct gw_smtp_account *smtp = &s->account->smtp;
	struct gw_tls_facts facts;
	bool tls = gw_smtp_tls(s->session, &facts);
	char place[300], safety[100] = "without TLS";

	if (smtp->tunnel_command != NULL)
		snprintf(place, sizeof place, "through `%.200s`", smtp->tunnel_command);
	else
		snprintf(place, sizeof place, "%.200s port %u", smtp->host, smtp->port);
	if (tls)
		snprintf(safety, sizeof safety, "%s; the server's key is %s", facts.version,
			facts.pin);
	if (gw_account_signs_in(s->account))
		gw_tellf(s->tell, s->ctx, "sending", GW_HEALTH_GOOD, NULL,
			"%s: \"%s\" is signed in, %s", place, smtp->user, safety);
	else
		gw_tellf(s->tell, s->ctx, "sending", GW_HEALTH_GOOD, NULL,
			"%s: without signing in, %s", place, safety);
	if (smtp->from_count == 0)
		s->tell(s->ctx, "from", GW_HEALTH_FAIR,
			"add from = {\"me@example.org\"}, so that its mail is known by the From",
			"the account has no address of its own");
	tell_limits(s, gw_smtp_capabilities(s->session));
}

static void sign_in(struct gw_sending *s);

static void on_session(void *ctx, const struct gw_smtp_event *ev)
{
	struct gw_sending *s = ctx;

	if (s->over != NULL)
		return;
	if (ev->type == GW_SMTP_READY) {
		tell_ready(s);
		finish(s);
		return;
	}
	if (ev->err->code == GW_ERR_AUTH && gw_sasl_is_token(s->sasl) && !s->renewed) {
		s->renewed = true; /* as the sender does it, which then works */
		gw_smtp_close(&s->session);
		gw_sasl_unref(&s->sasl);
		sign_in(s);
		return;
	}
	fail(s, ev->err,
		ev->reply == NULL
			? NULL
			: gw_verdict_advice(ev->stage, ev->reply, gw_sasl_is_token(s->sasl)));
}

static void connect_to(struct gw_sending *s)
{
	struct gw_error err = { 0 };
	enum gw_code code = GW_OK;
	struct gw_smtp_options o;

	if (s->account->smtp.tls != GW_TLS_NONE && s->tls == NULL)
		code = gw_trust_smtp(s->account, &s->tls, &err);
	o = gw_way_options(s->account, s->tls, s->sasl, NULL);
	if (code == GW_OK)
		code = gw_smtp_open(s->loop, s->log, &o, on_session, s, &s->session, &err);
	if (code != GW_OK)
		fail(s, &err, NULL);
}

static void on_credentials(void *ctx, struct gw_sasl *sasl, const struct gw_error *err)
{
	struct gw_sending *s = ctx;

	s->credentials = NULL;
	s->sasl = sasl;
	if (err != NULL)
		fail(s, err, NULL);
	else
		connect_to(s);
}

static void sign_in(struct gw_sending *s)
{
	struct gw_error err = { 0 };

	if (!gw_account_signs_in(s->account))
		connect_to(s);
	else if (gw_credentials_start(s->loop, s->log, &s->login, s->renewed, on_credentials, s,
			 &s->credentials, &err) != GW_OK)
		fail(s, &err, NULL);
}

enum gw_code gw_sending_check(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_account *account, gw_tell *tell, void (*done)(void *ctx), void *ctx,
	struct gw_sending **out, struct gw_error *err)
{
	struct gw_sending *s = calloc(1, sizeof *s);

	*out = s;
	if (s == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	*s = (struct gw_sending){ .loop = loop,
		.log = log,
		.account = account,
		.login = gw_way_login(account),
		.tell = tell,
		.done = done,
		.ctx = ctx };
	sign_in(s);
	return GW_OK;
}

void gw_sending_cancel(struct gw_sending *s)
{
	if (s->credentials != NULL)
		gw_credentials_cancel(s->credentials);
	else
		finish(s);
}
