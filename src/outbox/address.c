/* SPDX-License-Identifier: ISC */
/* outbox/address.c - see address.h.
 *
 * A scanner makes words, quoted strings, domain literals and special characters of the text; a part
 * between separators is then one mailbox, read from its tokens.
 */
#include "outbox/address.h"

#include "base/text.h"
#include "smtp/command.h"

#include <idn2.h>
#include <stdlib.h>
#include <strings.h>

enum { ADDRESS_MAX = 1000, TOKENS = 400, SHOWN = 60 };

enum kind { WORD, QUOTED, LITERAL, SPECIAL, END, BROKEN };

struct token {
	enum kind kind;
	struct gw_slice text; /* QUOTED, LITERAL: with their delimiters */
};

struct scanner {
	const char *p, *end;
	const char *broken; /* what is wrong */
};

void gw_addresses_deinit(struct gw_addresses *a)
{
	for (size_t i = 0; i < a->count; i++)
		free(a->list[i]);
	free(a->list);
	*a = (struct gw_addresses){ 0 };
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_special(char c)
{
	return c != '\0' && strchr("()<>[]:;@,.\"\\", c) != NULL;
}

/* Comments nest (RFC 5322 3.2.2). */
static bool skip_comment(struct scanner *s)
{
	unsigned depth = 0;

	do {
		if (s->p == s->end)
			return false;
		if (*s->p == '(')
			depth++;
		else if (*s->p == ')')
			depth--;
		else if (*s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		s->p++;
	} while (depth > 0);
	return true;
}

static struct token broken(struct scanner *s, const char *why)
{
	s->broken = why;
	return (struct token){ .kind = BROKEN };
}

/* A quoted string or a domain literal, up to and with its closing character. */
static struct token delimited(struct scanner *s, enum kind kind, char close, const char *why)
{
	const char *from = s->p++;

	while (s->p < s->end && *s->p != close) {
		if (*s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		s->p++;
	}
	if (s->p == s->end)
		return broken(s, why);
	s->p++;
	return (struct token){ kind, { from, (size_t)(s->p - from) } };
}

static struct token next_token(struct scanner *s)
{
	const char *from;

	for (;;) {
		while (s->p < s->end && is_blank(*s->p))
			s->p++;
		if (s->p == s->end)
			return (struct token){ .kind = END };
		if (*s->p != '(')
			break;
		if (!skip_comment(s))
			return broken(s, "a comment does not end");
	}
	from = s->p;
	if (*from == '"')
		return delimited(s, QUOTED, '"', "a quoted string does not end");
	if (*from == '[')
		return delimited(s, LITERAL, ']', "an address literal does not end");
	if (is_special(*from)) {
		s->p++;
		return (struct token){ SPECIAL, { from, 1 } };
	}
	while (s->p < s->end && !is_blank(*s->p) && !is_special(*s->p))
		s->p++;
	return (struct token){ WORD, { from, (size_t)(s->p - from) } };
}

static bool is(const struct token *t, char c)
{
	return t->kind == SPECIAL && t->text.p[0] == c;
}

/* The content of a quoted string, without quotes, escapes and folding. */
static enum gw_code put_unquoted(struct gw_buf *out, struct gw_slice quoted)
{
	enum gw_code code = GW_OK;

	for (size_t i = 1; i + 1 < quoted.n && code == GW_OK; i++) {
		if (quoted.p[i] == '\r' || quoted.p[i] == '\n')
			continue;
		if (quoted.p[i] == '\\' && i + 2 < quoted.n)
			i++;
		code = gw_buf_append(out, quoted.p + i, 1);
	}
	return code;
}

static bool is_dot_atom(struct gw_slice s)
{
	bool dot = true;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' ? dot : is_special(s.p[i]) || (unsigned char)s.p[i] <= 0x20)
			return false;
		dot = s.p[i] == '.';
	}
	return s.n > 0 && !dot;
}

/* Appends the local part, quoted if necessary. */
static enum gw_code put_local(struct gw_buf *out, struct gw_slice local, bool quoted)
{
	enum gw_code code;

	if (!quoted || is_dot_atom(local))
		return gw_buf_append(out, local.p, local.n);
	code = gw_buf_puts(out, "\"");
	for (size_t i = 0; i < local.n && code == GW_OK; i++) {
		if (local.p[i] == '"' || local.p[i] == '\\')
			code = gw_buf_puts(out, "\\");
		if (code == GW_OK)
			code = gw_buf_append(out, local.p + i, 1);
	}
	return code == GW_OK ? gw_buf_puts(out, "\"") : code;
}

static bool is_ascii(struct gw_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] > 0x7e)
			return false;
	}
	return true;
}

