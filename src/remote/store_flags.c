/* SPDX-License-Identifier: ISC */
/* remote/store_flags.c - see store_flags.h.
 *
 *   SENDING (commands go out) --all sent--> WAITING --all answered--> done
 *                                                   --some is not as it should be--> SENDING (asks, once)
 *
 * I1  done() comes when `pending` is 0 and nothing more is to be sent.
 * I2  What is told of a message counts by its UID, the last word alone, and whatever command brought it:
 *     Dovecot sends what a later one asked for before the answer to an earlier one.  What differs then
 *     is asked for once more when nothing else is under way.
 */
#include "remote/store_flags.h"

#include "base/sorted.h"
#include "imap/refusal.h"
#include "remote/labels.h"

#include <stdlib.h>

enum state { SENDING, WAITING };

struct gw_store_flags {
	enum state state;
	struct gw_session *session;
	struct gw_store_flags_item *items;
	size_t count;
	const struct gw_keywords *keywords;
	uint64_t labels;
	struct gw_store_flags_events ev;
	unsigned pending; /* I1 */
	bool asked;       /* I2 */
	struct gw_error refused, keyword, lost;
};

/* One command: the messages of `uids` get (or lose) the flags of mask; mask 0: read back. */
struct command {
	struct gw_store_flags *p;
	struct gw_seqset uids;
	uint64_t mask;
	bool set;
};

static enum gw_code send_command(
	struct gw_store_flags *p, const struct gw_seqset *uids, uint64_t mask, bool set);

/* One message's part in a command, before they are grouped. */
struct delta {
	uint64_t mask;
	uint32_t uid;
	bool set;
};

static struct gw_store_flags_item *find(struct gw_store_flags *p, uint32_t uid)
{
	size_t lo = GW_LOWER_BOUND(p->items, p->count, uid, uid);

	return lo < p->count && p->items[lo].uid == uid ? &p->items[lo] : NULL;
}

/* True if OK is believed for an unreported message.  At Gmail it has lost the mailbox's label,
 * which is no deletion: a flag changed here must not put that label back. */
static bool is_believed_unseen(const struct gw_store_flags *p)
{
	return (gw_session_caps(p->session) & GW_CAP_GMAIL) != 0;
}

/* The bits that were answered OK, and that the server does not show as they should be. */
static uint64_t unproved(const struct gw_store_flags *p, const struct gw_store_flags_item *item)
{
	uint64_t unseen = is_believed_unseen(p) ? 0 : UINT64_MAX;
	uint64_t wrong = item->shown ? item->there ^ item->gets : unseen;

	return wrong & item->taken & ~p->labels;
}

/* Asks for the flags of all, or of those that are not known to be as they should be. */
static enum gw_code read_back(struct gw_store_flags *p, bool all)
{
	struct gw_seqset uids = { 0 };
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < p->count && code == GW_OK; i++) {
		struct gw_store_flags_item *item = &p->items[i];

		if (all ? ((item->gets ^ item->has) & ~p->labels) == 0 : unproved(p, item) == 0)
			continue;
		item->shown = false;
		code = gw_seqset_add(&uids, item->uid, item->uid);
		if (code == GW_OK && uids.count >= GW_COMMAND_MAX_RANGES) {
			code = send_command(p, &uids, 0, false);
			gw_seqset_deinit(&uids);
		}
	}
	if (code == GW_OK && uids.count > 0)
		code = send_command(p, &uids, 0, false);
	gw_seqset_deinit(&uids);
	return code;
}

/* I2.  true: it is under way. */
static bool asks_again(struct gw_store_flags *p)
{
	enum gw_code code;

	if (p->asked || p->lost.code != GW_OK)
		return false;
	p->asked = true;
	p->state = SENDING; /* what is sent here may be answered as lost at once */
	code = read_back(p, false);
	p->state = WAITING;
	if (code != GW_OK)
		gw_fail(&p->lost, code, "the session ended");
	return p->pending > 0;
}

/* Keywords that some message has kept: where another has not, that is the message's matter. */
static uint64_t kept_keywords(const struct gw_store_flags *p)
{
	uint64_t kept = 0;

	for (size_t i = 0; i < p->count; i++)
		kept |= p->items[i].shown ? p->items[i].gets & p->items[i].taken & p->items[i].there
					  : 0;
	return kept & GW_FLAGS_KEYWORDS;
}

static void judge_unproved(struct gw_store_flags *p)
{
	uint64_t kept = kept_keywords(p);

	for (size_t i = 0; i < p->count; i++) {
		struct gw_store_flags_item *item = &p->items[i];
		uint64_t bits = unproved(p, item);
		uint64_t unkept = item->shown ? bits & item->gets & GW_FLAGS_KEYWORDS & ~kept : 0;

		if (p->lost.code != GW_OK) { /* nobody knows, and the next look tells */
			item->taken &= ~bits;
			continue;
		}
		item->unkept |= unkept;
		item->ignored = item->shown ? bits & ~unkept : 0;
		item->unseen = item->shown ? 0 : bits;
		if (item->shown)
			item->has = (item->has & ~bits) | (item->there & bits);
		else
			item->taken &= ~bits;
	}
}

