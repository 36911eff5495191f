/* SPDX-License-Identifier: ISC */
/* outbox/submit.c - takes a mail in: reads it, chooses the account, makes it durable.  See
 * godwit/outbox.h.
 *
 * Nothing is queued unless everything went well, and then it is on disk: the file is written in tmp/,
 * flushed, renamed into cur/, and cur/ is flushed.
 */
#include "godwit/outbox.h"

#include "base/fs.h"
#include "maildir/crlf.h"
#include "outbox/draft.h"
#include "outbox/memory.h"
#include "outbox/queue.h"
#include "smtp/command.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum { HEADER_MAX = 1 << 20, WRITTEN_MAX = 4 * HEADER_MAX, BLOCK = 65536, DATE = 48 };

struct intake {
	const struct gw_submission *s;
	const struct gw_account *account;
	struct gw_buf head; /* what was read before the choice: the header, and some of the body */
	size_t header_n, body_at;
	bool ended; /* everything was read */
	struct gw_draft draft;
	struct gw_envelope envelope;
	struct gw_text_check check;
	uint64_t size; /* octets on the wire */
	struct gw_error *err;
};

bool gw_account_sends(const struct gw_account *account)
{
	return account->smtp.host != NULL;
}

static enum gw_code read_some(struct intake *in, char *p, size_t n, size_t *got)
{
	ssize_t r;

	do
		r = read(in->s->fd, p, n);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return gw_fail_sys(in->err, GW_ERR_DISK, errno, "the mail cannot be read");
	*got = (size_t)r;
	in->ended = r == 0;
	return GW_OK;
}

static enum gw_code read_header(struct intake *in)
{
	size_t skip = 0, got = 0, mbox;
	enum gw_code code;

	for (;;) {
		struct gw_slice all = { gw_buf_cstr(&in->head), in->head.n };
		const char *lf = all.n >= 5 && memcmp(all.p, "From ", 5) == 0
					 ? memchr(all.p, '\n', all.n)
					 : NULL;

		mbox = lf == NULL ? 0 : (size_t)(lf - all.p) + 1;
		if ((all.n >= 5 || in->ended) &&
			!(lf == NULL && all.n >= 5 && memcmp(all.p, "From ", 5) == 0 &&
				!in->ended) &&
			gw_header_end((struct gw_slice){ all.p + mbox, all.n - mbox }, in->ended,
				&in->header_n, &skip))
			break;
		if (gw_buf_reserve(&in->head, BLOCK) != GW_OK)
			return gw_fail(in->err, GW_ERR_REFUSED,
				"the header of the mail does not end (over %d KB)",
				HEADER_MAX >> 10);
		code = read_some(in, in->head.p + in->head.n, BLOCK - 1, &got);
		if (code != GW_OK)
			return code;
		in->head.n += got;
	}
	in->header_n += mbox;
	in->body_at = in->header_n + skip;
	if (in->head.n == 0)
		return gw_fail(in->err, GW_ERR_REFUSED, "the mail is empty");
	return GW_OK;
}

/* The length of the longest pattern of the account's that the address matches; 0: none does. */
static size_t matches(const struct gw_account *a, const char *address)
{
	size_t best = 0;

	for (size_t i = 0; i < a->smtp.from_count; i++) {
		size_t n = strlen(a->smtp.from[i]);

		if (n > best && gw_address_matches(a->smtp.from[i], address))
			best = n;
	}
	return best;
}

static enum gw_code choose_named(struct intake *in, const struct gw_account *accounts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(accounts[i].name, in->s->account) != 0)
			continue;
		in->account = &accounts[i];
		return gw_account_sends(in->account)
			       ? GW_OK
			       : gw_fail(in->err, GW_ERR_CONFIG,
					 "account \"%s\" does not send: it has no smtp-host",
					 in->s->account);
	}
	return gw_fail(
		in->err, GW_ERR_CONFIG, "the configuration has no account \"%s\"", in->s->account);
}

