/* SPDX-License-Identifier: ISC */
/* godwit/outbox.h - mail to be sent: submits it, sends it, lists it.
 *
 * An accepted mail is a file in the account's outbox, flushed to disk.  From then on it is either
 * sent or visible to the user.  Submitting takes no lock and no network; sending runs on the
 * caller's loop.
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

/* What a sendmail command was asked to do. */
struct gw_submission {
	const char *account;   /* account name; NULL: chosen by the addresses */
	const char *sender;    /* of the envelope; NULL: from the header; "": the null path */
	const char *full_name; /* for a From field that must be added; NULL: none */
	const char *const *recipients;
	size_t recipient_count;
	bool from_header;                 /* add the header's recipients */
	const char *notify, *ret, *envid; /* values of -N, -R, -V; NULL: not given */
	int fd;                           /* the message; read to its end */
};

struct gw_submitted {
	const struct gw_account *account;
	char id[16];
	char note[200]; /* for the user, "" for none */
};

/* Queues a message.  GW_OK: it is durable.  Anything else: nothing was queued.  GW_ERR_CONFIG: no
 * account fits; GW_ERR_REFUSED: the message or an address is refused, err names the line;
 * GW_ERR_DISK; GW_ERR_NOMEM. */
enum gw_code gw_outbox_submit(const struct gw_account *accounts, size_t count,
	const struct gw_submission *submission, struct gw_submitted *out, struct gw_error *err);

/* True if the account can send. */
bool gw_account_sends(const struct gw_account *account);
/* True if its submission server needs a user and a password or token. */
bool gw_account_signs_in(const struct gw_account *account);

enum gw_mail_state {
	GW_MAIL_QUEUED,  /* not tried yet */
	GW_MAIL_WAITING, /* tried; will be tried again */
	GW_MAIL_SENDING,
	GW_MAIL_DOUBT,   /* the server may have accepted it; its answer did not arrive */
	GW_MAIL_HELD,    /* by the user, or because nobody can tell whether it was sent */
	GW_MAIL_REFUSED, /* permanently, for some recipients */
	GW_MAIL_SENT,    /* sent; not yet filed */
	GW_MAIL_BROKEN,  /* a file that cannot be sent */
};

/* Returns "queued", "waiting", "sending", "in-doubt", "held", "refused", "sent" or "broken". */
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
	const char *reason;                  /* why it waits, or what the user should do; "" for
					      * none */
	int64_t queued_at, next_at;          /* seconds; next_at 0: not known */
	uint64_t size;
	unsigned tries;
	const struct gw_mail_recipient *recipients;
	size_t recipient_count;
};

/* The account as a whole. */
struct gw_outbox_summary {
	size_t count, by_state[GW_MAIL_BROKEN + 1];
	size_t unfiled;      /* mails whose copy in Sent, or notice in INBOX, is not written yet */
	int64_t pause_until; /* 0: none */
	const char *pause_reason, *sign_in; /* "" for none; sign_in: why signing in is impossible */
	int64_t next_at;
};

/* Lists the outbox; everything is borrowed during the call.  Neither locks nor writes.  No outbox:
 * only summary is called, once.  GW_ERR_DISK, GW_ERR_STATE, GW_ERR_NOMEM. */
enum gw_code gw_outbox_list(const struct gw_account *account,
	void (*mail)(void *ctx, const struct gw_mail *m),
	void (*summary)(void *ctx, const struct gw_outbox_summary *s), void *ctx,
	struct gw_error *err);

/* A number that differs after every change to the outbox or to what is known of it; 0: no
 * outbox. */
int64_t gw_outbox_stamp(const struct gw_account *account);

struct gw_outbox_log_line {
	int64_t at;
	const char *id, *address, *what, *answer, *subject;
};

enum gw_code gw_outbox_log(const struct gw_account *account,
	void (*line)(void *ctx, const struct gw_outbox_log_line *l), void *ctx,
	struct gw_error *err);

enum gw_outbox_change { GW_OUTBOX_HOLD, GW_OUTBOX_RELEASE, GW_OUTBOX_DROP };

/* Changes one mail for the user; durable.  GW_ERR_CONFIG: no such mail. */
enum gw_code gw_outbox_change(const struct gw_account *account, const char *id,
	enum gw_outbox_change change, struct gw_error *err);

enum gw_sender_event_type {
	GW_SENDER_SENDING,  /* mail: id, address count */
	GW_SENDER_ACCEPTED, /* id: sent to all remaining recipients */
	GW_SENDER_LATER,    /* id, text */
	GW_SENDER_REFUSED,  /* id, address, text */
	GW_SENDER_DOUBT,    /* id, text */
	GW_SENDER_PROBLEM,  /* text: about the account as a whole */
	GW_SENDER_DONE,     /* the last event; err NULL: nothing went wrong; counts are valid */
};

struct gw_sender_counts {
	size_t sent, later, refused, doubt; /* mails, in this run */
	size_t waiting;                     /* in the outbox when the run ended */
	size_t needs_user;                  /* of those, refused, held or broken */
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
		*ids; /* only these, whatever has kept them from being sent; NULL: what is due */
	size_t id_count;
	bool now;          /* include what is not due yet, and ignore the account's pause */
	bool forever;      /* for a watcher: runs until stopped */
	unsigned linger_s; /* how long to wait for the next mail to become due */
};

/* Sends due mail as the account's only sender.  GW_OK: DONE comes exactly once, later, with
 * GW_ERR_LOCKED if another sender is at work (it sees what was queued).  Everything given is
 * borrowed until then. */
enum gw_code gw_sender_start(struct uv_loop_s *loop, const struct gw_account *account,
	const struct gw_sender_options *options, const struct gw_log *log, gw_sender_cb *cb,
	void *ctx, struct gw_sender **out, struct gw_error *err);

/* Tells the sender that the outbox may have changed, or (awake) that the network may be back. */
void gw_sender_poke(struct gw_sender *s, bool awake);

/* Ends the sender soon: gives up what is under way where that is harmless; DONE follows. */
void gw_sender_stop(struct gw_sender *s);
