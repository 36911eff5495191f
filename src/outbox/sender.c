/* SPDX-License-Identifier: ISC */
/* outbox/sender.c - sends what is due, as the one sender of an account.  See godwit/outbox.h.
 *
 *   LOADING --read--> WAITING --something is due--> SIGNING_IN --> CONNECTING --> SENDING
 *   SENDING --lost, or nothing is due--> WAITING      WAITING --told, due--> LOADING, SIGNING_IN
 *   any --nothing to wait for, stopped--> ENDING --all is given back--> OVER
 *
 * I1  one sender per account, by a kernel lock; it reads the outbox again after the last transaction,
 *     so that whoever submitted while it ran is seen before it leaves.
 * I2  mails in memory are replaced only while no transaction and no record is under way.
 * I3  done() is told once, from end().
 * I4  while the disk refuses something, nothing is sent: a watcher's sender waits for it, and keeps what
 *     is not on record yet; any other one ends.
 */
#include "outbox/changes.h"
#include "outbox/evidence.h"
#include "outbox/memory.h"
#include "outbox/sender_p.h"
#include "outbox/way.h"

#include "auth/trust.h"
#include "base/lock.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	PATH = 4096,
	DEPTH = 2,
	LONGEST_SLEEP = 3600,
	LOOK_AGAIN_S = 60, /* while there is something to send */
	KEEP_SESSION_S = 60,
	SINGLE_S = 60,
	DISK_AGAIN_S = 30,
	LOG_S = 30 * 86400
};

static const char *const state_names[] = { "loading", "waiting", "signing-in", "connecting",
	"sending", "ending", "over" };

static void enter(struct gw_sender *s, enum sender_state next)
{
	if (s->state != next)
		gw_log(s->log, GW_LOG_DEBUG, "%s outbox: %s -> %s", s->account->name,
			state_names[s->state], state_names[next]);
	s->state = next;
}

static bool disk_failed(const struct gw_sender *s)
{
	return s->disk.code != GW_OK;
}

/* Or something has changed, and the disk may be back. */
static void on_timer(uv_timer_t *timer)
{
	struct gw_sender *s = timer->data;

	s->dirty = true; /* a reader may have changed it */
	if (s->state == SENDER_WAITING)
		gw_error_clear(&s->disk);
	s->step(s);
}

static void sleep_until(struct gw_sender *s, int64_t at)
{
	int64_t wait = at - sender_now();

	wait = wait < 0 ? 0 : wait > LONGEST_SLEEP ? LONGEST_SLEEP : wait;
	uv_timer_start(&s->timer, on_timer, (uint64_t)wait * 1000 + 50, 0);
}

/* Makes a mail asked for by name due once, although held, refused or in doubt. */
static void ask_for(struct gw_sender *s, struct gw_queued *m)
{
	for (size_t i = 0; i < s->options.id_count; i++) {
		if (strcmp(s->options.ids[i], m->item.id) != 0 || s->tried[i])
			continue;
		m->item.asked = true;
		m->item.doubt_at = 0;
		for (size_t k = 0; k < m->item.to_count; k++) {
			enum gw_fate fate = m->item.to[k].fate;

			if (fate == GW_FATE_REFUSED || fate == GW_FATE_DOUBT)
				m->item.to[k].fate = GW_FATE_OPEN;
		}
	}
}

static void note_tried(struct gw_sender *s, const struct gw_queued *m)
{
	for (size_t i = 0; i < s->options.id_count; i++)
		s->tried[i] |= strcmp(s->options.ids[i], m->item.id) == 0;
}

static bool state_stands(struct gw_sender *s)
{
	char path[PATH];
	struct stat st;

	gw_memory_path(s->account, ".outbox.db", path, sizeof path);
	return s->store == NULL || (stat(path, &st) == 0 && st.st_ino == s->store_ino);
}

