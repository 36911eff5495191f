/* remote/observe.c - see observe.h.
 *
 *   SELECT (with the first FETCHes behind it)
 *     --refused with parameters--> SELECT once more, plain
 *     --another UIDVALIDITY, or cursors went back--> RELIST --> DONE
 *     --counts do not add up--> SEARCH --> EXTRA (UIDs nobody told us of) --> DONE
 *     --> DONE
 *
 * I1  a state is left when `pending` commands are all answered; done() runs from there, once.
 * I2  what a pipelined FETCH brought behind a SELECT that failed or that showed another UIDVALIDITY
 *     is thrown away.
 */
#include "remote/observe.h"

#include "imap/search.h"

#include <stdio.h>
#include <stdlib.h>

enum state { SELECT, RELIST, SEARCH, EXTRA };
enum mode { MODE_FULL, MODE_QRESYNC, MODE_CONDSTORE, MODE_FLAGS };

struct observe {
	enum state state;
	enum mode mode;
	struct gw_observe_options o;
	struct gw_remote_view view;
	unsigned pending; /* I1 */
	char items[96];
	bool with_params, plain;
	bool select_failed, fetch_failed;
	struct gw_error err;
};

void gw_remote_view_drop_messages(struct gw_remote_view *view)
{
	free(view->messages);
	view->messages = NULL;
	view->count = view->cap = 0;
}

void gw_remote_view_deinit(struct gw_remote_view *view)
{
	gw_remote_view_drop_messages(view);
	free(view->ids);
	gw_seqset_deinit(&view->vanished);
	gw_seqset_deinit(&view->listing);
	*view = (struct gw_remote_view){ 0 };
}

