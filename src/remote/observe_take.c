/* SPDX-License-Identifier: ISC */
/* remote/observe_take.c - what comes while a mailbox is looked at, taken into its view; see observe_p.h.
 */
#include "remote/observe_p.h"

#include "plan/evidence.h"

void gw_observe_take_failure(struct observe *ob, enum gw_code code)
{
	if (code == GW_OK)
		return;
	gw_fail(&ob->err, code,
		code == GW_ERR_NOMEM ? "out of memory"
				     : "the server lists more messages than it says there are, or "
				       "more than can be held here");
	ob->err.scope = GW_SCOPE_MAILBOX;
}

/* Finds out whether a UID of base is another message by now. */
static void compare(struct observe *ob, const struct gw_remote_msg *m, const struct gw_fetch *f)
{
	size_t b = gw_base_find(ob->o.base, ob->o.base_count, m->uid);

	if (ob->dates && b < ob->o.base_count)
		ob->another |= gw_evidence_is_another(
			&ob->o.base[b], m->size, f->has_date ? (int64_t)f->date : 0);
}

/* A line whose UID can be read says that the message is there, whatever else it says. */
static void take_fetch(struct observe *ob, const struct gw_fetch *f)
{
	bool tells = gw_session_tells_flags(ob->o.session, f);
	struct gw_remote_msg m = { .uid = f->uid, .dim = !tells };
	enum gw_code code = GW_OK;

	if (f->uid == 0)
		return; /* it is only a hint; the next look finds the change */
	if (ob->state == UIDS)
		code = gw_tally_add(&ob->tally, f->uid, ob->view.exists);
	if (code == GW_OK && (ob->state != UIDS || tells)) {
		m.size = f->has_size ? (uint32_t)(f->size < UINT32_MAX ? f->size : UINT32_MAX) : 0;
		m.flags = tells ? ob->o.flags(ob->o.ctx, f) & GW_FLAGS_ALL : 0;
		m.whole = f->has_size && (f->has_date || ob->o.oldest == 0);
		m.old = f->has_date && (int64_t)f->date < ob->o.oldest;
		compare(ob, &m, f);
		code = gw_remote_view_add(&ob->view, &m, f->global_id);
	}
	gw_observe_take_failure(ob, code);
}

/* Takes vanished UIDs, which may be reported twice. */
static void take_vanished(struct observe *ob, const struct gw_response *r)
{
	struct gw_remote_view *v = &ob->view;
	uint64_t before = gw_seqset_size(&v->vanished), n;

	if (!gw_session_qresync(ob->o.session)) /* it was not asked for, and proves nothing */
		return;
	if (gw_seqset_parse(&v->vanished, r->list) != GW_OK ||
		(!r->earlier && gw_seqset_parse(&ob->tally.left, r->list) != GW_OK))
		ob->refused = true; /* not understood, it proves nothing: list instead */
	n = gw_seqset_size(&v->vanished) - before;
	if (!r->earlier)
		v->exists -= (uint32_t)(n < v->exists ? n : v->exists);
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
	enum gw_code code = gw_tally_search(&ob->tally, r, ob->view.exists);

	if (code == GW_ERR_NOMEM)
		gw_observe_take_failure(ob, code);
	ob->refused |= code != GW_OK;
}

static void note_exists(struct observe *ob, uint32_t exists)
{
	ob->view.exists = exists;
	if (!ob->has_exists || exists > ob->view.most)
		ob->view.most = exists;
	ob->has_exists = true;
}

static void take_status(struct observe *ob, const struct gw_response *r)
{
	if (ob->confirms_empty) {
		ob->refused |= !(r->items & GW_ITEM_MESSAGES) || r->messages > 0;
		ob->confirms_empty = false;
	}
	if ((r->items & GW_ITEM_MESSAGES) && !ob->has_exists) {
		note_exists(ob, r->messages);
		ob->view.selected_exists = r->messages;
	}
	if ((r->items & GW_ITEM_UIDNEXT) && ob->view.uidnext == 0)
		ob->view.uidnext = r->uidnext;
	if ((r->items & GW_ITEM_UIDVALIDITY) && ob->view.uidvalidity == 0)
		ob->view.uidvalidity = r->uidvalidity;
}

void gw_observe_on_response(void *ctx, const struct gw_response *r)
{
	struct observe *ob = ctx;

	if (ob->err.code != GW_OK)
		return; /* and takes no memory any more */
	if (r->type == GW_RESP_FETCH) {
		take_fetch(ob, &r->fetch);
	} else if (r->type == GW_RESP_VANISHED) {
		take_vanished(ob, r);
	} else if (r->type == GW_RESP_EXISTS) {
		note_exists(ob, (uint32_t)r->number);
	} else if (r->type == GW_RESP_EXPUNGE && ob->view.exists > 0) {
		ob->view.exists--;
		ob->expunged++;
	} else if (r->type == GW_RESP_STATUS && ob->state == COUNTS) {
		take_status(ob, r);
	} else if (ob->state == SEARCH) {
		take_search(ob, r);
	}
}

void gw_observe_on_select_response(void *ctx, const struct gw_response *r)
{
	struct observe *ob = ctx;

	if (r->type == GW_RESP_STATUS_TEXT)
		take_code(ob, r);
	else
		gw_observe_on_response(ctx, r);
}
