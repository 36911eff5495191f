/* SPDX-License-Identifier: ISC */
/* pull/pull.c - a POP3 account's run from lock to report; the order of its states is in state.h.
 *
 * I1  GW_SYNC_DONE is sent once, from finished().
 * I2  QUIT is said only when all that came in the session is durable and recorded: on a server that
 *     counts what was fetched it is what makes a message go.  Otherwise the connection is closed.
 * I3  what a session did there (deletions, marks) is recorded when QUIT was answered; if that answer
 *     is lost, the next listing tells.
 */
#include "pull/pull_p.h"

#include "auth/credentials.h"
#include "auth/trust.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Sessions that are lost in one run, and all of them. */
enum { LOSSES_MAX = 3, SESSIONS_MAX = 1000, RELIST_S = 86400, LIE_MIN = 2, HEADS_LOST_MAX = 2 };

/* --- ending ---------------------------------------------------------------------------------- */

static void free_pull(struct gw_pull *p)
{
	pull_batch_deinit(p);
	pull_drop_held(p);
	gw_deliver_free(p->writer);
	if (p->opened)
		gw_maildir_close(&p->maildir);
	gw_store_close(p->disk.world.store);
	pull_free_listing(p);
	gw_pull_deinit(&p->view);
	pull_free_rows(p);
	gw_buf_deinit(&p->arena);
	gw_buf_deinit(&p->header);
	free(p->order);
	free(p->skip.list);
	free(p->no_head.list);
	gw_tls_ctx_free(p->tls);
	gw_sasl_unref(&p->sasl);
	if (p->lock_fd >= 0)
		close(p->lock_fd);
	free(p->login_user);
	free(p->db_path);
	free(p->journal_path);
	free(p);
}

static void finished(struct gw_pull *p)
{
	const struct gw_sync_counts counts = p->counts;

	pull_enter(p, PULL_DONE);
	if (counts.downloaded + counts.paired + counts.deleted_there > 0)
		pull_emit(p, (struct gw_sync_event){ .type = GW_SYNC_MAILBOX,
				     .mailbox = pull_folder(p),
				     .delta = &counts });
	pull_emit(p, (struct gw_sync_event){
			     .type = GW_SYNC_DONE, .err = p->err.code == GW_OK ? NULL : &p->err });
	free_pull(p);
}

static void close_session(struct gw_pull *p)
{
	uint64_t received, sent;

	if (p->session == NULL)
		return;
	gw_pop3_traffic(p->session, &received, &sent);
	p->received += received;
	p->sent += sent;
	p->paused = false;
	gw_pop3_close(&p->session);
}

/* Others came through after it, or a session without it ended well: then it was the message. */
static bool settle_doubt(struct gw_pull *p)
{
	for (size_t i = 0; i < p->more_count; i++) {
		if (!p->more[i].doubt)
			continue;
		p->more[i].doubt = false;
		if ((p->run_got <= p->more[i].doubt_at && !p->more[i].proved) ||
			p->view.rows[i].state != GW_PULL_ASIDE)
			continue;
		p->view.rows[i].tries++;
		if (pull_batch_add(p, PULL_PUT, i, NULL) != GW_OK)
			return false;
	}
	return true;
}

/* Waits until what came is recorded, or cannot be. */
static void batch_done(struct gw_pull *p);

static void end(struct gw_pull *p)
{
	if (p->state == PULL_ENDING)
		batch_done(p); /* what it waited for may be what failed */
	if (p->state >= PULL_ENDING)
		return;
	pull_enter(p, PULL_ENDING);
	close_session(p);
	pull_drop_held(p);
	if (p->writer != NULL)
		gw_deliver_drop(p->writer);
	if (p->credentials != NULL)
		gw_credentials_cancel(p->credentials);
	if (p->opened && !settle_doubt(p) && p->err.code == GW_OK)
		gw_fail(&p->err, GW_ERR_NOMEM, "out of memory");
	pull_batch_seal(p);
	batch_done(p);
}

static void fail(struct gw_pull *p, const struct gw_error *err)
{
	if (p->err.code == GW_OK)
		p->err = *err;
	end(p);
}

void gw_pull_stop(struct gw_pull *p)
{
	struct gw_error err = { 0 };

	p->stopped = true;
	gw_fail(&err, GW_ERR_CANCELLED,
		"stopped; what has arrived is kept, the next sync goes on from here");
	fail(p, &err);
}

