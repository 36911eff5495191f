/* SPDX-License-Identifier: ISC */
/* tests/unit/pop3/test_pop3_parser.c - answers in any cuts, and what is none; listings, capabilities,
 * and what a refusal means. */
#include "test.h"

#include "pop3/caps.h"
#include "pop3/listing.h"
#include "pop3/parser.h"
#include "pop3/refusal.h"

struct seen {
	struct gw_buf trace; /* "<ok CODE words>", "<err ...>", "<+ ...>", data, "<end>" */
	const char *multi;   /* one letter a status line: 'm' if lines follow */
	size_t lines;
};

static bool on_piece(void *ctx, const struct gw_pop3_piece *p)
{
	struct seen *s = ctx;

	switch (p->type) {
	case GW_POP3_STATUS:
		gw_buf_printf(&s->trace, "<%s %s|%.*s>", p->ok ? "ok" : "err", p->code,
			(int)p->text.n, p->text.p);
		s->lines++;
		return s->multi[s->lines - 1] == 'm';
	case GW_POP3_CHALLENGE:
		gw_buf_printf(&s->trace, "<+ %.*s>", (int)p->text.n, p->text.p);
		break;
	case GW_POP3_DATA:
		gw_buf_append(&s->trace, p->text.p, p->text.n);
		break;
	case GW_POP3_END:
		gw_buf_puts(&s->trace, "<end>");
		break;
	}
	return false;
}

/* step 0: in cuts by chance. */
static enum gw_code feed(
	const char *bytes, size_t n, const char *multi, size_t step, struct seen *s)
{
	struct gw_pop3_parser p;
	struct gw_error err = { 0 };
	enum gw_code code = GW_OK;

	*s = (struct seen){ .multi = multi };
	gw_buf_init(&s->trace, 8 << 20);
	gw_pop3_parser_init(&p);
	for (size_t at = 0, take; at < n && code == GW_OK; at += take) {
		/* A piece of its own, so that reading beyond it is seen. */
		char *piece;

		take = step != 0 ? step : 1 + (size_t)rand() % 7;
		take = n - at < take ? n - at : take;
		piece = malloc(take);
		memcpy(piece, bytes + at, take);
		code = gw_pop3_parser_feed(&p, (struct gw_slice){ piece, take }, on_piece, s, &err);
		free(piece);
	}
	gw_pop3_parser_deinit(&p);
	return code;
}

static void expect_n(
	const char *bytes, size_t n, const char *multi, enum gw_code code, const char *trace)
{
	const size_t steps[] = { n, 1, 2, 3, 0, 0, 0, 0 };

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct seen s;

		assert_int_equal(feed(bytes, n, multi, steps[i], &s), code);
		assert_string_equal(gw_buf_cstr(&s.trace), trace);
		gw_buf_deinit(&s.trace);
	}
}

static void expect(const char *bytes, const char *multi, const char *trace)
{
	expect_n(bytes, strlen(bytes), multi, GW_OK, trace);
}

static void test_status(void **state)
{
	(void)state;
	expect("+OK POP3 ready <1896.697@x>\r\n", "-", "<ok |POP3 ready <1896.697@x>>");
	expect("-ERR [in-use] locked\r\n", "-", "<err IN-USE|locked>");
	expect("-ERR [SYS/TEMP]\r\n", "-", "<err SYS/TEMP|>");
	expect("-ERR [not closed\r\n", "-", "<err |[not closed>");
	expect("-ERR [0123456789012345678901234567890123456789] x\r\n", "-",
		"<err |[0123456789012345678901234567890123456789] x>");
	expect("+OK\r\n-ERR\r\n+OK 3\r\n", "---", "<ok |><err |><ok |3>");
	expect("+ Zm9v\r\n+ \r\n+\r\n", "-", "<+ Zm9v><+ ><+ >");
	expect("+OK a\x1b[2Jb\tc\r\n", "-", "<ok |a?[2Jb c>");
	expect_n("+OK a\0b\r\n", 9, "-", GW_OK, "<ok |a?b>");
	expect("+ok low\n", "-", "<ok |low>");
}

