/* SPDX-License-Identifier: ISC */
/* cli/server_name: what people type for a server is understood, or it is said why not. */
#include "cli/server_name.h"
#include "test.h"

static void what_is_typed_is_understood(void **state)
{
	static const struct {
		const char *text, *host;
		unsigned port;
		bool has_tls;
		enum gw_tls_mode tls;
	} cases[] = {
		{ "imap.example.org", "imap.example.org", 0, false, 0 },
		{ "imap.example.org:1993", "imap.example.org", 1993, false, 0 },
		{ "imaps://imap.example.org", "imap.example.org", 0, true, GW_TLS_IMPLICIT },
		{ "IMAPS://me%40x.org@imap.example.org:994/INBOX;UIDVALIDITY=3", "imap.example.org",
			994, true, GW_TLS_IMPLICIT },
		{ "imap://imap.example.org:143/", "imap.example.org", 143, false, 0 },
		{ "https://mail.example.org:8443/roundcube/?_task=login", "mail.example.org", 0,
			false, 0 },
		{ "submission://smtp.example.org:587", "smtp.example.org", 587, true,
			GW_TLS_STARTTLS },
		{ "[::1]:143", "::1", 143, false, 0 },
		{ "[2001:db8::1]", "2001:db8::1", 0, false, 0 },
		{ "2001:db8::1", "2001:db8::1", 0, false, 0 },
		{ "imaps://[2001:db8::1]:993/", "2001:db8::1", 993, true, GW_TLS_IMPLICIT },
		{ "b\303\274cher.example", "b\303\274cher.example", 0, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct server_name out;
		const char *wrong = server_name_parse(cases[i].text, &out);

		if (wrong != NULL)
			fail_msg("%s: %s", cases[i].text, wrong);
		assert_string_equal(out.host, cases[i].host);
		assert_int_equal(out.port, cases[i].port);
		assert_int_equal(out.has_tls, cases[i].has_tls);
		assert_int_equal(out.tls, cases[i].tls);
	}
}

static void what_is_no_server_is_told(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "no server's name" },
		{ "me@example.org", "no server's name" },
		{ "imap example.org", "no server's name" },
		{ "imap.example.org/inbox", "no server's name" },
		{ "imap.example.org:", "between 1 and 65535" },
		{ "imap.example.org:0", "between 1 and 65535" },
		{ "imap.example.org:99999", "between 1 and 65535" },
		{ "imap.example.org:1234567890123", "no port" },
		{ "imap.example.org:imaps", "no port" },
		{ "imap.example.org:-1", "no port" },
		{ "ftp://imap.example.org", "no address of a mail server" },
		{ "://imap.example.org", "no address of a mail server" },
		{ "imaps://", "no server's name" },
		{ "imaps://me@", "no server's name" },
		{ "[::1", "\"]\" is missing" },
		{ "[::1]143", "only a port" },
		{ "[]:143", "no server's name" },
		{ "$(reboot)", "no server's name" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct server_name out;
		const char *wrong = server_name_parse(cases[i].text, &out);

		if (wrong == NULL || strstr(wrong, cases[i].want) == NULL)
			fail_msg("%s: %s", cases[i].text, wrong == NULL ? "nothing" : wrong);
	}
}

static void a_name_that_is_too_long_is_told(void **state)
{
	char text[SERVER_NAME + 20];
	struct server_name out;

	(void)state;
	memset(text, 'a', sizeof text);
	text[SERVER_NAME] = '\0';
	assert_non_null(server_name_parse(text, &out));
	text[SERVER_NAME - 1] = '\0';
	assert_null(server_name_parse(text, &out));
}

static void below_a_domain(void **state)
{
	(void)state;
	assert_true(server_is_within("imap.example.org", "example.org"));
	assert_true(server_is_within("Imap.Example.ORG.", "example.org"));
	assert_true(server_is_within("example.org", "example.org"));
	assert_false(server_is_within("imap.badexample.org", "example.org"));
	assert_false(server_is_within("example.org.evil.net", "example.org"));
	assert_false(server_is_within("org", "example.org"));
	assert_false(server_is_within("imap.example.org", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_typed_is_understood),
		cmocka_unit_test(what_is_no_server_is_told),
		cmocka_unit_test(a_name_that_is_too_long_is_told),
		cmocka_unit_test(below_a_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