static enum gw_code choose(struct intake *in, const struct gw_account *accounts, size_t count,
	char *note, size_t note_size)
{
	const struct gw_draft *d = &in->draft;
	const char *address = d->sender.count > 0   ? d->sender.list[0]
			      : d->author.count > 0 ? d->author.list[0]
						    : NULL;
	const struct gw_account *only = NULL;
	size_t best = 0, senders = 0;

	if (in->s->account != NULL)
		return choose_named(in, accounts, count);
	for (size_t i = 0; i < count; i++) {
		size_t n = address == NULL || !gw_account_sends(&accounts[i])
				   ? 0
				   : matches(&accounts[i], address);

		senders += gw_account_sends(&accounts[i]);
		only = gw_account_sends(&accounts[i]) ? &accounts[i] : only;
		if (n > best) {
			best = n;
			in->account = &accounts[i];
		}
	}
	if (in->account != NULL)
		return GW_OK;
	if (senders == 0)
		return gw_fail(in->err, GW_ERR_CONFIG,
			"no account sends mail: give one of them smtp-host (godwit(5))");
	if (senders > 1)
		return gw_fail(in->err, GW_ERR_CONFIG,
			"no account says that it sends for %s; add from = {\"%s\"} to the one that does, "
			"or name it with -a",
			address != NULL ? address : "a mail without From",
			address != NULL ? address : "me@example.org");
	in->account = only;
	if (address != NULL)
		snprintf(note, note_size,
			"%s is not an address of account \"%s\", the only one that sends; add it to "
			"its `from`, or the server may refuse it",
			address, only->name);
	return GW_OK;
}

/* Returns the address from which missing fields are made. */
static const char *own_address(const struct intake *in)
{
	const struct gw_smtp_account *smtp = &in->account->smtp;

	if (in->draft.author.count > 0)
		return in->draft.author.list[0];
	if (in->draft.sender.count > 0)
		return in->draft.sender.list[0];
	for (size_t i = 0; i < smtp->from_count; i++) {
		if (strchr(smtp->from[i], '*') == NULL)
			return smtp->from[i];
	}
	return NULL;
}

static enum gw_code fill_envelope(struct intake *in)
{
	struct gw_envelope *e = &in->envelope;
	const struct gw_submission *s = in->s;
	const char *own = own_address(in);
	unsigned notify = 0;
	enum gw_code code = gw_queue_new_id(e->id, in->err);

	if (code != GW_OK)
		return code;
	if (own == NULL)
		return gw_fail(in->err, GW_ERR_CONFIG,
			"the mail has no From, and account \"%s\" has no address to put there; add "
			"from = {\"me@example.org\"}",
			in->account->name);
	if (s->notify != NULL && !gw_smtp_read_notify(s->notify, &notify))
		return gw_fail(in->err, GW_ERR_REFUSED,
			"-N %s: it is never, or some of "
			"success,failure,delay",
			s->notify);
	if (s->envid != NULL && !gw_envid_ok(s->envid))
		return gw_fail(in->err, GW_ERR_REFUSED,
			"-V %.40s: it is up to 100 visible characters, without blanks", s->envid);
	e->sender = strdup(in->draft.empty_path         ? ""
			   : in->draft.sender.count > 0 ? in->draft.sender.list[0]
							: own);
	e->ret = s->ret == NULL ? NULL : strdup(strcasecmp(s->ret, "full") == 0 ? "FULL" : "HDRS");
	e->envid = gw_copy_str(s->envid);
	if (e->sender == NULL || (s->ret != NULL && e->ret == NULL))
		return gw_fail(in->err, GW_ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < in->draft.to.count && code == GW_OK; i++)
		code = gw_envelope_add(e, in->draft.to.list[i], notify);
	return code == GW_OK ? GW_OK : gw_fail(in->err, code, "out of memory");
}

