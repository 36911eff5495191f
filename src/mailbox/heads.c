/* SPDX-License-Identifier: ISC */
/* mailbox/heads.c - headers of the server's messages, by which they are recognised; part of the
 * machine in box_p.h.
 *
 * A message whose header the server does not deliver ("unread") affects no other.  Its body is
 * fetched instead, and compared with the unknown files.  If that does not come either, the message
 * is set aside like any other, and an unknown file of its size may be it: such a file is not sent,
 * and is reported, until one of the two is settled.  Sent, it would be doubled for good; left here,
 * it costs a look.
 */
#include "mailbox/box_p.h"

#include "base/sorted.h"
#include "imap/quirks.h"
#include "remote/fetch_heads.h"

#include <stdlib.h>

enum { HEADS_PER_COMMAND = 2000 };

uint64_t gw_box_msgid_of(const struct gw_fingerprint *print)
{
	uint64_t n;

	memcpy(&n, print->msgid, sizeof n);
	return n;
}

static void on_head(void *ctx, const struct gw_fetch *fetch, const struct gw_fingerprint *print)
{
	struct gw_box *box = ctx;
	struct gw_pair_remote *head = gw_array_push(
		(void **)&box->heads, &box->head_count, &box->head_cap, sizeof *box->heads);

	gw_box_head_came(box, fetch->uid);
	if (head == NULL) {
		gw_fail(&box->err, GW_ERR_NOMEM, "out of memory");
		return;
	}
	head->uid = fetch->uid;
	head->size = head->raw_size = fetch->size;
	if (!box->heads_raw && head->size >= print->left_out)
		head->size -= print->left_out;
	head->flags = gw_session_tells_flags(box->session, fetch) ? gw_box_flags(box, fetch) : 0;
	head->has_received = print->has_received;
	head->any_msgid = gw_box_msgid_of(print);
	head->about = print->about;
	head->msgid = box->env->merges ? head->any_msgid : 0;
	memcpy(head->header, print->header, GW_PAIR_HASH);
}

/* --- unread ones ------------------------------------------------------------------------------ */

/* The first that is not below uid. */
static size_t lower_bound(const struct gw_box *box, uint32_t uid)
{
	return GW_LOWER_BOUND(box->unread, box->unread_count, uid, uid);
}

struct gw_unread *gw_box_find_unread(const struct gw_box *box, uint32_t uid)
{
	size_t at = lower_bound(box, uid);

	return at < box->unread_count && box->unread[at].uid == uid ? &box->unread[at] : NULL;
}

static uint32_t listed_size(const struct gw_box *box, uint32_t uid)
{
	size_t lo = GW_LOWER_BOUND(box->remote.messages, box->remote.count, uid, uid);

	return lo < box->remote.count && box->remote.messages[lo].uid == uid
		       ? box->remote.messages[lo].size
		       : 0;
}

static struct gw_unread *add_unread(struct gw_box *box, uint32_t uid, uint32_t size)
{
	size_t at = lower_bound(box, uid);

	if (gw_array_push((void **)&box->unread, &box->unread_count, &box->unread_cap,
		    sizeof *box->unread) == NULL) {
		gw_fail(&box->err, GW_ERR_NOMEM, "out of memory");
		return NULL;
	}
	memmove(box->unread + at + 1, box->unread + at,
		(box->unread_count - 1 - at) * sizeof *box->unread);
	box->unread[at] = (struct gw_unread){ .uid = uid, .size = size };
	return &box->unread[at];
}

static void on_missing(void *ctx, uint32_t uid, const char *why)
{
	struct gw_box *box = ctx;
	struct gw_unread *u;
	bool on_trial;

	if (gw_box_find_unread(box, uid) != NULL)
		return;
	gw_log(box->env->log, GW_LOG_INFO,
		"%s: the header of message UID %u does not come: %s; its body says what it is",
		box->folder->shown, uid, why);
	u = add_unread(box, uid, listed_size(box, uid));
	if (u != NULL)
		u->broke = gw_box_head_heat(box, uid, &on_trial) > 0;
}

/* A message that an earlier run set aside: its header was not asked for. */
static struct gw_unread *add_aside(struct gw_box *box, uint32_t uid)
{
	size_t b = gw_base_find(box->local.base, box->local.base_count, uid);

	return b == box->local.base_count || box->local.base[b].kind != GW_BASE_UNFETCHABLE
		       ? NULL
		       : add_unread(box, uid, box->local.base[b].size);
}

uint32_t gw_box_read(struct gw_box *box, uint32_t uid, const struct gw_fingerprint *print)
{
	struct gw_unread *u = gw_box_find_unread(box, uid);

	if (u == NULL)
		u = add_aside(box, uid);
	if (u == NULL && box->print_count > GW_PAIR_BULK)
		return GW_NO_LOCAL; /* its header came, and is no file's */
	if (u != NULL)
		u->read = true;
	for (size_t i = 0; i < box->print_count; i++) {
		const struct gw_file_print *p = &box->prints[i];
		struct gw_local_msg *l = &box->local.messages[p->index];

		if (!p->ok || l->uid != 0 || gw_box_is_paired(box, p->index) ||
			!gw_fingerprint_same(&p->print, print))
			continue;
		l->uid = uid;
		return p->index;
	}
	return GW_NO_LOCAL;
}