/* In the pool. */
static void load(uv_work_t *request)
{
	struct gw_sender *s = request->data;
	struct gw_error ignored = { 0 };
	char path[PATH];
	struct stat st;

	if (s->store == NULL) {
		gw_memory_path(s->account, ".outbox.db", path, sizeof path);
		if (gw_outbox_open_state(path, &s->store, &s->note, &s->disk) != GW_OK)
			return;
		s->store_ino = stat(path, &st) == 0 ? st.st_ino : 0;
		gw_outbox_db_purge_log(s->store, sender_now() - LOG_S, &ignored);
	}
	gw_outbox_load(s->queue, s->store, sender_now(), &s->fresh, &s->disk);
}

/* Reports the disk's failure, only when it begins. */
static void tell_disk(struct gw_sender *s)
{
	if (!s->disk_told)
		sender_tell(s, GW_SENDER_PROBLEM, NULL, NULL, s->disk.text);
	s->disk_told = true;
}

static void on_disk(void *ctx, const struct gw_error *err)
{
	struct gw_sender *s = ctx;

	if (err != NULL)
		s->disk = *err;
	s->dirty = true;
	s->step(s);
}

static void on_loaded(uv_work_t *request, int status)
{
	struct gw_sender *s = request->data;

	(void)status;
	s->loading = false;
	if (!disk_failed(s)) {
		gw_loaded_deinit(&s->box);
		s->box = s->fresh;
		s->fresh = (struct gw_loaded){ 0 };
	}
	if (s->note != NULL) {
		sender_tell(s, GW_SENDER_PROBLEM, NULL, NULL, s->note);
		free(s->note);
		s->note = NULL;
	}
	if (s->store != NULL && s->records == NULL)
		s->records = gw_records_new(s->loop, s->store, s->queue, on_disk, s);
	if (s->store != NULL && s->records == NULL)
		gw_fail(&s->disk, GW_ERR_NOMEM, "out of memory");
	if (!disk_failed(s)) {
		s->disk_told = false;
		if (s->options.now && !s->loaded_once)
			s->passed_over = s->box.pause_until; /* of an earlier run */
		s->loaded_once = true;
		settle_loaded(s);
		for (size_t i = 0; i < s->box.count; i++) {
			if (!s->box.list[i]->item.broken && s->box.list[i]->item.sent_at == 0)
				ask_for(s, s->box.list[i]);
		}
	}
	s->step(s);
}

static void start_loading(struct gw_sender *s)
{
	s->dirty = s->stale = false;
	s->loading = true;
	s->looked_at = sender_now();
	s->ahead.at = s->ahead.count = 0;
	gw_loaded_move_mails(&s->box, &s->fresh);
	enter(s, SENDER_LOADING);
	s->load.data = s;
	uv_queue_work(s->loop, &s->load, load, on_loaded);
}

static void on_closed(uv_handle_t *handle)
{
	struct gw_sender *s = handle->data;

	gw_records_free(s->records);
	gw_store_close(s->store);
	gw_queue_close(s->queue);
	gw_loaded_deinit(&s->box);
	gw_loaded_deinit(&s->fresh);
	gw_sasl_unref(&s->sasl);
	gw_tls_ctx_free(s->tls);
	free(s->tried);
	free(s);
}

static void count_waiting(struct gw_sender *s)
{
	s->counts.waiting = s->counts.needs_user = 0;
	for (size_t i = 0; i < s->box.count; i++) {
		enum gw_mail_state state = gw_item_state(&s->box.list[i]->item);

		s->counts.waiting += state != GW_MAIL_SENT;
		s->counts.needs_user += state == GW_MAIL_REFUSED || state == GW_MAIL_HELD ||
					state == GW_MAIL_BROKEN;
	}
}

/* I3 */
static void end(struct gw_sender *s)
{
	const struct gw_sender_event ev = { .type = GW_SENDER_DONE,
		.err = disk_failed(s)            ? &s->disk
		       : s->failed.code != GW_OK ? &s->failed
						 : NULL,
		.counts = &s->counts };

	enter(s, SENDER_OVER);
	count_waiting(s);
	gw_changes_stop(s->changes);
	if (s->lock >= 0)
		close(s->lock);
	s->cb(s->ctx, &ev);
	uv_close((uv_handle_t *)&s->timer, on_closed);
}