static void test_none(void **state)
{
	char *long_line = malloc((2 << 20) + 1);

	(void)state;
	expect_n("+OKAY\r\n", 7, "-", GW_ERR_PROTOCOL, "");
	expect_n("-ERROR x\r\n", 10, "-", GW_ERR_PROTOCOL, "");
	expect_n("\r\n", 2, "-", GW_ERR_PROTOCOL, "");
	expect_n("* OK IMAP\r\n", 11, "-", GW_ERR_PROTOCOL, "");
	expect_n("220 SMTP\r\n", 10, "-", GW_ERR_PROTOCOL, "");
	expect_n("+OK\r\n\0\r\n", 8, "-", GW_ERR_PROTOCOL, "<ok |>");
	memset(long_line, 'x', 2 << 20);
	long_line[(size_t)sprintf(long_line, "+OK")] = ' ';
	for (size_t step = 1000; step <= 1 << 20; step <<= 10) {
		struct seen s;

		assert_int_equal(feed(long_line, 2 << 20, "-", step, &s), GW_ERR_LIMIT);
		gw_buf_deinit(&s.trace);
	}
	/* One that is merely long is cut, and its end is still seen. */
	long_line[100000] = '\r';
	long_line[100001] = '\n';
	for (size_t step = 1; step <= 1 << 20; step <<= 10) {
		struct seen s;

		assert_int_equal(feed(long_line, 100002, "-", step, &s), GW_OK);
		assert_true(s.trace.n > 16000 && s.trace.n < 17000);
		gw_buf_deinit(&s.trace);
	}
	free(long_line);
}

static void test_dots(void **state)
{
	(void)state;
	expect("+OK\r\n.\r\n+OK\r\n", "m-", "<ok |><end><ok |>");
	expect("+OK\r\na\r\n..\r\n...b\r\n.\r\n", "m", "<ok |>a\r\n.\r\n..b\r\n<end>");
	expect("+OK\r\n..\r\r\n.\r\n", "m", "<ok |>.\r\r\n<end>");
	/* Unstuffed: the dot stays. */
	expect("+OK\r\n.a\r\n.\r\n", "m", "<ok |>.a\r\n<end>");
	expect("+OK\r\n.\rx\r\n.\r\n", "m", "<ok |>.\rx\r\n<end>");
	/* An LF alone ends no line: what follows is text. */
	expect("+OK\r\na\n.\r\nb\r\n.\r\n", "m", "<ok |>a\n.\r\nb\r\n<end>");
	expect("+OK\r\na\n..b\r\n.\r\n", "m", "<ok |>a\n..b\r\n<end>");
	/* But where the server's own lines end so, it does. */
	expect("+OK\na\n..b\n.\n-ERR\n", "m-", "<ok |>a\n.b\n<end><err |>");
	expect("+OK\r\na\r\n.\n+OK\r\n", "m-", "<ok |>a\r\n<end><ok |>");
	expect("+OK\r\n\r\r\n\r\n.\r\n", "m", "<ok |>\r\r\n\r\n<end>");
	/* A refusal has no lines, whatever the owner hopes. */
	expect("-ERR\r\n+OK\r\n", "m-", "<err |><ok |>");
	/* Text without its last line end goes on. */
	expect("+OK\r\nabc", "m", "<ok |>abc");
}

/* Any bytes, stuffed as RFC 1939 says and cut anywhere, come out as they went in. */
static void test_any_bytes(void **state)
{
	const char *seed = getenv("GODWIT_SEED");
	unsigned s = seed != NULL ? (unsigned)strtoul(seed, NULL, 10) : 20261130;

	(void)state;
	print_message("seed %u\n", s);
	srand(s);
	for (int round = 0; round < 3000; round++) {
		struct gw_buf text, wire;
		struct seen seen;
		bool start = true;

		gw_buf_init(&text, 1 << 16);
		gw_buf_init(&wire, 1 << 16);
		gw_buf_puts(&wire, "+OK\r\n");
		for (int i = rand() % 60; i > 0; i--)
			gw_buf_append(&text, &"..\r\n\r\na\0"[rand() % 8], 1);
		gw_buf_puts(&text, "\r\n");
		for (size_t i = 0; i < text.n; i++) {
			if (start && text.p[i] == '.')
				gw_buf_puts(&wire, ".");
			gw_buf_append(&wire, text.p + i, 1);
			start = text.p[i] == '\n' && i > 0 && text.p[i - 1] == '\r';
		}
		gw_buf_puts(&wire, ".\r\n");
		assert_int_equal(feed(wire.p, wire.n, "m", 0, &seen), GW_OK);
		assert_int_equal(seen.trace.n, text.n + 11);
		assert_memory_equal(seen.trace.p + 6, text.p, text.n);
		assert_memory_equal(seen.trace.p + 6 + text.n, "<end>", 5);
		gw_buf_deinit(&seen.trace);
		gw_buf_deinit(&text);
		gw_buf_deinit(&wire);
	}
}

static enum gw_code on_line(void *ctx, struct gw_slice line, bool whole)
{
	return gw_buf_printf(
		ctx, "%s%.*s;", whole ? "" : "!", (int)(line.n < 9 ? line.n : 9), line.p);
}

