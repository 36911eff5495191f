/* SPDX-License-Identifier: ISC */
/* tests/unit/auth/test_scram.c - SCRAM-SHA-256: the exchange of RFC 7677, and servers that prove nothing. */
#include "auth/scram.h"

#include "auth/sasl.h"
#include "base/text.h"
#include "test.h"

#include <openssl/base64.h>
#include <stdio.h>
#include <stdlib.h>

static const char nonce[] = "rOprNGfwEbeRWgbNEkqO";
#define THEIRS "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define SALT "W22ZaJ0SNY7soEsUEjb6gQ=="
#define FIRST "r=rOprNGfwEbeRWgbNEkqO" THEIRS ",s=" SALT ",i=4096"
#define LAST "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

/* What the client says to a challenge, both in clear; NULL: nothing was said yet.  "*" and "" stand as they are. */
static const char *say(struct gw_sasl *s, const char *challenge)
{
	static char text[4096];
	struct gw_buf in, out;
	size_t n = 0;

	gw_buf_init(&in, 1 << 16);
	gw_buf_init(&out, 1 << 16);
	if (challenge != NULL)
		assert_int_equal(gw_base64_put(&in, gw_slice_str(challenge)), GW_OK);
	assert_int_equal(s->next(s, GW_SCRAM, (struct gw_slice){ in.p, in.n }, &out), GW_OK);
	if (out.n <= 1)
		snprintf(text, sizeof text, "%s", gw_buf_cstr(&out));
	else
		assert_int_equal(EVP_DecodeBase64((uint8_t *)text, &n, sizeof text - 1,
					 (const uint8_t *)out.p, out.n),
			1);
	if (out.n > 1)
		text[n] = '\0';
	gw_buf_deinit(&in);
	gw_buf_deinit(&out);
	return text;
}

