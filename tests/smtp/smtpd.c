/* SPDX-License-Identifier: ISC */
/* tests/smtp/smtpd.c - an SMTP submission server that behaves, or not.  Shares no code with godwit.
 *
 *   smtpd [OPTION]... DIR
 *
 * Listens on 127.0.0.1, writes its port to DIR/port and, with --tls, its certificate to
 * DIR/cert.pem. Each message that it takes becomes DIR/msgs/N: "MAIL <...>", one "RCPT <...>" a
 * recipient, an empty line, and the text as it was meant (dots and chunks undone, CR LF kept); the
 * file is there before the answer goes out.  DIR/log has what was received, a line each ("C: ",
 * without passwords), and "connect" and "end HOW READ WRITTEN" lines.  One process a connection; it ends with
 * SIGTERM.
 *
 *   --caps LIST     extensions, comma-separated ("_" for a blank): PIPELINING,SIZE_1000,AUTH_PLAIN
 *   --tls MODE      implicit, starttls, none (there is a certificate, but no TLS)
 *   --user U --password P     what AUTH PLAIN and LOGIN take; --token T for the bearer mechanisms
 *   --token-file F  likewise, read at each connection
 *   --rate R        reads no more than R bytes a second
 *   --lag MS        waits so long before each batch of answers
 *   --no-ehlo       knows HELO only
 *   --helo-any      takes no notice of MAIL without AUTH
 *   --terse         its answers are codes without text
 *   --no-bdat       does not know BDAT, whatever it offers
 *
 * DIR/files-in, read at each message, "PORT MAILBOX": it files what it takes there; see sent.h.
 *
 * DIR/cut, read at each connection: "in|out BYTES rst|fin|silence COUNT" cuts that many connections
 * after so many bytes of plain text from, or to, the client.
 *
 * DIR/rules, read at each connection, has lines "WHERE WORD COUNT ANSWER": where WHERE is greeting,
 * EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, BDAT, DOT, RSET or QUIT, and the line holds WORD ("*":
 * any), the answer is ANSWER instead, COUNT times ("*": always) over all connections.  In ANSWER
 * "\n" parts lines; "silence", "close", "rst", "accept-close" (takes the message, then closes),
 * "hangup-when FILE" (closes as soon as that file exists), "endless", "huge" (9 MB), "nul" and "none" (no answer) are what they say; "many" (10,000 lines go before it),
 * "wait SECONDS", "wait-for FILE" and "deaf" (it drops what else has come) end with the usual answer.
 */
#include "folder.h"
#include "rules.h"
#include "selfsigned.h"
#include "wire.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <openssl/base64.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *caps = "PIPELINING,SIZE_35882577,8BITMIME,ENHANCEDSTATUSCODES,SMTPUTF8,DSN";
static const char *user, *password, *token, *token_file;
static struct wire_pace pace;
static bool tls_any, tls_implicit, tls_starttls, no_ehlo, no_bdat, helo_any;
static SSL_CTX *ctx;
static bool signed_in;

static char from[2000], rcpt[400000];
static size_t rcpt_count;
static char *text;
static size_t text_n, text_cap;
static bool in_chunks;

static void add_text(const char *p, size_t n)
{
	if (text_n + n > text_cap) {
		text_cap = (text_n + n) * 2 + 4096;
		text = realloc(text, text_cap);
		if (text == NULL)
			abort();
	}
	memcpy(text + text_n, p, n);
	text_n += n;
}

static void forget(void)
{
	from[0] = rcpt[0] = '\0';
	rcpt_count = text_n = 0;
	in_chunks = false;
}

static void say_ehlo(void)
{
	char list[4000], *word, *save = NULL;

	snprintf(list, sizeof list, "%s", caps);
	say("250-smtpd.test greets you");
	if (tls_starttls && !is_tls())
		say("250-STARTTLS");
	for (word = strtok_r(list, ",", &save); word != NULL; word = strtok_r(NULL, ",", &save)) {
		for (char *p = word; *p != '\0'; p++)
			*p = *p == '_' ? ' ' : *p;
		say("250-%s", word);
	}
	say("250 HELP");
}

static void take_now(void)
{
	store(from, rcpt, text, text_n);
}

/* What a rule for the text is matched with. */
static const char *envelope(void)
{
	static char all[sizeof from + sizeof rcpt];

	snprintf(all, sizeof all, "%s\n%s", from, rcpt);
	return all;
}

static bool decode(const char *base64, char *to, size_t size)
{
	size_t n = 0;

	if (!EVP_DecodeBase64((uint8_t *)to, &n, size - 1, (const uint8_t *)base64, strlen(base64)))
		return false;
	to[n] = '\0';
	for (size_t i = 0; i < n; i++)
		to[i] = to[i] == '\0' || to[i] == '\001' ? ' ' : to[i];
	return true;
}

