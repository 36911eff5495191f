/* SPDX-License-Identifier: ISC */
/* net/stream_sasl.c - see stream_sasl.h. */
#include "net/stream_sasl.h"

static bool binds(const char *mechanism)
{
	static const char plus[] = "-PLUS";
	size_t n = strlen(mechanism), end = sizeof plus - 1;

	return n > end && strcmp(mechanism + n - end, plus) == 0;
}

const char *gw_stream_choose_sasl(const struct gw_stream *s, const struct gw_sasl *sasl,
	const struct gw_sasl_offer *offers, uint32_t caps)
{
	struct gw_sasl_binding binding;
	bool bound = gw_stream_binding(s, &binding);

	for (const struct gw_sasl_offer *o = offers; o->name != NULL && !bound; o++) {
		if (binds(o->name))
			caps &= ~o->cap;
	}
	return gw_sasl_choose(sasl, offers, caps);
}

enum gw_code gw_stream_begin_sasl(const struct gw_stream *s, struct gw_sasl *sasl,
	const char *mechanism, struct gw_sasl **exchange)
{
	struct gw_sasl_binding binding;

	gw_sasl_unref(exchange);
	if (!gw_sasl_has_dialogue(mechanism))
		return GW_OK;
	*exchange = sasl->begin(sasl, mechanism, gw_stream_binding(s, &binding) ? &binding : NULL);
	return *exchange == NULL ? GW_ERR_NOMEM : GW_OK;
}
