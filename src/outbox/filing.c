/* SPDX-License-Identifier: ISC */
/* outbox/filing.c - see filing.h.  Everything that touches a file runs in the pool, behind the record
 * that says why. */
#include "outbox/filing.h"

#include "base/fs.h"
#include "maildir/name.h"
#include "outbox/memory.h"
#include "outbox/sent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PATH = 4096, HEADER_MAX = 4 << 20, BLOCK = 65536, DAY = 86400 };

struct filing {
	struct gw_sender *sender;         /* borrowed; a job touches what follows only */
	const struct gw_account *account; /* borrowed; outlives the sender */
	struct gw_queue *queue;           /* borrowed; outlives the records */
	struct gw_store *store;           /* borrowed; a job's */
	struct gw_queue_file file;
	struct gw_mail_row row; /* as it will be; strings are these: */
	char id[16];
	char *name, *reason, *message_id, *notice, *notice_id,
		*subject; /* owned; name: the file's */
	int64_t queued_at;
	bool leaves;       /* the outbox, when it is filed */
	bool skip;         /* no copy is needed */
	bool moved;        /* its file is not where it was: the next look finds it */
	char failure[160]; /* why it is not done; empty: it is */
	bool for_good;     /* and will not be */
};

static void free_filing(void *ctx)
{
	struct filing *f = ctx;

	free(f->name);
	free(f->reason);
	free(f->message_id);
	free(f->notice);
	free(f->notice_id);
	free(f->subject);
	free(f);
}

/* The header as it is filed: without the block, with its Bcc line. */
static enum gw_code filed_header(struct gw_slice header, struct gw_buf *out)
{
	enum gw_code code = GW_OK;
	struct gw_field f;

	while (code == GW_OK && gw_field_next(&header, &f)) {
		if (gw_field_is(&f, "X-Godwit-Bcc")) {
			code = gw_buf_puts(out, "Bcc:");
			if (code == GW_OK)
				code = gw_buf_append(out, f.body.p, f.body.n);
			if (code == GW_OK)
				code = gw_buf_puts(out, "\n");
		} else if (!gw_field_stays(&f)) {
			code = gw_buf_append(out, f.raw.p, f.raw.n);
		}
	}
	return code == GW_OK ? gw_buf_puts(out, "\n") : code;
}

/* Reads the header of an open file; *body: where the text begins. */
static enum gw_code read_header(int fd, struct gw_buf *raw, size_t *n, off_t *body)
{
	size_t skip = 0;
	ssize_t got = 1;

	do {
		if (gw_buf_reserve(raw, BLOCK) != GW_OK)
			return GW_ERR_LIMIT;
		got = pread(fd, raw->p + raw->n, BLOCK - 1, (off_t)raw->n);
		raw->n += got > 0 ? (size_t)got : 0;
	} while (got > 0 && !gw_header_end((struct gw_slice){ raw->p, raw->n }, false, n, &skip));
	if (got == 0)
		gw_header_end((struct gw_slice){ raw->p, raw->n }, true, n, &skip);
	*body = (off_t)(*n + skip);
	return got < 0 ? GW_ERR_DISK : GW_OK;
}

static int copy_rest(int from, off_t at, int to)
{
	char block[BLOCK];
	ssize_t n;
	int rc = 0;

	while (rc == 0 && (n = pread(from, block, sizeof block, at)) != 0) {
		rc = n < 0 ? errno : gw_write_all(to, block, (size_t)n);
		at += n > 0 ? n : 0;
	}
	return rc;
}

/* tmp/ -> flushed -> sub/, flushed.  text NULL: what `from` holds behind its header. */
static int put_file(const char *dir, const char *sub, const char *name, const char *info,
	struct gw_slice head, int from, off_t body)
{
	char tmp[PATH], to[PATH], place[PATH];
	struct gw_error err = { 0 };
	int fd, rc;

	if ((size_t)snprintf(tmp, sizeof tmp, "%s/tmp/%s", dir, name) >= sizeof tmp ||
		(size_t)snprintf(to, sizeof to, "%s/%s/%s%s", dir, sub, name, info) >= sizeof to)
		return ENAMETOOLONG;
	snprintf(place, sizeof place, "%s/%s", dir, sub);
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errno;
	rc = gw_write_all(fd, head.p, head.n);
	if (rc == 0 && from >= 0)
		rc = copy_rest(from, body, fd);
	if (rc == 0 && fsync(fd) != 0)
		rc = errno;
	close(fd);
	if (rc == 0 && rename(tmp, to) != 0)
		rc = errno;
	if (rc != 0)
		unlink(tmp);
	else if (gw_fsync_dir(place, &err) != GW_OK)
		rc = EIO;
	return rc;
}

