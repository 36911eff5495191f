/* SPDX-License-Identifier: ISC */
/* doctor/doctor.c - see godwit/doctor.h.
 *
 *   RESOLVING --> CONNECTING (each address) --> SIGNING_IN --> LOGGING_IN --> ASKING --> LISTING
 *     --> MEASURING --> CROWDING --> SENDING --> ENDPOINTS --> OVER
 *   any of them --failure--> SENDING (what comes after it would fail, too)
 *   an account that only sends: SENDING at once
 *   any --stop--> OVER
 *
 * I1  the last call of cb is made once, from on_over(), which comes from the loop.
 */
#include "auth/credentials.h"
#include "auth/trust.h"
#include "doctor/doctor_p.h"
#include "godwit/outbox.h"
#include "net/delay.h"
#include "net/dial.h"
#include "sync/lend.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	ADDRESSES = 8,
	NOOPS = 3,
	CROWD = 16,
	SAMPLE = 16,           /* messages that are fetched to see how fast they come */
	SAMPLE_BYTES = 100000, /* less says nothing about speed */
	DAY = 86400,
	SOON_DAYS = 14,
};

enum state {
	RESOLVING,
	CONNECTING,
	SIGNING_IN,
	LOGGING_IN,
	ASKING,
	LISTING,
	MEASURING,
	CROWDING,
	SENDING,
	ENDPOINTS,
	OVER,
	STATES,
};

struct guest {
	struct gw_doctor *doctor;
	struct gw_session *session; /* owned */
	bool settled;
};

struct gw_doctor {
	enum state state;
	uv_loop_t *loop;
	const struct gw_account *account;
	const char *const *endpoints;
	size_t endpoint_count, endpoint;
	const struct gw_log *log;
	gw_doctor_cb *cb;
	void *ctx;
	bool stopped;
	bool renewed; /* a token was refused, and requested again */

	uv_getaddrinfo_t resolver;
	bool resolving;
	char addresses[ADDRESSES][64];
	size_t address_count, address, reached;
	struct gw_dial *dial;               /* frees itself */
	struct gw_credentials *credentials; /* frees itself */
	struct gw_tls_ctx *tls;             /* owned; for the mail server */
	struct gw_tls_ctx *other_tls;       /* owned; for further end points */
	struct gw_sasl *sasl;               /* referenced */
	struct gw_session *session;         /* owned */
	struct gw_maildrop *maildrop;       /* owned */
	struct gw_sending *sending;         /* frees itself */
	struct gw_endpoint *other;          /* frees itself */
	struct gw_delay *later;             /* owned */

	uint64_t began; /* ns; of what is being timed */
	uint64_t best;  /* ns; of a round trip */
	unsigned rounds;
	size_t mailboxes;
	unsigned uses; /* enum gw_list_attr, of all that are listed */
	uint64_t exists, bytes;
	struct guest guests[CROWD];
	size_t guest_count, settled, admitted;
};

/* The only writer of d->state. */
static void enter(struct gw_doctor *d, enum state next)
{
	static const char *const names[] = {
		[RESOLVING] = "resolving",
		[CONNECTING] = "connecting",
		[SIGNING_IN] = "signing in",
		[LOGGING_IN] = "logging in",
		[ASKING] = "asking",
		[LISTING] = "listing",
		[MEASURING] = "measuring",
		[CROWDING] = "crowding",
		[SENDING] = "sending",
		[ENDPOINTS] = "endpoints",
		[OVER] = "over",
	};
	_Static_assert(sizeof names / sizeof *names == STATES, "each state has a name");

	if (d->state != next)
		gw_log(d->log, GW_LOG_DEBUG, "doctor: %s -> %s", names[d->state], names[next]);
	d->state = next;
}

static void tell(
	void *ctx, const char *what, enum gw_health health, const char *advice, const char *text)
{
	struct gw_doctor *d = ctx;
	const struct gw_finding finding = {
		.what = what, .health = health, .text = text, .advice = advice
	};

	if (!d->stopped)
		d->cb(d->ctx, &finding);
}