static enum gw_code put_domain(struct gw_buf *out, struct gw_buf *domain)
{
	char *ascii = NULL;
	enum gw_code code;

	if (memchr(domain->p, '\0', domain->n) != NULL)
		return GW_ERR_REFUSED;
	if (is_ascii((struct gw_slice){ domain->p, domain->n }))
		return gw_buf_append(out, domain->p, domain->n);
	if (idn2_to_ascii_8z(gw_buf_cstr(domain), &ascii, IDN2_NONTRANSITIONAL) != IDN2_OK)
		return GW_ERR_REFUSED;
	code = gw_buf_puts(out, ascii);
	idn2_free(ascii);
	return code;
}

/* A literal, or words joined by dots: two words that a blank parts are two things, and never one. */
static enum gw_code read_domain(const struct token *t, size_t n, struct gw_buf *out)
{
	enum gw_code code = n == 0 ? GW_ERR_REFUSED : GW_OK;
	bool word = false;

	for (size_t i = 0; i < n && code == GW_OK; i++) {
		bool dot = is(&t[i], '.');

		if (dot == !word || t[i].kind == QUOTED || (t[i].kind == SPECIAL && !dot) ||
			(t[i].kind == LITERAL && n > 1))
			code = GW_ERR_REFUSED;
		else
			code = gw_buf_append(out, t[i].text.p, t[i].text.n);
		word = !dot;
	}
	return code;
}

/* Reads words joined by dots, "@", a domain or a literal.  NULL: not an address; why says what is
 * wrong. */
static char *read_addr_spec(const struct token *t, size_t n, const char **why)
{
	struct gw_buf local, domain, out;
	bool quoted = false, word = false;
	enum gw_code code = GW_OK;
	size_t i = 0;
	char *result = NULL;

	gw_buf_init(&local, ADDRESS_MAX);
	gw_buf_init(&domain, ADDRESS_MAX);
	gw_buf_init(&out, ADDRESS_MAX);
	*why = "it has no \"@\"";
	for (; i < n && !is(&t[i], '@') && code == GW_OK; i++) {
		bool dot = is(&t[i], '.');

		if (!dot && (word || t[i].kind == SPECIAL || t[i].kind == LITERAL))
			code = GW_ERR_REFUSED;
		else if (t[i].kind == QUOTED)
			code = put_unquoted(&local, t[i].text);
		else
			code = gw_buf_append(&local, t[i].text.p, t[i].text.n);
		quoted |= t[i].kind == QUOTED;
		word = !dot;
	}
	if (code != GW_OK && i < n)
		*why = "there is something before the address that does not belong to it";
	if (code == GW_OK && i < n)
		*why = "this is no address";
	if (code == GW_OK)
		code = i < n ? read_domain(t + i + 1, n - i - 1, &domain) : GW_ERR_REFUSED;
	if (code == GW_OK && local.n > 0 && domain.n > 0)
		code = put_local(&out, (struct gw_slice){ local.p, local.n }, quoted);
	if (code == GW_OK)
		code = gw_buf_puts(&out, "@");
	if (code == GW_OK && domain.n > 0)
		code = put_domain(&out, &domain);
	if (code == GW_OK && gw_smtp_address_ok((struct gw_slice){ out.p, out.n }) &&
		gw_utf8_valid((struct gw_slice){ out.p, out.n }))
		result = strdup(out.p);
	gw_buf_deinit(&local);
	gw_buf_deinit(&domain);
	gw_buf_deinit(&out);
	return result;
}

bool gw_address_same(const char *a, const char *b)
{
	const char *at = strrchr(a, '@'), *bt = strrchr(b, '@');

	return at != NULL && bt != NULL && at - a == bt - b && strcasecmp(at, bt) == 0 &&
	       strncmp(a, b, (size_t)(at - a)) == 0;
}

/* Takes the address over. */
static enum gw_code add(struct gw_addresses *out, char *address, struct gw_error *err)
{
	char **slot;

	for (size_t i = 0; i < out->count; i++) {
		if (gw_address_same(out->list[i], address)) {
			free(address);
			return GW_OK;
		}
	}
	slot = gw_array_push((void **)&out->list, &out->count, &out->cap, sizeof *slot);
	if (slot == NULL) {
		free(address);
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	}
	*slot = address;
	return GW_OK;
}

static enum gw_code refuse(struct gw_error *err, const char *from, const char *end, const char *why)
{
	char shown[SHOWN + 1];
	size_t n = 0;

