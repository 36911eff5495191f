/* SPDX-License-Identifier: ISC */
/* imap/utf7.c - see utf7.h. */
#include "imap/utf7.h"

#include "base/text.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static int value_of(char c)
{
	const char *at = c == '\0' ? NULL : strchr(alphabet, c);

	return at == NULL ? -1 : (int)(at - alphabet);
}

/* Joins UTF-16 units to code points; `high` carries the first half of a surrogate pair. */
static enum gw_code put_unit(uint32_t unit, uint32_t *high, struct gw_buf *out)
{
	if (unit >= 0xdc00 && unit <= 0xdfff) {
		uint32_t cp = 0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00);

		if (*high == 0)
			return GW_ERR_PROTOCOL;
		*high = 0;
		return gw_utf8_put(out, cp);
	}
	if (*high != 0)
		return GW_ERR_PROTOCOL;
	if (unit >= 0xd800 && unit <= 0xdbff) {
		*high = unit;
		return GW_OK;
	}
	if (unit >= 0x20 && unit < 0x7f) /* must be written as itself */
		return GW_ERR_PROTOCOL;
	return gw_utf8_put(out, unit);
}

/* Decodes one "&...-" run; *p is behind the ampersand and moves behind the hyphen. */
static enum gw_code decode_run(const char **p, const char *end, struct gw_buf *out)
{
	uint32_t bits = 0, high = 0;
	unsigned count = 0;
	const char *start = *p;

	for (; *p < end && **p != '-'; (*p)++) {
		int v = value_of(**p);
		enum gw_code code;

		if (v < 0)
			return GW_ERR_PROTOCOL;
		bits = (bits << 6 | (uint32_t)v) & 0xffffff;
		count += 6;
		if (count < 16)
			continue;
		count -= 16;
		code = put_unit(bits >> count & 0xffff, &high, out);
		if (code != GW_OK)
			return code;
	}
	if (*p == end)
		return GW_ERR_PROTOCOL;
	if (*p == start) {
		(*p)++;
		return gw_buf_puts(out, "&");
	}
	(*p)++;
	if (high != 0 || count >= 6 || (bits & ((1u << count) - 1)) != 0)
		return GW_ERR_PROTOCOL;
	if (*p + 1 < end && **p == '&' && (*p)[1] != '-') /* two runs that should be one */
		return GW_ERR_PROTOCOL;
	return GW_OK;
}

enum gw_code gw_utf7_decode(struct gw_slice name, struct gw_buf *utf8)
{
	const char *p = name.p, *end = name.p + name.n;

	while (p < end) {
		char c = *p++;
		enum gw_code code;

		if (c == '&')
			code = decode_run(&p, end, utf8);
		else if (c < 0x20 || c >= 0x7f)
			code = GW_ERR_PROTOCOL;
		else
			code = gw_buf_append(utf8, &c, 1);
		if (code != GW_OK)
			return code;
	}
	return GW_OK;
}

struct encoder {
	struct gw_buf *out;
	uint32_t bits;
	unsigned count; /* bits not written yet; beyond 5 never left over */
	bool open;      /* inside a run */
	enum gw_code code;
};

static void put_char(struct encoder *e, char c)
{
	if (e->code == GW_OK)
		e->code = gw_buf_append(e->out, &c, 1);
}

static void encode_unit(struct encoder *e, uint32_t unit)
{
	e->bits = (e->bits << 16 | unit) & 0x3fffff;
	for (e->count += 16; e->count >= 6; e->count -= 6)
		put_char(e, alphabet[e->bits >> (e->count - 6) & 0x3f]);
}

static void close_run(struct encoder *e)
{
	if (e->count > 0)
		put_char(e, alphabet[e->bits << (6 - e->count) & 0x3f]);
	put_char(e, '-');
	e->bits = 0;
	e->count = 0;
	e->open = false;
}

enum gw_code gw_utf7_encode(struct gw_slice utf8, struct gw_buf *name)
{
	struct encoder e = { .out = name };
	const char *p = utf8.p, *end = utf8.p + utf8.n;

	while (p < end && e.code == GW_OK) {
		uint32_t cp = gw_utf8_next(&p, end);
		bool plain = cp >= 0x20 && cp < 0x7f;

		if (cp == UINT32_MAX)
			return GW_ERR_PROTOCOL;
		if (plain && e.open)
			close_run(&e);
		if (!plain && !e.open) {
			put_char(&e, '&');
			e.open = true;
		}
		if (plain) {
			put_char(&e, (char)cp);
			if (cp == '&')
				put_char(&e, '-');
		} else if (cp >= 0x10000) {
			encode_unit(&e, 0xd800 + ((cp - 0x10000) >> 10));
			encode_unit(&e, 0xdc00 + ((cp - 0x10000) & 0x3ff));
		} else {
			encode_unit(&e, cp);
		}
	}
	if (e.open)
		close_run(&e);
	return e.code;
}