uint64_t gw_remote_view_id(const struct gw_remote_view *view, uint32_t uid)
{
	size_t lo = 0, hi = view->id_count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (view->ids[mid].uid < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < view->id_count && view->ids[lo].uid == uid ? view->ids[lo].id : 0;
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

/* --- collecting ------------------------------------------------------------------------------ */

static void take_id(struct observe *ob, const struct gw_fetch *f)
{
	struct gw_remote_view *v = &ob->view;
	struct gw_remote_id *id =
		gw_array_push((void **)&v->ids, &v->id_count, &v->id_cap, sizeof *v->ids);

	if (id == NULL)
		gw_fail(&ob->err, GW_ERR_NOMEM, "out of memory");
	else
		*id = (struct gw_remote_id){ .uid = f->uid, .id = f->global_id };
}

static void take_fetch(struct observe *ob, const struct gw_fetch *f)
{
	struct gw_remote_view *v = &ob->view;
	struct gw_remote_msg *m;

	if (f->uid == 0 || !gw_session_tells_flags(ob->o.session, f))
		return; /* without a UID it is only a hint; the next look finds the change */
	if (f->global_id != 0)
		take_id(ob, f);
	m = gw_array_push((void **)&v->messages, &v->count, &v->cap, sizeof *v->messages);
	if (m == NULL) {
		gw_fail(&ob->err, GW_ERR_NOMEM, "out of memory");
		return;
	}
	m->uid = f->uid;
	m->size = f->has_size ? (uint32_t)(f->size < UINT32_MAX ? f->size : UINT32_MAX) : 0;
	m->flags = ob->o.flags(ob->o.ctx, f) & GW_FLAGS_ALL;
	m->whole = f->has_size && (f->has_date || ob->o.oldest == 0);
	m->old = f->has_date && (int64_t)f->date < ob->o.oldest;
}

static void take_vanished(struct observe *ob, const struct gw_response *r)
{
	struct gw_seqset gone = { 0 };
	enum gw_code code = gw_seqset_parse(&gone, r->list);
	uint64_t n;

	for (size_t i = 0; i < gone.count && code == GW_OK; i++)
		code = gw_seqset_add(&ob->view.vanished, gone.ranges[i].first, gone.ranges[i].last);
	n = gw_seqset_size(&gone);
	if (!r->earlier)
		ob->view.exists -= (uint32_t)(n < ob->view.exists ? n : ob->view.exists);
	gw_seqset_deinit(&gone);
	if (code != GW_OK) /* absence not understood proves nothing: list instead */
		ob->fetch_failed = true;
}

static void take_code(struct observe *ob, const struct gw_response *r)
{
	if (r->code == GW_CODE_UIDVALIDITY && r->number <= UINT32_MAX)
		ob->view.uidvalidity = (uint32_t)r->number;
	else if (r->code == GW_CODE_UIDNEXT && r->number <= UINT32_MAX)
		ob->view.uidnext = (uint32_t)r->number;
	else if (r->code == GW_CODE_HIGHESTMODSEQ)
		ob->view.highestmodseq = r->number;
	else if (r->code == GW_CODE_PERMANENTFLAGS)
		ob->view.storable = ob->o.storable(ob->o.ctx, &r->fetch.flags);
}

static void take_search(struct observe *ob, const struct gw_response *r)
{
	enum gw_code code = gw_search_take(r, &ob->view.listing);

	if (code == GW_ERR_NOMEM)
		gw_fail(&ob->err, GW_ERR_NOMEM, "out of memory");
	ob->fetch_failed |= code != GW_OK;
}

static void on_response(void *ctx, const struct gw_response *r)
{
	struct observe *ob = ctx;

	if (r->type == GW_RESP_FETCH)
		take_fetch(ob, &r->fetch);
	else if (r->type == GW_RESP_VANISHED)
		take_vanished(ob, r);
	else if (r->type == GW_RESP_EXISTS)
		ob->view.exists = (uint32_t)r->number;
	else if (r->type == GW_RESP_EXPUNGE && ob->view.exists > 0)
		ob->view.exists--;
	else if (ob->state == SEARCH)
		take_search(ob, r);
}

/* Codes of the SELECT alone are cursors; those that come later are not. */
static void on_select_response(void *ctx, const struct gw_response *r)
{
	struct observe *ob = ctx;

	if (r->type == GW_RESP_STATUS_TEXT)
		take_code(ob, r);
	else
		on_response(ctx, r);
}

static int by_uid(const void *a, const void *b)
{
	const struct gw_remote_msg *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

static int id_by_uid(const void *a, const void *b)
{
	const struct gw_remote_id *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

void gw_remote_view_settle_ids(struct gw_remote_view *view)
{
	size_t n = 0;

	if (view->id_count > 0)
		qsort(view->ids, view->id_count, sizeof *view->ids, id_by_uid);
	for (size_t i = 0; i < view->id_count; i++) {
		if (n == 0 || view->ids[n - 1].uid != view->ids[i].uid)
			view->ids[n++] = view->ids[i];
	}
	view->id_count = n;
}

/* Sorts, and joins several facts about one UID.  Where their flags differ either will do: the
 * change came after the SELECT, so its cursor makes the next look find it again. */
static void settle(struct gw_remote_view *v)
{
	bool sorted = true;
	size_t n = 0;

	gw_remote_view_settle_ids(v);
	for (size_t i = 1; i < v->count && sorted; i++)
		sorted = v->messages[i - 1].uid < v->messages[i].uid;
	if (sorted)
		return;
	qsort(v->messages, v->count, sizeof *v->messages, by_uid);
	for (size_t i = 0; i < v->count; i++) {
		if (n > 0 && v->messages[n - 1].uid == v->messages[i].uid) {
			if (v->messages[i].size > v->messages[n - 1].size)
				v->messages[n - 1].size = v->messages[i].size;
			v->messages[n - 1].flags = v->messages[i].flags;
			v->messages[n - 1].old |= v->messages[i].old;
			v->messages[n - 1].whole |= v->messages[i].whole;
		} else {
			v->messages[n++] = v->messages[i];
		}
	}
	v->count = n;
}

/* --- asking ---------------------------------------------------------------------------------- */

static void evaluate(struct observe *ob);

static void finish(struct observe *ob)
{
	struct gw_observe_options o = ob->o;
	bool failed = ob->err.code != GW_OK;

	if (failed)
		gw_remote_view_deinit(&ob->view);
	o.done(o.ctx, failed ? NULL : &ob->view, ob->plain, failed ? &ob->err : NULL);
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
		ob->fetch_failed = true;
	}
}

static void answered(struct observe *ob)
{
	if (--ob->pending == 0)
		evaluate(ob);
}

static void on_fetched(void *ctx, const struct gw_result *result)
{
	note_failure(ctx, result);
	answered(ctx);
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

static enum gw_code send_line(struct observe *ob, struct gw_line *line,
	void (*response)(void *, const struct gw_response *),
	void (*done)(void *, const struct gw_result *))
{
	enum gw_code code = gw_session_send(ob->o.session, line,
		&(struct gw_handlers){ .response = response, .done = done, .ctx = ob });

	if (code == GW_OK)
		ob->pending++;
	return code;
}

static enum gw_code fetch(struct observe *ob, const char *set, const char *items)
{
	struct gw_line line;

	gw_line_init(&line);
	gw_line_printf(&line, "UID FETCH %s %s", set, items);
	return send_line(ob, &line, on_response, on_fetched);
}

/* What is asked of messages that may be new. */
static void choose_items(struct observe *ob)
{
	snprintf(ob->items, sizeof ob->items, "(UID %s RFC822.SIZE%s%s)",
		gw_session_flag_items(ob->o.session), ob->o.oldest != 0 ? " INTERNALDATE" : "",
		gw_session_caps(ob->o.session) & GW_CAP_GMAIL      ? " X-GM-MSGID"
		: gw_session_caps(ob->o.session) & GW_CAP_OBJECTID ? " EMAILID"
								   : "");
}

static enum gw_code fetch_from(struct observe *ob, uint32_t first)
{
	char set[32];

	snprintf(set, sizeof set, "%u:*", first);
	return fetch(ob, set, ob->items);
}

static enum mode choose(const struct observe *ob)
{
	if (ob->o.full || ob->o.uidvalidity == 0 || ob->o.uidnext == 0)
		return MODE_FULL;
	if (ob->plain || ob->o.highestmodseq == 0)
		return MODE_FLAGS;
	if (gw_session_qresync(ob->o.session))
		return MODE_QRESYNC;
	return gw_session_caps(ob->o.session) & GW_CAP_CONDSTORE ? MODE_CONDSTORE : MODE_FLAGS;
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
	return send_line(ob, &line, on_select_response, on_selected);
}

static enum gw_code send_first_fetches(struct observe *ob)
{
	char text[160], items[64];
	enum gw_code code = GW_OK;

	switch (ob->mode) {
	case MODE_FULL:
		return fetch(ob, "1:*", ob->items);
	case MODE_QRESYNC:
		return fetch_from(ob, ob->o.uidnext);
	case MODE_CONDSTORE:
		snprintf(text, sizeof text, "%s (CHANGEDSINCE %llu)", ob->items,
			(unsigned long long)ob->o.highestmodseq);
		return fetch(ob, "1:*", text);
	case MODE_FLAGS:
		if (ob->o.uidnext > 1) {
			snprintf(text, sizeof text, "1:%u", ob->o.uidnext - 1);
			snprintf(items, sizeof items, "(UID %s)",
				gw_session_flag_items(ob->o.session));
			code = fetch(ob, text, items);
		}
		return code == GW_OK ? fetch_from(ob, ob->o.uidnext) : code;
	}
	return GW_ERR_BUG;
}

static void reset_view(struct observe *ob)
{
	gw_seqset_deinit(&ob->view.vanished);
	ob->view.count = ob->view.id_count = 0;
	ob->fetch_failed = false;
}

/* Any command that was not sent ends the look; those under way are waited for. */
static void check_sent(struct observe *ob, enum gw_code code)
{
	if (code == GW_OK)
		return;
	gw_fail(&ob->err, code, "the session ended");
	ob->err.scope = GW_SCOPE_ACCOUNT;
	if (ob->pending == 0)
		finish(ob);
}

static enum gw_code begin(struct observe *ob)
{
	enum gw_code code;

	ob->state = SELECT;
	ob->mode = choose(ob);
	reset_view(ob);
	ob->view.exists = 0;
	ob->view.uidvalidity = ob->view.uidnext = 0;
	ob->view.highestmodseq = 0;
	ob->view.read_only = false;
	ob->view.storable = GW_FLAGS_ALL; /* without PERMANENTFLAGS: all (RFC 9051 6.3.2) */
	ob->select_failed = false;
	code = send_select(ob);
	return code == GW_OK ? send_first_fetches(ob) : code;
}

static void relist(struct observe *ob)
{
	ob->state = RELIST;
	ob->mode = MODE_FULL;
	reset_view(ob);
	check_sent(ob, fetch(ob, "1:*", ob->items));
}

static void search(struct observe *ob)
{
	struct gw_line line;

	ob->state = SEARCH;
	ob->fetch_failed = false;
	gw_line_init(&line);
	gw_line_printf(&line, "UID SEARCH %sALL",
		gw_session_caps(ob->o.session) & GW_CAP_ESEARCH ? "RETURN (ALL) " : "");
	check_sent(ob, send_line(ob, &line, on_response, on_fetched));
}

/* How many UIDs there should be, by what we know and were told. */
static uint64_t expected(const struct observe *ob)
{
	uint64_t n = 0;
	size_t b = 0;

	for (size_t i = 0; i < ob->o.base_count; i++)
		n += ob->o.base[i].kind != GW_BASE_HIDDEN &&
		     !gw_seqset_has(&ob->view.vanished, ob->o.base[i].uid);
	for (size_t i = 0; i < ob->view.count; i++) {
		uint32_t uid = ob->view.messages[i].uid;

		while (b < ob->o.base_count && ob->o.base[b].uid < uid)
			b++;
		if ((b == ob->o.base_count || ob->o.base[b].uid != uid ||
			    ob->o.base[b].kind == GW_BASE_HIDDEN) &&
			!gw_seqset_has(&ob->view.vanished, uid))
			n++;
	}
	return n;
}

static bool went_back(const struct observe *ob)
{
	const struct gw_observe_options *o = &ob->o;

	if (o->uidvalidity == 0)
		return false;
	if (ob->view.uidvalidity != o->uidvalidity || ob->view.uidnext < o->uidnext)
		return true;
	return o->highestmodseq > 0 && ob->view.highestmodseq > 0 &&
	       ob->view.highestmodseq < o->highestmodseq;
}

static void evaluate_select(struct observe *ob)
{
	if (ob->select_failed && ob->with_params) {
		ob->plain = true; /* once more without */
		check_sent(ob, begin(ob));
		return;
	}
	if (ob->view.uidvalidity == 0 || (ob->view.uidnext == 0 && ob->view.exists > 0)) {
		gw_fail(&ob->err, GW_ERR_PROTOCOL,
			"the server told no UIDVALIDITY or UIDNEXT; the mailbox cannot be "
			"synchronized");
		ob->err.scope = GW_SCOPE_MAILBOX;
		finish(ob);
		return;
	}
	settle(&ob->view);
	ob->view.restarted = went_back(ob);
	if (ob->fetch_failed || (ob->view.restarted && ob->mode != MODE_FULL)) {
		relist(ob); /* I2 */
	} else if (ob->mode == MODE_FULL || ob->mode == MODE_FLAGS) {
		ob->view.full = true;
		finish(ob);
	} else if (gw_base_has_hidden(ob->o.base, ob->o.base_count) ||
		   expected(ob) != ob->view.exists) {
		search(ob);
	} else {
		finish(ob);
	}
}

/* Base knows it, and the server has shown it lately. */
static bool is_shown(const struct observe *ob, uint32_t uid)
{
	size_t b = gw_base_find(ob->o.base, ob->o.base_count, uid);

	return b < ob->o.base_count && ob->o.base[b].kind != GW_BASE_HIDDEN;
}

/* UIDs of the listing that neither base nor the answers so far named. */
static enum gw_code collect_untold(struct observe *ob, uint32_t **uids, size_t *count)
{
	size_t m = 0, cap = 0;

	for (size_t i = 0; i < ob->view.listing.count; i++) {
		struct gw_range r = ob->view.listing.ranges[i];

		for (uint64_t uid = r.first; uid <= r.last; uid++) {
			uint32_t *slot;

			while (m < ob->view.count && ob->view.messages[m].uid < uid)
				m++;
			if ((m < ob->view.count && ob->view.messages[m].uid == uid) ||
				is_shown(ob, (uint32_t)uid))
				continue;
			slot = gw_array_push((void **)uids, count, &cap, sizeof **uids);
			if (slot == NULL)
				return GW_ERR_NOMEM;
			*slot = (uint32_t)uid;
		}
	}
	return GW_OK;
}

static void evaluate_search(struct observe *ob)
{
	struct gw_seqset set = { 0 };
	uint32_t *uids = NULL;
	size_t count = 0, at = 0;
	enum gw_code code;

	if (ob->fetch_failed) { /* a listing that did not end OK proves nothing */
		relist(ob);
		return;
	}
	if (gw_seqset_size(&ob->view.listing) > (uint64_t)ob->view.exists + 1000000) {
		gw_fail(&ob->err, GW_ERR_PROTOCOL,
			"the server's listing is larger than the mailbox");
		ob->err.scope = GW_SCOPE_MAILBOX;
		finish(ob);
		return;
	}
	ob->view.has_listing = true;
	ob->state = EXTRA;
	code = collect_untold(ob, &uids, &count);
	while (code == GW_OK && at < count) {
		struct gw_line line;

		code = gw_take_uids(uids, count, &at, SIZE_MAX, &set);
		gw_line_init(&line);
		gw_line_printf(&line, "UID FETCH ");
		gw_line_set(&line, &set);
		gw_line_printf(&line, " %s", ob->items);
		if (code == GW_OK)
			code = send_line(ob, &line, on_response, on_fetched);
		gw_line_deinit(&line);
	}
	gw_seqset_deinit(&set);
	free(uids);
	if (code != GW_OK)
		check_sent(ob, code);
	else if (ob->pending == 0)
		finish(ob);
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
	case RELIST:
	case EXTRA:
		if (ob->fetch_failed) {
			gw_fail(&ob->err, GW_ERR_REFUSED, "the server did not list the mailbox");
			ob->err.scope = GW_SCOPE_MAILBOX;
		}
		settle(&ob->view);
		ob->view.full = ob->state == RELIST;
		finish(ob);
		break;
	case SEARCH:
		evaluate_search(ob);
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
		free(ob);
		return code;
	}
	check_sent(ob, code);
	return GW_OK;
}
