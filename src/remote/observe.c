/* remote/observe.c - see observe.h.
 *
 *   SELECT (with the first FETCHes behind it)
 *     --refused with parameters--> SELECT once more, plain
 *     --EXISTS or UIDNEXT not told--> COUNTS
 *     --a few messages at a time--> SEARCH, then EXTRA
 *   then
 *     --UIDs mean something else, or a FETCH was refused--> RELIST
 *     --the numbers do not add up--> SEARCH --nor do these--> UIDS --nor do these--> unproved
 *     --a listing names UIDs that nobody told of--> EXTRA, as long as that brings something
 *     --> DONE
 *
 * I1  a state is left when `pending` commands are all answered; done() runs from there, once.
 * I2  what a pipelined FETCH brought behind a SELECT that failed or that showed another UIDVALIDITY
 *     is thrown away.
 * I3  what a listing does not name is absent only if the listing names as many as there are.
 */
#include "remote/observe_p.h"

#include "plan/evidence.h"

#include <stdio.h>
#include <stdlib.h>

enum question { ASK_ITEMS, ASK_CHANGES, ASK_FLAGS, ASK_UIDS, ASK_SEARCH };

enum {
	SEARCHES = 3,      /* while messages go meanwhile */
	COMMANDS_MAX = 64, /* for the same messages, where they were refused */
};

/* One command about a range of UIDs; the server may answer for its upper part only. */
struct ask {
	struct observe *ob;
	enum question question;
	uint32_t first, last;
};

/* --- asking ---------------------------------------------------------------------------------- */

static void on_asked_response(void *ctx, const struct gw_response *r)
{
	gw_observe_on_response(((struct ask *)ctx)->ob, r);
}

static void evaluate(struct observe *ob);

static void free_observe(struct observe *ob)
{
	gw_remote_view_deinit(&ob->view);
	gw_tally_deinit(&ob->tally);
	gw_seqset_deinit(&ob->untold);
	gw_seqset_deinit(&ob->named);
	free(ob);
}

static void note_failure(struct observe *ob, const struct gw_result *result)
{
	if (result->kind == GW_RESULT_OK || ob->err.code != GW_OK)
		return;
	if (result->kind == GW_RESULT_LOST) {
		ob->err = *result->err;
		ob->err.scope = GW_SCOPE_ACCOUNT;
	} else {
		ob->refused = true;
	}
}

static void answered(struct observe *ob)
{
	if (--ob->pending == 0)
		evaluate(ob);
}

static void on_answered(void *ctx, const struct gw_result *result)
{
	note_failure(ctx, result);
	answered(ctx);
}

static enum gw_code send_line(struct observe *ob, struct gw_line *line,
	void (*response)(void *, const struct gw_response *),
	void (*done)(void *, const struct gw_result *), void *ctx)
{
	enum gw_code code = gw_session_send(ob->o.session, line,
		&(struct gw_handlers){ .response = response, .done = done, .ctx = ctx });

	gw_line_deinit(line);
	if (code == GW_OK)
		ob->pending++;
	return code;
}

static void write_question(struct observe *ob, const struct ask *a, struct gw_line *line)
{
	bool all = a->first <= 1 && a->last == UINT32_MAX;
	char range[32];

	if (a->last == UINT32_MAX)
		snprintf(range, sizeof range, "%u:*", a->first);
	else
		snprintf(range, sizeof range, "%u:%u", a->first, a->last);
	switch (a->question) {
	case ASK_ITEMS:
		gw_line_printf(line, "UID FETCH %s %s", range, ob->items);
		break;
	case ASK_CHANGES:
		gw_line_printf(line, "UID FETCH %s %s (CHANGEDSINCE %llu)", range, ob->items,
			(unsigned long long)ob->o.highestmodseq);
		break;
	case ASK_FLAGS:
		gw_line_printf(
			line, "UID FETCH %s (UID %s)", range, gw_session_flag_items(ob->o.session));
		break;
	case ASK_UIDS:
		gw_line_printf(line, "UID FETCH %s (UID)", range);
		break;
	case ASK_SEARCH:
		gw_line_printf(line, "UID SEARCH %s%s%s",
			gw_session_caps(ob->o.session) & GW_CAP_ESEARCH ? "RETURN (ALL) " : "",
			all ? "ALL" : "UID ", all ? "" : range);
		break;
	}
}

