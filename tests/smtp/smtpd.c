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
 *   --rate R        reads no more than R bytes a second
 *   --lag MS        waits so long before each batch of answers
 *   --no-ehlo       knows HELO only
 *   --helo-any      takes no notice of MAIL without AUTH
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
 * "endless", "huge", "nul" and "none" (no answer) are what they say.
 */
#include "selfsigned.h"
#include "sent.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <openssl/base64.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 65536, RULES = 64 };

struct rule {
	char where[16], word[200], answer[4000];
	int id; /* its line: counts are kept in DIR/used.ID */
	long count;
};

static const char *dir,
	*caps = "PIPELINING,SIZE_35882577,8BITMIME,ENHANCEDSTATUSCODES,SMTPUTF8,DSN";
static const char *user, *password, *token;
static char how[16];
static long cut_in, cut_out, rate, lag;
static bool tls_any, tls_implicit, tls_starttls, no_ehlo, helo_any;
static SSL_CTX *ctx;

static int fd;
static SSL *ssl;
static char in[LINE];
static size_t in_at, in_n;
static char out[1 << 20];
static size_t out_n;
static long got, sent;
static bool cutting, signed_in;
static struct rule rules[RULES];
static int rule_count;

static char from[2000], rcpt[400000];
static size_t rcpt_count;
static char *text;
static size_t text_n, text_cap;
static bool in_chunks;

static void note(const char *fmt, ...)
{
	char path[4096], line[3000];
	va_list args;
	int log, n;

	snprintf(path, sizeof path, "%s/log", dir);
	va_start(args, fmt);
	n = vsnprintf(line, sizeof line - 1, fmt, args);
	va_end(args);
	if (n >= (int)sizeof line - 1)
		n = sizeof line - 2;
	line[n++] = '\n';
	log = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
	if (log >= 0) {
		if (write(log, line, (size_t)n) < 0)
			perror(path);
		close(log);
	}
}

/* Adds one to the number in a file, under a lock, and returns what it was. */
static long count_up(const char *name)
{
	char path[4096], text_number[32] = "";
	long n;
	int f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = open(path, O_RDWR | O_CREAT, 0600);
	if (f < 0)
		return 0;
	flock(f, LOCK_EX);
	if (read(f, text_number, sizeof text_number - 1) < 0)
		perror(path);
	n = atol(text_number);
	snprintf(text_number, sizeof text_number, "%ld\n", n + 1);
	if (pwrite(f, text_number, strlen(text_number), 0) < 0)
		perror(path);
	close(f);
	return n;
}

static void end_by(const char *way)
{
	note("end %s %ld %ld", way, got, sent);
	if (strcmp(way, "silence") == 0) {
		for (;;)
			pause();
	}
	if (strcmp(way, "rst") == 0) {
		struct linger l = { 1, 0 };

		setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
	}
	close(fd);
	_exit(0);
}

static void raw_write(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = ssl != NULL ? SSL_write(ssl, p, (int)n) : write(fd, p, n);

		if (done <= 0)
			end_by("lost");
		p += done;
		n -= (size_t)done;
	}
}

static void flush_out(void)
{
	size_t n = out_n;
	bool cut = cutting && cut_out > 0 && sent + (long)n >= cut_out;

	if (n == 0)
		return;
	if (lag > 0)
		usleep((useconds_t)lag * 1000);
	if (cut)
		n = (size_t)(cut_out - sent);
	out_n = 0;
	raw_write(out, n);
	sent += (long)n;
	if (cut)
		end_by(how);
}

static void say(const char *fmt, ...)
{
	va_list args;
	int n;

	if (out_n > sizeof out - 8192)
		flush_out();
	va_start(args, fmt);
	n = vsnprintf(out + out_n, 8000, fmt, args);
	va_end(args);
	out_n += (size_t)n;
	out_n += (size_t)sprintf(out + out_n, "\r\n");
}

/* Reads what is there, no further than to where the connection is cut. */
static bool fill(void)
{
	size_t want = sizeof in;
	ssize_t n;

	flush_out();
	if (rate > 0 && want > (size_t)rate / 20 + 1) {
		want = (size_t)rate / 20 + 1;
		usleep(50000);
	}
	if (cutting && cut_in > 0 && (long)want > cut_in - got)
		want = (size_t)(cut_in - got);
	n = ssl != NULL ? SSL_read(ssl, in, (int)want) : read(fd, in, want);
	if (n <= 0)
		return false;
	in_at = 0;
	in_n = (size_t)n;
	got += n;
	return true;
}

/* The byte that completes the count is still acted upon, unless nothing more may follow it. */
static int get_byte(void)
{
	if (in_at == in_n) {
		if (cutting && cut_in > 0 && got >= cut_in)
			end_by(how);
		if (!fill())
			return -1;
	}
	return (unsigned char)in[in_at++];
}

