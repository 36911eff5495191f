/* maildir/copy.h - a second file of a message that is here, on its way into another mailbox.
 *
 * As cheap as the file system has it: a reflink, else a hard link, else a copy.
 */
#pragma once

#include "maildir/deliver.h"

/* What was found out about the file system; zero to begin with. */
struct gw_copier {
	bool no_reflink, no_link;
};

/* Makes a file in to's tmp/ that holds what `name` in the directory `from` holds; `serial` tells
 * apart what one process makes there.  out: as a writer's; file_size counts what was written anew.
 * GW_ERR_DISK when the one cannot be read or the other not be made; nothing is left then. */
enum gw_code gw_copy_message(struct gw_copier *c, int from, const char *name,
	const struct gw_maildir *to, uint32_t serial, struct gw_delivered *out,
	struct gw_error *err);
