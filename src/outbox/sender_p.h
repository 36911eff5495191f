/* SPDX-License-Identifier: ISC */
/* outbox/sender_p.h - what a sender is made of; private to sender.c and the files below it. */
#pragma once

#include "auth/credentials.h"
#include "net/delay.h"
#include "outbox/evidence.h"
#include "outbox/load.h"
#include "outbox/provider.h"
#include "outbox/records.h"
#include "outbox/verdict.h"

#include <uv.h>

/* Where a sender stands.  Written by sender.c's enter() only. */
enum sender_state {
	SENDER_LOADING,    /* reads the outbox, in the pool */
	SENDER_WAITING,    /* for what is due, or to be told */
	SENDER_SIGNING_IN, /* gets a password or a token */
	SENDER_CONNECTING,
	SENDER_SENDING,
	SENDER_ENDING, /* lets go of everything */
	SENDER_OVER,
};

/* One transaction: a mail, and some of its recipients. */
struct attempt {
	struct attempt *next;
	struct gw_sender *sender;
	struct gw_queued *mail;
	uv_work_t request;

	size_t *which;                /* owned: indices of its recipients in the mail */
	struct gw_smtp_recipient *to; /* owned; addresses are the mail's */
	unsigned *codes;              /* owned: what each was answered; 0: not yet */
	struct gw_verdict *verdicts;  /* owned */
	char **answers;               /* owned */
	size_t to_count;

	int fd;             /* owned */
	struct gw_buf head; /* what leaves of the header */
	size_t head_at;
	int64_t body_at; /* where the rest begins in the file */
	struct gw_smtp_sender envelope;
	struct gw_error err; /* of preparing */
	struct gw_smtp_message *message;
	bool prepared, given; /* to the session */
	bool alone;           /* nothing else is due */
	bool last;            /* of its session */
	bool recorded;        /* the last bytes may leave: on disk, or on its way there */
	bool recording;       /* on its way; then the record holds it */
	bool over;
};

struct gw_sender {
	uv_loop_t *loop;
	const struct gw_log *log;
	const struct gw_account *account;
	struct gw_sender_options options; /* borrowed */
	gw_sender_cb *cb;
	void *ctx;
	enum sender_state state;
	const struct gw_submission_provider *provider; /* static */

	int lock;
	struct gw_queue *queue;     /* owned */
	struct gw_store *store;     /* owned; jobs' */
	struct gw_records *records; /* owned */
	struct gw_loaded box;       /* without mails while the job has them */
	struct gw_loaded fresh;
	struct gw_outbox_ahead ahead; /* of box */
	uv_work_t load;
	char *note;                   /* owned; of opening the state */
	bool *tried;                  /* owned: which of options.ids were */
	int64_t looked_at;            /* at the outbox */
	int64_t started, passed_over; /* passed_over: a pause that somebody does not wait for */
	bool loading, stopping, loaded_once;
	bool dirty;             /* the outbox is not as it was loaded any more */
	bool stale;             /* and must be looked at before anything else is sent */
	struct gw_error failed; /* told by DONE */
	struct gw_error disk;   /* the disk's refusal; DONE reports it before anything else */
	bool disk_told, last_chance;
	uint64_t store_ino; /* of the state's file */

	struct gw_tls_ctx *tls;  /* owned */
	struct gw_account login; /* the account as it signs in for sending; strings are its own */
	struct gw_credentials *credentials;
	struct gw_sasl *sasl; /* referenced */
	bool renewed;         /* a refused token was renewed */
	char key[65];         /* identifies our credentials and where they are used */
	bool asks_again;      /* somebody wants a sign-in that was refused to be tried once more */
	struct gw_smtp *session;
	bool up;          /* the session takes mail */
	uint32_t without; /* gw_smtp_cap: offered by the server, but not working */
	int64_t without_until;
	bool learned;        /* something of that from this session, which is to be closed */
	bool spent;          /* the session carries its last mail */
	unsigned on_session; /* messages it has carried */
	int64_t minute, in_minute;
	int64_t mail_at;          /* when the last one was begun */
	bool single;              /* and none for long before it */
	struct attempt *attempts; /* owned; at most two */
	char last_refusal[300];   /* the last answer to MAIL, if that was 5xx */

	void (*step)(
		struct gw_sender *s); /* sender.c's: decides what comes next; the parts call it when
					      anything has changed, and name nobody above them */
	uv_timer_t timer;
	int64_t linger_until;
	struct gw_sender_counts counts;
	struct gw_changes *changes; /* owned */
	struct gw_evidence *evidence;
	struct gw_queued **looked_for; /* owned; while it asks */
	size_t looked_for_count;
	int64_t no_look_before; /* the last one did not come to an answer */
};

/* tell.c */
void sender_tell(struct gw_sender *s, enum gw_sender_event_type type, const struct gw_queued *mail,
	const char *address, const char *text);
int64_t sender_now(void);

/* attempt.c */
bool attempt_start(struct gw_sender *s, struct gw_queued *mail, size_t to_count);

/* follow.c: what is done about mails that are decided, or in doubt.  Each returns when it is due again; 0:
 * never. */
int64_t follow_doubts(struct gw_sender *s);
int64_t follow_refused(struct gw_sender *s);
int64_t follow_sent(struct gw_sender *s);

/* settle.c: what an end of a transaction, or of the session, means. */
void settle_attempt(struct attempt *a, const struct gw_smtp_outcome *outcome);
void settle_lost(struct gw_sender *s, const struct gw_smtp_event *ev);
void settle_refused_sign_in(struct gw_sender *s, const char *why);
void settle_awake(struct gw_sender *s);  /* there may be a line again: what waits is due */
void settle_loaded(struct gw_sender *s); /* takes a fresh look at the outbox */
void settle_evidence(
	struct gw_sender *s, struct gw_queued *mail, enum gw_evidence_answer answer, bool found);
void settle_mail(struct gw_sender *s, struct gw_queued *mail); /* a mail decided for all */
