/* SPDX-License-Identifier: ISC */
/* imap/command.c - see command.h. */
#include "imap/command.h"

#include "imap/caps.h"
#include "imap/flags.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_MAX = 4 << 20, QUOTED_MAX = 1000 };

void gw_command_init(struct gw_command *line)
{
	*line = (struct gw_command){ 0 };
	gw_buf_init(&line->text, LINE_MAX);
}

void gw_command_init_secret(struct gw_command *line)
{
	*line = (struct gw_command){ .secret = true };
	gw_buf_init_locked(&line->text, LINE_MAX);
}

void gw_command_deinit(struct gw_command *line)
{
	gw_buf_deinit(&line->text);
}

static void note(struct gw_command *line, enum gw_code code)
{
	if (line->code == GW_OK)
		line->code = code;
}

static bool is_printable(struct gw_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] < 0x20 || (unsigned char)s.p[i] >= 0x7f)
			return false;
	}
	return true;
}

void gw_command_printf(struct gw_command *line, const char *fmt, ...)
{
	va_list args;
	char small[512];
	int n;

	va_start(args, fmt);
	n = vsnprintf(small, sizeof small, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof small)
		note(line, GW_ERR_LIMIT);
	else if (!is_printable((struct gw_slice){ small, (size_t)n }))
		note(line, GW_ERR_BUG);
	else
		note(line, gw_buf_append(&line->text, small, (size_t)n));
}

static void literal(struct gw_command *line, struct gw_slice s, uint32_t caps)
{
	bool at_once =
		(caps & GW_CAP_LITERAL_PLUS) || ((caps & GW_CAP_LITERAL_MINUS) && s.n <= 4096);

	if (memchr(s.p, '\0', s.n) != NULL) { /* no literal may hold it */
		note(line, GW_ERR_LIMIT);
		return;
	}
	gw_command_printf(line, "{%zu%s}", s.n, at_once ? "+" : "");
	note(line, gw_buf_puts(&line->text, "\r\n"));
	if (!at_once && line->break_count < GW_COMMAND_MAX_BREAKS)
		line->breaks[line->break_count++] = line->text.n;
	else if (!at_once)
		note(line, GW_ERR_LIMIT);
	note(line, gw_buf_append(&line->text, s.p, s.n));
}

void gw_command_string(struct gw_command *line, struct gw_slice s, uint32_t caps)
{
	if (s.n > QUOTED_MAX || !is_printable(s)) {
		literal(line, s, caps);
		return;
	}
	note(line, gw_buf_puts(&line->text, "\""));
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			note(line, gw_buf_puts(&line->text, "\\"));
		note(line, gw_buf_append(&line->text, s.p + i, 1));
	}
	note(line, gw_buf_puts(&line->text, "\""));
}

/* Omits what is no atom.  Callers leave such names out and say so; this keeps a missed one from
 * becoming a command. */
void gw_command_flags(
	struct gw_command *line, uint64_t flags, char *const *keywords, unsigned keyword_count)
{
	const char *space = "";

	for (unsigned bit = 0; bit < GW_KEYWORD_FIRST + keyword_count; bit++) {
		const char *name;

		if (!(flags >> bit & 1))
			continue;
		name = bit < GW_KEYWORD_FIRST ? gw_flag_name(UINT64_C(1) << bit)
					      : keywords[bit - GW_KEYWORD_FIRST];
		if (name == NULL ||
			(bit >= GW_KEYWORD_FIRST && !gw_flag_is_keyword(gw_slice_str(name))))
			continue;
		gw_command_printf(line, "%s%s", space, name);
		space = " ";
	}
}

void gw_command_body(struct gw_command *line, const struct gw_body_source *body, bool at_once)
{
	gw_command_printf(line, "{%llu%s}", (unsigned long long)body->size, at_once ? "+" : "");
	line->body = *body;
	line->body_at_once = at_once;
}

void gw_command_set(struct gw_command *line, const struct gw_seqset *set)
{
	note(line, gw_seqset_format(set, &line->text));
}

enum gw_code gw_command_take_uids(
	const uint32_t *uids, size_t count, size_t *at, size_t max_count, struct gw_seqset *set)
{
	size_t taken = 0;

	set->count = 0;
	while (*at < count && taken < max_count && set->count < GW_COMMAND_MAX_RANGES) {
		if (gw_seqset_add(set, uids[*at], uids[*at]) != GW_OK)
			return GW_ERR_NOMEM;
		(*at)++;
		taken++;
	}
	return GW_OK;
}