static void do_auth(const char *args)
{
	char mech[64] = "", initial[LINE] = "", plain[LINE], want[LINE], second[LINE];
	bool good = false, bearer;

	sscanf(args, "%63s %65535s", mech, initial);
	note("C: AUTH %s%s", mech, initial[0] != '\0' ? " (initial)" : "");
	if (obey("AUTH", mech, take_now))
		return;
	bearer = strcasecmp(mech, "XOAUTH2") == 0 || strcasecmp(mech, "OAUTHBEARER") == 0;
	if (strcasecmp(mech, "LOGIN") == 0) {
		say("334 VXNlcm5hbWU6");
		if (!get_line(initial, sizeof initial))
			return;
		say("334 UGFzc3dvcmQ6");
		if (!get_line(second, sizeof second))
			return;
		good = decode(initial, plain, sizeof plain) && user != NULL &&
		       strcmp(plain, user) == 0 && decode(second, plain, sizeof plain) &&
		       strcmp(plain, password) == 0;
	} else {
		if (initial[0] == '\0') {
			say("334 ");
			if (!get_line(initial, sizeof initial))
				return;
		}
		if (strlen(initial) + strlen(args) > 12000) {
			say("500 5.5.2 line too long");
			return;
		}
		if (bearer)
			snprintf(want, sizeof want, "%s", token != NULL ? token : "(none)");
		else
			snprintf(want, sizeof want, " %s %s", user != NULL ? user : "",
				password != NULL ? password : "");
		good = decode(initial, plain, sizeof plain) &&
		       (bearer ? strstr(plain, want) != NULL : strcmp(plain, want) == 0);
		if (!good && bearer) {
			say("334 eyJzdGF0dXMiOiI0MDEifQ==");
			if (!get_line(second, sizeof second))
				return;
		}
	}
	signed_in = good;
	if (good)
		say("235 2.7.0 Accepted");
	else
		say("535 5.7.8 Username and Password not accepted");
}

static bool must_sign_in(void)
{
	if (signed_in || user == NULL || helo_any)
		return false;
	say("530 5.7.0 Authentication Required");
	return true;
}

static void do_mail(const char *line)
{
	if (obey("MAIL", line, take_now) || must_sign_in())
		return;
	forget();
	snprintf(from, sizeof from, "%.1990s", line);
	say("250 2.1.0 OK");
}

static void do_rcpt(const char *line)
{
	if (from[0] == '\0') {
		say("503 5.5.1 MAIL first");
		return;
	}
	if (obey("RCPT", line, take_now))
		return;
	snprintf(rcpt + strlen(rcpt), sizeof rcpt - strlen(rcpt), "%s\n", line);
	rcpt_count++;
	say("250 2.1.5 OK");
}

static void take(const char *where)
{
	if (obey(where, envelope(), take_now)) {
		forget();
		return;
	}
	take_now();
	say("250 2.0.0 Ok: taken");
	forget();
}

static bool do_data(void)
{
	int c, state = 2; /* 0 in a line, 1 behind CR, 2 at the head, 3 behind a dot, 4 behind dot
			     CR */

	if (obey("DATA", envelope(), take_now))
		return true;
	if (rcpt_count == 0) {
		say("503 5.5.1 RCPT first");
		return true;
	}
	say("354 go on");
	while ((c = get_byte()) >= 0) {
		char b = (char)c;

		if (state == 2 && b == '.') {
			state = 3;
			continue;
		}
		if (state == 3 && b == '\r') {
			state = 4;
			continue;
		}
		if (state == 4 && b == '\n') {
			take("DOT");
			return true;
		}
		if (state == 4)
			add_text("\r", 1);
		add_text(&b, 1);
		state = b == '\r' ? 1 : b == '\n' && state == 1 ? 2 : 0;
	}
	return false;
}

static bool do_bdat(const char *args)
{
	long size = atol(args);
	bool last = strcasestr(args, "LAST") != NULL, refused = from[0] == '\0' || rcpt_count == 0;

	for (long i = 0; i < size; i++) {
		int c = get_byte();
		char b = (char)c;

		if (c < 0)
			return false;
		if (!refused)
			add_text(&b, 1);
	}
	in_chunks = true;
	if (refused)
		say("503 5.5.1 no valid recipients");
	else if (last)
		take("DOT");
	else if (!obey("BDAT", args, take_now))
		say("250 2.0.0 %ld octets", size);
	return true;
}

static void read_token(void)
{
	static char line[LINE];
	FILE *f = token_file == NULL ? NULL : fopen(token_file, "r");

	if (f == NULL)
		return;
	if (fgets(line, sizeof line, f) != NULL)
		token = line;
	line[strcspn(line, "\n")] = '\0';
	fclose(f);
}

