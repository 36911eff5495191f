/* watch/listen.c - see listen.h.
 *
 * I1  callbacks are for a listen whose session is set: answers to what an earlier one asked, which
 *     may come after gw_listen_stop(), find it NULL or are of no consequence.
 */
#include "watch/listen.h"

#include "base/buf.h"

#include <stdlib.h>
#include <strings.h>

void gw_seen_deinit(struct gw_seen_list *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->list[i].wire);
	free(s->list);
	*s = (struct gw_seen_list){ 0 };
}

static struct gw_seen *find(const struct gw_seen_list *s, struct gw_slice wire)
{
	for (size_t i = 0; i < s->count; i++) {
		if (gw_slice_eq(wire, s->list[i].wire) ||
			(gw_slice_case_eq(wire, "INBOX") &&
				strcasecmp(s->list[i].wire, "INBOX") == 0))
			return &s->list[i];
	}
	return NULL;
}

enum gw_code gw_seen_put(struct gw_seen_list *s, const char *wire, uint32_t messages,
	uint32_t uidnext, uint64_t highestmodseq)
{
	struct gw_seen *found = find(s, gw_slice_str(wire));

	if (found == NULL) {
		char *copy = strdup(wire);

		found = copy == NULL ? NULL
				     : gw_array_push((void **)&s->list, &s->count, &s->cap,
					       sizeof *s->list);
		if (found == NULL) {
			free(copy);
			return GW_ERR_NOMEM;
		}
		found->wire = copy;
	}
	found->messages = messages;
	found->uidnext = uidnext;
	found->highestmodseq = highestmodseq;
	return GW_OK;
}

/* Without CONDSTORE the sync knew no HIGHESTMODSEQ. */
static bool differs(const struct gw_seen *s, const struct gw_seen *now)
{
	return now->messages != s->messages || now->uidnext != s->uidnext ||
	       (s->highestmodseq != 0 && now->highestmodseq != s->highestmodseq);
}

static void tell_changed(struct gw_listen *l)
{
	if (l->session != NULL)
		l->changed(l->ctx);
}

/* --- NOTIFY ---------------------------------------------------------------------------------- */

static void take_status(struct gw_listen *l, const struct gw_response *r)
{
	const struct gw_seen *s = find(l->seen, r->mailbox);
	struct gw_seen now;

	if (s == NULL)
		return; /* not ours */
	now = *s;
	if (r->items & GW_ITEM_MESSAGES)
		now.messages = r->messages;
	if (r->items & GW_ITEM_UIDNEXT)
		now.uidnext = r->uidnext;
	if (r->items & GW_ITEM_HIGHESTMODSEQ)
		now.highestmodseq = r->highestmodseq;
	if (differs(s, &now))
		tell_changed(l);
}

static void on_push(void *ctx, const struct gw_response *r)
{
	struct gw_listen *l = ctx;
	bool overflow = r->type == GW_RESP_STATUS_TEXT &&
			gw_slice_case_starts(r->line, "* OK [NOTIFICATIONOVERFLOW");

	if (r->type == GW_RESP_STATUS)
		take_status(l, r);
	else if (overflow || r->type == GW_RESP_LIST) /* LIST: made, renamed or deleted */
		tell_changed(l);
}

static void listen_idle(struct gw_listen *l);

static void on_notify_set(void *ctx, const struct gw_result *result)
{
	struct gw_listen *l = ctx;

	if (l->session == NULL || result->kind == GW_RESULT_LOST)
		return;
	if (result->kind == GW_RESULT_OK) {
		l->armed = true;
		l->stands(l->ctx);
	} else {
		gw_session_on_push(l->session, NULL, NULL);
		l->how = GW_LISTEN_IDLE;
		listen_idle(l);
	}
}

static void ignore(void *ctx, const struct gw_result *result)
{
	(void)ctx;
	(void)result;
}

static void send_word(struct gw_listen *l, const char *text, const struct gw_handlers *handlers)
{
	struct gw_line line;

	gw_line_init(&line);
	gw_line_printf(&line, "%s", text);
	gw_session_send(l->session, &line, handlers); /* if it is lost, the session's owner knows */
	gw_line_deinit(&line);
}

