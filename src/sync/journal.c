/* SPDX-License-Identifier: ISC */
/* sync/journal.c - reports each step of a run at -v, and writes it to the account's log
 * (store/journal.h) before it begins; part of sync_p.h.
 */
#include "sync/sync_p.h"

#include "maildir/name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct journal_job {
	struct gw_disk_job job;
	struct gw_sync *sync;
	struct gw_buf lines; /* owned */
	struct gw_error err;
};

/* True if the step is kept.  Flags change by the thousand and lose nothing: they are only
 * reported. */
static bool is_kept(const struct gw_sync_step *step)
{
	return strncmp(step->what, "flags-", strlen("flags-")) != 0 && !step->repeated;
}

void gw_sync_log_step(struct gw_sync *s, const char *mailbox, const struct gw_sync_step *step)
{
	char *base = step->file == NULL ? NULL : gw_slice_dup(gw_name_split(step->file).base);
	const struct gw_journal_entry entry = { .at = (int64_t)time(NULL),
		.mailbox = mailbox,
		.what = step->what,
		.uid = step->uid,
		.file = base,
		.id = step->id,
		.text = step->text };

	gw_log(s->log, GW_LOG_INFO, "%s: %s: %s", s->account->name, mailbox, step->text);
	if (is_kept(step) && gw_journal_format(&entry, &s->journal) != GW_OK)
		s->journal_skipped++; /* more than the log may hold, or out of memory */
	free(base);
}

static void work_journal(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct journal_job *j = (struct journal_job *)job;

	(void)world;
	gw_journal_append(
		j->sync->journal_path, (struct gw_slice){ j->lines.p, j->lines.n }, &j->err);
}

static void on_written(struct gw_disk_job *job)
{
	struct journal_job *j = (struct journal_job *)job;
	struct gw_sync *s = j->sync;

	/* Mail matters more than its log: the run goes on. */
	if (j->err.code != GW_OK && !s->journal_failed)
		gw_log(s->log, GW_LOG_WARN, "%s: %s", s->account->name, j->err.text);
	s->journal_failed |= j->err.code != GW_OK;
	gw_buf_deinit(&j->lines);
	free(j);
	gw_sync_pump(s);
}

void gw_sync_write_journal(struct gw_sync *s)
{
	struct journal_job *j = s->journal.n == 0 ? NULL : calloc(1, sizeof *j);

	if (s->journal_skipped > 0)
		gw_log(s->log, GW_LOG_WARN, "%s: %zu more steps did not fit into the log",
			s->account->name, s->journal_skipped);
	s->journal_skipped = 0;
	if (j == NULL)
		return;
	*j = (struct journal_job){
		.job = { .work = work_journal, .done = on_written }, .sync = s, .lines = s->journal
	};
	gw_buf_init(&s->journal, GW_JOURNAL_MAX);
	gw_disk_submit(&s->disk, &j->job);
}
