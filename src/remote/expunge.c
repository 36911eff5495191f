/* SPDX-License-Identifier: ISC */
/* remote/expunge.c - see expunge.h.
 *
 *   CHECKING (for other labels; only for the last one in sight) --> CREATING (the trash), and
 *   behind it TRASHING --moved, or copied--> COUNTING (is there more in the trash?) --> PROVING_MOVES -->
 *   LOOKING (for others' \Deleted; only without UIDPLUS) --> MARKING --> EXPUNGING -->
 *   PROVING --> done
 *   A state that has nothing to do passes on to the next.
 *
 * I1  done() comes once, from finish(), when no command is under way.
 * I2  nothing is expunged that this run did not mark, or moved that was not named.
 * I3  OK is no proof.  A copy is one that COPYUID names, or by which the trash has grown; what went is
 *     told of (EXPUNGE, VANISHED, COPYUID), or the server is asked whether it is there still.
 */
#include "remote/expunge.h"

#include "base/flagset.h"
#include "imap/quirks.h"
#include "imap/search.h"
#include "remote/observe.h"
#include "remote/proof.h"

#include <stdlib.h>

enum state {
	CHECKING,
	CREATING,
	TRASHING,
	COUNTING,
	PROVING_MOVES,
	LOOKING,
	MARKING,
	EXPUNGING,
	PROVING,
	DONE
};

struct gw_expunge {
	enum state state;
	struct gw_expunge_options o;
	bool *marks;            /* owned; by item: to be marked and expunged */
	bool *others;           /* owned; by item: another label of it is in sight */
	bool *doubts;           /* owned; by item: it was copied, says OK, and nothing else */
	bool *proved;           /* owned; by item: DONE, and asked for since */
	struct gw_proof proof;  /* owned; I3 */
	struct gw_seqset still; /* owned; found when asked for */
	struct gw_growth trash; /* I3 */
	uint64_t checked;       /* the highest MODSEQ reported with the labels */
	unsigned pending;       /* I1 */
	bool failed, created, must_create, foreign;
	bool behind_create;      /* what goes to the trash goes out behind its CREATE, ... */
	bool too_early;          /* ... and was answered as if that had not been carried out */
	bool must_copy, no_move; /* MOVE was refused: COPY, and \Deleted here */
	bool again;              /* UID EXPUNGE is not understood: it goes without */
	bool marked;             /* as far as they could be */
	struct gw_error refused, lost;
};

struct command {
	struct gw_expunge *r;
	enum state state; /* in which it was sent */
	struct gw_seqset uids;
	bool asks; /* changes nothing, and may be refused */
};

static void enter(struct gw_expunge *r, enum state state);

static uint32_t caps(const struct gw_expunge *r)
{
	return gw_session_caps(r->o.session);
}

static void free_remove(struct gw_expunge *r)
{
	free(r->marks);
	free(r->others);
	free(r->doubts);
	free(r->proved);
	gw_proof_deinit(&r->proof);
	gw_seqset_deinit(&r->still);
	free(r);
}

/* I1 */
static void finish(struct gw_expunge *r)
{
	struct gw_expunge_options o = r->o;
	struct gw_error refused = r->refused, lost = r->lost;

	free_remove(r);
	o.done(o.ctx, refused.code == GW_OK ? NULL : &refused, lost.code == GW_OK ? NULL : &lost);
}

static void free_command(struct command *c)
{
	gw_seqset_deinit(&c->uids);
	free(c);
}

/* --- answers --------------------------------------------------------------------------------- */

/* EXPUNGE names no UIDs: it is about all that was marked. */
static void decide(struct gw_expunge *r, const struct command *c, enum gw_expunge_outcome outcome)
{
	bool all = c->state == EXPUNGING && c->uids.count == 0;

	for (size_t i = 0; i < r->o.count; i++) {
		if (all ? r->marks[i] : gw_seqset_has(&c->uids, r->o.items[i].uid))
			r->o.items[i].outcome = outcome;
	}
}

static bool can_move(const struct gw_expunge *r)
{
	return (caps(r) & GW_CAP_MOVE) && !r->no_move;
}

/* Judges messages that are to lose a label: without another one in sight they go to the trash, or
 * stay. */
