/* SPDX-License-Identifier: ISC */
/* outbox/settle.c - what the end of a transaction means for a mail, its recipients and the account.
 *
 *   accepted -> sent (to be filed)      refused -> `new/`, a notice      later -> tries, ages
 *   doubt -> looked for, sent once more or held      pause, sign-in -> the account, not a try
 *
 * I1  what is decided is in memory and in the next batch of records together, and with it what is left to do
 *     about a mail that was refused (follow.c).
 * I2  a pause and a refused sign-in change nothing of a mail but that it waits.
 */
#include "base/text.h"
#include "outbox/evidence.h"
#include "outbox/filing.h"
#include "outbox/sender_p.h"

#include <stdio.h>
#include <stdlib.h>

enum { HOUR = 3600, WEEK = 7 * 24 * HOUR, LAST_LOOK = 3 };

static void put_row(struct gw_sender *s, struct gw_queued *m)
{
	const struct gw_mail_row row = gw_queued_row(m);

	gw_records_mail(s->records, &row);
}

static void set_text(char **at, const char *text)
{
	free(*at);
	*at = gw_copy_str(text);
}

/* Decides one recipient's fate: in memory, on record, and in the log if it belongs there. */
static void decide(struct gw_sender *s, struct gw_queued *m, struct gw_item_to *to,
	enum gw_fate fate, const char *answer)
{
	static const char *const words[] = { NULL, "later", "accepted", "refused", "in-doubt" };

	to->fate = fate;
	set_text(&to->answer, answer);
	gw_records_fate(s->records,
		&(struct gw_fate_row){
			.id = m->item.id, .address = to->address, .fate = fate, .answer = answer });
	if (words[fate] == NULL)
		return;
	gw_records_log(s->records, &(struct gw_log_row){ .at = sender_now(),
					   .id = m->item.id,
					   .address = to->address,
					   .what = words[fate],
					   .answer = answer,
					   .subject = m->subject });
	if (fate == GW_FATE_REFUSED)
		sender_tell(s, GW_SENDER_REFUSED, m, to->address, answer);
}

static void pause_account(struct gw_sender *s, int64_t until, const char *why)
{
	char number[32];

	if (until <= s->box.pause_until && s->box.pause_until != s->passed_over)
		return;
	s->passed_over = 0;
	s->box.pause_until = until;
	set_text(&s->box.pause_reason, why);
	snprintf(number, sizeof number, "%lld", (long long)until);
	gw_records_fact(s->records, "pause_until", number);
	gw_records_fact(s->records, "pause_reason", why);
	gw_records_commit(s->records, NULL, NULL);
	sender_tell(s, GW_SENDER_PROBLEM, NULL, NULL, why);
}

void settle_refused_sign_in(struct gw_sender *s, const char *why)
{
	s->asks_again = false;
	set_text(&s->box.sign_in_key, s->key);
	set_text(&s->box.sign_in, why);
	gw_records_fact(s->records, "sign_in", why);
	gw_records_fact(s->records, "sign_in_key", s->key);
	gw_records_commit(s->records, NULL, NULL);
	gw_fail(&s->failed, GW_ERR_AUTH, "%s", why);
	sender_tell(s, GW_SENDER_PROBLEM, NULL, NULL, why);
}

/* "answer; advice" */
static char *with_advice(const char *answer, const char *advice)
{
	char *text = NULL;

	if (advice == NULL)
		return strdup(answer);
	return asprintf(&text, "%s; %s", answer, advice) < 0 ? NULL : text;
}

/* The server wants nothing of this account, or not from us. */
static void settle_account(struct gw_sender *s, const struct gw_verdict *v, const char *answer)
{
	char *text = with_advice(answer, v->advice);

	if (v->what == GW_VERDICT_SIGN_IN)
		settle_refused_sign_in(s, text != NULL ? text : answer);
	else
		pause_account(s, sender_now() + v->wait_s, text != NULL ? text : answer);
	free(text);
}

static void settle_recipient(
	struct attempt *a, size_t i, const struct gw_verdict *v, const char *answer, bool *later)
{
	struct gw_item_to *to = &a->mail->item.to[a->which[i]];
	char *text = with_advice(answer, v->advice);