static enum gw_code ask(struct observe *ob, enum question question, uint32_t first, uint32_t last);

/* A server may answer for a bounded number of messages only, the highest UIDs first (RFC 9738): then
 * the rest is asked for. */
static void on_asked(void *ctx, const struct gw_result *result)
{
	struct ask a = *(struct ask *)ctx;
	struct observe *ob = a.ob;
	const struct gw_response *r = result->response;
	enum gw_code code = GW_OK;

	free(ctx);
	if (r != NULL && r->code == GW_CODE_MESSAGELIMIT && r->number > a.first &&
		r->number <= a.last)
		code = ask(ob, a.question, a.first, (uint32_t)r->number - 1);
	else
		note_failure(ob, result);
	if (code != GW_OK)
		ob->refused = true;
	answered(ob);
}

static enum gw_code ask(struct observe *ob, enum question question, uint32_t first, uint32_t last)
{
	struct ask *a = malloc(sizeof *a);
	struct gw_line line;
	enum gw_code code;

	if (a == NULL)
		return GW_ERR_NOMEM;
	*a = (struct ask){ .ob = ob, .question = question, .first = first, .last = last };
	gw_line_init(&line);
	write_question(ob, a, &line);
	code = send_line(ob, &line, on_asked_response, on_asked, a);
	if (code != GW_OK)
		free(a);
	return code;
}

/* What is asked of messages that may be new. */
static void choose_items(struct observe *ob)
{
	snprintf(ob->items, sizeof ob->items, "(UID %s RFC822.SIZE%s%s)",
		gw_session_flag_items(ob->o.session),
		ob->o.oldest != 0 || ob->dates ? " INTERNALDATE" : "",
		gw_session_caps(ob->o.session) & GW_CAP_GMAIL      ? " X-GM-MSGID"
		: gw_session_caps(ob->o.session) & GW_CAP_OBJECTID ? " EMAILID"
								   : "");
}

static enum mode choose(const struct observe *ob)
{
	if (ob->o.full || ob->o.few > 0 || ob->o.uidvalidity == 0 || ob->o.uidnext == 0)
		return MODE_FULL;
	if (ob->plain || ob->o.highestmodseq == 0)
		return MODE_FLAGS;
	if (gw_session_qresync(ob->o.session))
		return MODE_QRESYNC;
	return gw_session_caps(ob->o.session) & GW_CAP_CONDSTORE ? MODE_CONDSTORE : MODE_FLAGS;
}

static void on_selected(void *ctx, const struct gw_result *result)
{
	struct observe *ob = ctx;

	if (result->kind == GW_RESULT_NO || result->kind == GW_RESULT_BAD) {
		ob->select_failed = true;
		if (!ob->with_params) {
			ob->err = *result->err;
			ob->err.scope = GW_SCOPE_MAILBOX;
		}
	} else {
		note_failure(ob, result);
		if (result->kind == GW_RESULT_OK && result->response->code == GW_CODE_READ_ONLY)
			ob->view.storable = 0, ob->view.read_only = true;
	}
	ob->view.selected_exists = ob->view.exists;
	answered(ob);
}

static enum gw_code send_select(struct observe *ob)
{
	uint32_t caps = gw_session_caps(ob->o.session);
	struct gw_line line;

	gw_line_init(&line);
	gw_line_printf(&line, "SELECT ");
	gw_line_string(&line, gw_slice_str(ob->o.mailbox), caps);
	ob->with_params = !ob->plain && (caps & GW_CAP_CONDSTORE);
	if (ob->mode == MODE_QRESYNC)
		gw_line_printf(&line, " (QRESYNC (%u %llu 1:%u))", ob->o.uidvalidity,
			(unsigned long long)ob->o.highestmodseq,
			ob->o.uidnext > 1 ? ob->o.uidnext - 1 : 1);
	else if (ob->with_params)
		gw_line_printf(&line, " (CONDSTORE)");
	return send_line(ob, &line, gw_observe_on_select_response, on_selected, ob);
}