/* I1 */
static void maybe_done(struct gw_store_flags *p)
{
	struct gw_store_flags_events ev = p->ev;
	struct gw_error refused, keyword, lost;

	if (p->state == SENDING || p->pending > 0 || asks_again(p))
		return;
	judge_unproved(p);
	refused = p->refused;
	keyword = p->keyword;
	lost = p->lost;
	free(p);
	ev.done(ev.ctx, refused.code == GW_OK ? NULL : &refused,
		keyword.code == GW_OK ? NULL : &keyword, lost.code == GW_OK ? NULL : &lost);
}

static void free_command(struct command *c)
{
	gw_seqset_deinit(&c->uids);
	free(c);
}

/* --- answers --------------------------------------------------------------------------------- */

enum verdict { TAKEN, REFUSED, UNKEPT };

static void settle(struct command *c, enum verdict verdict, const struct gw_result *result)
{
	bool denied = verdict == REFUSED && result->kind != GW_RESULT_LOST;
	struct gw_store_flags *p = c->p;

	for (size_t i = 0; i < p->count; i++) {
		struct gw_store_flags_item *item = &p->items[i];

		if (c->mask == 0 || !gw_seqset_has(&c->uids, item->uid))
			continue;
		item->taken |= verdict == TAKEN ? c->mask : 0;
		item->refused |= verdict == REFUSED;
		item->denied |= denied ? c->mask : 0;
		item->passes |= denied && gw_refusal_passes(result->response->code);
		item->unkept |= verdict == UNKEPT ? c->mask : 0;
		if (verdict == TAKEN && c->set)
			item->has |= c->mask;
		else if (verdict == TAKEN)
			item->has &= ~c->mask;
	}
}

static bool is_single(uint64_t bits)
{
	return bits != 0 && (bits & (bits - 1)) == 0;
}

/* A keyword that the server does not take keeps neither a flag nor another keyword from it.  true: all
 * were sent again, each for itself. */
static bool split(struct command *c, enum gw_result_kind kind)
{
	struct gw_store_flags *p = c->p;
	uint64_t keywords = c->mask & GW_FLAGS_KEYWORDS & ~p->labels, rest = c->mask & ~keywords;
	enum gw_code code = GW_OK;

	if ((kind != GW_RESULT_NO && kind != GW_RESULT_BAD) || keywords == 0 || is_single(c->mask))
		return false;
	if (rest != 0)
		code = send_command(p, &c->uids, rest, c->set);
	for (unsigned i = 0; i < GW_KEYWORD_MAX && code == GW_OK; i++) {
		if (keywords & GW_FLAG_KEYWORD(i))
			code = send_command(p, &c->uids, GW_FLAG_KEYWORD(i), c->set);
	}
	return code == GW_OK;
}

/* A keyword by itself that was refused, and not for the state that the server is in, will be again. */
static enum verdict judge(const struct command *c, const struct gw_result *result)
{
	bool keyword = is_single(c->mask) && (c->mask & GW_FLAGS_KEYWORDS & ~c->p->labels);

	if (result->kind == GW_RESULT_OK)
		return TAKEN;
	return keyword && result->kind != GW_RESULT_LOST &&
			       !gw_refusal_passes(result->response->code)
		       ? UNKEPT
		       : REFUSED;
}

static void note_error(struct command *c, const struct gw_result *result, enum verdict verdict)
{
	struct gw_store_flags *p = c->p;
	struct gw_error *err = result->kind == GW_RESULT_LOST ? &p->lost
			       : verdict == UNKEPT            ? &p->keyword
							      : &p->refused;

	if (verdict != TAKEN && err->code == GW_OK &&
		(c->mask != 0 || result->kind == GW_RESULT_LOST))
		*err = *result->err;
}

static void on_stored(void *ctx, const struct gw_result *result)
{
	struct command *c = ctx;
	struct gw_store_flags *p = c->p;
	enum verdict verdict = judge(c, result);

	if (split(c, result->kind)) {
		free_command(c);
		p->pending--;
		return;
	}
	note_error(c, result, verdict);
	settle(c, verdict, result);
	free_command(c);
	p->pending--;
	maybe_done(p);
}

/* I2 */
static void note_flags(struct gw_store_flags *p, const struct gw_response *r)
{
	struct gw_store_flags_item *item = r->type == GW_RESP_FETCH ? find(p, r->fetch.uid) : NULL;

	if (item == NULL || !gw_session_tells_flags(p->session, &r->fetch))
		return;
	item->shown = true;
	item->there = p->ev.flags(p->ev.ctx, &r->fetch);
}

