/* SPDX-License-Identifier: ISC */
/* sync/signin.c - connections of an account, and what they sign in with; part of sync_p.h.
 *
 * A password or a token is obtained once, and kept in s->sasl.  A token that the server refuses is
 * renewed once, and the connection made again; another refusal is reported.
 */
#include "sync/sync_p.h"

#include "auth/credentials.h"

#include <time.h>

enum { MUCH_BYTES = 1 << 20, TOKEN_MARGIN_S = 300, RENEW_AGAIN_S = 60 };

bool gw_sync_is_signing_in(const struct gw_sync *s)
{
	return s->credentials != NULL;
}

void gw_sync_cancel_sign_in(struct gw_sync *s)
{
	if (s->credentials != NULL)
		gw_credentials_cancel(s->credentials);
}

/* Compressing takes a round trip, and processors on both sides: it is for mail in bulk. */
static bool much_is_coming(const struct gw_sync *s)
{
	uint64_t left = s->counts.bytes_to_download > s->counts.bytes_downloaded
				? s->counts.bytes_to_download - s->counts.bytes_downloaded
				: 0;

	return s->state_is_new || left > MUCH_BYTES;
}

enum gw_code gw_sync_open_conn(struct gw_sync *s, struct gw_conn *c, struct gw_error *err)
{
	struct gw_session_options options =
		gw_session_options_of(s->account, s->tls, s->sasl, s->caps);

	options.remembered_before = s->caps_before;
	options.quirks = s->quirks;
	options.alerts = &s->alerts;
	options.compress = s->account->compress && !s->compress_failed && much_is_coming(s);
	c->sync = s;
	c->ready = false;
	c->box_count = 0;
	c->blamed = c->used = false;
	c->only = NULL;
	return gw_session_open(s->loop, s->log, &options, gw_sync_on_session, c, &c->session, err);
}

/* Takes the credentials, or learns that there are none. */
static void on_credentials(void *ctx, struct gw_sasl *sasl, const struct gw_error *err)
{
	struct gw_sync *s = ctx;
	struct gw_error local = { 0 };
	enum gw_code code;

	if (err != NULL)
		local = *err;
	s->credentials = NULL;
	gw_sasl_unref(&s->sasl);
	s->sasl = sasl;
	if (s->phase == SYNC_ENDING) {
		gw_sync_pump(s); /* the end waited for this */
		return;
	}
	code = local.code == GW_OK ? gw_sync_open_conn(s, &s->conns[0], &local) : local.code;
	if (code != GW_OK)
		gw_sync_fail(s, &local);
}

static enum gw_code ask(struct gw_sync *s, bool refused, struct gw_error *err)
{
	return gw_credentials_start(
		s->loop, s->log, s->account, refused, on_credentials, s, &s->credentials, err);
}

enum gw_code gw_sync_sign_in(struct gw_sync *s, struct gw_error *err)
{
	struct gw_warm *w = s->options.warm;

	/* A session ends with its token: better now than in the middle. */
	if (s->sasl != NULL && s->sasl->expires_at != 0 &&
		s->sasl->expires_at < (int64_t)time(NULL) + TOKEN_MARGIN_S) {
		gw_sasl_unref(&s->sasl);
		if (w != NULL)
			gw_session_close(&w->session);
	}
	if (w != NULL && w->session != NULL && gw_session_usable(w->session))
		return gw_sync_adopt_session(s, err);
	if (w != NULL) {
		gw_session_close(&w->session);
		gw_folders_deinit(&w->folders);
	}
	return s->sasl != NULL ? gw_sync_open_conn(s, &s->conns[0], err) : ask(s, false, err);
}

void gw_sync_unlist(struct gw_sync *s)
{
	if (s->phase != SYNC_LISTING || s->folders_settled)
		return;
	gw_folders_deinit(&s->folders);
	s->remembered = false;
	s->list_pending = 0;
	gw_sync_enter(s, SYNC_OPENING);
}

bool gw_sync_renew(struct gw_sync *s, const struct gw_error *why)
{
	int64_t now = (int64_t)time(NULL);
	struct gw_error err = { 0 };

	if (why->code != GW_ERR_AUTH || s->account->auth != GW_AUTH_OAUTH2)
		return false;
	if (gw_sync_is_signing_in(s)) /* another connection met it first */
		return true;
	if (s->renewed_at != 0 && now - s->renewed_at < RENEW_AGAIN_S)
		return false;
	gw_sync_unlist(s);
	if (s->phase != SYNC_OPENING && s->phase != SYNC_WORKING)
		return false;
	for (size_t i = 0; i < GW_CONN_MAX; i++) {
		if (s->conns[i].session != NULL)
			return false; /* that one works, and on_credentials() has no place */
	}
	s->renewed_at = now;
	gw_log(s->log, GW_LOG_INFO, "%s: the token was refused; asking for another",
		s->account->name);
	return ask(s, true, &err) == GW_OK;
}