	switch (v->what) {
	case GW_VERDICT_OK:
		decide(a->sender, a->mail, to, GW_FATE_ACCEPTED, answer);
		break;
	case GW_VERDICT_LATER:
		*later = true;
		decide(a->sender, a->mail, to, GW_FATE_LATER, answer);
		break;
	case GW_VERDICT_NEXT:
		to->next = i > 0; /* the first one of all: that is no limit of a transaction */
		*later |= i == 0;
		decide(a->sender, a->mail, to, GW_FATE_OPEN, answer);
		break;
	case GW_VERDICT_PAUSE:
	case GW_VERDICT_SIGN_IN:
		decide(a->sender, a->mail, to, GW_FATE_OPEN, answer);
		a->mail->item.next_at =
			sender_now() + 1; /* behind the others, if it is the mail's fault */
		settle_account(a->sender, v, answer);
		break;
	case GW_VERDICT_NO:
		decide(a->sender, a->mail, to, GW_FATE_REFUSED, text != NULL ? text : answer);
		break;
	}
	free(text);
}

/* Equal words at MAIL for two mails in a row: it is a setting, not the mail. */
static bool is_a_setting(struct gw_sender *s, const struct gw_smtp_outcome *o, const char *answer)
{
	bool again = o->stage == GW_SMTP_AT_MAIL && o->reply->code / 100 == 5 &&
		     strcmp(s->last_refusal, answer) == 0;

	snprintf(s->last_refusal, sizeof s->last_refusal, "%s",
		o->stage == GW_SMTP_AT_MAIL && o->reply->code / 100 == 5 ? answer : "");
	return again;
}

/* The whole transaction was answered: everyone who was not refused by himself gets this. */
static bool settle_answer(struct attempt *a, const struct gw_smtp_outcome *o)
{
	struct gw_sender *s = a->sender;
	struct gw_verdict v = gw_verdict_of(o->stage, o->reply);
	struct gw_buf line;
	bool later = false;

	gw_buf_init(&line, 1 << 20);
	gw_smtp_reply_format(o->reply, &line);
	if (is_a_setting(s, o, gw_buf_cstr(&line)))
		v = (struct gw_verdict){ GW_VERDICT_PAUSE, HOUR,
			"two mails in a row were refused in the same words: something is wrong with "
			"the account" };
	for (size_t i = 0; i < a->to_count; i++) {
		bool own = a->codes[i] != 0 && a->codes[i] / 100 != 2;

		if (own)
			settle_recipient(a, i, &a->verdicts[i], a->answers[i], &later);
		else if (o->stage != GW_SMTP_AT_RCPT)
			settle_recipient(a, i, &v, gw_buf_cstr(&line), &later);
	}
	gw_buf_deinit(&line);
	return later;
}

static void give_up_old(struct gw_sender *s, struct gw_queued *m)
{
	for (size_t i = 0; i < m->item.to_count; i++) {
		struct gw_item_to *to = &m->item.to[i];
		char *text = NULL;

		if (to->fate != GW_FATE_LATER)
			continue;
		if (asprintf(&text, "not sent within five days; the last answer: %s",
			    to->answer != NULL ? to->answer : "none") < 0)
			text = NULL;
		decide(s, m, to, GW_FATE_REFUSED,
			text != NULL ? text : "not sent within five days");
		free(text);
	}
}

static void wait_for_another_try(struct gw_sender *s, struct gw_queued *m, const char *why)
{
	uint32_t random = (uint32_t)uv_hrtime();
	int64_t now = sender_now();

	m->item.next_at = gw_outbox_next_try(m->item.tries++, now, random);
	set_text(&m->reason, why);
	if (gw_item_age(&m->item, now))
		give_up_old(s, m);
	else
		sender_tell(s, GW_SENDER_LATER, m, NULL, why);
	s->counts.later++;
}

static const char *last_answer(const struct gw_queued *m, enum gw_fate fate)
{
	for (size_t i = 0; i < m->item.to_count; i++) {
		if (m->item.to[i].fate == fate && m->item.to[i].answer != NULL)
			return m->item.to[i].answer;
	}
	return "";
}

