/* SPDX-License-Identifier: ISC */
/* tests/unit/outbox/test_address.c - lists of addresses, from RFC 5322 appendix A and from life. */
#include "test.h"

#include "outbox/address.h"

/* want: the addresses with one blank between; NULL: it is refused. */
static const struct {
	const char *list, *want;
} lists[] = {
	/* RFC 5322 appendix A */
	{ "Mary Smith <mary@example.net>", "mary@example.net" },
	{ "Michael Jones <mjones@machine.example>", "mjones@machine.example" },
	{ "\"Joe Q. Public\" <john.q.public@example.com>", "john.q.public@example.com" },
	{ "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
		"mary@x.test jdoe@example.org one@y.test" },
	{ "<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
		"boss@nil.test sysservices@example.net" },
	{ "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
		"c@a.test joe@where.test jdoe@one.test" },
	{ "Undisclosed recipients:;", "" },
	{ "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "pete@silly.test" },
	{ "A Group(Some people)\n     :Chris Jones <c@(Chris's host.)public.example>,\n"
	  "         joe@example.org,\n  John <jdoe@one.test> (my dear friend); (the end of the group)",
		"c@public.example joe@example.org jdoe@one.test" },
	{ "(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", "" },
	{ "Joe Q. Public <john.q.public@example.com>", "john.q.public@example.com" },
	{ "Mary Smith <@node.test:mary@example.net>, , jdoe@test . example",
		"mary@example.net jdoe@test.example" },
	{ "Mary Smith <@node.test,@other.test:mary@example.net>", "mary@example.net" },
	{ "John Doe <jdoe@machine(comment).  example>", "jdoe@machine.example" },
	/* quoted names and local parts */
	{ "\"Doe, Jane\" <jane@x.test>, bob@x.test", "jane@x.test bob@x.test" },
	{ "\"a b\"@x.test", "\"a b\"@x.test" },
	{ "\"ab\"@x.test", "ab@x.test" },
	{ "\"a\".\"b\"@x.test", "a.b@x.test" },
	{ "\"a\\\"b\"@x.test", "\"a\\\"b\"@x.test" },
	{ "\"a,b\"@x.test, c@x.test", "\"a,b\"@x.test c@x.test" },
	{ "\"@\"@x.test", "\"@\"@x.test" },
	{ "\"<x@y>\" <z@y.test>", "z@y.test" },
	{ "\"unclosed <a@x.test>", NULL },
	/* a domain in pieces is none: what was meant is not for us to guess */
	{ "a@ex ample.org", NULL },
	{ "Ann <a@ex ample.org>", NULL },
	{ "<@r:a@x.test TO:b>", NULL },
	{ "a@x.test:25", NULL },
	{ "a@.x.test", NULL },
	{ "a@x..test", NULL },
	{ "a@[127.0.0.1] x", NULL },
	{ "a@x . test", "a@x.test" },
	/* separators */
	{ "a@x.test,b@x.test", "a@x.test b@x.test" },
	{ ",,a@x.test,,b@x.test,,", "a@x.test b@x.test" },
	{ "a@x.test; b@x.test", "a@x.test b@x.test" },
	{ "g: a@x.test, b@x.test", "a@x.test b@x.test" },
	{ "g: a@x.test; h: b@x.test;, c@x.test", "a@x.test b@x.test c@x.test" },
	{ "g:;, c@x.test", "c@x.test" },
	{ "\"g, h\": a@x.test;", "a@x.test" },
	{ "", "" },
	{ "  \n\t ", "" },
	{ "a@x.test\n b@x.test", NULL },
	/* folding */
	{ "Long\n Name\n <a\n @x.test>\n ,\n b@x.test", "a@x.test b@x.test" },
	{ "Long\r\n\tName <a@x.test>,\r\n\tb@x.test", "a@x.test b@x.test" },
	{ "\"Long\r\n Name\" <a@x.test>", "a@x.test" },
	/* encoded words, and text beyond ASCII */
	{ "=?utf-8?q?J=C3=BCrgen?= <j@x.test>", "j@x.test" },
	{ "=?utf-8?b?SsO8cmdlbg==?= =?utf-8?q?_X?= <j@x.test>", "j@x.test" },
	{ "J\xc3\xbcrgen <j@x.test>", "j@x.test" },
	{ "j@b\xc3\xbc"
	  "cher.example",
		"j@xn--bcher-kva.example" },
	{ "j\xc3\xbcrgen@x.test", "j\xc3\xbcrgen@x.test" },
	{ "j\xfcrgen@x.test", NULL },
	/* comments */
	{ "a@x.test (Ann)", "a@x.test" },
	{ "(a(b)c) a@x.test", "a@x.test" },
	{ "a@x.test (does not end", NULL },
	{ "a (b) @ (c) x.test", "a@x.test" },
	/* domains */
	{ "a@[127.0.0.1]", "a@[127.0.0.1]" },
	{ "a@[IPv6:::1]", "a@[IPv6:::1]" },
	{ "a@X.Test, a@x.test", "a@X.Test" },
	{ "A@x.test, a@x.test", "A@x.test a@x.test" },
	{ "a@localhost", "a@localhost" },
	{ "a@x.test.", NULL },
	{ "a@.x.test", NULL },
	{ "a@x..test", NULL },
	{ "a@", NULL },
	{ "@x.test", NULL },
	{ "root", NULL },
	{ "<root>", NULL },
	{ "<>", NULL },
	{ "Ann <>", NULL },
	/* what would become commands */
	{ "a@x.test> SIZE=1", NULL },
	{ "<a@x.test> b", NULL },
	{ "<a@x.test", NULL },
	{ "a b@x.test", NULL },
	{ "\"a\r\nDATA\"@x.test", "aDATA@x.test" },
	{ "\"a\001b\"@x.test", NULL },
	{ "a@b@c.test", NULL },
	{ "a@x.test b@x.test", NULL },
	{ "Ann a@x.test", NULL },
	{ "<a@x.test> <b@x.test>", NULL },
	{ "a..b@x.test", "a..b@x.test" }, /* not by the book, but such mailboxes exist */
	{ ".a@x.test", ".a@x.test" },
	{ "user+tag@x.test", "user+tag@x.test" },
	{ "o'neil@x.test, {a}@x.test, a/b=c@x.test", "o'neil@x.test {a}@x.test a/b=c@x.test" },
};

static void parses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		struct gw_addresses a = { 0 };
		struct gw_error err = { 0 };
		struct gw_buf got;
		enum gw_code code = gw_addresses_parse(gw_slice_str(lists[i].list), &a, &err);

		gw_buf_init(&got, 10000);
		for (size_t k = 0; k < a.count; k++)
			gw_buf_printf(&got, "%s%s", k > 0 ? " " : "", a.list[k]);
		if ((lists[i].want == NULL) != (code != GW_OK) ||
			(code == GW_OK && strcmp(gw_buf_cstr(&got), lists[i].want) != 0))
			fail_msg("%s: %s%s", lists[i].list, gw_buf_cstr(&got), err.text);
		if (code != GW_OK)
			assert_true(err.text[0] != '\0');
		gw_buf_deinit(&got);
		gw_addresses_deinit(&a);
	}
}

