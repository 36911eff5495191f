/* SPDX-License-Identifier: ISC */
/* auth/password.c - the password of an account, for who wants it once and for all; see godwit/auth.h. */
#include "godwit/auth.h"

#include "auth/secret.h"
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

struct wish {
	char **out;
	struct gw_error *err;
	enum gw_code code;
};

static void on_secret(void *ctx, const char *password, const struct gw_error *err)
{
	struct wish *w = ctx;

	if (err != NULL) {
		*w->err = *err;
		w->code = err->code;
	} else if ((*w->out = strdup(password)) == NULL) {
		w->code = gw_fail(w->err, GW_ERR_NOMEM, "out of memory");
	}
}

enum gw_code gw_auth_password(const struct gw_account *account, char **out, struct gw_error *err)
{
	struct wish w = { .out = out, .err = err };
	struct gw_secret *secret;
	uv_loop_t loop;

	*out = NULL;
	if (uv_loop_init(&loop) != 0)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	w.code = gw_secret_start(&loop, account->password_command, "password-command", account,
		on_secret, &w, &secret, err);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	return w.code;
}

void gw_auth_wipe(char *password)
{
	if (password != NULL)
		gw_wipe(password, strlen(password));
}
