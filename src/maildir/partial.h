/* SPDX-License-Identifier: ISC */
/* maildir/partial.h - a big message that arrives in pieces, kept in tmp/ for the next run when the
 * connection is lost.
 *
 * It is written once, as the file that it becomes: with LF line ends, its fingerprint computed as the
 * bytes come.  What is kept for a later run says at its end how many bytes came over the wire, which
 * is where to go on; it is flushed before it gets the name that a later run looks for: a power cut
 * leaves litter, never a file with holes.
 */
#pragma once

#include "maildir/deliver.h"
#include "maildir/room.h"

/* How long it is kept. */
enum { GW_PARTIAL_DAYS = 7 };
#define GW_PARTIAL_PREFIX GW_TMP_PREFIX "part."
enum { GW_PARTIAL_BUFFER = 65536 };

/* How far it came. */
struct gw_partial_point {
	uint64_t size;      /* over the wire */
	uint64_t file_size; /* of it, in the file */
	struct gw_crlf crlf;
	struct gw_printer printer;
};

struct gw_partial {
	int fd; /* owned; -1: closed */
	char name[GW_TMP_NAME], kept_name[64];
	struct gw_partial_point at, mark;
	struct gw_room room;
	uint64_t kicked; /* bytes whose write-back was started */
	size_t used;
	char buffer[GW_PARTIAL_BUFFER]; /* not written yet */
};

/* Goes on with what an earlier run kept of this message (key as for gw_name_of_uid()), or begins.
 * GW_ERR_DISK. */
enum gw_code gw_partial_open(struct gw_partial *p, const struct gw_maildir *m, const char *key,
	uint32_t uid, struct gw_error *err);
enum gw_code gw_partial_append(struct gw_partial *p, const struct gw_maildir *m,
	struct gw_slice wire, struct gw_error *err);

/* Bytes that came over the wire so far. */
uint64_t gw_partial_size(const struct gw_partial *p);

/* Remembers how far it came; and goes back to that.  GW_ERR_DISK. */
enum gw_code gw_partial_mark(
	struct gw_partial *p, const struct gw_maildir *m, struct gw_error *err);
enum gw_code gw_partial_cut(struct gw_partial *p, const struct gw_maildir *m, struct gw_error *err);

/* Completes it: hands it to the writer, from which it can be taken.  GW_ERR_DISK drops it. */
enum gw_code gw_partial_finish(struct gw_partial *p, const struct gw_maildir *m,
	struct gw_deliver *writer, struct gw_error *err);

/* Keeps or drops an incomplete one, and closes it.  A closed one is accepted. */
void gw_partial_keep(struct gw_partial *p, const struct gw_maildir *m);
void gw_partial_drop(struct gw_partial *p, const struct gw_maildir *m);
