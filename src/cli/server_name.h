/* SPDX-License-Identifier: ISC */
/* cli/server_name.h - what people type when they are asked for a server. */
#pragma once

#include "godwit/account.h"

enum { SERVER_NAME = 256 };

struct server_name {
	char host[SERVER_NAME];
	unsigned port; /* 0: not said */
	bool has_tls;  /* a URL says how it is encrypted */
	enum gw_tls_mode tls;
};

/* "imap.example.org", "imap.example.org:1993", "[::1]:143", or a URL such as
 * imaps://me@imap.example.org/.  What is wrong with it, static; NULL: nothing. */
const char *server_name_parse(const char *text, struct server_name *out);

/* True if host is the domain, or below it. */
bool server_is_within(const char *host, const char *domain);