	while (from < end && is_blank(*from))
		from++;
	for (; from < end && n < SHOWN; from++) {
		if ((unsigned char)*from >= 0x20 && *from != 0x7f)
			shown[n++] = *from;
	}
	shown[n] = '\0';
	return gw_fail(err, GW_ERR_REFUSED, "\"%s\": %s", shown, why);
}

/* Adds one mailbox from its tokens; none at all is forgiven. */
static enum gw_code take_mailbox(struct gw_addresses *out, const struct token *t, size_t n,
	const char *from, const char *end, struct gw_error *err)
{
	size_t open = 0, close = n;
	const char *why = "this is no address";
	char *address;

	if (n == 0)
		return GW_OK;
	while (open < n && !is(&t[open], '<'))
		open++;
	if (open < n) {
		for (close = open; close < n && !is(&t[close], '>');)
			close++;
		if (close == n)
			return refuse(err, from, end, "a \"<\" without \">\"");
		if (close + 1 != n)
			return refuse(err, from, end, "something follows the address");
		t += open + 1;
		n = close - open - 1;
		if (n > 0 && is(&t[0], '@')) { /* a source route */
			size_t colon = 0;

			while (colon < n && !is(&t[colon], ':'))
				colon++;
			t += colon < n ? colon + 1 : 0;
			n -= colon < n ? colon + 1 : 0;
		}
	}
	address = read_addr_spec(t, n, &why);
	return address == NULL ? refuse(err, from, end, why) : add(out, address, err);
}

enum gw_code gw_addresses_parse(
	struct gw_slice field, struct gw_addresses *out, struct gw_error *err)
{
	struct scanner s = { field.p, field.p + field.n, NULL };
	struct token *t = malloc(TOKENS * sizeof *t);
	const char *from = s.p;
	enum gw_code code = GW_OK;
	bool in_angle = false, over = false;
	size_t n = 0;

	if (t == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	while (code == GW_OK && !over) {
		struct token next = next_token(&s);
		bool at_end = next.kind == END;

		over = at_end;
		if (next.kind == BROKEN) {
			code = refuse(err, from, s.end, s.broken);
		} else if (at_end || (!in_angle && (is(&next, ',') || is(&next, ';')))) {
			code = take_mailbox(out, t, n, from, at_end ? s.p : s.p - 1, err);
			n = 0;
			from = s.p;
		} else if (!in_angle && is(&next, ':')) {
			n = 0; /* the name of a group */
			from = s.p;
		} else if (n == TOKENS) {
			code = refuse(err, from, s.end, "it is too long");
		} else {
			in_angle = is(&next, '<') || (in_angle && !is(&next, '>'));
			t[n++] = next;
		}
	}
	free(t);
	return code;
}

enum gw_code gw_addresses_add(const char *address, struct gw_addresses *out, struct gw_error *err)
{
	size_t n = strlen(address);
	bool control = false;
	struct gw_addresses one = { 0 };
	enum gw_code code;

	for (size_t i = 0; i < n; i++)
		control |= (unsigned char)address[i] < 0x20 || address[i] == 0x7f;
	if (control)
		return refuse(err, address, address + n, "it has a control character in it");
	code = gw_addresses_parse((struct gw_slice){ address, n }, &one, err);
	if (code == GW_OK && one.count == 1) {
		code = add(out, one.list[0], err);
		one.count = 0;
	} else if (code == GW_OK) {
		code = refuse(err, address, address + n,
			one.count == 0 ? "it is empty" : "these are several addresses");
	}
	gw_addresses_deinit(&one);
	return code;
}

bool gw_address_matches(const char *pattern, const char *address)
{
	char p[ADDRESS_MAX], a[ADDRESS_MAX];
	size_t np = strlen(pattern), na = strlen(address);

	if (np >= sizeof p || na >= sizeof a)
		return false;
	for (size_t i = 0; i <= np; i++)
		p[i] = pattern[i] == '%'
			       ? '\001'
			       : (char)(pattern[i] >= 'A' && pattern[i] <= 'Z' ? pattern[i] + 32
									       : pattern[i]);
	for (size_t i = 0; i <= na; i++)
		a[i] = address[i] == '%'
			       ? '\001'
			       : (char)(address[i] >= 'A' && address[i] <= 'Z' ? address[i] + 32
									       : address[i]);
	return gw_glob_match(p, a);
}

bool gw_address_is_utf8(const char *address)
{
	return !is_ascii(gw_slice_str(address));
}
