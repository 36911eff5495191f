/* auth/secret.c - see secret.h. */
#include "auth/secret.h"

#include "net/proc.h"

#include <stdlib.h>

enum { TIMEOUT_MS = 120000 }; /* a person may have to type a pass phrase */

struct gw_secret {
	struct gw_proc *proc; /* frees itself */
	const char *key;
	gw_secret_cb *cb;
	void *ctx;
};

static void on_output(void *ctx, struct gw_slice output, const struct gw_error *err)
{
	struct gw_secret *s = ctx;
	struct gw_error local = { 0 };
	char *password = NULL;
	size_t n = 0;

	if (err != NULL) {
		local = *err;
		if (local.code != GW_ERR_CANCELLED)
			local.code = GW_ERR_AUTH;
		gw_error_context(&local, "%s gave nothing", s->key);
	} else {
		while (n < output.n && output.p[n] != '\n' && output.p[n] != '\r')
			n++;
		password = gw_slice_dup((struct gw_slice){ output.p, n });
		if (n == 0 || password == NULL)
			gw_fail(&local, GW_ERR_AUTH,
				"%s printed nothing; run it in a shell to see why", s->key);
	}
	s->cb(s->ctx, local.code == GW_OK ? password : NULL, local.code == GW_OK ? NULL : &local);
	if (password != NULL)
		explicit_bzero(password, n);
	free(password);
	free(s);
}

enum gw_code gw_secret_start(uv_loop_t *loop, const char *command, const char *key,
	gw_secret_cb *cb, void *ctx, struct gw_secret **out, struct gw_error *err)
{
	struct gw_secret *s = calloc(1, sizeof *s);
	enum gw_code code;

	*out = NULL;
	if (s == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	s->key = key;
	s->cb = cb;
	s->ctx = ctx;
	code = gw_proc_start(loop, command, NULL, TIMEOUT_MS, on_output, s, &s->proc, err);
	if (code != GW_OK)
		free(s);
	else
		*out = s;
	return code;
}

void gw_secret_cancel(struct gw_secret *s)
{
	gw_proc_cancel(s->proc);
}
