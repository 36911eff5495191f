/* godwit/status.h - what the state of an account says, without connecting anywhere. */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"
#include "godwit/last.h"

#include <stdint.h>

struct gw_status_mailbox {
	const char *name;       /* as on disk: the directory relative to the root */
	uint64_t messages;      /* with a file */
	uint32_t uidvalidity;   /* 0: not synchronized yet */
	uint64_t highestmodseq; /* 0: the server has none */
	const char *shown;      /* its name, as patterns see it */
	const char *pattern;    /* that decided; NULL: none did */
	bool trash;             /* as the server says: \Trash */
	bool looked;            /* the rest is known: what stands in its directory */
	uint64_t files, unread;
	uint64_t fresh, gone,
		flags;         /* new here, gone here, with other flags, since the last sync */
	int64_t local_changed; /* seconds; 0: never */
};

struct gw_status_held {
	const char *mailbox;   /* its name, as shown; or a directory */
	uint32_t uid;          /* 0: a file that is not on the server */
	const char *base_name; /* "" when it has no file */
	const char *reason;
};

/* Strings are borrowed and valid during the call.  All but mailbox() may be NULL: not asked for. */
struct gw_status_sink {
	void (*account)(void *ctx, bool known, int64_t changed_at); /* seconds; 0: never */
	void (*mailbox)(void *ctx, const struct gw_status_mailbox *mailbox);
	/* Bytes on the wire today (UTC), where the account has a limit; not_before: seconds, the
	 * provider asked not to be asked sooner; 0: it did not. */
	void (*day)(void *ctx, uint64_t down, uint64_t up, int64_t not_before);
	void (*held)(void *ctx, const struct gw_status_held *held);
	/* How the last syncs ended. */
	void (*last)(void *ctx, const struct gw_last *last);
	bool look; /* into the directories, too */
	void *ctx;
};

/* Blocking.  GW_ERR_CORRUPT, GW_ERR_STATE, GW_ERR_DISK. */
enum gw_code gw_status_read(
	const struct gw_account *account, const struct gw_status_sink *sink, struct gw_error *err);
