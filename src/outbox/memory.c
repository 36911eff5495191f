/* SPDX-License-Identifier: ISC */
/* outbox/memory.c - see memory.h. */
#include "outbox/memory.h"

#include "base/fs.h"

#include <fcntl.h>
#include <stdio.h>

enum { FILE_MAX = 200, PATH = 4096 };

void gw_memory_path(
	const struct gw_account *account, const char *suffix, char *out, size_t out_size)
{
	snprintf(out, out_size, "%s/%s%s", account->state_dir, account->name, suffix);
}

void gw_memory_server_read(const struct gw_account *account, struct gw_memory_server *out)
{
	char path[PATH];
	struct gw_buf text;
	struct gw_error err = { 0 };
	unsigned long long size;
	long long until = 0;
	bool found = false;
	unsigned without = 0;
	int utf8;

	*out = (struct gw_memory_server){ 0 };
	gw_buf_init(&text, FILE_MAX + 1);
	gw_memory_path(account, ".outbox/server", path, sizeof path);
	if (gw_read_file(AT_FDCWD, path, FILE_MAX, &text, &found, &err) == GW_OK && found &&
		sscanf(gw_buf_cstr(&text), "size %llu utf8 %d without %x until %lld", &size, &utf8,
			&without, &until) >= 2)
		*out = (struct gw_memory_server){ .known = true,
			.utf8 = utf8 != 0,
			.size = size,
			.without = without,
			.until = until };
	gw_buf_deinit(&text);
}

void gw_memory_server_write(const struct gw_account *account, const struct gw_memory_server *server)
{
	struct gw_memory_server old;
	struct gw_error err = { 0 };
	char path[PATH], text[FILE_MAX];

	gw_memory_server_read(account, &old);
	if (old.known && old.size == server->size && old.utf8 == server->utf8 &&
		old.without == server->without && old.until == server->until)
		return;
	gw_memory_path(account, ".outbox/server", path, sizeof path);
	snprintf(text, sizeof text, "size %llu utf8 %d without %x until %lld\n",
		(unsigned long long)server->size, server->utf8, (unsigned)server->without,
		(long long)server->until);
	gw_write_file(path, gw_slice_str(text), &err);
}
