/* SPDX-License-Identifier: ISC */
/* tests/unit/smtp/test_smtp_session.c - the session against a server that fails at any byte
 * (smtpd).
 *
 * What must hold: a message that the session says was accepted is with the server, once; one that
 * it says is certainly not is not there; in doubt it says so.
 */
#include "test.h"

#include "auth/sasl.h"
#include "smtp/session.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MESSAGES = 3, RECIPIENTS = 4 };

static char dir[64];
static pid_t server;
static unsigned port;

struct sent {
	struct run *run;
	const char *text;
	size_t text_n, at;
	bool asked, unwanted, deny, over, two;
	unsigned answers[RECIPIENTS];
	enum gw_smtp_end end;
	enum gw_smtp_stage stage;
	unsigned code;
	struct gw_smtp_message *handle;
};

struct run {
	bool seal; /* the last message is sent as the session's last */
	struct gw_smtp *session;
	struct sent sent[MESSAGES];
	size_t count, next, done, to_count;
	bool ready, lost, lost_soon;
	enum gw_smtp_stage lost_at;
	enum gw_code lost_code;
	unsigned lost_reply;
	struct gw_smtp_sender sender;
	struct gw_smtp_recipient to[RECIPIENTS];
};

static void put_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	if (text == NULL) {
		unlink(path);
		return;
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static size_t count_taken(void)
{
	char path[128];
	size_t n = 0;
	DIR *d;

	snprintf(path, sizeof path, "%s/msgs", dir);
	d = opendir(path);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void forget_in(const char *sub, const char *prefix)
{
	char path[400];
	DIR *d;

	snprintf(path, sizeof path, "%s/%s", dir, sub);
	d = opendir(path);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		if (e->d_name[0] != '.' && strncmp(e->d_name, prefix, strlen(prefix)) == 0)
			unlinkat(dirfd(d), e->d_name, 0);
	}
	closedir(d);
}

static void forget_taken(void)
{
	forget_in("msgs", "");
	forget_in("", "used.");
	forget_in("", "cuts");
	forget_in("", "count");
}

static void start_server(const char *const *args)
{
	const char *argv[20] = { SMTPD };
	char path[128], text[16] = "";
	size_t n = 1;
	FILE *f = NULL;

	strcpy(dir, "/tmp/godwit-smtp-XXXXXX");
	assert_non_null(mkdtemp(dir));
	while (*args != NULL)
		argv[n++] = *args++;
	argv[n++] = dir;
	server = fork();
	if (server == 0) {
		execv(SMTPD, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	snprintf(path, sizeof path, "%s/port", dir);
	while ((f = fopen(path, "r")) == NULL) {
		assert_int_equal(waitpid(server, NULL, WNOHANG), 0);
		usleep(1000); /* until it has written its port */
	}
	assert_non_null(fgets(text, sizeof text, f));
	fclose(f);
	port = (unsigned)atoi(text);
}

static void stop_server(void)
{
	char command[100];

	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	server = 0;
	snprintf(command, sizeof command, "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

/* After a test that failed half way: a server that goes on would keep ctest waiting for the end of its output. */
static int end_server(void **state)
{
	(void)state;
	if (server > 0)
		stop_server();
	return 0;
}

static size_t on_read(void *ctx, char *p, size_t n)
{
	struct sent *m = ctx;
	size_t left = m->text_n - m->at;

	n = n < left ? n : left;
	memcpy(p, m->text + m->at, n);
	m->at += n;
	return n;
}

static void on_recipient(void *ctx, size_t i, const struct gw_smtp_reply *r)
{
	((struct sent *)ctx)->answers[i] = r->code;
}

static void on_leaving(void *ctx)
{
	struct sent *m = ctx;

	assert_false(m->asked);
	m->asked = true;
	gw_smtp_leave(m->handle, !m->deny);
}

static bool on_wanted(void *ctx)
{
	return !((struct sent *)ctx)->unwanted;
}

static void send_more(struct run *r);

static void on_done(void *ctx, const struct gw_smtp_outcome *o)
{
	struct sent *m = ctx;

	assert_false(m->over);
	m->over = true;
	m->end = o->end;
	m->stage = o->stage;
	m->code = o->reply != NULL ? o->reply->code : 0;
	assert_true(o->end == GW_SMTP_WITHDRAWN || o->err != NULL || o->reply != NULL);
	m->run->done++;
	m->run->lost_soon |= o->end == GW_SMTP_GONE || o->end == GW_SMTP_DOUBT;
	send_more(m->run);
}

static void send_more(struct run *r)
{
	static const struct gw_smtp_handlers handlers = { .read = on_read,
		.recipient = on_recipient,
		.leaving = on_leaving,
		.wanted = on_wanted,
		.done = on_done };

	while (r->session != NULL && r->next < r->count &&
		r->next - r->done < gw_smtp_depth(r->session)) {
		struct sent *m = &r->sent[r->next];
		struct gw_smtp_handlers h = handlers;

		h.ctx = m;
		m->run = r;
		r->sender.size = m->text_n;
		if ((r->seal && r->next + 1 == r->count ? gw_smtp_send_last : gw_smtp_send)(
			    r->session, &r->sender, r->to, r->to_count, &h, &m->handle) != GW_OK)
			return;
		r->next++;
	}
	if (r->done == r->count && !r->lost_soon)
		gw_smtp_close(&r->session);
}

static void on_event(void *ctx, const struct gw_smtp_event *ev)
{
	struct run *r = ctx;

	assert_false(r->lost);
	if (ev->type == GW_SMTP_READY) {
		assert_false(r->ready);
		r->ready = true;
		send_more(r);
		return;
	}
	r->lost = true;
	r->lost_at = ev->stage;
	r->lost_code = ev->err->code;
	r->lost_reply = ev->reply != NULL ? ev->reply->code : 0;
	gw_smtp_close(&r->session);
}

static const struct gw_smtp_limits short_limits = { 700, 700, 700, 700, 700 };

static void run_with(struct run *r, enum gw_tls_mode tls, struct gw_sasl *sasl)
{
	uv_loop_t loop;
	struct gw_tls_ctx *ctx = NULL;
	struct gw_error err = { 0 };
	const struct gw_log log = { 0 };
	char cert[100];
	struct gw_smtp_options o = {
		.stream = { .host = "127.0.0.1", .port = port, .timeout_ms = 5000 },
		.tls = tls,
		.sasl = sasl,
		.ehlo_name = "x.test",
		.limits = &short_limits
	};

	uv_loop_init(&loop);
	if (tls != GW_TLS_NONE) {
		snprintf(cert, sizeof cert, "%s/cert.pem", dir);
		assert_int_equal(
			gw_tls_ctx_new(&(struct gw_tls_trust){ .ca_file = cert }, &ctx, &err),
			GW_OK);
		o.stream.tls = ctx;
		o.stream.tls_at_once = tls == GW_TLS_IMPLICIT;
	}
	if (r->sender.address == NULL)
		r->sender.address = "me@x.test";
	if (r->to_count == 0)
		r->to_count = 1;
	for (size_t i = 0; i < RECIPIENTS; i++) {
		static const char *const names[] = { "ann@y", "bob@y", "cat@y", "dan@y" };

		r->to[i].address = names[i];
	}
	assert_int_equal(gw_smtp_open(&loop, &log, &o, on_event, r, &r->session, &err), GW_OK);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	gw_tls_ctx_free(ctx);
	gw_sasl_unref(&sasl);
	for (size_t i = 0; i < r->next; i++)
		assert_true(r->sent[i].over);
}

static char *make_text(size_t lines)
{
	char *text = malloc(lines * 70 + 100), *p = text;

	p += sprintf(p, "Subject: x\n\n");
	for (size_t i = 0; i < lines; i++)
		p += sprintf(p, "%s%06zu the quick brown fox jumps over the lazy dog, again\n",
			i % 7 == 0 ? "." : "", i);
	return text;
}

/* The text of the file that the server made, behind the envelope. */
static void check_taken(const char *name, const char *text, size_t recipients)
{
	char path[128], line[200];
	size_t seen = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/msgs/%s", dir, name);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL && line[0] != '\n')
		seen += strncmp(line, "RCPT", 4) == 0;
	assert_int_equal(seen, recipients);
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '\n')
			assert_int_equal(fgetc(f), '\r');
		assert_int_equal(fgetc(f), *p);
	}
	assert_int_equal(fgetc(f), EOF);
	fclose(f);
}

static const char *const with_caps[] = { "8BITMIME", "PIPELINING,8BITMIME",
	"PIPELINING,CHUNKING,8BITMIME", "CHUNKING", "PIPELINING,CHUNKING,SIZE_100000000" };

enum { CAPS = sizeof with_caps / sizeof *with_caps };

static void texts_arrive(void **state)
{
	char *small = make_text(10), *large = make_text(5000);

	(void)state;
	for (size_t c = 0; c < (size_t)2 * CAPS; c++) {
		bool large_last = c >= CAPS;
		struct run r = { .count = large_last ? 2 : 3, .to_count = 3, .seal = true };

		start_server((const char *const[]){ "--caps", with_caps[c % CAPS], NULL });
		for (size_t i = 0; i < r.count; i++) {
			r.sent[i].text = i == 1 ? large : small;
			r.sent[i].text_n = strlen(r.sent[i].text);
		}
		run_with(&r, GW_TLS_NONE, NULL);
		assert_int_equal(r.done, r.count);
		assert_false(r.lost);
		for (size_t i = 0; i < r.count; i++)
			assert_int_equal(r.sent[i].end, GW_SMTP_ACCEPTED);
		check_taken("0", small, 3);
		check_taken("1", large, 3);
		if (!large_last)
			check_taken("2", small, 3);
		stop_server();
	}
	free(small);
	free(large);
}

static struct run run_these(const char *rules, size_t count, size_t to_count, bool seal)
{
	struct run r = { .count = count, .to_count = to_count, .seal = seal };

	put_file("rules", rules);
	forget_taken();
	for (size_t i = 0; i < count; i++) {
		r.sent[i].text = "Subject: x\n\n.hello\n";
		r.sent[i].text_n = 19;
	}
	run_with(&r, GW_TLS_NONE, NULL);
	return r;
}

static struct run run_small(const char *rules, size_t to_count)
{
	return run_these(rules, 2, to_count, false);
}

/* The first message meets the rule; the second one goes through, unless the connection was lost. */
static const struct {
	const char *rule;
	enum gw_smtp_end end;
	enum gw_smtp_stage stage;
	unsigned code;
	bool lost;
} refusals[] = {
	{ "MAIL * 1 553 5.7.1 not yours", GW_SMTP_REFUSED, GW_SMTP_AT_MAIL, 553, false },
	{ "MAIL * 1 451 4.3.0 later", GW_SMTP_REFUSED, GW_SMTP_AT_MAIL, 451, false },
	{ "MAIL * 1 421 4.7.0 too much", GW_SMTP_REFUSED, GW_SMTP_AT_MAIL, 421, true },
	{ "MAIL * 1 354 what", GW_SMTP_GONE, GW_SMTP_AT_CONNECT, 0, true },
	{ "RCPT ann 1 550 5.1.1 no such user", GW_SMTP_REFUSED, GW_SMTP_AT_RCPT, 550, false },
	{ "RCPT ann 1 550-5.1.1 no\\n550 5.1.1 user", GW_SMTP_REFUSED, GW_SMTP_AT_RCPT, 550,
		false },
	{ "RCPT ann 1 421 4.7.0 go", GW_SMTP_REFUSED, GW_SMTP_AT_RCPT, 421, true },
	{ "DATA * 1 451 4.3.2 not now", GW_SMTP_REFUSED, GW_SMTP_AT_DATA, 451, false },
	{ "DATA * 1 250 what", GW_SMTP_GONE, GW_SMTP_AT_CONNECT, 0, true },
	{ "DATA * 1 close", GW_SMTP_GONE, GW_SMTP_AT_CONNECT, 0, true },
	{ "DOT * 1 554 5.7.0 content", GW_SMTP_REFUSED, GW_SMTP_AT_DOT, 554, false },
	{ "DOT * 1 nul", GW_SMTP_REFUSED, GW_SMTP_AT_DOT, 550, false },
	{ "DOT * 1 432 4.3.2 threads", GW_SMTP_REFUSED, GW_SMTP_AT_DOT, 432, false },
	{ "DOT * 1 421 4.3.2 shutting down", GW_SMTP_REFUSED, GW_SMTP_AT_DOT, 421, true },
	{ "DOT * 1 354 what", GW_SMTP_DOUBT, GW_SMTP_AT_CONNECT, 0, true },
	{ "DOT * 1 hello", GW_SMTP_DOUBT, GW_SMTP_AT_CONNECT, 0, true },
	{ "DOT * 1 close", GW_SMTP_DOUBT, GW_SMTP_AT_CONNECT, 0, true },
	{ "DOT * 1 silence", GW_SMTP_DOUBT, GW_SMTP_AT_CONNECT, 0, true },
	{ "DOT * 1 endless", GW_SMTP_DOUBT, GW_SMTP_AT_CONNECT, 0, true },
	{ "DOT * 1 huge", GW_SMTP_DOUBT, GW_SMTP_AT_CONNECT, 0, true },
	{ "MAIL * 1 none", GW_SMTP_GONE, GW_SMTP_AT_CONNECT, 0, true },
};

static void answers(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) {
		start_server((const char *const[]){ "--caps", with_caps[c], NULL });
		for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
			struct run r;

			if (c == 2 && strncmp(refusals[i].rule, "DATA", 4) == 0)
				continue; /* BDAT */
			if (c > 0 && strstr(refusals[i].rule, "none") != NULL)
				continue; /* the next answer would be taken for it */
			r = run_small(refusals[i].rule, 1);
			if (c == 2 && r.sent[0].end == GW_SMTP_DOUBT && refusals[i].code == 0)
				continue; /* the text went out with the envelope */
			if (r.sent[0].end != refusals[i].end ||
				r.sent[0].code != refusals[i].code || r.lost != refusals[i].lost ||
				(refusals[i].code != 0 && r.sent[0].stage != refusals[i].stage))
				fail_msg("%s, %s: end %d, code %u, stage %d, lost %d", with_caps[c],
					refusals[i].rule, r.sent[0].end, r.sent[0].code,
					r.sent[0].stage, r.lost);
			if (!r.lost) {
				assert_int_equal(r.sent[1].end, GW_SMTP_ACCEPTED);
				assert_int_equal(count_taken(), 1);
			}
		}
		stop_server();
	}
}

/* Too many answers, and too few, in each place. */
static const char *const muddles[] = {
	"MAIL * 1 250 a\\n250 b\nDOT * * 550 5.7.1 no\n",
	"RCPT ann 1 250 a\\n250 b\nDOT * * 550 5.7.1 no\n",
	"RCPT ann 1 250 a\\n250 b\\n250 c\nDOT * * 550 5.7.1 no\n",
	"RCPT ann 1 250 a\\n550 b\nDOT * * 550 5.7.1 no\n",
	"RCPT ann 1 250 a\\n221 b\n",
	"RCPT ann 1 250 a\\n250 b\\n221 c\n",
	"RSET * 1 250 a\\n250 b\nMAIL * 1 550 no\nDOT * * 550 5.7.1 no\n",
	"DATA * 1 354 go on\\n250 taken\n",
	"DATA * 1 354 go on\\n250 taken\\n250 and again\n",
	"DATA * 1 250 what\\n354 go on\n",
	"DOT * 1 250 a\\n550 b\n",
	"DOT * 1 250 a\\n250 b\\n550 c\n",
	"DOT * * none\n",
	"DOT * 1 none\n",
	"DOT * 1 221 bye\n",
	"DOT * 1 550 no\nQUIT * 1 250 what\n",
	"RCPT ann * none\nDOT * * 550 5.7.1 no\n",
	"MAIL * * none\nDOT * * 550 5.7.1 no\n",
};

/* What the server did not take is never believed to be taken. */
static void answers_add_up(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) {
		start_server((const char *const[]){ "--caps", with_caps[c], NULL });
		for (size_t i = 0; i < 6 * (sizeof muddles / sizeof *muddles); i++) {
			size_t count = i % 3 + 1, accepted = 0;
			struct run r;

			if (strstr(muddles[i / 6], "none") != NULL && (c == 0 || count != 2))
				continue; /* it would be waited for */
			r = run_these(muddles[i / 6], count, 1, i / 3 % 2 != 0);

			assert_int_equal(r.done, r.next);
			for (size_t k = 0; k < r.next; k++)
				accepted += r.sent[k].end == GW_SMTP_ACCEPTED;
			if (accepted > count_taken())
				fail_msg("%s, %zu mails%s, %s: %zu accepted, %zu taken",
					with_caps[c], count, r.seal ? ", sealed" : "",
					muddles[i / 6], accepted, count_taken());
		}
		stop_server();
	}
}

