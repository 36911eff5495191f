/* SPDX-License-Identifier: ISC */
/* cli/init_server.c - which servers an account has: as the address tells, the DNS, or who is asked; part of init_p.h. */
#include "cli/init_p.h"
#include "cli/provider.h"
#include "cli/say.h"
#include "cli/server_name.h"
#include "cli/srv.h"

#include <stdio.h>
#include <string.h>

bool init_is_pop3(const struct init *in)
{
	const char *protocol = init_given(in, "protocol");

	return protocol != NULL && strcmp(protocol, "pop3") == 0;
}

static struct question server_question(const struct init *in)
{
	return (struct question){ .key = "host",
		.text = init_is_pop3(in) ? "The POP3 server" : "The IMAP server",
		.check = answer_host };
}

/* A number of a port, unless --set has one. */
static bool set_port(struct init *in, const char *key, unsigned port)
{
	char text[12];

	if (port == 0 || init_given(in, key) != NULL)
		return true;
	snprintf(text, sizeof text, "%u", port);
	return init_set(in, key, text);
}

/* Takes a server, and whatever else was typed with it.  Port 143 begins in clear and continues with
 * TLS, unless the advice about the server says otherwise. */
static bool take_server(struct init *in, const char *key, const char *port_key, const char *tls_key,
	unsigned clear_port, const struct gw_advised_server *advised)
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
	if (!server.has_tls && server.port == advised->port &&
		strcmp(server.host, advised->host) == 0) {
		server.has_tls = true;
		server.tls = advised->tls;
	} else if (server.port == clear_port && !server.has_tls) {
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
	return take_server(
		in, "host", "port", "tls", init_is_pop3(in) ? 110 : 143, &in->advice.imap);
}

/* Finds the provider by the domain, or by its mail exchanger. */
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

/* The server that the domain names, by HTTPS or in the DNS, where anybody may have answered: one elsewhere
 * is taken only by a person (RFC 6186 6). */
static bool ask_named_server(struct init *in, const char *host, unsigned port)
{
	struct question q = server_question(in);
	char usual[300];
	bool within = server_is_within(host, in->domain);

	if (!in->answers.asks && !within) {
		gw_fail(&in->err, GW_ERR_CONFIG,
			"%s names the server %s, which is another domain's: if that is right, say --set host=%s",
			in->domain, host, host);
		return false;
	}
	if (!within) {
		say(stdout, "%s is another domain's server:", host);
		say(stdout, "go on with it only if you know that your mail is there.");
	}
	q.text = init_is_pop3(in) ? "The POP3 server, as the domain names it"
				  : "The IMAP server, as the domain names it";
	put_server(usual, sizeof usual, host, port, init_is_pop3(in) ? 995 : 993);
	q.usual = usual;
	return init_need(in, q);
}

/* Where the domain names a server for POP3, and none for IMAP.  *taken: it is to be that. */
static bool offer_pop3(struct init *in, const char *host, bool *taken)
{
	const struct question q = {
		.text = "Fetch over POP3 (yes or no)", .usual = "yes", .check = answer_yes_no
	};
	char line[ANSWER_SIZE] = "yes";

	say(stdout, "%s names a server for POP3, %s, and none for IMAP.", in->domain, host);
	say(stdout, "POP3 has the inbox only: what is read, moved or filed here is so here alone,");
	say(stdout,
		"and other folders do not come.  New mail is looked for every ten minutes, and");
	say(stdout, "stays on the server (`keep` can say otherwise).");
	if (in->answers.asks && answer_ask(&q, line, &in->err) != GW_OK)
		return false;
	*taken = strcmp(line, "yes") == 0;
	return !*taken || init_set(in, "protocol", "pop3");
}

/* The server for POP3, which was chosen before anything was asked. */
static bool ask_maildrop(struct init *in)
{
	char host[256], usual[ANSWER_SIZE + 5];
	unsigned number = 995;
	struct question q = server_question(in);

	if (srv_find("pop3s", in->domain, host, sizeof host, &number))
		return ask_named_server(in, host, number);
	snprintf(usual, sizeof usual, "pop.%s", in->domain);
	q.usual = usual;
	return init_need(in, q);
}

