/* SPDX-License-Identifier: ISC */
/* base/landlock.h - what this process may do to files from now on (landlock(7)). */
#pragma once

#include "godwit/error.h"

#include <stdbool.h>
#include <stddef.h>

/* A directory with all below it, or a file. */
struct gw_landlock_path {
	char *path; /* owned by whoever made the list; what is not there is passed over */
	bool write; /* and made and taken away; else it is only read */
};

/* What the kernel offers; 0: nothing that is of use (other systems, before Linux 5.19, or not switched on). */
unsigned gw_landlock_version(void);

/* Only these places from now on, for this process and what it starts; nothing is executed, no TCP port listened
 * on and, from version 6 on, no signal sent to other processes.  Sockets that are files can be connected to.  It
 * has one thread so far, and no_new_privs. */
enum gw_code gw_landlock_enter(
	const struct gw_landlock_path *places, size_t count, struct gw_error *err);
