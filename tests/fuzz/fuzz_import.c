/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_import.c - whatever an old configuration holds, an account of it is placed and written
 * down without harm, and no password of it is shown. */
#include "import/compose.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_there(void *ctx, const char *path)
{
	(void)ctx;
	return strlen(path) % 2 == 0;
}

static struct gw_settle_box *make_boxes(size_t *count)
{
	static const char *const names[] = { "INBOX", "a", "a/b", "INBOX/c", "Entw&APw-rfe" };
	struct gw_settle_box *boxes = calloc(sizeof names / sizeof *names, sizeof *boxes);

	*count = sizeof names / sizeof *names;
	for (size_t i = 0; i < *count; i++) {
		boxes[i].name = strdup(names[i]);
		boxes[i].wire = strdup(names[i]);
		boxes[i].dirs[0] = strdup(names[i]);
		boxes[i].dirs[1] = strdup(i == 0 ? "." : ".x");
		boxes[i].delimiter = '/';
	}
	return boxes;
}

static void place(const struct gw_other *o)
{
	size_t count = 0;
	struct gw_settle_box *boxes = make_boxes(&count);
	struct gw_settled s;
	struct gw_error err = { 0 };
	struct gw_buf text;

	gw_buf_init(&text, 1 << 20);
	if ((o->path != NULL || o->inbox != NULL) &&
		gw_settle_places(o, boxes, count, is_there, NULL) &&
		gw_settle(o, boxes, count, is_there, NULL, &s, &err) == GW_OK) {
		(void)gw_compose(o, boxes, count, &s, NULL, &text);
		gw_settled_deinit(&s);
	}
	gw_buf_deinit(&text);
	gw_settle_boxes_free(boxes, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_slice text = { (const char *)data, size };
	struct gw_others all;
	struct gw_error err = { 0 };

	if (gw_import_mbsync(text, "/h/rc", "/h", &all, &err) == GW_OK) {
		for (size_t i = 0; i < all.count; i++)
			place(&all.list[i]);
		gw_others_deinit(&all);
	}
	gw_error_clear(&err);
	if (gw_import_offlineimap(text, "/h/rc", "/h", &all, &err) == GW_OK) {
		for (size_t i = 0; i < all.count; i++)
			place(&all.list[i]);
		gw_others_deinit(&all);
	}
	return 0;
}