void settle_mail(struct gw_sender *s, struct gw_queued *m)
{
	bool open = m->item.doubt_at != 0, refused = false, accepted = false;

	for (size_t i = 0; i < m->item.to_count; i++) {
		enum gw_fate fate = m->item.to[i].fate;

		open |= fate == GW_FATE_OPEN || fate == GW_FATE_LATER || fate == GW_FATE_DOUBT ||
			m->item.to[i].under_way;
		refused |= fate == GW_FATE_REFUSED;
		accepted |= fate == GW_FATE_ACCEPTED;
	}
	m->item.left = m->item.left_tries = 0;
	m->item.left_at = 0;
	if (!open && refused) {
		set_text(&m->reason, last_answer(m, GW_FATE_REFUSED));
		s->counts.refused++;
		m->item.decided_at = sender_now();
		m->item.left = GW_LEFT_SHOW | (gw_notice_is_wanted(s, m) ? GW_LEFT_NOTICE : 0) |
			       (accepted && gw_filing_is_wanted(s, m) ? GW_LEFT_COPY : 0);
		put_row(s, m);
		s->dirty = true;
	} else if (!open) {
		m->item.sent_at = sender_now();
		s->counts.sent++;
		put_row(s, m);
		gw_records_move(s->records, &m->file, GW_QUEUE_SENT, false);
		sender_tell(s, GW_SENDER_ACCEPTED, m, NULL, last_answer(m, GW_FATE_ACCEPTED));
		s->dirty = true;
	} else {
		put_row(s, m);
	}
	gw_records_commit(s->records, NULL, NULL);
}

static void settle_doubt(struct attempt *a, const struct gw_smtp_outcome *o)
{
	struct gw_queued *m = a->mail;
	bool later = false;

	for (size_t i = 0; i < a->to_count; i++) {
		if (a->codes[i] != 0 && a->codes[i] / 100 != 2)
			settle_recipient(a, i, &a->verdicts[i], a->answers[i], &later);
		else
			decide(a->sender, m, &m->item.to[a->which[i]], GW_FATE_DOUBT, o->err->text);
	}
	m->item.doubt_at = sender_now();
	m->item.doubts++;
	m->item.looks = 0;
	a->sender->counts.doubt++;
	set_text(&m->reason,
		"the connection was lost behind the mail: the server may have taken it");
	sender_tell(a->sender, GW_SENDER_DOUBT, m, NULL, o->err->text);
}

/* A command, or a parameter of it, that it does not know (RFC 5321 4.2.4, RFC 3463 X.5.4). */
static bool is_unknown(const struct gw_smtp_reply *r)
{
	return r->code == 500 || r->code == 502 || r->code == 504 || r->code == 555 ||
	       (r->code == 501 && r->status[1] == 5 && r->status[2] == 4);
}

/* Bits of gw_smtp_cap that the server offered in this session, and that this end shows it cannot do. */
static uint32_t lies_in(const struct attempt *a, const struct gw_smtp_outcome *o)
{
	const struct gw_smtp_caps *caps =
		a->sender->up ? gw_smtp_capabilities(a->sender->session) : NULL;
	bool unknown = o->end == GW_SMTP_REFUSED && is_unknown(o->reply), chunked, silent;

	if (caps == NULL || o->stage < GW_SMTP_AT_MAIL)
		return 0;
	chunked = a->last && (caps->bits & GW_SMTP_CHUNKING) && (caps->bits & GW_SMTP_PIPELINING);
	silent = (o->end == GW_SMTP_GONE || o->end == GW_SMTP_DOUBT) &&
		 o->err->code == GW_ERR_TIMEOUT;
	if (chunked && o->stage >= GW_SMTP_AT_TEXT && (unknown || o->muddled))
		return GW_SMTP_CHUNKING;
	if (unknown && o->stage <= GW_SMTP_AT_RCPT)
		return caps->bits &
		       (GW_SMTP_DSN | (o->stage == GW_SMTP_AT_MAIL ? GW_SMTP_SIZE : 0));
	if (silent && o->stage < GW_SMTP_AT_DOT) /* it dropped what came behind a command */
		return caps->bits & GW_SMTP_PIPELINING;
	return 0;
}

/* true: what the server could not do is not asked of it again for a week, and the mail is sent without. */
static bool learn(struct attempt *a, const struct gw_smtp_outcome *o)
{
	struct gw_sender *s = a->sender;
	uint32_t lies = lies_in(a, o);

	if (lies == 0)
		return false;
	gw_log(s->log, GW_LOG_INFO, "%s does not do what it offers; from now on it is done without",
		s->account->smtp.host);
	s->without |= lies;
	s->without_until = sender_now() + WEEK;
	s->learned = true;
	return true;
}