static bool has_its_size(const struct gw_box *box, uint32_t local, uint32_t size)
{
	const struct gw_file_print *p = gw_box_print_of(box, local);

	return p != NULL && (size == 0 || (size <= p->facts.crlf_size &&
						  size >= p->facts.crlf_size - p->print.left_out));
}

uint32_t gw_box_may_be(const struct gw_box *box, uint32_t local)
{
	for (size_t i = 0; i < box->unread_count; i++) {
		const struct gw_unread *u = &box->unread[i];

		if (!u->read && has_its_size(box, local, u->size))
			return u->uid;
	}
	/* Kept back because of such a message, which has a row by now. */
	for (size_t i = 0; i < box->local.base_count && box->local.messages[local].refused_before;
		i++) {
		const struct gw_base_msg *b = &box->local.base[i];

		if (b->kind == GW_BASE_UNFETCHABLE && gw_box_find_unread(box, b->uid) == NULL &&
			has_its_size(box, local, b->size))
			return b->uid;
	}
	return 0;
}

/* --- uploads that were altered ----------------------------------------------------------------- */

/* True if the file's upload was answered OK, and nobody knows where it is. */
static bool is_sought(const struct gw_box *box, const struct gw_pending_file *p, uint64_t msgid)
{
	return p->answered > 0 && !p->known && p->has_file && msgid != 0 &&
	       gw_box_msgid_of(&p->print) == msgid && box->local.messages[p->file].uid == 0 &&
	       !gw_box_is_paired(box, p->file);
}

uint32_t gw_box_find_namesake(struct gw_box *box, uint32_t uid, const struct gw_fingerprint *print)
{
	uint64_t msgid = gw_box_msgid_of(print);

	for (size_t i = 0; i < box->local.pending_count; i++) {
		const struct gw_pending_file *p = &box->local.pending[i];

		if (!is_sought(box, p, msgid) || p->uidvalidity != box->remote.uidvalidity ||
			uid < p->uidnext)
			continue;
		if (memcmp(p->print.body, print->body, GW_HASH_BYTES) == 0) {
			box->local.messages[p->file].uid = uid;
			return p->file;
		}
		box->incomplete = true; /* the next look reports those that stay unknown */
	}
	return GW_NO_LOCAL;
}

bool gw_box_has_namesake(const struct gw_box *box, const struct gw_pending_file *p)
{
	for (size_t i = 0; i < box->head_count; i++) {
		const struct gw_pair_remote *head = &box->heads[i];

		if (p->uidvalidity == box->remote.uidvalidity && head->uid >= p->uidnext &&
			is_sought(box, p, head->any_msgid))
			return true;
	}
	return false;
}

/* --- asking ----------------------------------------------------------------------------------- */

static unsigned on_heat(void *ctx, uint32_t uid, bool *on_trial)
{
	return gw_box_head_heat(ctx, uid, on_trial);
}

static bool on_judge(void *ctx, uint32_t uid)
{
	return gw_box_is_bad_head(ctx, uid);
}

static void on_broke(void *ctx, uint32_t lo, uint32_t hi, size_t asked, bool alone)
{
	gw_box_note_break(ctx, lo, hi, asked, alone);
}

static void on_done(void *ctx, const struct gw_error *err)
{
	struct gw_box *box = ctx;

	if (err != NULL && box->err.code == GW_OK)
		box->err = *err;
	if (err != NULL && err->scope == GW_SCOPE_ACCOUNT)
		box->machine->blame(
			box); /* before the connection is gone; the box may wait for a disk */
	box->heads_pending = false;
	box->heads_then(box);
}

static size_t per_command(const struct gw_box *box)
{
	size_t most = HEADS_PER_COMMAND;

	if ((gw_session_quirks(box->session) & GW_QUIRK_FEW) != 0)
		most = GW_FEW;
	return box->env->fetch_most != 0 && box->env->fetch_most < most ? box->env->fetch_most
									: most;
}

enum gw_code gw_box_ask_heads(
	struct gw_box *box, const uint32_t *uids, size_t count, void (*then)(struct gw_box *box))
{
	const struct gw_fetch_heads_events events = { .heat = on_heat,
		.is_culprit = on_judge,
		.head = on_head,
		.missing = on_missing,
		.broke = on_broke,
		.done = on_done,
		.ctx = box };

	box->head_count = 0;
	box->heads_then = then;
	if (count == 0) /* a mailbox that is yet to be made, in a dry run, has no session */
		return GW_OK;
	return gw_fetch_heads_start(
		box->session, uids, count, per_command(box), &events, &box->heads_pending);
}