static enum gw_code log_filing(
	struct filing *f, const char *what, const char *answer, struct gw_error *err)
{
	return gw_outbox_db_put_log(f->store,
		&(struct gw_log_row){ .at = (int64_t)time(NULL),
			.id = f->row.id,
			.what = what,
			.answer = answer },
		err);
}

static void fail_with(struct filing *f, int sys)
{
	snprintf(f->failure, sizeof f->failure, "%s", strerror(sys));
}

/* Records what was done as no longer left, and what failed as left, with a log line the first
 * time. */
static enum gw_code record(struct filing *f, unsigned done, const char *what, struct gw_error *err)
{
	enum gw_code code = GW_OK;
	int64_t now = (int64_t)time(NULL);

	if (f->failure[0] != '\0' && f->row.left_tries == 0)
		code = log_filing(f, what, f->failure, err);
	f->row.left &= ~done;
	f->row.left_at = f->failure[0] == '\0' ? 0
					       : gw_outbox_next_try(f->row.left_tries, now,
							 (uint32_t)uv_hrtime());
	f->row.left_tries = f->failure[0] == '\0' ? 0 : f->row.left_tries + 1;
	return code == GW_OK ? gw_outbox_db_put_mail(f->store, &f->row, err) : code;
}

static enum gw_code copy_to_sent(struct filing *f, int fd, const char *dir, struct gw_error *err)
{
	const char info[] = { gw_name_separator(f->account->info_separator), '2', ',', 'S', '\0' };
	enum gw_code code = GW_OK;
	struct gw_buf raw, head;
	char name[64];
	size_t n = 0;
	off_t body = 0;
	int rc = EIO;

	gw_buf_init(&raw, HEADER_MAX);
	gw_buf_init(&head, HEADER_MAX);
	snprintf(name, sizeof name, "%lld.%s.godwit", (long long)time(NULL), f->row.id);
	if (read_header(fd, &raw, &n, &body) == GW_OK &&
		filed_header((struct gw_slice){ raw.p, n }, &head) == GW_OK)
		rc = put_file(
			dir, "cur", name, info, (struct gw_slice){ head.p, head.n }, fd, body);
	if (rc == 0)
		code = log_filing(f, "filed", dir, err);
	else
		fail_with(f, rc);
	gw_buf_deinit(&raw);
	gw_buf_deinit(&head);
	return code;
}

/* Where the copy goes; NULL: nowhere, as failure says.  A tree that is not there may come back. */
static const char *find_sent(struct filing *f, struct gw_sent_mailbox *sent)
{
	gw_sent_find(f->account, sent);
	if (sent->dir != NULL)
		return sent->dir;
	f->for_good = sent->remote == NULL && access(f->account->maildir, F_OK) == 0;
	snprintf(f->failure, sizeof f->failure, "%s",
		f->for_good ? "there is no mailbox for sent mail here"
			    : "the directory of sent mail is not there");
	return NULL;
}

static enum gw_code file_copy(struct filing *f, struct gw_error *err)
{
	int fd = gw_queue_read(f->queue, f->file.place, f->file.name);
	struct gw_sent_mailbox sent = { 0 };
	enum gw_code code = GW_OK;
	const char *dir;

	f->moved = fd < 0 && errno == ENOENT;
	if (fd < 0) {
		fail_with(f, errno);
		return GW_OK;
	}
	dir = find_sent(f, &sent);
	if (dir != NULL && !gw_sent_has(dir, f->message_id, f->queued_at - DAY))
		code = copy_to_sent(f, fd, dir, err);
	gw_sent_deinit(&sent);
	close(fd);
	return code;
}

/* In the pool. */
static enum gw_code file_it(void *ctx, struct gw_error *err)
{
	struct filing *f = ctx;
	enum gw_code code = GW_OK;
	bool over;

	f->failure[0] = '\0';
	if (!f->skip)
		code = file_copy(f, err);
	if (f->moved)
		return GW_OK;
	over = f->failure[0] == '\0' || f->for_good;
	if (code == GW_OK && !(over && f->leaves))
		return record(f, over ? GW_LEFT_COPY : 0, "not-filed", err);
	if (code == GW_OK && f->for_good)
		code = log_filing(f, "not-filed", f->failure, err);
	/* The next look finds it gone, and forgets it. */
	return code == GW_OK ? gw_queue_remove(f->queue, &f->file, err) : code;
}

/* Reports a failure, back on the loop, the first time. */
static void tell_failure(struct filing *f, const char *what)
{
	char *text = NULL;

	if (f->failure[0] == '\0' || f->moved || (f->row.left_tries > 1 && !f->for_good) ||
		asprintf(&text, "the %s mail %s (%s) cannot be written: %s%s", what, f->row.id,
			f->subject != NULL ? f->subject : "no subject", f->failure,
			f->for_good ? "" : "; it is tried again") < 0)
		return;
	sender_tell(f->sender, GW_SENDER_PROBLEM, NULL, NULL, text);
	free(text);
}

