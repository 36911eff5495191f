/* SPDX-License-Identifier: ISC */
/* watch/json: what is sent is what comes, whatever the names; what is none of ours is refused. */
#include "godwit/json.h"
#include "test.h"

static const char *const types[] = { "stage", "progress", "mailbox", "new", "step", "plan",
	"finding", "problem", "done" };

static struct gw_sync_counts random_counts(uint64_t *seed)
{
	struct gw_sync_counts c;
	uint64_t n[sizeof c / sizeof(uint64_t)];

	for (size_t i = 0; i < sizeof n / sizeof *n; i++)
		n[i] = (uint64_t)test_random(seed, 1u << 30) << test_random(seed, 20);
	memcpy(&c, n, sizeof c);
	return c;
}

static void assert_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		assert_ptr_equal(a, b);
	else
		assert_string_equal(a, b);
}

static void there_and_back(void **state)
{
	static const char *const texts[] = { "INBOX", "Entw\xc3\xbcrfe/\"a\\b\"", "\t\n", "" };
	uint64_t seed = test_seed() | 1;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct gw_sync_counts counts = random_counts(&seed), delta = random_counts(&seed);
		const char *text = texts[test_random(&seed, 4)];
		struct gw_error err = { .code = (enum gw_code)(1 + test_random(&seed, 18)) };
		struct gw_sync_step step = { .what = "fetch",
			.text = text,
			.uid = test_random(&seed, 9),
			.file = test_random(&seed, 2) ? text : NULL };
		struct gw_sync_event ev = { .type = (enum gw_sync_event_type)test_random(&seed, 9),
			.counts = &counts,
			.text = text,
			.mailbox = texts[test_random(&seed, 4)],
			.delta = &delta,
			.step = &step };
		struct gw_parsed_event p;
		char *line;

		snprintf(err.text, sizeof err.text, "%s", text);
		ev.err = ev.type == GW_SYNC_PROBLEM || test_random(&seed, 2) ? &err : NULL;
		line = gw_event_to_json("work", &ev, true);
		assert_non_null(strstr(line, types[ev.type]));
		assert_null(strchr(line, '\n'));
		assert_true(gw_event_parse(line, strlen(line), &p));
		assert_int_equal(p.ev.type, ev.type);
		assert_memory_equal(p.ev.counts, &counts, sizeof counts);
		assert_text(p.ev.mailbox, ev.mailbox);
		if (ev.type == GW_SYNC_MAILBOX || ev.type == GW_SYNC_PLAN)
			assert_memory_equal(p.ev.delta, &delta, sizeof delta);
		if (ev.type == GW_SYNC_STEP) {
			assert_int_equal(p.ev.step->uid, step.uid);
			assert_text(p.ev.step->file, step.file);
		}
		if (ev.type == GW_SYNC_PROBLEM || ev.type == GW_SYNC_DONE) {
			assert_int_equal(p.ev.err != NULL, ev.err != NULL);
			if (ev.err != NULL && p.ev.err != NULL)
				assert_int_equal(p.ev.err->code, ev.err->code);
		}
		gw_parsed_event_deinit(&p);
		/* Cut anywhere it is refused, and nothing else happens. */
		assert_false(gw_event_parse(line, test_random(&seed, (uint32_t)strlen(line)), &p));
		gw_parsed_event_deinit(&p);
		free(line);
	}
}

static void names_that_are_not_utf8(void **state)
{
	const struct gw_sync_counts counts = { .deleted = 3 };
	const struct gw_sync_event ev = {
		.type = GW_SYNC_NEW, .counts = &counts, .mailbox = "a\xff", .text = "/m/\xfe.x"
	};
	struct gw_parsed_event p;
	char *line = gw_event_to_json("work", &ev, true);

	(void)state;
	assert_true(gw_event_parse(line, strlen(line), &p));
	assert_string_equal(p.ev.mailbox, "a\\xff");
	assert_string_equal(p.ev.text, "/m/\\xfe.x");
	gw_parsed_event_deinit(&p);
	free(line);
}

static void what_is_none_of_ours(void **state)
{
	static const char *const lines[] = { "", "{}", "[1]", "null", "{\"event\":\"done\"}",
		"{\"event\":\"bang\",\"totals\":{}}", "{\"event\":7,\"totals\":{}}",
		"{\"event\":\"mailbox\",\"totals\":{}}", "{\"event\":\"problem\",\"totals\":{}}",
		"{\"event\":\"new\",\"mailbox\":\"x\",\"totals\":{}}" };
	struct gw_parsed_event p;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		assert_false(gw_event_parse(lines[i], strlen(lines[i]), &p));
		gw_parsed_event_deinit(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(there_and_back),
		cmocka_unit_test(names_that_are_not_utf8), cmocka_unit_test(what_is_none_of_ours) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
