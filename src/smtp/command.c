/* SPDX-License-Identifier: ISC */
/* smtp/command.c - see command.h. */
#include "smtp/command.h"

#include <strings.h>

enum { LOCAL_MAX = 64, DOMAIN_MAX = 255 };

static const struct {
	const char *word;
	unsigned bit;
} notify_words[] = { { "NEVER", GW_NOTIFY_NEVER }, { "SUCCESS", GW_NOTIFY_SUCCESS },
	{ "FAILURE", GW_NOTIFY_FAILURE }, { "DELAY", GW_NOTIFY_DELAY } };

enum { NOTIFY_WORDS = sizeof notify_words / sizeof *notify_words };

static bool is_plain(char c)
{
	unsigned char u = (unsigned char)c;

	return u > 0x20 && u != 0x7f && c != '<' && c != '>' && c != '"' && c != '\\';
}

/* Returns the length of a quoted string at p, quotes included; 0: none. */
static size_t quoted_length(struct gw_slice s)
{
	for (size_t i = 1; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '"')
			return i + 1;
		if (c == '\\')
			c = ++i < s.n ? (unsigned char)s.p[i] : 0;
		if (c < 0x20 || c == 0x7f)
			return 0;
	}
	return 0;
}

static bool domain_ok(struct gw_slice d)
{
	if (d.n == 0 || d.n > DOMAIN_MAX || d.p[0] == '.' || d.p[d.n - 1] == '.')
		return false;
	for (size_t i = 0; i < d.n; i++) {
		if (!is_plain(d.p[i]) || strchr("@,;()", d.p[i]) != NULL)
			return false;
		if (d.p[i] == '.' && d.p[i - 1] == '.')
			return false;
	}
	return true;
}

bool gw_smtp_address_ok(struct gw_slice a)
{
	size_t n = 0;

	if (a.n > 0 && a.p[0] == '"') {
		n = quoted_length(a);
	} else {
		while (n < a.n && is_plain(a.p[n]) && strchr("@,;:()[]", a.p[n]) == NULL)
			n++;
	}
	if (n == 0 || n > LOCAL_MAX || n >= a.n || a.p[n] != '@')
		return false;
	return domain_ok((struct gw_slice){ a.p + n + 1, a.n - n - 1 });
}

/* RFC 3461 4: anything but a visible character, and "+" and "=", as "+XX". */
static enum gw_code put_xtext(struct gw_buf *out, const char *text)
{
	enum gw_code code = GW_OK;

	for (; *text != '\0' && code == GW_OK; text++) {
		unsigned char c = (unsigned char)*text;

		code = c <= 0x20 || c >= 0x7f || c == '+' || c == '='
			       ? gw_buf_printf(out, "+%02X", c)
			       : gw_buf_append(out, text, 1);
	}
	return code;
}

/* Ends a command: what was appended since `start` is all of it. */
static enum gw_code end_line(struct gw_buf *out, size_t start, enum gw_code code)
{
	if (code == GW_OK)
		code = gw_buf_puts(out, "\r\n");
	if (code == GW_OK && out->n - start > GW_SMTP_LINE_MAX)
		code = GW_ERR_LIMIT;
	if (code != GW_OK)
		out->n = start;
	return code;
}

/* RFC 6531 3.4, 1870 6.1, 6152 2, 3461 4.3 */
static enum gw_code put_mail_parameters(
	struct gw_buf *out, const struct gw_smtp_sender *s, const struct gw_smtp_caps *caps)
{
	enum gw_code code = GW_OK;

	if (s->size > 0 && (caps->bits & GW_SMTP_SIZE))
		code = gw_buf_printf(out, " SIZE=%llu", (unsigned long long)s->size);
	if (code == GW_OK && s->eight_bit && (caps->bits & GW_SMTP_8BITMIME))
		code = gw_buf_puts(out, " BODY=8BITMIME");
	if (code == GW_OK && s->utf8 && (caps->bits & GW_SMTP_UTF8))
		code = gw_buf_puts(out, " SMTPUTF8");
	if (!(caps->bits & GW_SMTP_DSN))
		return code;
	if (code == GW_OK && s->ret != NULL)
		code = gw_buf_printf(out, " RET=%s", s->ret);
	if (code == GW_OK && s->envid != NULL && s->envid[0] != '\0') {
		code = gw_buf_puts(out, " ENVID=");
		if (code == GW_OK)
			code = put_xtext(out, s->envid);
	}
	return code;
}

enum gw_code gw_smtp_put_mail(
	struct gw_buf *out, const struct gw_smtp_sender *sender, const struct gw_smtp_caps *caps)
{
	size_t start = out->n;
	enum gw_code code = GW_OK;

	if (sender->address[0] != '\0' && !gw_smtp_address_ok(gw_slice_str(sender->address)))
		return GW_ERR_REFUSED;
	code = gw_buf_printf(out, "MAIL FROM:<%s>", sender->address);
	if (code == GW_OK)
		code = put_mail_parameters(out, sender, caps);
	return end_line(out, start, code);
}

static enum gw_code put_notify(struct gw_buf *out, unsigned notify)
{
	enum gw_code code = GW_OK;
	const char *before = " NOTIFY=";

	for (size_t i = 0; i < NOTIFY_WORDS && code == GW_OK; i++) {
		if (!(notify & notify_words[i].bit))
			continue;
		code = gw_buf_printf(out, "%s%s", before, notify_words[i].word);
		before = ",";
	}
	return code;
}

enum gw_code gw_smtp_put_rcpt(
	struct gw_buf *out, const struct gw_smtp_recipient *to, const struct gw_smtp_caps *caps)
{
	size_t start = out->n;
	enum gw_code code;

	if (!gw_smtp_address_ok(gw_slice_str(to->address)))
		return GW_ERR_REFUSED;
	code = gw_buf_printf(out, "RCPT TO:<%s>", to->address);
	if (code == GW_OK && (caps->bits & GW_SMTP_DSN))
		code = put_notify(out, to->notify);
	return end_line(out, start, code);
}

enum gw_code gw_smtp_put_hello(struct gw_buf *out, const char *verb, const char *name)
{
	size_t start = out->n;
	enum gw_code code = name[0] == '\0' ? GW_ERR_REFUSED : gw_buf_printf(out, "%s ", verb);

	for (const char *p = name; *p != '\0' && code == GW_OK; p++)
		code = is_plain(*p) && (unsigned char)*p < 0x7f ? gw_buf_append(out, p, 1)
								: GW_ERR_REFUSED;
	return end_line(out, start, code);
}

bool gw_smtp_read_notify(const char *text, unsigned *out)
{
	unsigned bits = 0;

	while (*text != '\0') {
		size_t n = strcspn(text, ","), i = 0;

		while (i < NOTIFY_WORDS && (strlen(notify_words[i].word) != n ||
						   strncasecmp(text, notify_words[i].word, n) != 0))
			i++;
		if (i == NOTIFY_WORDS)
			return false;
		bits |= notify_words[i].bit;
		text += n + (text[n] == ',');
	}
	*out = bits;
	return bits != 0 && (!(bits & GW_NOTIFY_NEVER) || bits == GW_NOTIFY_NEVER);
}
