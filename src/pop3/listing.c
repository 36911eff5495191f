/* SPDX-License-Identifier: ISC */
/* pop3/listing.c - see listing.h. */
#include "pop3/listing.h"

#include "base/num.h"

enum { LINE_MAX = GW_POP3_UIDL_MAX + 64 };

void gw_pop3_lines_init(struct gw_pop3_lines *l)
{
	*l = (struct gw_pop3_lines){ 0 };
	gw_buf_init(&l->line, LINE_MAX);
}

void gw_pop3_lines_deinit(struct gw_pop3_lines *l)
{
	gw_buf_deinit(&l->line);
}

static enum gw_code end_line(struct gw_pop3_lines *l, gw_pop3_line_cb *cb, void *ctx)
{
	struct gw_slice line = { gw_buf_cstr(&l->line), l->line.n };
	bool whole = !l->too_long;
	enum gw_code code;

	if (whole && line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	code = cb(ctx, line, whole);

	l->too_long = false;
	gw_buf_reset(&l->line);
	return code;
}

enum gw_code gw_pop3_lines_feed(
	struct gw_pop3_lines *l, struct gw_slice bytes, gw_pop3_line_cb *cb, void *ctx)
{
	enum gw_code code = GW_OK;

	while (bytes.n > 0 && code == GW_OK) {
		const char *lf = memchr(bytes.p, '\n', bytes.n);
		size_t n = lf == NULL ? bytes.n : (size_t)(lf - bytes.p);
		size_t room = l->line.max - l->line.n;

		l->too_long |= n > room;
		code = gw_buf_append(&l->line, bytes.p, n > room ? room : n);
		n += lf != NULL;
		bytes.p += n;
		bytes.n -= n;
		if (code == GW_OK && lf != NULL)
			code = end_line(l, cb, ctx);
	}
	return code;
}

static void skip_blanks(struct gw_slice *s)
{
	while (s->n > 0 && (*s->p == ' ' || *s->p == '\t'))
		s->p++, s->n--;
}

/* Cuts the number of a message off, and the blanks behind it. */
static bool read_number(struct gw_slice *line, uint32_t *number)
{
	struct gw_slice digits;

	skip_blanks(line);
	digits = (struct gw_slice){ line->p, 0 };
	while (digits.n < line->n && digits.p[digits.n] >= '0' && digits.p[digits.n] <= '9')
		digits.n++;
	line->p += digits.n;
	line->n -= digits.n;
	if (!gw_read_u32(digits, number) || *number == 0 ||
		(line->n > 0 && *line->p != ' ' && *line->p != '\t'))
		return false;
	skip_blanks(line);
	return true;
}

bool gw_pop3_read_uidl(struct gw_slice line, uint32_t *number, struct gw_slice *uidl)
{
	if (!read_number(&line, number))
		return false;
	*uidl = line;
	if (line.n > GW_POP3_UIDL_MAX)
		uidl->n = 0;
	return true;
}

bool gw_pop3_read_size(struct gw_slice line, uint32_t *number, uint64_t *size)
{
	struct gw_slice digits;

	if (!read_number(&line, number))
		return false;
	digits = (struct gw_slice){ line.p, 0 };
	while (digits.n < line.n && digits.p[digits.n] >= '0' && digits.p[digits.n] <= '9')
		digits.n++;
	if (!gw_read_u64(digits, INT64_MAX, size))
		*size = 0;
	return true;
}
