/* SPDX-License-Identifier: ISC */
/* tests/unit/smtp/test_smtp_command.c - commands, and addresses that would become others. */
#include "test.h"

#include "smtp/command.h"

static void addresses(void **state)
{
	static const char *const good[] = { "a@b", "me@example.org", "a+b.c@x.test",
		"\"a b\"@x.test", "\"a\\\"b\"@x.test", "\"<>\"@x.test", "a@[127.0.0.1]",
		"a@[IPv6:::1]", "j\xc3\xbcrgen@x.test", "me@xn--bcher-kva.example" };
	static const char *const bad[] = { "", "a", "@x", "a@", "a b@x", "a@x y", "a@x>", "<a@x",
		"a@x\r\nDATA", "a\n@x", "a@x> SIZE=1", "a@b@c", "\"a@x", "\"a\rb\"@x", "a@x,b@y",
		"a@.x", "a@x.", "a@x..y", "\"a\"b@x", "a;b@x", "a@x\x7f", "\x01@x" };
	char long_local[80] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		if (!gw_smtp_address_ok(gw_slice_str(good[i])))
			fail_msg("refused: %s", good[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (gw_smtp_address_ok(gw_slice_str(bad[i])))
			fail_msg("taken: %s", bad[i]);
	}
	assert_false(gw_smtp_address_ok((struct gw_slice){ "a\0b@x", 5 }));
	memset(long_local, 'a', 65);
	memcpy(long_local + 65, "@x", sizeof "@x");
	assert_false(gw_smtp_address_ok(gw_slice_str(long_local)));
	assert_true(gw_smtp_address_ok(gw_slice_str(long_local + 1)));
}

static void lines(void **state)
{
	const struct gw_smtp_caps all = { .bits = UINT32_MAX }, none = { 0 };
	const struct gw_smtp_sender sender = { .address = "me@x",
		.size = 12,
		.eight_bit = true,
		.utf8 = true,
		.envid = "a b+",
		.ret = "HDRS" };
	struct gw_smtp_recipient to = { "you@y", GW_NOTIFY_FAILURE | GW_NOTIFY_DELAY };
	struct gw_buf out;

	(void)state;
	gw_buf_init(&out, 10000);
	assert_int_equal(gw_smtp_put_mail(&out, &sender, &all), GW_OK);
	assert_string_equal(gw_buf_cstr(&out),
		"MAIL FROM:<me@x> SIZE=12 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+20b+2B\r\n");
	gw_buf_reset(&out);
	assert_int_equal(gw_smtp_put_mail(&out, &sender, &none), GW_OK);
	assert_int_equal(
		gw_smtp_put_mail(&out, &(struct gw_smtp_sender){ .address = "" }, &all), GW_OK);
	assert_string_equal(gw_buf_cstr(&out), "MAIL FROM:<me@x>\r\nMAIL FROM:<>\r\n");
	gw_buf_reset(&out);
	assert_int_equal(gw_smtp_put_rcpt(&out, &to, &all), GW_OK);
	assert_int_equal(gw_smtp_put_rcpt(&out, &to, &none), GW_OK);
	assert_string_equal(
		gw_buf_cstr(&out), "RCPT TO:<you@y> NOTIFY=FAILURE,DELAY\r\nRCPT TO:<you@y>\r\n");
	gw_buf_reset(&out);
	to.address = "you@y>\r\nDATA";
	assert_int_equal(gw_smtp_put_rcpt(&out, &to, &all), GW_ERR_REFUSED);
	assert_int_equal(gw_smtp_put_hello(&out, "EHLO", "x\r\ny"), GW_ERR_REFUSED);
	assert_int_equal(gw_smtp_put_hello(&out, "EHLO", ""), GW_ERR_REFUSED);
	assert_int_equal(out.n, 0);
	assert_int_equal(gw_smtp_put_hello(&out, "EHLO", "x.test"), GW_OK);
	assert_string_equal(gw_buf_cstr(&out), "EHLO x.test\r\n");
	gw_buf_deinit(&out);
}

static void notify(void **state)
{
	unsigned bits = 0;

	(void)state;
	assert_true(gw_smtp_read_notify("never", &bits));
	assert_int_equal(bits, GW_NOTIFY_NEVER);
	assert_true(gw_smtp_read_notify("failure,delay", &bits));
	assert_int_equal(bits, GW_NOTIFY_FAILURE | GW_NOTIFY_DELAY);
	assert_false(gw_smtp_read_notify("never,delay", &bits));
	assert_false(gw_smtp_read_notify("", &bits));
	assert_false(gw_smtp_read_notify("often", &bits));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(addresses), cmocka_unit_test(lines),
		cmocka_unit_test(notify) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