/* --- sessions -------------------------------------------------------------------------------- */

static void connect_again(struct gw_pull *p);

/* Counts lost sessions in a row; one that brought something new counts as the first. */
static void count_loss(struct gw_pull *p)
{
	p->losses = p->session_stored > 0 ? 1 : p->losses + 1;
}

static void lose(struct gw_pull *p, const struct gw_error *err)
{
	bool again;

	if (p->state >= PULL_DRAINING)
		return;
	close_session(p);
	if (p->state >= PULL_LISTING) /* it may have promised what it does not keep */
		pull_forget_offer(p);
	pull_drop_held(p);
	if (p->writer != NULL)
		gw_deliver_drop(p->writer);
	count_loss(p);
	again = err->code == GW_ERR_NET || err->code == GW_ERR_TIMEOUT ||
		err->code == GW_ERR_PROTOCOL || err->code == GW_ERR_LIMIT ||
		err->code == GW_ERR_BYE || err->code == GW_ERR_TLS;
	if (p->state < PULL_LISTING || !again || p->losses >= LOSSES_MAX ||
		p->sessions >= SESSIONS_MAX || p->options.dry_run || p->options.verify) {
		fail(p, err);
		return;
	}
	gw_log(p->log, GW_LOG_INFO, "%s: %s; connecting again", p->account->name, err->text);
	pull_enter(p, PULL_DRAINING);
	pull_batch_seal(p);
	batch_done(p);
}

static void on_credentials(void *ctx, struct gw_sasl *sasl, const struct gw_error *err)
{
	struct gw_pull *p = ctx;
	struct gw_error local = { 0 };

	if (err != NULL)
		local = *err;
	p->credentials = NULL;
	gw_sasl_unref(&p->sasl);
	p->sasl = sasl;
	if (p->state == PULL_ENDING)
		batch_done(p); /* the end waited for this */
	else if (local.code != GW_OK)
		fail(p, &local);
	else
		connect_again(p);
}

static enum gw_code ask_credentials(struct gw_pull *p, bool refused, struct gw_error *err)
{
	return gw_credentials_start(
		p->loop, p->log, &p->login, refused, on_credentials, p, &p->credentials, err);
}

/* A token that is refused is renewed once. */
static bool renew(struct gw_pull *p, const struct gw_error *err)
{
	struct gw_error ignored = { 0 };

	if (err->code != GW_ERR_AUTH || p->account->auth != GW_AUTH_OAUTH2 || p->renewed ||
		p->state != PULL_CONNECTING)
		return false;
	p->renewed = true;
	gw_log(p->log, GW_LOG_INFO, "%s: the token was refused; asking for another",
		p->account->name);
	close_session(p);
	pull_enter(p, PULL_OPENING);
	return ask_credentials(p, true, &ignored) == GW_OK;
}

/* Asks again, once, what was remembered of the server and may no longer hold.  A refusal that names
 * the password does not count. */
static bool ask_anew(struct gw_pull *p, const struct gw_error *err)
{
	if (p->state != PULL_CONNECTING || !p->offer_used ||
		(err->code != GW_ERR_AUTH && err->code != GW_ERR_PROTOCOL &&
			err->code != GW_ERR_REFUSED && err->code != GW_ERR_SECURITY) ||
		strstr(err->text, "[AUTH]") != NULL)
		return false;
	gw_log(p->log, GW_LOG_INFO, "%s: %s; asking %s what it offers", p->account->name, err->text,
		p->account->host);
	pull_forget_offer(p);
	close_session(p);
	return true;
}

static void on_session(void *ctx, const struct gw_pop3_event *ev)
{
	struct gw_pull *p = ctx;
	struct gw_error err;

	if (ev->type == GW_POP3_UP) {
		pull_note_offer(p);
		pull_stage(p, "listing");
		pull_list(p);
		return;
	}
	err = *ev->err; /* it is the session's, which goes */
	if (ask_anew(p, &err))
		connect_again(p);
	else if (!renew(p, &err))
		lose(p, &err);
}

