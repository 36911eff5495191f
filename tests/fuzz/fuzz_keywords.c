/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_keywords.c - whatever a dovecot-keywords file holds, what is read of it are names, at most one an
 * index, and a second reading changes nothing. */
#include "maildir/keywords.h"
#include "maildir/name.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_names(const struct gw_keywords *k)
{
	for (unsigned i = 0; i < GW_KEYWORD_MAX; i++) {
		if (k->names[i] == NULL)
			continue;
		if (!gw_keyword_is_name(gw_slice_str(k->names[i])) ||
			gw_keywords_find(k, gw_slice_str(k->names[i])) < 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_slice text = { (const char *)data, size };
	struct gw_keywords k = { 0 };
	char *before[GW_KEYWORD_MAX], *name = gw_slice_dup(text), out[GW_NAME_MAX + 1];
	struct gw_name split = gw_name_split(name);
	int added;

	gw_keywords_read(&k, text);
	check_names(&k);
	memcpy(before, k.names, sizeof before);
	gw_keywords_read(&k, text);
	if (memcmp(before, k.names, sizeof before) != 0)
		abort();
	added = gw_keywords_add(&k, text);
	if (added >= 0 && !gw_keyword_is_name(text))
		abort();
	check_names(&k);
	gw_name_format(&split, gw_name_flags(split.info, &k), GW_FLAGS_ALL, &k, ':', out);
	gw_keywords_deinit(&k);
	free(name);
	return 0;
}
