/* cli/init_server.c - which servers an account has: as the address tells, the DNS, or who is asked; part of init_p.h. */
#include "cli/init_p.h"
#include "cli/provider.h"
#include "cli/say.h"
#include "cli/server_name.h"
#include "cli/srv.h"

#include <stdio.h>
#include <string.h>

static const struct question server_question = {
	.key = "host", .text = "The IMAP server", .check = answer_host
};

/* A number of a port, unless --set has one. */
static bool set_port(struct init *in, const char *key, unsigned port)
{
	char text[12];

	if (port == 0 || init_given(in, key) != NULL)
		return true;
	snprintf(text, sizeof text, "%u", port);
	return init_set(in, key, text);
}

/* What was answered may name more than the server.  Port 143 begins in clear, and goes on with TLS. */
static bool take_server(struct init *in, const char *key, const char *port_key, const char *tls_key,
	unsigned clear_port)
{
	struct server_name server;
	const char *wrong = server_name_parse(init_given(in, key), &server);
	bool said;

	answer_drop(&in->answers, port_key);
	answer_drop(&in->answers, tls_key);
	if (wrong != NULL) {
		gw_fail(&in->err, GW_ERR_CONFIG, "%s = %s: %s", key, init_given(in, key), wrong);
		return false;
	}
	if (server.port == clear_port && !server.has_tls) {
		server.has_tls = true;
		server.tls = GW_TLS_STARTTLS;
	}
	said = server.has_tls && (server.tls == GW_TLS_STARTTLS || server.port == clear_port);
	return init_set(in, key, server.host) && set_port(in, port_key, server.port) &&
	       (!said || init_given(in, tls_key) != NULL ||
		       init_set(in, tls_key,
			       server.tls == GW_TLS_STARTTLS ? "starttls" : "implicit"));
}

static bool take_imap_server(struct init *in)
{
	return take_server(in, "host", "port", "tls", 143);
}

/* Whose it is: by the domain, or by what takes its mail in. */
static const struct provider *find_provider(const struct init *in)
{
	const struct provider *p = provider_of_domain(in->domain);
	char host[256];

	if (p == NULL && mx_find(in->domain, host, sizeof host) &&
		(p = provider_of_mx(host)) != NULL)
		say(stdout, "The mail of %s is taken in by %s.", in->domain, p->name);
	return p;
}

/* HOST, or HOST:PORT where that is not the usual one. */
static void put_server(char *out, size_t size, const char *host, unsigned port, unsigned usual)
{
	if (port == usual)
		snprintf(out, size, "%s", host);
	else
		snprintf(out, size, "%s:%u", host, port);
}

/* The server that the domain names in the DNS, which anybody may have answered: one elsewhere is
 * taken only by a person (RFC 6186 6). */
static bool ask_named_server(struct init *in, const char *host, unsigned port)
{
	struct question q = server_question;
	char usual[300];

	if (!in->answers.asks && !server_is_within(host, in->domain)) {
		gw_fail(&in->err, GW_ERR_CONFIG,
			"%s names the server %s, which is another domain's: if that is right, say --set host=%s",
			in->domain, host, host);
		return false;
	}
	q.text = "The IMAP server, as the domain names it";
	put_server(usual, sizeof usual, host, port, 993);
	q.usual = usual;
	return init_need(in, q);
}

bool init_ask_server(struct init *in)
{
	char host[256], usual[ANSWER_SIZE + 5];
	unsigned number = 993;
	const char *chosen = init_given(in, "provider");
	struct question q = server_question;
	bool ok;

	if (chosen != NULL)
		in->provider = provider_named(chosen);
	else if (init_given(in, "host") ==
		 NULL) /* else one of one's own, whatever the address looks like */
		in->provider = find_provider(in);
	if (in->provider != NULL)
		return (chosen != NULL || init_set(in, "provider", in->provider->name)) &&
		       (init_given(in, "host") == NULL || take_imap_server(in));
	snprintf(usual, sizeof usual, "imap.%s", in->domain);
	q.usual = usual;
	if (init_given(in, "host") == NULL &&
		srv_find("imaps", in->domain, host, sizeof host, &number))
		ok = ask_named_server(in, host, number);
	else
		ok = init_need(in, q);
	return ok && take_imap_server(in);
}

bool init_ask_server_again(struct init *in, bool *same)
{
	return init_again(in, server_question, same) && (*same || take_imap_server(in));
}

bool init_ask_sending(struct init *in)
{
	char host[256], usual[ANSWER_SIZE + 5], line[ANSWER_SIZE];
	struct question q = { .text = "The server that takes the mail you send (\"none\": do not "
				      "send)",
		.usual = usual,
		.check = answer_host };
	unsigned number = 0;

	if (init_given(in, "smtp-host") != NULL)
		return take_server(in, "smtp-host", "smtp-port", "smtp-tls", 587);
	if (!in->answers.asks || in->provider != NULL)
		return true;
	snprintf(usual, sizeof usual, "smtp.%s", in->domain);
	if (srv_find("submissions", in->domain, host, sizeof host, &number) ||
		srv_find("submission", in->domain, host, sizeof host, &number))
		put_server(usual, sizeof usual, host, number, 465);
	if (answer_ask(&q, line, &in->err) != GW_OK)
		return false;
	return strcmp(line, "none") == 0 ||
	       (init_set(in, "smtp-host", line) &&
		       take_server(in, "smtp-host", "smtp-port", "smtp-tls", 587));
}
