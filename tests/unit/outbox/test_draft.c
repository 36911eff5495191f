/* SPDX-License-Identifier: ISC */
/* tests/unit/outbox/test_draft.c - what is changed in a message, and nothing else. */
#include "test.h"

#include "outbox/draft.h"

static char *queue(const char *header, const char *const *to, size_t n, bool from_header,
	struct gw_draft *d, struct gw_error *err)
{
	const struct gw_draft_wishes w = {
		.recipients = to, .recipient_count = n, .from_header = from_header
	};
	struct gw_envelope e = { .id = "0123456789ab" };
	struct gw_buf out;
	char *text = NULL;

	gw_buf_init(&out, 1 << 20);
	if (gw_draft_read(gw_slice_str(header), &w, d, err) != GW_OK)
		return NULL;
	e.sender = strdup(d->sender.count > 0 ? d->sender.list[0] : "");
	for (size_t i = 0; i < d->to.count; i++)
		gw_envelope_add(&e, d->to.list[i], 0);
	assert_int_equal(
		gw_draft_write(gw_slice_str(header), d, &e, "me@x.test", "DATE", "<ID@x>", &out),
		GW_OK);
	text = strdup(gw_buf_cstr(&out));
	gw_envelope_deinit(&e);
	gw_buf_deinit(&out);
	return text;
}

/* Is a message for the recipients in its header (or for none) refused, as err then says? */
static bool is_refused(const char *header, bool from_header, struct gw_error *err)
{
	struct gw_draft d;
	char *text = queue(header, NULL, 0, from_header, &d, err);
	bool refused = text == NULL;

	if (!refused)
		gw_draft_deinit(&d);
	free(text);
	return refused;
}

#define BLOCK_HEAD "X-Godwit-Outbox: 1 0123456789ab\nX-Godwit-From: <me@x.test>\n"

static const struct {
	const char *header, *want;
} headers[] = {
	{ "From: me@x.test\nTo: a@y\nDate: D\nMessage-ID: <i@x>\n", BLOCK_HEAD
		"X-Godwit-To: <a@y>\nFrom: me@x.test\nTo: a@y\nDate: D\nMessage-ID: <i@x>\n" },
	{ "From: me@x.test\nTo: a@y\nBCC : b@y,\n c@y\nSubject: s\nResent-Bcc:\n\tz@y\n",
		BLOCK_HEAD "X-Godwit-To: <z@y>\n"
			   "X-Godwit-Bcc: b@y,\n c@y\nDate: DATE\nMessage-ID: <ID@x>\n"
			   "From: me@x.test\nTo: a@y\nSubject: s\n" },
	{ "From me Mon Jan 1\nFrom: me@x.test\nX-Godwit-To: <evil@y>\nx-godwit-bcc: q\nCc: a@y\n",
		BLOCK_HEAD
		"X-Godwit-To: <a@y>\nDate: DATE\nMessage-ID: <ID@x>\nFrom: me@x.test\nCc: a@y\n" },
	{ "From: me@x.test\nTo: a@y\nBCC : b@y,\n c@y\nDate: D\nMessage-ID: <i@x>\n",
		BLOCK_HEAD "X-Godwit-To: <a@y>\nX-Godwit-To: <b@y>\nX-Godwit-To: <c@y>\n"
			   "X-Godwit-Bcc: b@y,\n c@y\nFrom: me@x.test\nTo: a@y\nDate: D\n"
			   "Message-ID: <i@x>\n" },
	{ "From: me@x.test\r\nTo: a@y\r\nSubject: s\r\n t\r\nDate: D\r\nMessage-Id: <i@x>\r\n",
		BLOCK_HEAD "X-Godwit-To: <a@y>\nFrom: me@x.test\nTo: a@y\nSubject: s\n t\nDate: D\n"
			   "Message-Id: <i@x>\n" },
	{ "From: me@x.test\nTo: a@y\nMessage-ID: broken\nDate: D\n", BLOCK_HEAD
		"X-Godwit-To: <a@y>\nMessage-ID: <ID@x>\nFrom: me@x.test\nTo: a@y\nDate: D\n" },
	{ "From: old@z\nTo: a@y\nResent-From: me@x.test\nResent-To: b@y\nSubject: s\nResent-To: c@y\n"
	  "Date: D\nMessage-ID: <i@x>\n",
		BLOCK_HEAD
		"X-Godwit-To: <b@y>\nFrom: old@z\nTo: a@y\nResent-From: me@x.test\n"
		"Resent-To: b@y\nSubject: s\nResent-To: c@y\nDate: D\nMessage-ID: <i@x>\n" },
};

static void changed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		struct gw_draft d;
		struct gw_error err = { 0 };
		char *text = queue(headers[i].header, NULL, 0, true, &d, &err);

		assert_non_null(text);
		assert_string_equal(text, headers[i].want);
		free(text);
		gw_draft_deinit(&d);
	}
}