/* One that is refused never keeps the others from getting it. */
static void each_recipient(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) {
		struct run r;

		start_server((const char *const[]){ "--caps", with_caps[c], NULL });
		r = run_small("RCPT bob * 550 5.1.1 no such user\nRCPT cat * 450 4.2.1 later\n", 3);
		for (size_t i = 0; i < 2; i++) {
			assert_int_equal(r.sent[i].end, GW_SMTP_ACCEPTED);
			assert_int_equal(r.sent[i].answers[0], 250);
			assert_int_equal(r.sent[i].answers[1], 550);
			assert_int_equal(r.sent[i].answers[2], 450);
		}
		check_taken("0", "Subject: x\n\n.hello\n", 1);
		r = run_small("RCPT y * 550 5.1.1 nobody\nDATA * * 354 go on\n", 3);
		assert_int_equal(r.sent[0].end, GW_SMTP_REFUSED);
		assert_int_equal(r.sent[1].end, GW_SMTP_REFUSED);
		assert_int_equal(r.sent[1].stage, GW_SMTP_AT_RCPT);
		assert_int_equal(count_taken(), 0);
		stop_server();
	}
}

static void withdrawn(void **state)
{
	char *large = make_text(3000);

	(void)state;
	for (size_t c = 0; c < 3; c++) {
		for (int how = 0; how < 4; how++) {
			struct run r = { .count = 2 };

			start_server((const char *const[]){ "--caps", with_caps[c], NULL });
			for (size_t i = 0; i < 2; i++) {
				r.sent[i].text = how & 1 ? large : "x\n";
				r.sent[i].text_n = strlen(r.sent[i].text);
			}
			r.sent[0].unwanted = how & 2;
			r.sent[0].deny = !(how & 2);
			run_with(&r, GW_TLS_NONE, NULL);
			assert_int_equal(r.sent[0].end, GW_SMTP_WITHDRAWN);
			assert_true(r.lost || r.sent[1].end == GW_SMTP_ACCEPTED);
			assert_int_equal(count_taken(), r.lost ? 0 : 1);
			stop_server();
		}
	}
	free(large);
}