static void on_response(void *ctx, const struct gw_response *r)
{
	const struct command *c = ctx;
	struct gw_store_flags *p = c->p;

	note_flags(p, r);
	if (p->ev.response != NULL)
		p->ev.response(p->ev.ctx, r);
}

/* --- questions ------------------------------------------------------------------------------- */

static enum gw_code send_command(
	struct gw_store_flags *p, const struct gw_seqset *uids, uint64_t mask, bool set)
{
	struct command *c = calloc(1, sizeof *c);
	struct gw_command line;
	enum gw_code code = c == NULL ? GW_ERR_NOMEM : GW_OK;

	for (size_t i = 0; i < uids->count && code == GW_OK; i++)
		code = gw_seqset_add(&c->uids, uids->ranges[i].first, uids->ranges[i].last);
	gw_command_init(&line);
	gw_command_printf(&line, mask != 0 ? "UID STORE " : "UID FETCH ");
	gw_command_set(&line, uids);
	if (mask & p->labels) {
		gw_command_printf(&line, " %cX-GM-LABELS.SILENT ", set ? '+' : '-');
		gw_labels_put(&line, mask, p->keywords, gw_session_caps(p->session));
	} else if (mask != 0) {
		gw_command_printf(&line, " %cFLAGS.SILENT (", set ? '+' : '-');
		gw_command_flags(&line, mask, p->keywords->names, GW_KEYWORD_MAX);
		gw_command_printf(&line, ")");
	} else {
		gw_command_printf(&line, " (UID %s)", gw_session_flag_items(p->session));
	}
	if (code == GW_OK) {
		*c = (struct command){ .p = p, .uids = c->uids, .mask = mask, .set = set };
		code = gw_session_send(p->session, &line,
			&(struct gw_handlers){
				.response = on_response, .done = on_stored, .ctx = c });
	}
	gw_command_deinit(&line);
	if (code == GW_OK)
		p->pending++;
	else if (c != NULL)
		free_command(c);
	return code;
}

/* Flags and labels go in commands of their own. */
static size_t add_deltas(struct delta *out, uint32_t uid, uint64_t labels, uint64_t mask, bool set)
{
	size_t n = 0;

	if (mask & ~labels)
		out[n++] = (struct delta){ mask & ~labels, uid, set };
	if (mask & labels)
		out[n++] = (struct delta){ mask & labels, uid, set };
	return n;
}

static int by_mask(const void *a, const void *b)
{
	const struct delta *x = a, *y = b;

	if (x->set != y->set)
		return x->set ? -1 : 1;
	if (x->mask != y->mask)
		return x->mask < y->mask ? -1 : 1;
	return (x->uid > y->uid) - (x->uid < y->uid);
}

/* Sends the messages from at on that share a command. */
static enum gw_code send_group(
	struct gw_store_flags *p, const struct delta *list, size_t count, size_t *at)
{
	const struct delta *first = &list[*at];
	struct gw_seqset uids = { 0 };
	enum gw_code code = GW_OK;

	while (*at < count && code == GW_OK && uids.count < GW_COMMAND_MAX_RANGES &&
		list[*at].mask == first->mask && list[*at].set == first->set) {
		code = gw_seqset_add(&uids, list[*at].uid, list[*at].uid);
		(*at)++;
	}
	if (code == GW_OK)
		code = send_command(p, &uids, first->mask, first->set);
	gw_seqset_deinit(&uids);
	return code;
}

enum gw_code gw_store_flags_start(struct gw_session *session, struct gw_store_flags_item *items,
	size_t count, const struct gw_keywords *keywords, uint64_t labels,
	const struct gw_store_flags_events *events)
{
	struct gw_store_flags *p = calloc(1, sizeof *p);
	struct delta *list = calloc(4 * count + 1, sizeof *list);
	size_t n = 0, at = 0;
	enum gw_code code = p == NULL || list == NULL ? GW_ERR_NOMEM : GW_OK;

	for (size_t i = 0; i < count && code == GW_OK; i++) {
		uint64_t set = items[i].gets & ~items[i].has, clear = items[i].has & ~items[i].gets;

		n += add_deltas(list + n, items[i].uid, labels, set, true);
		n += add_deltas(list + n, items[i].uid, labels, clear, false);
	}
	if (code == GW_OK) {
		*p = (struct gw_store_flags){ .session = session,
			.items = items,
			.count = count,
			.keywords = keywords,
			.labels = labels,
			.ev = *events };
		qsort(list, n, sizeof *list, by_mask);
	}
	while (at < n && code == GW_OK)
		code = send_group(p, list, n, &at);
	if (code == GW_OK)
		code = read_back(p, true);
	free(list);
	if (p == NULL || p->pending == 0) { /* nothing will call back */
		free(p);
		return code == GW_OK ? GW_ERR_BUG : code;
	}
	if (code != GW_OK)
		gw_fail(&p->lost, code, "the session ended");
	p->state = WAITING;
	return GW_OK;
}
