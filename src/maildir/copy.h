/* SPDX-License-Identifier: ISC */
/* maildir/copy.h - a second file of a message that is here, on its way into another mailbox.
 *
 * As cheap as the file system has it: a reflink, else a hard link, else a copy.
 */
#pragma once

#include "maildir/deliver.h"

/* Known limits of the file system; initialized to zeros. */
struct gw_copier {
	bool no_reflink, no_link;
};

/* Makes a file in to's tmp/ with the contents of `name` in the directory `from`; `serial`
 * distinguishes the files that one process makes there.  out: as from a writer; file_size counts
 * only newly written bytes.  GW_ERR_DISK: one cannot be read or the other not made; nothing is left
 * then. */
enum gw_code gw_copy_message(struct gw_copier *c, int from, const char *name,
	const struct gw_maildir *to, uint32_t serial, struct gw_delivered *out,
	struct gw_error *err);