static bool is_busy(const struct gw_sender *s)
{
	return s->attempts != NULL || s->loading || s->credentials != NULL || s->evidence != NULL ||
	       (s->records != NULL && !gw_records_idle(s->records));
}

static void close_session(struct gw_sender *s)
{
	s->up = false;
	gw_smtp_close(&s->session); /* tells the ends of what is under way */
}

static void try_to_end(struct gw_sender *s)
{
	enter(s, SENDER_ENDING);
	uv_timer_stop(&s->timer);
	if (s->credentials != NULL)
		gw_credentials_cancel(s->credentials);
	if (s->evidence != NULL)
		gw_evidence_cancel(s->evidence);
	if (s->attempts == NULL || s->stopping)
		close_session(s);
	if (is_busy(s)) {
		uv_timer_start(&s->timer, on_timer, 10, 0);
	} else if (s->records != NULL && gw_records_owed(s->records) && !s->last_chance) {
		s->last_chance = true;
		gw_records_retry(s->records);
	} else {
		end(s);
	}
}

static void on_session(void *ctx, const struct gw_smtp_event *ev)
{
	struct gw_sender *s = ctx;
	const struct gw_smtp_caps *caps;

	if (ev->type == GW_SMTP_READY) {
		caps = gw_smtp_capabilities(s->session);
		gw_memory_server_write(s->account, &(struct gw_memory_server){ .known = true,
							   .utf8 = caps->bits & GW_SMTP_UTF8,
							   .size = caps->size,
							   .without = s->without,
							   .until = s->without_until });
		if (s->box.sign_in != NULL) {
			free(s->box.sign_in);
			s->box.sign_in = NULL;
			gw_records_fact(s->records, "sign_in", "");
			gw_records_commit(s->records, NULL, NULL);
		}
		s->up = true;
		enter(s, SENDER_SENDING);
	} else {
		bool token = gw_sasl_is_token(s->sasl);

		close_session(s);
		if (ev->stage == GW_SMTP_AT_AUTH && ev->err->code == GW_ERR_AUTH && token &&
			!s->renewed) {
			s->renewed = true; /* a token may be over in mid-queue */
			gw_sasl_unref(&s->sasl);
		} else {
			settle_lost(s, ev);
			gw_sasl_unref(&s->sasl);
		}
		enter(s, SENDER_WAITING);
	}
	s->step(s);
}

static void connect_to(struct gw_sender *s, const struct gw_queued *mail)
{
	const struct gw_smtp_account *smtp = &s->account->smtp;
	struct gw_smtp_options o;
	struct gw_error err = { 0 };
	enum gw_code code = GW_OK;

	if (smtp->tls != GW_TLS_NONE && s->tls == NULL)
		code = gw_trust_smtp(s->account, &s->tls, &err);
	o = gw_way_options(s->account, s->tls, s->sasl, mail->sender);
	o.without = s->without;
	s->learned = s->spent = false;
	if (code == GW_OK)
		code = gw_smtp_open(s->loop, s->log, &o, on_session, s, &s->session, &err);
	s->on_session = 0;
	if (code != GW_OK) {
		s->failed = err;
		s->stopping = true;
		return;
	}
	enter(s, SENDER_CONNECTING);
}

/* Stands for what we sign in with, without telling it, and for where: what was refused stands until one of
 * these is another. */
static void make_key(struct gw_sender *s)
{
	const struct gw_smtp_account *smtp = &s->account->smtp;
	struct gw_buf secret;

	gw_buf_init(&secret, 1 << 20);
	gw_buf_printf(&secret, "%s %u %d ", smtp->host, smtp->port, (int)smtp->tls);
	if (s->sasl != NULL)
		s->sasl->next(s->sasl, s->sasl->mechanisms[0], (struct gw_slice){ "", 0 }, &secret);
	gw_sha256_hex((struct gw_slice){ gw_buf_cstr(&secret), secret.n }, 32, s->key);
	gw_buf_wipe(&secret);
}