static enum gw_code send_first_fetches(struct observe *ob)
{
	enum gw_code code = GW_OK;

	if (ob->o.few > 0) /* it is searched for what there is */
		return GW_OK;
	switch (ob->mode) {
	case MODE_FULL:
		return ask(ob, ASK_ITEMS, 1, UINT32_MAX);
	case MODE_QRESYNC:
		return ask(ob, ASK_ITEMS, ob->o.uidnext, UINT32_MAX);
	case MODE_CONDSTORE:
		return ask(ob, ASK_CHANGES, 1, UINT32_MAX);
	case MODE_FLAGS:
		if (ob->o.uidnext > 1)
			code = ask(ob, ASK_FLAGS, 1, ob->o.uidnext - 1);
		return code == GW_OK ? ask(ob, ASK_ITEMS, ob->o.uidnext, UINT32_MAX) : code;
	}
	return GW_ERR_BUG;
}

static void reset_view(struct observe *ob)
{
	gw_seqset_deinit(&ob->view.vanished);
	ob->view.count = ob->view.id_count = 0;
}

/* Another answer begins. */
static void enter(struct observe *ob, enum state state)
{
	ob->state = state;
	ob->refused = false;
	ob->expunged = 0;
	gw_tally_reset(&ob->tally);
}

/* Any command that was not sent ends the look; those under way are waited for. */
static void check_sent(struct observe *ob, enum gw_code code)
{
	if (code == GW_OK)
		return;
	gw_fail(&ob->err, code, code == GW_ERR_NOMEM ? "out of memory" : "the session ended");
	ob->err.scope = GW_SCOPE_ACCOUNT;
	if (ob->pending == 0)
		evaluate(ob);
}

static enum gw_code begin(struct observe *ob)
{
	enum gw_code code;

	gw_tally_deinit(&ob->tally);
	enter(ob, SELECT);
	ob->mode = choose(ob);
	reset_view(ob);
	ob->view.exists = 0;
	ob->view.most = UINT32_MAX;
	ob->has_exists = false;
	ob->view.uidvalidity = ob->view.uidnext = 0;
	ob->view.highestmodseq = 0;
	ob->view.read_only = false;
	ob->view.storable = GW_FLAGS_ALL; /* without PERMANENTFLAGS: all (RFC 9051 6.3.2) */
	ob->select_failed = false;
	code = send_select(ob);
	return code == GW_OK ? send_first_fetches(ob) : code;
}

/* Whether the FETCHes before were refused stays noted; this one may be, too. */
static void on_counted(void *ctx, const struct gw_result *result)
{
	struct observe *ob = ctx;

	if (result->kind == GW_RESULT_LOST)
		note_failure(ob, result);
	answered(ob);
}

static void ask_counts(struct observe *ob)
{
	struct gw_line line;

	ob->state = COUNTS;
	ob->asked_counts = true;
	gw_line_init(&line);
	gw_line_printf(&line, "STATUS ");
	gw_line_string(&line, gw_slice_str(ob->o.mailbox), gw_session_caps(ob->o.session));
	gw_line_printf(&line, " (MESSAGES UIDNEXT UIDVALIDITY)");
	check_sent(ob, send_line(ob, &line, gw_observe_on_response, on_counted, ob));
}

static void search(struct observe *ob)
{
	enter(ob, SEARCH);
	ob->searches++;
	check_sent(ob, ask(ob, ASK_SEARCH, 1, UINT32_MAX));
}

static void relist(struct observe *ob)
{
	enter(ob, RELIST);
	ob->mode = MODE_FULL;
	reset_view(ob);
	choose_items(ob);
	if (ob->o.few > 0)
		search(ob);
	else
		check_sent(ob, ask(ob, ASK_ITEMS, 1, UINT32_MAX));
}

