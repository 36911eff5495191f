/* SPDX-License-Identifier: ISC */
/* cli/keeper.h - the process that a confined watcher is started from, and that runs its commands.
 *
 * It does nothing else and talks to nobody.  It is there because a sandbox cannot be widened: when the
 * configuration is read again, or a Maildir is another directory than before, a new watcher is started.
 */
#pragma once

#include "cli/sandbox.h"

/* What a watcher says that ends in order to be started anew. */
#define KEEPER_AGAIN "AGAIN"

/* Calls work() in a process of its own, confined as config says; what ends this one ends that one, and signals are
 * passed on to it.  work() takes config over.  Returns its status. */
int keeper_run(const struct options *o, struct config *config, const struct gw_log *log,
	int (*work)(const struct options *o, struct config *config, const struct gw_log *log,
		struct sandbox *sandbox));
