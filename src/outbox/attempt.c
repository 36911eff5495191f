/* SPDX-License-Identifier: ISC */
/* outbox/attempt.c - one transaction: a mail goes to some of its recipients.
 *
 *   prepared in the pool -> given to the session -> leaving: on record -> its end is settled
 *
 * I1  before the last bytes leave, the recipients' fate is "in doubt" on disk; a sender that is killed
 *     leaves exactly those in doubt that may have got the mail.
 * I2  the file is opened once; what is sent is that file as it was then, and only while it stands in
 *     the outbox and is not held.
 */
#include "outbox/address.h"
#include "outbox/sender_p.h"
#include "smtp/text.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_MAX = 4 << 20, BLOCK = 65536, LONGEST = 998 };

static void free_attempt(struct attempt *a)
{
	for (size_t i = 0; a->answers != NULL && i < a->to_count; i++)
		free(a->answers[i]);
	if (a->fd >= 0)
		close(a->fd);
	gw_buf_deinit(&a->head);
	free(a->which);
	free(a->to);
	free(a->codes);
	free(a->verdicts);
	free(a->answers);
	free(a);
}

/* Takes it out of the sender, and frees it. */
static void attempt_end(struct attempt *a)
{
	struct attempt **at = &a->sender->attempts;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	a->over = true;
	if (!a->recording)
		free_attempt(a);
}

/* Reads the header, and keeps what leaves of it. */
static enum gw_code filter_header(struct attempt *a)
{
	size_t n = 0, skip = 0;
	struct gw_slice rest;
	struct gw_field f;
	struct gw_buf raw;
	ssize_t got = 1;
	enum gw_code code = GW_OK;

	gw_buf_init(&raw, HEADER_MAX);
	do {
		code = gw_buf_reserve(&raw, BLOCK);
		got = code != GW_OK ? -1 : pread(a->fd, raw.p + raw.n, BLOCK - 1, (off_t)raw.n);
		raw.n += got > 0 ? (size_t)got : 0;
	} while (got > 0 && !gw_header_end((struct gw_slice){ raw.p, raw.n }, false, &n, &skip));
	if (got < 0)
		code = gw_fail(&a->err, GW_ERR_DISK, "the mail cannot be read");
	else if (got == 0)
		gw_header_end((struct gw_slice){ raw.p, raw.n }, true, &n, &skip);
	rest = (struct gw_slice){ raw.p, n };
	while (code == GW_OK && gw_field_next(&rest, &f)) {
		if (!gw_field_stays(&f))
			code = gw_buf_append(&a->head, f.raw.p, f.raw.n);
	}
	if (code == GW_OK)
		code = gw_buf_puts(&a->head, "\n");
	a->body_at = (int64_t)(n + skip);
	gw_buf_deinit(&raw);
	return code;
}

static size_t read_on(struct attempt *a, char *p, size_t n)
{
	size_t left = a->head.n - a->head_at;
	ssize_t got;

	if (left > 0) {
		n = n < left ? n : left;
		memcpy(p, a->head.p + a->head_at, n);
		a->head_at += n;
		return n;
	}
	got = pread(a->fd, p, n, a->body_at);
	if (got < 0)
		return SIZE_MAX;
	a->body_at += got;
	return (size_t)got;
}

/* Converts everything once in advance, so that no surprise comes in the middle of the text. */
static void measure(struct attempt *a)
{
	struct gw_smtp_text text = { 0 };
	int64_t body_at = a->body_at;
	char block[8192];
	struct gw_buf out;
	size_t n = 0;

	gw_buf_init(&out, 4 * sizeof block);
	while (!text.bad && (n = read_on(a, block, sizeof block)) > 0 && n != SIZE_MAX) {
		gw_buf_reset(&out);
		gw_smtp_text_put(&text, (struct gw_slice){ block, n }, &out);
	}
	gw_buf_reset(&out);
	gw_smtp_text_end(&text, &out);
	gw_buf_deinit(&out);
	a->head_at = 0;
	a->body_at = body_at;
	a->envelope.size = text.size;
	a->envelope.eight_bit = text.eight_bit;
	if (n == SIZE_MAX)
		gw_fail(&a->err, GW_ERR_DISK, "the mail cannot be read");
	else if (text.bad)
		gw_fail(&a->err, GW_ERR_REFUSED,
			"the mail has a CR without LF, or a NUL, which no server may take: edit it");
	else if (text.longest > LONGEST && !a->sender->account->smtp.long_lines)
		gw_fail(&a->err, GW_ERR_REFUSED,
			"the mail has a line of over 998 octets: have it encoded, or set long-lines = "
			"\"send\"");
}

