/* SPDX-License-Identifier: ISC */
/* pull/core.c - what every part of a run uses: its state, what it tells, its rows, and how a part goes
 * on.  Calls nothing above itself, but through p->machine.
 */
#include "pull/pull_p.h"

#include "base/show.h"
#include "store/journal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

void pull_enter(struct gw_pull *p, enum pull_state next)
{
	assert(gw_pull_may_follow(p->state, next));
	gw_log(p->log, GW_LOG_DEBUG, "%s: %s -> %s", p->account->name, gw_pull_state_name(p->state),
		gw_pull_state_name(next));
	p->state = next;
}

void pull_emit(struct gw_pull *p, struct gw_sync_event ev)
{
	struct gw_sync_counts counts = p->counts;
	uint64_t received = 0, sent = 0;

	if (p->session != NULL)
		gw_pop3_traffic(p->session, &received, &sent);
	counts.wire_received = p->received + received;
	counts.wire_sent = p->sent + sent;
	ev.counts = &counts;
	p->cb(p->ctx, &ev);
}

void pull_stage(struct gw_pull *p, const char *text)
{
	pull_emit(p, (struct gw_sync_event){ .type = GW_SYNC_STAGE, .text = text });
}

void pull_problem(struct gw_pull *p, const struct gw_error *err)
{
	p->counts.problems++;
	pull_emit(p, (struct gw_sync_event){
			     .type = GW_SYNC_PROBLEM, .mailbox = pull_folder(p), .err = err });
}

void pull_tell_step(struct gw_pull *p, const char *what, const char *text, uint64_t size)
{
	const struct gw_sync_step step = { .what = what, .text = text, .size = size };

	pull_emit(p, (struct gw_sync_event){
			     .type = GW_SYNC_STEP, .mailbox = pull_folder(p), .step = &step });
}

const char *pull_folder(const struct gw_pull *p)
{
	return p->account->pop3.folder != NULL ? p->account->pop3.folder : "INBOX";
}

void pull_describe(const struct gw_pull *p, size_t item, char *out, size_t n)
{
	const struct gw_pull_item *i = &p->items[item];
	struct gw_slice uidl = { i->uidl.p, i->uidl.n < 80 ? i->uidl.n : 80 };
	struct gw_buf shown;

	gw_buf_init(&shown, 1000);
	gw_show(uidl, &shown);
	snprintf(out, n, "message %" PRIu32 "%s%s%s, %" PRIu64 " bytes", i->number,
		uidl.n > 0 ? " (UIDL " : "", gw_buf_cstr(&shown), uidl.n > 0 ? ")" : "", i->size);
	gw_buf_deinit(&shown);
}

void pull_journal(struct gw_pull *p, const char *what, const char *file, const char *text)
{
	const struct gw_journal_entry entry = { .at = (int64_t)time(NULL),
		.mailbox = pull_folder(p),
		.what = what,
		.file = file,
		.text = text };
	struct gw_buf line;
	struct gw_error ignored = { 0 }; /* no decision rests on the log */

	gw_buf_init(&line, 65536);
	if (gw_journal_format(&entry, &line) == GW_OK)
		gw_journal_append(p->journal_path, (struct gw_slice){ line.p, line.n }, &ignored);
	gw_buf_deinit(&line);
}

/* --- rows ------------------------------------------------------------------------------------ */

size_t pull_add_row(struct gw_pull *p, struct gw_slice uidl)
{
	struct gw_pull_row *row =
		gw_array_push((void **)&p->view.rows, &p->view.row_count, &p->row_cap, sizeof *row);
	struct pull_more *more = row == NULL ? NULL
					     : gw_array_push((void **)&p->more, &p->more_count,
						       &p->more_cap, sizeof *more);

	if (more == NULL) {
		p->view.row_count -= row != NULL;
		return GW_PULL_NONE;
	}
	more->id = p->next_id++;
	if (pull_set_uidl(p, p->view.row_count - 1, uidl) != GW_OK) {
		p->view.row_count--;
		p->more_count--;
		return GW_PULL_NONE;
	}
	more->dirty = false;
	return p->view.row_count - 1;
}

enum gw_code pull_set_uidl(struct gw_pull *p, size_t row, struct gw_slice uidl)
{
	char *copy = malloc(uidl.n + 1);

	if (copy == NULL)
		return GW_ERR_NOMEM;
	memcpy(copy, uidl.n > 0 ? uidl.p : "", uidl.n);
	copy[uidl.n] = '\0';
	free(p->more[row].uidl);
	p->more[row].uidl = copy;
	p->more[row].dirty = true;
	p->view.rows[row].uidl = (struct gw_slice){ copy, uidl.n };
	return GW_OK;
}

void pull_set_reason(struct gw_pull *p, size_t row, const char *reason)
{
	free(p->more[row].reason);
	p->more[row].reason = *reason == '\0' ? NULL : strdup(reason); /* words for people only */
	p->more[row].dirty = true;
}

void pull_set_base(struct gw_pull *p, size_t row, char *base)
{
	free(p->more[row].base_name);
	p->more[row].base_name = base;
	p->more[row].dirty = true;
	p->view.rows[row].has_file = base != NULL;
}

void pull_free_rows(struct gw_pull *p)
{
	for (size_t i = 0; i < p->more_count; i++) {
		free(p->more[i].uidl);
		free(p->more[i].base_name);
		free(p->more[i].reason);
	}
	free(p->more);
	free(p->view.rows);
	p->more = NULL;
	p->view.rows = NULL;
	p->more_count = p->more_cap = p->view.row_count = p->row_cap = 0;
}

/* --- going on -------------------------------------------------------------------------------- */

void pull_fail(struct gw_pull *p, const struct gw_error *err)
{
	p->machine->fail(p, err);
}

void pull_fail_nomem(struct gw_pull *p)
{
	struct gw_error err = { 0 };

	gw_fail(&err, GW_ERR_NOMEM, "out of memory");
	pull_fail(p, &err);
}

void pull_lose(struct gw_pull *p, const struct gw_error *err)
{
	p->machine->lose(p, err);
}

void pull_listed(struct gw_pull *p)
{
	p->machine->listed(p);
}

void pull_scanned(struct gw_pull *p)
{
	p->machine->scanned(p);
}

void pull_prepared(struct gw_pull *p)
{
	p->machine->prepared(p);
}

void pull_looked(struct gw_pull *p)
{
	p->machine->looked(p);
}

void pull_got(struct gw_pull *p)
{
	p->machine->got(p);
}

void pull_deleted(struct gw_pull *p)
{
	p->machine->deleted(p);
}

void pull_quitted(struct gw_pull *p, bool ok)
{
	p->machine->quitted(p, ok);
}

void pull_batch_done(struct gw_pull *p)
{
	p->machine->batch_done(p);
}

void pull_finished(struct gw_pull *p)
{
	p->machine->finished(p);
}
