/* SPDX-License-Identifier: ISC */
/* doctor/doctor_p.h - what doctor.c, local.c, sending.c and endpoint.c share; private to them. */
#pragma once

#include "godwit/doctor.h"
#include "net/tls.h"

#include <stdarg.h>
#include <uv.h>

typedef void gw_tell(
	void *ctx, const char *what, enum gw_health health, const char *advice, const char *text);

__attribute__((format(printf, 6, 7))) static inline void gw_tellf(gw_tell *tell, void *ctx,
	const char *what, enum gw_health health, const char *advice, const char *format, ...)
{
	char text[800];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	tell(ctx, what, health, advice, text);
}

/* local.c: Maildir, state, the system's limits.  Blocking. */
void gw_doctor_local(const struct gw_account *account, gw_tell *tell, void *ctx);

/* sending.c: signs in to the submission server.  done is called once, later, after its findings. */
struct gw_sending;

enum gw_code gw_sending_check(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_account *account, gw_tell *tell, void (*done)(void *ctx), void *ctx,
	struct gw_sending **out, struct gw_error *err);
void gw_sending_cancel(struct gw_sending *s); /* done follows */

/* maildrop.c: signs in over POP3.  done is called once, later, after its findings.
 * gw_maildrop_cancel() frees it, then or sooner. */
struct gw_maildrop;
struct gw_sasl;

enum gw_code gw_maildrop_check(uv_loop_t *loop, const struct gw_log *log,
	const struct gw_account *account, struct gw_tls_ctx *tls, struct gw_sasl *sasl,
	gw_tell *tell, void (*done)(void *ctx), void *ctx, struct gw_maildrop **out,
	struct gw_error *err);
void gw_maildrop_cancel(struct gw_maildrop **at); /* done does not follow */

/* endpoint.c */
struct gw_endpoint;

/* endpoint: "host:port".  done is called exactly once, later, after one finding. */
enum gw_code gw_endpoint_check(uv_loop_t *loop, const struct gw_log *log, const char *endpoint,
	const struct gw_proxy *proxy, struct gw_tls_ctx *tls, gw_tell *tell,
	void (*done)(void *ctx), void *ctx, struct gw_endpoint **out, struct gw_error *err);
void gw_endpoint_cancel(struct gw_endpoint *e); /* done follows */
