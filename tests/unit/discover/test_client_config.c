/* SPDX-License-Identifier: ISC */
/* tests/unit/discover/test_client_config.c - what is believed of a domain's config-v1.1.xml. */
#include "discover/client_config.h"
#include "test.h"

#define IMAP(inside) "<incomingServer type=\"imap\">" inside "</incomingServer>"
#define SMTP(inside) "<outgoingServer type=\"smtp\">" inside "</outgoingServer>"
#define SERVER(host, port, type, user)                                        \
	"<hostname>" host "</hostname><port>" port "</port><socketType>" type \
	"</socketType><username>" user                                        \
	"</username><authentication>password-cleartext</authentication>"
#define WHOLE(inside)                                                                \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<clientConfig version=\"1.1\">" \
	"<emailProvider id=\"x\"><domain>example.org</domain>" inside                \
	"</emailProvider></clientConfig>"
#define GOOD IMAP(SERVER("imap.example.org", "993", "SSL", "%EMAILADDRESS%"))

static struct gw_advice advice;

static bool reads(const char *xml)
{
	return gw_client_config_read(gw_slice_str(xml), "me.too@example.org", &advice);
}

static void servers(void **state)
{
	(void)state;
	assert_true(reads(WHOLE("<incomingServer type=\"pop3\">" SERVER("pop.example.org", "995",
		"SSL", "p") "</incomingServer>" IMAP(SERVER("\n  mail.%EMAILDOMAIN% \n", " 143 ",
		"STARTTLS", "%EMAILLOCALPART%"))
			GOOD SMTP(SERVER("smtp.example.net", "465", "SSL", "%EMAILADDRESS%")))));
	assert_string_equal(advice.imap.host, "mail.example.org");
	assert_int_equal(advice.imap.port, 143);
	assert_int_equal(advice.imap.tls, GW_TLS_STARTTLS);
	assert_string_equal(advice.imap.user, "me.too");
	assert_string_equal(advice.smtp.host, "smtp.example.net");
	assert_int_equal(advice.smtp.port, 465);
	assert_int_equal(advice.smtp.tls, GW_TLS_IMPLICIT);
	assert_string_equal(advice.smtp.user, "me.too@example.org");
}

static void what_cannot_be_used_is_passed_over(void **state)
{
	static const char *const bad[] = { SERVER("imap.example.org", "143", "plain", "me"),
		SERVER("imap.example.org", "143", "", "me"),
		SERVER("imap.example.org", "0", "SSL", "me"),
		SERVER("imap.example.org", "65536", "SSL", "me"),
		SERVER("imap.example.org", "993x", "SSL", "me"),
		SERVER("imap.example.org", "", "SSL", "me"), SERVER("", "993", "SSL", "me"),
		SERVER("localhost", "993", "SSL", "me"), SERVER("127.0.0.1", "993", "SSL", "me"),
		SERVER("::1", "993", "SSL", "me"), SERVER("imap example.org", "993", "SSL", "me"),
		SERVER("imap.example.org/x", "993", "SSL", "me"),
		SERVER("-imap.example.org", "993", "SSL", "me"),
		SERVER("imap..example.org", "993", "SSL", "me"),
		SERVER("imap.example.org\"", "993", "SSL", "me"), "<port>993</port>" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char xml[2000];

		snprintf(xml, sizeof xml, WHOLE(IMAP("%s") "%s"), bad[i], "");
		assert_false(reads(xml));
		snprintf(xml, sizeof xml, WHOLE(IMAP("%s") "%s"), bad[i], GOOD);
		assert_true(reads(xml));
		assert_string_equal(advice.imap.host, "imap.example.org");
		assert_int_equal(advice.imap.port, 993);
	}
	assert_true(reads(WHOLE(IMAP(SERVER("imap.example.org", "993", "ssl", "a b")))));
	assert_string_equal(advice.imap.user, "");
}

static void what_is_no_such_file(void **state)
{
	static char big[100000];

	(void)state;
	assert_false(reads(""));
	assert_false(reads("<html><body>not found</body></html>"));
	assert_false(reads("<clientConfig><emailProvider>" GOOD)); /* cut off */
	assert_false(reads("<other><emailProvider>" GOOD "</emailProvider></other>"));
	assert_false(reads("<clientConfig>" GOOD "</clientConfig>"));
	assert_false(reads("<clientConfig><x>" GOOD "</x></clientConfig>"));
	assert_false(reads(WHOLE("<x>" GOOD "</x>")));
	assert_false(reads("<clientConfig><emailProvider/><emailProvider>" GOOD
			   "</emailProvider></clientConfig>"));
	assert_false(reads("<!DOCTYPE clientConfig [<!ENTITY a \"x\">]>" WHOLE(GOOD)));
	assert_false(reads(
		"<!DOCTYPE clientConfig [<!ENTITY h \"imap.example.org\">]><clientConfig>"
		"<emailProvider>" IMAP(
			SERVER("&h;", "993", "SSL", "me")) "</emailProvider></clientConfig>"));
	/* nesting and length */
	for (size_t i = 0; i + 1 < sizeof big; i++)
		big[i] = "<a>"[i % 3];
	assert_false(reads(big));
	snprintf(
		big, sizeof big, WHOLE(IMAP(SERVER("%02000d.example.org", "993", "SSL", "me"))), 0);
	assert_false(reads(big));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers),
		cmocka_unit_test(what_cannot_be_used_is_passed_over),
		cmocka_unit_test(what_is_no_such_file),
	};

	return cmocka_run_group_tests_name("client_config", tests, NULL, NULL);
}