static void unsuitable(void **state)
{
	struct run r = { .count = 1 };

	(void)state;
	start_server((const char *const[]){ "--caps", "PIPELINING,SIZE_100", NULL });
	r.sent[0] = (struct sent){ .text = "a long text, longer than one hundred octets, as the "
					   "server announced that it would take, so it is not sent",
		.text_n = 106 };
	run_with(&r, GW_TLS_NONE, NULL);
	assert_int_equal(r.sent[0].end, GW_SMTP_UNSUITABLE);
	r = (struct run){ .count = 1, .sender = { .eight_bit = true } };
	r.sent[0] = (struct sent){ .text = "\xe4\n", .text_n = 2 };
	run_with(&r, GW_TLS_NONE, NULL);
	assert_int_equal(r.sent[0].end, GW_SMTP_UNSUITABLE);
	r = (struct run){ .count = 1 };
	r.sent[0] = (struct sent){ .text = "a\rb\n", .text_n = 4 };
	run_with(&r, GW_TLS_NONE, NULL);
	assert_int_equal(r.sent[0].end, GW_SMTP_UNSUITABLE);
	assert_int_equal(count_taken(), 0);
	stop_server();
}

/* Cut after every byte, either way.  In doubt is only what went out whole. */
static void cut_everywhere(
	const char *caps, const char *how, size_t recipients, unsigned step, enum gw_tls_mode tls)
{
	static const char *const ways[] = { "in", "out" };
	size_t doubts = 0, doubled = 0, runs = 0;

	start_server((const char *const[]){
		"--caps", caps, tls == GW_TLS_IMPLICIT ? "--tls" : NULL, "implicit", NULL });
	for (size_t way = 0; way < 2; way++) {
		for (unsigned n = 1;; n += step) {
			struct run r = { .count = 1, .to_count = recipients };
			char cut[64];
			size_t taken;

			snprintf(cut, sizeof cut, "%s %u %s 1", ways[way], n, how);
			put_file("cut", cut);
			forget_taken();
			r.sent[0].text = "Subject: x\n\n.hello\n";
			r.sent[0].text_n = 19;
			run_with(&r, tls, NULL);
			taken = count_taken();
			runs++;
			if (r.next == 0) {
				assert_int_equal(taken, 0);
				continue;
			}
			if (r.sent[0].end == GW_SMTP_ACCEPTED)
				assert_int_equal(taken, 1);
			else if (r.sent[0].end == GW_SMTP_DOUBT)
				assert_true(taken <= 1);
			else
				assert_int_equal(taken, 0);
			doubts += r.sent[0].end == GW_SMTP_DOUBT;
			doubled += r.sent[0].end == GW_SMTP_DOUBT && taken == 1;
			if (r.sent[0].end == GW_SMTP_ACCEPTED)
				break;
		}
	}
	print_message("%s, %s, %zu recipients, %s: %zu cuts, %zu in doubt, %zu of them taken\n",
		caps, how, recipients, tls == GW_TLS_NONE ? "clear" : "TLS", runs, doubts, doubled);
	stop_server();
}

