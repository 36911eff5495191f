/* SPDX-License-Identifier: ISC */
/* local/account.c - see account.h. */
#include "local/account.h"

#include "base/fs.h"
#include "base/lock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum gw_code gw_account_lock(
	const struct gw_account *account, bool dry_run, int *fd, struct gw_error *err)
{
	char *path = NULL;
	enum gw_code code = GW_OK;
	struct stat st;

	if (asprintf(&path, "%s/%s.lock", account->state_dir, account->name) < 0)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	if (!dry_run)
		code = gw_mkdirs(account->state_dir, err);
	if (code == GW_OK && (!dry_run || stat(account->state_dir, &st) == 0))
		code = gw_lock_take(path, "is working on this account", fd, err);
	free(path);
	return code;
}

enum gw_code gw_account_new_id(char out[33], struct gw_error *err)
{
	unsigned char bytes[16];

	if (getentropy(bytes, sizeof bytes) != 0)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "no random numbers");
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return GW_OK;
}

static bool differ(const char *then, const char *now)
{
	return then != NULL && then[0] != '\0' && now != NULL && now[0] != '\0' &&
	       strcasecmp(then, now) != 0;
}

bool gw_account_is_other(const struct gw_account *account, const char *user, const char *host)
{
	return differ(user, account->user) || differ(host, account->host);
}

static const char *told(const char *text, const char *otherwise)
{
	return text == NULL || *text == '\0' ? otherwise : text;
}

enum gw_code gw_account_fail_other(const struct gw_account *account, const char *what,
	const char *user, const char *host, struct gw_error *err)
{
	return gw_fail(err, GW_ERR_HELD,
		"%s belongs to %s at %s, and the configuration now says %s at %s, so nothing was "
		"done: another account needs a block of its own, with another name and `maildir`; if "
		"it is the same one under a new name, say so once: `godwit sync --same-account %s`",
		what, told(user, "nobody"), told(host, "nowhere"), told(account->user, "nobody"),
		told(account->host, "nowhere"), account->name);
}

enum gw_code gw_account_set_aside(const char *db_path, struct gw_store **store,
	const struct gw_log *log, struct gw_error *err)
{
	char aside[4096];
	enum gw_code code;

	gw_store_close(*store);
	*store = NULL;
	gw_error_clear(err);
	code = gw_store_set_aside(db_path, aside, sizeof aside, err);
	if (code == GW_OK)
		gw_log(log, GW_LOG_WARN,
			"the state was damaged and is set aside as %s; mail is recognised by its "
			"content",
			aside);
	return code;
}