static void ask_uids(struct observe *ob)
{
	enter(ob, UIDS);
	check_sent(ob, ask(ob, ASK_UIDS, 1, UINT32_MAX));
}

/* --- what it proves -------------------------------------------------------------------------- */

static void finish(struct observe *ob)
{
	struct gw_observe_options o = ob->o;
	struct gw_remote_view view = ob->view;
	struct gw_error err = ob->err;
	bool failed = err.code != GW_OK, plain = ob->plain;

	if (!failed)
		ob->view = (struct gw_remote_view){ 0 };
	free_observe(ob);
	o.done(o.ctx, failed ? NULL : &view, plain, failed ? &err : NULL);
}

static bool is_listing_all(const struct observe *ob)
{
	return ob->mode == MODE_FULL || ob->mode == MODE_FLAGS;
}

/* Messages that went while the answer came make EXISTS a number of ours, not the server's. */
static bool is_restless(const struct observe *ob)
{
	return ob->expunged > 0 || ob->tally.left.count > 0;
}

static bool adds_up(const struct observe *ob, uint64_t told)
{
	const struct gw_answer answer = { .told = told,
		.exists = ob->view.exists,
		.expunged = ob->expunged,
		.refused = ob->refused || ob->tally.absurd || ob->tally.contradicts };

	return gw_answer_is_complete(&answer);
}

static uint64_t count_told(const struct observe *ob)
{
	uint64_t n = 0;

	for (size_t i = 0; i < ob->view.count; i++)
		n += !gw_seqset_has(&ob->view.vanished, ob->view.messages[i].uid);
	return n;
}

/* What was read badly is told of again by the next look: its cursor stays where it was.  (What is new
 * is asked for its flags once more, with its body.) */
static void count_dim(struct observe *ob)
{
	struct gw_remote_view *v = &ob->view;

	for (size_t i = 0; i < v->count && !v->restarted; i++) {
		uint32_t uid = v->messages[i].uid;

		if (!v->messages[i].dim ||
			gw_base_find(ob->o.base, ob->o.base_count, uid) == ob->o.base_count)
			continue;
		v->dim++;
		v->dim_uid = uid;
	}
	if (v->dim > 0 && ob->o.highestmodseq < v->highestmodseq)
		v->highestmodseq = ob->o.highestmodseq;
}

static void fail_renumbered(struct observe *ob)
{
	gw_fail(&ob->err, GW_ERR_PROTOCOL,
		"the server numbers its messages anew, and does not list all %u of them; nothing is "
		"done before it does",
		ob->view.exists);
	ob->err.scope = GW_SCOPE_MAILBOX;
	finish(ob);
}

static uint32_t last_uid(const struct gw_remote_view *v)
{
	uint32_t last = v->count == 0 ? 0 : v->messages[v->count - 1].uid;
	const struct gw_seqset *listing = &v->listing;

	if (listing->count > 0 && listing->ranges[listing->count - 1].last > last)
		last = listing->ranges[listing->count - 1].last;
	return last;
}

/* How many UIDs are told of that cannot be, if the mailbox is what it was?  next: this look's UIDNEXT
 * is believed. */
static uint64_t count_strangers(const struct observe *ob, bool next)
{
	const struct gw_remote_view *v = &ob->view;
	const struct gw_evidence_span span = { .before = ob->o.uidnext,
		.next = next ? v->uidnext : 0,
		.late = v->exists > v->selected_exists ? v->exists - v->selected_exists : 0 };

	return gw_evidence_strangers(ob->o.base, ob->o.base_count, v->messages, v->count, &span);
}

/* On some servers UIDNEXT is one more than the highest UID, and so goes back when that is deleted.
 * A restored server shows it by a UIDNEXT beyond that, by UIDs that are other messages now, or by some
 * that had gone. */
static bool is_restored(const struct observe *ob)
{
	const struct gw_remote_view *v = &ob->view;

	return ob->dates &&
	       (ob->another || count_strangers(ob, false) > 0 ||
		       (!v->unproved && v->uidnext > 0 && v->uidnext - 1 > last_uid(v)));
}

