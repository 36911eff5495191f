/* SPDX-License-Identifier: ISC */
/* pop3/parser.c - see parser.h.
 *
 *   IN_LINE --LF, lines follow--> AT_LINE_START
 *   AT_LINE_START --dot--> BEHIND_DOT   else IN_TEXT
 *   BEHIND_DOT --CR--> BEHIND_DOT_CR --LF--> IN_LINE     BEHIND_DOT --LF--> IN_LINE
 *   BEHIND_DOT, BEHIND_DOT_CR --anything else--> IN_TEXT
 *   IN_TEXT --CR LF--> AT_LINE_START
 *
 * I1  a line ends with CR LF, and an LF alone is text: a message that has one may go on with a dot,
 *     which the server did not take for the beginning of a line.  Only where the server's own first
 *     line ended with LF alone does that end lines.
 * I2  one dot is taken off a line that begins with two.  A line with one dot and something else was
 *     not stuffed, by a server that forgets to, and keeps it.
 */
#include "pop3/parser.h"

/* Drops a line's text beyond LINE_MAX; a line of more than LINE_BYTES ends the connection.  RFC
 * 2449 section 4 allows 512; challenges may be longer. */
enum { LINE_MAX = 16384, LINE_BYTES = 1 << 20 };

void gw_pop3_parser_init(struct gw_pop3_parser *p)
{
	*p = (struct gw_pop3_parser){ 0 };
	gw_buf_init(&p->line, LINE_MAX);
}

void gw_pop3_parser_deinit(struct gw_pop3_parser *p)
{
	gw_buf_deinit(&p->line);
}

bool gw_pop3_parser_unread(const struct gw_pop3_parser *p)
{
	return p->unread > 0;
}

/* --- status lines ---------------------------------------------------------------------------- */

static void tame(char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f)
			text[i] = c == '\t' ? ' ' : '?';
	}
}

/* Takes `word` off the head of the line, if it stands there alone. */
static bool take_word(struct gw_slice *line, const char *word)
{
	size_t n = strlen(word);

	if (!gw_slice_case_starts(*line, word) ||
		(line->n > n && line->p[n] != ' ' && line->p[n] != '\t'))
		return false;
	line->p += n;
	line->n -= n;
	while (line->n > 0 && *line->p == ' ')
		line->p++, line->n--;
	return true;
}

/* Takes "[CODE]" off; a code that is too long is text like any other. */
static void take_code(struct gw_slice *text, char out[static GW_POP3_CODE_MAX])
{
	size_t n = 1;

	out[0] = '\0';
	if (text->n == 0 || *text->p != '[')
		return;
	while (n < text->n && n <= GW_POP3_CODE_MAX && text->p[n] != ']')
		n++;
	if (n == text->n || n > GW_POP3_CODE_MAX - 1)
		return;
	for (size_t i = 1; i < n; i++) {
		char c = text->p[i];

		out[i - 1] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
	}
	out[n - 1] = '\0';
	text->p += n + 1;
	text->n -= n + 1;
	while (text->n > 0 && *text->p == ' ')
		text->p++, text->n--;
}

static enum gw_code end_line(
	struct gw_pop3_parser *p, gw_pop3_piece_cb *cb, void *ctx, struct gw_error *err)
{
	char code[GW_POP3_CODE_MAX] = "";
	struct gw_pop3_piece piece = { .type = GW_POP3_STATUS, .code = code };
	struct gw_slice line;
	bool cr = p->line.n > 0 && p->line.p[p->line.n - 1] == '\r';

	if (!p->knows_ends) {
		p->knows_ends = true;
		p->bare_lf = !cr;
	}
	line = (struct gw_slice){ gw_buf_cstr(&p->line), p->line.n - cr };
	if (p->line.n > 0)
		tame(p->line.p, line.n);
	if (take_word(&line, "+OK"))
		piece.ok = true;
	else if (take_word(&line, "+"))
		piece.type = GW_POP3_CHALLENGE;
	else if (!take_word(&line, "-ERR"))
		return gw_fail(err, GW_ERR_PROTOCOL, "this is no POP3 answer: %.*s",
			(int)(line.n < 80 ? line.n : 80), line.p);
	if (piece.type == GW_POP3_STATUS)
		take_code(&line, code);
	piece.text = line;
	p->state = cb(ctx, &piece) && piece.ok ? GW_POP3_AT_LINE_START : GW_POP3_IN_LINE;
	gw_buf_reset(&p->line);
	p->line_bytes = 0;
	p->after_cr = false;
	return GW_OK;
}

