/* SPDX-License-Identifier: ISC */
/* godwit/rivals.h - looks for other programs that synchronize this mail: two on one tree double
 * each new message.  Blocking. */
#pragma once

/* what: what was found; advice: how to end it. */
typedef void gw_rival_cb(void *ctx, const char *what, const char *advice);

/* Looks at this user's systemd units, at the crontab and at running processes. */
void gw_rivals_look(gw_rival_cb *cb, void *ctx);