static void judge_labels(struct gw_expunge *r)
{
	for (size_t i = 0; i < r->o.count; i++) {
		struct gw_expunge_item *item = &r->o.items[i];

		if (item->to == GW_EXPUNGE_FOR_GOOD && item->outcome == GW_EXPUNGE_UNSENT &&
			!r->others[i])
			item->to = r->o.trash != NULL ? GW_EXPUNGE_TO_TRASH : GW_EXPUNGE_NOWHERE;
	}
}

static void keep_rest(struct gw_expunge *r)
{
	for (size_t i = 0; i < r->o.count; i++) {
		if (r->o.items[i].to == GW_EXPUNGE_NOWHERE &&
			r->o.items[i].outcome == GW_EXPUNGE_UNSENT)
			r->o.items[i].outcome = GW_EXPUNGE_KEPT;
	}
}

/* Notes what the server did not mark because it was changed meanwhile (RFC 7162 3.1.3). */
static void take_modified(struct gw_expunge *r, struct gw_slice text)
{
	struct gw_seqset set = { 0 };
	bool ok = gw_seqset_parse(&set, text) == GW_OK;

	for (size_t i = 0; i < r->o.count; i++) {
		if (!r->marks[i] || (ok && !gw_seqset_has(&set, r->o.items[i].uid)))
			continue;
		r->marks[i] = false; /* a set not understood spares all */
		r->o.items[i].outcome = GW_EXPUNGE_CHANGED;
	}
	gw_seqset_deinit(&set);
}

static void doubt(struct gw_expunge *r, const struct command *c)
{
	for (size_t i = 0; i < r->o.count; i++)
		r->doubts[i] |= gw_seqset_has(&c->uids, r->o.items[i].uid);
}

/* I3.  What COPYUID leaves out was not there to be copied. */
static void take_copied(
	struct gw_expunge *r, const struct command *c, const struct gw_response *resp)
{
	struct gw_seqset copied = { 0 };

	if (resp->code != GW_CODE_COPYUID || gw_seqset_parse(&copied, resp->copied_from) != GW_OK) {
		doubt(r, c);
		gw_seqset_deinit(&copied);
		return;
	}
	for (size_t i = 0; i < r->o.count; i++) {
		if (!gw_seqset_has(&c->uids, r->o.items[i].uid))
			continue;
		r->marks[i] = gw_seqset_has(&copied, r->o.items[i].uid);
		if (!r->marks[i])
			r->o.items[i].outcome = GW_EXPUNGE_CHANGED;
	}
	gw_seqset_deinit(&copied);
}

static void refuse(struct gw_expunge *r, size_t item, const char *why)
{
	r->o.items[item].outcome = GW_EXPUNGE_REFUSED;
	if (r->refused.code == GW_OK)
		gw_fail(&r->refused, GW_ERR_REFUSED, "%s", why);
}

static void judge_copies(struct gw_expunge *r)
{
	size_t n = 0;
	bool there;

	for (size_t i = 0; i < r->o.count; i++)
		n += r->doubts[i];
	there = gw_growth_by(&r->trash) >= n;
	for (size_t i = 0; i < r->o.count; i++) {
		if (r->doubts[i] && there)
			r->marks[i] = true;
		else if (r->doubts[i])
			refuse(r, i,
				"the server said OK to copying them to the trash, and they are not in it");
		r->doubts[i] = false;
	}
}

/* Gmail names what it moves.  What it does not name lost this label by somebody else's doing, and may be
 * among all mail now instead of in the trash. */
static bool left_otherwise(const struct gw_expunge *r, uint32_t uid)
{
	return r->state == PROVING_MOVES && (caps(r) & GW_CAP_GMAIL) &&
	       !gw_seqset_has(&r->proof.came, uid);
}

/* True if it is in the trash, and here: only the other half is left to do. */
static bool was_only_copied(const struct gw_expunge *r, uint32_t uid)
{
	return r->state == PROVING_MOVES && gw_seqset_has(&r->proof.came, uid) &&
	       !(caps(r) & GW_CAP_GMAIL);
}

/* Judges messages that were asked for and found, but did not go. */
static void judge_gone(struct gw_expunge *r)
{
	for (size_t i = 0; i < r->o.count; i++) {
		struct gw_expunge_item *item = &r->o.items[i];

		if (item->outcome != GW_EXPUNGE_DONE)
			continue;
		r->proved[i] = true;
		if (!gw_seqset_has(&r->still, item->uid)) {
			if (left_otherwise(r, item->uid))
				item->outcome = GW_EXPUNGE_CHANGED;
		} else if (was_only_copied(r, item->uid)) {
			item->outcome = GW_EXPUNGE_UNSENT;
			r->marks[i] = true;
			r->proved[i] = false;
		} else {
			refuse(r, i, "the server said OK, and they are still there");
		}
	}
	gw_seqset_deinit(&r->still); /* of this question */
}

