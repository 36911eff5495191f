/* godwit/doctor.h - looks for what keeps an account from working, from the name of its server to
 * its Maildir, and says of each thing what it found and what to do.
 */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"
#include "godwit/log.h"

struct uv_loop_s;
struct gw_doctor;

enum gw_health {
	GW_HEALTH_GOOD,
	GW_HEALTH_FAIR, /* it works; something could be better, or will not last */
	GW_HEALTH_BAD,
};

struct gw_finding {
	const char *what; /* one word: name, connection, tls, login, server, speed, connections,
			   * mailboxes, hidden, maildir, state, watching, sending, submission,
			   * from, or an end point */
	enum gw_health health;
	const char *text;   /* what was found */
	const char *advice; /* what to do; NULL: nothing */
};

/* finding NULL: that was all. */
typedef void gw_doctor_cb(void *ctx, const struct gw_finding *finding);

/* endpoints: further "host:port" to be reached, as others of the same provider are, with TLS (465,
 * 993 and 995) or after STARTTLS.  Everything is borrowed until the last call.  GW_OK: cb is called
 * with NULL exactly once, later.  GW_ERR_NOMEM. */
enum gw_code gw_doctor_start(struct uv_loop_s *loop, const struct gw_account *account,
	const char *const *endpoints, size_t endpoint_count, const struct gw_log *log,
	gw_doctor_cb *cb, void *ctx, struct gw_doctor **out, struct gw_error *err);

/* What is under way is given up; the last call follows. */
void gw_doctor_stop(struct gw_doctor *d);