static void on_filed(void *ctx, const struct gw_error *err)
{
	if (err == NULL)
		tell_failure(ctx, "copy in Sent of");
}

static struct filing *new_filing(struct gw_sender *s, const struct gw_queued *m)
{
	struct filing *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	*f = (struct filing){ .sender = s,
		.account = s->account,
		.queue = s->queue,
		.store = s->store,
		.file = m->file,
		.row = gw_queued_row(m),
		.queued_at = m->item.queued_at };
	memcpy(f->id, m->item.id, sizeof f->id);
	f->row.id = f->id;
	f->row.reason = f->reason = gw_copy_str(m->reason);
	f->message_id = gw_copy_str(m->message_id);
	f->subject = gw_copy_str(m->subject);
	f->file.name = f->name = strdup(m->file.name);
	if (f->name == NULL || (f->reason == NULL && m->reason != NULL)) {
		free_filing(f);
		return NULL;
	}
	return f;
}

bool gw_filing_is_wanted(const struct gw_sender *s, const struct gw_queued *m)
{
	const struct gw_smtp_account *smtp = &s->account->smtp;

	return s->account->maildir != NULL && s->account->protocol == GW_PROTOCOL_IMAP &&
	       smtp->sent != GW_SENT_NO && !(smtp->sent == GW_SENT_AUTO && s->provider->files) &&
	       m->message_id != NULL;
}

void gw_filing_queue(struct gw_sender *s, const struct gw_queued *m, bool is_there)
{
	struct filing *f = new_filing(s, m);

	if (f == NULL)
		return;
	f->leaves = m->item.sent_at != 0;
	f->skip = is_there || !gw_filing_is_wanted(s, m);
	gw_records_work(s->records, file_it, free_filing, f);
	gw_records_wait(s->records, on_filed, f);
}

/* --- notices -------------------------------------------------------------------------------- */

static enum gw_code put_refused(const struct gw_queued *m, bool for_people, struct gw_buf *out)
{
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < m->item.to_count && code == GW_OK; i++) {
		const struct gw_item_to *to = &m->item.to[i];
		const char *answer = to->answer != NULL ? to->answer : "refused";

		if (to->fate != GW_FATE_REFUSED)
			continue;
		if (for_people)
			code = gw_buf_printf(out, "  %s\n      ", to->address);
		else
			code = gw_buf_printf(out,
				"\nFinal-Recipient: rfc822; %s\nAction: failed\nStatus: 5.0.0\n"
				"Diagnostic-Code: smtp; ",
				to->address);
		for (const char *p = answer; *p != '\0' && code == GW_OK;
			p++) /* lines of its own */
			code = gw_buf_append(out, *p == '\n' ? " " : p, 1);
		if (code == GW_OK)
			code = gw_buf_puts(out, "\n");
	}
	return code;
}

enum gw_code gw_notice_format(const struct gw_queued *m, struct gw_slice header, const char *date,
	const char *id, struct gw_buf *out)
{
	struct gw_field f;
	enum gw_code code = gw_buf_printf(out,
		"From: Mail Delivery System (godwit) <MAILER-DAEMON@localhost>\nTo: <%s>\n"
		"Subject: Not sent: ",
		m->sender);

	if (code == GW_OK)
		code = gw_buf_puts(out, m->subject != NULL ? m->subject : "(no subject)");
	if (code == GW_OK)
		code = gw_buf_printf(out,
			"\nDate: %s\nMessage-ID: %s\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
			"Content-Type: multipart/report; report-type=delivery-status;\n"
			" boundary=\"godwit-%s\"\n\n"
			"--godwit-%s\nContent-Type: text/plain; charset=utf-8\n"
			"Content-Transfer-Encoding: 8bit\n\n"
			"Your mail was not sent to these people; everyone else that it names gets it:\n\n",
			date, id, m->item.id, m->item.id);
	if (code == GW_OK)
		code = put_refused(m, true, out);
	if (code == GW_OK)
		code = gw_buf_printf(out,
			"\nIt waits in the outbox. `godwit outbox send %s` tries again, an edit there makes "
			"it new,\n`godwit outbox drop %s` gives it up.\n\n"
			"--godwit-%s\nContent-Type: message/delivery-status\n\n"
			"Reporting-MTA: dns; localhost\n",
			m->item.id, m->item.id, m->item.id);
	if (code == GW_OK)
		code = put_refused(m, false, out);
	if (code == GW_OK)
		code = gw_buf_printf(
			out, "\n--godwit-%s\nContent-Type: text/rfc822-headers\n\n", m->item.id);
	while (code == GW_OK && gw_field_next(&header, &f)) {
		if (!gw_field_stays(&f))
			code = gw_buf_append(out, f.raw.p, f.raw.n);
	}
	return code == GW_OK ? gw_buf_printf(out, "\n--godwit-%s--\n", m->item.id) : code;
}

