/* pop3/refusal.h - what "-ERR" means for whoever asked: its code (RFC 2449, RFC 3206), and where there
 * is none its words. */
#pragma once

#include "base/buf.h"

enum gw_pop3_refusal_kind {
	GW_POP3_NO,    /* it does not do that */
	GW_POP3_CREDS, /* the user or the password */
	GW_POP3_LATER, /* it will, another time */
	GW_POP3_NEVER, /* "[SYS/PERM]": somebody has to see to it */
};

struct gw_pop3_refusal {
	enum gw_pop3_refusal_kind kind;
	unsigned wait_s; /* LATER: at least; 0: not told */
};

/* code: "IN-USE", or "". login_delay: what CAPA told, in seconds, or 0. */
struct gw_pop3_refusal gw_pop3_refusal_of(
	const char *code, struct gw_slice text, unsigned login_delay);
