/* SPDX-License-Identifier: ISC */
/* tests/odd/serve.h - the connections of the server; imap.c knows the commands. */
#pragma once

#include "mail.h"
#include "rule.h"

#include <poll.h>
#include <signal.h>

struct server {
	struct mail mail;
	struct rule *rules;
	char *caps;        /* " IMAP4rev1 IDLE ", blanks at both ends */
	bool whole_pieces; /* BODY[]<o.n> is answered by all of BODY[] */
	bool no_appenduid;
	bool wants_id;    /* before SELECT */
	char *namespaces; /* what NAMESPACE answers; NULL: one without a prefix */
	int listener;
	unsigned port;
	struct conn *conns;
	struct text trace; /* what was said, for a failed case */

	/* Since the last server_count_anew. */
	unsigned connections, logins, commands, changes;
	struct count {
		const char *kind;
		unsigned n;
	} counts[64];
};

struct conn {
	int fd;
	unsigned number;
	struct stream *stream;           /* goes out before out; owned, NULL: nothing */
	struct text in, out, written_in; /* written_in: the command so far, its literals included */
	struct answer answer;            /* to the command being answered */
	char *tag;
	size_t literal_left; /* bytes of a literal that are still to come */
	bool begun;          /* the rules were told of the command that is coming in */
	bool closing, hung, signed_in, condstore, qresync, idling, authenticating, examined,
		told_id;
	struct mailbox *selected;
	uint32_t *view; /* the UIDs that the client was told of, in order */
	size_t view_count;
	int64_t not_before; /* nothing is read or written until then, in ms */
	struct conn *next;
};

bool server_start(struct server *s);
void server_count_anew(struct server *s);
unsigned server_count(const struct server *s, const char *kind);
bool server_has(const struct server *s, const char *cap);
void server_tell_idlers(struct server *s);
void server_close_all(struct server *s);

/* Serves for at most that long, until a signal or what is there was done. */
void server_turn(struct server *s, int timeout_ms, const sigset_t *unblocked);

/* --- imap.c --- */
void imap_greet(struct server *s, struct conn *c);
/* Takes what is complete from c->in. */
void imap_input(struct server *s, struct conn *c);
void imap_tell_changes(struct server *s, struct conn *c);

/* --- serve.c, for imap.c --- */
void conn_send(struct server *s, struct conn *c, const char *p, size_t n);
void conn_then(struct conn *c, enum and_then then);
