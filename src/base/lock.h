/* SPDX-License-Identifier: ISC */
/* base/lock.h - lets one godwit at a time work on an account: a kernel lock, which ends with its
 * holder. */
#pragma once

#include "godwit/error.h"

/* Takes the lock file at path (created if missing).  The caller owns *fd; closing it releases the
 * lock.  GW_ERR_LOCKED names the holder's process and `what` it does ("is working on this
 * account"). */
enum gw_code gw_lock_take(const char *path, const char *what, int *fd, struct gw_error *err);