static void serve(void)
{
	char line[LINE];

	if (tls_implicit)
		start_tls(ctx);
	if (!obey("greeting", "", take_now))
		say("220 smtpd.test ESMTP");
	while (get_line(line, sizeof line)) {
		if (strncasecmp(line, "AUTH ", 5) == 0) {
			do_auth(line + 5);
			continue;
		}
		note("C: %s", line);
		if (strncasecmp(line, "EHLO", 4) == 0) {
			if (no_ehlo)
				say("502 5.5.1 what?");
			else if (!obey("EHLO", line, take_now))
				say_ehlo();
		} else if (strncasecmp(line, "HELO", 4) == 0) {
			say("250 smtpd.test");
		} else if (strcasecmp(line, "STARTTLS") == 0) {
			if (obey("STARTTLS", line, take_now))
				continue;
			say("220 2.0.0 go on");
			flush_out();
			start_tls(ctx);
		} else if (strncasecmp(line, "MAIL ", 5) == 0) {
			do_mail(line);
		} else if (strncasecmp(line, "RCPT ", 5) == 0) {
			do_rcpt(line);
		} else if (strcasecmp(line, "DATA") == 0) {
			if (!do_data())
				break;
		} else if (!no_bdat && strncasecmp(line, "BDAT ", 5) == 0) {
			if (!do_bdat(line + 5))
				break;
		} else if (strcasecmp(line, "RSET") == 0) {
			forget();
			if (!obey("RSET", line, take_now))
				say("250 2.0.0 OK");
		} else if (strcasecmp(line, "QUIT") == 0) {
			if (!obey("QUIT", line, take_now))
				say("221 2.0.0 bye");
			flush_out();
			break;
		} else {
			say("500 5.5.2 what?");
		}
	}
	end_by("fin");
}

static int listen_somewhere(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (pace.rate > 0) { /* small windows, so that the rate is felt */
		int size = 16384;

		setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	}
	if (bind(listener, (struct sockaddr *)&addr, sizeof addr) != 0 ||
		listen(listener, 64) != 0) {
		perror("smtpd");
		exit(1);
	}
	return listener;
}

static int options(int argc, char **argv)
{
	enum {
		CAPS = 256,
		TLS,
		USER,
		PASSWORD,
		TOKEN,
		TOKEN_FILE,
		RATE,
		LAG,
		NO_EHLO,
		HELO_ANY,
		TERSE,
		NO_BDAT
	};
	static const struct option known[] = { { "caps", 1, NULL, CAPS }, { "tls", 1, NULL, TLS },
		{ "user", 1, NULL, USER }, { "password", 1, NULL, PASSWORD },
		{ "token", 1, NULL, TOKEN }, { "token-file", 1, NULL, TOKEN_FILE },
		{ "rate", 1, NULL, RATE }, { "lag", 1, NULL, LAG }, { "no-ehlo", 0, NULL, NO_EHLO },
		{ "helo-any", 0, NULL, HELO_ANY }, { "terse", 0, NULL, TERSE },
		{ "no-bdat", 0, NULL, NO_BDAT }, { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case CAPS:
			caps = optarg;
			break;
		case TLS:
			tls_any = true;
			tls_implicit = strcmp(optarg, "implicit") == 0;
			tls_starttls = strcmp(optarg, "starttls") == 0;
			break;
		case USER:
			user = optarg;
			break;
		case PASSWORD:
			password = optarg;
			break;
		case TOKEN:
			token = optarg;
			break;
		case TOKEN_FILE:
			token_file = optarg;
			break;
		case RATE:
			pace.rate = atol(optarg);
			break;
		case LAG:
			pace.lag = atol(optarg);
			break;
		case NO_EHLO:
			no_ehlo = true;
			break;
		case TERSE:
			pace.terse = true;
			break;
		case NO_BDAT:
			no_bdat = true;
			break;
		case HELO_ANY:
			helo_any = true;
			break;
		default:
			return -1;
		}
	}
	if ((token != NULL || token_file != NULL) && user == NULL)
		user = "";
	return optind == argc - 1 ? optind : -1;
}

int main(int argc, char **argv)
{
	int at = options(argc, argv), listener;
	char path[4096];

	if (at < 0) {
		fputs("usage: smtpd [OPTION]... DIR\n", stderr);
		return 2;
	}
	folder_use(argv[at]);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	if (tls_any) {
		folder_path("cert.pem", path, sizeof path);
		ctx = selfsigned(path);
	}
	listener = listen_somewhere();
	write_port(listener);
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			continue;
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			close(listener);
			note("connect");
			wire_use(fd, &pace);
			read_rules();
			read_token();
			serve();
		}
		close(fd);
	}
}
