/* SPDX-License-Identifier: ISC */
/* base/show.c - see show.h. */
#include "base/show.h"

#include "base/text.h"

#include <stdio.h>

enum { DEL = 0x7f, C1_END = 0x9f, ESCAPE_MAX = 12 };

struct span {
	uint32_t first, last;
};

/* True for characters that steer a terminal or the direction of writing, or are invisible.  Joiners
 * (U+200C, U+200D) belong to words and emoji. */
static bool steers(uint32_t cp)
{
	static const struct span spans[] = {
		{ 0x0000, 0x001f }, { DEL, C1_END }, { 0x061c, 0x061c }, /* Arabic letter mark */
		{ 0x200b, 0x200b }, { 0x200e, 0x200f },                  /* no width; LRM, RLM */
		{ 0x2028, 0x202e },                     /* line, paragraph; embeddings, overrides */
		{ 0x2060, 0x206f },                     /* isolates, deprecated format characters */
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, /* annotations */
		{ 0xe0000, 0xe007f },                   /* tags */
	};

	for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
		if (cp >= spans[i].first && cp <= spans[i].last)
			return true;
	}
	return false;
}

/* Steps over the character at p.  True if its bytes may be shown; otherwise escape is shown
 * instead. */
static bool is_fit(
	const char **p, const char *end, char escape[static ESCAPE_MAX], size_t *escape_n)
{
	const char *at = *p;
	uint32_t cp = gw_utf8_next(p, end);
	int n;

	if (cp == UINT32_MAX || *p == at) { /* malformed: byte by byte */
		*p = at + 1;
		n = snprintf(escape, ESCAPE_MAX, "\\x%02x", (unsigned)(unsigned char)*at);
	} else if (cp == '\n' || cp == '\r' || cp == '\t') {
		n = snprintf(escape, ESCAPE_MAX, "\\%c", cp == '\n' ? 'n' : cp == '\r' ? 'r' : 't');
	} else if (!steers(cp)) {
		return true;
	} else if (cp < 0x80) {
		n = snprintf(escape, ESCAPE_MAX, "\\x%02x", (unsigned)cp);
	} else {
		n = snprintf(escape, ESCAPE_MAX, cp > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned)cp);
	}
	*escape_n = (size_t)n;
	return false;
}

enum gw_code gw_show(struct gw_slice text, struct gw_buf *out)
{
	const char *p = text.p, *end = text.n > 0 ? text.p + text.n : text.p;
	enum gw_code code = GW_OK;

	while (code == GW_OK && p < end) {
		const char *at = p;
		char escape[ESCAPE_MAX];
		size_t n = 0;

		code = is_fit(&p, end, escape, &n) ? gw_buf_append(out, at, (size_t)(p - at))
						   : gw_buf_append(out, escape, n);
	}
	return code;
}

bool gw_is_plain(struct gw_slice text)
{
	const char *p = text.p, *end = text.n > 0 ? text.p + text.n : text.p;
	char escape[ESCAPE_MAX];
	size_t n;

	while (p < end) {
		if (!is_fit(&p, end, escape, &n))
			return false;
	}
	return true;
}