/* RFC 7677 3 */
static void test_exchange(void **state)
{
	struct gw_sasl *s = gw_scram_new("user", "pencil", NULL, false, nonce);

	(void)state;
	assert_string_equal(say(s, NULL), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
	assert_string_equal(say(s, FIRST), "c=biws,r=rOprNGfwEbeRWgbNEkqO" THEIRS
					   ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
	assert_null(s->distrust(s, false));
	assert_non_null(s->distrust(s, true)); /* yes is said too early */
	assert_string_equal(say(s, LAST), "");
	assert_null(s->distrust(s, true));
	gw_sasl_unref(&s);
}

/* The header and the binding travel in "c="; names have codes. */
static void test_binding(void **state)
{
	const struct gw_sasl_binding binding = { "tls-exporter", { 1, 2, 3 }, 3 };
	struct gw_sasl *s = gw_scram_new("a,b=c", "pencil", &binding, true, nonce);

	(void)state;
	assert_string_equal(say(s, NULL), "p=tls-exporter,,n=a=2Cb=3Dc,r=rOprNGfwEbeRWgbNEkqO");
	assert_memory_equal(say(s, FIRST), "c=cD10bHMtZXhwb3J0ZXIsLAECAw==,r=", 33);
	gw_sasl_unref(&s);
	s = gw_scram_new("user", "pencil", &binding, false, nonce);
	assert_memory_equal(
		say(s, NULL), "y,,n=user", 9); /* it could be bound, and is not offered */
	assert_memory_equal(say(s, FIRST), "c=eSws,r=", 9);
	gw_sasl_unref(&s);
}

/* What a server says that gets no proof, or none that counts. */
static void test_bad_servers(void **state)
{
	static const struct {
		const char *first, *last; /* last NULL: the first is not gone into */
		bool distrusted;
	} rows[] = {
		{ "", NULL, true },
		{ "nonsense", NULL, true },
		{ "e=other-error", NULL, true },
		{ "r=rOprNGfwEbeRWgbNEkqO,s=" SALT ",i=4096", NULL, true }, /* nothing of its own */
		{ "r=" THEIRS ",s=" SALT ",i=4096", NULL, true },
		{ "r=rOprNGfwEbeRWgbNEkqX" THEIRS ",s=" SALT ",i=4096", NULL, true },
		{ "m=new,r=rOprNGfwEbeRWgbNEkqO" THEIRS ",s=" SALT ",i=4096", NULL, true },
		{ "s=" SALT ",r=rOprNGfwEbeRWgbNEkqO" THEIRS ",i=4096", NULL, true },
		{ "r=rOprNGfwEbeRWgbNEkqO" THEIRS ",s=!!!!,i=4096", NULL, true },
		{ "r=rOprNGfwEbeRWgbNEkqO" THEIRS ",s=" SALT, NULL, true },
		{ "r=rOprNGfwEbeRWgbNEkqO" THEIRS ",s=" SALT ",i=", NULL, true },
		{ "r=rOprNGfwEbeRWgbNEkqO" THEIRS ",s=" SALT ",i=-1", NULL, true },
		{ "r=rOprNGfwEbeRWgbNEkqO" THEIRS ",s=" SALT ",i=1", NULL, true },
		{ "r=rOprNGfwEbeRWgbNEkqO" THEIRS ",s=" SALT ",i=4095", NULL, true },
		{ "r=rOprNGfwEbeRWgbNEkqO" THEIRS ",s=" SALT ",i=4294967295", NULL, true },
		{ "r=rOprNGfwEbeRWgbNEkqO" THEIRS ",s=" SALT ",i=4294967296", NULL, true },
		{ FIRST, "", true },
		{ FIRST, "v=", true },
		{ FIRST, "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", true },
		{ FIRST, "v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", true },
		{ FIRST, "v=6rriTRBi23WpRR/wtup+mMhUZUn/", true },
		{ FIRST, FIRST, true },
		{ FIRST, "e=invalid-proof", false }, /* that is a no, and says who it is */
		{ FIRST ",x=later", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gw_sasl *s = gw_scram_new("user", "pencil", NULL, false, nonce);
		const char *said;

		say(s, NULL);
		said = say(s, rows[i].first);
		if (rows[i].last != NULL || !rows[i].distrusted)
			assert_memory_equal(said, "c=biws,", 7);
		if (rows[i].last != NULL)
			said = say(s, rows[i].last);
		if (rows[i].distrusted)
			assert_string_equal(said, "*");
		if ((s->distrust(s, false) != NULL) != rows[i].distrusted)
			fail_msg("row %zu: %s", i, rows[i].first);
		assert_non_null(s->distrust(s, true));
		if (rows[i].distrusted) /* and nothing heals it */
			assert_string_equal(say(s, LAST), "*");
		gw_sasl_unref(&s);
	}
}

/* Bytes that are no base64, and a challenge of any length. */
static void test_garbage(void **state)
{
	struct gw_sasl *s = gw_scram_new("user", "pencil", NULL, false, nonce);
	struct gw_buf out;
	char *big = malloc(100000);

	(void)state;
	memset(big, 'A', 100000);
	gw_buf_init(&out, 1 << 16);
	say(s, NULL);
	assert_int_equal(s->next(s, GW_SCRAM, (struct gw_slice){ big, 100000 }, &out), GW_OK);
	assert_string_equal(gw_buf_cstr(&out), "*");
	assert_non_null(s->distrust(s, false));
	gw_buf_deinit(&out);
	free(big);
	gw_sasl_unref(&s);
}

/* Two that are begun at once do not mix, and no nonce comes twice. */
static void test_begun_twice(void **state)
{
	struct gw_sasl *password = gw_sasl_password_new("user", "pencil");
	struct gw_sasl *a = password->begin(password, GW_SCRAM, NULL);
	struct gw_sasl *b = password->begin(password, GW_SCRAM, NULL);
	char first[200];

	(void)state;
	snprintf(first, sizeof first, "%s", say(a, NULL));
	assert_true(strlen(first) > strlen("n,,n=user,r=") + 20);
	assert_string_not_equal(first, say(b, NULL));
	gw_sasl_unref(&a);
	gw_sasl_unref(&b);
	gw_sasl_unref(&password);
}

static void expect_ways(const char *user, const char *password, char *const *names, size_t count,
	const char *ways, bool takes_login)
{
	struct gw_sasl *s = gw_sasl_password_new(user, password);
	char text[200] = "";

	gw_sasl_restrict(s, names, count);
	for (const char *const *m = s->mechanisms; *m != NULL; m++)
		snprintf(text + strlen(text), sizeof text - strlen(text), " %s", *m);
	assert_string_equal(text, ways);
	assert_int_equal(s->takes_login, takes_login);
	gw_sasl_unref(&s);
}

static void test_ways(void **state)
{
	char *scram[] = { (char *)"SCRAM-SHA-256" }, *plain[] = { (char *)"PLAIN" };
	char *plus[] = { (char *)"SCRAM-SHA-256-PLUS" };
	char *both[] = { plain[0], scram[0] };
	char *many[] = { scram[0], scram[0], scram[0], plain[0] };

	(void)state;
	expect_ways("me", "x", NULL, 0, " SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN", true);
	expect_ways("me", "p\xc3\xa4ss", NULL, 0, " PLAIN SCRAM-SHA-256-PLUS SCRAM-SHA-256", true);
	expect_ways("m\xc3\xa4", "x", NULL, 0, " PLAIN SCRAM-SHA-256-PLUS SCRAM-SHA-256", true);
	expect_ways("me", "x", scram, 1, " SCRAM-SHA-256-PLUS SCRAM-SHA-256", false);
	expect_ways("me", "x", plus, 1, " SCRAM-SHA-256-PLUS", false);
	expect_ways("me", "x", plain, 1, " PLAIN", true);
	expect_ways("me", "x", both, 2, " PLAIN SCRAM-SHA-256-PLUS SCRAM-SHA-256", true);
	expect_ways(
		"me", "x", many, 4, " SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-256-PLUS", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exchange),
		cmocka_unit_test(test_binding),
		cmocka_unit_test(test_bad_servers),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_begun_twice),
		cmocka_unit_test(test_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
