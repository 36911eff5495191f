/* SPDX-License-Identifier: ISC */
/* auth/trust.c - see trust.h. */
#include "auth/trust.h"

#include "net/pin.h"

#include <string.h>

bool gw_is_pin(const char *text)
{
	unsigned char pin[GW_PIN_BYTES];

	return gw_pin_read(text, pin);
}

/* In a file of its own, or behind the certificates. */
static const char *client_key(const struct gw_account *account)
{
	return account->tls_client_key != NULL ? account->tls_client_key : account->tls_client_cert;
}

enum gw_code gw_trust_imap(
	const struct gw_account *account, struct gw_tls_ctx **out, struct gw_error *err)
{
	const struct gw_tls_trust trust = { .ca_file = account->tls_ca_file,
		.setting = "tls-pin",
		.pins = account->pins.list,
		.pin_count = account->pins.count,
		.client_cert = account->tls_client_cert,
		.client_key = client_key(account) };

	return gw_tls_ctx_new(&trust, out, err);
}

/* True if one server does both, under one list of pins. */
static bool shares_pins(const struct gw_account *account)
{
	return account->smtp.pins.count == 0 && account->host != NULL &&
	       strcmp(account->host, account->smtp.host) == 0;
}

enum gw_code gw_trust_smtp(
	const struct gw_account *account, struct gw_tls_ctx **out, struct gw_error *err)
{
	bool shared = shares_pins(account);
	const struct gw_pins *pins = shared ? &account->pins : &account->smtp.pins;
	const struct gw_tls_trust trust = { .ca_file = account->tls_ca_file,
		.setting = shared ? "tls-pin" : "smtp-tls-pin",
		.pins = pins->list,
		.pin_count = pins->count,
		.client_cert = account->tls_client_cert,
		.client_key = client_key(account) };

	return gw_tls_ctx_new(&trust, out, err);
}

enum gw_code gw_trust_others(
	const struct gw_account *account, struct gw_tls_ctx **out, struct gw_error *err)
{
	const struct gw_tls_trust trust = { .ca_file = account->tls_ca_file };

	return gw_tls_ctx_new(&trust, out, err);
}