/* --- ending ---------------------------------------------------------------------------------- */

/* I1 */
static void on_over(void *ctx)
{
	struct gw_doctor *d = ctx;

	d->later = NULL;
	gw_session_close(&d->session);
	for (size_t i = 0; i < d->guest_count; i++)
		gw_session_close(&d->guests[i].session);
	d->cb(d->ctx, NULL);
	gw_sasl_unref(&d->sasl);
	gw_tls_ctx_free(d->tls);
	gw_tls_ctx_free(d->other_tls);
	free(d);
}

static void be_over(struct gw_doctor *d)
{
	enter(d, OVER);
	if (d->later == NULL && !d->resolving && d->dial == NULL && d->credentials == NULL &&
		d->other == NULL && d->sending == NULL)
		gw_delay_start(d->loop, 0, on_over, d, &d->later);
}

static void check_next_endpoint(struct gw_doctor *d);

static void on_endpoint(void *ctx)
{
	struct gw_doctor *d = ctx;

	d->other = NULL;
	check_next_endpoint(d);
}

static void check_next_endpoint(struct gw_doctor *d)
{
	struct gw_error err = { 0 };

	enter(d, ENDPOINTS);
	gw_session_close(&d->session);
	if (d->stopped || d->endpoint == d->endpoint_count) {
		be_over(d);
		return;
	}
	if (gw_endpoint_check(d->loop, d->log, d->endpoints[d->endpoint++], &d->account->proxy,
		    d->other_tls, tell, on_endpoint, d, &d->other, &err) != GW_OK)
		be_over(d);
}

/* --- sending --------------------------------------------------------------------------------- */

static void on_sending(void *ctx)
{
	struct gw_doctor *d = ctx;

	d->sending = NULL;
	check_next_endpoint(d);
}

/* Checks sending, after the account's own mailboxes. */
static void check_sending(struct gw_doctor *d)
{
	struct gw_error err = { 0 };

	enter(d, SENDING);
	gw_session_close(&d->session);
	gw_maildrop_cancel(&d->maildrop);
	if (d->stopped || !gw_account_sends(d->account) ||
		gw_sending_check(d->loop, d->log, d->account, tell, on_sending, d, &d->sending,
			&err) != GW_OK)
		check_next_endpoint(d);
}

/* --- how many connections -------------------------------------------------------------------- */

static void count_guests(struct gw_doctor *d, const struct gw_error *err)
{
	bool all = d->admitted == d->guest_count;

	if (all)
		gw_tellf(tell, d, "connections", GW_HEALTH_GOOD, NULL,
			"%zu at once, as `connections` allows", d->guest_count + 1);
	else
		gw_tellf(tell, d, "connections", GW_HEALTH_FAIR,
			"set `connections` lower; other programs and telephones count as well",
			"%zu of %zu at once: %s", d->admitted + 1, d->guest_count + 1,
			err == NULL ? "refused" : err->text);
	check_sending(d);
}

static void on_guest(void *ctx, enum gw_session_event event, const struct gw_error *err)
{
	struct guest *g = ctx;
	struct gw_doctor *d = g->doctor;

	if (event == GW_SESSION_LOST)
		gw_session_close(&g->session);
	if (g->settled || d->state != CROWDING)
		return;
	g->settled = true;
	d->admitted += event == GW_SESSION_READY;
	if (++d->settled == d->guest_count)
		count_guests(d, err);
}

static void crowd(struct gw_doctor *d)
{
	const struct gw_session_options options =
		gw_session_options_of(d->account, d->tls, d->sasl, NULL);
	size_t want = d->account->connections - 1 < CROWD ? d->account->connections - 1 : CROWD;
	struct gw_error err = { 0 };

	enter(d, CROWDING);
	for (size_t i = 0; i < want; i++) {
		struct guest *g = &d->guests[d->guest_count];

		g->doctor = d;
		if (gw_session_open(d->loop, d->log, &options, on_guest, g, &g->session, &err) ==
			GW_OK)
			d->guest_count++;
	}
	if (d->guest_count == 0)
		check_sending(d);
}

