/* imap/command.h - writes one command line: quoting, literals, sets. */
#pragma once

#include "base/seqset.h"

enum { GW_LINE_MAX_BREAKS = 4 };

/* A command without its tag.  At each break the rest waits for the server's "+". */
struct gw_line {
	struct gw_buf text;
	size_t breaks[GW_LINE_MAX_BREAKS];
	unsigned break_count;
	enum gw_code code; /* the first failure; checked when the command is sent */
	bool secret;       /* not to be logged */
};

void gw_line_init(struct gw_line *line);
void gw_line_deinit(struct gw_line *line);

void gw_line_printf(struct gw_line *line, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A string: quoted if it can be, else a literal.  caps (imap/caps.h) decide whether the literal
 * has to wait for the server (LITERAL+, LITERAL-: RFC 7888). */
void gw_line_string(struct gw_line *line, struct gw_slice s, uint32_t caps);

void gw_line_set(struct gw_line *line, const struct gw_seqset *set);
