/* SPDX-License-Identifier: ISC */
/* godwit/status.h - reports what an account's state says, without connecting anywhere. */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"
#include "godwit/last.h"

#include <stdint.h>

struct gw_status_mailbox {
	const char *name;       /* on disk: the directory relative to the root */
	uint64_t messages;      /* with a file */
	uint64_t there_only;    /* with `direction = "push"`: on the server, and not fetched */
	uint32_t uidvalidity;   /* 0: not synchronized yet */
	uint64_t highestmodseq; /* 0: the server has none */
	const char *shown;      /* as shown and as matched by patterns */
	const char *pattern;    /* the pattern that decided; NULL: none did */
	bool trash;             /* \Trash, according to the server */
	bool looked;            /* the fields below are valid: the directory was read */
	uint64_t files, unread;
	uint64_t fresh, gone, flags; /* since the last sync: new, gone, and reflagged here */
	int64_t local_changed;       /* seconds; 0: never */
};

struct gw_status_held {
	const char *mailbox;   /* its name as shown, or a directory */
	uint32_t uid;          /* 0: the file is not on the server */
	const char *base_name; /* "": it has no file */
	const char *reason;
};

/* Strings are borrowed and valid during the call.  All members but mailbox() may be NULL: not
 * wanted. */
struct gw_status_sink {
	void (*account)(void *ctx, bool known, int64_t changed_at); /* seconds; 0: never */
	void (*mailbox)(void *ctx, const struct gw_status_mailbox *mailbox);
	/* Bytes on the wire today (UTC), where the account has a limit; not_before: seconds, when
	 * the provider's requested pause ends; 0: none. */
	void (*day)(void *ctx, uint64_t down, uint64_t up, int64_t not_before);
	void (*held)(void *ctx, const struct gw_status_held *held);
	/* How the last syncs ended. */
	void (*last)(void *ctx, const struct gw_last *last);
	bool look; /* read the directories, too */
	void *ctx;
};

/* Reads the state and reports to sink.  Blocking.  GW_ERR_CORRUPT, GW_ERR_STATE, GW_ERR_DISK. */
enum gw_code gw_status_read(
	const struct gw_account *account, const struct gw_status_sink *sink, struct gw_error *err);