/* True if the file is the one whose recipients were read. */
static bool is_as_loaded(int fd, const struct gw_queue_file *f)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_size == f->size &&
	       (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec == f->mtime_ns;
}

static void prepare(uv_work_t *request)
{
	struct attempt *a = request->data;
	const struct gw_queue_file *f = &a->mail->file;

	a->fd = gw_queue_read(a->sender->queue, f->place, f->name);
	if (a->fd < 0 || !is_as_loaded(a->fd, f)) {
		gw_fail(&a->err, GW_ERR_CANCELLED, "the file is not there any more, or was edited");
		return;
	}
	if (filter_header(a) != GW_OK) {
		gw_fail(&a->err, GW_ERR_DISK, "the mail cannot be read");
		return;
	}
	measure(a);
}

static size_t on_read(void *ctx, char *p, size_t n)
{
	return read_on(ctx, p, n);
}

static void on_recipient(void *ctx, size_t i, const struct gw_smtp_reply *reply)
{
	struct attempt *a = ctx;
	struct gw_buf line;

	a->codes[i] = reply->code;
	a->verdicts[i] = gw_verdict_of(GW_SMTP_AT_RCPT, reply);
	gw_buf_init(&line, 1 << 20);
	gw_smtp_reply_format(reply, &line);
	free(a->answers[i]);
	a->answers[i] = strdup(gw_buf_cstr(&line));
	gw_buf_deinit(&line);
}

static bool on_wanted(void *ctx)
{
	struct attempt *a = ctx;

	return !a->sender->stopping &&
	       gw_queue_wanted(a->sender->queue, a->mail->file.place, a->mail->file.name, a->fd);
}

static void on_recorded(void *ctx, const struct gw_error *err)
{
	struct attempt *a = ctx;

	a->recording = false;
	if (a->over) { /* the connection was faster */
		free_attempt(a);
		return;
	}
	gw_smtp_leave(a->message, err == NULL);
}

/* I1 */
static void on_leaving(void *ctx)
{
	struct attempt *a = ctx;
	struct gw_sender *s = a->sender;
	struct gw_mail_row row;

	for (size_t i = 0; i < a->to_count; i++)
		gw_records_fate(s->records, &(struct gw_fate_row){ .id = a->mail->item.id,
						    .address = a->to[i].address,
						    .fate = GW_FATE_DOUBT });
	a->mail->leaving = true;
	row = gw_queued_row(a->mail);
	gw_records_mail(s->records, &row);
	a->recorded = a->recording = true;
	gw_records_commit(s->records, on_recorded, a);
}

static void on_done(void *ctx, const struct gw_smtp_outcome *outcome)
{
	struct attempt *a = ctx;
	struct gw_sender *s = a->sender;
	bool lost = outcome->end == GW_SMTP_GONE || outcome->end == GW_SMTP_DOUBT;

	if (outcome->muddled)
		memset(a->codes, 0, a->to_count * sizeof *a->codes);
	settle_attempt(a, outcome);
	attempt_end(a);
	if (!lost) /* else the session tells that next, and why the account pauses */
		s->step(s);
}

static const struct gw_smtp_handlers handlers = { .read = on_read,
	.recipient = on_recipient,
	.leaving = on_leaving,
	.wanted = on_wanted,
	.done = on_done };

