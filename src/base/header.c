/* SPDX-License-Identifier: ISC */
/* base/header.c - see header.h. */
#include "base/header.h"

#include "base/text.h"
#include "base/words.h"

#include <string.h>
#include <strings.h>

enum { FIELD_MAX = 1 << 17 };

/* Copies as much of text as fits, in whole characters. */
static void cut(const char *text, size_t n, char *out, size_t size)
{
	n = n < size ? n : size - 1;
	memcpy(out, text, n);
	out[n] = '\0';
	while (n > 0 && !gw_utf8_valid((struct gw_slice){ out, n }))
		out[--n] = '\0';
}

/* Where a field ends: at a line that does not go on with it. */
static const char *end_of_field(const char *p)
{
	while (*p != '\0' && (*p != '\n' || p[1] == ' ' || p[1] == '\t'))
		p++;
	return p;
}

void gw_header_field(const char *header, const char *name, char *out, size_t size)
{
	size_t n = strlen(name);
	const char *end;
	struct gw_buf text;

	if (size == 0)
		return;
	*out = '\0';
	for (const char *line = header, *next; *line != '\0'; line = next) {
		next = strchr(line, '\n');
		next = next == NULL ? "" : next + 1;
		if (*line == '\n' || *line == '\r')
			return; /* the header is over */
		if (strncasecmp(line, name, n) != 0 || line[n] != ':')
			continue;
		end = end_of_field(line);
		line += n + 1;
		while (line < end && strchr(" \t\r\n", *line) != NULL)
			line++;
		gw_buf_init(&text, FIELD_MAX);
		gw_words_decode((struct gw_slice){ line, (size_t)(end - line) }, &text);
		n = text.n;
		while (n > 0 && text.p[n - 1] == ' ')
			n--;
		cut(gw_buf_cstr(&text), n, out, size);
		gw_buf_deinit(&text);
		return;
	}
}
