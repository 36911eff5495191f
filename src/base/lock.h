/* base/lock.h - one godwit at a time works on an account: a kernel lock, gone with its holder. */
#pragma once

#include "godwit/error.h"

/* Takes the lock file at path (made if need be).  *fd is the caller's; closing it gives the lock
 * up.  GW_ERR_LOCKED names the process that has it, and says `what` it does
 * ("is working on this account"). */
enum gw_code gw_lock_take(const char *path, const char *what, int *fd, struct gw_error *err);
