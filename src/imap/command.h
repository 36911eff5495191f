/* imap/command.h - writes one command line: quoting, literals, sets.
 *
 * Each argument that comes from outside has its own writer here; whatever it holds, it stays one
 * argument (RFC 9051 4.1, 4.3, 9).
 */
#pragma once

#include "base/seqset.h"

enum {
	GW_LINE_MAX_BREAKS = 4,
	GW_LINE_SET_BYTES = 7400,                    /* of a set: keeps a line within 8,000 */
	GW_LINE_MAX_RANGES = GW_LINE_SET_BYTES / 22, /* "4294967294:4294967295," is the longest */
};

/* A literal too large to be held: size bytes, read as the connection takes them. */
struct gw_body_source {
	uint64_t size;
	/* Writes up to n bytes; fewer only at the end.  0 before size is reached ends the session.
	 */
	size_t (*read)(void *ctx, char *out, size_t n);
	void *ctx; /* borrowed until the command is answered */
};

/* A command without its tag.  At each break the rest waits for the server's "+". */
struct gw_line {
	struct gw_buf text;
	size_t breaks[GW_LINE_MAX_BREAKS];
	unsigned break_count;
	enum gw_code code;          /* the first failure; checked when the command is sent */
	bool secret;                /* not to be logged */
	bool idles;                 /* IDLE: DONE follows when gw_session_end_idle() says so */
	struct gw_body_source body; /* the last argument; size 0 and read NULL: none */
	bool body_at_once;
};

void gw_line_init(struct gw_line *line);
void gw_line_deinit(struct gw_line *line);

/* For words of our own and numbers: anything but printable ASCII makes the line fail. */
void gw_line_printf(struct gw_line *line, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A string: quoted if it can be, else a literal.  caps (imap/caps.h) decide whether the literal
 * has to wait for the server (LITERAL+, LITERAL-: RFC 7888).  One with a NUL makes the line fail. */
void gw_line_string(struct gw_line *line, struct gw_slice s, uint32_t caps);

/* The names of the flags in a set (base/flagset.h), with spaces between; keywords without a name,
 * or with one that is no atom, are left out. */
void gw_line_flags(
	struct gw_line *line, uint64_t flags, char *const *keywords, unsigned keyword_count);

/* The command's last argument.  at_once: without waiting for the server's "+"; only after it has
 * accepted a command of the same shape, or it may take the body's lines for commands. */
void gw_line_body(struct gw_line *line, const struct gw_body_source *body, bool at_once);

void gw_line_set(struct gw_line *line, const struct gw_seqset *set);

/* Splits a sorted array of UIDs into sets that a server's line limit allows: takes UIDs from
 * uids[*at] on into set, at most max_count of them, and moves *at. */
enum gw_code gw_take_uids(
	const uint32_t *uids, size_t count, size_t *at, size_t max_count, struct gw_seqset *set);
