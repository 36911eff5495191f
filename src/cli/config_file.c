/* SPDX-License-Identifier: ISC */
/* cli/config_file.c - see config_file.h. */
#include "cli/config_file.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { CONFIG_MAX = 1 << 20 };

static enum gw_code find(struct config_file *f, struct gw_error *err)
{
	const char *slash;

	f->target = gw_follow_links(f->path, err);
	if (f->target == NULL)
		return err->code;
	slash = strrchr(f->target, '/');
	f->dir = slash == NULL ? strdup(".") : strndup(f->target, (size_t)(slash - f->target));
	if (f->dir == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	if (gw_mkdirs(f->dir, err) != GW_OK)
		return err->code;
	return access(f->dir, W_OK) == 0
		       ? GW_OK
		       : gw_fail_sys(err, GW_ERR_DISK, errno, "cannot write in %s", f->dir);
}

enum gw_code config_file_read(const char *path, struct config_file *f, struct gw_error *err)
{
	bool found = false;
	enum gw_code code;

	*f = (struct config_file){ .path = path };
	gw_buf_init(&f->text, CONFIG_MAX);
	code = find(f, err);
	if (code == GW_OK)
		code = gw_read_file(AT_FDCWD, f->target, CONFIG_MAX, &f->text, &found, err);
	if (code == GW_OK && found)
		code = config_check_file(f->target, err);
	if (code == GW_OK && found)
		code = config_parse(gw_buf_cstr(&f->text), f->dir, f->path, &f->present, err);
	return code;
}

enum gw_code config_file_begin(const struct config_file *f, struct gw_buf *out)
{
	enum gw_code code = gw_buf_append(out, f->text.p != NULL ? f->text.p : "", f->text.n);

	if (code == GW_OK && f->text.n == 0)
		code = gw_buf_puts(out, "# godwit's configuration, see godwit(5)\n");
	return code == GW_OK ? gw_buf_puts(out, out->p[out->n - 1] == '\n' ? "\n" : "\n\n") : code;
}

enum gw_code config_file_write(
	const struct config_file *f, struct gw_slice text, struct gw_error *err)
{
	return gw_write_file(f->target, text, err);
}

bool config_file_has(const struct config_file *f, const char *name)
{
	for (size_t i = 0; i < f->present.count; i++) {
		if (strcmp(f->present.accounts[i].name, name) == 0)
			return true;
	}
	return false;
}

void config_file_deinit(struct config_file *f)
{
	config_free(&f->present);
	gw_buf_deinit(&f->text);
	free(f->target);
	free(f->dir);
	*f = (struct config_file){ 0 };
}
