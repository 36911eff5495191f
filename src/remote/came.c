/* remote/came.c - see came.h.
 *
 *   EXAMINE --> UID FETCH of the sizes of what came --> headers of those that have one's size --> done
 *
 * I1  done() comes once, from finish(), when no command is under way.
 */
#include "remote/came.h"

#include "base/seqset.h"
#include "remote/fetch_heads.h"

#include <stdlib.h>

enum { HEADS_PER_COMMAND = 100 };

struct came {
	struct gw_came_options o;
	uint32_t uidvalidity, exists;
	uint32_t *uids;          /* owned, ascending; their headers are asked for */
	struct gw_seqset likely; /* owned; UIDs of the size of some item */
	struct gw_error lost;
};

/* I1 */
static void finish(struct came *c)
{
	struct gw_came_options o = c->o;
	struct gw_error lost = c->lost;

	gw_seqset_deinit(&c->likely);
	free(c->uids);
	free(c);
	o.done(o.ctx, lost.code == GW_OK ? NULL : &lost);
}

static bool may_be(const struct came *c, const struct gw_came_item *item, uint32_t uid)
{
	return !item->came && uid >= item->uidnext &&
	       (item->uidvalidity == 0 || item->uidvalidity == c->uidvalidity);
}

/* --- headers --------------------------------------------------------------------------------- */

static unsigned on_heat(void *ctx, uint32_t uid, bool *on_trial)
{
	(void)ctx, (void)uid;
	*on_trial = false;
	return 0;
}

static bool on_judge(void *ctx, uint32_t uid)
{
	(void)ctx, (void)uid;
	return false;
}

static void on_head(void *ctx, const struct gw_fetch *fetch, const struct gw_fingerprint *print)
{
	struct came *c = ctx;

	for (size_t i = 0; i < c->o.count; i++) {
		struct gw_came_item *item = &c->o.items[i];

		if (may_be(c, item, fetch->uid) && item->size == fetch->size &&
			memcmp(item->header, print->header, GW_HASH_BYTES) == 0) {
			item->came = true;
			return;
		}
	}
}

static void on_missing(void *ctx, uint32_t uid, const char *why)
{
	(void)ctx, (void)uid, (void)why;
}

static void on_broke(void *ctx, uint32_t lo, uint32_t hi, size_t asked, bool alone)
{
	(void)ctx, (void)lo, (void)hi, (void)asked, (void)alone;
}

static void on_heads(void *ctx, const struct gw_error *err)
{
	struct came *c = ctx;

	if (err != NULL && err->scope == GW_SCOPE_ACCOUNT)
		c->lost = *err;
	finish(c);
}

/* *pending: on_heads() follows. */
static enum gw_code ask_heads(struct came *c, bool *pending)
{
	const struct gw_fetch_heads_events events = { .heat = on_heat,
		.is_culprit = on_judge,
		.head = on_head,
		.missing = on_missing,
		.broke = on_broke,
		.done = on_heads,
		.ctx = c };
	size_t n = 0;

	c->uids = calloc(gw_seqset_size(&c->likely), sizeof *c->uids);
	if (c->uids == NULL)
		return GW_ERR_NOMEM;
	for (size_t i = 0; i < c->likely.count; i++) {
		for (uint64_t uid = c->likely.ranges[i].first; uid <= c->likely.ranges[i].last;
			uid++)
			c->uids[n++] = (uint32_t)uid;
	}
	return gw_fetch_heads_start(c->o.session, c->uids, n, HEADS_PER_COMMAND, &events, pending);
}

/* --- sizes ----------------------------------------------------------------------------------- */

static void on_size(void *ctx, const struct gw_response *r)
{
	struct came *c = ctx;
	const struct gw_fetch *f = &r->fetch;

	if (r->type != GW_RESP_FETCH || f->uid == 0 || !f->has_size)
		return;
	for (size_t i = 0; i < c->o.count; i++) {
		if (!may_be(c, &c->o.items[i], f->uid) || c->o.items[i].size != f->size)
			continue;
		if (gw_seqset_add(&c->likely, f->uid, f->uid) != GW_OK)
			gw_fail(&c->lost, GW_ERR_NOMEM, "out of memory");
		return;
	}
}

static void on_sizes(void *ctx, const struct gw_result *result)
{
	struct came *c = ctx;
	bool pending = false;
	enum gw_code code = GW_OK;

	if (result->kind == GW_RESULT_LOST)
		gw_fail(&c->lost, result->err->code, "%s", result->err->text);
	if (c->lost.code == GW_OK && c->likely.count > 0)
		code = ask_heads(c, &pending);
	if (code != GW_OK)
		gw_fail(&c->lost, code,
			code == GW_ERR_NOMEM ? "out of memory" : "the session ended");
	if (!pending)
		finish(c);
}

static enum gw_code ask_sizes(struct came *c)
{
	uint32_t since = UINT32_MAX;
	struct gw_command line;
	enum gw_code code;

	for (size_t i = 0; i < c->o.count; i++) {
		if (c->o.items[i].uidnext < since)
			since = c->o.items[i].uidnext;
	}
	gw_command_init(&line);
	gw_command_printf(&line, "UID FETCH %u:* (UID RFC822.SIZE)", since);
	code = gw_session_send(c->o.session, &line,
		&(struct gw_handlers){ .response = on_size, .done = on_sizes, .ctx = c });
	gw_command_deinit(&line);
	return code;
}

/* --- EXAMINE --------------------------------------------------------------------------------- */

static void on_examine_response(void *ctx, const struct gw_response *r)
{
	struct came *c = ctx;

	if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_UIDVALIDITY)
		c->uidvalidity = (uint32_t)r->number;
	else if (r->type == GW_RESP_EXISTS)
		c->exists = (uint32_t)r->number;
}

static void on_examined(void *ctx, const struct gw_result *result)
{
	struct came *c = ctx;
	enum gw_code code = GW_OK;

	if (result->kind == GW_RESULT_LOST)
		gw_fail(&c->lost, result->err->code, "%s", result->err->text);
	if (result->kind != GW_RESULT_OK || c->exists == 0) {
		finish(c);
		return;
	}
	code = ask_sizes(c);
	if (code == GW_OK)
		return;
	gw_fail(&c->lost, code, "the session ended");
	finish(c);
}

enum gw_code gw_came_start(const struct gw_came_options *options)
{
	struct came *c;
	struct gw_command line;
	enum gw_code code;

	if (!gw_session_usable(options->session)) /* so that done() cannot come from in here */
		return GW_ERR_NET;
	c = calloc(1, sizeof *c);
	if (c == NULL)
		return GW_ERR_NOMEM;
	c->o = *options;
	gw_command_init(&line);
	gw_command_printf(&line, "EXAMINE ");
	gw_command_string(&line, gw_slice_str(options->mailbox), gw_session_caps(options->session));
	code = gw_session_send(options->session, &line,
		&(struct gw_handlers){
			.response = on_examine_response, .done = on_examined, .ctx = c });
	gw_command_deinit(&line);
	if (code != GW_OK)
		free(c);
	return code;
}
