/* SPDX-License-Identifier: ISC */
/* pop3/refusal.h - what "-ERR" means to the client: by its code (RFC 2449, RFC 3206), or without
 * one by its words. */
#pragma once

#include "base/buf.h"

enum gw_pop3_refusal_kind {
	GW_POP3_NO,    /* not supported */
	GW_POP3_CREDS, /* wrong user or password */
	GW_POP3_LATER, /* may succeed another time */
	GW_POP3_NEVER, /* "[SYS/PERM]": somebody has to intervene */
};

struct gw_pop3_refusal {
	enum gw_pop3_refusal_kind kind;
	unsigned wait_s; /* LATER: the least time; 0: not given */
};

/* code: "IN-USE", or "".  login_delay: seconds from CAPA, or 0. */
struct gw_pop3_refusal gw_pop3_refusal_of(
	const char *code, struct gw_slice text, unsigned login_delay);
