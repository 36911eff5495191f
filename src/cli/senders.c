/* SPDX-License-Identifier: ISC */
/* cli/senders.c - see senders.h. */
#include "cli/senders.h"

#include "cli/errors.h"

#include <stdlib.h>
#include <uv.h>

enum { AT_ONCE_MS = 100, AGAIN_MS = 5000, FAILED_MS = 60000 };

struct one {
	struct one *next;
	struct senders *all;
	const struct gw_account *account;
	const struct hook_commands *commands;
	struct gw_sender_options options;
	struct gw_sender *sender; /* frees itself; NULL: another process has the lock */
	enum gw_code told;        /* what keeps it from starting; GW_OK: nothing */
	uv_timer_t again;
};

struct senders {
	uv_loop_t *loop;
	const struct gw_log *log;
	struct hooks *hooks;
	void (*ended)(void *ctx);
	void *ctx;
	struct one *list; /* owned */
	bool forever, stopping;
	int status;
};

struct senders *senders_new(uv_loop_t *loop, const struct gw_log *log, struct hooks *hooks,
	bool forever, void (*ended)(void *ctx), void *ctx)
{
	struct senders *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	*s = (struct senders){ .loop = loop,
		.log = log,
		.hooks = hooks,
		.forever = forever,
		.ended = ended,
		.ctx = ctx };
	return s;
}

static void on_closed(uv_handle_t *handle)
{
	struct one *one = handle->data;
	struct senders *s = one->all;
	struct one **at = &s->list;

	while (*at != one)
		at = &(*at)->next;
	*at = one->next;
	free(one);
	if (s->list == NULL && s->ended != NULL)
		s->ended(s->ctx);
}

static void end(struct one *one)
{
	if (!uv_is_closing((uv_handle_t *)&one->again))
		uv_close((uv_handle_t *)&one->again, on_closed);
}

static void start(struct one *one);

static void on_again(uv_timer_t *timer)
{
	start(timer->data);
}

/* Restarts a sender whose disk failed, perhaps only for now, or whose directory was replaced. */
static void start_again(struct one *one, const struct gw_error *err)
{
	bool moved = err != NULL && err->code == GW_ERR_CANCELLED;

	if (err != NULL)
		gw_log(one->all->log, GW_LOG_WARN, "%s: sending: %s", one->account->name,
			err->text);
	uv_timer_start(&one->again, on_again, moved ? AT_ONCE_MS : FAILED_MS, 0);
}

static void on_event(void *ctx, const struct gw_sender_event *ev)
{
	struct one *one = ctx;
	struct senders *s = one->all;
	const char *name = one->account->name;

	switch (ev->type) {
	case GW_SENDER_SENDING:
	case GW_SENDER_LATER:
		break;
	case GW_SENDER_ACCEPTED:
		gw_log(s->log, GW_LOG_INFO, "%s: sent %s: %s", name, ev->id, ev->text);
		hooks_sent(s->hooks, one->account, one->commands, ev->id, ev->subject);
		break;
	case GW_SENDER_REFUSED:
		gw_log(s->log, GW_LOG_WARN, "%s: mail %s was refused for %s: %s", name, ev->id,
			ev->address, ev->text);
		break;
	case GW_SENDER_DOUBT:
		gw_log(s->log, GW_LOG_WARN, "%s: whether mail %s was sent is not known: %s", name,
			ev->id, ev->text);
		break;
	case GW_SENDER_PROBLEM:
		gw_log(s->log, GW_LOG_WARN, "%s: sending: %s", name, ev->text);
		break;
	case GW_SENDER_DONE:
		if (ev->err != NULL && exit_status(ev->err) > s->status)
			s->status = exit_status(ev->err);
		if (ev->counts->needs_user > 0 && s->status == 0)
			s->status = 1;
		one->sender = NULL;
		if (s->forever && !s->stopping)
			start_again(one, ev->err);
		else
			end(one);
		break;
	}
}

static void start(struct one *one)
{
	struct senders *s = one->all;
	struct gw_error err = { 0 };
	enum gw_code code = gw_sender_start(
		s->loop, one->account, &one->options, s->log, on_event, one, &one->sender, &err);

	if (code != one->told && code != GW_OK && code != GW_ERR_LOCKED && s->forever)
		gw_log(s->log, GW_LOG_WARN, "%s: sending: %s", one->account->name, err.text);
	one->told = code;
	if (code == GW_OK)
		return;
	if (s->forever) {
		uv_timer_start(&one->again, on_again, AGAIN_MS, 0);
		return;
	}
	if (code != GW_ERR_LOCKED) /* else somebody sends it */
		complain(one->account->name, NULL, &err);
	end(one);
}

bool senders_add(
	struct senders *s, const struct gw_account *account, const struct hook_commands *commands)
{
	struct one *one;

	if (!gw_account_sends(account) || account->smtp.send == GW_SEND_MANUAL ||
		(!s->forever && !gw_outbox_exists(account)) ||
		(one = calloc(1, sizeof *one)) == NULL)
		return false;
	*one = (struct one){ .all = s, .account = account, .commands = commands, .next = s->list };
	one->options.forever = s->forever;
	uv_timer_init(s->loop, &one->again);
	one->again.data = one;
	s->list = one;
	start(one);
	return true;
}

void senders_stop(struct senders *s)
{
	s->stopping = true;
	for (struct one *one = s->list; one != NULL; one = one->next) {
		if (one->sender != NULL)
			gw_sender_stop(one->sender);
		else
			end(one);
	}
}

int senders_status(const struct senders *s)
{
	return s->status;
}

void senders_free(struct senders *s)
{
	free(s);
}
