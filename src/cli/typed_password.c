/* SPDX-License-Identifier: ISC */
/* cli/typed_password.c - see typed_password.h. */
#include "cli/typed_password.h"

#include "base/fs.h"
#include "import/command.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "abcd efgh ijkl mnop" */
static bool is_google_password(const char *line)
{
	for (size_t i = 0; i < 19; i++) {
		if (i % 5 == 4 ? line[i] != ' ' : !islower((unsigned char)line[i]))
			return false;
	}
	return line[19] == '\0';
}

/* A shell would run its first word. */
bool password_is_typed(const char *line, bool (*is_program)(const char *word))
{
	size_t n = strcspn(line, "|;&<>()$`\"'\\=~");
	char word[200];

	if (is_google_password(line))
		return true;
	if (n == 0 || n >= sizeof word || line[n] == '=' || line[0] == '.' || line[0] == '/' ||
		strpbrk(line, " \t") != NULL)
		return false;
	snprintf(word, sizeof word, "%.*s", (int)n, line);
	return !is_program(word);
}

bool program_exists(const char *word)
{
	const char *path = getenv("PATH");
	char full[4096];

	if (strchr(word, '/') != NULL)
		return access(word, X_OK) == 0;
	for (const char *p = path == NULL ? "/usr/bin:/bin" : path; *p != '\0';) {
		size_t n = strcspn(p, ":");

		snprintf(full, sizeof full, "%.*s/%s", (int)n, p, word);
		if (n > 0 && access(full, X_OK) == 0)
			return true;
		p += n + (p[n] == ':');
	}
	return false;
}

const char *password_store_name(enum password_store store)
{
	static const char *const names[STORES] = {
		[STORE_KEYRING] = "keyring", [STORE_PASS] = "pass", [STORE_FILE] = "file"
	};

	return names[store];
}

/* True if pass(1) has its key, or an entry, of that name. */
static bool pass_has(const char *name, const char *suffix)
{
	const char *dir = getenv("PASSWORD_STORE_DIR"), *home = getenv("HOME");
	char path[4096];

	if (dir != NULL && dir[0] != '\0')
		snprintf(path, sizeof path, "%s/%s%s", dir, name, suffix);
	else
		snprintf(path, sizeof path, "%s/.password-store/%s%s", home == NULL ? "" : home,
			name, suffix);
	return access(path, F_OK) == 0;
}

bool password_store_is_here(enum password_store store)
{
	switch (store) {
	case STORE_KEYRING:
		return getenv("DBUS_SESSION_BUS_ADDRESS") != NULL && program_exists("secret-tool");
	case STORE_PASS:
		return pass_has(".gpg-id", "") && program_exists("pass");
	case STORE_FILE:
		return true;
	case STORES:
		break;
	}
	return false;
}

/* The password goes through a pipe, and stands in no list of processes. */
static enum gw_code give_to(const char *program, const char *password, struct gw_error *err)
{
	/* NOLINTNEXTLINE(bugprone-command-processor,cert-env33-c): programs of PATH are meant */
	FILE *to = popen(program, "we");
	bool told;
	int status;

	if (to == NULL)
		return gw_fail(err, GW_ERR_SECRET, "it cannot be run");
	setvbuf(to, NULL, _IONBF, 0); /* no copy of it stays */
	told = fputs(password, to) >= 0;
	status = pclose(to);
	if (!told || status != 0)
		return gw_fail(err, GW_ERR_SECRET, "it was not taken (%s)", program);
	return GW_OK;
}

static enum gw_code keep_in_file(const char *account, const char *dir, const char *password,
	bool replace, char *command, size_t size, struct gw_error *err)
{
	struct gw_buf quoted;
	char path[4096];
	enum gw_code code = gw_mkdirs(dir, err);

	gw_buf_init(&quoted, sizeof path * 4);
	if ((size_t)snprintf(path, sizeof path, "%s/%s.password", dir, account) >= sizeof path)
		code = gw_fail(err, GW_ERR_LIMIT, "the name of the file is too long");
	if (code == GW_OK && !replace && access(path, F_OK) == 0)
		code = gw_fail(err, GW_ERR_SECRET, "%s is there already", path);
	if (code == GW_OK)
		code = gw_write_file(path, (struct gw_slice){ password, strlen(password) }, err);
	if (code == GW_OK)
		code = gw_import_quote(path, &quoted);
	if (code == GW_OK &&
		(size_t)snprintf(command, size, "cat %s", gw_buf_cstr(&quoted)) >= size)
		code = gw_fail(err, GW_ERR_LIMIT, "the name of the file is too long");
	gw_buf_deinit(&quoted);
	return code;
}

/* An account's name has nothing that a shell would see (config_is_name). */
enum gw_code password_keep(enum password_store store, const char *account, const char *dir,
	const char *password, bool replace, char *command, size_t size, struct gw_error *err)
{
	char program[400], path[4096];

	switch (store) {
	case STORE_KEYRING:
		snprintf(program, sizeof program,
			"secret-tool store --label='mail %.80s' mail '%.80s'", account, account);
		snprintf(command, size, "secret-tool lookup mail %s", account);
		return give_to(program, password, err);
	case STORE_PASS:
		snprintf(path, sizeof path, "mail/%s", account);
		if (!replace && pass_has(path, ".gpg"))
			return gw_fail(err, GW_ERR_SECRET,
				"pass has %s already: `pass show %s` is the command then", path,
				path);
		snprintf(program, sizeof program,
			"pass insert --multiline --force 'mail/%.80s' > /dev/null", account);
		snprintf(command, size, "pass show mail/%s", account);
		return give_to(program, password, err);
	case STORE_FILE:
		return keep_in_file(account, dir, password, replace, command, size, err);
	case STORES:
		break;
	}
	return gw_fail(err, GW_ERR_CONFIG, "there is no such store");
}