static void cuts(void **state)
{
	(void)state;
	for (size_t c = 0; c < 3; c++) {
		cut_everywhere(with_caps[c], "rst", 1, 1 + 2 * (c == 0), GW_TLS_NONE);
		cut_everywhere(with_caps[c], "fin", 3, 9, GW_TLS_NONE);
		cut_everywhere(with_caps[c], "fin", 1, 17, GW_TLS_IMPLICIT);
		cut_everywhere(with_caps[c], "silence", 3, 250, GW_TLS_NONE);
	}
}

/* Of a large text the last bytes wait until the peer has the rest (here with a small window, so
 * that its kernel cannot take all of it): a cut before them is known to be harmless. */
static void cuts_in_a_large_text(void **state)
{
	char *large = make_text(5000);
	size_t size = strlen(large) + 5000;

	(void)state;
	for (size_t c = 0; c < 3; c++) {
		start_server((const char *const[]){
			"--caps", with_caps[c], "--rate", "10000000", NULL });
		for (size_t at = size / 10; at < size * 3 / 4; at += size / 5) {
			struct run r = { .count = 1 };
			char cut[64];

			snprintf(cut, sizeof cut, "in %zu rst 1", at);
			put_file("cut", cut);
			forget_taken();
			r.sent[0].text = large;
			r.sent[0].text_n = strlen(large);
			run_with(&r, GW_TLS_NONE, NULL);
			assert_int_equal(r.sent[0].end, GW_SMTP_GONE);
			assert_false(r.sent[0].asked);
			assert_int_equal(count_taken(), 0);
		}
		stop_server();
	}
	free(large);
}