/* --- what the server has --------------------------------------------------------------------- */

static void tell_speed(struct gw_doctor *d)
{
	double ms = (double)d->best / 1e6, seconds = (double)(uv_hrtime() - d->began) / 1e9;

	if (d->bytes >= SAMPLE_BYTES && seconds > 0)
		gw_tellf(tell, d, "speed", GW_HEALTH_GOOD, NULL,
			"a round trip takes %.0f ms; messages come with %.1f MB/s", ms,
			(double)d->bytes / seconds / 1e6);
	else
		gw_tellf(tell, d, "speed", ms > 1000 ? GW_HEALTH_FAIR : GW_HEALTH_GOOD,
			ms > 1000 ? "the server or the network is slow; `timeout` may have to be "
				    "longer"
				  : NULL,
			"a round trip takes %.0f ms", ms);
}

static void on_body(void *ctx, const struct gw_body_event *ev)
{
	struct gw_doctor *d = ctx;

	d->bytes += ev->data.n;
}

static void on_response(void *ctx, const struct gw_response *r)
{
	struct gw_doctor *d = ctx;

	d->mailboxes += r->type == GW_RESP_LIST && !(r->attrs & GW_LIST_NOSELECT);
	d->uses |= r->type == GW_RESP_LIST ? r->attrs : 0;
	if (r->type == GW_RESP_EXISTS)
		d->exists = r->number;
}

static void ask(struct gw_doctor *d, void (*done)(void *, const struct gw_result *),
	const char *format, ...) __attribute__((format(printf, 3, 4)));

static void on_sampled(void *ctx, const struct gw_result *result)
{
	struct gw_doctor *d = ctx;

	if (result->kind == GW_RESULT_LOST || d->state != MEASURING)
		return; /* the session's own event follows */
	tell_speed(d);
	crowd(d);
}

static void on_examined(void *ctx, const struct gw_result *result)
{
	struct gw_doctor *d = ctx;

	if (result->kind == GW_RESULT_LOST || d->state != MEASURING)
		return;
	d->began = uv_hrtime();
	if (result->kind != GW_RESULT_OK || d->exists == 0)
		on_sampled(d, result);
	else
		ask(d, on_sampled, "FETCH %llu:%llu (BODY.PEEK[])",
			(unsigned long long)(d->exists > SAMPLE ? d->exists - SAMPLE + 1 : 1),
			(unsigned long long)d->exists);
}

/* Gmail: Settings, Labels, "Show in IMAP". */
static void tell_hidden(struct gw_doctor *d)
{
	bool trash = (d->uses & GW_LIST_TRASH) != 0, all = (d->uses & GW_LIST_ALL) != 0;

	if (trash && all)
		return;
	gw_tellf(tell, d, "hidden", GW_HEALTH_FAIR,
		"at Gmail, in Settings, Labels, tick \"Show in IMAP\" for it", "%s: %s",
		trash ? "All Mail is hidden"
		: all ? "Trash is hidden"
		      : "Trash and All Mail are hidden",
		trash ? "what is archived cannot be told from what is deleted, and each sync asks "
			"more"
		: all ? "mail that is deleted here is archived there instead"
		      : "mail that is deleted here, and has no other label, stays there");
}

static void on_listed(void *ctx, const struct gw_result *result)
{
	struct gw_doctor *d = ctx;

	if (result->kind == GW_RESULT_LOST || d->state != LISTING)
		return;
	gw_tellf(tell, d, "mailboxes", d->mailboxes > 0 ? GW_HEALTH_GOOD : GW_HEALTH_BAD,
		d->mailboxes > 0 ? NULL : "the account may have none, or hide them",
		"%zu on the server", d->mailboxes);
	if (gw_session_caps(d->session) & GW_CAP_GMAIL)
		tell_hidden(d);
	enter(d, MEASURING);
	ask(d, on_examined, "EXAMINE INBOX");
}

