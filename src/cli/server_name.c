/* SPDX-License-Identifier: ISC */
/* cli/server_name.c - see server_name.h. */
#include "cli/server_name.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* http and https are copied from a webmail page: their host is a start, their port is not. */
static const struct scheme {
	const char *name;
	bool has_tls, mail;
	enum gw_tls_mode tls;
} schemes[] = {
	{ "imaps", true, true, GW_TLS_IMPLICIT },
	{ "imap", false, true, GW_TLS_IMPLICIT },
	{ "smtps", true, true, GW_TLS_IMPLICIT },
	{ "submissions", true, true, GW_TLS_IMPLICIT },
	{ "submission", true, true, GW_TLS_STARTTLS },
	{ "smtp", false, true, GW_TLS_IMPLICIT },
	{ "https", false, false, GW_TLS_IMPLICIT },
	{ "http", false, false, GW_TLS_IMPLICIT },
};

static const struct scheme *scheme_of(const char *text, size_t n)
{
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		if (strlen(schemes[i].name) == n && strncasecmp(schemes[i].name, text, n) == 0)
			return &schemes[i];
	}
	return NULL;
}

static const char *take_port(const char *text, size_t n, unsigned *port)
{
	unsigned number = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9' || i == 5)
			return "what stands behind the colon is no port; one is a number, such as 993";
		number = number * 10 + (unsigned)(text[i] - '0');
	}
	if (number == 0 || number > 65535)
		return "a port is a number between 1 and 65535";
	*port = number;
	return NULL;
}

/* host, host:port, [v6], [v6]:port, or v6 alone. */
static const char *take_host(const char *text, size_t n, struct server_name *out)
{
	const char *bracket = n > 0 && *text == '[' ? memchr(text, ']', n) : NULL;
	const char *colon = memchr(text, ':', n);
	size_t host = n;

	if (n > 0 && *text == '[' && bracket == NULL)
		return "a \"]\" is missing behind the address";
	if (bracket != NULL) {
		host = (size_t)(bracket - text) - 1;
		colon = bracket + 1 == text + n ? NULL : bracket + 1;
		if (colon != NULL && *colon != ':')
			return "only a port may stand behind \"]\"";
		text++;
		n--;
	} else if (colon != NULL &&
		   memchr(colon + 1, ':', n - (size_t)(colon + 1 - text)) != NULL) {
		colon = NULL; /* an address of IPv6 */
	} else if (colon != NULL) {
		host = (size_t)(colon - text);
	}
	if (host == 0)
		return "that is no server's name; one looks like imap.example.org";
	if (host >= sizeof out->host)
		return "that is too long for a server's name";
	snprintf(out->host, sizeof out->host, "%.*s", (int)host, text);
	if (strpbrk(out->host, " \t\"\\/@[]<>,;$'") != NULL)
		return "that is no server's name; one looks like imap.example.org";
	return colon == NULL ? NULL
			     : take_port(colon + 1, n - (size_t)(colon + 1 - text), &out->port);
}

const char *server_name_parse(const char *text, struct server_name *out)
{
	const char *sep = strstr(text, "://"), *at, *wrong;
	const struct scheme *s = NULL;
	size_t n;

	*out = (struct server_name){ 0 };
	if (sep != NULL) {
		s = scheme_of(text, (size_t)(sep - text));
		if (s == NULL)
			return "that is no address of a mail server; one looks like imaps://imap.example.org";
		text = sep + 3;
	}
	n = strcspn(text, "/?#");
	if (sep == NULL && text[n] != '\0')
		return "that is no server's name; one looks like imap.example.org";
	at = sep == NULL ? NULL : memchr(text, '@', n);
	if (at != NULL) { /* who signs in is asked for by itself */
		n -= (size_t)(at + 1 - text);
		text = at + 1;
	}
	wrong = take_host(text, n, out);
	if (wrong == NULL && s != NULL && s->has_tls) {
		out->has_tls = true;
		out->tls = s->tls;
	}
	if (s != NULL && !s->mail)
		out->port = 0;
	return wrong;
}

bool server_is_within(const char *host, const char *domain)
{
	size_t h = strlen(host), d = strlen(domain);

	while (h > 0 && host[h - 1] == '.')
		h--;
	if (d == 0 || h < d || strncasecmp(host + h - d, domain, d) != 0)
		return false;
	return h == d || host[h - d - 1] == '.';
}
