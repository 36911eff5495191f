/* SPDX-License-Identifier: ISC */
/* imap/alerts: each alert is shown once, and not without end. */
#include "imap/alerts.h"
#include "test.h"

#include <stdio.h>

static void shows_each_once(void **state)
{
	struct gw_alerts a = { 0 };
	char text[40];

	(void)state;
	assert_true(gw_alerts_take(&a, gw_slice_str("maintenance at noon")));
	assert_false(gw_alerts_take(&a, gw_slice_str("maintenance at noon")));
	assert_true(gw_alerts_take(&a, gw_slice_str("")));
	assert_false(gw_alerts_take(&a, gw_slice_str("")));
	for (int i = 2; i < GW_ALERTS_MAX; i++) {
		snprintf(text, sizeof text, "alert %d", i);
		assert_true(gw_alerts_take(&a, gw_slice_str(text)));
	}
	assert_false(gw_alerts_take(&a, gw_slice_str("one too many")));
}

static void long_ones_count_by_their_beginning(void **state)
{
	struct gw_alerts a = { 0 };
	char text[3 * GW_ALERT_BYTES];

	(void)state;
	memset(text, 'x', sizeof text);
	assert_true(gw_alerts_take(&a, (struct gw_slice){ text, sizeof text }));
	text[sizeof text - 1] = 'y';
	assert_false(gw_alerts_take(&a, (struct gw_slice){ text, sizeof text }));
	text[0] = 'y';
	assert_true(gw_alerts_take(&a, (struct gw_slice){ text, sizeof text }));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(shows_each_once),
		cmocka_unit_test(long_ones_count_by_their_beginning) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
