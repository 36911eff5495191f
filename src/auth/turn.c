/* SPDX-License-Identifier: ISC */
/* auth/turn.c - see turn.h; also gw_asking_listen() of godwit/auth.h.
 *
 *   WAITING --no other has begun--> CALLED --from the loop--> BEGUN --gw_turn_end()--> gone
 *
 * Where nobody sits at a terminal one that hangs keeps the others for a while only.
 */
#include "auth/turn.h"

#include "godwit/auth.h"
#include "net/delay.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 15000 };

enum state { WAITING, CALLED, BEGUN };

struct gw_turn {
	struct gw_turn *next;
	enum state state;
	bool overdue; /* it has begun long ago, and keeps nobody any more */
	uv_loop_t *loop;
	char *what;             /* owned */
	struct gw_delay *delay; /* owned; CALLED: its call, BEGUN: until it is overdue */
	void (*cb)(void *ctx);
	void *ctx;
};

/* A person has one keyboard, whatever loops there are. */
static _Thread_local struct {
	struct gw_turn *first; /* those who came first, first */
	gw_asking_cb *listener;
	void *ctx;
} queue;

static void tell(const char *what, bool well)
{
	if (queue.listener != NULL)
		queue.listener(queue.ctx, what, well);
}

static void call_next(void);

static void on_overdue(void *ctx)
{
	struct gw_turn *t = ctx;

	t->delay = NULL;
	t->overdue = true;
	call_next();
}

static void on_turn(void *ctx)
{
	struct gw_turn *t = ctx;

	t->delay = NULL;
	t->state = BEGUN;
	if (!isatty(STDIN_FILENO)) /* without that memory the others wait for its end */
		gw_delay_start(t->loop, PATIENCE_MS, on_overdue, t, &t->delay);
	tell(t->what, true);
	t->cb(t->ctx);
}

static void call_next(void)
{
	struct gw_turn *t = queue.first;

	while (t != NULL && t->state != WAITING) {
		if (!t->overdue)
			return;
		t = t->next;
	}
	if (t != NULL && gw_delay_start(t->loop, 0, on_turn, t, &t->delay) == GW_OK)
		t->state = CALLED;
}

enum gw_code gw_turn_take(uv_loop_t *loop, const char *what, void (*cb)(void *ctx), void *ctx,
	struct gw_turn **out, struct gw_error *err)
{
	struct gw_turn *t = calloc(1, sizeof *t), **end;

	*out = NULL;
	if (t == NULL || (t->what = strdup(what)) == NULL) {
		free(t);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	t->loop = loop;
	t->cb = cb;
	t->ctx = ctx;
	for (end = &queue.first; *end != NULL; end = &(*end)->next)
		;
	*end = t;
	*out = t;
	call_next();
	if (queue.first == t && t->state == WAITING) {
		gw_turn_end(out, false);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	return GW_OK;
}

/* Returns what the listener should show: the command that has its turn; NULL: none. */
static const char *who_asks(void)
{
	const struct gw_turn *t = queue.first;

	while (t != NULL && t->state != BEGUN)
		t = t->next;
	return t == NULL ? NULL : t->what;
}

void gw_turn_end(struct gw_turn **turn, bool well)
{
	struct gw_turn *t = *turn, **at;
	bool begun;

	*turn = NULL;
	if (t == NULL)
		return;
	begun = t->state == BEGUN;
	for (at = &queue.first; *at != t; at = &(*at)->next)
		;
	*at = t->next;
	gw_delay_cancel(&t->delay);
	free(t->what);
	free(t);
	if (begun)
		tell(who_asks(), well);
	call_next();
}

void gw_asking_listen(gw_asking_cb *cb, void *ctx)
{
	queue.listener = cb;
	queue.ctx = ctx;
}
