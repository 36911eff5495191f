/* SPDX-License-Identifier: ISC */
/* outbox/envelope.c - see envelope.h. */
#include "outbox/envelope.h"

#include <ctype.h>
#include <stdlib.h>

enum { LINE = 4096, ENVID_MAX = 100 };

void gw_envelope_deinit(struct gw_envelope *e)
{
	for (size_t i = 0; i < e->to_count; i++)
		free(e->to[i].address);
	free(e->to);
	free(e->sender);
	free(e->ret);
	free(e->envid);
	free(e->message_id);
	free(e->subject);
	*e = (struct gw_envelope){ 0 };
}

enum gw_code gw_envelope_add(struct gw_envelope *e, const char *address, unsigned notify)
{
	char *own = strdup(address);
	struct gw_envelope_to *to =
		own == NULL ? NULL
			    : gw_array_push((void **)&e->to, &e->to_count, &e->to_cap, sizeof *to);

	if (to == NULL) {
		free(own);
		return GW_ERR_NOMEM;
	}
	*to = (struct gw_envelope_to){ own, notify };
	return GW_OK;
}

static enum gw_code put_notify(struct gw_buf *out, unsigned notify)
{
	static const char *const words[] = { "NEVER", "SUCCESS", "FAILURE", "DELAY" };
	const char *before = " NOTIFY=";
	enum gw_code code = GW_OK;

	for (unsigned i = 0; i < 4 && code == GW_OK; i++) {
		if (!(notify >> i & 1))
			continue;
		code = gw_buf_printf(out, "%s%s", before, words[i]);
		before = ",";
	}
	return code;
}

enum gw_code gw_envelope_format(const struct gw_envelope *e, struct gw_buf *out)
{
	enum gw_code code =
		gw_buf_printf(out, "X-Godwit-Outbox: 1 %s\nX-Godwit-From: <%s>", e->id, e->sender);

	if (code == GW_OK && e->ret != NULL)
		code = gw_buf_printf(out, " RET=%s", e->ret);
	if (code == GW_OK && e->envid != NULL)
		code = gw_buf_printf(out, " ENVID=%s", e->envid);
	for (size_t i = 0; i < e->to_count && code == GW_OK; i++) {
		code = gw_buf_printf(out, "\nX-Godwit-To: <%s>", e->to[i].address);
		if (code == GW_OK)
			code = put_notify(out, e->to[i].notify);
	}
	return code == GW_OK ? gw_buf_puts(out, "\n") : code;
}

/* Reads "<address>", which may hold a quoted string, at the head of line; rest: what follows.
 * NULL: none. */
static char *read_path(const char *line, const char **rest, bool may_be_empty)
{
	bool quoted = false;
	const char *p = line;
	struct gw_slice inner;

	if (*p++ != '<')
		return NULL;
	for (; *p != '\0' && (quoted || *p != '>'); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (quoted && *p == '\\' && p[1] != '\0')
			p++;
	}
	if (*p != '>')
		return NULL;
	inner = (struct gw_slice){ line + 1, (size_t)(p - line) - 1 };
	*rest = p + 1;
	if (!gw_smtp_address_ok(inner) && !(inner.n == 0 && may_be_empty))
		return NULL;
	return gw_slice_dup(inner);
}

bool gw_envid_ok(const char *envid)
{
	size_t n = strlen(envid);

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)envid[i] <= 0x20 || (unsigned char)envid[i] >= 0x7f)
			return false;
	}
	return n > 0 && n <= ENVID_MAX;
}

static bool read_id(struct gw_envelope *e, const char *line)
{
	if (e->id[0] != '\0' || strncmp(line, "1 ", 2) != 0 || strlen(line + 2) != GW_OUTBOX_ID)
		return false;
	for (size_t i = 0; i < GW_OUTBOX_ID; i++) {
		if (!isxdigit((unsigned char)line[2 + i]))
			return false;
	}
	memcpy(e->id, line + 2, GW_OUTBOX_ID + 1);
	return true;
}

static bool read_sender(struct gw_envelope *e, const char *line)
{
	const char *rest;

	if (e->sender != NULL || (e->sender = read_path(line, &rest, true)) == NULL)
		return false;
	while (*rest == ' ') {
		size_t n = strcspn(++rest, " ");

		if (n == 8 && e->ret == NULL &&
			(memcmp(rest, "RET=FULL", n) == 0 || memcmp(rest, "RET=HDRS", n) == 0))
			e->ret = gw_slice_dup((struct gw_slice){ rest + 4, n - 4 });
		else if (strncmp(rest, "ENVID=", 6) == 0 && e->envid == NULL)
			e->envid = gw_slice_dup((struct gw_slice){ rest + 6, n - 6 });
		else
			return false;
		rest += n;
	}
	return *rest == '\0' && (e->envid == NULL || gw_envid_ok(e->envid));
}

static bool read_recipient(struct gw_envelope *e, const char *line)
{
	const char *rest;
	char *address = read_path(line, &rest, false);
	unsigned notify = 0;
	bool good = address != NULL &&
		    (*rest == '\0' || (strncmp(rest, " NOTIFY=", 8) == 0 &&
					      gw_smtp_read_notify(rest + 8, &notify)));

	if (good)
		good = gw_envelope_add(e, address, notify) == GW_OK;
	free(address);
	return good;
}

static bool read_field(struct gw_envelope *e, const struct gw_field *f, const char *line)
{
	if (gw_field_is(f, "X-Godwit-Outbox"))
		return read_id(e, line);
	if (gw_field_is(f, "X-Godwit-From"))
		return read_sender(e, line);
	if (gw_field_is(f, "X-Godwit-To"))
		return read_recipient(e, line);
	if (gw_field_is(f, "Message-ID") && e->message_id == NULL)
		return (e->message_id = strdup(line)) != NULL;
	if (gw_field_is(f, "Subject") && e->subject == NULL)
		return (e->subject = strdup(line)) != NULL;
	return true;
}

enum gw_code gw_envelope_parse(
	struct gw_slice header, struct gw_envelope *out, struct gw_error *err)
{
	enum gw_code code = GW_OK;
	struct gw_field f;
	struct gw_buf line;

	*out = (struct gw_envelope){ 0 };
	gw_buf_init(&line, LINE);
	while (code == GW_OK && gw_field_next(&header, &f)) {
		gw_buf_reset(&line);
		if (gw_field_unfold((struct gw_slice){ f.body.p,
					    f.body.n < LINE - 1 ? f.body.n : LINE - 1 },
			    &line) != GW_OK ||
			!read_field(out, &f, gw_buf_cstr(&line)))
			code = gw_fail(err, GW_ERR_REFUSED,
				"its line \"%.*s: %.60s\" cannot be read",
				(int)(f.name.n < 40 ? f.name.n : 40), f.name.p, gw_buf_cstr(&line));
	}
	gw_buf_deinit(&line);
	if (code == GW_OK && (out->id[0] == '\0' || out->sender == NULL || out->to_count == 0))
		code = gw_fail(
			err, GW_ERR_REFUSED, "it has no lines that say from whom and to whom");
	if (code != GW_OK)
		gw_envelope_deinit(out);
	return code;
}

bool gw_field_stays(const struct gw_field *f)
{
	return gw_field_starts(f, "X-Godwit-") || gw_field_is(f, "Bcc") ||
	       gw_field_is(f, "Resent-Bcc");
}
