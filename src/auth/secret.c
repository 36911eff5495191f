/* SPDX-License-Identifier: ISC */
/* auth/secret.c - see secret.h.
 *
 *   WAITING --its turn--> RUNNING --ended--> done
 *           --cancelled--> CANCELLED --from the loop--> done
 */
#include "auth/secret.h"

#include "auth/turn.h"
#include "base/locked.h"
#include "net/delay.h"
#include "net/proc.h"

#include <stdio.h>
#include <stdlib.h>

enum { TIMEOUT_MS = 120000 }; /* a person may have to type a pass phrase */

struct gw_secret {
	uv_loop_t *loop;
	const struct gw_runner *runner;
	char *command; /* owned */
	struct gw_turn *turn;
	struct gw_proc *proc;   /* frees itself; NULL: it does not run yet */
	struct gw_delay *later; /* owned */
	const char *key;
	gw_secret_cb *cb;
	void *ctx;
};

static void end(struct gw_secret *s, const char *password, const struct gw_error *err)
{
	gw_turn_end(&s->turn, err == NULL);
	s->cb(s->ctx, password, err);
	gw_delay_cancel(&s->later);
	free(s->command);
	free(s);
}

static void on_output(void *ctx, struct gw_slice output, const struct gw_error *err)
{
	struct gw_secret *s = ctx;
	struct gw_error local = { 0 };
	char *password = NULL;
	size_t n = 0;

	if (err != NULL) {
		local = *err;
		if (local.code != GW_ERR_CANCELLED)
			local.code = GW_ERR_SECRET;
		gw_error_context(&local, "%s gave nothing", s->key);
	} else {
		while (n < output.n && output.p[n] != '\n' && output.p[n] != '\r')
			n++;
		password = gw_locked_slice((struct gw_slice){ output.p, n });
		if (n == 0 || password == NULL)
			gw_fail(&local, GW_ERR_SECRET,
				"%s printed nothing; run it in a shell to see why", s->key);
	}
	end(s, local.code == GW_OK ? password : NULL, local.code == GW_OK ? NULL : &local);
	gw_locked_free(password);
}

static void on_turn(void *ctx)
{
	struct gw_secret *s = ctx;
	struct gw_error err = { 0 };

	if (gw_proc_start(s->loop, s->runner, s->command, NULL, TIMEOUT_MS, on_output, s, &s->proc,
		    &err) != GW_OK)
		end(s, NULL, &err);
}

enum gw_code gw_secret_start(uv_loop_t *loop, const char *command, const char *key,
	const struct gw_account *account, gw_secret_cb *cb, void *ctx, struct gw_secret **out,
	struct gw_error *err)
{
	struct gw_secret *s = calloc(1, sizeof *s);
	char what[200];
	enum gw_code code;

	*out = NULL;
	if (s == NULL || (s->command = strdup(command)) == NULL) {
		free(s);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	s->loop = loop;
	s->runner = account->runner;
	s->key = key;
	s->cb = cb;
	s->ctx = ctx;
	snprintf(what, sizeof what, "%s: waiting for %s", account->name, key);
	code = gw_turn_take(loop, what, on_turn, s, &s->turn, err);
	if (code != GW_OK) {
		free(s->command);
		free(s);
		return code;
	}
	*out = s;
	return GW_OK;
}

static void on_cancelled(void *ctx)
{
	struct gw_secret *s = ctx;
	struct gw_error err = { 0 };

	s->later = NULL;
	gw_fail(&err, GW_ERR_CANCELLED, "cancelled");
	end(s, NULL, &err);
}

void gw_secret_cancel(struct gw_secret *s)
{
	if (s->proc != NULL) {
		gw_proc_cancel(s->proc);
		return;
	}
	gw_turn_end(&s->turn, false);
	if (s->later == NULL)
		gw_delay_start(s->loop, 0, on_cancelled, s, &s->later);
}