/* RFC 5322 3.3, whatever the locale is. */
static void format_date(time_t at, char out[DATE])
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec" };
	struct tm tm = { 0 };
	long off;

	localtime_r(&at, &tm);
	off = tm.tm_gmtoff / 60;
	snprintf(out, DATE, "%s, %d %s %d %02d:%02d:%02d %c%02ld%02ld", days[tm.tm_wday % 7],
		tm.tm_mday, months[tm.tm_mon % 12], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
		tm.tm_sec, off < 0 ? '-' : '+', labs(off) / 60, labs(off) % 60);
}

/* "name <address>", the name quoted. */
static enum gw_code put_from(const struct intake *in, struct gw_buf *out)
{
	const char *name = in->s->full_name;
	enum gw_code code = GW_OK;

	if (name == NULL || name[0] == '\0')
		return gw_buf_puts(out, own_address(in));
	code = gw_buf_puts(out, "\"");
	for (; *name != '\0' && code == GW_OK; name++) {
		if ((unsigned char)*name < 0x20)
			continue;
		if (*name == '"' || *name == '\\')
			code = gw_buf_puts(out, "\\");
		if (code == GW_OK)
			code = gw_buf_append(out, name, 1);
	}
	return code == GW_OK ? gw_buf_printf(out, "\" <%s>", own_address(in)) : code;
}

static enum gw_code make_header(struct intake *in, struct gw_buf *out)
{
	char date[DATE], random[2 * GW_OUTBOX_ID + 2], id[400];
	const char *domain = strrchr(own_address(in), '@');
	struct gw_buf from;
	enum gw_code code = gw_queue_new_id(random, in->err);

	if (code == GW_OK)
		code = gw_queue_new_id(random + GW_OUTBOX_ID, in->err);
	if (code != GW_OK)
		return code;
	gw_buf_init(&from, 4096);
	format_date(time(NULL), date);
	snprintf(id, sizeof id, "<%s%s>", random, domain);
	code = put_from(in, &from);
	if (code == GW_OK)
		code = gw_draft_write((struct gw_slice){ in->head.p, in->header_n }, &in->draft,
			&in->envelope, gw_buf_cstr(&from), date, id, out);
	if (code == GW_OK)
		code = gw_buf_puts(out, "\n");
	gw_buf_deinit(&from);
	return code == GW_OK ? GW_OK : gw_fail(in->err, code, "the header of the mail is too long");
}

static enum gw_code write_piece(
	struct intake *in, int fd, struct gw_crlf *crlf, struct gw_slice piece)
{
	char out[BLOCK + 1];
	size_t n;
	int rc;

	if (gw_text_check(&in->check, piece, in->err) != GW_OK)
		return in->err->code;
	n = gw_crlf_convert(crlf, piece, out);
	for (size_t i = 0; i < n; i++)
		in->size += out[i] == '\n' ? 2 : 1;
	rc = gw_write_all(fd, out, n);
	return rc == 0 ? GW_OK : gw_fail_sys(in->err, GW_ERR_DISK, rc, "cannot write the mail");
}

/* The body, from what was read ahead and then from the caller. */
static enum gw_code copy_body(struct intake *in, int fd)
{
	struct gw_crlf crlf = { 0 };
	enum gw_code code = GW_OK;
	char piece[BLOCK];
	size_t got = 0;

	for (size_t at = in->body_at; at < in->head.n && code == GW_OK; at += got) {
		got = in->head.n - at < sizeof piece ? in->head.n - at : sizeof piece;
		code = write_piece(in, fd, &crlf, (struct gw_slice){ in->head.p + at, got });
	}
	while (code == GW_OK && !in->ended) {
		code = read_some(in, piece, sizeof piece, &got);
		if (code == GW_OK && got > 0)
			code = write_piece(in, fd, &crlf, (struct gw_slice){ piece, got });
	}
	return code == GW_OK ? gw_text_check_end(&in->check, in->err) : code;
}

/* Checks against what the server said last time: a mail that cannot go is refused while its author
 * is still there. */
static enum gw_code check_server(struct intake *in)
{
	struct gw_memory_server server;

