/* SPDX-License-Identifier: ISC */
/* tests/unit/base/test_name_index.c - names are found where they are, also after they were sorted. */
#include "base/name_index.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANY = 100000, LONG = 16 };

static const char *at(const void *array, size_t place)
{
	return ((char *const *)array)[place];
}

static void many_names_are_found(void **state)
{
	static char texts[MANY][LONG], *names[MANY];
	struct gw_name_index index = { 0 };
	size_t n = 0;

	(void)state;
	for (; n < MANY; n++) {
		snprintf(texts[n], LONG, "box/%zu", n);
		names[n] = texts[n];
		assert_true(gw_name_index_add(&index, at, names, n));
	}
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(gw_name_index_find(&index, at, names, gw_slice_str(texts[i])), i);
	assert_int_equal(gw_name_index_find(&index, at, names, gw_slice_str("box/x")), SIZE_MAX);
	names[7] = NULL; /* somebody took it */
	assert_int_equal(gw_name_index_find(&index, at, names, gw_slice_str("box/7")), SIZE_MAX);
	assert_int_equal(gw_name_index_find(&index, at, names, gw_slice_str("box/8")), 8);
	gw_name_index_deinit(&index);
}

static void what_was_sorted_is_found_again(void **state)
{
	const char *names[] = { "b", "inbox", "a" }, *sorted[] = { "a", "b", "inbox" };
	struct gw_name_index index = { 0 };

	(void)state;
	assert_int_equal(gw_name_index_find(&index, at, names, gw_slice_str("a")), SIZE_MAX);
	assert_true(gw_name_index_build(&index, at, names, 3));
	assert_int_equal(gw_name_index_find(&index, at, names, gw_slice_str("InBox")), 1);
	assert_int_equal(gw_name_index_find(&index, at, names, gw_slice_str("B")), SIZE_MAX);
	assert_true(gw_name_index_build(&index, at, sorted, 3));
	assert_int_equal(gw_name_index_find(&index, at, sorted, gw_slice_str("INBOX")), 2);
	assert_int_equal(gw_name_index_find(&index, at, sorted, gw_slice_str("b")), 1);
	gw_name_index_deinit(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(many_names_are_found),
		cmocka_unit_test(what_was_sorted_is_found_again) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