static bool expunges_by_uid(const struct command *c)
{
	return c->state == EXPUNGING && (caps(c->r) & GW_CAP_UIDPLUS);
}

static void settle(struct command *c, const struct gw_result *result)
{
	struct gw_expunge *r = c->r;
	bool ok = result->kind == GW_RESULT_OK;
	enum gw_resp_code code = result->response == NULL ? GW_CODE_NONE : result->response->code;
	bool moves = c->state == TRASHING && can_move(r);

	if (c->asks && result->kind != GW_RESULT_LOST)
		return;
	if (result->kind == GW_RESULT_BAD && (moves || expunges_by_uid(c))) {
		gw_session_learn(r->o.session, moves ? GW_QUIRK_NO_MOVE : GW_QUIRK_NO_UIDPLUS);
		r->again |= !moves;
		r->must_copy |= moves;
		return;
	}
	if (code == GW_CODE_MODIFIED && c->state == MARKING)
		take_modified(r, result->response->code_text);
	if (result->kind == GW_RESULT_LOST) {
		decide(r, c, GW_EXPUNGE_LOST);
		gw_fail(&r->lost, result->err->code, "%s", result->err->text);
	} else if (!ok && c->state == CHECKING) {
		decide(r, c, GW_EXPUNGE_CHANGED); /* nobody knows: no leave to delete */
	} else if (c->state == CHECKING ||
		   (!ok && (c->state == CREATING ||
				   (c->state == MARKING && code == GW_CODE_MODIFIED)))) {
		; /* another may have been faster in making it; some servers say NO to what was
		     changed */
	} else if (!ok && moves && code != GW_CODE_TRYCREATE) {
		r->must_copy = true; /* they are tried once more */
	} else if (!ok && c->state == TRASHING && code == GW_CODE_TRYCREATE &&
		   (!r->created || r->behind_create)) {
		r->must_create = !r->created;
		r->too_early = r->behind_create; /* they are tried once more */
	} else if (!ok) {
		decide(r, c, GW_EXPUNGE_REFUSED);
		r->failed |= c->state == LOOKING;
		if (r->refused.code == GW_OK)
			r->refused = *result->err;
	} else if (moves) {
		decide(r, c, GW_EXPUNGE_DONE);
		if (result->response != NULL)
			gw_proof_note(&r->proof, result->response);
	} else if (c->state == TRASHING && result->response != NULL) {
		take_copied(r, c, result->response);
	}
}

static void advance(struct gw_expunge *r)
{
	if (r->pending > 0)
		return;
	if (r->lost.code != GW_OK) {
		finish(r);
		return;
	}
	if (r->again) { /* so others' marks matter */
		r->again = false;
		enter(r, LOOKING);
		return;
	}
	switch (r->state) {
	case CHECKING:
		if (r->o.in_sight != NULL)
			judge_labels(r);
		keep_rest(r);
		enter(r, CREATING);
		break;
	case CREATING:
		enter(r, TRASHING);
		break;
	case TRASHING:
		if (r->must_create && !r->created) {
			enter(r, CREATING);
		} else if (r->must_copy && !r->no_move) {
			r->no_move = true;
			enter(r, TRASHING);
		} else if (r->too_early) {
			r->too_early = r->behind_create = false;
			enter(r, TRASHING);
		} else {
			enter(r, COUNTING);
		}
		break;
	case COUNTING:
		judge_copies(r);
		enter(r, PROVING_MOVES);
		break;
	case PROVING_MOVES:
		judge_gone(r);
		enter(r, LOOKING);
		break;
	case LOOKING:
		enter(r, MARKING);
		break;
	case MARKING:
		enter(r, EXPUNGING);
		break;
	case EXPUNGING:
		for (size_t i = 0; i < r->o.count; i++) {
			if (r->marks[i] && r->o.items[i].outcome == GW_EXPUNGE_UNSENT)
				r->o.items[i].outcome =
					r->foreign ? GW_EXPUNGE_LEFT : GW_EXPUNGE_DONE;
		}
		enter(r, PROVING);
		break;
	case PROVING:
		judge_gone(r);
		finish(r);
		break;
	case DONE:
		break;
	}
}