static void test_lines(void **state)
{
	char *bytes = malloc(3 << 20);
	size_t n = (size_t)sprintf(bytes, "1 a\r\n2 b\n");

	(void)state;
	memset(bytes + n, 'x', 2 << 20);
	n += 2 << 20;
	n += (size_t)sprintf(bytes + n, "\r\n3 c\r\n");
	for (size_t step = 1; step < n; step *= 50) {
		struct gw_pop3_lines l;
		struct gw_buf out;

		gw_buf_init(&out, 1000);
		gw_pop3_lines_init(&l);
		for (size_t at = 0; at < n; at += step)
			assert_int_equal(gw_pop3_lines_feed(&l,
						 (struct gw_slice){ bytes + at,
							 n - at < step ? n - at : step },
						 on_line, &out),
				GW_OK);
		assert_string_equal(gw_buf_cstr(&out), "1 a;2 b;!xxxxxxxxx;3 c;");
		gw_buf_deinit(&out);
		gw_pop3_lines_deinit(&l);
	}
	free(bytes);
}

static void expect_uidl(const char *line, uint32_t number, const char *uidl)
{
	struct gw_slice u;
	uint32_t n = 0;

	assert_int_equal(gw_pop3_read_uidl(gw_slice_str(line), &n, &u), number != 0);
	if (number != 0) {
		assert_int_equal(n, number);
		assert_true(gw_slice_eq(u, uidl));
	}
}

static void expect_size(const char *line, uint32_t number, uint64_t size)
{
	uint64_t s;
	uint32_t n = 0;

	assert_int_equal(gw_pop3_read_size(gw_slice_str(line), &n, &s), number != 0);
	if (number != 0) {
		assert_int_equal(n, number);
		assert_int_equal(s, size);
	}
}

static void test_numbers(void **state)
{
	(void)state;
	expect_uidl("1 whqtswO00WBw418f9t5JxYwZ", 1, "whqtswO00WBw418f9t5JxYwZ");
	expect_uidl("  12   two blanks inside ", 12, "two blanks inside ");
	expect_uidl("4294967295 \xe4\x01", 4294967295u, "\xe4\x01");
	expect_uidl("4294967296 x", 0, NULL);
	expect_uidl("0 x", 0, NULL);
	expect_uidl("-1 x", 0, NULL);
	expect_uidl("1", 1, "");
	expect_uidl("1 ", 1, "");
	expect_uidl("1x y", 0, NULL);
	expect_uidl("", 0, NULL);
	expect_size("7 120", 7, 120);
	expect_size("7 120 foo", 7, 120);
	expect_size("7 -120", 7, 0);
	expect_size("7 99999999999999999999999", 7, 0);
	expect_size("7", 7, 0);
	expect_size("x 7", 0, 0);
}

static void test_caps(void **state)
{
	struct gw_pop3_caps caps = { 0 };
	struct gw_buf text;

	(void)state;
	gw_pop3_caps_line(&caps, gw_slice_str("top"));
	gw_pop3_caps_line(&caps, gw_slice_str("SASL PLAIN  XOAUTH2 CRAM-MD5"));
	gw_pop3_caps_line(&caps, gw_slice_str("EXPIRE 0"));
	gw_pop3_caps_line(&caps, gw_slice_str("LOGIN-DELAY 300 USER"));
	gw_pop3_caps_line(&caps, gw_slice_str("PLAIN"));
	gw_pop3_caps_line(&caps, gw_slice_str("IMPLEMENTATION PIPELINING"));
	assert_true(caps.expires_at_once);
	assert_int_equal(caps.login_delay, 300);
	gw_buf_init(&text, 1000);
	gw_pop3_caps_format(&caps, &text);
	assert_string_equal(gw_buf_cstr(&text), "TOP EXPIRE LOGIN-DELAY SASL PLAIN XOAUTH2");
	gw_buf_deinit(&text);
	gw_pop3_caps_line(&caps, gw_slice_str("EXPIRE NEVER"));
	gw_pop3_caps_line(&caps, gw_slice_str("LOGIN-DELAY lots"));
	assert_false(caps.expires_at_once);
	assert_int_equal(caps.login_delay, 0);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *code, *text;
		enum gw_pop3_refusal_kind kind;
		unsigned wait_s;
	} rows[] = {
		{ "AUTH", "", GW_POP3_CREDS, 0 },
		{ "IN-USE", "", GW_POP3_LATER, 60 },
		{ "LOGIN-DELAY", "", GW_POP3_LATER, 77 },
		{ "SYS/PERM", "", GW_POP3_NEVER, 0 },
		{ "SYS/TEMP", "", GW_POP3_LATER, 60 },
		{ "", "Exceeded the login limit for a 15 minute period.", GW_POP3_LATER, 900 },
		{ "", "Unable to lock maildrop: Mailbox is locked by POP server", GW_POP3_LATER,
			60 },
		{ "", "Invalid password", GW_POP3_NO, 0 },
		{ "", "", GW_POP3_NO, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gw_pop3_refusal r =
			gw_pop3_refusal_of(rows[i].code, gw_slice_str(rows[i].text), 77);

		assert_int_equal(r.kind, rows[i].kind);
		assert_int_equal(r.wait_s, rows[i].wait_s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_dots),
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