/* Asks about a domain that is no known provider's: what it publishes, otherwise what is usual. */
static bool ask_domain(struct init *in)
{
	char host[256], usual[ANSWER_SIZE + 5];
	unsigned number = 993;
	struct question q = server_question(in);
	bool taken = false;

	if (init_is_pop3(in))
		return ask_maildrop(in);
	if (!init_take_advice(in))
		return false;
	if (in->advice.imap.host[0] != '\0')
		return ask_named_server(in, in->advice.imap.host, in->advice.imap.port);
	if (srv_find("imaps", in->domain, host, sizeof host, &number))
		return ask_named_server(in, host, number);
	if (srv_find("pop3s", in->domain, host, sizeof host, &number) &&
		!offer_pop3(in, host, &taken))
		return false;
	if (taken)
		return ask_named_server(in, host, number);
	snprintf(usual, sizeof usual, "imap.%s", in->domain);
	q.usual = usual;
	return init_need(in, q);
}

bool init_ask_server(struct init *in)
{
	const char *chosen = init_given(in, "provider");

	if (chosen != NULL)
		in->provider = provider_named(chosen);
	else if (init_given(in, "host") ==
		 NULL) /* else one of one's own, whatever the address looks like */
		in->provider = find_provider(in);
	if (in->provider != NULL)
		return (chosen != NULL || init_set(in, "provider", in->provider->name)) &&
		       (init_given(in, "host") == NULL || take_imap_server(in));
	return (init_given(in, "host") != NULL || ask_domain(in)) && take_imap_server(in);
}

bool init_ask_server_again(struct init *in, bool *same)
{
	return init_again(in, server_question(in), same) && (*same || take_imap_server(in));
}

/* Finds the submission server from whichever source knows one. */
static void find_sending(const struct init *in, char *out, size_t size)
{
	const struct gw_advised_server *advised = &in->advice.smtp;
	char host[256];
	unsigned number = 0;

	if (advised->host[0] != '\0')
		put_server(out, size, advised->host, advised->port, 465);
	else if (srv_find("submissions", in->domain, host, sizeof host, &number) ||
		 srv_find("submission", in->domain, host, sizeof host, &number))
		put_server(out, size, host, number, 465);
	else
		snprintf(out, size, "smtp.%s", in->domain);
}

/* Takes the name for sending, which the advice may spell differently, if the user took the one for
 * fetching. */
static bool take_sending_name(struct init *in)
{
	const struct gw_advice *a = &in->advice;
	const char *user = init_given(in, "user"), *host = init_given(in, "smtp-host");

	if (a->smtp.user[0] == '\0' || init_given(in, "smtp-user") != NULL || user == NULL ||
		strcmp(user, a->imap.user) != 0 || strcmp(user, a->smtp.user) == 0 ||
		strcmp(host, a->smtp.host) != 0)
		return true;
	return init_set(in, "smtp-user", a->smtp.user);
}

static bool take_sending(struct init *in)
{
	return take_server(in, "smtp-host", "smtp-port", "smtp-tls", 587, &in->advice.smtp) &&
	       take_sending_name(in);
}

static const struct question sending_question = { .key = "smtp-host",
	.text = "The server that takes the mail you send (\"none\": do not send)",
	.check = answer_host };

bool init_ask_sending(struct init *in)
{
	char usual[ANSWER_SIZE + 5], line[ANSWER_SIZE];
	struct question q = sending_question;

	if (init_given(in, "smtp-host") != NULL)
		return take_sending(in);
	if (!in->answers.asks || in->provider != NULL)
		return true;
	find_sending(in, usual, sizeof usual);
	q.usual = usual;
	if (answer_ask(&q, line, &in->err) != GW_OK)
		return false;
	return strcmp(line, "none") == 0 || (init_set(in, "smtp-host", line) && take_sending(in));
}

bool init_ask_sending_again(struct init *in, bool *same)
{
	if (!init_again(in, sending_question, same))
		return false;
	if (strcmp(init_given(in, "smtp-host"), "none") != 0)
		return *same || take_sending(in);
	answer_drop(&in->answers, "smtp-host");
	answer_drop(&in->answers, "smtp-port");
	answer_drop(&in->answers, "smtp-tls");
	answer_drop(&in->answers, "smtp-user");
	return true;
}