static void on_noop(void *ctx, const struct gw_result *result)
{
	struct gw_doctor *d = ctx;
	uint64_t took = uv_hrtime() - d->began;

	if (result->kind == GW_RESULT_LOST || d->state != ASKING)
		return;
	d->best = d->rounds == 0 || took < d->best ? took : d->best;
	if (++d->rounds < NOOPS) {
		d->began = uv_hrtime();
		ask(d, on_noop, "NOOP");
		return;
	}
	enter(d, LISTING);
	/* Some servers report special uses only on request. */
	ask(d, on_listed,
		(gw_session_caps(d->session) & (GW_CAP_SPECIAL_USE | GW_CAP_LIST_STATUS)) ==
				(GW_CAP_SPECIAL_USE | GW_CAP_LIST_STATUS)
			? "LIST \"\" \"*\" RETURN (SPECIAL-USE)"
			: "LIST \"\" \"*\"");
}

static void ask(struct gw_doctor *d, void (*done)(void *, const struct gw_result *),
	const char *format, ...)
{
	const struct gw_handlers handlers = {
		.response = on_response, .body = on_body, .done = done, .ctx = d
	};
	struct gw_command line;
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	gw_command_init(&line);
	gw_command_printf(&line, "%s", text);
	gw_session_send(d->session, &line, &handlers); /* lost: the session's event follows */
	gw_command_deinit(&line);
}

static void tell_capabilities(struct gw_doctor *d)
{
	enum { LIST_SIZE = 800 };
	static const struct {
		uint32_t cap;
		const char *name, *gives;
	} list[] = { { GW_CAP_QRESYNC, "QRESYNC", "changes and deletions at once" },
		{ GW_CAP_CONDSTORE, "CONDSTORE", "changed flags at once" },
		{ GW_CAP_NOTIFY, "NOTIFY", "new mail at once, in all mailboxes" },
		{ GW_CAP_IDLE, "IDLE", "new mail at once" },
		{ GW_CAP_UIDPLUS, "UIDPLUS", "uploads that name themselves" },
		{ GW_CAP_MOVE, "MOVE", "moves in one step" },
		{ GW_CAP_LIST_STATUS, "LIST-STATUS", "one question for all mailboxes" },
		{ GW_CAP_ESEARCH, "ESEARCH", "short answers" },
		{ GW_CAP_SPECIAL_USE, "SPECIAL-USE", "which mailbox is the trash" },
		{ GW_CAP_COMPRESS_DEFLATE, "COMPRESS", "fewer bytes" },
		{ GW_CAP_GMAIL, "X-GM-EXT-1", "each message once, whatever its labels" },
		{ GW_CAP_OBJECTID, "OBJECTID", "moves and copies by their ids" } };
	uint32_t caps = gw_session_caps(d->session);
	char has[LIST_SIZE] = "", lacks[LIST_SIZE] = "";

	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		char *to = caps & list[i].cap ? has : lacks;
		size_t used = strlen(to);

		/* Do not miss what a better capability covers. */
		if ((list[i].cap == GW_CAP_IDLE && (caps & GW_CAP_NOTIFY)) ||
			(list[i].cap == GW_CAP_NOTIFY && (caps & GW_CAP_IDLE) && to == lacks) ||
			(list[i].cap == GW_CAP_QRESYNC && (caps & GW_CAP_CONDSTORE) &&
				to == lacks) ||
			(list[i].cap == GW_CAP_OBJECTID && (caps & GW_CAP_GMAIL)) ||
			(list[i].cap == GW_CAP_GMAIL && to == lacks))
			continue;
		snprintf(to + used, LIST_SIZE - used, "%s%s (%s)", used == 0 ? "" : ", ",
			list[i].name, list[i].gives);
	}
	gw_tellf(tell, d, "server", GW_HEALTH_GOOD, NULL, "it has %s%s%s",
		*has == '\0' ? "plain IMAP4rev1" : has, *lacks == '\0' ? "" : "; it lacks ", lacks);
}