static void on_credentials(void *ctx, struct gw_sasl *sasl, const struct gw_error *err)
{
	struct gw_sender *s = ctx;
	bool locked = err != NULL && err->code == GW_ERR_SECRET;

	s->credentials = NULL;
	if (err != NULL) {
		s->failed = *err;
		if ((err->code == GW_ERR_AUTH || locked) && !s->stopping)
			settle_refused_sign_in(s, err->text);
		s->box.pause_until = sender_now() + (locked ? 30 : 60);
		enter(s, SENDER_WAITING);
	} else {
		s->sasl = sasl;
		make_key(s);
		enter(s, SENDER_WAITING);
	}
	s->step(s);
}

static void sign_in(struct gw_sender *s)
{
	struct gw_error err = { 0 };

	s->login = gw_way_login(s->account);
	enter(s, SENDER_SIGNING_IN);
	if (gw_credentials_start(s->loop, s->log, &s->login, s->renewed, on_credentials, s,
		    &s->credentials, &err) != GW_OK) {
		s->failed = err;
		s->stopping = true;
		s->step(s);
	}
}

/* True if the credentials are those that were refused: they are not tried again. */
static bool stands(const struct gw_sender *s)
{
	return !s->asks_again && s->box.sign_in != NULL && s->box.sign_in[0] != '\0' &&
	       s->key[0] != '\0' && s->box.sign_in_key != NULL &&
	       strcmp(s->box.sign_in_key, s->key) == 0;
}

static struct gw_outbox_facts facts_of(const struct gw_sender *s)
{
	return (struct gw_outbox_facts){ .now = sender_now(),
		.pause_until = s->box.pause_until != s->passed_over ? s->box.pause_until : 0,
		.sign_in = stands(s),
		.asked_at = s->options.now ? s->started : 0,
		.only_asked = s->options.id_count > 0,
		.delay_s = s->account->smtp.delay_s,
		.limits = s->provider->limits,
		.sent_today = s->box.sent_today,
		.sent_last_minute = s->minute == sender_now() / 60 ? (unsigned)s->in_minute : 0 };
}

static struct gw_outbox_step plan_now(struct gw_sender *s, const struct gw_outbox_facts *facts)
{
	return gw_outbox_plan(
		(struct gw_item *const *)(void *)s->box.list, s->box.count, facts, &s->ahead);
}

static void note_time(struct gw_sender *s)
{
	int64_t now = sender_now(), minute = now / 60;

	s->in_minute = s->minute == minute ? s->in_minute + 1 : 1;
	s->minute = minute;
	s->single = now < s->mail_at || now - s->mail_at > SINGLE_S;
	s->mail_at = now;
}

/* True if this mail is to be the session's last, unless another one comes.  A watcher's is, too,
 * where that spares a round trip (BDAT, with QUIT behind it: smtp/message.c), and no other went
 * shortly before: of a series, all but the first find an open connection. */
static bool ends_session(const struct gw_sender *s, const struct gw_smtp_caps *caps)
{
	const uint32_t chunked = GW_SMTP_CHUNKING | GW_SMTP_PIPELINING;

	return !s->options.forever ||
	       (s->single && s->on_session == 0 && (caps->bits & chunked) == chunked);
}

/* Gives the session up; another one will carry on. */
static void give_up_session(struct gw_sender *s)
{
	close_session(s);
	enter(s, SENDER_WAITING);
	s->dirty = true;
}

