/* godwit/outbox.h - mail that waits to be sent: submitting, sending, looking at it.
 *
 * A mail that was accepted is a file in the account's outbox, flushed.  From then on it is sent, or in
 * the user's sight.  Submitting takes no lock and no network; sending runs on the caller's loop.
 */
#pragma once

#include "godwit/account.h"
#include "godwit/error.h"
#include "godwit/log.h"

#include <stdint.h>

struct uv_loop_s;
struct gw_sender;

/* True once anything was submitted. */
bool gw_outbox_exists(const struct gw_account *account);

/* What a sendmail command was asked. */
struct gw_submission {
	const char *account;   /* its name; NULL: by the addresses */
	const char *sender;    /* the envelope's; NULL: by the header; "": the empty path */
	const char *full_name; /* for a From that has to be made; NULL: none */
	const char *const *recipients;
	size_t recipient_count;
	bool from_header;                 /* the header's recipients, too */
	const char *notify, *ret, *envid; /* as in -N, -R, -V; NULL: not asked */
	int fd;                           /* the message; read to its end */
};

struct gw_submitted {
	const struct gw_account *account;
	char id[16];
	char note[200]; /* for the user, "" for none */
};

/* GW_OK: it is durable.  Anything else: nothing was queued.  GW_ERR_CONFIG: no account for it;
 * GW_ERR_REFUSED: the message or an address, err names the line; GW_ERR_DISK; GW_ERR_NOMEM. */
enum gw_code gw_outbox_submit(const struct gw_account *accounts, size_t count,
	const struct gw_submission *submission, struct gw_submitted *out, struct gw_error *err);

/* Starts nothing, and fails, unless the account sends. */
bool gw_account_sends(const struct gw_account *account);
/* True if its server wants a user and a password or a token. */
bool gw_account_signs_in(const struct gw_account *account);

enum gw_mail_state {
	GW_MAIL_QUEUED,  /* not tried yet */
	GW_MAIL_WAITING, /* tried; again later */
	GW_MAIL_SENDING,
	GW_MAIL_DOUBT,   /* the server may have taken it, its answer did not arrive */
	GW_MAIL_HELD,    /* by the user, or since nobody can tell whether it was sent */
	GW_MAIL_REFUSED, /* for some recipients, for good */
	GW_MAIL_SENT,    /* gone; to be filed */
	GW_MAIL_BROKEN,  /* a file that cannot be sent */
};

/* "queued", "waiting", "sending", "in-doubt", "held", "refused", "sent", "broken". */
const char *gw_mail_state_name(enum gw_mail_state state);

enum gw_fate { GW_FATE_OPEN, GW_FATE_LATER, GW_FATE_ACCEPTED, GW_FATE_REFUSED, GW_FATE_DOUBT };

struct gw_mail_recipient {
	const char *address;
	enum gw_fate fate;
	const char *answer; /* the server's last words; "" for none */
};

struct gw_mail {
	const char *id;
	enum gw_mail_state state;
	const char *sender, *subject, *file; /* file: its path */
	const char *reason;                  /* why it waits, or what is to be done; "" for none */
	int64_t queued_at, next_at;          /* seconds; next_at 0: not known */
	uint64_t size;
	unsigned tries;
	const struct gw_mail_recipient *recipients;
	size_t recipient_count;
};

/* The account as a whole. */
struct gw_outbox_summary {
	size_t count, by_state[GW_MAIL_BROKEN + 1];
	size_t unfiled; /* mails whose copy in Sent, or notice in INBOX, could not be written yet */
	int64_t pause_until;                /* 0: none */
	const char *pause_reason, *sign_in; /* "" for none; sign_in: why it stands */
	int64_t next_at;
};

/* Everything is borrowed during the call.  Neither locks nor writes; no outbox: no calls but one of
 * summary.  GW_ERR_DISK, GW_ERR_STATE, GW_ERR_NOMEM. */
enum gw_code gw_outbox_list(const struct gw_account *account,
	void (*mail)(void *ctx, const struct gw_mail *m),
	void (*summary)(void *ctx, const struct gw_outbox_summary *s), void *ctx,
	struct gw_error *err);

/* A number that is another one when the outbox or what is known of it has changed; 0: there is none. */
int64_t gw_outbox_stamp(const struct gw_account *account);

struct gw_outbox_log_line {
	int64_t at;
	const char *id, *address, *what, *answer, *subject;
};

enum gw_code gw_outbox_log(const struct gw_account *account,
	void (*line)(void *ctx, const struct gw_outbox_log_line *l), void *ctx,
	struct gw_error *err);

enum gw_outbox_change { GW_OUTBOX_HOLD, GW_OUTBOX_RELEASE, GW_OUTBOX_DROP };

/* What the user wants of one mail; durable.  GW_ERR_CONFIG: there is no such mail. */
enum gw_code gw_outbox_change(const struct gw_account *account, const char *id,
	enum gw_outbox_change change, struct gw_error *err);

enum gw_sender_event_type {
	GW_SENDER_SENDING,  /* mail: id, address count */
	GW_SENDER_ACCEPTED, /* id: gone, for all that are left */
	GW_SENDER_LATER,    /* id, text */
	GW_SENDER_REFUSED,  /* id, address, text */
	GW_SENDER_DOUBT,    /* id, text */
	GW_SENDER_PROBLEM,  /* text: of the account */
	GW_SENDER_DONE,     /* the last one; err NULL: nothing went wrong; counts hold */
};

struct gw_sender_counts {
	size_t sent, later, refused, doubt; /* mails, in this run */
	size_t waiting;                     /* in the outbox at its end */
	size_t needs_user;                  /* of them, refused, held or broken */
};

struct gw_sender_event {
	enum gw_sender_event_type type;
	const char *id, *address, *text, *subject;
	const struct gw_error *err;
	const struct gw_sender_counts *counts;
};

typedef void gw_sender_cb(void *ctx, const struct gw_sender_event *ev);

struct gw_sender_options {
	const char *const
		*ids; /* only these, and whatever keeps them from being due; NULL: what is due */
	size_t id_count;
	bool now;          /* also what is not due yet, and although the account pauses */
	bool forever;      /* a watcher's: goes on until it is stopped */
	unsigned linger_s; /* waits so long for what is due next */
};

/* Sends what is due, as the one sender of the account.  GW_OK: DONE comes exactly once, later, with
 * GW_ERR_LOCKED if another one is at it (that one sees what was queued).  Everything given is
 * borrowed until then. */
enum gw_code gw_sender_start(struct uv_loop_s *loop, const struct gw_account *account,
	const struct gw_sender_options *options, const struct gw_log *log, gw_sender_cb *cb,
	void *ctx, struct gw_sender **out, struct gw_error *err);

/* The outbox may have changed, or the network come back (`awake`). */
void gw_sender_poke(struct gw_sender *s, bool awake);

/* Ends soon: what is under way is given up where that is harmless; DONE follows. */
void gw_sender_stop(struct gw_sender *s);