static void tell_tls(struct gw_doctor *d)
{
	struct gw_tls_facts facts;
	long days;

	if (!gw_session_tls(d->session, &facts)) {
		tell(d, "tls", GW_HEALTH_GOOD, NULL, "not used, as `tls` says");
		return;
	}
	days = (long)((facts.expires_at - (int64_t)time(NULL)) / DAY);
	gw_tellf(tell, d, "tls", days < SOON_DAYS ? GW_HEALTH_FAIR : GW_HEALTH_GOOD,
		days < SOON_DAYS
			? "tell the server's operator; when it is over, nothing connects any more"
			: NULL,
		"%s; the certificate is by %s and good for %ld more days; its key is %s",
		facts.version, facts.issuer, days, facts.pin);
}

/* --- getting in ------------------------------------------------------------------------------ */

static void sign_in(struct gw_doctor *d, bool refused);

/* Names the part of the sign-in that failed, in one word; advice: what to do where err does not
 * say. */
static const char *failed_part(const struct gw_doctor *d, enum gw_session_stage stage,
	const struct gw_error *err, const char **advice)
{
	bool silent = err->code == GW_ERR_TIMEOUT || err->code == GW_ERR_NET;

	*advice = NULL;
	if (err->code == GW_ERR_TLS || err->code == GW_ERR_SECURITY)
		return "tls";
	if (stage == GW_STAGE_CONNECT && d->account->tls == GW_TLS_IMPLICIT && silent) {
		*advice = "it took the connection and did not begin TLS: is `port` right (993)? A "
			  "server that wants STARTTLS waits like this, too: tls = \"starttls\" and "
			  "port 143; or something in between swallows it";
		return "tls";
	}
	if (stage == GW_STAGE_GREETING && silent) {
		*advice =
			d->account->tls == GW_TLS_IMPLICIT
				? "it did not greet as IMAP does: is `port` that of an IMAP server? "
				  "If it is, the server is in trouble; try again later"
				: "a server that begins with TLS at once waits like this: try tls = "
				  "\"implicit\" with port 993; or is `port` that of another "
				  "service?";
		return "server";
	}
	if (stage == GW_STAGE_GREETING && err->code == GW_ERR_PROTOCOL) {
		*advice = "something else answers there: are `host` and `port` those of the IMAP "
			  "server (993, or 143 with tls = \"starttls\")?";
		return "server";
	}
	if (stage < GW_STAGE_LOGIN && silent) {
		*advice = "it greeted and then fell silent; try again later, or tls = \"implicit\" "
			  "with port 993";
		return "server";
	}
	if (stage == GW_STAGE_LOGIN && silent)
		*advice =
			"it has the name and the password, and does not say whether they are "
			"right; try again later, and if that stays so, tell the server's operator";
	if (err->code == GW_ERR_AUTH) /* also where no way to sign in is offered */
		return "login";
	return stage == GW_STAGE_OPEN || stage == GW_STAGE_GREETING ? "server" : "login";
}

static void on_session(void *ctx, enum gw_session_event event, const struct gw_error *err)
{
	struct gw_doctor *d = ctx;
	const char *what, *advice;
	enum gw_session_stage stage = gw_session_stage(d->session);

	if (event == GW_SESSION_READY) {
		tell_tls(d);
		gw_tellf(tell, d, "login", GW_HEALTH_GOOD, NULL, "\"%s\" is signed in",
			d->account->user);
		tell_capabilities(d);
		enter(d, ASKING);
		d->began = uv_hrtime();
		ask(d, on_noop, "NOOP");
		return;
	}
	gw_session_close(&d->session);
	if (d->state >= CROWDING)
		return;
	if (err->code == GW_ERR_AUTH && d->account->auth == GW_AUTH_OAUTH2 && !d->renewed) {
		d->renewed = true; /* as a sync does it, which then works */
		gw_sasl_unref(&d->sasl);
		sign_in(d, true);
		return;
	}
	what = failed_part(d, stage, err, &advice);
	tell(d, what, GW_HEALTH_BAD, advice, err->text);
	check_sending(d);
}

