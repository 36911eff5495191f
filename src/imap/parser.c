/* SPDX-License-Identifier: ISC */
/* imap/parser.c - see parser.h.
 *
 * Framing only: it finds where responses and literals end, response.c understands them.
 *
 *   LINE --CRLF--> response delivered --> LINE
 *   LINE --{n}CRLF--> LITERAL_MEMORY | LITERAL_BODY --n bytes--> LINE (of the same response)
 */
#include "imap/parser.h"

#include "base/num.h"

#include <stdlib.h>

enum state { LINE, LITERAL_MEMORY, LITERAL_BODY, BROKEN };
enum { STRAYS_MAX = 16 };

struct gw_parser {
	enum state state;
	struct gw_parser_limits limits;
	struct gw_parser_sink sink;
	struct gw_buf text; /* the response so far; streamed literals only with their header */
	size_t segment;     /* offset in text where the current line of the response began */
	uint64_t literal_left;
	struct gw_streamed *streamed; /* owned */
	size_t streamed_count, streamed_cap;
	size_t unread;
	unsigned strays; /* lines that belong to no response */
	bool spoke;      /* a response was understood */
	bool torn; /* one that held a literal was not: what follows may be the literal's rest */
	struct gw_response response; /* too large for the stack of every feed */
};

const struct gw_parser_limits gw_parser_default_limits = {
	.line_bytes = 8 << 20,
	.search_chunk_bytes = 65536,
};

struct gw_parser *gw_parser_new(
	const struct gw_parser_limits *limits, const struct gw_parser_sink *sink)
{
	struct gw_parser *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->limits = *limits;
	p->sink = *sink;
	gw_buf_init(&p->text, limits->line_bytes);
	return p;
}

void gw_parser_free(struct gw_parser *p)
{
	if (p == NULL)
		return;
	gw_buf_deinit(&p->text);
	free(p->streamed);
	free(p);
}

size_t gw_parser_unread(const struct gw_parser *p)
{
	return p->unread;
}

static void emit_body(struct gw_parser *p, const struct gw_body_event *ev)
{
	p->sink.body(p->sink.ctx, ev);
}

static void inline_body(void *ctx, struct gw_slice section, struct gw_slice value)
{
	struct gw_parser *p = ctx;

	emit_body(p, &(struct gw_body_event){ .type = GW_BODY_BEGIN,
			     .size = value.n,
			     .section = section,
			     .origin = GW_NO_ORIGIN });
	if (value.n > 0)
		emit_body(p, &(struct gw_body_event){ .type = GW_BODY_DATA, .data = value });
	emit_body(p, &(struct gw_body_event){ .type = GW_BODY_END });
}

/* A line that is no response, between two that are: some servers let one slip, and it harms nobody.
 * Before the first response, or where a literal may have been cut short, it says that this is no
 * IMAP, or none any more. */
static enum gw_code pass_over(struct gw_parser *p, struct gw_error *err)
{
	if (p->spoke && !p->torn && ++p->strays <= STRAYS_MAX)
		return GW_OK;
	return gw_fail(err, GW_ERR_PROTOCOL, "the server does not speak IMAP: it sent \"%.60s\"",
		gw_buf_cstr(&p->text));
}

static enum gw_code deliver(struct gw_parser *p, size_t length, struct gw_error *err)
{
	struct gw_cursor c = { .p = p->text.p,
		.end = p->text.p + length,
		.start = p->text.p,
		.streamed = p->streamed,
		.streamed_count = p->streamed_count };
	enum gw_code code = GW_OK;

	if (length == 0)
		return GW_OK; /* an empty line between responses harms nobody */
	if (!gw_response_parse(&c, &p->response, inline_body, p) &&
		p->response.type != GW_RESP_OTHER)
		return GW_ERR_BUG;
	if (p->response.type == GW_RESP_OTHER && p->text.p[0] != '*')
		code = pass_over(p, err);
	if (code != GW_OK)
		return code;
	p->spoke |= p->response.type != GW_RESP_OTHER;
	p->torn |= p->response.type == GW_RESP_OTHER && p->streamed_count > 0;
	p->sink.response(p->sink.ctx, &p->response);
	return GW_OK;
}

/* True if "{n}" at the end of a line of this response announces a literal.  The free text of OK,
 * NO, BAD, BYE and of "+" may end like that and mean nothing. */
