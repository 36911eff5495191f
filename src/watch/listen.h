/* SPDX-License-Identifier: ISC */
/* watch/listen.h - waits on a connection for the server to report changes: NOTIFY (RFC 5465) for
 * all mailboxes, or IDLE (RFC 2177) for one.
 *
 * Changes between the last sync and the moment when reports begin show in the counts of that
 * moment.
 */
#pragma once

#include "imap/session.h"
#include "remote/folders.h"

enum gw_listening { GW_LISTEN_NOT, GW_LISTEN_IDLE, GW_LISTEN_NOTIFY };

struct gw_listen {
	enum gw_listening how;
	struct gw_session *session; /* borrowed; NULL: not listening */
	/* Borrowed, as the last sync left them; changed mailboxes are marked here.  Empty while a
	 * sync has them. */
	struct gw_folders *folders;
	char *mailbox;             /* owned; IDLE: as on the wire; NULL: none, so IDLE is unused */
	bool missed;               /* the mailbox changed, but was not in `folders` */
	struct gw_folder base;     /* IDLE: its counts, as last reported; no names */
	bool armed;                /* the server reports changes from now on */
	void (*stands)(void *ctx); /* armed, and nothing had changed */
	/* May be called more than once.  list: mailboxes came or went, or the change is unknown. */
	void (*changed)(void *ctx, bool list);
	void *ctx;
};

/* Starts on a session without pending commands.  GW_LISTEN_NOT: the server cannot report changes;
 * nothing was sent.  If NOTIFY is refused, tries IDLE.  Callbacks come later. */
enum gw_listening gw_listen_start(struct gw_listen *l, struct gw_session *session);

/* Starts as gw_listen_start() does, but always with IDLE. */
enum gw_listening gw_listen_start_idle(struct gw_listen *l, struct gw_session *session);

/* Sends a sign of life; if no answer comes in time, the session is lost. */
void gw_listen_renew(struct gw_listen *l);

/* Marks in `folders`, now available again, what changed meanwhile. */
void gw_listen_settle(struct gw_listen *l);

/* Stops: other commands may follow at once, and no callback comes any more. */
void gw_listen_stop(struct gw_listen *l);
