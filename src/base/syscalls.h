/* SPDX-License-Identifier: ISC */
/* base/syscalls.h - system calls that this process never needs, and whoever takes it over does (seccomp(2)). */
#pragma once

#include "godwit/error.h"

#include <stdbool.h>

/* Does the filter know this architecture, and the kernel filters? */
bool gw_syscalls_supported(void);

/* They fail with EPERM from now on, for this process and what it starts: programs and processes, other processes'
 * memory and signals, other users, namespaces and mounts, keys, modules, io_uring, memory that is both written
 * and executed, sockets of other families, and typing into our terminal.  It has one thread so far, and
 * no_new_privs. */
/* serves: it listens on a socket. */
enum gw_code gw_syscalls_forbid(bool serves, struct gw_error *err);