static void listen_notify(struct gw_listen *l)
{
	const struct gw_handlers none = { .done = ignore };

	/* What is selected is not among those that it tells of. */
	if (gw_session_caps(l->session) & GW_CAP_UNSELECT)
		send_word(l, "UNSELECT", &none);
	gw_session_on_push(l->session, on_push, l);
	send_word(l,
		"NOTIFY SET STATUS (personal (MessageNew MessageExpunge FlagChange MailboxName))",
		&(struct gw_handlers){ .response = on_push, .done = on_notify_set, .ctx = l });
}

/* --- IDLE ------------------------------------------------------------------------------------ */

static void on_examine_response(void *ctx, const struct gw_response *r)
{
	struct gw_listen *l = ctx;

	if (r->type == GW_RESP_EXISTS)
		l->inbox.messages = (uint32_t)r->number;
	else if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_UIDNEXT)
		l->inbox.uidnext = (uint32_t)r->number;
	else if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_HIGHESTMODSEQ)
		l->inbox.highestmodseq = r->number;
}

static void on_examined(void *ctx, const struct gw_result *result)
{
	struct gw_listen *l = ctx;
	const struct gw_seen *s;

	if (l->session == NULL || result->kind != GW_RESULT_OK)
		return;
	l->armed = true;
	s = find(l->seen, gw_slice_str("INBOX"));
	if (s != NULL && differs(s, &l->inbox))
		tell_changed(l);
	else
		l->stands(l->ctx);
}

static void on_idle_response(void *ctx, const struct gw_response *r)
{
	struct gw_listen *l = ctx;
	/* The count of EXISTS is told again when nothing came. */
	bool news = (r->type == GW_RESP_EXISTS && r->number != l->inbox.messages) ||
		    r->type == GW_RESP_EXPUNGE || r->type == GW_RESP_VANISHED ||
		    r->type == GW_RESP_FETCH;

	if (l->armed && news)
		tell_changed(l);
}

static void send_idle(struct gw_listen *l)
{
	gw_session_idle(l->session,
		&(struct gw_handlers){ .response = on_idle_response, .done = ignore, .ctx = l });
}

/* EXAMINE leaves \Recent as it is.  IDLE goes out in the same flight. */
static void listen_idle(struct gw_listen *l)
{
	l->inbox = (struct gw_seen){ 0 };
	send_word(l,
		gw_session_caps(l->session) & GW_CAP_CONDSTORE ? "EXAMINE INBOX (CONDSTORE)"
							       : "EXAMINE INBOX",
		&(struct gw_handlers){
			.response = on_examine_response, .done = on_examined, .ctx = l });
	if (gw_session_caps(l->session) & GW_CAP_IDLE)
		send_idle(l);
}

/* --------------------------------------------------------------------------------------------- */

enum gw_listening gw_listen_start(struct gw_listen *l, struct gw_session *session)
{
	uint32_t caps = gw_session_caps(session);

	l->how = caps & GW_CAP_NOTIFY ? GW_LISTEN_NOTIFY
		 : caps & GW_CAP_IDLE ? GW_LISTEN_IDLE
				      : GW_LISTEN_NOT;
	l->armed = false;
	if (l->how == GW_LISTEN_NOT)
		return l->how;
	l->session = session;
	if (l->how == GW_LISTEN_NOTIFY)
		listen_notify(l);
	else
		listen_idle(l);
	return l->how;
}

void gw_listen_renew(struct gw_listen *l)
{
	const struct gw_handlers noop = { .response = on_push, .done = ignore, .ctx = l };

	if (l->session == NULL)
		return;
	if (l->how == GW_LISTEN_IDLE) {
		gw_session_end_idle(l->session);
		send_idle(l);
	} else {
		send_word(l, "NOOP", &noop);
	}
}

void gw_listen_stop(struct gw_listen *l)
{
	const struct gw_handlers none = { .done = ignore };

	if (l->session == NULL)
		return;
	if (l->how == GW_LISTEN_IDLE) {
		gw_session_end_idle(l->session);
	} else {
		gw_session_on_push(l->session, NULL, NULL);
		send_word(l, "NOTIFY NONE", &none);
	}
	l->session = NULL;
}
