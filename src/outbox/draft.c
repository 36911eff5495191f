/* SPDX-License-Identifier: ISC */
/* outbox/draft.c - see draft.h. */
#include "outbox/draft.h"

enum { LONGEST = 998 /* RFC 5322 2.1.1 */ };

void gw_draft_deinit(struct gw_draft *d)
{
	gw_addresses_deinit(&d->to);
	gw_addresses_deinit(&d->sender);
	gw_addresses_deinit(&d->author);
}

static bool is_destination(const struct gw_field *f, bool resent)
{
	return resent ? gw_field_is(f, "Resent-To") || gw_field_is(f, "Resent-Cc") ||
				gw_field_is(f, "Resent-Bcc")
		      : gw_field_is(f, "To") || gw_field_is(f, "Cc") || gw_field_is(f, "Bcc");
}

static enum gw_code read_addresses(
	const struct gw_field *f, struct gw_addresses *out, struct gw_error *err)
{
	if (gw_addresses_parse(f->body, out, err) == GW_OK)
		return GW_OK;
	gw_error_context(err, "%.*s", (int)(f->name.n < 40 ? f->name.n : 40), f->name.p);
	return err->code;
}

static bool is_message_id(struct gw_slice body)
{
	const char *at;

	while (body.n > 0 && strchr(" \t\r\n", body.p[0]) != NULL)
		body.p++, body.n--;
	while (body.n > 0 && strchr(" \t\r\n", body.p[body.n - 1]) != NULL)
		body.n--;
	if (body.n < 5 || body.n > 900 || body.p[0] != '<' || body.p[body.n - 1] != '>')
		return false;
	for (size_t i = 1; i + 1 < body.n; i++) {
		if ((unsigned char)body.p[i] <= 0x20 || (unsigned char)body.p[i] >= 0x7f ||
			body.p[i] == '<' || body.p[i] == '>')
			return false;
	}
	at = memchr(body.p, '@', body.n);
	return at != NULL && at > body.p + 1 && at < body.p + body.n - 2;
}

/* An mbox line, which is no field: "From me@x Mon Jan 1 ...". */
static size_t mbox_line(struct gw_slice header)
{
	const char *lf;

	if (header.n < 5 || memcmp(header.p, "From ", 5) != 0)
		return 0;
	lf = memchr(header.p, '\n', header.n);
	return lf == NULL ? header.n : (size_t)(lf - header.p) + 1;
}

/* RFC 5322 3.6.6: with Resent- fields the first block of them alone counts. */
static bool has_resent(struct gw_slice header)
{
	struct gw_field f;

	while (gw_field_next(&header, &f)) {
		if (is_destination(&f, true))
			return true;
	}
	return false;
}

static enum gw_code read_destinations(
	struct gw_slice header, bool resent, struct gw_addresses *out, struct gw_error *err)
{
	enum gw_code code = GW_OK;
	bool seen = false;
	struct gw_field f;

	while (code == GW_OK && gw_field_next(&header, &f)) {
		if (is_destination(&f, resent))
			code = read_addresses(&f, out, err);
		seen |= is_destination(&f, resent);
		/* A block ends with a field that is not part of it. */
		if (resent && seen && !gw_field_starts(&f, "Resent-"))
			break;
	}
	return code;
}

/* The author for the choice of an account: Sender, else the first of From. */
static enum gw_code read_author(struct gw_slice header, struct gw_draft *d, struct gw_error *err)
{
	const char *const names[] = { d->resent ? "Resent-Sender" : "Sender",
		d->resent ? "Resent-From" : "From", "From" };
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < sizeof names / sizeof *names && d->author.count == 0; i++) {
		struct gw_slice rest = header;
		struct gw_field f;

		while (code == GW_OK && gw_field_next(&rest, &f)) {
			if (gw_field_is(&f, names[i]))
				code = read_addresses(&f, &d->author, err);
		}
	}
	return code;
}

static void note_fields(struct gw_slice header, struct gw_draft *d)
{
	struct gw_field f;

	while (gw_field_next(&header, &f)) {
		d->has_date |= gw_field_is(&f, "Date");
		d->has_from |= gw_field_is(&f, "From");
		d->has_id |= gw_field_is(&f, "Message-ID") && is_message_id(f.body);
	}
}

enum gw_code gw_draft_read(struct gw_slice header, const struct gw_draft_wishes *w,
	struct gw_draft *out, struct gw_error *err)
{
	enum gw_code code = GW_OK;

