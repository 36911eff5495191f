/* SPDX-License-Identifier: ISC */
/* base/words.c - see words.h. */
#include "base/words.h"

#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <strings.h>

enum { CHARSET_MAX = 40, REPLACEMENT = 0xFFFD };

struct word {
	struct gw_slice charset, text;
	bool base64;
	const char *end; /* behind it */
};

/* Parses "=?charset*language?Q?text?=" at p.  false: none. */
static bool read_word(const char *p, const char *end, struct word *w)
{
	const char *mark, *star;

	if (end - p < 8 || p[0] != '=' || p[1] != '?')
		return false;
	mark = memchr(p + 2, '?', (size_t)(end - p - 2));
	if (mark == NULL || mark == p + 2 || mark - p - 2 >= CHARSET_MAX || end - mark < 5 ||
		mark[2] != '?' || strchr("bBqQ", mark[1]) == NULL || mark[1] == '\0')
		return false;
	w->charset = (struct gw_slice){ p + 2, (size_t)(mark - p - 2) };
	star = memchr(w->charset.p, '*', w->charset.n);
	if (star != NULL)
		w->charset.n = (size_t)(star - w->charset.p);
	w->base64 = mark[1] == 'b' || mark[1] == 'B';
	w->text.p = mark + 3;
	for (p = w->text.p; end - p >= 2; p++) {
		if (p[0] == '?' && p[1] == '=') {
			w->text.n = (size_t)(p - w->text.p);
			w->end = p + 2;
			return true;
		}
		if (*p == '\n' || *p == '?')
			return false;
	}
	return false;
}

static int value64(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

static enum gw_code put_base64(struct gw_slice text, struct gw_buf *bytes)
{
	enum gw_code code = GW_OK;
	unsigned bits = 0, held = 0;

	for (size_t i = 0; i < text.n && code == GW_OK; i++) {
		int v = value64(text.p[i]);
		char c;

		if (v < 0) /* "=" at the end, and what does not belong there */
			continue;
		held = (held << 6 | (unsigned)v) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			c = (char)(held >> bits);
			code = gw_buf_append(bytes, &c, 1);
		}
	}
	return code;
}

static enum gw_code put_quoted(struct gw_slice text, struct gw_buf *bytes)
{
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < text.n && code == GW_OK; i++) {
		char c = text.p[i] == '_' ? ' ' : text.p[i];
		unsigned byte;

		if (c == '=' && i + 2 < text.n && isxdigit((unsigned char)text.p[i + 1]) &&
			isxdigit((unsigned char)text.p[i + 2])) {
			char hex[3] = { (char)toupper((unsigned char)text.p[i + 1]),
				(char)toupper((unsigned char)text.p[i + 2]), '\0' };

			if (gw_read_hex(hex, &byte)) {
				c = (char)byte;
				i += 2;
			}
		}
		code = gw_buf_append(bytes, &c, 1);
	}
	return code;
}

/* Text that is UTF-8 already. */
static enum gw_code put_clean(struct gw_slice text, struct gw_buf *out)
{
	enum gw_code code = GW_OK;
	const char *p = text.p, *end = text.p + text.n;

	while (p < end && code == GW_OK) {
		uint32_t cp = gw_utf8_next(&p, end);

		if (cp == UINT32_MAX) {
			cp = REPLACEMENT;
			p++;
		}
		if (cp == '\r' || cp == '\n') /* of a fold: the blank behind it stays */
			continue;
		code = gw_utf8_put(out, cp < 0x20 || (cp >= 0x7f && cp < 0xa0) ? ' ' : cp);
	}
	return code;
}

/* false: nobody here knows the charset. */
static bool put_by_iconv(const char *charset, struct gw_slice bytes, struct gw_buf *text)
{
	iconv_t cd = iconv_open("UTF-8", charset);
	char *in = (char *)(uintptr_t)bytes.p, chunk[256];
	size_t left = bytes.n;

	if (cd == (iconv_t)-1)
		return false;
	while (left > 0) {
		char *to = chunk;
		size_t room = sizeof chunk, rc = iconv(cd, &in, &left, &to, &room);

		gw_buf_append(text, chunk, sizeof chunk - room);
		if (rc == (size_t)-1 && errno == EILSEQ) {
			gw_utf8_put(text, REPLACEMENT);
			in++;
			left--;
		} else if (rc == (size_t)-1 && errno != E2BIG) {
			gw_utf8_put(text, REPLACEMENT); /* half a character at the end */
			break;
		}
	}
	iconv_close(cd);
	return true;
}

/* false: nobody here knows the charset. */
static bool put_bytes(struct gw_slice charset, struct gw_slice bytes, struct gw_buf *out)
{
	char name[CHARSET_MAX];
	struct gw_buf text;
	bool known;

	memcpy(name, charset.p, charset.n);
	name[charset.n] = '\0';
	if (strcasecmp(name, "utf-8") == 0 || strcasecmp(name, "us-ascii") == 0)
		return put_clean(bytes, out) == GW_OK;
	gw_buf_init(&text, 1 << 20);
	known = put_by_iconv(name, bytes, &text);
	if (known)
		put_clean((struct gw_slice){ gw_buf_cstr(&text), text.n }, out);
	gw_buf_deinit(&text);
	return known;
}

/* Text outside of encoded words. */
static void put_raw(struct gw_slice text, struct gw_buf *out)
{
	static const struct gw_slice usual = { "windows-1252", 12 };

	if (gw_utf8_valid(text) || !put_bytes(usual, text, out))
		put_clean(text, out);
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
		p++;
	return p;
}

/* Decodes adjacent words of one charset: a character may begin in one and end in the next, and the
 * blanks between them do not count.  Returns where they end. */
static const char *put_words(struct word w, const char *end, struct gw_buf *out)
{
	struct word next;
	struct gw_buf bytes;
	const char *begin = w.charset.p - 2;

	gw_buf_init(&bytes, 1 << 20);
	for (;;) {
		if (w.base64)
			put_base64(w.text, &bytes);
		else
			put_quoted(w.text, &bytes);
		if (!read_word(skip_blanks(w.end, end), end, &next) ||
			next.charset.n != w.charset.n ||
			strncasecmp(next.charset.p, w.charset.p, w.charset.n) != 0)
			break;
		w = next;
	}
	if (!put_bytes(w.charset, (struct gw_slice){ gw_buf_cstr(&bytes), bytes.n }, out))
		put_raw((struct gw_slice){ begin, (size_t)(w.end - begin) }, out);
	gw_buf_deinit(&bytes);
	return read_word(skip_blanks(w.end, end), end, &next) ? skip_blanks(w.end, end) : w.end;
}

void gw_words_decode(struct gw_slice text, struct gw_buf *out)
{
	const char *p = text.p, *end = text.p + text.n, *raw = p;
	struct word w;

	while (p < end) {
		if (!read_word(p, end, &w)) {
			p++;
			continue;
		}
		put_raw((struct gw_slice){ raw, (size_t)(p - raw) }, out);
		raw = p = put_words(w, end, out);
	}
	put_raw((struct gw_slice){ raw, (size_t)(p - raw) }, out);
}