static struct run sign_in(const char *caps, enum gw_tls_mode tls, struct gw_sasl *sasl,
	const char *rules, const char *mode)
{
	struct run r = { .count = 1 };
	static char token[4200];

	memset(token, 'T', 4100);
	start_server((const char *const[]){ "--caps", caps, "--user", "me", "--password", "secret",
		"--token", token, mode != NULL ? "--tls" : NULL, mode, NULL });
	put_file("rules", rules);
	r.sent[0].text = "x\n";
	r.sent[0].text_n = 2;
	run_with(&r, tls, sasl);
	if (!r.lost)
		assert_int_equal(r.sent[0].end, GW_SMTP_ACCEPTED);
	stop_server();
	return r;
}

static struct gw_sasl *bearer(const char *token)
{
	char user[] = "me", access[4200];
	const struct gw_account account = { .name = user, .user = user };
	const struct gw_tokens tokens = { .access = access };

	snprintf(access, sizeof access, "%s", token);
	return gw_sasl_bearer_new(&account, &tokens);
}

static void logins(void **state)
{
	char token[4200] = { 0 };
	struct run r;

	(void)state;
	memset(token, 'T', 4100);
#define PLAIN gw_sasl_password_new("me", "secret")
#define TOKEN bearer(token)
	assert_true(sign_in("AUTH_PLAIN", GW_TLS_NONE, PLAIN, NULL, NULL).ready);
	assert_true(sign_in("AUTH_LOGIN", GW_TLS_NONE, PLAIN, NULL, NULL).ready);
	assert_true(sign_in("AUTH=LOGIN", GW_TLS_NONE, PLAIN, NULL, NULL).ready);
	assert_true(sign_in("AUTH_XOAUTH2", GW_TLS_NONE, TOKEN, NULL, NULL).ready);
	assert_true(sign_in("AUTH_OAUTHBEARER", GW_TLS_NONE, TOKEN, NULL, NULL).ready);
	assert_true(sign_in("AUTH_PLAIN", GW_TLS_IMPLICIT, PLAIN, NULL, "implicit").ready);
	assert_true(sign_in("AUTH_PLAIN", GW_TLS_STARTTLS, PLAIN, NULL, "starttls").ready);
	r = sign_in("AUTH_PLAIN", GW_TLS_NONE, gw_sasl_password_new("me", "wrong"), NULL, NULL);
	assert_int_equal(r.lost_code, GW_ERR_AUTH);
	assert_int_equal(r.lost_reply, 535);
	r = sign_in("AUTH_XOAUTH2", GW_TLS_NONE, bearer("old"), NULL, NULL);
	assert_int_equal(r.lost_code, GW_ERR_AUTH);
	r = sign_in("AUTH_OAUTHBEARER", GW_TLS_NONE, bearer("old"), NULL, NULL);
	assert_int_equal(r.lost_code, GW_ERR_AUTH);
	r = sign_in("AUTH_PLAIN", GW_TLS_NONE, PLAIN,
		"AUTH * * 454 4.7.0 Temporary authentication failure", NULL);
	assert_int_equal(r.lost_code, GW_ERR_BUSY);
	r = sign_in("PIPELINING", GW_TLS_NONE, PLAIN, NULL, NULL); /* never without */
	assert_int_equal(r.lost_code, GW_ERR_AUTH);
	r = sign_in("AUTH_PLAIN", GW_TLS_STARTTLS, PLAIN, NULL, "none"); /* not in clear */
	assert_int_equal(r.lost_code, GW_ERR_SECURITY);
	r = sign_in("AUTH_PLAIN", GW_TLS_STARTTLS, PLAIN,
		"STARTTLS * * 220 go on\\n250 2.0.0 injected", "starttls");
	assert_int_equal(r.lost_code, GW_ERR_SECURITY);
	r = sign_in("AUTH_PLAIN", GW_TLS_NONE, PLAIN, "greeting * * 554 5.7.1 no", NULL);
	assert_int_equal(r.lost_at, GW_SMTP_AT_GREETING);
	assert_int_equal(r.lost_code, GW_ERR_REFUSED);
	r = sign_in("AUTH_PLAIN", GW_TLS_NONE, PLAIN, "EHLO * * 421 4.7.0 (EHLO)", NULL);
	assert_int_equal(r.lost_at, GW_SMTP_AT_EHLO);
	assert_int_equal(r.lost_code, GW_ERR_BUSY);
	r = sign_in("AUTH_PLAIN", GW_TLS_NONE, PLAIN, "EHLO * * huge", NULL);
	assert_int_equal(r.lost_code, GW_ERR_LIMIT);
	r = sign_in("AUTH_PLAIN", GW_TLS_NONE, PLAIN, "greeting * * silence", NULL);
	assert_int_equal(r.lost_code, GW_ERR_TIMEOUT);
}

static void hello_only(void **state)
{
	struct run r = { .count = 1 };

	(void)state;
	start_server((const char *const[]){ "--no-ehlo", NULL });
	r.sent[0] = (struct sent){ .text = "x\n", .text_n = 2 };
	run_with(&r, GW_TLS_NONE, NULL);
	assert_int_equal(r.sent[0].end, GW_SMTP_ACCEPTED);
	r = (struct run){ .count = 1 };
	run_with(&r, GW_TLS_NONE, gw_sasl_password_new("me", "secret"));
	assert_true(r.lost);
	stop_server();
}

#define with_server(test) cmocka_unit_test_teardown(test, end_server)

int main(void)
{
	const struct CMUnitTest tests[] = { with_server(texts_arrive), with_server(answers),
		with_server(answers_add_up), with_server(each_recipient), with_server(withdrawn),
		with_server(unsuitable), with_server(cuts), with_server(cuts_in_a_large_text),
		with_server(logins), with_server(hello_only) };

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