/* Handles a message that was not accepted: nothing changes for recipients that the server did not
 * refuse individually. */
static void settle_nothing(struct attempt *a, const char *reason)
{
	bool later = false;

	for (size_t i = 0; i < a->to_count; i++) {
		struct gw_item_to *to = &a->mail->item.to[a->which[i]];

		if (a->codes[i] != 0 && a->codes[i] / 100 == 5 &&
			a->verdicts[i].what == GW_VERDICT_NO)
			settle_recipient(a, i, &a->verdicts[i], a->answers[i], &later);
		else if (a->recorded)
			gw_records_fate(
				a->sender->records, &(struct gw_fate_row){ .id = a->mail->item.id,
							    .address = to->address,
							    .fate = to->fate,
							    .answer = to->answer });
	}
	if (reason != NULL)
		set_text(&a->mail->reason, reason);
}

/* The connection was lost at this mail: it waits, longer each time, so that one that breaks every connection
 * keeps nobody from being sent.  That does not age it. */
static void settle_gone(struct attempt *a, const struct gw_smtp_outcome *o)
{
	struct gw_queued *m = a->mail;

	settle_nothing(a, o->err->text);
	if (o->stage < GW_SMTP_AT_MAIL || a->sender->stopping || a->sender->learned)
		return;
	m->item.next_at = gw_outbox_next_try(m->item.tries++, sender_now(), (uint32_t)uv_hrtime());
	sender_tell(a->sender, GW_SENDER_LATER, m, NULL, o->err->text);
}

static void settle_unsuitable(struct attempt *a, const struct gw_smtp_outcome *o)
{
	for (size_t i = 0; i < a->to_count; i++)
		decide(a->sender, a->mail, &a->mail->item.to[a->which[i]], GW_FATE_REFUSED,
			o->err->text);
}

void settle_attempt(struct attempt *a, const struct gw_smtp_outcome *o)
{
	struct gw_sender *s = a->sender;
	struct gw_queued *m = a->mail;
	bool later = false, lied = learn(a, o);

	for (size_t i = 0; i < a->to_count; i++)
		m->item.to[a->which[i]].under_way = false;
	m->item.sending = false;
	m->leaving = false;
	m->item.asked &=
		lied || o->end == GW_SMTP_ACCEPTED; /* once; further recipients of it follow */
	switch (o->end) {
	case GW_SMTP_ACCEPTED:
	case GW_SMTP_REFUSED:
		if (lied) {
			settle_nothing(a, NULL);
			break;
		}
		later = settle_answer(a, o);
		s->on_session++;
		s->box.sent_today += a->to_count;
		break;
	case GW_SMTP_UNSUITABLE:
		settle_unsuitable(a, o);
		break;
	case GW_SMTP_WITHDRAWN:
		settle_nothing(a, NULL);
		s->dirty = s->stale = true;
		break;
	case GW_SMTP_GONE:
		settle_gone(a, o);
		break;
	case GW_SMTP_DOUBT:
		settle_doubt(a, o);
		break;
	}
	if (later)
		wait_for_another_try(s, m, last_answer(m, GW_FATE_LATER));
	if (o->end != GW_SMTP_WITHDRAWN || a->recorded)
		settle_mail(s, m);
}

void settle_lost(struct gw_sender *s, const struct gw_smtp_event *ev)
{
	bool said = ev->reply != NULL && ev->err->code != GW_ERR_PROTOCOL;
	struct gw_verdict v = said ? gw_verdict_of(ev->stage, ev->reply) : gw_verdict_lost(ev->err);
	const char *advice =
		!said ? NULL : gw_verdict_advice(ev->stage, ev->reply, gw_sasl_is_token(s->sasl));
	char *text;

	if (ev->err->code == GW_ERR_CANCELLED)
		return; /* a mail was broken off, and nothing is wrong with the account */
	if (s->learned)
		return; /* the next connection does without it */
	if (ev->reply == NULL && ev->stage > GW_SMTP_AT_AUTH &&
		(ev->err->code == GW_ERR_NET || s->spent) && s->on_session > 0)
		return; /* some servers close silently after a number of messages, or at QUIT */
	text = with_advice(ev->err->text, advice);
	if (text == NULL)
		return; /* out of memory: the next connection tells the same */
	if (v.what == GW_VERDICT_SIGN_IN)
		settle_refused_sign_in(s, text);
	else
		pause_account(s, sender_now() + (v.what == GW_VERDICT_PAUSE ? v.wait_s : 60), text);
	free(text);
	if (v.what != GW_VERDICT_SIGN_IN)
		gw_fail(&s->failed, ev->err->code, "%s", ev->err->text);
}

