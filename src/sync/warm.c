/* sync/warm.c - see warm.h. */
#include "sync/warm.h"

void gw_warm_deinit(struct gw_warm *w)
{
	gw_session_close(&w->session);
	gw_tls_ctx_free(w->tls);
	w->tls = NULL;
	if (w->sasl != NULL)
		w->sasl->free(w->sasl);
	w->sasl = NULL;
}
