/* SPDX-License-Identifier: ISC */
/* net/deflate: what is written is what is read, however it is cut; what is damaged is told. */
#include "net/deflate.h"
#include "test.h"

static void fill(uint64_t *seed, char *p, size_t n)
{
	uint32_t letters = 1 + test_random(seed, 255); /* from one byte to anything */

	for (size_t i = 0; i < n; i++)
		p[i] = (char)test_random(seed, letters);
}

/* Reads all that there is, in pieces of any size. */
static void read_all(struct gw_deflate *d, uint64_t *seed, struct gw_buf *to)
{
	char piece[5000];
	size_t got = 1;

	while (got > 0) {
		size_t room = 1 + test_random(seed, sizeof piece);

		assert_int_equal(gw_deflate_read(d, piece, room, &got), GW_OK);
		assert_true(got <= room);
		assert_int_equal(gw_buf_append(to, piece, got), GW_OK);
	}
}

static void there_and_back(void **state)
{
	uint64_t seed = test_seed() | 1;
	struct gw_deflate *a = gw_deflate_new(), *b = gw_deflate_new();

	(void)state;
	assert_true(a != NULL && b != NULL);
	for (int i = 0; i < 300; i++) { /* one stream, in which each write can be read at once */
		size_t n = test_random(&seed, i % 10 == 0 ? 100000 : 3000);
		char *text = malloc(n + 1);
		struct gw_buf wire, back;

		gw_buf_init(&wire, 1 << 20);
		gw_buf_init(&back, 1 << 20);
		fill(&seed, text, n);
		assert_int_equal(gw_deflate_write(a, text, n, &wire), GW_OK);
		for (size_t at = 0; at < wire.n;) {
			size_t cut = 1 + test_random(&seed, 4000);

			cut = cut < wire.n - at ? cut : wire.n - at;
			assert_int_equal(
				gw_deflate_feed(b, (struct gw_slice){ wire.p + at, cut }), GW_OK);
			read_all(b, &seed, &back);
			at += cut;
		}
		assert_int_equal(back.n, n);
		assert_memory_equal(gw_buf_cstr(&back), text, n);
		gw_buf_deinit(&wire);
		gw_buf_deinit(&back);
		free(text);
	}
	gw_deflate_free(a);
	gw_deflate_free(b);
}

static void what_is_none(void **state)
{
	static const char garbage[] = "* OK this is not compressed at all\r\n";
	struct gw_deflate *d = gw_deflate_new();
	char out[100];
	size_t got;

	(void)state;
	assert_int_equal(gw_deflate_feed(d, gw_slice_str(garbage)), GW_OK);
	assert_int_equal(gw_deflate_read(d, out, sizeof out, &got), GW_ERR_PROTOCOL);
	gw_deflate_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(there_and_back),
		cmocka_unit_test(what_is_none) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