static void connect_again(struct gw_pull *p)
{
	const struct gw_account *a = p->account;
	const struct gw_pop3_options options = {
		.stream = { .proxy = &a->proxy,
			.bandwidth = a->bandwidth,
			.host = a->host,
			.port = a->port,
			.tunnel_command = a->tunnel_command,
			.runner = a->runner,
			.tls = p->tls,
			.tls_at_once = a->tls == GW_TLS_IMPLICIT,
			.timeout_ms = a->timeout_s * 1000,
			.settle_ms = a->timeout_s * 5000 },
		.tls = a->tunnel_command != NULL && a->tls == GW_TLS_NONE ? GW_TLS_NONE : a->tls,
		.sasl = p->sasl,
		.memory = pull_remembered(p),
	};
	struct gw_error err = { 0 };

	p->offer_used = options.memory != NULL;
	pull_enter(p, PULL_CONNECTING);
	p->sessions++;
	p->session_bytes = 0;
	p->session_messages = p->session_got = p->session_stored = p->exact = p->shorter = 0;
	p->more_left = p->moved = p->ahead = false;
	p->began_ms = uv_now(p->loop);
	if (gw_pop3_open(p->loop, p->log, &options, on_session, p, &p->session, &err) != GW_OK)
		fail(p, &err);
}

/* --- what is listed -------------------------------------------------------------------------- */

static void set_policy(struct gw_pull *p)
{
	const struct gw_pop3_account *a = &p->account->pop3;
	const struct gw_pop3_caps *caps = gw_pop3_capabilities(p->session);
	struct gw_pull_policy *to = &p->view.policy;
	bool has_files = to->has_files;

	p->login_delay = caps->login_delay;
	p->facts_dirty |= p->follows != (p->account->deletes == GW_DELETE_EXPUNGE);
	*to = (struct gw_pull_policy){ .keep = a->recent || a->keep == GW_KEEP_FOREVER
						       ? GW_PULL_KEEP_FOREVER
					       : a->keep == GW_KEEP_NO ? GW_PULL_KEEP_NO
								       : GW_PULL_KEEP_FOR,
		.keep_s = (int64_t)a->keep_days * 86400,
		.now = (int64_t)time(NULL),
		.age = p->age.age,
		.max_size = a->max_size,
		.deletes = p->account->deletes == GW_DELETE_EXPUNGE && !a->recent,
		.has_top = (caps->bits & GW_POP3_TOP) != 0 && p->no_head.count < HEADS_LOST_MAX,
		.marks = caps->expires_at_once && !p->marks_not && !a->recent,
		.full = p->options.full && p->sessions == 1,
		.has_files = has_files,
		.hold = p->hold || p->copies_differ,
		.sizes_lie = p->sizes_lie };
}

/* True if files may be missing. */
static bool may_delete_old(const struct gw_pull *p)
{
	const struct gw_pull_policy *policy = &p->view.policy;

	for (size_t i = 0; i < p->view.row_count; i++) {
		if (p->view.rows[i].state == GW_PULL_HERE && p->view.rows[i].has_file &&
			p->view.rows[i].recorded)
			return policy->deletes || policy->keep != GW_PULL_KEEP_FOREVER ||
			       p->options.restore_deletions;
	}
	return false;
}

/* In the first session only: what comes later was written by this run. */
static void listed(struct gw_pull *p)
{
	if (!p->has_uidl && !p->uidl_told) {
		p->uidl_told = true;
		gw_log(p->log, GW_LOG_WARN,
			"%s: %s gives messages no identity (UIDL), so each is looked at in every run",
			p->account->name, p->account->host);
	}
	set_policy(p);
	if (!p->scanned && (p->options.verify || pull_restores(p))) {
		pull_scan(p, false);
		return;
	}
	if (!p->scanned && (p->interrupted || may_delete_old(p))) {
		pull_scan(p, p->interrupted);
		return;
	}
	p->tree_known |= !p->scanned; /* there is nothing in it that could be missing */
	pull_scanned(p);
}