/* RFC 5321 3.8 tells to send again; a mail that may be there twice is better looked for. */
static void resend_or_hold(struct gw_sender *s, struct gw_queued *m)
{
	bool again = s->account->smtp.resend && m->item.doubts <= 1;

	for (size_t i = 0; i < m->item.to_count && again; i++) {
		struct gw_item_to *to = &m->item.to[i];

		if (to->fate == GW_FATE_DOUBT)
			decide(s, m, to, GW_FATE_OPEN, "sent once more, since nobody knows");
	}
	if (again) {
		m->item.doubt_at = 0;
		m->item.next_at = 0;
		set_text(&m->reason, "it is sent once more: whether it arrived is not known");
	} else {
		m->item.doubts = 2;
		set_text(&m->reason,
			"nobody knows whether it was sent: look into Sent, then `godwit "
			"outbox send` or `drop` it");
	}
	settle_mail(s, m);
}

void settle_evidence(
	struct gw_sender *s, struct gw_queued *m, enum gw_evidence_answer answer, bool found)
{
	int64_t since = sender_now() - m->item.doubt_at;
	bool over = since < 0 || since >= GW_OUTBOX_RESEND_AFTER; /* < 0: the clock went back */

	if (answer == GW_EVIDENCE_KNOWN && found) {
		for (size_t i = 0; i < m->item.to_count; i++) {
			if (m->item.to[i].fate == GW_FATE_DOUBT)
				decide(s, m, &m->item.to[i], GW_FATE_ACCEPTED, "found in Sent");
		}
		m->item.doubt_at = 0;
	} else if (answer == GW_EVIDENCE_KNOWN) {
		m->item.looks++;
		over = gw_outbox_next_look(m->item.doubt_at, m->item.looks) == 0;
	} else if (answer == GW_EVIDENCE_NEVER) {
		m->item.looks = LAST_LOOK;
	}
	if (answer != GW_EVIDENCE_LATER && !found && over)
		resend_or_hold(s, m);
	else
		settle_mail(s, m);
}

void settle_awake(struct gw_sender *s)
{
	int64_t now = sender_now();
	bool any = false;

	for (size_t i = 0; i < s->box.count; i++) {
		struct gw_item *item = &s->box.list[i]->item;

		if (item->next_at <= now)
			continue;
		item->next_at = now;
		any = true;
	}
	if (!any)
		return;
	gw_records_all_due(s->records, now);
	gw_records_commit(s->records, NULL, NULL);
}

/* Mails that a killed sender left in doubt, and those that have no file any more. */
void settle_loaded(struct gw_sender *s)
{
	for (size_t i = 0; i < s->box.gone_count; i++)
		gw_records_drop(s->records, s->box.gone[i]);
	for (size_t i = 0; i < s->box.count; i++) {
		struct gw_queued *m = s->box.list[i];

		if (m->item.broken)
			continue;
		if (m->item.sent_at != 0 && m->file.place != GW_QUEUE_SENT) {
			gw_records_move(s->records, &m->file, GW_QUEUE_SENT, false);
			s->dirty = true;
		} else if (m->leaving) {
			m->leaving = false;
			set_text(&m->reason,
				"godwit was stopped while it was being sent: the server may "
				"have taken it");
			s->counts.doubt++;
			put_row(s, m);
			sender_tell(s, GW_SENDER_DOUBT, m, NULL, m->reason);
		} else if (m->known && m->edited) {
			for (size_t k = 0; k < m->item.to_count; k++)
				gw_records_fate(
					s->records, &(struct gw_fate_row){ .id = m->item.id,
							    .address = m->item.to[k].address,
							    .fate = m->item.to[k].fate,
							    .answer = m->item.to[k].answer });
			m->edited = false;
			put_row(s, m);
		}
	}
	gw_records_commit(s->records, NULL, NULL);
}
