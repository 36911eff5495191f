/* SPDX-License-Identifier: ISC */
/* watch/listen.c - see listen.h.
 *
 * I1  callbacks are for a listen whose session is set: answers to what an earlier one asked, which
 *     may come after gw_listen_stop(), find it NULL or are of no consequence.
 */
#include "watch/listen.h"

#include "base/buf.h"

/* Without CONDSTORE the sync knew no HIGHESTMODSEQ. */
static bool differs(const struct gw_folder *known, const struct gw_folder *now)
{
	return now->messages != known->messages || now->uidnext != known->uidnext ||
	       (known->highestmodseq != 0 && now->highestmodseq != known->highestmodseq);
}

static void tell_changed(struct gw_listen *l, bool list)
{
	if (l->session != NULL)
		l->changed(l->ctx, list);
}

static void touch_mailbox(struct gw_listen *l)
{
	struct gw_folder *f = gw_folders_find(l->folders, gw_slice_str(l->mailbox));

	if (f != NULL)
		f->touched = true;
	else
		l->missed = true;
}

/* --- NOTIFY ---------------------------------------------------------------------------------- */

static void take_status(struct gw_listen *l, const struct gw_response *r)
{
	struct gw_folder *f = gw_folders_find(l->folders, r->mailbox);
	struct gw_folder now;

	if (f == NULL || !f->wanted)
		return; /* not ours */
	now = *f;
	if (r->items & GW_ITEM_MESSAGES)
		now.messages = r->messages;
	if (r->items & GW_ITEM_UIDNEXT)
		now.uidnext = r->uidnext;
	if (r->items & GW_ITEM_HIGHESTMODSEQ)
		now.highestmodseq = r->highestmodseq;
	if (!differs(f, &now))
		return;
	now.touched = true;
	*f = now;
	tell_changed(l, false);
}

static void on_push(void *ctx, const struct gw_response *r)
{
	struct gw_listen *l = ctx;
	bool overflow = r->type == GW_RESP_STATUS_TEXT &&
			gw_slice_case_starts(r->line, "* OK [NOTIFICATIONOVERFLOW");

	if (r->type == GW_RESP_STATUS)
		take_status(l, r);
	else if (overflow || r->type == GW_RESP_LIST) /* LIST: made, renamed or deleted */
		tell_changed(l, true);
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
		return;
	}
	gw_session_on_push(l->session, NULL, NULL);
	l->how = l->mailbox != NULL ? GW_LISTEN_IDLE : GW_LISTEN_NOT;
	if (l->how == GW_LISTEN_IDLE)
		listen_idle(l);
	else
		l->stands(l->ctx);
}

static void ignore(void *ctx, const struct gw_result *result)
{
	(void)ctx;
	(void)result;
}

static void send_word(struct gw_listen *l, const char *text, const struct gw_handlers *handlers)
{
	struct gw_command line;

	gw_command_init(&line);
	gw_command_printf(&line, "%s", text);
	gw_session_send(l->session, &line, handlers); /* if it is lost, the session's owner knows */
	gw_command_deinit(&line);
}

static void listen_notify(struct gw_listen *l)
{
	const struct gw_handlers none = { .done = ignore };

	/* Unselect: NOTIFY does not report a selected mailbox. */
	if (gw_session_selected(l->session) && (gw_session_caps(l->session) & GW_CAP_UNSELECT))
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
		l->base.messages = (uint32_t)r->number;
	else if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_UIDNEXT)
		l->base.uidnext = (uint32_t)r->number;
	else if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_HIGHESTMODSEQ)
		l->base.highestmodseq = r->number;
}

static void on_examined(void *ctx, const struct gw_result *result)
{
	struct gw_listen *l = ctx;
	const struct gw_folder *f;

	if (l->session == NULL || result->kind != GW_RESULT_OK)
		return;
	l->armed = true;
	f = gw_folders_find(l->folders, gw_slice_str(l->mailbox));
	if (f != NULL && !differs(f, &l->base)) {
		l->stands(l->ctx);
	} else {
		touch_mailbox(l);
		tell_changed(l, false);
	}
}

static void on_idle_response(void *ctx, const struct gw_response *r)
{
	struct gw_listen *l = ctx;
	/* EXISTS repeats its count when nothing arrived. */
	bool news = (r->type == GW_RESP_EXISTS && r->number != l->base.messages) ||
		    r->type == GW_RESP_EXPUNGE || r->type == GW_RESP_VANISHED ||
		    r->type == GW_RESP_FETCH;

	if (!l->armed || !news)
		return;
	if (r->type == GW_RESP_EXISTS)
		l->base.messages = (uint32_t)r->number;
	touch_mailbox(l);
	tell_changed(l, false);
}

static void send_idle(struct gw_listen *l)
{
	gw_session_idle(l->session,
		&(struct gw_handlers){ .response = on_idle_response, .done = ignore, .ctx = l });
}

/* EXAMINE leaves \\Recent as it is.  IDLE goes out in the same flight. */
static void listen_idle(struct gw_listen *l)
{
	uint32_t caps = gw_session_caps(l->session);
	struct gw_command line;

	l->base = (struct gw_folder){ 0 };
	gw_command_init(&line);
	gw_command_printf(&line, "EXAMINE ");
	gw_command_string(&line, gw_slice_str(l->mailbox), caps);
	gw_command_printf(&line, caps & GW_CAP_CONDSTORE ? " (CONDSTORE)" : "");
	gw_session_send(l->session, &line,
		&(struct gw_handlers){
			.response = on_examine_response, .done = on_examined, .ctx = l });
	gw_command_deinit(&line);
	if (caps & GW_CAP_IDLE)
		send_idle(l);
}

/* --------------------------------------------------------------------------------------------- */

static enum gw_listening start(
	struct gw_listen *l, struct gw_session *session, enum gw_listening how)
{
	l->how = how;
	l->armed = false;
	if (how == GW_LISTEN_NOT)
		return how;
	l->session = session;
	if (how == GW_LISTEN_NOTIFY)
		listen_notify(l);
	else
		listen_idle(l);
	return how;
}

enum gw_listening gw_listen_start_idle(struct gw_listen *l, struct gw_session *session)
{
	bool can = (gw_session_caps(session) & GW_CAP_IDLE) && l->mailbox != NULL;

	return start(l, session, can ? GW_LISTEN_IDLE : GW_LISTEN_NOT);
}

enum gw_listening gw_listen_start(struct gw_listen *l, struct gw_session *session)
{
	if (gw_session_caps(session) & GW_CAP_NOTIFY)
		return start(l, session, GW_LISTEN_NOTIFY);
	return gw_listen_start_idle(l, session);
}

void gw_listen_settle(struct gw_listen *l)
{
	if (l->missed && l->mailbox != NULL)
		touch_mailbox(l);
	l->missed = false;
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
	} else if (l->how == GW_LISTEN_NOTIFY) {
		gw_session_on_push(l->session, NULL, NULL);
		send_word(l, "NOTIFY NONE", &none);
	}
	l->session = NULL;
}