static void on_answer(void *ctx, const struct gw_result *result)
{
	struct command *c = ctx;
	struct gw_expunge *r = c->r;

	settle(c, result);
	free_command(c);
	r->pending--;
	advance(r);
}

/* Notes the labels that it has beside this one. */
static void on_labels(void *ctx, const struct gw_response *resp)
{
	struct gw_expunge *r = ((struct command *)ctx)->r;
	const struct gw_fetch *f = &resp->fetch;

	if (resp->type != GW_RESP_FETCH || !f->has_labels)
		return;
	for (size_t i = 0; i < r->o.count; i++) {
		if (r->o.items[i].uid != f->uid)
			continue;
		r->others[i] = false; /* the last word counts */
		for (size_t k = 0; k < f->label_count; k++)
			r->others[i] |= r->o.in_sight(r->o.ctx, f->labels[k]);
		if (f->modseq > r->checked)
			r->checked = f->modseq;
	}
}

static void on_gone(void *ctx, const struct gw_response *resp)
{
	gw_proof_note(&((struct command *)ctx)->r->proof, resp);
}

static void on_still_there(void *ctx, const struct gw_response *resp)
{
	struct gw_expunge *r = ((struct command *)ctx)->r;

	gw_search_take(resp, &r->still);
	gw_proof_note(&r->proof, resp);
}

static void on_counts(void *ctx, const struct gw_response *resp)
{
	const struct command *c = ctx;
	struct gw_expunge *r = c->r;

	gw_growth_note(c->state == COUNTING ? &r->trash.after : &r->trash.before, resp);
	gw_proof_note(&r->proof, resp);
}

/* Finds \Deleted messages of others, which an EXPUNGE would take along. */
static void on_search(void *ctx, const struct gw_response *resp)
{
	struct gw_expunge *r = ((struct command *)ctx)->r;
	struct gw_seqset found = { 0 };
	uint64_t ours = 0;

	if (gw_search_take(resp, &found) != GW_OK)
		r->foreign = true; /* spares what cannot be told apart */
	for (size_t i = 0; i < r->o.count; i++) {
		const struct gw_expunge_item *item = &r->o.items[i];

		ours += (r->marks[i] || item->to == GW_EXPUNGE_FOR_GOOD) &&
			gw_seqset_has(&found, item->uid);
	}
	r->foreign |= gw_seqset_size(&found) > ours;
	gw_seqset_deinit(&found);
}

/* --- questions ------------------------------------------------------------------------------- */

typedef void response_fn(void *ctx, const struct gw_response *resp);

static response_fn *handler(const struct gw_expunge *r, bool asks)
{
	switch (r->state) {
	case CHECKING:
		return on_labels;
	case LOOKING:
		return on_search;
	case TRASHING:
		return asks ? on_counts : on_gone;
	case COUNTING:
		return on_counts;
	case PROVING_MOVES:
	case PROVING:
		return on_still_there;
	case CREATING:
	case MARKING:
	case EXPUNGING:
	case DONE:
		break;
	}
	return on_gone;
}

/* uids: taken over; NULL: it has none. */
static void send_line(
	struct gw_expunge *r, struct gw_command *line, struct gw_seqset *uids, bool asks)
{
	struct command *c = calloc(1, sizeof *c);
	enum gw_code code = c == NULL ? GW_ERR_NOMEM : GW_OK;

	if (c != NULL) {
		*c = (struct command){ .r = r, .state = r->state, .asks = asks };
		if (uids != NULL) {
			c->uids = *uids;
			*uids = (struct gw_seqset){ 0 };
		}
		code = gw_session_send(r->o.session, line,
			&(struct gw_handlers){
				.response = handler(r, asks), .done = on_answer, .ctx = c });
	}
	gw_command_deinit(line);
	if (code == GW_OK) {
		r->pending++;
		return;
	}
	if (c != NULL)
		free_command(c);
	gw_fail(&r->lost, code, code == GW_ERR_NOMEM ? "out of memory" : "the session ended");
}

/* Protects what may have changed since the look, or since the question for labels (RFC 7162). */
static void write_guard(struct gw_expunge *r, bool unguarded, struct gw_command *line)
{
	uint64_t since = r->o.in_sight != NULL ? r->checked : unguarded ? 0 : r->o.highestmodseq;

	if (since > 0 && (caps(r) & GW_CAP_CONDSTORE))
		gw_command_printf(line, "(UNCHANGEDSINCE %llu) ", (unsigned long long)since);
}