static bool may_hold_literals(struct gw_slice text)
{
	static const char *const plain[] = { "OK ", "NO ", "BAD ", "BYE ", "PREAUTH " };

	if (text.n < 2 || text.p[0] != '*' || text.p[1] != ' ')
		return false;
	text.p += 2;
	text.n -= 2;
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		if (gw_slice_case_starts(text, plain[i]))
			return false;
	}
	return true;
}

/* If the line ends in {n} or {n+}, returns its size and the offset of the brace.  A quoted string
 * cannot hold the CRLF, so a quote open there is part of an atom. */
static bool literal_header(struct gw_slice line, uint64_t *size, size_t *brace)
{
	size_t i = line.n;
	struct gw_slice digits;

	if (line.n < 3 || line.p[line.n - 1] != '}')
		return false;
	while (i > 0 && line.p[i - 1] != '{')
		i--;
	if (i == 0)
		return false;
	digits = (struct gw_slice){ line.p + i, line.n - 1 - i };
	if (digits.n > 0 && digits.p[digits.n - 1] == '+')
		digits.n--;
	*brace = i - 1;
	if (*brace > 0 && strchr(" (~]>", line.p[*brace - 1]) == NULL)
		return false; /* the end of an atom */
	return gw_read_u64(digits, INT64_MAX, size);
}

/* The section of the BODY[...] item whose value starts at the end of before; false: no body. */
static bool body_section(struct gw_slice before, struct gw_slice *section, uint64_t *origin)
{
	size_t end = before.n, open;

	if (end > 0 && before.p[end - 1] == '~')
		end--;
	while (end > 0 && before.p[end - 1] == ' ')
		end--;
	*section = (struct gw_slice){ "", 0 };
	*origin = GW_NO_ORIGIN;
	if (end > 0 && before.p[end - 1] == '>') { /* BODY[]<0> */
		size_t close = end - 1;

		while (end > 0 && before.p[end - 1] != ']')
			end--;
		if (end + 1 >= close ||
			!gw_read_u64((struct gw_slice){ before.p + end + 1, close - end - 1 },
				INT64_MAX, origin))
			*origin = GW_NO_ORIGIN;
	}
	if (end > 0 && before.p[end - 1] == ']') {
		for (open = end - 1; open > 0 && before.p[open - 1] != '['; open--)
			;
		if (open == 0)
			return false;
		*section = (struct gw_slice){ before.p + open, end - 1 - open };
		before.n = open - 1;
		return (before.n >= 4 &&
			       gw_slice_case_eq(
				       (struct gw_slice){ before.p + before.n - 4, 4 }, "BODY")) ||
		       (before.n >= 6 &&
			       gw_slice_case_eq(
				       (struct gw_slice){ before.p + before.n - 6, 6 }, "BINARY"));
	}
	if (end >= 13 &&
		gw_slice_case_eq((struct gw_slice){ before.p + end - 13, 13 }, "RFC822.HEADER")) {
		*section = gw_slice_str("HEADER");
		return true;
	}
	return end >= 6 && gw_slice_case_eq((struct gw_slice){ before.p + end - 6, 6 }, "RFC822");
}

static void end_body(struct gw_parser *p)
{
	p->state = LINE;
	emit_body(p, &(struct gw_body_event){ .type = GW_BODY_END });
}

/* text ends in the header of a literal whose brace is at offset.  Only its own line is searched for
 * a section: each byte of a response of many literals is looked at once. */
static enum gw_code begin_literal(
	struct gw_parser *p, uint64_t size, size_t offset, struct gw_error *err)
{
	struct gw_slice before = { p->text.p + p->segment, offset - p->segment }, section;
	uint64_t origin;
	enum gw_code code;

	if (body_section(before, &section, &origin)) {
		struct gw_streamed *mark = gw_array_push((void **)&p->streamed, &p->streamed_count,
			&p->streamed_cap, sizeof *p->streamed);

		if (mark == NULL)
			return gw_fail(err, GW_ERR_NOMEM, "out of memory");
		mark->offset = offset;
		p->state = LITERAL_BODY;
		p->literal_left = size;
		emit_body(p, &(struct gw_body_event){ .type = GW_BODY_BEGIN,
				     .size = size,
				     .section = section,
				     .origin = origin });
		code = gw_buf_puts(&p->text, "\r\n");
		if (size == 0)
			end_body(p);
	} else {
		if (size > p->limits.line_bytes)
			return gw_fail(err, GW_ERR_LIMIT,
				"the server announced a string of %llu bytes where a short one "
				"belongs",
				(unsigned long long)size);
		code = gw_buf_puts(&p->text, "\r\n");
		p->state = size > 0 ? LITERAL_MEMORY : LINE;
		p->literal_left = size;
	}
	p->segment = p->text.n;
	if (code != GW_OK)
		gw_fail(err, code, "a response of the server is too long");
	return code;
}

