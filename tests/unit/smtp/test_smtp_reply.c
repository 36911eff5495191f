/* SPDX-License-Identifier: ISC */
/* tests/unit/smtp/test_smtp_reply.c - replies in any cuts, and what is none. */
#include "test.h"

#include "smtp/caps.h"
#include "smtp/reply.h"

struct seen {
	size_t count;
	unsigned code;
	unsigned short status[3];
	char text[(1 << 20) + 1];
	bool unread;
	struct gw_smtp_reader *reader;
};

static void on_reply(void *ctx, const struct gw_smtp_reply *r)
{
	struct seen *s = ctx;

	s->count++;
	s->code = r->code;
	memcpy(s->status, r->status, sizeof s->status);
	memcpy(s->text, r->text.p, r->text.n);
	s->text[r->text.n] = '\0';
	s->unread = gw_smtp_reader_unread(s->reader);
}

/* Feeds it whole, and byte by byte; both give the same. */
static enum gw_code feed(const char *bytes, size_t n, struct seen *out)
{
	enum gw_code code[2] = { GW_OK, GW_OK };

	for (int pass = 0; pass < 2; pass++) {
		struct gw_smtp_reader r;
		struct gw_error err = { 0 };
		size_t step = pass == 0 ? n : 1;

		gw_smtp_reader_init(&r);
		memset(out, 0, sizeof *out);
		out->reader = &r;
		for (size_t at = 0; at < n && code[pass] == GW_OK; at += step)
			code[pass] = gw_smtp_reader_feed(
				&r, (struct gw_slice){ bytes + at, step }, on_reply, out, &err);
		gw_smtp_reader_deinit(&r);
	}
	assert_int_equal(code[0], code[1]);
	return code[0];
}

static void expect(const char *bytes, unsigned code, const char *status, const char *text)
{
	struct seen *s = malloc(sizeof *s);
	char seen_status[32];

	assert_int_equal(feed(bytes, strlen(bytes), s), GW_OK);
	assert_int_equal(s->count, 1);
	assert_int_equal(s->code, code);
	snprintf(seen_status, sizeof seen_status, "%u.%u.%u", s->status[0], s->status[1],
		s->status[2]);
	assert_string_equal(seen_status, status);
	assert_string_equal(s->text, text);
	free(s);
}

static void replies(void **state)
{
	(void)state;
	expect("220 ready\r\n", 220, "0.0.0", "ready");
	expect("250\r\n", 250, "0.0.0", "");
	expect("250 \r\n", 250, "0.0.0", "");
	expect("250\n", 250, "0.0.0", "");
	expect("550 5.1.1 no such user\r\n", 550, "5.1.1", "no such user");
	expect("550-5.4.5 Daily user\r\n550 5.4.5 limit\r\n", 550, "5.4.5", "Daily user\nlimit");
	expect("550-5.4.5 Daily\r\n550 5.7.1 limit\r\n", 550, "5.4.5", "Daily\n5.7.1 limit");
	expect("452 4.2.2\r\n", 452, "4.2.2", "");
	expect("550 5.1.1.1 odd\r\n", 550, "0.0.0", "5.1.1.1 odd");
	expect("550 3.1.1 odd\r\n", 550, "0.0.0", "3.1.1 odd");
	expect("334 VXNlcm5hbWU6\r\n", 334, "0.0.0", "VXNlcm5hbWU6");
	expect("550 a\tb\001c\r\n", 550, "0.0.0", "a b?c");
	expect("250-a\r\n550 b\r\n", 550, "0.0.0", "a\nb");
}

static void no_replies(void **state)
{
	static const char *const wrong[] = { "\r\n", "hello\r\n", "25\r\n", "2500 x\r\n",
		"150 x\r\n", "650 x\r\n", "25a x\r\n", "250x\r\n", "* OK IMAP\r\n",
		"HTTP/1.1 400 Bad\r\n", "-250 x\r\n" };
	struct seen *s = malloc(sizeof *s);

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(feed(wrong[i], strlen(wrong[i]), s), GW_ERR_PROTOCOL);
	assert_int_equal(feed("550 a\0b\r\n", 9, s), GW_OK);
	assert_string_equal(s->text, "a?b");
	free(s);
}

/* Whatever is sent, memory stays bounded: text is cut, and what does not end is an error. */
static void bounds(void **state)
{
	struct seen *s = malloc(sizeof *s);
	size_t n = 3 << 20, at;
	char *bytes = malloc(n);

	(void)state;
	at = (size_t)sprintf(bytes, "250 ");
	memset(bytes + at, 'x', n - at);
	assert_int_equal(feed(bytes, n, s), GW_ERR_LIMIT);
	assert_int_equal(s->count, 0);
	at = 0;
	while (at + 8 < n)
		at += (size_t)sprintf(bytes + at, "250-xx\r\n");
	assert_int_equal(feed(bytes, at, s), GW_ERR_LIMIT);
	at = (size_t)sprintf(bytes, "250-first\r\n");
	for (int i = 0; i < 10000; i++)
		at += (size_t)sprintf(bytes + at, "250-EXT%d a parameter of no use\r\n", i);
	at += (size_t)sprintf(bytes + at, "250 PIPELINING\r\n");
	assert_int_equal(feed(bytes, at, s), GW_OK);
	assert_int_equal(s->count, 1);
	assert_string_equal(s->text + strlen(s->text) - 10, "PIPELINING");
	free(bytes);
	free(s);
}

static void unread(void **state)
{
	struct gw_smtp_reader r;
	struct gw_error err = { 0 };
	struct seen *s = calloc(1, sizeof *s);

	(void)state;
	gw_smtp_reader_init(&r);
	s->reader = &r;
	gw_smtp_reader_feed(&r, gw_slice_str("220 go\r\n"), on_reply, s, &err);
	assert_false(s->unread);
	gw_smtp_reader_feed(&r, gw_slice_str("220 go\r\n250"), on_reply, s, &err);
	assert_true(s->unread);
	gw_smtp_reader_deinit(&r);
	free(s);
}

static void caps(void **state)
{
	struct gw_smtp_caps c = gw_smtp_caps_parse(gw_slice_str(
		"STARTTLS.example greets\nSIZE 35882577\n8bitmime\nAUTH LOGIN PLAIN XOAUTH2\n"
		"ENHANCEDSTATUSCODES\nPIPELINING\nLIMITS RCPTMAX=100 MAILMAX=20 X=1\nX-UNKNOWN"));

	(void)state;
	assert_int_equal(c.size, 35882577);
	assert_int_equal(c.rcpt_max, 100);
	assert_int_equal(c.mail_max, 20);
	assert_int_equal(c.bits, GW_SMTP_SIZE | GW_SMTP_8BITMIME | GW_SMTP_AUTH | GW_SMTP_LOGIN |
					 GW_SMTP_PLAIN | GW_SMTP_XOAUTH2 | GW_SMTP_STATUS_CODES |
					 GW_SMTP_PIPELINING | GW_SMTP_LIMITS);
	c = gw_smtp_caps_parse(gw_slice_str("STARTTLS\nAUTH=LOGIN PLAIN\nSIZE nonsense\nPLAIN\n"));
	assert_int_equal(c.bits, GW_SMTP_AUTH | GW_SMTP_LOGIN | GW_SMTP_PLAIN | GW_SMTP_SIZE);
	assert_int_equal(c.size, 0);
	c = gw_smtp_caps_parse(gw_slice_str(""));
	assert_int_equal(c.bits, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(replies), cmocka_unit_test(no_replies),
		cmocka_unit_test(bounds), cmocka_unit_test(unread), cmocka_unit_test(caps) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