static void tell_what_would_be_done(struct gw_pull *p)
{
	for (size_t i = 0; i < p->view.item_count; i++) {
		const struct gw_pull_item *item = &p->items[i];
		char name[300], text[400];

		pull_describe(p, i, name, sizeof name);
		if (item->row == GW_PULL_NONE && item->todo != GW_PULL_LEAVE_LARGE) {
			snprintf(text, sizeof text, "%s would be fetched%s", name,
				item->todo == GW_PULL_LOOK
					? ", unless its header shows that it is here"
					: "");
			pull_tell_step(p, "fetch", text, item->size);
			p->counts.to_download++;
		} else if (item->row != GW_PULL_NONE && item->todo != GW_PULL_NOTHING &&
			   gw_pull_is_due(&p->view, &p->view.rows[item->row])) {
			snprintf(text, sizeof text, "%s would be deleted on the server%s", name,
				p->view.rows[item->row].state == GW_PULL_UNWANTED
					? ", since it was deleted here"
					: "");
			pull_tell_step(p, "delete-there", text, item->size);
			p->counts.deleted_there++;
		}
	}
	pull_emit(
		p, (struct gw_sync_event){
			   .type = GW_SYNC_PLAN, .mailbox = pull_folder(p), .delta = &p->counts });
}

/* Leaves a large message there; reported once. */
static bool leave_large(struct gw_pull *p, size_t i)
{
	struct gw_pull_item *item = &p->items[i];
	char name[300], text[400];
	size_t row;

	if (item->row != GW_PULL_NONE || item->uidl.n == 0)
		return true;
	pull_describe(p, i, name, sizeof name);
	snprintf(text, sizeof text, "%s is larger than `max-size`, and stays on the server", name);
	gw_log(p->log, GW_LOG_WARN, "%s: %s", p->account->name, text);
	row = pull_add_row(p, item->uidl);
	if (row == GW_PULL_NONE)
		return false;
	p->view.rows[row].state = GW_PULL_LARGE;
	p->view.rows[row].size = item->size;
	p->view.rows[row].claimed = true;
	p->more[row].first_seen = p->more[row].listed_at = p->view.policy.now;
	p->more[row].dirty = true;
	item->row = row;
	pull_set_reason(p, row, text);
	return true;
}

/* R4: reports what is left out for as long as it lasts. */
static void tell_aside(struct gw_pull *p, size_t i)
{
	char name[300];
	struct gw_error err = { 0 };

	pull_describe(p, i, name, sizeof name);
	gw_fail(&err, GW_ERR_REFUSED,
		"%s could not be fetched in %u runs and stays on the server; it is tried again "
		"weekly, and with `godwit sync --full`",
		name, p->view.rows[p->items[i].row].tries);
	pull_problem(p, &err);
}

static void scanned(struct gw_pull *p)
{
	bool work = false;

	if (p->state != PULL_LISTING && p->state != PULL_SCANNING) {
		batch_done(p); /* it was stopped, or the session lost, meanwhile */
		return;
	}
	p->view.policy.hold |= p->hold;
	p->view.items = p->items;
	for (size_t i = 0; i < p->more_count; i++)
		p->more[i].got = p->more[i].dele_ok = false;
	if (!gw_pull_sort(&p->view)) {
		pull_fail_nomem(p);
		return;
	}
	pull_spare_headers(p);
	if (p->view.marks_disproved && !p->marks_not) {
		p->marks_not = p->facts_dirty = true;
		gw_log(p->log, GW_LOG_INFO,
			"%s: %s shows again what was fetched, whatever EXPIRE 0 says; that is remembered",
			p->account->name, p->account->host);
	}
	if (p->options.verify) {
		pull_verify(p);
		return;
	}
	if (pull_restores(p)) {
		pull_restore(p);
		return;
	}
	if (p->options.dry_run) {
		tell_what_would_be_done(p);
		pull_quit(p);
		return;
	}
	for (size_t i = 0; i < p->view.item_count; i++) {
		work |= p->items[i].todo == GW_PULL_LOOK || p->items[i].todo == GW_PULL_GET;
		if (p->items[i].todo == GW_PULL_LEAVE_LARGE && !leave_large(p, i)) {
			pull_fail_nomem(p);
			return;
		}
		if (p->items[i].todo == GW_PULL_LEAVE_ASIDE && p->sessions == 1)
			tell_aside(p, i);
	}
	if (work)
		pull_prepare(p);
	else
		pull_quit(p);
}

/* --- one session, step by step --------------------------------------------------------------- */

static void prepared(struct gw_pull *p)
{
	if (p->state == PULL_PREPARING)
		pull_look(p);
	else
		batch_done(p); /* it was stopped meanwhile */
}

static void looked(struct gw_pull *p)
{
	if (p->options.verify || pull_lists_only(p))
		pull_quit(p);
	else
		pull_get(p);
}

