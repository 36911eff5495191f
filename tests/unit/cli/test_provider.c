/* SPDX-License-Identifier: ISC */
/* cli/provider: whose an address is, by its domain and by what takes the domain's mail in. */
#include "cli/provider.h"
#include "test.h"

static void each_row_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; provider_at(i) != NULL; i++) {
		const struct provider *p = provider_at(i);

		assert_ptr_equal(provider_named(p->name), p); /* no name twice */
		assert_non_null(strstr(provider_names(), p->name));
		assert_memory_equal(p->source, "https://", 8);
		assert_true(p->domains != NULL || p->mx != NULL);
		assert_true(p->port != 0 && p->smtp_port != 0 && p->connections != 0);
		assert_true(p->smtp_port != 465 || p->smtp_tls == GW_TLS_IMPLICIT);
		assert_true(p->smtp_port != 587 || p->smtp_tls == GW_TLS_STARTTLS);
		assert_true(p->passwords || p->auth_url != NULL);
		assert_non_null(p->hint);
	}
}

static void no_domain_is_two_providers(void **state)
{
	(void)state;
	for (size_t i = 0; provider_at(i) != NULL; i++) {
		char word[80];

		for (const char *d = provider_at(i)->domains;
			d != NULL && sscanf(d, "%79s", word) == 1;) {
			assert_ptr_equal(provider_of_domain(word), provider_at(i));
			d += strspn(d, " ") + strlen(word);
		}
	}
}

static void by_domain_and_by_mx(void **state)
{
	static const struct {
		const char *domain, *mx, *want;
	} cases[] = {
		{ "GMail.com", NULL, "gmail" },
		{ "web.de", NULL, "web.de" },
		{ "gmx.com", NULL, "gmx.com" },
		{ "gmx.de", NULL, "gmx" },
		{ "notgmail.com", NULL, NULL },
		{ "", NULL, NULL },
		{ NULL, "aspmx.l.google.com", "gmail" },
		{ NULL, "ALT2.ASPMX.L.GOOGLE.COM.", "gmail" },
		{ NULL, "example-org.mail.protection.outlook.com", "outlook" },
		{ NULL, "in1-smtp.messagingengine.com", "fastmail" },
		{ NULL, "aspmx1.migadu.com", "migadu" },
		{ NULL, "mx.example.org", NULL },
		{ NULL, "google.com.example.org", NULL },
		{ NULL, "notgoogle.com", NULL },
		{ NULL, "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct provider *p = cases[i].mx != NULL
						   ? provider_of_mx(cases[i].mx)
						   : provider_of_domain(cases[i].domain);

		if (cases[i].want == NULL)
			assert_null(p);
		else
			assert_string_equal(p->name, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_whole),
		cmocka_unit_test(no_domain_is_two_providers),
		cmocka_unit_test(by_domain_and_by_mx),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
