/* SPDX-License-Identifier: ISC */
/* smtp/text.c - see text.h. */
#include "smtp/text.h"

static void note_line(struct gw_smtp_text *t)
{
	if (t->line > t->longest)
		t->longest = t->line;
	t->line = 0;
	t->in_line = false;
}

static enum gw_code put_line_end(struct gw_smtp_text *t, struct gw_buf *out)
{
	note_line(t);
	t->size += 2;
	return gw_buf_append(out, "\r\n", 2);
}

/* Bytes of one line, without its end. */
static enum gw_code put_run(struct gw_smtp_text *t, struct gw_slice run, struct gw_buf *out)
{
	enum gw_code code = GW_OK;

	if (run.n == 0)
		return GW_OK;
	if (t->stuff && !t->in_line && run.p[0] == '.')
		code = gw_buf_append(out, ".", 1);
	for (size_t i = 0; i < run.n; i++) {
		t->eight_bit |= (unsigned char)run.p[i] > 127;
		t->bad |= run.p[i] == '\0';
	}
	t->in_line = true;
	t->line += run.n;
	t->size += run.n;
	return code != GW_OK ? code : gw_buf_append(out, run.p, run.n);
}

enum gw_code gw_smtp_text_put(struct gw_smtp_text *t, struct gw_slice in, struct gw_buf *out)
{
	const char *end = in.p + in.n;
	enum gw_code code = GW_OK;

	while (in.p < end && code == GW_OK) {
		const char *run = in.p;

		if (t->after_cr && *in.p != '\n') {
			t->bad = true; /* the caller gives up; nothing else may follow from it */
			t->after_cr = false;
		}
		while (in.p < end && *in.p != '\n' && *in.p != '\r')
			in.p++;
		code = put_run(t, (struct gw_slice){ run, (size_t)(in.p - run) }, out);
		if (in.p == end || code != GW_OK)
			break;
		t->after_cr = *in.p == '\r';
		if (*in.p++ == '\n')
			code = put_line_end(t, out);
	}
	return code;
}

enum gw_code gw_smtp_text_end(struct gw_smtp_text *t, struct gw_buf *out)
{
	t->bad |= t->after_cr;
	t->after_cr = false;
	return t->in_line ? put_line_end(t, out) : GW_OK;
}
