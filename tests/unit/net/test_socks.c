/* SPDX-License-Identifier: ISC */
/* net/socks: what is said to a proxy byte by byte, and what becomes of its answers. */
#include "net/socks.h"
#include "test.h"

#define BYTES(text)                    \
	{                              \
		text, sizeof(text) - 1 \
	}

struct turn {
	struct gw_slice sent; /* by us, before */
	struct gw_slice said; /* by the proxy */
};

/* Plays it; what the proxy says comes in pieces.  The last one's said is empty if all is well. */
static enum gw_code play(const struct gw_proxy *proxy, const char *host, unsigned port,
	const struct turn *turns, size_t count, size_t piece, struct gw_error *err)
{
	struct gw_socks s;
	struct gw_buf out;
	enum gw_code code;

	gw_buf_init(&out, 1000);
	code = gw_socks_begin(&s, proxy, host, port, &out, err);
	for (size_t i = 0; i < count && code == GW_OK; i++) {
		struct gw_slice said = turns[i].said;

		assert_int_equal(out.n, turns[i].sent.n);
		assert_memory_equal(out.p, turns[i].sent.p, out.n);
		gw_buf_reset(&out);
		while (said.n > 0 && code == GW_OK) {
			size_t n = piece < said.n ? piece : said.n;

			assert_true(
				gw_socks_wants(&s) > 0); /* or bytes of the server would be taken */
			n = n < gw_socks_wants(&s) ? n : gw_socks_wants(&s);
			code = gw_socks_feed(&s, (struct gw_slice){ said.p, n }, &out, err);
			said.p += n;
			said.n -= n;
		}
	}
	if (code == GW_OK) {
		assert_int_equal(gw_socks_wants(&s), 0);
		assert_int_equal(out.n, 0);
	}
	gw_buf_deinit(&out);
	return code;
}

static struct gw_proxy proxy = { .host = "proxy.example.org", .port = 1080 };
static struct gw_proxy named = {
	.host = "proxy.example.org", .port = 1080, .user = "me", .password = "pw"
};

static void the_proxy_resolves_the_name(void **state)
{
	static const struct turn turns[] = {
		{ BYTES("\5\1\0"), BYTES("\5\0") },
		{ BYTES("\5\1\0\3\10imap.org\3\341"), BYTES("\5\0\0\1\12\0\0\1\4\70") },
	};

	(void)state;
	for (size_t piece = 1; piece < 12; piece++) {
		struct gw_error err = { 0 };

		assert_int_equal(play(&proxy, "imap.org", 993, turns, 2, piece, &err), GW_OK);
	}
}

static void addresses_and_passwords(void **state)
{
	static const struct turn v4[] = {
		{ BYTES("\5\2\0\2"), BYTES("\5\2") },
		{ BYTES("\1\2me\2pw"), BYTES("\1\0") },
		{ BYTES("\5\1\0\1\12\1\2\3\0\217"), BYTES("\5\0\0\3\5proxy\0\1") },
	};
	static const struct turn v6[] = {
		{ BYTES("\5\1\0"), BYTES("\5\0") },
		{ BYTES("\5\1\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\217"),
			BYTES("\5\0\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\1") },
	};
	struct gw_error err = { 0 };

	(void)state;
	assert_int_equal(play(&named, "10.1.2.3", 143, v4, 3, 3, &err), GW_OK);
	assert_int_equal(play(&proxy, "::1", 143, v6, 2, 3, &err), GW_OK);
}

static void refusals_are_told(void **state)
{
	static const struct {
		struct gw_proxy *proxy;
		struct turn turns[3];
		size_t count;
		const char *want;
	} cases[] = {
		{ &proxy, { { BYTES("\5\1\0"), BYTES("\5\377") } }, 1,
			"wants a name and a password" },
		{ &proxy, { { BYTES("\5\1\0"), BYTES("\5\2") } }, 1,
			"wants a name and a password" },
		{ &named, { { BYTES("\5\2\0\2"), BYTES("\5\377") } }, 1, "takes no name" },
		{ &proxy, { { BYTES("\5\1\0"), BYTES("HT") } }, 1, "no SOCKS5 proxy" },
		{ &named,
			{ { BYTES("\5\2\0\2"), BYTES("\5\2") },
				{ BYTES("\1\2me\2pw"), BYTES("\1\1") } },
			2, "refuses the name and password" },
		{ &proxy,
			{ { BYTES("\5\1\0"), BYTES("\5\0") },
				{ BYTES("\5\1\0\3\1a\0\1"), BYTES("\5\5\0\1\0") } },
			2, "does not connect to a port 1: connection refused" },
		{ &proxy,
			{ { BYTES("\5\1\0"), BYTES("\5\0") },
				{ BYTES("\5\1\0\3\1a\0\1"), BYTES("\5\377\0\1\0") } },
			2, "nobody knows" },
		{ &proxy,
			{ { BYTES("\5\1\0"), BYTES("\5\0") },
				{ BYTES("\5\1\0\3\1a\0\1"), BYTES("\5\0\0\7\0") } },
			2, "no SOCKS5" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gw_error err = { 0 };

		assert_int_equal(
			play(cases[i].proxy, "a", 1, cases[i].turns, cases[i].count, 2, &err),
			GW_ERR_NET);
		if (strstr(err.text, cases[i].want) == NULL)
			fail_msg("\"%s\" is not in \"%s\"", cases[i].want, err.text);
	}
}

static void what_is_too_long_is_not_cut(void **state)
{
	char name[300];
	struct gw_error err = { 0 };

	(void)state;
	memset(name, 'a', sizeof name);
	name[256] = '\0';
	assert_int_equal(play(&proxy, name, 1, NULL, 0, 1, &err), GW_ERR_CONFIG);
	assert_int_equal(play(&proxy, "", 1, NULL, 0, 1, &err), GW_ERR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_proxy_resolves_the_name),
		cmocka_unit_test(addresses_and_passwords),
		cmocka_unit_test(refusals_are_told),
		cmocka_unit_test(what_is_too_long_is_not_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