/* Is a UID told of that cannot be, in the place of one that is known?  The numbers add up then, and
 * prove nothing. */
static bool is_swapped(const struct observe *ob)
{
	const struct gw_remote_view *v = &ob->view;

	return ob->o.uidvalidity != 0 && !v->restarted &&
	       gw_evidence_lacks(ob->o.base, ob->o.base_count, v->messages, v->count) &&
	       count_strangers(ob, true) > 0;
}

/* The view as it leaves: sorted, without what went meanwhile. */
static void conclude(struct observe *ob)
{
	struct gw_remote_view *v = &ob->view;
	uint32_t last;

	gw_remote_view_settle(v);
	gw_remote_view_keep(v, NULL, &v->vanished);
	v->restarted |= is_restored(ob);
	if (v->restarted && v->unproved) { /* a row without a partner would count as new here */
		fail_renumbered(ob);
		return;
	}
	last = last_uid(v);
	if (v->has_listing)
		v->listed = gw_seqset_size(&v->listing);
	else
		v->listed = v->full ? v->count
				    : gw_evidence_expected(ob->o.base, ob->o.base_count,
					      v->messages, v->count, &v->vanished);
	count_dim(ob);
	if (ob->o.base_count > 0 && ob->o.base[ob->o.base_count - 1].uid > last && !v->restarted)
		last = ob->o.base[ob->o.base_count - 1].uid;
	if (v->uidnext == 0) /* not told: at least that */
		v->uidnext = last < UINT32_MAX ? last + 1 : last;
	finish(ob);
}

/* Takes out of `untold` what base, where only changes are told, or the answers say: at all, or
 * enough. */
static enum gw_code take_out_told(struct observe *ob, bool enough)
{
	struct gw_seqset shown = { 0 };
	enum gw_code code = gw_remote_view_take_out(
		&ob->view, ob->o.base, ob->o.base_count, enough, &ob->untold);

	for (size_t i = 0; i < ob->o.base_count && code == GW_OK && !is_listing_all(ob); i++) {
		if (ob->o.base[i].kind != GW_BASE_HIDDEN)
			code = gw_seqset_add(&shown, ob->o.base[i].uid, ob->o.base[i].uid);
	}
	if (code == GW_OK)
		code = gw_seqset_subtract(&ob->untold, &shown);
	gw_seqset_deinit(&shown);
	return code;
}

static enum gw_code send_extra(struct observe *ob)
{
	struct gw_seqset part = { 0 };
	uint64_t from = 0;
	enum gw_code code = GW_OK;

	while (code == GW_OK && from <= UINT32_MAX) {
		struct gw_line line;

		code = gw_seqset_part(&ob->untold, &from, ob->most, GW_LINE_MAX_RANGES, &part);
		if (part.count == 0)
			break;
		gw_line_init(&line);
		gw_line_printf(&line, "UID FETCH ");
		gw_line_set(&line, &part);
		gw_line_printf(&line, " %s", ob->items);
		if (code == GW_OK)
			code = send_line(ob, &line, gw_observe_on_response, on_answered, ob);
	}
	gw_seqset_deinit(&part);
	return code;
}

/* It is there, by the listing, and nothing can be read about it. */
static enum gw_code add_bare(struct observe *ob)
{
	enum gw_code code = gw_seqset_copy(&ob->untold, &ob->view.listing);

	if (code == GW_OK)
		code = take_out_told(ob, false);
	for (size_t i = 0; i < ob->untold.count && code == GW_OK; i++) {
		struct gw_range r = ob->untold.ranges[i];

		for (uint64_t uid = r.first; uid <= r.last && code == GW_OK; uid++) {
			const struct gw_remote_msg m = { .uid = (uint32_t)uid, .dim = true };

			code = gw_remote_view_add(&ob->view, &m, 0);
		}
	}
	return code;
}