static void recipients(void **state)
{
	static const char *const to[] = { "a@y", "A@y", "a@Y", "<b@y>" };
	struct gw_draft d;
	struct gw_error err = { 0 };
	char *text = queue("From: me@x.test\nTo: b@y, c@y\n", to, 4, true, &d, &err);

	(void)state;
	assert_int_equal(d.to.count, 4); /* a@y, A@y, b@y, c@y */
	free(text);
	gw_draft_deinit(&d);
	assert_true(is_refused("From: me@x.test\nTo: b@y\n", false, &err));
	assert_int_equal(err.code, GW_ERR_REFUSED);
	gw_error_clear(&err);
	assert_true(is_refused("From: me@x.test\nTo: b@y, broken\n", true, &err));
	assert_non_null(strstr(err.text, "To"));
	assert_non_null(strstr(err.text, "broken"));
}

/* What is written is read back: the block of a queued file. */
static void envelopes(void **state)
{
	struct gw_envelope e = { .id = "0123456789ab" }, back;
	struct gw_error err = { 0 };
	struct gw_buf out;
	static const char *const bad[] = { "", "Subject: x\n", "X-Godwit-Outbox: 1 0123456789ab\n",
		"X-Godwit-Outbox: 2 0123456789ab\nX-Godwit-From: <>\nX-Godwit-To: <a@y>\n",
		"X-Godwit-Outbox: 1 012345\nX-Godwit-From: <>\nX-Godwit-To: <a@y>\n",
		"X-Godwit-Outbox: 1 0123456789ab\nX-Godwit-From: <>\nX-Godwit-To: <a>\n",
		"X-Godwit-Outbox: 1 0123456789ab\nX-Godwit-From: me\nX-Godwit-To: <a@y>\n",
		"X-Godwit-Outbox: 1 0123456789ab\nX-Godwit-From: <>\nX-Godwit-To: <a@y> X\n",
		"X-Godwit-Outbox: 1 0123456789ab\nX-Godwit-From: <>  RET=FULL\nX-Godwit-To: <a@y>\n",
		"X-Godwit-Outbox: 1 0123456789ab\nX-Godwit-From: <> R\nX-Godwit-To: <a@y>\n",
		"X-Godwit-Outbox: 1 0123456789ab\nX-Godwit-From: <> ENVID=\nX-Godwit-To: <a@y>\n",
		("X-Godwit-Outbox: 1 0123456789ab\nX-Godwit-From: <> RET=HDRS RET=HDRS\n"
		 "X-Godwit-To: <a@y>\n") };

	(void)state;
	e.sender = strdup("me@x.test");
	e.ret = strdup("HDRS");
	e.envid = strdup("abc");
	gw_envelope_add(&e, "\"a >b\"@y", GW_NOTIFY_FAILURE);
	gw_envelope_add(&e, "c@y", 0);
	gw_buf_init(&out, 10000);
	assert_int_equal(gw_envelope_format(&e, &out), GW_OK);
	assert_int_equal(gw_envelope_parse((struct gw_slice){ out.p, out.n }, &back, &err), GW_OK);
	assert_string_equal(back.id, e.id);
	assert_string_equal(back.sender, e.sender);
	assert_string_equal(back.ret, "HDRS");
	assert_string_equal(back.envid, "abc");
	assert_int_equal(back.to_count, 2);
	assert_string_equal(back.to[0].address, "\"a >b\"@y");
	assert_int_equal(back.to[0].notify, GW_NOTIFY_FAILURE);
	gw_envelope_deinit(&back);
	gw_envelope_deinit(&e);
	gw_buf_deinit(&out);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		gw_error_clear(&err);
		assert_int_equal(
			gw_envelope_parse(gw_slice_str(bad[i]), &back, &err), GW_ERR_REFUSED);
	}
}

static void checks(void **state)
{
	struct gw_text_check c = { 0 };
	struct gw_error err = { 0 };
	char line[1100];

	(void)state;
	memset(line, 'x', sizeof line);
	line[998] = '\n';
	assert_int_equal(gw_text_check(&c, gw_slice_str("a\r\nb\n"), &err), GW_OK);
	assert_int_equal(gw_text_check(&c, (struct gw_slice){ line, 999 }, &err), GW_OK);
	assert_int_equal(gw_text_check(&c, (struct gw_slice){ line, 998 }, &err), GW_OK);
	assert_int_equal(gw_text_check(&c, gw_slice_str("y"), &err), GW_ERR_REFUSED);
	assert_non_null(strstr(err.text, "line 4"));
	c = (struct gw_text_check){ .long_lines = true };
	gw_error_clear(&err);
	assert_int_equal(gw_text_check(&c, (struct gw_slice){ line + 999, 100 }, &err), GW_OK);
	assert_int_equal(gw_text_check(&c, gw_slice_str("a\rb"), &err), GW_ERR_REFUSED);
	c = (struct gw_text_check){ 0 };
	gw_error_clear(&err);
	assert_int_equal(gw_text_check(&c, (struct gw_slice){ "a\0", 2 }, &err), GW_ERR_REFUSED);
	c = (struct gw_text_check){ 0 };
	gw_error_clear(&err);
	assert_int_equal(gw_text_check(&c, gw_slice_str("a\r"), &err), GW_OK);
	assert_int_equal(gw_text_check_end(&c, &err), GW_ERR_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(changed), cmocka_unit_test(recipients),
		cmocka_unit_test(envelopes), cmocka_unit_test(checks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
