/* SPDX-License-Identifier: ISC */
/* smtp/reply.c - see reply.h. */
#include "smtp/reply.h"

/* RFC 4954 lets a challenge have 12,288 octets.  A line's text beyond LINE_MAX is dropped, a reply
 * beyond REPLY_MAX ends the connection; people are shown SHOWN_MAX octets of it. */
enum { LINE_MAX = 16384, REPLY_MAX = 1 << 20, SHOWN_MAX = 65536 };

void gw_smtp_reader_init(struct gw_smtp_reader *r)
{
	*r = (struct gw_smtp_reader){ 0 };
	gw_buf_init(&r->line, LINE_MAX);
	gw_buf_init(&r->text, REPLY_MAX);
}

void gw_smtp_reader_deinit(struct gw_smtp_reader *r)
{
	gw_buf_deinit(&r->line);
	gw_buf_deinit(&r->text);
}

/* Reads "d.ddd.ddd" at the head of a line that stands alone there; returns its length, or 0. */
static size_t read_status(struct gw_slice line, unsigned short out[3])
{
	size_t at = 0;

	for (int part = 0; part < 3; part++) {
		size_t digits = 0;
		unsigned n = 0;

		while (at < line.n && line.p[at] >= '0' && line.p[at] <= '9' && digits < 3) {
			n = n * 10 + (unsigned)(line.p[at++] - '0');
			digits++;
		}
		if (digits == 0 || (part == 0 && (digits > 1 || (n != 2 && n != 4 && n != 5))))
			return 0;
		out[part] = (unsigned short)n;
		if (part < 2 && (at == line.n || line.p[at++] != '.'))
			return 0;
	}
	return at == line.n || line.p[at] == ' ' || line.p[at] == '\t' ? at : 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Three digits of a known class, then the end, a blank, or a hyphen. */
static bool read_code(struct gw_slice line, unsigned *code, bool *more)
{
	if (line.n < 3 || line.p[0] < '2' || line.p[0] > '5' || !is_digit(line.p[1]) ||
		!is_digit(line.p[2]))
		return false;
	*code = (unsigned)(line.p[0] - '0') * 100 + (unsigned)(line.p[1] - '0') * 10 +
		(unsigned)(line.p[2] - '0');
	*more = line.n > 3 && line.p[3] == '-';
	return line.n == 3 || line.p[3] == ' ' || line.p[3] == '\t' || *more;
}

/* Text beyond the bound is dropped: it is for people, and the code has been read. */
static enum gw_code keep(struct gw_buf *to, const char *p, size_t n)
{
	size_t room = to->max - to->n;

	return gw_buf_append(to, p, n < room ? n : room);
}

static enum gw_code keep_text(struct gw_smtp_reader *r, struct gw_slice line)
{
	unsigned short status[3] = { 0 };
	size_t skip = line.n > 4 ? 4 : line.n, at;
	enum gw_code code = GW_OK;

	line.p += skip;
	line.n -= skip;
	at = read_status(line, status);
	if (at > 0 && r->lines == 0)
		memcpy(r->status, status, sizeof status);
	if (at > 0 && memcmp(r->status, status, sizeof status) == 0) {
		at += at < line.n; /* the blank behind it */
		line.p += at;
		line.n -= at;
	}
	if (r->lines > 0)
		code = keep(&r->text, "\n", 1);
	for (size_t i = 0; i < line.n && code == GW_OK; i++) {
		unsigned char c = (unsigned char)line.p[i];

		code = keep(&r->text,
			c == '\t'               ? " "
			: c < 0x20 || c == 0x7f ? "?"
						: line.p + i,
			1);
	}
	return code;
}

static void begin_reply(struct gw_smtp_reader *r)
{
	gw_buf_reset(&r->text);
	r->lines = r->bytes = 0;
	memset(r->status, 0, sizeof r->status);
}

static enum gw_code end_line(
	struct gw_smtp_reader *r, gw_smtp_reply_cb *cb, void *ctx, struct gw_error *err)
{
	struct gw_slice line = { gw_buf_cstr(&r->line), r->line.n };
	struct gw_smtp_reply reply = { 0 };
	enum gw_code code;
	bool more;

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (!read_code(line, &reply.code, &more))
		return gw_fail(err, GW_ERR_PROTOCOL, "this is no SMTP reply: %.*s",
			(int)strnlen(line.p, line.n < 80 ? line.n : 80), line.p);
	code = keep_text(r, line);
	gw_buf_reset(&r->line);
	r->lines++;
	if (code != GW_OK)
		return gw_fail(err, code, "out of memory");
	if (more)
		return GW_OK;
	memcpy(reply.status, r->status, sizeof reply.status);
	reply.text = (struct gw_slice){ gw_buf_cstr(&r->text), r->text.n };
	cb(ctx, &reply);
	begin_reply(r);
	return GW_OK;
}

enum gw_code gw_smtp_reader_feed(struct gw_smtp_reader *r, struct gw_slice bytes,
	gw_smtp_reply_cb *cb, void *ctx, struct gw_error *err)
{
	enum gw_code code = GW_OK;

	r->end = bytes.p + bytes.n;
	r->unread = bytes.p;
	while (r->unread < r->end && code == GW_OK) {
		size_t left = (size_t)(r->end - r->unread);
		const char *lf = memchr(r->unread, '\n', left), *from = r->unread;
		size_t n = lf == NULL ? left : (size_t)(lf - from);

		r->bytes += n;
		if (r->bytes > REPLY_MAX)
			return gw_fail(err, GW_ERR_LIMIT, "a reply does not end (over %d bytes)",
				REPLY_MAX);
		if (keep(&r->line, from, n) != GW_OK)
			return gw_fail(err, GW_ERR_NOMEM, "out of memory");
		r->unread += n + (lf != NULL);
		if (lf != NULL)
			code = end_line(r, cb, ctx, err);
	}
	r->unread = r->end = NULL;
	return code;
}

bool gw_smtp_reader_unread(const struct gw_smtp_reader *r)
{
	return r->unread < r->end;
}

bool gw_smtp_reader_begun(const struct gw_smtp_reader *r)
{
	return r->line.n > 0 || r->lines > 0;
}

enum gw_code gw_smtp_reply_format(const struct gw_smtp_reply *reply, struct gw_buf *out)
{
	enum gw_code code = gw_buf_printf(out, "%u", reply->code);

	if (code == GW_OK && reply->status[0] != 0)
		code = gw_buf_printf(
			out, " %u.%u.%u", reply->status[0], reply->status[1], reply->status[2]);
	if (code == GW_OK && reply->text.n > 0)
		code = gw_buf_puts(out, " ");
	for (size_t i = 0; i < reply->text.n && i < SHOWN_MAX && code == GW_OK; i++)
		code = gw_buf_append(out, reply->text.p[i] == '\n' ? " " : reply->text.p + i, 1);
	return code;
}
