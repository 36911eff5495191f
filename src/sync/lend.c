/* SPDX-License-Identifier: ISC */
/* sync/lend.c - see lend.h. */
#include "sync/lend.h"

#include "godwit/account.h"

struct gw_session_options gw_session_options_of(const struct gw_account *a, struct gw_tls_ctx *tls,
	struct gw_sasl *sasl, const char *remembered_caps)
{
	return (struct gw_session_options){ .stream = { .host = a->host,
						    .port = a->port,
						    .tunnel_command = a->tunnel_command,
						    .runner = a->runner,
						    .proxy = &a->proxy,
						    .bandwidth = a->bandwidth,
						    .tls = tls,
						    .tls_at_once = a->tls == GW_TLS_IMPLICIT,
						    .timeout_ms = a->timeout_s * 1000 },
		.tls = a->tls,
		.sasl = sasl,
		.read_only = a->direction == GW_DIRECTION_PULL,
		.labels = a->labels != GW_LABELS_NONE,
		.remembered_caps = remembered_caps };
}

void gw_warm_deinit(struct gw_warm *w)
{
	gw_session_close(&w->session);
	gw_tls_ctx_free(w->tls);
	w->tls = NULL;
	gw_sasl_unref(&w->sasl);
	gw_folders_deinit(&w->folders);
}
