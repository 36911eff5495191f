/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_config.c - whatever a configuration holds, what is wrong with it is found in it, in one line. */
#include "cli/config_text.h"

#include "godwit/error.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(enum gw_code code, const struct gw_error *err)
{
	if (code != GW_OK &&
		(code != GW_ERR_CONFIG || err->text[0] == '\0' || strchr(err->text, '\n')))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_slice bytes = { (const char *)data, size };
	char *text = gw_slice_dup(bytes);

	for (int parsed = 0; parsed < 2; parsed++) {
		struct gw_error err = { 0 };

		check(config_text_blame(text, "config", parsed != 0, &err), &err);
	}
	{
		struct gw_error err = { 0 };

		check(config_text_variables(text, "config", &err), &err);
	}
	free(text);
	return 0;
}
