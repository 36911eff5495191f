/* SPDX-License-Identifier: ISC */
/* remote/head_reader: the header that a FETCH brings, in any cuts, beside what nobody asked for. */
#include "remote/head_reader.h"
#include "test.h"

static const char head[] = "From: a@example.org\r\nMessage-ID: <1@example.org>\r\n\r\n";

static void tell(struct gw_head_reader *r, enum gw_body_event_type type, const char *section,
	struct gw_slice data)
{
	gw_head_reader_feed(r, NULL,
		&(struct gw_body_event){ .type = type,
			.section = gw_slice_str(section),
			.size = data.n,
			.data = data });
}

/* As so many pieces. */
static void send_all(struct gw_head_reader *r, const char *section, const char *text, size_t piece)
{
	struct gw_slice in = gw_slice_str(text);

	tell(r, GW_BODY_BEGIN, section, in);
	while (in.n > 0) {
		size_t n = in.n < piece ? in.n : piece;

		tell(r, GW_BODY_DATA, section, (struct gw_slice){ in.p, n });
		in.p += n;
		in.n -= n;
	}
	tell(r, GW_BODY_END, section, in);
}

static void a_header_is_the_same_in_any_cuts(void **state)
{
	struct gw_fingerprint whole, print;
	struct gw_head_reader r = { 0 };
	uint64_t bytes = 0;

	(void)state;
	send_all(&r, "HEADER", head, sizeof head);
	assert_true(gw_head_reader_take(&r, &whole, &bytes));
	assert_int_equal(bytes, sizeof head - 1);
	for (size_t piece = 1; piece < sizeof head - 1; piece++) {
		send_all(&r, "header", head, piece);
		assert_true(gw_head_reader_take(&r, &print, &bytes));
		assert_memory_equal(print.header, whole.header, sizeof whole.header);
		assert_memory_equal(print.msgid, whole.msgid, sizeof whole.msgid);
		assert_int_equal(bytes, sizeof head - 1);
	}
}

static void each_is_taken_once(void **state)
{
	struct gw_fingerprint print;
	struct gw_head_reader r = { 0 };
	uint64_t bytes = 0;

	(void)state;
	assert_false(gw_head_reader_take(&r, &print, &bytes));
	send_all(&r, "HEADER", head, 7);
	assert_true(gw_head_reader_take(&r, &print, &bytes));
	assert_false(gw_head_reader_take(&r, &print, &bytes));
}

static void a_section_nobody_asked_for_spoils_nothing(void **state)
{
	struct gw_fingerprint whole, print;
	struct gw_head_reader r = { 0 };
	uint64_t bytes = 0;

	(void)state;
	send_all(&r, "HEADER", head, sizeof head);
	assert_true(gw_head_reader_take(&r, &whole, &bytes));
	send_all(&r, "TEXT", "no header\r\n", 3);
	assert_false(gw_head_reader_take(&r, &print, &bytes));
	send_all(&r, "HEADER", head, 5);
	send_all(&r, "1.MIME", "Content-Type: text/plain\r\n\r\n", 4);
	assert_true(gw_head_reader_take(&r, &print, &bytes));
	assert_memory_equal(print.header, whole.header, sizeof whole.header);
}

static void half_a_header_is_none(void **state)
{
	struct gw_fingerprint print;
	struct gw_head_reader r = { 0 };
	uint64_t bytes = 0;

	(void)state;
	tell(&r, GW_BODY_BEGIN, "HEADER", gw_slice_str(head));
	tell(&r, GW_BODY_DATA, "HEADER", gw_slice_str("From: a"));
	assert_false(gw_head_reader_take(&r, &print, &bytes));
}

static void an_empty_one_has_no_bytes(void **state)
{
	struct gw_fingerprint print;
	struct gw_head_reader r = { 0 };
	uint64_t bytes = 1;

	(void)state;
	send_all(&r, "HEADER", head, 9); /* nothing of the one before stays */
	send_all(&r, "HEADER", "", 1);
	assert_true(gw_head_reader_take(&r, &print, &bytes));
	assert_int_equal(bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_the_same_in_any_cuts),
		cmocka_unit_test(each_is_taken_once),
		cmocka_unit_test(a_section_nobody_asked_for_spoils_nothing),
		cmocka_unit_test(half_a_header_is_none),
		cmocka_unit_test(an_empty_one_has_no_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