static void write_command(struct gw_expunge *r, const struct gw_seqset *uids, enum gw_expunge_to to,
	bool unguarded, struct gw_command *line)
{
	gw_command_init(line);
	if (r->state == CHECKING) {
		gw_command_printf(line, "UID FETCH ");
		gw_command_set(line, uids);
		gw_command_printf(line, " (UID X-GM-LABELS MODSEQ)");
		return;
	}
	if (r->state == EXPUNGING) {
		gw_command_printf(line, "UID EXPUNGE ");
		gw_command_set(line, uids);
		return;
	}
	gw_command_printf(line, r->state == MARKING ? "UID STORE "
				: can_move(r)       ? "UID MOVE "
						    : "UID COPY ");
	gw_command_set(line, uids);
	gw_command_printf(line, " ");
	if (r->state == TRASHING) {
		gw_command_string(line,
			gw_slice_str(to == GW_EXPUNGE_TO_ALL ? r->o.all : r->o.trash), caps(r));
		return;
	}
	write_guard(r, unguarded, line);
	gw_command_printf(line, "+FLAGS.SILENT (\\Deleted)");
}

static void send_set(
	struct gw_expunge *r, struct gw_seqset *uids, enum gw_expunge_to to, bool unguarded)
{
	struct gw_command line;

	if (uids->count == 0 || r->lost.code != GW_OK)
		return;
	write_command(r, uids, to, unguarded, &line);
	send_line(r, &line, uids, false);
	gw_seqset_deinit(uids);
}

/* The present state's command for the items that it concerns and that go there. */
static void send_sets_to(struct gw_expunge *r, enum gw_expunge_to to, bool unguarded)
{
	struct gw_seqset set = { 0 };

	for (size_t i = 0; i < r->o.count; i++) {
		const struct gw_expunge_item *item = &r->o.items[i];

		if (item->to != to || item->unguarded != unguarded ||
			item->outcome != GW_EXPUNGE_UNSENT ||
			r->marks[i] == (r->state == TRASHING || r->state == CHECKING) ||
			r->doubts[i])
			continue;
		if (gw_seqset_add(&set, item->uid, item->uid) != GW_OK)
			gw_fail(&r->lost, GW_ERR_NOMEM, "out of memory");
		if (set.count >= GW_COMMAND_MAX_RANGES)
			send_set(r, &set, to, unguarded);
	}
	send_set(r, &set, to, unguarded);
	gw_seqset_deinit(&set);
}

static void send_sets(struct gw_expunge *r)
{
	for (int unguarded = 0; unguarded < 2; unguarded++) {
		if (r->state != TRASHING)
			send_sets_to(r, GW_EXPUNGE_FOR_GOOD, unguarded);
		if (r->state == CHECKING)
			continue;
		send_sets_to(r, GW_EXPUNGE_TO_TRASH, unguarded);
		send_sets_to(r, GW_EXPUNGE_TO_ALL, unguarded);
	}
}

static bool any_marks(const struct gw_expunge *r)
{
	for (size_t i = 0; i < r->o.count; i++) {
		if (r->marks[i])
			return true;
	}
	return false;
}

static void send_create(struct gw_expunge *r)
{
	struct gw_command line;

	r->created = true;
	gw_command_init(&line);
	gw_command_printf(&line, "CREATE ");
	gw_command_string(&line, gw_slice_str(r->o.trash), caps(r));
	send_line(r, &line, NULL, false);
}

static bool goes_to_trash(const struct gw_expunge *r)
{
	for (size_t i = 0; i < r->o.count; i++) {
		if (r->o.items[i].to == GW_EXPUNGE_TO_TRASH &&
			r->o.items[i].outcome == GW_EXPUNGE_UNSENT)
			return true;
	}
	return false;
}

static void ask_counts(struct gw_expunge *r)
{
	struct gw_command line;

	gw_command_init(&line);
	gw_command_printf(&line, "STATUS ");
	gw_command_string(&line, gw_slice_str(r->o.trash), caps(r));
	gw_command_printf(&line, " (MESSAGES UIDNEXT)");
	send_line(r, &line, NULL, true);
}

static void ask_whether_there(struct gw_expunge *r, struct gw_seqset *uids)
{
	struct gw_command line;

	gw_command_init(&line);
	gw_command_printf(&line, "UID SEARCH UID ");
	gw_command_set(&line, uids);
	send_line(r, &line, NULL, true);
	gw_seqset_deinit(uids);
}

