/* SPDX-License-Identifier: ISC */
/* cli/rehearsal.c - see rehearsal.h. */
#include "cli/rehearsal.h"

#include <uv.h>

struct listing {
	void (*each)(void *ctx, const struct gw_mailbox_info *mailbox);
	void *ctx;
	struct gw_error *err;
	enum gw_code code;
};

static void on_mailbox(void *ctx, const struct gw_mailbox_info *mailbox, const struct gw_error *err)
{
	struct listing *l = ctx;

	if (mailbox != NULL) {
		l->each(l->ctx, mailbox);
	} else if (err != NULL) {
		*l->err = *err;
		l->code = err->code;
	}
}

enum gw_code list_mailboxes(const struct gw_account *account, const struct gw_log *log,
	void (*each)(void *ctx, const struct gw_mailbox_info *mailbox), void *ctx,
	struct gw_error *err)
{
	struct listing l = { .each = each, .ctx = ctx, .err = err };
	struct gw_mailboxes *m = NULL;
	uv_loop_t loop;

	uv_loop_init(&loop);
	l.code = gw_mailboxes_start(&loop, account, log, on_mailbox, &l, &m, err);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	return l.code;
}

struct run {
	const struct rehearsal *r;
	struct gw_sync_counts *sum;
	struct gw_error *err;
	enum gw_code code;
};

static void on_event(void *ctx, const struct gw_sync_event *ev)
{
	struct run *run = ctx;

	switch (ev->type) {
	case GW_SYNC_PLAN:
		run->r->plan(run->r->ctx, ev->mailbox, ev->delta, ev->text);
		break;
	case GW_SYNC_PROBLEM:
		run->r->problem(run->r->ctx, ev->mailbox, ev->err->text);
		break;
	case GW_SYNC_DONE:
		*run->sum = *ev->counts;
		if (ev->err != NULL) {
			*run->err = *ev->err;
			run->code = ev->err->code;
		}
		break;
	case GW_SYNC_STAGE:
	case GW_SYNC_PROGRESS:
	case GW_SYNC_MAILBOX:
	case GW_SYNC_NEW:
	case GW_SYNC_STEP:
	case GW_SYNC_FINDING:
		break;
	}
}

enum gw_code rehearse(const struct gw_account *account, const struct gw_log *log,
	const struct rehearsal *r, struct gw_sync_counts *sum, struct gw_error *err)
{
	const struct gw_sync_options options = { .dry_run = true };
	struct run run = { .r = r, .sum = sum, .err = err };
	struct gw_sync *sync = NULL;
	uv_loop_t loop;

	*sum = (struct gw_sync_counts){ 0 };
	uv_loop_init(&loop);
	run.code = gw_sync_start(&loop, account, &options, log, on_event, &run, &sync, err);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	return run.code;
}
