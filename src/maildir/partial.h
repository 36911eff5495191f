/* maildir/partial.h - a big message that arrives in pieces, kept in tmp/ for the next run when the
 * connection is lost.
 *
 * What is kept is what came over the wire, byte for byte, so that its size says where to go on.  It
 * is flushed before it gets the name that a later run looks for: a power cut leaves litter, never a
 * file with holes.
 */
#pragma once

#include "maildir/deliver.h"
#include "maildir/room.h"

/* How long it is kept. */
enum { GW_PARTIAL_DAYS = 7 };
#define GW_PARTIAL_PREFIX GW_TMP_PREFIX "part."

struct gw_partial {
	int fd; /* owned; -1: closed */
	char name[48], kept_name[64];
	uint64_t size; /* bytes so far */
	struct gw_room room;
};

/* Goes on with what an earlier run kept of this message (key as for gw_name_of_uid()), or begins.
 * GW_ERR_DISK. */
enum gw_code gw_partial_open(struct gw_partial *p, const struct gw_maildir *m, const char *key,
	uint32_t uid, struct gw_error *err);
enum gw_code gw_partial_append(struct gw_partial *p, const struct gw_maildir *m,
	struct gw_slice wire, struct gw_error *err);

/* Cuts it to its first size bytes. */
enum gw_code gw_partial_cut(
	struct gw_partial *p, const struct gw_maildir *m, uint64_t size, struct gw_error *err);

/* Completes it: passes it through the writer, from which it can be taken, and closes it. */
enum gw_code gw_partial_finish(struct gw_partial *p, const struct gw_maildir *m,
	struct gw_deliver *writer, struct gw_error *err);

/* Keeps or drops an incomplete one, and closes it.  A closed one is accepted. */
void gw_partial_keep(struct gw_partial *p, const struct gw_maildir *m);
void gw_partial_drop(struct gw_partial *p, const struct gw_maildir *m);