	*out = (struct gw_draft){ .fields_at = mbox_line(header) };
	header.p += out->fields_at;
	header.n -= out->fields_at;
	out->resent = has_resent(header);
	note_fields(header, out);
	for (size_t i = 0; i < w->recipient_count && code == GW_OK; i++)
		code = gw_addresses_add(w->recipients[i], &out->to, err);
	if (code == GW_OK && w->from_header)
		code = read_destinations(header, out->resent, &out->to, err);
	if (code == GW_OK)
		code = read_author(header, out, err);
	if (code == GW_OK && w->sender != NULL) {
		out->empty_path = w->sender[0] == '\0' || strcmp(w->sender, "<>") == 0;
		if (!out->empty_path)
			code = gw_addresses_add(w->sender, &out->sender, err);
	} else if (code == GW_OK && out->author.count > 0) {
		code = gw_addresses_add(out->author.list[0], &out->sender, err);
	}
	if (code == GW_OK && out->to.count == 0)
		code = gw_fail(err, GW_ERR_REFUSED,
			w->from_header
				? "the mail names nobody it could go to (To, Cc or Bcc)"
				: "nobody is named that the mail could go to (-t takes them from "
				  "the header)");
	if (code != GW_OK)
		gw_draft_deinit(out);
	return code;
}

/* A field of the header as it came, its lines ended by LF. */
static enum gw_code put_field(struct gw_buf *out, struct gw_slice raw)
{
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < raw.n && code == GW_OK; i++) {
		if (raw.p[i] == '\r' && (i + 1 == raw.n || raw.p[i + 1] == '\n'))
			continue;
		code = gw_buf_append(out, raw.p + i, 1);
	}
	if (code == GW_OK && (raw.n == 0 || raw.p[raw.n - 1] != '\n'))
		code = gw_buf_puts(out, "\n");
	return code;
}

static enum gw_code put_bcc(struct gw_buf *out, const struct gw_field *f)
{
	enum gw_code code = gw_buf_puts(out, "X-Godwit-Bcc:");

	return code == GW_OK ? put_field(out, f->body) : code;
}

enum gw_code gw_draft_write(struct gw_slice header, const struct gw_draft *d,
	const struct gw_envelope *envelope, const char *from, const char *date,
	const char *message_id, struct gw_buf *out)
{
	enum gw_code code = gw_envelope_format(envelope, out);
	struct gw_slice rest = { header.p + d->fields_at, header.n - d->fields_at };
	struct gw_field f;

	while (code == GW_OK && gw_field_next(&rest, &f)) {
		if (gw_field_is(&f, "Bcc"))
			code = put_bcc(out, &f);
	}
	if (code == GW_OK && !d->has_from)
		code = gw_buf_printf(out, "From: %s\n", from);
	if (code == GW_OK && !d->has_date)
		code = gw_buf_printf(out, "Date: %s\n", date);
	if (code == GW_OK && !d->has_id)
		code = gw_buf_printf(out, "Message-ID: %s\n", message_id);
	rest = (struct gw_slice){ header.p + d->fields_at, header.n - d->fields_at };
	while (code == GW_OK && gw_field_next(&rest, &f)) {
		bool replaced = gw_field_is(&f, "Message-ID") && !d->has_id;

		if (!gw_field_stays(&f) && !replaced)
			code = put_field(out, f.raw);
	}
	return code;
}

static enum gw_code refuse_line(
	const struct gw_text_check *c, struct gw_error *err, const char *what)
{
	return gw_fail(err, GW_ERR_REFUSED, "line %llu of the mail has %s",
		(unsigned long long)c->line + 1, what);
}

enum gw_code gw_text_check(struct gw_text_check *c, struct gw_slice bytes, struct gw_error *err)
{
	for (size_t i = 0; i < bytes.n; i++) {
		char b = bytes.p[i];

		if (c->cr && b != '\n')
			return refuse_line(
				c, err, "a CR that is not before LF, which no server may take");
		if (b == '\0')
			return refuse_line(c, err, "a NUL, which no server may take");
		c->cr = b == '\r';
		if (b == '\n') {
			c->line++;
			c->n = 0;
		} else if (!c->cr && ++c->n > LONGEST && !c->long_lines) {
			return refuse_line(c, err,
				"over 998 octets, which servers break in two; have it encoded "
				"(quoted-printable, base64), or set long-lines = \"send\"");
		}
	}
	return GW_OK;
}

enum gw_code gw_text_check_end(struct gw_text_check *c, struct gw_error *err)
{
	return c->cr ? refuse_line(c, err, "a CR that is not before LF, which no server may take")
		     : GW_OK;
}
