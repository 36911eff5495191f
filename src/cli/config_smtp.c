/* SPDX-License-Identifier: ISC */
/* cli/config_smtp.c - see config_smtp.h; keys are documented in godwit(5). */
#include "cli/config_smtp.h"

#include "base/text.h"
#include "cli/amount.h"

#include <stdlib.h>
#include <string.h>

enum { SUBMISSIONS = 465, SUBMISSION = 587 };

/* Returns the index of the key's word.  SIZE_MAX: none of them. */
static size_t one_of(cfg_t *sec, const char *key, const char *const *words, size_t count)
{
	const char *text = cfg_getstr(sec, key);

	for (size_t i = 0; i < count; i++) {
		if (text != NULL && strcmp(text, words[i]) == 0)
			return i;
	}
	return SIZE_MAX;
}

static enum gw_code read_words(cfg_t *sec, struct gw_smtp_account *s, struct gw_error *err)
{
	static const char *const sends[] = { "at-once", "sync", "manual" };
	static const char *const sents[] = { "auto", "yes", "no" };
	static const char *const doubts[] = { "resend", "hold" }, *const lines[] = { "refuse",
		"send" };
	size_t send = one_of(sec, "send", sends, 3), sent = one_of(sec, "sent", sents, 3);
	size_t doubt = one_of(sec, "in-doubt", doubts, 2),
	       line = one_of(sec, "long-lines", lines, 2);

	if (send == SIZE_MAX)
		return gw_fail(err, GW_ERR_CONFIG,
			"send = \"%s\" is not one of at-once, sync, manual",
			cfg_getstr(sec, "send"));
	if (sent == SIZE_MAX)
		return gw_fail(err, GW_ERR_CONFIG, "sent = \"%s\" is not one of auto, yes, no",
			cfg_getstr(sec, "sent"));
	if (doubt == SIZE_MAX)
		return gw_fail(err, GW_ERR_CONFIG, "in-doubt = \"%s\" is not one of resend, hold",
			cfg_getstr(sec, "in-doubt"));
	if (line == SIZE_MAX)
		return gw_fail(err, GW_ERR_CONFIG, "long-lines = \"%s\" is not one of refuse, send",
			cfg_getstr(sec, "long-lines"));
	s->send = (enum gw_send_mode)send;
	s->sent = (enum gw_sent_mode)sent;
	s->resend = doubt == 0;
	s->long_lines = line == 1;
	return GW_OK;
}

/* Port 465 is preferred (RFC 8314 3.3); a port that is given says which TLS is meant. */
static enum gw_code read_tls(
	cfg_t *sec, const struct provider *p, struct gw_smtp_account *s, struct gw_error *err)
{
	static const char *const words[] = { "implicit", "starttls", "none" };
	long port = cfg_getint(sec, "smtp-port");
	unsigned long long delay;
	size_t tls = one_of(sec, "smtp-tls", words, 3);
	bool preset = p != NULL && p->smtp_host != NULL && strcmp(p->smtp_host, s->host) == 0;

	if (port < 0 || port > 65535)
		return gw_fail(err, GW_ERR_CONFIG, "smtp-port must be between 0 and 65535");
	if (!amount_read(cfg_getstr(sec, "send-delay"), AMOUNT_SECONDS, &delay) || delay > 86400)
		return gw_fail(err, GW_ERR_CONFIG, "send-delay is %s, up to a day",
			amount_words(AMOUNT_SECONDS));
	if (tls == SIZE_MAX && cfg_getstr(sec, "smtp-tls") != NULL)
		return gw_fail(err, GW_ERR_CONFIG,
			"smtp-tls = \"%s\" is not one of implicit, starttls, none",
			cfg_getstr(sec, "smtp-tls"));
	if (tls == SIZE_MAX)
		tls = s->tunnel_command != NULL          ? GW_TLS_NONE
		      : port == SUBMISSION || port == 25 ? GW_TLS_STARTTLS
		      : preset && port == 0              ? (size_t)p->smtp_tls
							 : GW_TLS_IMPLICIT;
	s->tls = (enum gw_tls_mode)tls;
	if (s->tls == GW_TLS_NONE && s->tunnel_command == NULL && !gw_is_loopback(s->host))
		return gw_fail(err, GW_ERR_CONFIG,
			"smtp-tls = \"none\" would send password and mail to %s in clear; it is allowed on "
			"loopback and with smtp-tunnel-command only",
			s->host);
	s->delay_s = (unsigned)delay;
	s->port = port != 0                              ? (unsigned)port
		  : preset && tls == (size_t)p->smtp_tls ? p->smtp_port
		  : s->tls == GW_TLS_IMPLICIT            ? SUBMISSIONS
							 : SUBMISSION;
	return GW_OK;
}