	gw_memory_server_read(in->account, &server);
	if (!server.known)
		return GW_OK;
	if (server.size > 0 && in->size > server.size)
		return gw_fail(in->err, GW_ERR_REFUSED,
			"the mail has %llu bytes, and %s takes no more than %llu",
			(unsigned long long)in->size, in->account->smtp.host,
			(unsigned long long)server.size);
	if (!server.utf8 && gw_address_is_utf8(in->envelope.sender))
		return gw_fail(in->err, GW_ERR_REFUSED, "%s: %s takes no addresses beyond ASCII",
			in->envelope.sender, in->account->smtp.host);
	for (size_t i = 0; i < in->draft.to.count && !server.utf8; i++) {
		if (gw_address_is_utf8(in->draft.to.list[i]))
			return gw_fail(in->err, GW_ERR_REFUSED,
				"%s: %s takes no addresses beyond ASCII", in->draft.to.list[i],
				in->account->smtp.host);
	}
	return GW_OK;
}

static enum gw_code write_mail(struct intake *in, int fd)
{
	const struct gw_slice header = { in->head.p, in->header_n };
	struct gw_buf out;
	enum gw_code code = gw_text_check(&in->check, header, in->err);
	int rc;

	gw_buf_init(&out, WRITTEN_MAX);
	if (code == GW_OK)
		code = make_header(in, &out);
	in->check.n = 0;
	in->check.line += in->body_at > in->header_n;
	in->size = out.n;
	if (code == GW_OK && (rc = gw_write_all(fd, out.p, out.n)) != 0)
		code = gw_fail_sys(in->err, GW_ERR_DISK, rc, "cannot write the mail");
	gw_buf_deinit(&out);
	if (code == GW_OK)
		code = copy_body(in, fd);
	return code == GW_OK ? check_server(in) : code;
}

static enum gw_code store(struct intake *in)
{
	struct gw_queue *queue;
	char path[4096];
	enum gw_code code;
	int fd = -1;

	gw_memory_path(in->account, ".outbox", path, sizeof path);
	code = gw_queue_open(path, &queue, in->err);
	if (code != GW_OK)
		return code;
	code = gw_queue_begin(queue, in->envelope.id, &fd, in->err);
	if (code == GW_OK) {
		code = write_mail(in, fd);
		if (code == GW_OK)
			code = gw_queue_commit(
				queue, in->envelope.id, (int64_t)time(NULL), fd, false, in->err);
		close(fd);
		if (code != GW_OK)
			gw_queue_drop_new(queue, in->envelope.id);
	}
	gw_queue_close(queue);
	return code;
}

enum gw_code gw_outbox_submit(const struct gw_account *accounts, size_t count,
	const struct gw_submission *submission, struct gw_submitted *out, struct gw_error *err)
{
	struct intake in = { .s = submission, .err = err };
	const struct gw_draft_wishes wishes = { .sender = submission->sender,
		.recipients = submission->recipients,
		.recipient_count = submission->recipient_count,
		.from_header = submission->from_header };
	enum gw_code code;

	*out = (struct gw_submitted){ 0 };
	gw_buf_init(&in.head, HEADER_MAX + BLOCK);
	code = read_header(&in);
	if (code == GW_OK)
		code = gw_draft_read(
			(struct gw_slice){ in.head.p, in.header_n }, &wishes, &in.draft, err);
	if (code == GW_OK)
		code = choose(&in, accounts, count, out->note, sizeof out->note);
	if (code == GW_OK) {
		in.check.long_lines = in.account->smtp.long_lines;
		code = fill_envelope(&in);
	}
	if (code == GW_OK)
		code = store(&in);
	if (code == GW_OK) {
		out->account = in.account;
		snprintf(out->id, sizeof out->id, "%s", in.envelope.id);
	}
	gw_envelope_deinit(&in.envelope);
	gw_draft_deinit(&in.draft);
	gw_buf_deinit(&in.head);
	return code;
}
