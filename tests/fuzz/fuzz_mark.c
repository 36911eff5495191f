/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_mark.c - bytes as the mark in a Maildir: it is one or it is refused with a reason; what was read, and
 * is written, is read again as it was.
 */
#include "maildir/mark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char root[64], path[80];

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void remove_root(void)
{
	unlink(path);
	rmdir(root);
}

static void begin(void)
{
	snprintf(root, sizeof root, "%s/godwit-fuzz.XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	require(mkdtemp(root) != NULL);
	snprintf(path, sizeof path, "%s/.godwit", root);
	atexit(remove_root);
}

static void put(const uint8_t *data, size_t size)
{
	FILE *f = fopen(path, "w");

	require(f != NULL && fwrite(data, 1, size, f) == size && fclose(f) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_mark mark, again;
	struct gw_error err = { 0 };
	enum gw_code code;

	if (*root == '\0')
		begin();
	put(data, size);
	code = gw_mark_read(root, &mark, &err);
	require(code == err.code && (code == GW_OK) == (err.text[0] == '\0'));
	if (code != GW_OK) {
		require(mark.account_id[0] == '\0' && mark.generation == 0);
		return 0;
	}
	require(mark.account_id[0] != '\0' && mark.generation <= INT64_MAX);
	gw_mark_name(&again, mark.user, mark.host); /* they stay on their lines */
	require(strcmp(again.user, mark.user) == 0 && strcmp(again.host, mark.host) == 0);
	require(gw_mark_write(root, &mark, &err) == GW_OK);
	require(gw_mark_read(root, &again, &err) == GW_OK);
	require(strcmp(again.account_id, mark.account_id) == 0 &&
		again.generation == mark.generation && strcmp(again.user, mark.user) == 0 &&
		strcmp(again.host, mark.host) == 0);
	return 0;
}
