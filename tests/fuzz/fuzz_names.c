/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_names.c - mailbox names and file names: nothing escapes, what decodes encodes
 * back. */
#include "imap/date.h"
#include "imap/utf7.h"
#include "maildir/folder.h"
#include "maildir/name.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_dir(struct gw_slice name, char delimiter, enum gw_layout layout)
{
	struct gw_buf dir;

	gw_buf_init(&dir, 1 << 20);
	if (gw_folder_dir(name, delimiter, layout, &dir) == GW_OK && layout == GW_LAYOUT_FS) {
		char *rest = dir.p, *part;

		if (memchr(dir.p, '\0', dir.n) != NULL || dir.p[0] == '/')
			abort();
		while ((part = strtok_r(rest, "/", &rest)) != NULL) {
			if (part[0] == '.' || strcmp(part, "cur") == 0 ||
				strcmp(part, "new") == 0 || strcmp(part, "tmp") == 0 ||
				strlen(part) > GW_COMPONENT_MAX)
				abort();
		}
	}
	gw_buf_deinit(&dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_slice text = { (const char *)data, size };
	struct gw_buf utf8, wire;
	struct gw_keywords none = { 0 };
	char *copy = gw_slice_dup(text), out[GW_NAME_MAX + 1];
	struct gw_name name = gw_name_split(copy);
	time_t t;

	gw_buf_init(&utf8, 1 << 20);
	gw_buf_init(&wire, 1 << 20);
	if (gw_utf7_decode(text, &utf8) == GW_OK && size > 0) {
		if (gw_utf7_encode((struct gw_slice){ utf8.p, utf8.n }, &wire) != GW_OK ||
			wire.n != size || memcmp(wire.p, data, size) != 0)
			abort();
	}
	check_dir(text, '/', GW_LAYOUT_FS);
	check_dir(text, '.', GW_LAYOUT_FS);
	check_dir(text, '.', GW_LAYOUT_MAILDIRPP);
	gw_name_format(&name, gw_name_flags(name.info, &none), GW_FLAGS_ALL, &none, ';', out);
	gw_date_parse(text, &t);
	gw_buf_deinit(&utf8);
	gw_buf_deinit(&wire);
	free(copy);
	return 0;
}
