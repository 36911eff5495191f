/* SPDX-License-Identifier: ISC */
/* cli/config_paths.c - see config_paths.h. */
#include "cli/config_paths.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "user/x", of "~user/x"; heap.  false: there is no such user, or no memory. */
static bool home_of(const char *text, char **out)
{
	char name[64];
	const struct passwd *pw;
	size_t n = strcspn(text, "/");

	snprintf(name, sizeof name, "%.*s", (int)n, text);
	pw = n < sizeof name ? getpwnam(name) : NULL;
	return pw != NULL && asprintf(out, "%s%s", pw->pw_dir, text + n) >= 0;
}

const char *config_wrong_path(const char *path)
{
	char *home = NULL;
	bool known;

	if (path[0] == '$')
		return "a variable is replaced as ${HOME}, with braces; or write ~/";
	if (path[0] != '~' || path[1] == '/' || path[1] == '\0')
		return NULL;
	known = home_of(path + 1, &home);
	free(home);
	return known ? NULL : "there is no such user; for your own directory write ~/";
}

char *config_expand(const char *dir, const char *path)
{
	const char *home = getenv("HOME");
	char *out = NULL;
	size_t n;

	if (path[0] == '~' && path[1] != '/' && path[1] != '\0') {
		if (!home_of(path + 1, &out))
			return NULL;
	} else if (path[0] == '~' && (path[1] == '/' || path[1] == '\0') && home != NULL) {
		if (asprintf(&out, "%s%s", home, path + 1) < 0)
			return NULL;
	} else if (path[0] != '/') {
		if (asprintf(&out, "%s/%s", dir, path) < 0)
			return NULL;
	} else {
		out = strdup(path);
	}
	for (n = out == NULL ? 0 : strlen(out); n > 1 && out[n - 1] == '/'; n--)
		out[n - 1] = '\0';
	return out;
}

/* The real path, or as much of it as exists, so that two spellings of one place are seen. */
static char *resolved(const char *path)
{
	char *real = realpath(path, NULL);

	return real != NULL ? real : strdup(path);
}

const char *config_wrong_maildir(const char *maildir, const char *dir)
{
	const char *home = getenv("HOME"), *what = NULL;
	char *real = resolved(maildir), *own = dir == NULL ? NULL : resolved(dir);
	char *at_home = home == NULL ? NULL : resolved(home);

	if (real != NULL && strcmp(real, "/") == 0)
		what = "the root of the file system";
	else if (real != NULL && at_home != NULL && strcmp(real, at_home) == 0)
		what = "your home directory";
	else if (real != NULL && own != NULL && strcmp(real, own) == 0)
		what = "the directory of the configuration";
	free(real);
	free(own);
	free(at_home);
	return what;
}

static bool contains(const char *outer, const char *inner)
{
	size_t n = strlen(outer);

	return strncmp(outer, inner, n) == 0 && (inner[n] == '/' || inner[n] == '\0');
}

enum gw_code config_check_roots(const struct config *c, const char *path, struct gw_error *err)
{
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < c->count && code == GW_OK; i++) {
		for (size_t j = i + 1; j < c->count && code == GW_OK; j++) {
			if (c->accounts[i].maildir == NULL || c->accounts[j].maildir == NULL)
				continue;
			char *a = resolved(c->accounts[i].maildir);
			char *b = resolved(c->accounts[j].maildir);

			if (a != NULL && b != NULL && (contains(a, b) || contains(b, a)))
				code = gw_fail(err, GW_ERR_CONFIG,
					"%s: the maildirs of accounts \"%s\" and \"%s\" are one "
					"place, or one is "
					"inside the other; give each a directory of its own",
					path, c->accounts[i].name, c->accounts[j].name);
			free(a);
			free(b);
		}
	}
	return code;
}
