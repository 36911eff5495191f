/* SPDX-License-Identifier: ISC */
/* imap/utf7 and date: canonical in both directions. */
#include "imap/date.h"
#include "imap/utf7.h"
#include "test.h"

static void known_pairs(void **state)
{
	static const struct {
		const char *wire, *utf8; /* utf8 NULL: refused */
	} cases[] = {
		{ "INBOX", "INBOX" },
		{ "a&-b", "a&b" },
		{ "Entw&APw-rfe", "Entwürfe" },
		{ "~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語" },
		{ "&2D3eAA-", "😀" },
		{ "&", NULL },
		{ "&A", NULL },
		{ "&AGE-", NULL },
		{ "&APw", NULL },
		{ "a\x80", NULL },
		{ "&2D0-", NULL },
		{ "&AP-", NULL },
		{ "&APw-&APw-", NULL },
		{ "&!!!!-", NULL },
		{ "&APx-", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gw_buf out;
		enum gw_code code;

		gw_buf_init(&out, 4096);
		code = gw_utf7_decode(gw_slice_str(cases[i].wire), &out);
		assert_int_equal(code == GW_OK, cases[i].utf8 != NULL);
		if (cases[i].utf8 != NULL) {
			assert_string_equal(gw_buf_cstr(&out), cases[i].utf8);
			gw_buf_reset(&out);
			assert_int_equal(gw_utf7_encode(gw_slice_str(cases[i].utf8), &out), GW_OK);
			assert_string_equal(gw_buf_cstr(&out), cases[i].wire);
		}
		gw_buf_deinit(&out);
	}
}

/* Whatever decodes, encodes to what it was: two names on the server never become one here. */
static void decoding_is_one_to_one(void **state)
{
	static const char alphabet[] = "&-ABw,+/a2D3eAPU";
	uint64_t seed = test_seed() | 1;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		char wire[12];
		size_t n = 1 + test_random(&seed, 10);
		struct gw_buf utf8, again;

		for (size_t i = 0; i < n; i++)
			wire[i] = alphabet[test_random(&seed, sizeof alphabet - 1)];
		wire[n] = '\0';
		gw_buf_init(&utf8, 256);
		gw_buf_init(&again, 256);
		if (gw_utf7_decode(gw_slice_str(wire), &utf8) == GW_OK) {
			assert_int_equal(
				gw_utf7_encode(
					(struct gw_slice){ gw_buf_cstr(&utf8), utf8.n }, &again),
				GW_OK);
			assert_string_equal(gw_buf_cstr(&again), wire);
		}
		gw_buf_deinit(&utf8);
		gw_buf_deinit(&again);
	}
}

static void dates(void **state)
{
	static const time_t some[] = { 0, 837596665, 1, -1, 951782400, 4102444799 };
	char text[GW_DATE_TEXT];
	time_t t;

	(void)state;
	gw_date_format(837596665, text);
	assert_string_equal(text, "17-Jul-1996 09:44:25 +0000");
	for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
		gw_date_format(some[i], text);
		assert_true(gw_date_parse(gw_slice_str(text), &t));
		assert_int_equal(t, some[i]);
	}
	assert_true(gw_date_parse(gw_slice_str("17-Jul-1996 02:44:25 -0700"), &t));
	assert_int_equal(t, 837596665);
	assert_true(gw_date_parse(gw_slice_str(" 1-Jan-1970 01:00:00 +0100"), &t));
	assert_int_equal(t, 0);
	assert_true(gw_date_parse(gw_slice_str("1-Jan-1970 00:00:01 +0000"), &t));
	assert_int_equal(t, 1);
	assert_false(gw_date_parse(gw_slice_str("17-Foo-1996 02:44:25 -0700"), &t));
	assert_false(gw_date_parse(gw_slice_str("17-Jul-1996 02:44:25 *0700"), &t));
	assert_false(gw_date_parse(gw_slice_str(""), &t));
	assert_false(gw_date_parse(gw_slice_str("17-Jul-1996 25:44:25 -0700"), &t));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(known_pairs),
		cmocka_unit_test(decoding_is_one_to_one), cmocka_unit_test(dates) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
