/* SPDX-License-Identifier: ISC */
/* cli/proxy_url: how a proxy is written, and what is wrong with it. */
#include "cli/proxy_url.h"
#include "test.h"

#include <stdlib.h>

static void drop(struct gw_proxy *p)
{
	free(p->host);
	free(p->user);
	free(p->password);
}

static void is(const char *got, const char *want)
{
	if (want == NULL)
		assert_null(got);
	else
		assert_string_equal(got, want);
}

static void what_is_right(void **state)
{
	static const struct {
		const char *text, *host;
		unsigned port;
		const char *user, *password;
	} cases[] = {
		{ "socks5://127.0.0.1:9050", "127.0.0.1", 9050, NULL, NULL },
		{ "SOCKS5h://proxy.example.org", "proxy.example.org", 1080, NULL, NULL },
		{ "socks5://me:p%40w%3A@[::1]:1", "::1", 1, "me", "p@w:" },
		{ "socks5://me@h", "h", 1080, "me", NULL },
		{ "socks5://me:@h", "h", 1080, "me", "" },
		{ "socks5://me:a@b@h", "h", 1080, "me", "a@b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gw_proxy p;
		const char *wrong = proxy_url_parse(cases[i].text, &p);

		if (wrong != NULL)
			fail_msg("%s: %s", cases[i].text, wrong);
		is(p.host, cases[i].host);
		is(p.user, cases[i].user);
		is(p.password, cases[i].password);
		assert_int_equal(p.port, cases[i].port);
		drop(&p);
	}
}

static void what_is_wrong(void **state)
{
	static const char *const cases[] = { "", "127.0.0.1:9050", "http://h:1", "socks4://h",
		"socks5://", "socks5://@h", "socks5://:pw@h", "socks5://me:%4@h",
		"socks5://me:%00@h", "socks5://me:%zz@h", "socks5://h:0", "socks5://h:x",
		"socks5://h/path", "socks5://imap://h" };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gw_proxy p;

		if (proxy_url_parse(cases[i], &p) == NULL)
			fail_msg("%s is taken", cases[i]);
		drop(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_right),
		cmocka_unit_test(what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
