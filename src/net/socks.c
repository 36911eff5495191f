/* SPDX-License-Identifier: ISC */
/* net/socks.c - see socks.h. */
#include "net/socks.h"

#include <arpa/inet.h>
#include <string.h>

enum { VERSION = 5, PASSWORD_VERSION = 1, NONE_NEEDED = 0, BY_PASSWORD = 2, CONNECT = 1 };
enum { IPV4 = 1, NAME = 3, IPV6 = 4, TEXT_MAX = 255 };

static void await(struct gw_socks *s, enum gw_socks_state state, size_t want)
{
	s->state = state;
	s->have = 0;
	s->want = want;
}

static enum gw_code put(struct gw_buf *out, const unsigned char *p, size_t n)
{
	return gw_buf_append(out, p, n);
}

/* A length in one byte, and the text. */
static enum gw_code put_text(struct gw_buf *out, const char *text)
{
	unsigned char n = (unsigned char)strlen(text);
	enum gw_code code = put(out, &n, 1);

	return code == GW_OK ? gw_buf_append(out, text, n) : code;
}

enum gw_code gw_socks_begin(struct gw_socks *s, const struct gw_proxy *proxy, const char *host,
	unsigned port, struct gw_buf *out, struct gw_error *err)
{
	bool password = proxy->user != NULL;
	const unsigned char hello[] = { VERSION, password ? 2 : 1, NONE_NEEDED, BY_PASSWORD };

	*s = (struct gw_socks){ .proxy = proxy, .host = host, .port = port };
	await(s, GW_SOCKS_CHOOSING, 2);
	if (strlen(host) > TEXT_MAX || host[0] == '\0' ||
		(password && (strlen(proxy->user) > TEXT_MAX || proxy->user[0] == '\0')) ||
		(proxy->password != NULL && strlen(proxy->password) > TEXT_MAX))
		return gw_fail(err, GW_ERR_CONFIG,
			"a name or password is too long, or empty, for the proxy %s", proxy->host);
	return put(out, hello, password ? 4 : 3) == GW_OK
		       ? GW_OK
		       : gw_fail(err, GW_ERR_NOMEM, "out of memory");
}

size_t gw_socks_wants(const struct gw_socks *s)
{
	return s->want - s->have;
}

static enum gw_code ask_for_server(struct gw_socks *s, struct gw_buf *out)
{
	const unsigned char port[] = { (unsigned char)(s->port >> 8), (unsigned char)s->port };
	unsigned char head[] = { VERSION, CONNECT, 0, NAME }, address[16];
	enum gw_code code;

	if (inet_pton(AF_INET, s->host, address) == 1)
		head[3] = IPV4;
	else if (inet_pton(AF_INET6, s->host, address) == 1)
		head[3] = IPV6;
	code = put(out, head, sizeof head);
	if (code == GW_OK)
		code = head[3] == NAME ? put_text(out, s->host)
				       : put(out, address, head[3] == IPV4 ? 4 : 16);
	await(s, GW_SOCKS_CONNECTING, 5);
	return code == GW_OK ? put(out, port, sizeof port) : code;
}

static enum gw_code sign_in(struct gw_socks *s, struct gw_buf *out)
{
	const unsigned char version = PASSWORD_VERSION;
	enum gw_code code = put(out, &version, 1);

	if (code == GW_OK)
		code = put_text(out, s->proxy->user);
	await(s, GW_SOCKS_SIGNING_IN, 2);
	return code == GW_OK ? put_text(out, s->proxy->password == NULL ? "" : s->proxy->password)
			     : code;
}

/* RFC 1928 6 */
static const char *words_of(unsigned reply)
{
	static const char *const words[] = { "", "it failed", "its rules forbid it",
		"the network cannot be reached", "the host cannot be reached", "connection refused",
		"it took too long", "it does not know that command",
		"it does not know such addresses" };

	return reply < sizeof words / sizeof *words ? words[reply]
						    : "for a reason that nobody knows";
}

static enum gw_code choose(struct gw_socks *s, struct gw_buf *out, struct gw_error *err)
{
	const struct gw_proxy *p = s->proxy;

	if (s->in[0] != VERSION)
		return gw_fail(err, GW_ERR_NET, "what answers at %s port %u is no SOCKS5 proxy",
			p->host, p->port);
	if (s->in[1] == NONE_NEEDED)
		return ask_for_server(s, out);
	if (s->in[1] == BY_PASSWORD && p->user != NULL)
		return sign_in(s, out);
	return gw_fail(err, GW_ERR_NET,
		p->user == NULL
			? "the proxy %s wants a name and a password: write proxy = \"socks5://NAME:PASSWORD@...\""
			: "the proxy %s takes no name and password",
		p->host);
}

static enum gw_code end_of_answer(struct gw_socks *s, struct gw_error *err)
{
	unsigned type = s->in[3], first = s->in[4];

	if (s->in[0] != VERSION)
		return gw_fail(
			err, GW_ERR_NET, "the proxy %s says what is no SOCKS5", s->proxy->host);
	if (s->in[1] != 0)
		return gw_fail(err, GW_ERR_NET, "the proxy %s does not connect to %s port %u: %s",
			s->proxy->host, s->host, s->port, words_of(s->in[1]));
	if (type != IPV4 && type != IPV6 && type != NAME)
		return gw_fail(
			err, GW_ERR_NET, "the proxy %s says what is no SOCKS5", s->proxy->host);
	/* The first byte of it was read; a port follows. */
	await(s, GW_SOCKS_BOUND, (type == IPV4 ? 3 : type == IPV6 ? 15 : first) + 2);
	return GW_OK;
}

static enum gw_code step(struct gw_socks *s, struct gw_buf *out, struct gw_error *err)
{
	switch (s->state) {
	case GW_SOCKS_CHOOSING:
		return choose(s, out, err);
	case GW_SOCKS_SIGNING_IN:
		return s->in[1] == 0
			       ? ask_for_server(s, out)
			       : gw_fail(err, GW_ERR_NET,
					 "the proxy %s refuses the name and password that `proxy` has",
					 s->proxy->host);
	case GW_SOCKS_CONNECTING:
		return end_of_answer(s, err);
	case GW_SOCKS_BOUND:
		await(s, GW_SOCKS_DONE, 0);
		break;
	case GW_SOCKS_DONE:
		break;
	}
	return GW_OK;
}

enum gw_code gw_socks_feed(
	struct gw_socks *s, struct gw_slice bytes, struct gw_buf *out, struct gw_error *err)
{
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < bytes.n && code == GW_OK && s->state != GW_SOCKS_DONE; i++) {
		if (s->have < sizeof s->in)
			s->in[s->have] = (unsigned char)bytes.p[i];
		if (++s->have == s->want)
			code = step(s, out, err);
	}
	return code == GW_ERR_NOMEM ? gw_fail(err, code, "out of memory") : code;
}
