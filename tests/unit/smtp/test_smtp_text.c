/* SPDX-License-Identifier: ISC */
/* tests/unit/smtp/test_smtp_text.c - texts in any cuts become what the wire wants. */
#include "test.h"

#include "smtp/text.h"

static const struct {
	const char *in, *data, *plain; /* plain: without doubled dots */
	bool bad;
} cases[] = {
	{ "", "", "", false },
	{ "a", "a\r\n", "a\r\n", false },
	{ "a\n", "a\r\n", "a\r\n", false },
	{ "a\r\n", "a\r\n", "a\r\n", false },
	{ "a\r\nb\nc", "a\r\nb\r\nc\r\n", "a\r\nb\r\nc\r\n", false },
	{ ".", "..\r\n", ".\r\n", false },
	{ ".\n", "..\r\n", ".\r\n", false },
	{ "..\n.a\na.\n", "...\r\n..a\r\na.\r\n", "..\r\n.a\r\na.\r\n", false },
	{ "\n.\n\n", "\r\n..\r\n\r\n", "\r\n.\r\n\r\n", false },
	{ "\n", "\r\n", "\r\n", false },
	{ "a\rb\n", NULL, NULL, true },
	{ "a\r\r\n", NULL, NULL, true },
	{ "a\r", NULL, NULL, true },
};

static void convert(const char *in, size_t n, size_t step, bool stuff, struct gw_smtp_text *t,
	struct gw_buf *out)
{
	*t = (struct gw_smtp_text){ .stuff = stuff };
	gw_buf_reset(out);
	for (size_t at = 0; at < n; at += step)
		assert_int_equal(
			gw_smtp_text_put(t,
				(struct gw_slice){ in + at, n - at < step ? n - at : step }, out),
			GW_OK);
	assert_int_equal(gw_smtp_text_end(t, out), GW_OK);
}

static void texts(void **state)
{
	struct gw_smtp_text t;
	struct gw_buf out;

	(void)state;
	gw_buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t n = strlen(cases[i].in);

		for (size_t step = 1; step <= n + 1; step++) {
			convert(cases[i].in, n, step, true, &t, &out);
			assert_int_equal(t.bad, cases[i].bad);
			if (cases[i].bad)
				continue;
			assert_string_equal(gw_buf_cstr(&out), cases[i].data);
			assert_int_equal(t.size, strlen(cases[i].plain));
			convert(cases[i].in, n, step, false, &t, &out);
			assert_string_equal(gw_buf_cstr(&out), cases[i].plain);
		}
	}
	convert("a\0b\n", 4, 4, true, &t, &out);
	assert_true(t.bad);
	convert("abc\nde\xe4\n\n", 9, 2, true, &t, &out);
	assert_true(t.eight_bit);
	assert_int_equal(t.longest, 3);
	gw_buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(texts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
