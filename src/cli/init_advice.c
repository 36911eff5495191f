/* SPDX-License-Identifier: ISC */
/* cli/init_advice.c - what the domain publishes about its servers, over HTTPS; part of init_p.h. */
#include "cli/config_paths.h"
#include "cli/init_p.h"
#include "cli/proxy_url.h"
#include "cli/say.h"
#include "cli/terminal.h"

#include "godwit/autoconfig.h"

#include <signal.h>
#include <stdlib.h>
#include <uv.h>

struct run {
	uv_loop_t loop;
	uv_signal_t on_int;
	struct gw_autoconfig *asking; /* frees itself */
	struct gw_advice *advice;
	char *source;
	bool stopped;
};

static void on_advice(void *ctx, const struct gw_advice *advice)
{
	struct run *r = ctx;

	r->asking = NULL;
	if (advice != NULL) {
		*r->advice = *advice;
		r->source = gw_copy_str(advice->source);
	}
	uv_close((uv_handle_t *)&r->on_int, NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct run *r = handle->data;

	(void)number;
	r->stopped = true;
	if (r->asking != NULL)
		gw_autoconfig_stop(r->asking);
}

static void run_loop(
	struct run *r, const struct gw_autoconfig_question *q, const struct gw_log *log)
{
	struct gw_error ignored = { 0 };
	sigset_t before;

	fflush(stdout);
	uv_loop_init(&r->loop);
	uv_signal_init(&r->loop, &r->on_int);
	r->on_int.data = r;
	uv_signal_start(&r->on_int, on_signal, SIGINT);
	if (gw_autoconfig_start(&r->loop, q, log, on_advice, r, &r->asking, &ignored) != GW_OK)
		uv_close((uv_handle_t *)&r->on_int, NULL);
	terminal_let_in(&before);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	terminal_shut(&before);
	uv_loop_close(&r->loop);
}

bool init_take_advice(struct init *in)
{
	const char *proxy = init_given(in, "proxy"), *ca = init_given(in, "tls-ca-file");
	char *ca_file = ca == NULL ? NULL : config_expand(in->file.dir, ca);
	struct gw_proxy through = { .host = NULL };
	struct gw_autoconfig_question q = {
		.address = in->address, .proxy = &through, .ca_file = ca_file
	};
	struct run r = { .advice = &in->advice };

	if ((proxy == NULL || proxy_url_parse(proxy, &through) == NULL) &&
		(ca == NULL || ca_file != NULL))
		run_loop(&r, &q, in->log);
	free(through.host);
	free(through.user);
	gw_wipe(through.password, through.password == NULL ? 0 : strlen(through.password));
	free(ca_file);
	if (r.stopped)
		gw_fail(&in->err, GW_ERR_CANCELLED, "stopped; nothing was written");
	if (r.source != NULL)
		say(stdout, "%s names the servers of %s.", r.source, in->domain);
	free(r.source);
	return !r.stopped;
}