/* Ends an attempt that was not given to the session, as if nothing had been. */
static void give_up(struct attempt *a, enum gw_smtp_end end)
{
	const struct gw_smtp_outcome outcome = {
		.end = end, .stage = GW_SMTP_AT_CONNECT, .err = &a->err
	};
	struct gw_sender *s = a->sender;

	settle_attempt(a, &outcome);
	attempt_end(a);
	s->step(s);
}

/* The session ends with this mail, unless something else has come to be sent. */
static bool is_last(const struct attempt *a)
{
	return a->alone && a->sender->attempts == a && a->next == NULL && !a->sender->dirty;
}

static void give_to_session(struct attempt *a)
{
	struct gw_sender *s = a->sender;
	struct gw_smtp_handlers h = handlers;

	h.ctx = a;
	a->given = true;
	a->last = s->spent = is_last(a);
	if (a->err.code == GW_ERR_CANCELLED) {
		give_up(a, GW_SMTP_WITHDRAWN);
	} else if (a->err.code != GW_OK) {
		give_up(a, GW_SMTP_UNSUITABLE);
	} else if (s->session == NULL ||
		   (a->last ? gw_smtp_send_last : gw_smtp_send)(s->session, &a->envelope, a->to,
			   a->to_count, &h, &a->message) != GW_OK) {
		gw_fail(&a->err, GW_ERR_NET, "the connection was lost");
		give_up(a, GW_SMTP_GONE);
	} else {
		sender_tell(s, GW_SENDER_SENDING, a->mail, NULL, NULL);
	}
}

/* In the order in which they were started, whichever was prepared first: the plan's order. */
static struct attempt *next_to_give(const struct gw_sender *s)
{
	struct attempt *oldest = NULL;

	for (struct attempt *a = s->attempts; a != NULL; a = a->next)
		oldest = a->given ? oldest : a;
	return oldest != NULL && oldest->prepared ? oldest : NULL;
}

static void on_prepared(uv_work_t *request, int status)
{
	struct attempt *a = request->data;
	struct gw_sender *s = a->sender;

	(void)status;
	a->prepared = true;
	while ((a = next_to_give(s)) != NULL)
		give_to_session(a);
}

static void fill(struct attempt *a)
{
	struct gw_item *item = &a->mail->item;
	size_t n = 0;

	a->envelope.address = a->mail->sender;
	a->envelope.ret = a->mail->ret;
	a->envelope.envid = a->mail->envid;
	a->envelope.utf8 = gw_address_is_utf8(a->mail->sender);
	for (size_t i = 0; i < item->to_count && n < a->to_count; i++) {
		if (!gw_item_to_is_due(&item->to[i]))
			continue;
		item->to[i].under_way = true;
		item->to[i].next = false;
		a->which[n] = i;
		a->to[n++] = (struct gw_smtp_recipient){ item->to[i].address, item->to[i].notify };
		a->envelope.utf8 |= gw_address_is_utf8(item->to[i].address);
	}
	a->to_count = n;
}

bool attempt_start(struct gw_sender *s, struct gw_queued *mail, size_t to_count)
{
	struct attempt *a = calloc(1, sizeof *a);

	if (a == NULL)
		return false;
	*a = (struct attempt){ .sender = s, .mail = mail, .fd = -1, .to_count = to_count };
	a->which = calloc(to_count, sizeof *a->which);
	a->to = calloc(to_count, sizeof *a->to);
	a->codes = calloc(to_count, sizeof *a->codes);
	a->verdicts = calloc(to_count, sizeof *a->verdicts);
	a->answers = calloc(to_count, sizeof *a->answers);
	gw_buf_init(&a->head, HEADER_MAX);
	if (a->which == NULL || a->to == NULL || a->codes == NULL || a->verdicts == NULL ||
		a->answers == NULL) {
		free_attempt(a);
		return false;
	}
	fill(a);
	mail->item.sending = mail->item.tried = true;
	a->next = s->attempts;
	s->attempts = a;
	a->request.data = a;
	uv_queue_work(s->loop, &a->request, prepare, on_prepared);
	return true;
}