static void arguments(void **state)
{
	static const char *const bad[] = { "", "a", "a@x,b@x", "a@x\nDATA", "a@x\r", "a\tb@x",
		"<>" };
	struct gw_addresses a = { 0 };
	struct gw_error err = { 0 };

	(void)state;
	assert_int_equal(gw_addresses_add("a@x.test", &a, &err), GW_OK);
	assert_int_equal(gw_addresses_add("<b@x.test>", &a, &err), GW_OK);
	assert_int_equal(gw_addresses_add("a@X.TEST", &a, &err), GW_OK);
	assert_int_equal(a.count, 2);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		memset(&err, 0, sizeof err);
		assert_int_equal(gw_addresses_add(bad[i], &a, &err), GW_ERR_REFUSED);
	}
	assert_int_equal(a.count, 2);
	gw_addresses_deinit(&a);
}

static void patterns(void **state)
{
	(void)state;
	assert_true(gw_address_matches("me@x.test", "Me@X.test"));
	assert_true(gw_address_matches("*@x.test", "you@x.test"));
	assert_true(gw_address_matches("me+*@x.test", "me+lists@x.test"));
	assert_false(gw_address_matches("me+*@x.test", "me@x.test"));
	assert_false(gw_address_matches("*@x.test", "you@y.test"));
	assert_false(gw_address_matches("me%@x.test", "me1@x.test"));
}

/* Nothing that is thrown at it gets through that SMTP would misread. */
static void random_bytes(void **state)
{
	static const char alphabet[] = "ab@.,;:<>()[]\"\\ \t\r\n\001\xc3\xbc";
	uint64_t seed = test_seed() | 1;

	(void)state;
	for (int run = 0; run < 200000; run++) {
		char text[40];
		size_t n = test_random(&seed, sizeof text);
		struct gw_addresses a = { 0 };
		struct gw_error err = { 0 };

		for (size_t i = 0; i < n; i++)
			text[i] = alphabet[test_random(&seed, sizeof alphabet)];
		gw_addresses_parse((struct gw_slice){ text, n }, &a, &err);
		for (size_t k = 0; k < a.count; k++) {
			bool quoted = false;

			for (const char *p = a.list[k]; *p != '\0'; p++) {
				assert_true((unsigned char)*p >= 0x20);
				quoted ^= *p == '"';
				if (*p == '\\' && p[1] != '\0')
					p++;
				else if (!quoted)
					assert_true(strchr("<> ", *p) == NULL);
			}
		}
		gw_addresses_deinit(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(parses), cmocka_unit_test(arguments),
		cmocka_unit_test(patterns), cmocka_unit_test(random_bytes) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