/* Starts transactions as long as the plan has some, and the session takes them. */
static void send_more(struct gw_sender *s, struct gw_outbox_step *step)
{
	unsigned running = 0, depth = gw_smtp_depth(s->session);
	unsigned most = s->provider->limits.per_connection;
	const struct gw_smtp_caps *caps = gw_smtp_capabilities(s->session);

	if (caps->mail_max > 0 && (most == 0 || caps->mail_max < most))
		most = caps->mail_max;
	for (struct attempt *a = s->attempts; a != NULL; a = a->next)
		running++;
	if (s->learned || s->spent) {
		if (running == 0)
			give_up_session(s);
		return;
	}
	while (!s->stale && step->item != NULL && running < depth && running < DEPTH) {
		struct gw_outbox_facts facts;
		size_t n = step->to_count;

		if (most > 0 && s->on_session + running >= most) {
			if (running == 0)
				give_up_session(s);
			return;
		}
		if (caps->rcpt_max > 0 && n > caps->rcpt_max)
			n = caps->rcpt_max;
		if (!attempt_start(s, (struct gw_queued *)step->item, n))
			return;
		note_tried(s, (struct gw_queued *)step->item);
		note_time(s);
		running++;
		facts = facts_of(s);
		*step = plan_now(s, &facts);
	}
	if (s->attempts != NULL)
		s->attempts->alone = step->item == NULL && running == 1 && ends_session(s, caps);
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/* Waits, or ends: nothing can be done now. */
static void wait_or_end(struct gw_sender *s, int64_t until)
{
	int64_t now = sender_now();

	if (stands(s)) { /* until there is another password; the next look asks for it */
		gw_fail(&s->failed, GW_ERR_AUTH, "%s", s->box.sign_in);
		gw_sasl_unref(&s->sasl);
		if (gw_account_signs_in(s->account))
			s->key[0] = '\0';
	}
	if (s->session != NULL &&
		(!s->options.forever || (until > 0 && until > now + KEEP_SESSION_S))) {
		close_session(s);
		gw_sasl_unref(&s->sasl);
		s->renewed = false;
	}
	enter(s, SENDER_WAITING);
	if (s->options.forever)
		sleep_until(s, until > 0 ? until : now + LONGEST_SLEEP);
	else if (until > 0 && until <= s->linger_until)
		sleep_until(s, until);
	else
		try_to_end(s);
}

/* Leaves a queue or state that was moved away or replaced: another sender opens what is there
 * now. */
static void leave_queue(struct gw_sender *s)
{
	gw_fail(&s->failed, GW_ERR_CANCELLED,
		"the outbox is gone, or another one stands in its place: it is opened anew");
	gw_error_clear(&s->disk);
	s->stopping = s->last_chance = true; /* what is owed is another one's */
	try_to_end(s);
}

/* I4 */
static void wait_for_disk(struct gw_sender *s)
{
	close_session(s);
	if (!s->options.forever || s->disk.code == GW_ERR_CORRUPT) {
		s->stopping = true;
		try_to_end(s);
		return;
	}
	tell_disk(s);
	enter(s, SENDER_WAITING);
	sleep_until(s, sender_now() + DISK_AGAIN_S);
}

/* Reads the outbox again, when nothing is under way, if it exists, and if everything is on
 * record. */
static void look_anew(struct gw_sender *s)
{
	if (!gw_queue_stands(s->queue) || !state_stands(s))
		leave_queue(s);
	else if (s->records != NULL && gw_records_owed(s->records))
		gw_records_retry(s->records);
	else
		start_loading(s);
}

/* A server that takes a few mails a connection must not have a long queue gone through for each. */
static bool looked_long_ago(const struct gw_sender *s)
{
	int64_t now = sender_now();

	return now < s->looked_at || now - s->looked_at >= LOOK_AGAIN_S;
}

/* The one place where it is decided what comes next; called when anything has changed. */
static void go_on(struct gw_sender *s)
{
	struct gw_outbox_facts facts;
	struct gw_outbox_step next;
	int64_t until;

	if (s->state == SENDER_OVER)
		return;
	if (s->stopping || s->state == SENDER_ENDING) {
		try_to_end(s);
		return;
	}
	if (s->loading || s->credentials != NULL || s->state == SENDER_CONNECTING)
		return;
	if (disk_failed(s)) {
		wait_for_disk(s);
		return;
	}
	if (s->records != NULL && gw_records_owed(s->records)) {
		if (!is_busy(s))
			look_anew(s);
		return;
	}
	facts = facts_of(s);
	next = plan_now(s, &facts);
	if (s->attempts == NULL && s->dirty &&
		(s->stale || next.item == NULL || (!s->up && looked_long_ago(s)))) {
		if (is_busy(s)) /* I2; soon */
			uv_timer_start(&s->timer, on_timer, 5, 0);
		else
			look_anew(s);
		return;
	}
	if (s->up && next.item != NULL) {
		enter(s, SENDER_SENDING);
		send_more(s, &next);
	}
	if (s->attempts != NULL || (s->up && s->dirty))
		return;
	if (next.item == NULL) {
		until = sooner(next.wait_until, follow_refused(s));
		if (!s->dirty)
			until = sooner(until, follow_doubts(s));
		if (!s->dirty && s->evidence == NULL)
			until = sooner(until, follow_sent(s));
		if (s->evidence != NULL)
			return;
		if (s->dirty)
			uv_timer_start(&s->timer, on_timer, 5, 0);
		else
			wait_or_end(s, until);
	} else if (s->sasl == NULL && gw_account_signs_in(s->account)) {
		sign_in(s);
	} else if (s->session == NULL) {
		connect_to(s, (const struct gw_queued *)next.item);
	}
}

bool gw_account_signs_in(const struct gw_account *account)
{
	const struct gw_smtp_account *smtp = &account->smtp;

	return smtp->user != NULL && smtp->user[0] != '\0';
}

/* Recalls what the server could not do, which is left out for a time. */
static void recall_server(struct gw_sender *s)
{
	struct gw_memory_server server;

	gw_memory_server_read(s->account, &server);
	if (server.until <= sender_now())
		return;
	s->without = server.without;
	s->without_until = server.until;
}

static void on_change(void *ctx, bool awake)
{
	gw_sender_poke(ctx, awake);
}

enum gw_code gw_sender_start(uv_loop_t *loop, const struct gw_account *account,
	const struct gw_sender_options *options, const struct gw_log *log, gw_sender_cb *cb,
	void *ctx, struct gw_sender **out, struct gw_error *err)
{
	struct gw_sender *s = calloc(1, sizeof *s);
	char path[PATH];
	enum gw_code code;

	*out = NULL;
	if (s == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	*s = (struct gw_sender){ .loop = loop,
		.log = log,
		.account = account,
		.options = *options,
		.cb = cb,
		.ctx = ctx,
		.step = go_on,
		.provider = gw_submission_provider_of(account->smtp.host),
		.lock = -1,
		.started = sender_now(),
		.asks_again = options->now,
		.linger_until = sender_now() + options->linger_s };
	s->tried = calloc(options->id_count + 1, sizeof *s->tried);
	gw_memory_path(account, ".outbox", path, sizeof path);
	code = s->tried == NULL ? gw_fail(err, GW_ERR_NOMEM, "out of memory")
				: gw_queue_open(path, &s->queue, err);
	gw_memory_path(account, ".outbox.lock", path, sizeof path);
	if (code == GW_OK)
		code = gw_lock_take(path, "is sending this account's mail", &s->lock, err);
	if (code != GW_OK) {
		gw_queue_close(s->queue);
		free(s->tried);
		free(s);
		return code;
	}
	uv_timer_init(loop, &s->timer);
	s->timer.data = s;
	if (!gw_account_signs_in(account))
		make_key(s);
	recall_server(s);
	gw_memory_path(account, ".outbox", path, sizeof path);
	s->changes = gw_changes_start(loop, path, on_change, s);
	start_loading(s);
	*out = s;
	return GW_OK;
}

void gw_sender_poke(struct gw_sender *s, bool awake)
{
	s->dirty = true;
	if (awake && s->state == SENDER_WAITING && s->records != NULL && !s->loading)
		settle_awake(s);
	if (awake && s->box.pause_until > 0 && s->state == SENDER_WAITING &&
		s->failed.code == GW_ERR_NET) {
		s->box.pause_until = 0; /* there may be a line again */
		gw_error_clear(&s->failed);
	}
	if (s->state == SENDER_WAITING)
		uv_timer_start(&s->timer, on_timer, 0, 0);
}

void gw_sender_stop(struct gw_sender *s)
{
	s->stopping = true;
	uv_timer_start(&s->timer, on_timer, 0, 0);
}
