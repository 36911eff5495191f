/* SPDX-License-Identifier: ISC */
/* imap/command.h - builds one command line: quoting, literals, sets.
 *
 * Each kind of outside argument has its own writer here.  Whatever the value contains, it stays one
 * argument (RFC 9051 4.1, 4.3, 9).
 */
#pragma once

#include "base/seqset.h"

enum {
	GW_COMMAND_MAX_BREAKS = 4,
	GW_COMMAND_SET_BYTES = 7400, /* bytes of a set: keeps a line within 8,000 */
	GW_COMMAND_MAX_RANGES = GW_COMMAND_SET_BYTES / 22, /* the longest range is
						      * "4294967294:4294967295," */
};

/* A literal too large for memory: size bytes, read as fast as the connection takes them. */
struct gw_body_source {
	uint64_t size;
	/* Writes up to n bytes; fewer only at the end.  0 before size ends the session. */
	size_t (*read)(void *ctx, char *out, size_t n);
	void *ctx; /* borrowed until the command is answered */
};

/* A command without its tag.  At each break, the rest waits for the server's "+". */
struct gw_command {
	struct gw_buf text;
	size_t breaks[GW_COMMAND_MAX_BREAKS];
	unsigned break_count;
	enum gw_code code;          /* the first failure; checked when the command is sent */
	bool secret;                /* never logged */
	bool idles;                 /* IDLE: DONE follows when gw_session_end_idle() says so */
	struct gw_body_source body; /* the last argument; size 0 and read NULL: none */
	bool body_at_once;
};

void gw_command_init(struct gw_command *line);
/* For one that holds a secret: never logged, in locked memory. */
void gw_command_init_secret(struct gw_command *line);
void gw_command_deinit(struct gw_command *line);

/* Appends our own words and numbers.  Any character but printable ASCII makes the line fail. */
void gw_command_printf(struct gw_command *line, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Appends a string: quoted if possible, otherwise as a literal.  caps (imap/caps.h) decide whether
 * a literal waits for the server (LITERAL+, LITERAL-: RFC 7888).  A NUL makes the line fail. */
void gw_command_string(struct gw_command *line, struct gw_slice s, uint32_t caps);

/* Appends the names of a set's flags (base/flagset.h), separated by spaces; omits keywords that
 * have no name, or one that is not an atom. */
void gw_command_flags(
	struct gw_command *line, uint64_t flags, char *const *keywords, unsigned keyword_count);

/* Appends the body as the last argument.  at_once: without waiting for the server's "+".  Use it
 * only after the server accepted a command of the same shape; otherwise it may read the body's
 * lines as commands. */
void gw_command_body(struct gw_command *line, const struct gw_body_source *body, bool at_once);

void gw_command_set(struct gw_command *line, const struct gw_seqset *set);

/* Splits a sorted array of UIDs into sets that fit a server's line limit: moves UIDs from uids[*at]
 * on into set, at most max_count, and advances *at. */
enum gw_code gw_command_take_uids(
	const uint32_t *uids, size_t count, size_t *at, size_t max_count, struct gw_seqset *set);