static enum gw_code read_from(
	cfg_t *sec, const struct gw_account *a, struct gw_smtp_account *s, struct gw_error *err)
{
	unsigned n = cfg_size(sec, "from");
	const char *user = a->user != NULL ? a->user : s->user;
	bool own = n == 0 && user != NULL && strchr(user, '@') != NULL;

	s->from = calloc(n + 1, sizeof *s->from);
	if (s->from == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	for (unsigned i = 0; i < n; i++) {
		const char *pattern = cfg_getnstr(sec, "from", i);

		if (strchr(pattern, '@') == NULL)
			return gw_fail(err, GW_ERR_CONFIG,
				"from: \"%s\" is no address, nor a pattern such as \"*@my.example\"",
				pattern);
		s->from[s->from_count] = strdup(pattern);
		if (s->from[s->from_count++] == NULL)
			return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	if (own && (s->from[0] = strdup(user)) == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	s->from_count += own;
	return GW_OK;
}

enum gw_code config_read_smtp(
	cfg_t *sec, const struct provider *p, struct gw_account *a, struct gw_error *err)
{
	struct gw_smtp_account *s = &a->smtp;
	const char *user = cfg_getstr(sec, "smtp-user");
	enum gw_code code;

	s->host = gw_copy_str(cfg_getstr(sec, "smtp-host"));
	s->tunnel_command = gw_copy_str(cfg_getstr(sec, "smtp-tunnel-command"));
	if (s->host == NULL && s->tunnel_command != NULL)
		s->host = strdup("tunnel");
	/* Whoever reaches the provider's mail by another way has to say how to send, too. */
	if (s->host == NULL && p != NULL && a->host != NULL && strcmp(a->host, p->host) == 0)
		s->host = gw_copy_str(p->smtp_host);
	if (s->host == NULL)
		return GW_OK;
	s->user = gw_copy_str(user != NULL ? user : s->tunnel_command != NULL ? NULL : a->user);
	s->password_command = gw_copy_str(cfg_getstr(sec, "smtp-password-command"));
	s->ehlo_name = gw_copy_str(cfg_getstr(sec, "ehlo-name"));
	s->bounce = cfg_getbool(sec, "bounce");
	code = read_words(sec, s, err);
	if (code == GW_OK)
		code = read_tls(sec, p, s, err);
	if (code == GW_OK)
		code = read_from(sec, a, s, err);
	if (code == GW_OK && s->user != NULL && s->user[0] != '\0' && s->password_command == NULL &&
		a->auth == GW_AUTH_PASSWORD && a->password_command == NULL)
		code = gw_fail(err, GW_ERR_CONFIG,
			"`smtp-password-command` is missing: a command whose first line of output is the "
			"password; or set smtp-user = \"\" if the server wants none");
	return code;
}

void config_free_smtp(struct gw_smtp_account *s)
{
	free(s->host);
	free(s->user);
	free(s->password_command);
	free(s->tunnel_command);
	free(s->ehlo_name);
	for (size_t i = 0; i < s->from_count; i++)
		free(s->from[i]);
	free(s->from);
	for (size_t i = 0; i < s->pins.count; i++)
		free(s->pins.list[i]);
	free(s->pins.list);
}