/* Proves what was answered OK but is not known to have gone. */
static void prove(struct gw_expunge *r)
{
	struct gw_seqset set = { 0 };
	uint64_t done = 0;

	for (size_t i = 0; i < r->o.count; i++)
		done += r->o.items[i].outcome == GW_EXPUNGE_DONE;
	for (size_t i = 0; i < r->o.count; i++) {
		uint32_t uid = r->o.items[i].uid;

		if (r->o.items[i].outcome != GW_EXPUNGE_DONE || r->proved[i] ||
			gw_proof_has_left(&r->proof, done, uid))
			continue;
		if (gw_seqset_add(&set, uid, uid) != GW_OK)
			gw_fail(&r->lost, GW_ERR_NOMEM, "out of memory");
		if (set.count >= GW_COMMAND_MAX_RANGES)
			ask_whether_there(r, &set);
	}
	if (set.count > 0)
		ask_whether_there(r, &set);
	gw_seqset_deinit(&set);
}

static bool has_doubts(const struct gw_expunge *r)
{
	for (size_t i = 0; i < r->o.count; i++) {
		if (r->doubts[i])
			return true;
	}
	return false;
}

/* Without MOVE there is nothing to copy into all mail: it is there, and only the label goes. */
static void mark_what_stays_among_all(struct gw_expunge *r)
{
	for (size_t i = 0; i < r->o.count && !can_move(r); i++)
		r->marks[i] |= r->o.items[i].to == GW_EXPUNGE_TO_ALL &&
			       r->o.items[i].outcome == GW_EXPUNGE_UNSENT;
}

static void enter(struct gw_expunge *r, enum state state)
{
	struct gw_command line;
	bool plus = caps(r) & GW_CAP_UIDPLUS;

	r->state = state;
	switch (state) {
	case CHECKING:
		if (r->o.in_sight != NULL)
			send_sets(r);
		break;
	case CREATING:
		if (goes_to_trash(r) && (r->o.make_trash || r->must_create)) {
			send_create(r);
			r->behind_create = true;
			enter(r, TRASHING); /* in one flight */
			return;
		}
		break;
	case TRASHING:
		mark_what_stays_among_all(r);
		if (!can_move(r) && goes_to_trash(r))
			ask_counts(r);
		send_sets(r);
		break;
	case COUNTING:
		if (has_doubts(r))
			ask_counts(r);
		break;
	case PROVING_MOVES:
	case PROVING:
		prove(r);
		break;
	case LOOKING:
		for (size_t i = 0; i < r->o.count; i++)
			r->marks[i] |= r->o.items[i].to == GW_EXPUNGE_FOR_GOOD;
		if (plus || !any_marks(r))
			break;
		gw_command_init(&line);
		gw_command_printf(&line, "UID SEARCH DELETED");
		send_line(r, &line, NULL, false);
		break;
	case MARKING:
		if (!r->failed && !r->marked)
			send_sets(r);
		r->marked = true;
		break;
	case EXPUNGING:
		for (size_t i = 0; i < r->o.count; i++) /* what was not marked is not expunged */
			r->marks[i] = r->marks[i] && !r->failed &&
				      r->o.items[i].outcome == GW_EXPUNGE_UNSENT;
		if (plus && any_marks(r)) {
			send_sets(r);
		} else if (any_marks(r) && !r->foreign) {
			gw_command_init(&line);
			gw_command_printf(&line, "EXPUNGE");
			send_line(r, &line, NULL, false);
		}
		break;
	case DONE:
		break;
	}
	advance(r);
}

enum gw_code gw_expunge_start(const struct gw_expunge_options *options)
{
	struct gw_expunge *r;

	if (!gw_session_usable(options->session)) /* so that done() cannot come from in here */
		return GW_ERR_NET;
	r = calloc(1, sizeof *r);
	if (r != NULL) {
		r->marks = calloc(options->count + 1, sizeof *r->marks);
		r->others = calloc(options->count + 1, sizeof *r->others);
		r->doubts = calloc(options->count + 1, sizeof *r->doubts);
		r->proved = calloc(options->count + 1, sizeof *r->proved);
	}
	if (r == NULL || r->marks == NULL || r->others == NULL || r->doubts == NULL ||
		r->proved == NULL) {
		if (r != NULL)
			free_remove(r);
		return GW_ERR_NOMEM;
	}
	r->o = *options;
	keep_rest(r);
	enter(r, CHECKING);
	return GW_OK;
}
