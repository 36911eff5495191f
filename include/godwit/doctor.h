/* SPDX-License-Identifier: ISC */
/* godwit/doctor.h - looks for what keeps an account from working, from its server's name to its
 * Maildir, and reports each finding with what to do about it.
 */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"
#include "godwit/log.h"

struct uv_loop_s;
struct gw_doctor;

enum gw_health {
	GW_HEALTH_GOOD,
	GW_HEALTH_FAIR, /* works, but could be better or will not last */
	GW_HEALTH_BAD,
};

struct gw_finding {
	const char *
		what; /* one word: sandbox (of the command's own), name, connection, tls, login, server, speed, connections,
			   * mailboxes, hidden, maildir, state, watching, sending, submission,
			   * from, or an end point */
	enum gw_health health;
	const char *text;   /* what was found */
	const char *advice; /* what to do; NULL: nothing */
};

/* finding NULL: nothing more follows. */
typedef void gw_doctor_cb(void *ctx, const struct gw_finding *finding);

/* Starts an examination.  endpoints: further "host:port" to try, as others of the same provider
 * are, with TLS (465, 993 and 995) or after STARTTLS.  Everything is borrowed until the last call.
 * GW_OK: cb is called with NULL exactly once, later.  GW_ERR_NOMEM. */
enum gw_code gw_doctor_start(struct uv_loop_s *loop, const struct gw_account *account,
	const char *const *endpoints, size_t endpoint_count, const struct gw_log *log,
	gw_doctor_cb *cb, void *ctx, struct gw_doctor **out, struct gw_error *err);

/* Gives up what is under way; the last call follows. */
void gw_doctor_stop(struct gw_doctor *d);