/* True for what is a notice itself: answering it would never end. */
static bool is_automatic(struct gw_slice header)
{
	struct gw_field f;

	while (gw_field_next(&header, &f)) {
		if (gw_field_is(&f, "Auto-Submitted") &&
			memmem(f.body.p, f.body.n, "auto-replied", 12) != NULL)
			return true;
	}
	return false;
}

/* Writes the notice, unless one that a cut left in doubt is found. */
static void write_notice(struct filing *f)
{
	char inbox[PATH], name[80];
	int rc;

	snprintf(inbox, sizeof inbox, "%s%s", f->account->maildir,
		f->account->layout == GW_LAYOUT_MAILDIRPP ? "" : "/INBOX");
	f->failure[0] = '\0';
	if (gw_sent_has(inbox, f->notice_id, f->row.decided_at - DAY))
		return;
	snprintf(name, sizeof name, "%lld.%s.godwit-notice", (long long)time(NULL), f->row.id);
	rc = put_file(inbox, "new", name, "", gw_slice_str(f->notice), -1, 0);
	if (rc != 0)
		fail_with(f, rc);
}

/* In the pool.  It is in `new/` for good before the state says so; a user who holds it has seen it. */
static enum gw_code refuse_it(void *ctx, struct gw_error *err)
{
	struct filing *f = ctx;
	enum gw_code code = GW_OK;

	if (f->moved)
		return GW_OK;
	if (f->notice != NULL && f->notice_id != NULL)
		write_notice(f);
	if (!f->file.held && (f->row.left & GW_LEFT_SHOW))
		code = gw_queue_move(f->queue, &f->file, GW_QUEUE_NEW, false, err);
	if (code == GW_OK)
		code = gw_queue_flush(f->queue, err);
	return code != GW_OK
		       ? code
		       : record(f, GW_LEFT_SHOW | (f->failure[0] == '\0' ? GW_LEFT_NOTICE : 0),
				 "no-notice", err);
}

static void on_refused(void *ctx, const struct gw_error *err)
{
	if (err == NULL)
		tell_failure(ctx, "notice about");
}

static void format_date(char out[64])
{
	time_t now = time(NULL);
	struct tm tm = { 0 };

	gmtime_r(&now, &tm);
	snprintf(out, 64, "%d %s %d %02d:%02d:%02d +0000", tm.tm_mday,
		(const char *const[]){ "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
			"Sep", "Oct", "Nov", "Dec" }[tm.tm_mon % 12],
		tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

bool gw_notice_is_wanted(const struct gw_sender *s, const struct gw_queued *m)
{
	return s->account->maildir != NULL && s->account->smtp.bounce && m->sender[0] != '\0';
}

/* Leaves it empty for what is one itself. */
static void make_notice(struct filing *f, const struct gw_queued *m)
{
	int fd = gw_queue_read(f->queue, m->file.place, m->file.name);
	char date[64], id[96];
	struct gw_buf raw, out;
	size_t n = 0;
	off_t body;

	gw_buf_init(&raw, HEADER_MAX);
	gw_buf_init(&out, HEADER_MAX);
	format_date(date);
	snprintf(id, sizeof id, "<%s.%lld.notice@localhost>", m->item.id,
		(long long)m->item.decided_at);
	f->moved = fd < 0 && errno == ENOENT;
	if (fd < 0 || read_header(fd, &raw, &n, &body) != GW_OK) {
		fail_with(f, fd < 0 ? errno : EIO);
	} else if (!is_automatic((struct gw_slice){ raw.p, n })) {
		if (gw_notice_format(m, (struct gw_slice){ raw.p, n }, date, id, &out) == GW_OK)
			f->notice = strdup(gw_buf_cstr(&out));
		f->notice_id = strdup(id);
		if (f->notice == NULL || f->notice_id == NULL)
			fail_with(f, ENOMEM);
	}
	if (fd >= 0)
		close(fd);
	gw_buf_deinit(&raw);
	gw_buf_deinit(&out);
}

void gw_notice_queue(struct gw_sender *s, const struct gw_queued *m)
{
	struct filing *f = new_filing(s, m);

	if (f == NULL)
		return;
	if ((m->item.left & GW_LEFT_NOTICE) && gw_notice_is_wanted(s, m))
		make_notice(f, m);
	gw_records_work(s->records, refuse_it, free_filing, f);
	gw_records_wait(s->records, on_refused, f);
}
