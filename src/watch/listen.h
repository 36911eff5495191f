/* watch/listen.h - waits on a connection for what the server tells of changes: NOTIFY (RFC 5465)
 * for all mailboxes, or IDLE (RFC 2177) on one.
 *
 * What changed between the last sync and the moment from which the server tells is noticed by the
 * counts of that moment.
 */
#pragma once

#include "imap/session.h"
#include "remote/mailbox_list.h"

enum gw_listening { GW_LISTEN_NOT, GW_LISTEN_IDLE, GW_LISTEN_NOTIFY };

struct gw_listen {
	enum gw_listening how;
	struct gw_session *session; /* borrowed; NULL: not listening */
	/* Borrowed: as the last sync left them.  A mailbox that changed is marked there; empty
	 * while a sync has them. */
	struct gw_folders *folders;
	char *mailbox;         /* owned; IDLE: as on the wire; NULL: none, and IDLE is not used */
	bool missed;           /* it changed, and was not among `folders` */
	struct gw_folder base; /* IDLE: its counts, as the server told them last; no names */
	bool armed;            /* from now on the server tells */
	void (*stands)(void *ctx); /* it is armed, and nothing had changed */
	/* Perhaps more than once.  list: mailboxes came or went, or it is not known what changed.
	 */
	void (*changed)(void *ctx, bool list);
	void *ctx;
};

/* Begins on a session without commands under way.  GW_LISTEN_NOT: this server does not tell;
 * nothing was sent.  With NOTIFY refused, IDLE is tried.  The callbacks come later. */
enum gw_listening gw_listen_start(struct gw_listen *l, struct gw_session *session);

/* The same, but IDLE whatever else the server has. */
enum gw_listening gw_listen_start_idle(struct gw_listen *l, struct gw_session *session);

/* A sign of life: the next answer must come in time, or the session is lost. */
void gw_listen_renew(struct gw_listen *l);

/* Marks among `folders`, which are there again, what it missed. */
void gw_listen_settle(struct gw_listen *l);

/* Other commands may be sent right behind.  No callback comes any more. */
void gw_listen_stop(struct gw_listen *l);
