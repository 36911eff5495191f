/* SPDX-License-Identifier: ISC */
/* import/compose.c - see compose.h. */
#include "import/compose.h"

#include "import/command.h"

static enum gw_code put_key(const struct gw_other_key *k, struct gw_buf *out)
{
	enum gw_code code = gw_buf_printf(out, "  %s = ", k->key);

	if (code == GW_OK)
		code = k->plain ? gw_buf_puts(out, k->value) : gw_import_string(k->value, out);
	return code == GW_OK ? gw_buf_puts(out, "\n") : code;
}

static enum gw_code put_string(const char *before, const char *text, struct gw_buf *out)
{
	enum gw_code code = gw_buf_puts(out, before);

	return code == GW_OK ? gw_import_string(text, out) : code;
}

static enum gw_code put_folders(const struct gw_settled *s, struct gw_buf *out)
{
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < s->folder_count && code == GW_OK; i++)
		code = put_string(i == 0 ? "  folders = {" : ", ", s->folders[i], out);
	return s->folder_count > 0 && code == GW_OK ? gw_buf_puts(out, "}\n") : code;
}

static enum gw_code put_limits(const struct gw_other_channel *c, struct gw_buf *out)
{
	enum gw_code code = GW_OK;

	if (c->max_messages > 0)
		code = gw_buf_printf(out, "    max-messages = %u\n", c->max_messages);
	if (code == GW_OK && c->max_size > 0)
		code = gw_buf_printf(
			out, "    max-size = \"%llu\"\n", (unsigned long long)c->max_size);
	return code;
}

/* Writes a channel's limits, by its patterns. */
static enum gw_code put_windows(const struct gw_other_channel *c, struct gw_buf *out)
{
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < c->pattern_count && code == GW_OK; i++) {
		struct gw_buf pattern;

		if (c->patterns[i][0] == '!')
			continue;
		gw_buf_init(&pattern, 65536);
		code = gw_buf_printf(&pattern, "%s%s", c->far, c->patterns[i]);
		if (code == GW_OK)
			code = put_string("  folder ", gw_buf_cstr(&pattern), out);
		if (code == GW_OK)
			code = gw_buf_puts(out, " {\n");
		if (code == GW_OK)
			code = put_limits(c, out);
		if (code == GW_OK)
			code = gw_buf_puts(out, "  }\n");
		gw_buf_deinit(&pattern);
	}
	return code;
}

static enum gw_code put_box(
	const struct gw_other *o, const struct gw_settle_box *b, struct gw_buf *out)
{
	const struct gw_other_channel *c =
		b->channel < o->channel_count ? &o->channels[b->channel] : NULL;
	bool limited =
		c != NULL && c->pattern_count == 0 && (c->max_messages > 0 || c->max_size > 0);
	enum gw_code code;

	if (!b->in || (b->local == NULL && !limited))
		return GW_OK;
	code = put_string("  folder ", b->name, out);
	if (code == GW_OK)
		code = gw_buf_puts(out, " {\n");
	if (code == GW_OK && b->local != NULL)
		code = put_string("    local = ", b->local, out);
	if (code == GW_OK && b->local != NULL)
		code = gw_buf_puts(out, "\n");
	if (code == GW_OK && limited)
		code = put_limits(c, out);
	return code == GW_OK ? gw_buf_puts(out, "  }\n") : code;
}

enum gw_code gw_compose(const struct gw_other *o, const struct gw_settle_box *boxes, size_t count,
	const struct gw_settled *s, const char *root, struct gw_buf *out)
{
	enum gw_code code = gw_buf_printf(out, "account \"%s\" {\n", o->name);

	for (size_t i = 0; i < o->key_count && code == GW_OK; i++)
		code = put_key(&o->keys[i], out);
	if (code == GW_OK)
		code = put_string("  maildir = ", s != NULL ? s->root : root, out);
	if (code == GW_OK)
		code = gw_buf_puts(out, s != NULL && s->layout == GW_LAYOUT_MAILDIRPP
						? "\n  layout = \"maildir++\"\n"
						: "\n");
	if (s != NULL && code == GW_OK)
		code = put_folders(s, out);
	if (s != NULL && o->limits != NULL && code == GW_OK)
		code = gw_buf_printf(out, "  folder \"*\" {\n%s  }\n", o->limits);
	for (size_t i = 0; s != NULL && i < o->channel_count && code == GW_OK; i++) {
		if (o->channels[i].max_messages > 0 || o->channels[i].max_size > 0)
			code = put_windows(&o->channels[i], out);
	}
	for (size_t i = 0; s != NULL && i < count && code == GW_OK; i++)
		code = put_box(o, &boxes[i], out);
	return code == GW_OK ? gw_buf_puts(out, "}\n") : code;
}
