/* SPDX-License-Identifier: ISC */
/* cli/import_file.c - see import_file.h. */
#include "cli/import_file.h"

#include "base/fs.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILE_MAX = 1 << 20 };

/* Below the configuration's directory if `below_config`, else below the home directory. */
static const struct {
	bool below_config;
	const char *path;
} usual[] = { { false, ".mbsyncrc" }, { true, "isyncrc" }, { false, ".offlineimaprc" },
	{ true, "offlineimap/config" } };

enum { USUAL = sizeof usual / sizeof *usual };

static char *usual_path(size_t i)
{
	const char *home = getenv("HOME"), *xdg = getenv("XDG_CONFIG_HOME");
	bool set = xdg != NULL && *xdg == '/';
	char *path = NULL;

	if (home == NULL)
		return NULL;
	if (asprintf(&path, "%s%s/%s", usual[i].below_config && set ? xdg : home,
		    usual[i].below_config && !set ? "/.config" : "", usual[i].path) < 0)
		return NULL;
	if (access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

char *import_file_any(void)
{
	char *path = NULL;

	for (size_t i = 0; i < USUAL && path == NULL; i++)
		path = usual_path(i);
	return path;
}

char *import_file_find(const char *given, struct gw_error *err)
{
	char *found = given == NULL ? NULL : realpath(given, NULL);

	if (given != NULL && found == NULL)
		gw_fail(err, GW_ERR_CONFIG, "there is no file %s", given);
	for (size_t i = 0; i < USUAL && given == NULL; i++) {
		char *path = usual_path(i);

		if (path != NULL && found != NULL) {
			gw_fail(err, GW_ERR_CONFIG,
				"there are %s and %s: say which, as in `godwit import %s`", found,
				path, path);
			free(found);
			free(path);
			return NULL;
		}
		found = path != NULL ? path : found;
	}
	if (found == NULL)
		gw_fail(err, GW_ERR_CONFIG,
			"there is no ~/.mbsyncrc and no ~/.offlineimaprc; name the file: godwit import FILE");
	return found;
}

/* offlineimap's has sections in brackets; mbsync's has none. */
static bool is_ini(struct gw_slice text)
{
	bool begins = true;

	for (size_t i = 0; i < text.n; i++) {
		if (begins && text.p[i] == '[')
			return true;
		begins = text.p[i] == '\n' || (begins && isspace((unsigned char)text.p[i]));
	}
	return false;
}

enum gw_code import_file_read(const char *path, struct gw_others *out, struct gw_error *err)
{
	const char *home = getenv("HOME");
	struct gw_slice slice;
	struct gw_buf text;
	bool found = false;
	enum gw_code code;

	*out = (struct gw_others){ 0 };
	gw_buf_init(&text, FILE_MAX);
	code = gw_read_file(AT_FDCWD, path, FILE_MAX, &text, &found, err);
	slice = (struct gw_slice){ gw_buf_cstr(&text), text.n };
	if (code == GW_OK && !found)
		code = gw_fail(err, GW_ERR_CONFIG, "there is no file %s", path);
	if (code == GW_OK)
		code = is_ini(slice) ? gw_import_offlineimap(slice, path, home, out, err)
				     : gw_import_mbsync(slice, path, home, out, err);
	gw_buf_deinit(&text);
	return code;
}
