/* SPDX-License-Identifier: ISC */
/* discover/autoconfig.c - see godwit/autoconfig.h.
 *
 *   ASKING --the first place that matters has answered, none is left, time is up--> ENDING
 *   ENDING --each request has ended--> cb, and freed
 *
 * I1  cb is called once, from on_over(), which comes from the loop.
 */
#include "godwit/autoconfig.h"

#include "discover/client_config.h"
#include "net/delay.h"
#include "net/http.h"

#include <stdlib.h>

enum { PLACES = 2, LIMIT_MS = 10000, URL_MAX = 1000 };
enum state { ASKING, ENDING };

struct place {
	struct gw_autoconfig *whole;
	struct gw_buf url;
	struct gw_http *http; /* frees itself; NULL: it has ended */
	struct gw_advice advice;
	bool useful;
};

struct gw_autoconfig {
	enum state state;
	struct place places[PLACES]; /* whose word goes first stands first */
	const struct gw_log *log;
	char *address;                   /* owned */
	struct gw_proxy proxy;           /* strings owned */
	struct gw_tls_ctx *tls;          /* owned */
	struct gw_delay *limit, *ending; /* owned */
	bool stopped;
	uv_loop_t *loop;
	gw_autoconfig_cb *cb;
	void *ctx;
};

static void free_all(struct gw_autoconfig *a)
{
	gw_delay_cancel(&a->limit);
	gw_delay_cancel(&a->ending);
	for (size_t i = 0; i < PLACES; i++)
		gw_buf_deinit(&a->places[i].url);
	gw_tls_ctx_free(a->tls);
	free(a->proxy.host);
	free(a->proxy.user);
	free(a->proxy.password);
	free(a->address);
	free(a);
}

static void on_over(void *ctx)
{
	struct gw_autoconfig *a = ctx;
	const struct gw_advice *best = NULL;

	a->ending = NULL;
	for (size_t i = 0; i < PLACES && best == NULL && !a->stopped; i++) {
		if (a->places[i].useful)
			best = &a->places[i].advice;
	}
	a->cb(a->ctx, best);
	free_all(a);
}

static void end_if_over(struct gw_autoconfig *a)
{
	for (size_t i = 0; i < PLACES; i++) {
		if (a->places[i].http != NULL)
			return;
	}
	if (a->ending == NULL)
		gw_delay_start(a->loop, 0, on_over, a, &a->ending);
}

static void enough(struct gw_autoconfig *a)
{
	if (a->state == ENDING)
		return;
	a->state = ENDING;
	gw_delay_cancel(&a->limit);
	for (size_t i = 0; i < PLACES; i++) {
		if (a->places[i].http != NULL)
			gw_http_cancel(a->places[i].http);
	}
}

/* A place that is yet to answer matters as long as none before it was useful. */
static void judge(struct gw_autoconfig *a)
{
	size_t i = 0;

	while (i < PLACES && a->places[i].http == NULL && !a->places[i].useful)
		i++;
	if (i == PLACES || a->places[i].useful)
		enough(a);
	end_if_over(a);
}

static void on_answer(void *ctx, unsigned status, struct gw_slice body, const struct gw_error *err)
{
	struct place *p = ctx;
	struct gw_autoconfig *a = p->whole;

	p->http = NULL;
	p->useful =
		err == NULL && status == 200 && gw_client_config_read(body, a->address, &p->advice);
	p->advice.source = gw_buf_cstr(&p->url);
	if (err != NULL)
		gw_log(a->log, GW_LOG_INFO, "%s: %s", p->advice.source, err->text);
	else
		gw_log(a->log, GW_LOG_INFO, "%s: %u, %s", p->advice.source, status,
			p->useful ? "names servers" : "of no use");
	judge(a);
}

static void on_limit(void *ctx)
{
	struct gw_autoconfig *a = ctx;

	a->limit = NULL;
	gw_log(a->log, GW_LOG_INFO, "autoconfig: nothing was heard within %d seconds",
		LIMIT_MS / 1000);
	enough(a);
}

static enum gw_code write_urls(struct gw_autoconfig *a, const char *domain)
{
	struct gw_buf *first = &a->places[0].url, *second = &a->places[1].url;
	enum gw_code code =
		gw_buf_printf(first, "https://autoconfig.%s/mail/config-v1.1.xml?", domain);

	if (code == GW_OK)
		code = gw_http_add_field(first, "emailaddress", a->address);
	if (code == GW_OK)
		code = gw_buf_printf(
			second, "https://%s/.well-known/autoconfig/mail/config-v1.1.xml", domain);
	return code;
}

static enum gw_code copy_question(struct gw_autoconfig *a, const struct gw_autoconfig_question *q)
{
	a->address = strdup(q->address);
	if (q->proxy != NULL)
		a->proxy = (struct gw_proxy){ .host = gw_copy_str(q->proxy->host),
			.port = q->proxy->port,
			.user = gw_copy_str(q->proxy->user),
			.password = gw_copy_str(q->proxy->password) };
	return a->address != NULL &&
			       (q->proxy == NULL || q->proxy->host == NULL || a->proxy.host != NULL)
		       ? GW_OK
		       : GW_ERR_NOMEM;
}

enum gw_code gw_autoconfig_start(uv_loop_t *loop, const struct gw_autoconfig_question *question,
	const struct gw_log *log, gw_autoconfig_cb *cb, void *ctx, struct gw_autoconfig **out,
	struct gw_error *err)
{
	const char *at = strrchr(question->address, '@');
	struct gw_autoconfig *a = calloc(1, sizeof *a);
	enum gw_code code;

	*out = NULL;
	if (a == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	a->loop = loop;
	a->log = log;
	a->cb = cb;
	a->ctx = ctx;
	for (size_t i = 0; i < PLACES; i++) {
		a->places[i].whole = a;
		gw_buf_init(&a->places[i].url, URL_MAX);
	}
	code = copy_question(a, question);
	if (code == GW_OK)
		code = write_urls(a, at != NULL ? at + 1 : "");
	if (code != GW_OK)
		gw_fail(err, code, "out of memory");
	if (code == GW_OK)
		code = gw_tls_ctx_new(
			&(struct gw_tls_trust){ .ca_file = question->ca_file }, &a->tls, err);
	if (code == GW_OK)
		code = gw_delay_start(loop, LIMIT_MS, on_limit, a, &a->limit);
	if (code != GW_OK) {
		free_all(a);
		return code;
	}
	for (size_t i = 0; i < PLACES; i++) { /* one that cannot be asked says nothing */
		struct gw_error ignored = { 0 };

		gw_http_get(loop, log, gw_buf_cstr(&a->places[i].url), NULL, &a->proxy, a->tls,
			on_answer, &a->places[i], &a->places[i].http, &ignored);
	}
	judge(a);
	*out = a;
	return GW_OK;
}

void gw_autoconfig_stop(struct gw_autoconfig *a)
{
	a->stopped = true;
	enough(a);
}
