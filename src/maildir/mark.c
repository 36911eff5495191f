/* maildir/mark.c - see mark.h. */
#include "maildir/mark.h"

#include "base/fs.h"
#include "base/num.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#define MARK_FILE ".godwit"
#define ACCOUNT "account "
#define GENERATION "\ngeneration "

static bool parse(const char *text, struct gw_mark *out)
{
	const char *id = text + strlen(ACCOUNT), *generation;
	size_t n;

	if (strncmp(text, ACCOUNT, strlen(ACCOUNT)) != 0)
		return false;
	n = strspn(id, "0123456789abcdef");
	if (n == 0 || n >= sizeof out->account_id ||
		strncmp(id + n, GENERATION, strlen(GENERATION)) != 0)
		return false;
	memcpy(out->account_id, id, n);
	out->account_id[n] = '\0';
	generation = id + n + strlen(GENERATION);
	return gw_read_u64((struct gw_slice){ generation, strcspn(generation, "\n") }, INT64_MAX,
		&out->generation);
}

enum gw_code gw_mark_read(const char *root, struct gw_mark *out, struct gw_error *err)
{
	char path[4096];
	struct gw_buf text;
	bool found = false;
	enum gw_code code;

	*out = (struct gw_mark){ 0 };
	gw_buf_init(&text, 4096);
	snprintf(path, sizeof path, "%s/" MARK_FILE, root);
	code = gw_read_file(AT_FDCWD, path, 4096, &text, &found, err);
	if (code == GW_OK && found && !parse(gw_buf_cstr(&text), out)) {
		*out = (struct gw_mark){ 0 };
		code = gw_fail(err, GW_ERR_STATE,
			"%s is not a mark of godwit's; move it away if it belongs to something "
			"else",
			path);
	}
	gw_buf_deinit(&text);
	return code;
}

enum gw_code gw_mark_write(const char *root, const struct gw_mark *mark, struct gw_error *err)
{
	char path[4096], text[128];

	snprintf(path, sizeof path, "%s/" MARK_FILE, root);
	snprintf(text, sizeof text, ACCOUNT "%s" GENERATION "%llu\n", mark->account_id,
		(unsigned long long)mark->generation);
	return gw_write_file(path, gw_slice_str(text), err);
}
