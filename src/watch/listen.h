/* watch/listen.h - waits on a connection for what the server tells of changes: NOTIFY (RFC 5465)
 * for all mailboxes, or IDLE (RFC 2177) on INBOX.
 *
 * What changed between the last sync and the moment from which the server tells is noticed by the
 * counts of that moment.
 */
#pragma once

#include "imap/session.h"

/* What a sync knew of a mailbox as it ended. */
struct gw_seen {
	char *wire; /* owned */
	uint32_t messages, uidnext;
	uint64_t highestmodseq;
};

struct gw_seen_list {
	struct gw_seen *list; /* owned */
	size_t count, cap;
};

void gw_seen_deinit(struct gw_seen_list *s);
/* Adds one, or brings it up to date.  GW_ERR_NOMEM. */
enum gw_code gw_seen_put(struct gw_seen_list *s, const char *wire, uint32_t messages,
	uint32_t uidnext, uint64_t highestmodseq);

enum gw_listening { GW_LISTEN_NOT, GW_LISTEN_IDLE, GW_LISTEN_NOTIFY };

struct gw_listen {
	enum gw_listening how;
	struct gw_session *session;      /* borrowed; NULL: not listening */
	const struct gw_seen_list *seen; /* borrowed */
	struct gw_seen inbox;            /* IDLE: as EXAMINE showed it; wire is not used */
	bool armed;                      /* from now on the server tells */
	void (*stands)(void *ctx);       /* it is armed, and nothing had changed */
	void (*changed)(void *ctx);      /* perhaps more than once */
	void *ctx;
};

/* Begins on a session without commands under way.  GW_LISTEN_NOT: this server does not tell;
 * nothing was sent.  With NOTIFY refused, IDLE is tried.  The callbacks come later. */
enum gw_listening gw_listen_start(struct gw_listen *l, struct gw_session *session);

/* A sign of life: the next answer must come in time, or the session is lost. */
void gw_listen_renew(struct gw_listen *l);

/* Other commands may be sent right behind.  No callback comes any more. */
void gw_listen_stop(struct gw_listen *l);