static bool get_line(char *line, size_t size)
{
	size_t n = 0;
	int c;

	while ((c = get_byte()) >= 0) {
		if (c == '\n') {
			if (n > 0 && line[n - 1] == '\r')
				n--;
			line[n] = '\0';
			return true;
		}
		if (n < size - 1)
			line[n++] = (char)c;
	}
	return false;
}

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

static void store(void)
{
	char path[4200], tmp[4200];
	FILE *f;

	snprintf(tmp, sizeof tmp, "%s/tmp.%d", dir, (int)getpid());
	f = fopen(tmp, "w");
	if (f == NULL)
		abort();
	fprintf(f, "%s\n%s\n", from, rcpt);
	fwrite(text, 1, text_n, f);
	fclose(f);
	snprintf(path, sizeof path, "%s/msgs/%ld", dir, count_up("count"));
	if (rename(tmp, path) != 0)
		abort();
	note("took %s", strrchr(path, '/') + 1);
	snprintf(path, sizeof path, "%s/files-in", dir);
	sent_file(path, text, text_n);
}

static void read_rules(void)
{
	char path[4096], line[5000];
	FILE *f;
	int id = 0;

	snprintf(path, sizeof path, "%s/rules", dir);
	rule_count = 0;
	f = fopen(path, "r");
	if (f == NULL)
		return;
	while (fgets(line, sizeof line, f) != NULL && rule_count < RULES) {
		struct rule *r = &rules[rule_count];
		char count[20];
		int at = 0;

		id++;
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%15s %199s %19s %n", r->where, r->word, count, &at) < 3 ||
			at == 0)
			continue;
		r->count = count[0] == '*' ? -1 : atol(count);
		r->id = id;
		snprintf(r->answer, sizeof r->answer, "%s", line + at);
		rule_count++;
	}
	fclose(f);
}

static void read_cut(void)
{
	char path[4096], way[8] = "";
	long n = 0, count = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/cut", dir);
	f = fopen(path, "r");
	if (f == NULL)
		return;
	if (fscanf(f, "%7s %ld %15s %ld", way, &n, how, &count) == 4 && count_up("cuts") < count) {
		cutting = true;
		cut_in = strcmp(way, "in") == 0 ? n : 0;
		cut_out = strcmp(way, "out") == 0 ? n : 0;
	}
	fclose(f);
}

/* Says what a rule wants said.  false: none holds, or the usual is to be done as well. */
static bool obey(const char *where, const char *line)
{
	for (int i = 0; i < rule_count; i++) {
		struct rule *r = &rules[i];
		char used[32];

		if (strcasecmp(r->where, where) != 0 ||
			(strcmp(r->word, "*") != 0 && strcasestr(line, r->word) == NULL))
			continue;
		snprintf(used, sizeof used, "used.%d", r->id);
		if (r->count >= 0 && count_up(used) >= r->count)
			continue;
		note("rule %s %s", where, r->answer);
		if (strcmp(r->answer, "silence") == 0 || strcmp(r->answer, "rst") == 0) {
			flush_out();
			end_by(r->answer);
		}
		if (strcmp(r->answer, "close") == 0) {
			flush_out();
			end_by("fin");
		}
		if (strcmp(r->answer, "accept-close") == 0) {
			store();
			end_by("rst");
		}
		if (strcmp(r->answer, "none") == 0)
			return true;
		if (strcmp(r->answer, "endless") == 0) {
			for (;;) {
				say("250-and so on");
				flush_out();
			}
		}
		if (strcmp(r->answer, "huge") == 0) {
			for (int k = 0; k < 10000; k++)
				say("250-X%d %0900d", k, 0);
			say("250 end");
			return true;
		}
		if (strcmp(r->answer, "nul") == 0) {
			static const char line[] = { '5', '5', '0', ' ', 'a', '\0', 'b', '\r',
				'\n' };

			memcpy(out + out_n, line, sizeof line);
			out_n += sizeof line;
			return true;
		}
		for (char *p = r->answer; *p != '\0';) {
			char *end = strstr(p, "\\n");
			size_t n = end == NULL ? strlen(p) : (size_t)(end - p);

			say("%.*s", (int)n, p);
			p += n + (end == NULL ? 0 : 2);
		}
		if (strncmp(r->answer, "421", 3) == 0) {
			flush_out();
			end_by("fin");
		}
		return true;
	}
	return false;
}

static void start_tls(void)
{
	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) != 1)
		end_by("tls-failed");
}