static void end_extra(struct observe *ob)
{
	enum gw_code code = ob->view.has_listing ? add_bare(ob) : GW_OK;

	gw_observe_take_failure(ob, code);
	if (code != GW_OK) {
		finish(ob);
		return;
	}
	if (ob->view.has_listing && is_listing_all(ob)) { /* then all of it has been told */
		ob->view.full = true;
		ob->view.has_listing = false;
		gw_seqset_deinit(&ob->view.listing);
	}
	conclude(ob);
}

/* Asks for what `named` names and nobody told of; again as long as that brings something, and for
 * fewer at once where it was refused. */
static void ask_extra(struct observe *ob, const struct gw_seqset *named)
{
	bool refused = ob->refused && ob->state == EXTRA;
	uint64_t count;
	size_t least;
	enum gw_code code = gw_seqset_copy(&ob->untold, named);

	if (ob->state != EXTRA) {
		ob->untold_before = UINT64_MAX;
		ob->most = ob->o.few > 0 ? ob->o.few : SIZE_MAX;
	}
	gw_remote_view_settle(&ob->view);
	if (code == GW_OK)
		code = take_out_told(ob, true);
	if (code != GW_OK) {
		check_sent(ob, code);
		return;
	}
	count = gw_seqset_size(&ob->untold);
	least = (size_t)(count / COMMANDS_MAX) + 1;
	if (refused && ob->most > least) {
		ob->most = (ob->most < count ? ob->most : (size_t)count) / 8;
		ob->most = ob->most < least ? least : ob->most;
	} else if (count >= ob->untold_before) {
		count = 0;
	}
	ob->untold_before = count;
	if (count == 0) {
		end_extra(ob);
		return;
	}
	ob->state = EXTRA; /* the listing stands */
	ob->refused = false;
	check_sent(ob, send_extra(ob));
}

/* What this answer names is all there is. */
static void believe(struct observe *ob)
{
	struct gw_remote_view *v = &ob->view;

	gw_seqset_deinit(&v->listing);
	v->listing = ob->tally.told;
	ob->tally.told = (struct gw_seqset){ 0 };
	v->has_listing = true;
	gw_remote_view_settle(v);
	if (gw_seqset_subtract(&v->vanished, &v->listing) != GW_OK) {
		check_sent(ob, GW_ERR_NOMEM);
		return;
	}
	gw_remote_view_keep(v, &v->listing, &v->vanished);
	ask_extra(ob, &v->listing);
}

/* No two answers agree. */
static void give_up(struct observe *ob)
{
	struct gw_remote_view *v = &ob->view;

	if (v->restarted) {
		fail_renumbered(ob);
	} else if (v->exists == 0 && ob->named.count == 0 &&
		   !ob->asked_counts) { /* nothing could be asked of it */
		ob->refused = false;
		ob->confirms_empty = true;
		ask_counts(ob);
	} else {
		v->unproved = true;
		gw_seqset_deinit(&v->vanished);
		ask_extra(ob, &ob->named);
	}
}

/* Is it empty, as the SELECT said, although nothing can be asked of it? */
static void evaluate_empty(struct observe *ob)
{
	bool empty = !ob->refused && !ob->confirms_empty;

	ob->confirms_empty = false;
	if (empty)
		believe(ob);
	else
		give_up(ob);
}

static bool cursor_went_back(const struct observe *ob)
{
	const struct gw_observe_options *o = &ob->o;

	if (o->uidvalidity == 0)
		return false;
	return ob->view.uidvalidity != o->uidvalidity ||
	       (o->highestmodseq > 0 && ob->view.highestmodseq > 0 &&
		       ob->view.highestmodseq < o->highestmodseq);
}

static bool uidnext_went_back(const struct observe *ob)
{
	return ob->o.uidvalidity != 0 && ob->view.uidnext != 0 && ob->view.uidnext < ob->o.uidnext;
}

/* A FETCH in an empty mailbox is refused by some: that is no failure where nothing was known. */
static bool is_empty(const struct observe *ob)
{
	return ob->view.exists == 0 && ob->view.count == 0 && ob->o.base_count == 0;
}

