/* SPDX-License-Identifier: ISC */
/* remote/head_reader.c - see head_reader.h. */
#include "remote/head_reader.h"

enum { HEAD_MAX = 64 << 20, PIECE = 8192 };

static void begin(
	struct gw_head_reader *r, struct gw_session *session, const struct gw_body_event *ev)
{
	struct gw_error err = { 0 };

	r->comes = gw_slice_case_eq(ev->section, "HEADER");
	if (!r->comes)
		return; /* nobody asked for it */
	*r = (struct gw_head_reader){ .comes = true };
	gw_printer_init(&r->printer);
	if (ev->size <= HEAD_MAX)
		return;
	gw_fail(&err, GW_ERR_PROTOCOL, "the server announced a header of %llu bytes",
		(unsigned long long)ev->size);
	gw_session_break(session, &err);
}

static void add(struct gw_head_reader *r, struct gw_slice in)
{
	char text[PIECE + 1];

	r->bytes += in.n;
	while (in.n > 0) {
		size_t take = in.n < PIECE ? in.n : PIECE;

		gw_printer_update(&r->printer, text,
			gw_crlf_convert(&r->crlf, (struct gw_slice){ in.p, take }, text));
		in.p += take;
		in.n -= take;
	}
}

void gw_head_reader_feed(
	struct gw_head_reader *r, struct gw_session *session, const struct gw_body_event *ev)
{
	switch (ev->type) {
	case GW_BODY_BEGIN:
		begin(r, session, ev);
		break;
	case GW_BODY_DATA:
		if (r->comes)
			add(r, ev->data);
		break;
	case GW_BODY_END:
		r->whole |= r->comes;
		r->comes = false;
		break;
	}
}

bool gw_head_reader_take(struct gw_head_reader *r, struct gw_fingerprint *print, uint64_t *bytes)
{
	if (!r->whole)
		return false;
	gw_printer_final(&r->printer, print);
	*bytes = r->bytes;
	r->whole = false;
	return true;
}
