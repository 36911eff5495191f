/* SPDX-License-Identifier: ISC */
/* outbox/header.c - see header.h. */
#include "outbox/header.h"

/* Returns the first line with its end; n 0: none. */
static struct gw_slice first_line(struct gw_slice s)
{
	const char *lf = s.n == 0 ? NULL : memchr(s.p, '\n', s.n);

	return (struct gw_slice){ s.p, lf == NULL ? s.n : (size_t)(lf - s.p) + 1 };
}

static bool is_folded(struct gw_slice line)
{
	return line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t');
}

static bool is_empty(struct gw_slice line)
{
	return (line.n == 1 && line.p[0] == '\n') ||
	       (line.n == 2 && line.p[0] == '\r' && line.p[1] == '\n');
}

/* The length of the name, if this line begins a field; 0: it does not. */
static size_t name_length(struct gw_slice line, size_t *colon)
{
	size_t n = 0;

	while (n < line.n && (unsigned char)line.p[n] > 0x20 && line.p[n] != ':' &&
		(unsigned char)line.p[n] < 0x7f)
		n++;
	*colon = n;
	while (*colon < line.n && (line.p[*colon] == ' ' || line.p[*colon] == '\t'))
		(*colon)++;
	return *colon < line.n && line.p[*colon] == ':' ? n : 0;
}

bool gw_field_next(struct gw_slice *rest, struct gw_field *out)
{
	struct gw_slice line = first_line(*rest), next;
	size_t colon, n = name_length(line, &colon), end;

	if (n == 0)
		return false;
	out->name = (struct gw_slice){ line.p, n };
	end = line.n;
	for (;;) {
		next = first_line((struct gw_slice){ rest->p + end, rest->n - end });
		if (!is_folded(next))
			break;
		end += next.n;
	}
	out->raw = (struct gw_slice){ rest->p, end };
	out->body = (struct gw_slice){ rest->p + colon + 1, end - colon - 1 };
	while (out->body.n > 0 &&
		(out->body.p[out->body.n - 1] == '\n' || out->body.p[out->body.n - 1] == '\r'))
		out->body.n--;
	rest->p += end;
	rest->n -= end;
	return true;
}

bool gw_field_is(const struct gw_field *f, const char *name)
{
	return gw_slice_case_eq(f->name, name);
}

bool gw_field_starts(const struct gw_field *f, const char *prefix)
{
	return gw_slice_case_starts(f->name, prefix);
}

bool gw_header_end(struct gw_slice bytes, bool all_there, size_t *n, size_t *skip)
{
	size_t at = 0, colon;

	while (at < bytes.n) {
		struct gw_slice line = first_line((struct gw_slice){ bytes.p + at, bytes.n - at });
		bool whole = line.p[line.n - 1] == '\n';

		if (!whole && !all_there)
			return false;
		*n = at;
		*skip = is_empty(line) ? line.n : 0;
		if (*skip > 0 || (!(is_folded(line) && at > 0) && name_length(line, &colon) == 0))
			return true;
		at += line.n;
	}
	*n = at;
	*skip = 0;
	return all_there;
}

enum gw_code gw_field_unfold(struct gw_slice body, struct gw_buf *out)
{
	enum gw_code code = GW_OK;

	while (body.n > 0 && (body.p[0] == ' ' || body.p[0] == '\t'))
		body.p++, body.n--;
	while (body.n > 0 && strchr(" \t\r\n", body.p[body.n - 1]) != NULL)
		body.n--;
	for (size_t i = 0; i < body.n && code == GW_OK; i++) {
		if (body.p[i] != '\r' && body.p[i] != '\n')
			code = gw_buf_append(out, body.p[i] == '\t' ? " " : body.p + i, 1);
	}
	return code;
}