static void on_maildrop(void *ctx)
{
	check_sending(ctx);
}

static void log_in(struct gw_doctor *d)
{
	const struct gw_session_options options =
		gw_session_options_of(d->account, d->tls, d->sasl, NULL);
	struct gw_error err = { 0 };
	bool pop3 = d->account->protocol == GW_PROTOCOL_POP3;

	enter(d, LOGGING_IN);
	if (pop3 && gw_maildrop_check(d->loop, d->log, d->account, d->tls, d->sasl, tell,
			    on_maildrop, d, &d->maildrop, &err) == GW_OK)
		return;
	if (!pop3 && gw_session_open(d->loop, d->log, &options, on_session, d, &d->session, &err) ==
			     GW_OK)
		return;
	tell(d, "connection", GW_HEALTH_BAD, NULL, err.text);
	check_sending(d);
}

static void on_credentials(void *ctx, struct gw_sasl *sasl, const struct gw_error *err)
{
	struct gw_doctor *d = ctx;

	d->credentials = NULL;
	d->sasl = sasl;
	if (d->stopped) {
		be_over(d);
	} else if (err != NULL) {
		tell(d, "login", GW_HEALTH_BAD, NULL, err->text);
		check_sending(d);
	} else {
		log_in(d);
	}
}

static void sign_in(struct gw_doctor *d, bool refused)
{
	struct gw_error err = { 0 };

	enter(d, SIGNING_IN);
	if (gw_credentials_start(d->loop, d->log, d->account, refused, on_credentials, d,
		    &d->credentials, &err) == GW_OK)
		return;
	tell(d, "login", GW_HEALTH_BAD, NULL, err.text);
	check_sending(d);
}

static void connect_next(struct gw_doctor *d);

static void on_closed(uv_handle_t *handle)
{
	free(handle);
}

static void on_dialed(void *ctx, uv_tcp_t *tcp, const struct gw_error *err)
{
	struct gw_doctor *d = ctx;
	const char *address = d->addresses[d->address++];

	d->dial = NULL;
	if (tcp != NULL) {
		d->reached++;
		gw_tellf(tell, d, "connection", GW_HEALTH_GOOD, NULL, "%s port %u: %.0f ms",
			address, d->account->port, (double)(uv_hrtime() - d->began) / 1e6);
		uv_close((uv_handle_t *)tcp, on_closed);
	} else {
		gw_tellf(tell, d, "connection", GW_HEALTH_FAIR,
			d->address_count > 1 ? "the other addresses may do; each attempt costs time"
					     : NULL,
			"%s port %u: %s", address, d->account->port, err->text);
	}
	connect_next(d);
}

