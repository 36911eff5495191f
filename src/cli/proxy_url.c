/* SPDX-License-Identifier: ISC */
/* cli/proxy_url.c - see proxy_url.h. */
#include "cli/proxy_url.h"

#include "cli/server_name.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { USUAL_PORT = 1080 };

/* Heap; NULL: no memory, or "%" without two digits behind it, or a NUL. */
static char *decode(const char *text, size_t n)
{
	char *out = malloc(n + 1);
	size_t to = 0;

	for (size_t i = 0; out != NULL && i < n; i++) {
		unsigned c = (unsigned char)text[i];

		if (c == '%' && (i + 2 >= n || !gw_read_hex(text + i + 1, &c) || c == 0)) {
			free(out);
			return NULL;
		}
		i += text[i] == '%' ? 2 : 0;
		out[to++] = (char)c;
	}
	if (out != NULL)
		out[to] = '\0';
	return out;
}

/* "name:password", or "name". */
static const char *take_person(const char *text, size_t n, struct gw_proxy *out)
{
	const char *colon = memchr(text, ':', n);
	size_t user = colon == NULL ? n : (size_t)(colon - text);

	out->user = decode(text, user);
	if (colon != NULL)
		out->password = decode(colon + 1, n - user - 1);
	if (out->user == NULL || (colon != NULL && out->password == NULL))
		return "\"%\" stands before two digits of a byte (%40 is \"@\")";
	return out->user[0] == '\0' ? "the name is empty" : NULL;
}

const char *proxy_url_parse(const char *text, struct gw_proxy *out)
{
	static const char form[] =
		"it is written as \"socks5://host:port\", or \"socks5://name:password@host:port\"";
	const char *sep = strstr(text, "://"), *at, *wrong;
	struct server_name server;
	size_t scheme = sep == NULL ? 0 : (size_t)(sep - text);

	*out = (struct gw_proxy){ 0 };
	if (sep == NULL || !((scheme == 6 && strncasecmp(text, "socks5", 6) == 0) ||
				   (scheme == 7 && strncasecmp(text, "socks5h", 7) == 0)))
		return form;
	text = sep + 3;
	at = strrchr(text, '@');
	wrong = at == NULL ? NULL : take_person(text, (size_t)(at - text), out);
	if (wrong != NULL)
		return wrong;
	wrong = server_name_parse(at == NULL ? text : at + 1, &server);
	if (wrong != NULL || strstr(at == NULL ? text : at + 1, "://") != NULL)
		return wrong != NULL ? wrong : form;
	out->host = strdup(server.host);
	out->port = server.port == 0 ? USUAL_PORT : server.port;
	return out->host == NULL ? "out of memory" : NULL;
}