/* Keeps messages shorter than listed on the server, unless its sizes are never right. */
static void judge_sizes(struct gw_pull *p)
{
	if (p->shorter == 0)
		return;
	if (p->exact == 0 && p->shorter >= LIE_MIN && !p->sizes_lie) {
		p->sizes_lie = p->facts_dirty = true;
		p->view.policy.sizes_lie = true;
		gw_log(p->log, GW_LOG_INFO,
			"%s: sizes that %s lists are larger than what comes, all of them; they do not count",
			p->account->name, p->account->host);
	}
	if (!p->sizes_lie && (p->account->pop3.keep != GW_KEEP_FOREVER || p->view.policy.deletes)) {
		struct gw_error err = { 0 };

		gw_fail(&err, GW_ERR_HELD,
			"%zu messages came shorter than %s lists them; they are kept there",
			p->shorter, p->account->host);
		pull_problem(p, &err);
	}
}

static void got(struct gw_pull *p)
{
	pull_enter(p, PULL_STORING);
	judge_sizes(p);
	/* Rows found under another name now need not be looked for again. */
	for (size_t i = 0; i < p->more_count; i++) {
		if (p->more[i].dirty && !p->view.rows[i].is_file && p->view.rows[i].recorded &&
			pull_batch_add(p, PULL_PUT, i, NULL) != GW_OK) {
			pull_fail_nomem(p);
			return;
		}
	}
	pull_batch_seal(p);
	batch_done(p);
}

static void deleted(struct gw_pull *p)
{
	pull_quit(p);
}

static bool forget(struct gw_pull *p, size_t i)
{
	if (p->view.rows[i].claimed || p->view.rows[i].is_file || p->more[i].id == 0 ||
		!gw_pull_may_forget(p->more[i].listed_at, p->view.policy.now))
		return true;
	p->more[i].dirty = false;
	p->more[i].listed_at = p->view.policy.now; /* dropped once */
	return pull_batch_add(p, PULL_DROP, i, NULL) == GW_OK;
}

/* No other of what was listed with it, or of what is left of that, can be its twin. */
static void set_alone(struct gw_pull *p, size_t i)
{
	struct gw_pull_row *row = &p->view.rows[i];

	if (!p->more[i].deleted || row->is_alone)
		return;
	row->is_alone = true;
	p->more[i].deleted_at = p->view.policy.now;
	p->more[i].dirty = true;
}

/* I3 */
static bool seal_row(struct gw_pull *p, size_t i, bool ok, bool all_known)
{
	struct gw_pull_row *row = &p->view.rows[i];
	struct pull_more *more = &p->more[i];
	int64_t now = p->view.policy.now;

	if (row->is_file)
		return true;
	more->proved |= ok && more->doubt;
	if (ok && more->got && !row->sealed) {
		row->sealed = true;
		more->dirty |= p->view.policy.marks;
	}
	if (ok && more->dele_ok) {
		p->counts.deleted_there++;
		row->state = GW_PULL_DELETED;
		row->is_alone = false;
		more->deleted = more->dirty = true;
		more->deleted_at = 0;
		p->left_there--;
	}
	if (ok && all_known)
		set_alone(p, i);
	/* Not in every run: one that finds nothing writes nothing. */
	if (row->claimed && (now - more->listed_at >= RELIST_S || now < more->listed_at)) {
		more->listed_at = now;
		more->dirty = true;
	}
	if (more->dirty)
		return pull_batch_add(p, PULL_PUT, i, NULL) == GW_OK;
	return forget(p, i);
}

static void quitted(struct gw_pull *p, bool ok)
{
	bool fine = true,
	     all_known = gw_pull_all_known(&p->view) && p->view.item_count >= p->left_there;

	pull_enter(p, PULL_SEALING);
	p->left_there = p->view.item_count;
	close_session(p);
	if (!ok) {
		count_loss(p);
		gw_log(p->log, GW_LOG_WARN,
			"%s: %s did not take QUIT; what it deleted shows in the next listing",
			p->account->name, p->account->host);
	}
	for (size_t i = 0; i < p->more_count && fine && !p->options.dry_run; i++)
		fine = seal_row(p, i, ok, all_known);
	if (!fine) {
		pull_fail_nomem(p);
		return;
	}
	pull_batch_seal(p);
	batch_done(p);
}

/* A server that counts what was fetched shows the next ones now; one that does not take QUIT counts
 * nothing, and would show the same for ever. */