static void say_ehlo(void)
{
	char list[4000], *word, *save = NULL;

	snprintf(list, sizeof list, "%s", caps);
	say("250-smtpd.test greets you");
	if (tls_starttls && ssl == NULL)
		say("250-STARTTLS");
	for (word = strtok_r(list, ",", &save); word != NULL; word = strtok_r(NULL, ",", &save)) {
		for (char *p = word; *p != '\0'; p++)
			*p = *p == '_' ? ' ' : *p;
		say("250-%s", word);
	}
	say("250 HELP");
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
	if (obey("AUTH", mech))
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
	if (obey("MAIL", line) || must_sign_in())
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
	if (obey("RCPT", line))
		return;
	snprintf(rcpt + strlen(rcpt), sizeof rcpt - strlen(rcpt), "%s\n", line);
	rcpt_count++;
	say("250 2.1.5 OK");
}

static void take(const char *where)
{
	if (obey(where, from)) {
		forget();
		return;
	}
	store();
	say("250 2.0.0 Ok: taken");
	forget();
}

static bool do_data(void)
{
	char line[LINE];
	int c, state = 2; /* 0 in a line, 1 behind CR, 2 at the head, 3 behind a dot, 4 behind dot
			     CR */

	if (obey("DATA", from))
		return true;
	if (rcpt_count == 0) {
		say("503 5.5.1 RCPT first");
		return true;
	}
	say("354 go on");
	(void)line;
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
	else if (!obey("BDAT", args))
		say("250 2.0.0 %ld octets", size);
	return true;
}

static void serve(void)
{
	char line[LINE];

	if (tls_implicit)
		start_tls();
	if (!obey("greeting", ""))
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
			else if (!obey("EHLO", line))
				say_ehlo();
		} else if (strncasecmp(line, "HELO", 4) == 0) {
			say("250 smtpd.test");
		} else if (strcasecmp(line, "STARTTLS") == 0) {
			if (obey("STARTTLS", line))
				continue;
			say("220 2.0.0 go on");
			flush_out();
			start_tls();
		} else if (strncasecmp(line, "MAIL ", 5) == 0) {
			do_mail(line);
		} else if (strncasecmp(line, "RCPT ", 5) == 0) {
			do_rcpt(line);
		} else if (strcasecmp(line, "DATA") == 0) {
			if (!do_data())
				break;
		} else if (strncasecmp(line, "BDAT ", 5) == 0) {
			if (!do_bdat(line + 5))
				break;
		} else if (strcasecmp(line, "RSET") == 0) {
			forget();
			if (!obey("RSET", line))
				say("250 2.0.0 OK");
		} else if (strcasecmp(line, "QUIT") == 0) {
			say("221 2.0.0 bye");
			flush_out();
			break;
		} else {
			say("500 5.5.2 what?");
		}
	}
	end_by("fin");
}

static void write_port(int listener)
{
	struct sockaddr_in addr = { 0 };
	socklen_t n = sizeof addr;
	char tmp[4096], path[4096];
	FILE *f;

	if (getsockname(listener, (struct sockaddr *)&addr, &n) != 0)
		abort();
	snprintf(tmp, sizeof tmp, "%s/port.new", dir);
	snprintf(path, sizeof path, "%s/port", dir);
	f = fopen(tmp, "w");
	if (f == NULL)
		abort();
	fprintf(f, "%d\n", ntohs(addr.sin_port));
	fclose(f);
	rename(tmp, path);
}

static int listen_somewhere(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (rate > 0) { /* small windows, so that the rate is felt */
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
	enum { CAPS = 256, TLS, USER, PASSWORD, TOKEN, RATE, LAG, NO_EHLO, HELO_ANY };
	static const struct option known[] = { { "caps", 1, NULL, CAPS }, { "tls", 1, NULL, TLS },
		{ "user", 1, NULL, USER }, { "password", 1, NULL, PASSWORD },
		{ "token", 1, NULL, TOKEN }, { "rate", 1, NULL, RATE }, { "lag", 1, NULL, LAG },
		{ "no-ehlo", 0, NULL, NO_EHLO }, { "helo-any", 0, NULL, HELO_ANY },
		{ NULL, 0, NULL, 0 } };
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
		case RATE:
			rate = atol(optarg);
			break;
		case LAG:
			lag = atol(optarg);
			break;
		case NO_EHLO:
			no_ehlo = true;
			break;
		case HELO_ANY:
			helo_any = true;
			break;
		default:
			return -1;
		}
	}
	if (token != NULL && user == NULL)
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
	dir = argv[at];
	snprintf(path, sizeof path, "%s/msgs", dir);
	mkdir(dir, 0700);
	mkdir(path, 0700);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	if (tls_any) {
		snprintf(path, sizeof path, "%s/cert.pem", dir);
		ctx = selfsigned(path);
	}
	listener = listen_somewhere();
	write_port(listener);
	for (;;) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0)
			continue;
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGTERM);
			close(listener);
			note("connect");
			read_cut();
			read_rules();
			serve();
		}
		close(fd);
	}
}
