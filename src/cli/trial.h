/* SPDX-License-Identifier: ISC */
/* cli/trial.h - tries an account as far as its answers go, for `godwit init`. */
#pragma once

#include "godwit/account.h"
#include "godwit/log.h"

/* How far. */
enum trial_depth { TRIAL_MAILDIR, TRIAL_SERVER, TRIAL_LOGIN, TRIAL_SENDING };

enum trial_result {
	TRIAL_GOOD,
	TRIAL_BAD_MAILDIR,
	TRIAL_BAD_SERVER, /* the name, or what answers there */
	TRIAL_BAD_LOGIN,
	TRIAL_BAD_SENDING, /* the server that takes mail */
	TRIAL_STOPPED,     /* Ctrl-C */
};

/* Prints what it finds on the way: what is good in a line each, and what is not with what to do. */
enum trial_result trial(
	const struct gw_account *account, enum trial_depth depth, const struct gw_log *log);
