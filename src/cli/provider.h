/* SPDX-License-Identifier: ISC */
/* cli/provider.h - what is known of the big providers, so that nobody has to look it up. */
#pragma once

#include "godwit/account.h"

struct provider {
	const char *name;    /* as in `provider = "..."` */
	const char *source;  /* where the provider says so */
	const char *domains; /* of addresses, with spaces between; NULL: none */
	const char
		*mx; /* below which its customers' domains have their mail taken in; NULL: none */
	const char *host;
	unsigned port;
	enum gw_tls_mode tls;
	enum gw_auth auth;     /* the usual way */
	bool passwords;        /* there are passwords (often ones for applications) as well */
	const char *smtp_host; /* NULL: not known */
	unsigned smtp_port;
	enum gw_tls_mode smtp_tls;
	unsigned connections;
	unsigned daily_download_mb, daily_upload_mb; /* 0: not known */
	/* OAuth 2.0; NULL: none.  A client of one's own is needed nearly everywhere. */
	const char *auth_url, *token_url, *device_url, *userinfo_url, *scope;
	const char *pop3_host;  /* NULL: not known */
	const char *pop3_scope; /* NULL: as for IMAP */
	const char *hint;       /* where a password for applications, or a client, comes from */
};

/* NULL: none of that name. */
const struct provider *provider_named(const char *name);
/* Finds a provider by the domain of an address; NULL: none. */
const struct provider *provider_of_domain(const char *domain);
/* Finds a provider by a domain's mail exchanger (MX); NULL: none. */
const struct provider *provider_of_mx(const char *host);
/* Finds a provider by its IMAP server; NULL: none. */
const struct provider *provider_of_host(const char *host);
/* Every name, for people. */
const char *provider_names(void);
/* The i-th; NULL: there are no more. */
const struct provider *provider_at(size_t i);
