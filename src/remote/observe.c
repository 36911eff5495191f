/* SPDX-License-Identifier: ISC */
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
 * I4  once another mailbox was selected behind it nothing more is asked of this one; a look that
 *     needed more ends, and is made again.
 */
#include "remote/observe_p.h"

#include "plan/evidence.h"

#include <stdlib.h>

enum {
	SEARCHES = 3,      /* while messages go meanwhile */
	COMMANDS_MAX = 64, /* for the same messages, where they were refused */
};

static void free_observe(struct observe *ob)
{
	gw_remote_view_deinit(&ob->view);
	gw_tally_deinit(&ob->tally);
	gw_seqset_deinit(&ob->untold);
	gw_seqset_deinit(&ob->named);
	free(ob);
}

static void finish(struct observe *ob)
{
	struct gw_observe_options o = ob->o;
	struct gw_remote_view view = ob->view;
	struct gw_error err = ob->err;
	bool failed = err.code != GW_OK, plain = ob->plain, whole = !failed && !ob->elsewhere;

	if (whole)
		ob->view = (struct gw_remote_view){ 0 };
	free_observe(ob);
	o.done(o.ctx, whole ? &view : NULL, plain, failed ? &err : NULL);
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

/* Counts unreadable reports: the next look repeats them, since its cursor stays.  (New messages are
 * asked for their flags once more, with their bodies.) */
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

/* Counts reported UIDs that cannot exist if the mailbox is what it was.  next: believe this look's
 * UIDNEXT. */
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

/* True if a reported UID that cannot exist takes the place of a known one: the numbers then add up
 * and prove nothing. */
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

/* Removes from `untold` what base (where only changes are reported) or the answers tell: at all, or
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

/* Adds a message that is listed but unreadable. */
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

/* Asks for what `named` names and nobody reported; again as long as that brings something, and for
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
		gw_observe_check_sent(ob, code);
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
	gw_observe_check_sent(ob, gw_observe_send_extra(ob));
}

/* Believes that this answer names everything. */
static void believe(struct observe *ob)
{
	struct gw_remote_view *v = &ob->view;

	gw_seqset_deinit(&v->listing);
	v->listing = ob->tally.told;
	ob->tally.told = (struct gw_seqset){ 0 };
	v->has_listing = true;
	gw_remote_view_settle(v);
	if (gw_seqset_subtract(&v->vanished, &v->listing) != GW_OK) {
		gw_observe_check_sent(ob, GW_ERR_NOMEM);
		return;
	}
	gw_remote_view_keep(v, &v->listing, &v->vanished);
	ask_extra(ob, &v->listing);
}

/* Gives up: no two answers agree. */
static void give_up(struct observe *ob)
{
	struct gw_remote_view *v = &ob->view;

	if (v->restarted) {
		fail_renumbered(ob);
	} else if (v->exists == 0 && ob->named.count == 0 &&
		   !ob->asked_counts) { /* nothing could be asked of it */
		ob->refused = false;
		ob->confirms_empty = true;
		gw_observe_ask_counts(ob);
	} else {
		v->unproved = true;
		gw_seqset_deinit(&v->vanished);
		ask_extra(ob, &ob->named);
	}
}

/* Finds out whether the mailbox is empty, as SELECT said, although nothing can be asked of it. */
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
			gw_observe_search(ob);
	} else if (ob->o.list || is_restless(ob) ||
		   gw_base_has_hidden(ob->o.base, ob->o.base_count) ||
		   gw_evidence_expected(ob->o.base, ob->o.base_count, v->messages, v->count,
			   &v->vanished) != v->exists) {
		gw_observe_search(ob);
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
		gw_observe_relist(ob); /* I2 */
	else
		judge(ob);
}

static void evaluate_select(struct observe *ob)
{
	bool counted = ob->has_exists && ob->view.uidvalidity != 0 && ob->view.uidnext != 0;

	if (ob->select_failed && ob->with_params) {
		ob->plain = true; /* once more without */
		gw_observe_check_sent(ob, gw_observe_begin(ob));
	} else if (!counted && !ob->asked_counts) {
		gw_observe_ask_counts(ob);
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
		gw_observe_check_sent(ob, code);
	else if (ob->state == SEARCH && is_restless(ob) && ob->searches < SEARCHES)
		gw_observe_search(ob); /* it changed under our hands */
	else if (adds_up(ob, gw_seqset_size(&ob->tally.told)))
		believe(ob);
	else if (ob->state == SEARCH)
		gw_observe_ask_uids(ob);
	else
		give_up(ob);
}

void gw_observe_evaluate(struct observe *ob)
{
	if (ob->err.code != GW_OK || ob->elsewhere) {
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
	gw_observe_choose_items(ob);
	code = gw_observe_begin(ob);
	if (code != GW_OK && ob->pending == 0) {
		free_observe(ob);
		return code;
	}
	gw_observe_check_sent(ob, code);
	return GW_OK;
}