static void connect_next(struct gw_doctor *d)
{
	struct gw_error err = { 0 };

	enter(d, CONNECTING);
	if (d->stopped) {
		be_over(d);
	} else if (d->address < d->address_count) {
		d->began = uv_hrtime();
		if (gw_dial_start(d->loop, d->log, d->addresses[d->address], d->account->port,
			    on_dialed, d, &d->dial, &err) != GW_OK)
			be_over(d);
	} else if (d->reached > 0) {
		sign_in(d, false);
	} else {
		tell(d, "connection", GW_HEALTH_BAD,
			"is the network up, and are `host` and `port` right? A firewall or a "
			"captive "
			"portal may be in between",
			"no address of the server can be reached");
		check_sending(d);
	}
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
	struct gw_doctor *d = request->data;
	char text[600] = "";

	d->resolving = false;
	for (struct addrinfo *a = list; a != NULL && d->address_count < ADDRESSES; a = a->ai_next) {
		char *to = d->addresses[d->address_count];
		size_t used = strlen(text);

		if ((a->ai_family == AF_INET
				    ? uv_ip4_name((struct sockaddr_in *)(void *)a->ai_addr, to, 64)
				    : uv_ip6_name((struct sockaddr_in6 *)(void *)a->ai_addr, to,
					      64)) != 0)
			continue;
		d->address_count++;
		snprintf(text + used, sizeof text - used, "%s%s", used == 0 ? "" : ", ", to);
	}
	uv_freeaddrinfo(list);
	if (d->stopped) {
		be_over(d);
	} else if (status != 0 || d->address_count == 0) {
		gw_tellf(tell, d, "name", GW_HEALTH_BAD, "is the network up, and is `host` right?",
			"%s is not found: %s", d->account->host,
			status != 0 ? uv_strerror(status) : "no address");
		check_sending(d);
	} else {
		gw_tellf(tell, d, "name", GW_HEALTH_GOOD, NULL, "%s: %s", d->account->host, text);
		connect_next(d);
	}
}

static void begin(void *ctx)
{
	struct gw_doctor *d = ctx;
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct gw_error err = { 0 };

	d->later = NULL;
	if (d->stopped) {
		be_over(d);
		return;
	}
	if (d->account->maildir != NULL)
		gw_doctor_local(d->account, tell, d);
	/* Further end points use TLS even where this account does not. */
	if (gw_trust_others(d->account, &d->other_tls, &err) != GW_OK ||
		gw_trust_imap(d->account, &d->tls, &err) != GW_OK) {
		tell(d, "tls", GW_HEALTH_BAD, NULL, err.text);
		be_over(d);
		return;
	}
	if (d->account->maildir == NULL) {
		check_sending(d);
		return;
	}
	if (d->account->tunnel_command != NULL) {
		gw_tellf(tell, d, "connection", GW_HEALTH_GOOD, NULL, "through `%s`",
			d->account->tunnel_command);
		sign_in(d, false);
		return;
	}
	if (d->account->proxy.host != NULL) { /* it resolves the name */
		gw_tellf(tell, d, "connection", GW_HEALTH_GOOD, NULL,
			"through the proxy %s port %u", d->account->proxy.host,
			d->account->proxy.port);
		sign_in(d, false);
		return;
	}
	d->resolver.data = d;
	if (uv_getaddrinfo(d->loop, &d->resolver, on_resolved, d->account->host, NULL, &hints) == 0)
		d->resolving = true;
	else
		be_over(d);
}

enum gw_code gw_doctor_start(uv_loop_t *loop, const struct gw_account *account,
	const char *const *endpoints, size_t endpoint_count, const struct gw_log *log,
	gw_doctor_cb *cb, void *ctx, struct gw_doctor **out, struct gw_error *err)
{
	struct gw_doctor *d = calloc(1, sizeof *d);

	*out = NULL;
	if (d == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	*d = (struct gw_doctor){ .loop = loop,
		.account = account,
		.endpoints = endpoints,
		.endpoint_count = endpoint_count,
		.log = log,
		.cb = cb,
		.ctx = ctx };
	*out = d;
	return gw_delay_start(loop, 0, begin, d, &d->later);
}

void gw_doctor_stop(struct gw_doctor *d)
{
	d->stopped = true;
	gw_maildrop_cancel(&d->maildrop);
	if (d->resolving)
		uv_cancel((uv_req_t *)&d->resolver);
	if (d->dial != NULL)
		gw_dial_cancel(d->dial);
	if (d->credentials != NULL)
		gw_credentials_cancel(d->credentials);
	if (d->other != NULL)
		gw_endpoint_cancel(d->other);
	if (d->sending != NULL)
		gw_sending_cancel(d->sending);
	be_over(d);
}