/* Returns how many of the bytes were taken. */
static enum gw_code take_line(struct gw_pop3_parser *p, struct gw_slice in, size_t *taken,
	gw_pop3_piece_cb *cb, void *ctx, struct gw_error *err)
{
	const char *lf = memchr(in.p, '\n', in.n);
	size_t n = lf == NULL ? in.n : (size_t)(lf - in.p), room = p->line.max - p->line.n;
	/* Keep the beginning of a long line, and its last byte, which may be the CR. */
	bool full = n > room;

	*taken = n + (lf != NULL);
	p->unread = in.n - *taken;
	p->line_bytes += n;
	if (p->line_bytes > LINE_BYTES)
		return gw_fail(err, GW_ERR_LIMIT, "an answer's line does not end (over %d bytes)",
			LINE_BYTES);
	if (gw_buf_append(&p->line, in.p, full ? room : n) != GW_OK)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	if (full && n > 0 && p->line.n > 0)
		p->line.p[p->line.n - 1] = in.p[n - 1];
	return lf == NULL ? GW_OK : end_line(p, cb, ctx, err);
}

/* --- the lines that follow ------------------------------------------------------------------- */

static void tell(struct gw_pop3_parser *p, enum gw_pop3_piece_type type, struct gw_slice bytes,
	size_t unread, gw_pop3_piece_cb *cb, void *ctx)
{
	const struct gw_pop3_piece piece = { .type = type, .code = "", .text = bytes };

	p->unread = unread;
	if (type == GW_POP3_END || bytes.n > 0)
		cb(ctx, &piece);
}

/* Takes text up to the end of a line, or all of it. */
static size_t take_text(
	struct gw_pop3_parser *p, struct gw_slice in, gw_pop3_piece_cb *cb, void *ctx)
{
	size_t n = 0;

	while (n < in.n) {
		const char *lf = memchr(in.p + n, '\n', in.n - n);
		size_t at = lf == NULL ? in.n : (size_t)(lf - in.p);
		bool cr = at > n ? in.p[at - 1] == '\r' : p->after_cr;

		n = at + (lf != NULL);
		p->after_cr = lf == NULL && cr;
		if (lf != NULL && (cr || p->bare_lf)) {
			/* Pass on a line that does not begin with a dot in one piece. */
			if (n == in.n || in.p[n] == '.') {
				p->state = GW_POP3_AT_LINE_START;
				break;
			}
		}
	}
	tell(p, GW_POP3_DATA, (struct gw_slice){ in.p, n }, in.n - n, cb, ctx);
	return n;
}

static size_t take_lines(
	struct gw_pop3_parser *p, struct gw_slice in, gw_pop3_piece_cb *cb, void *ctx)
{
	char c = *in.p;

	switch (p->state) {
	case GW_POP3_AT_LINE_START:
		p->state = c == '.' ? GW_POP3_BEHIND_DOT : GW_POP3_IN_TEXT;
		return c == '.';
	case GW_POP3_BEHIND_DOT:
	case GW_POP3_BEHIND_DOT_CR:
		if (c == '\n') {
			p->state = GW_POP3_IN_LINE;
			tell(p, GW_POP3_END, (struct gw_slice){ "", 0 }, in.n - 1, cb, ctx);
			return 1;
		}
		if (c == '\r' && p->state == GW_POP3_BEHIND_DOT) {
			p->state = GW_POP3_BEHIND_DOT_CR;
			return 1;
		}
		if (p->state == GW_POP3_BEHIND_DOT_CR)
			tell(p, GW_POP3_DATA, (struct gw_slice){ ".\r", 2 }, in.n, cb, ctx);
		else if (c != '.') /* I2 */
			tell(p, GW_POP3_DATA, (struct gw_slice){ ".", 1 }, in.n, cb, ctx);
		p->after_cr = p->state == GW_POP3_BEHIND_DOT_CR;
		p->state = GW_POP3_IN_TEXT;
		return 0;
	case GW_POP3_IN_LINE:
	case GW_POP3_IN_TEXT:
		break;
	}
	return take_text(p, in, cb, ctx);
}

enum gw_code gw_pop3_parser_feed(struct gw_pop3_parser *p, struct gw_slice bytes,
	gw_pop3_piece_cb *cb, void *ctx, struct gw_error *err)
{
	enum gw_code code = GW_OK;

	while (bytes.n > 0 && code == GW_OK) {
		size_t n;

		if (p->state == GW_POP3_IN_LINE)
			code = take_line(p, bytes, &n, cb, ctx, err);
		else
			n = take_lines(p, bytes, cb, ctx);
		bytes.p += n;
		bytes.n -= n;
	}
	p->unread = 0;
	return code;
}