static bool is_more(struct gw_pull *p)
{
	struct gw_error err = { 0 };

	if (p->options.dry_run || p->sessions >= SESSIONS_MAX ||
		!(p->more_left || (p->view.policy.marks && p->session_messages > 0)))
		return false;
	if (p->losses < LOSSES_MAX)
		return true;
	gw_fail(&err, GW_ERR_REFUSED,
		"%s did not take QUIT in %d sessions, so what it lists next is left to the next run",
		p->account->host, LOSSES_MAX);
	pull_problem(p, &err);
	return false;
}

static void batch_done(struct gw_pull *p)
{
	if (!pull_batch_idle(p) || !gw_disk_idle(&p->disk) || p->credentials != NULL)
		return;
	switch (p->state) {
	case PULL_STORING:
		pull_delete(p); /* I2 */
		break;
	case PULL_SEALING:
		if (is_more(p))
			connect_again(p);
		else
			end(p);
		break;
	case PULL_DRAINING:
		connect_again(p);
		break;
	case PULL_ENDING:
		pull_close_state(p);
		break;
	case PULL_OPENING:
	case PULL_CONNECTING:
	case PULL_LISTING:
	case PULL_SCANNING:
	case PULL_PREPARING:
	case PULL_LOOKING:
	case PULL_GETTING:
	case PULL_DELETING:
	case PULL_QUITTING:
	case PULL_FINISHING:
	case PULL_DONE:
		break;
	}
}

unsigned gw_pull_login_delay(const struct gw_pull *p)
{
	return p->login_delay;
}

/* --- starting -------------------------------------------------------------------------------- */

static const struct pull_machine machine = { .listed = listed,
	.scanned = scanned,
	.prepared = prepared,
	.looked = looked,
	.got = got,
	.deleted = deleted,
	.quitted = quitted,
	.batch_done = batch_done,
	.finished = finished,
	.fail = fail,
	.lose = lose };

static enum gw_code begin(struct gw_pull *p, struct gw_error *err)
{
	const struct gw_account *a = p->account;
	enum gw_code code = GW_OK;

	if (p->options.folder_count > 0)
		return gw_fail(err, GW_ERR_CONFIG,
			"account \"%s\" is fetched over POP3: there is one mailbox, so none can be "
			"chosen",
			a->name);
	p->options.dry_run |= (p->options.verify && !p->options.repair) || pull_lists_only(p);
	p->login = *a;
	if (a->pop3.recent) {
		if (asprintf(&p->login_user, "recent:%s", a->user) < 0) {
			p->login_user = NULL;
			return gw_fail(err, GW_ERR_NOMEM, "out of memory");
		}
		p->login.user = p->login_user;
	}
	code = pull_open_state(p, err);
	/* The next sync looks for what that run left; an end of this one would hide it. */
	if (code == GW_OK && p->interrupted && p->view.row_count > 0 &&
		(p->options.repair || (pull_restores(p) && !p->options.dry_run)))
		code = gw_fail(err, GW_ERR_HELD,
			"the last sync did not end, so nothing is %s: `godwit sync %s` first",
			p->options.repair ? "repaired" : "brought back", a->name);
	if (code == GW_OK && a->tls != GW_TLS_NONE)
		code = gw_trust_imap(a, &p->tls, err);
	return code == GW_OK ? ask_credentials(p, false, err) : code;
}

enum gw_code gw_pull_start(uv_loop_t *loop, const struct gw_account *account,
	const struct gw_sync_options *options, const struct gw_log *log, gw_sync_cb *cb, void *ctx,
	struct gw_pull **out, struct gw_error *err)
{
	struct gw_pull *p = calloc(1, sizeof *p);
	enum gw_code code;

	*out = NULL;
	if (p == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	p->machine = &machine;
	p->loop = loop;
	p->account = account;
	p->options = *options;
	p->log = log;
	p->cb = cb;
	p->ctx = ctx;
	p->lock_fd = -1;
	p->counts.mailboxes = 1;
	gw_disk_init(&p->disk, loop);
	code = pull_batch_init(p) ? begin(p, err) : gw_fail(err, GW_ERR_NOMEM, "out of memory");
	if (code != GW_OK) {
		free_pull(p);
		return code;
	}
	*out = p;
	pull_stage(p, "connecting");
	return GW_OK;
}