static void judge(struct observe *ob)
{
	struct gw_remote_view *v = &ob->view;

	gw_remote_view_settle(v);
	ob->refused = ob->refused && !is_empty(ob);
	if (is_listing_all(ob)) {
		v->full = !is_restless(ob) && adds_up(ob, count_told(ob)) && !is_swapped(ob);
		if (v->full)
			conclude(ob);
		else
			search(ob);
	} else if (ob->o.list || is_restless(ob) ||
		   gw_base_has_hidden(ob->o.base, ob->o.base_count) ||
		   gw_evidence_expected(ob->o.base, ob->o.base_count, v->messages, v->count,
			   &v->vanished) != v->exists) {
		search(ob);
	} else {
		conclude(ob);
	}
}

static void evaluate_counts(struct observe *ob)
{
	struct gw_remote_view *v = &ob->view;

	if (v->uidvalidity == 0) {
		gw_fail(&ob->err, GW_ERR_PROTOCOL,
			"the server told no UIDVALIDITY; the mailbox cannot be synchronized");
		ob->err.scope = GW_SCOPE_MAILBOX;
		finish(ob);
		return;
	}
	v->restarted = cursor_went_back(ob);
	ob->dates = !v->restarted && uidnext_went_back(ob);
	if (ob->dates ||
		(ob->mode != MODE_FULL && (v->restarted || (ob->refused && !is_empty(ob)))))
		relist(ob); /* I2 */
	else
		judge(ob);
}

static void evaluate_select(struct observe *ob)
{
	bool counted = ob->has_exists && ob->view.uidvalidity != 0 && ob->view.uidnext != 0;

	if (ob->select_failed && ob->with_params) {
		ob->plain = true; /* once more without */
		check_sent(ob, begin(ob));
	} else if (!counted && !ob->asked_counts) {
		ask_counts(ob);
	} else {
		evaluate_counts(ob);
	}
}

static void evaluate_listing(struct observe *ob)
{
	enum gw_code code = gw_tally_settle(&ob->tally, ob->view.exists);

	if (code == GW_OK) /* presence, whatever becomes of the rest */
		code = gw_seqset_add_set(&ob->named, &ob->tally.told);
	if (code != GW_OK)
		check_sent(ob, code);
	else if (ob->state == SEARCH && is_restless(ob) && ob->searches < SEARCHES)
		search(ob); /* it changed under our hands */
	else if (adds_up(ob, gw_seqset_size(&ob->tally.told)))
		believe(ob);
	else if (ob->state == SEARCH)
		ask_uids(ob);
	else
		give_up(ob);
}

static void evaluate(struct observe *ob)
{
	if (ob->err.code != GW_OK) {
		finish(ob);
		return;
	}
	switch (ob->state) {
	case SELECT:
		evaluate_select(ob);
		break;
	case COUNTS:
		if (ob->searches > 0)
			evaluate_empty(ob);
		else
			evaluate_counts(ob);
		break;
	case RELIST:
		judge(ob);
		break;
	case SEARCH:
	case UIDS:
		evaluate_listing(ob);
		break;
	case EXTRA:
		ask_extra(ob, ob->view.has_listing ? &ob->view.listing : &ob->named);
		break;
	}
}

enum gw_code gw_observe_remote(const struct gw_observe_options *options)
{
	struct observe *ob = calloc(1, sizeof *ob);
	enum gw_code code;

	if (ob == NULL)
		return GW_ERR_NOMEM;
	ob->o = *options;
	ob->plain = options->plain_select;
	choose_items(ob);
	code = begin(ob);
	if (code != GW_OK && ob->pending == 0) {
		free_observe(ob);
		return code;
	}
	check_sent(ob, code);
	return GW_OK;
}

enum gw_code gw_take_uids(
	const uint32_t *uids, size_t count, size_t *at, size_t max_count, struct gw_seqset *set)
{
	size_t taken = 0;

	set->count = 0;
	while (*at < count && taken < max_count && set->count < GW_LINE_MAX_RANGES) {
		if (gw_seqset_add(set, uids[*at], uids[*at]) != GW_OK)
			return GW_ERR_NOMEM;
		(*at)++;
		taken++;
	}
	return GW_OK;
}
