/* SPDX-License-Identifier: ISC */
/* outbox/way.c - see way.h. */
#include "outbox/way.h"

struct gw_account gw_way_login(const struct gw_account *account)
{
	struct gw_account login = *account;

	login.user = account->smtp.user;
	if (account->smtp.password_command != NULL) {
		login.auth = GW_AUTH_PASSWORD;
		login.password_command = account->smtp.password_command;
		login.password = NULL;
	}
	return login;
}

/* Chooses a name other than the machine's own, which would be in every mail. */
static const char *ehlo_name(const struct gw_smtp_account *smtp, const char *sender)
{
	const char *at = sender != NULL ? strrchr(sender, '@') : NULL;

	if (smtp->ehlo_name != NULL)
		return smtp->ehlo_name;
	for (size_t i = 0; at == NULL && i < smtp->from_count; i++)
		at = strrchr(smtp->from[i], '@');
	return at != NULL ? at + 1 : "localhost.localdomain";
}

struct gw_smtp_options gw_way_options(const struct gw_account *account, struct gw_tls_ctx *tls,
	struct gw_sasl *sasl, const char *sender)
{
	const struct gw_smtp_account *smtp = &account->smtp;

	return (struct gw_smtp_options){ .stream = { .host = smtp->host,
						 .port = smtp->port,
						 .tunnel_command = smtp->tunnel_command,
						 .runner = account->runner,
						 .proxy = &account->proxy,
						 .bandwidth = account->bandwidth,
						 .tls = smtp->tls != GW_TLS_NONE ? tls : NULL,
						 .tls_at_once = smtp->tls == GW_TLS_IMPLICIT,
						 .timeout_ms = account->timeout_s * 1000 },
		.tls = smtp->tls,
		.sasl = sasl,
		.ehlo_name = ehlo_name(smtp, sender) };
}