/* Handles a text that ends in LF: the response is complete, or a literal follows. */
static enum gw_code end_line(struct gw_parser *p, struct gw_error *err)
{
	size_t length = p->text.n - 1, brace;
	struct gw_slice line;
	uint64_t size;
	enum gw_code code;

	if (length > p->segment && p->text.p[length - 1] == '\r')
		length--;
	line = (struct gw_slice){ p->text.p + p->segment, length - p->segment };
	if (literal_header(line, &size, &brace) &&
		may_hold_literals((struct gw_slice){ p->text.p, length })) {
		p->text.n = length;
		return begin_literal(p, size, p->segment + brace, err);
	}
	p->text.p[length] = '\0';
	code = deliver(p, length, err);
	gw_buf_reset(&p->text);
	p->segment = 0;
	p->streamed_count = 0;
	return code;
}

/* Hands the first part of a long SEARCH answer on, so that it need not be held whole. */
static enum gw_code split_search(struct gw_parser *p, struct gw_error *err)
{
	static const char head[] = "* SEARCH ";
	size_t cut = p->text.n;
	enum gw_code code;
	char *rest;

	if (p->text.n < p->limits.search_chunk_bytes ||
		!gw_slice_case_starts((struct gw_slice){ p->text.p, p->text.n }, head))
		return GW_OK;
	while (cut > sizeof head && p->text.p[cut - 1] != ' ')
		cut--;
	if (cut <= sizeof head)
		return GW_OK;
	rest = strndup(p->text.p + cut, p->text.n - cut);
	if (rest == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	code = deliver(p, cut - 1, err);
	gw_buf_reset(&p->text);
	if (code == GW_OK)
		code = gw_buf_puts(&p->text, head);
	if (code == GW_OK)
		code = gw_buf_puts(&p->text, rest);
	free(rest);
	return code;
}

static enum gw_code feed_line(struct gw_parser *p, struct gw_slice *in, struct gw_error *err)
{
	const char *lf = memchr(in->p, '\n', in->n);
	size_t take = lf == NULL ? in->n : (size_t)(lf - in->p) + 1;
	enum gw_code code = gw_buf_append(&p->text, in->p, take);

	in->p += take;
	in->n -= take;
	p->unread = in->n;
	if (code != GW_OK)
		return gw_fail(err, code, "a response of the server is longer than %zu bytes",
			p->limits.line_bytes);
	return lf != NULL ? end_line(p, err) : split_search(p, err);
}

static enum gw_code feed_literal(struct gw_parser *p, struct gw_slice *in, struct gw_error *err)
{
	size_t take = in->n < p->literal_left ? in->n : (size_t)p->literal_left;
	struct gw_slice part = { in->p, take };
	enum gw_code code = GW_OK;

	in->p += take;
	in->n -= take;
	p->literal_left -= take;
	if (p->state == LITERAL_MEMORY) {
		code = gw_buf_append(&p->text, part.p, part.n);
		if (code != GW_OK)
			return gw_fail(err, code,
				"a response of the server is longer than %zu bytes",
				p->limits.line_bytes);
		p->segment = p->text.n;
		if (p->literal_left == 0)
			p->state = LINE;
		return GW_OK;
	}
	emit_body(p, &(struct gw_body_event){ .type = GW_BODY_DATA, .data = part });
	if (p->literal_left == 0)
		end_body(p);
	return GW_OK;
}

enum gw_code gw_parser_feed(struct gw_parser *p, struct gw_slice in, struct gw_error *err)
{
	enum gw_code code = GW_OK;

	if (p->state == BROKEN)
		return gw_fail(err, GW_ERR_PROTOCOL, "the connection is out of step");
	while (in.n > 0 && code == GW_OK)
		code = p->state == LINE ? feed_line(p, &in, err) : feed_literal(p, &in, err);
	p->unread = 0;
	if (code != GW_OK)
		p->state = BROKEN;
	return code;
}
