/* SPDX-License-Identifier: ISC */
/* remote/clear.c - see clear.h. */
#include "remote/clear.h"

#include "base/flagset.h"
#include "base/seqset.h"
#include "base/sorted.h"
#include "remote/came.h"

#include <stdlib.h>

struct gw_clear {
	struct gw_clear_options o;
	uint32_t exists, uidvalidity, uidnext;
	bool looked;                  /* for what was announced, in the trash: */
	bool removed;                 /* what base knows */
	bool rest;                    /* something is there that does not go */
	struct gw_seqset seen;        /* owned; UIDs that the server told of */
	struct gw_expunge_item *goes; /* owned; items that are there, as base knows them */
	size_t goes_count;
	struct gw_came_item *came; /* owned; those that were announced, in the trash */
	size_t came_count;
	enum gw_clear_outcome outcome;
	struct gw_error err;
};

static void finish(struct gw_clear *c)
{
	struct gw_clear_options o = c->o;
	enum gw_clear_outcome outcome = c->outcome;
	struct gw_error err = c->err;

	gw_seqset_deinit(&c->seen);
	free(c->goes);
	free(c->came);
	free(c);
	o.done(o.ctx, outcome, err.code == GW_OK ? NULL : &err);
}

static void fail(struct gw_clear *c, const struct gw_error *err)
{
	c->outcome = GW_CLEAR_FAILED;
	c->err = *err;
}

static void ask(struct gw_clear *c, struct gw_command *line, const struct gw_handlers *handlers)
{
	struct gw_error err = { 0 };
	enum gw_code code = gw_session_send(c->o.session, line, handlers);

	gw_command_deinit(line);
	if (code == GW_OK)
		return;
	gw_fail(&err, code, "the session ended");
	fail(c, &err);
	finish(c);
}

static void on_left(void *ctx, const struct gw_result *result)
{
	(void)result; /* a mailbox that is still selected is deleted all the same */
	finish(ctx);
}

static void leave(struct gw_clear *c)
{
	bool plain = !(gw_session_caps(c->o.session) & GW_CAP_UNSELECT);
	struct gw_command line;

	gw_command_init(&line);
	gw_command_printf(&line, plain ? "EXAMINE INBOX" : "UNSELECT");
	ask(c, &line, &(struct gw_handlers){ .done = on_left, .ctx = c });
}

static void select_it(struct gw_clear *c);

/* --- removing -------------------------------------------------------------------------------- */

static struct gw_expunge_item *find(const struct gw_clear *c, uint32_t uid)
{
	size_t at = GW_LOWER_BOUND(c->o.items, c->o.count, uid, uid);

	return at < c->o.count && c->o.items[at].uid == uid ? &c->o.items[at] : NULL;
}

static void on_removed(void *ctx, const struct gw_error *refused, const struct gw_error *lost)
{
	struct gw_clear *c = ctx;

	for (size_t i = 0; i < c->goes_count; i++) {
		struct gw_expunge_item *item = find(c, c->goes[i].uid);

		if (item != NULL) /* each was one of them */
			item->outcome = c->goes[i].outcome;
	}
	if (refused != NULL || lost != NULL) {
		fail(c, lost != NULL ? lost : refused);
		if (lost != NULL)
			finish(c);
		else
			leave(c);
		return;
	}
	c->removed = true;
	select_it(c);
}

static void end_unsent(struct gw_clear *c, enum gw_code code)
{
	struct gw_error err = { 0 };

	gw_fail(&err, code, code == GW_ERR_NOMEM ? "out of memory" : "the session ended");
	fail(c, &err);
	finish(c);
}

static void remove_known(struct gw_clear *c)
{
	const struct gw_expunge_options options = { .session = c->o.session,
		.trash = c->o.trash,
		.make_trash = c->o.make_trash,
		.items = c->goes,
		.count = c->goes_count,
		.done = on_removed,
		.ctx = c };
	enum gw_code code = gw_expunge_start(&options);

	if (code != GW_OK)
		end_unsent(c, code);
}

/* --- to the trash ---------------------------------------------------------------------------- */

void gw_clear_announced(struct gw_clear *c, const struct gw_error *err)
{
	if (err == NULL) {
		remove_known(c);
		return;
	}
	fail(c, err);
	finish(c);
}

static void on_cursors(void *ctx, struct gw_cursors told, const struct gw_error *lost)
{
	struct gw_clear *c = ctx;

	if (lost == NULL) {
		c->o.announce(c->o.ctx, c, c->goes, c->goes_count, told);
		return;
	}
	fail(c, lost);
	finish(c);
}

static void announce(struct gw_clear *c)
{
	const struct gw_cursors_options options = {
		.session = c->o.session, .mailbox = c->o.trash, .done = on_cursors, .ctx = c
	};
	enum gw_code code;

	if (c->o.trash == NULL) {
		remove_known(c);
		return;
	}
	code = gw_cursors_start(&options);
	if (code != GW_OK)
		end_unsent(c, code);
}

static void on_came(void *ctx, const struct gw_error *lost)
{
	struct gw_clear *c = ctx;

	for (size_t i = 0; i < c->came_count; i++) {
		if (c->came[i].came)
			c->goes[c->came[i].number].to = GW_EXPUNGE_FOR_GOOD;
	}
	if (lost == NULL) {
		c->looked = true;
		select_it(c); /* the trash is selected now */
		return;
	}
	fail(c, lost);
	finish(c);
}

/* Lists what goes and was announced.  false: there is no memory. */
static bool list_announced(struct gw_clear *c)
{
	c->came = calloc(c->goes_count + 1, sizeof *c->came);
	for (size_t i = 0; i < c->goes_count && c->came != NULL && c->o.trash != NULL; i++) {
		const struct gw_clear_known *k = &c->o.known[find(c, c->goes[i].uid) - c->o.items];
		struct gw_came_item *item = &c->came[c->came_count];

		if (!k->announced || !k->hashed || c->goes[i].to != GW_EXPUNGE_TO_TRASH)
			continue;
		*item = (struct gw_came_item){ .size = k->size,
			.uidvalidity = k->announced_at.uidvalidity,
			.uidnext = k->announced_at.uidnext,
			.number = (uint32_t)i };
		memcpy(item->header, k->header, sizeof item->header);
		c->came_count++;
	}
	return c->came != NULL;
}

static void look_into_trash(struct gw_clear *c)
{
	enum gw_code code = list_announced(c) ? GW_OK : GW_ERR_NOMEM;

	if (code == GW_OK && c->came_count == 0) {
		announce(c);
		return;
	}
	if (code == GW_OK)
		code = gw_came_start(&(struct gw_came_options){ .session = c->o.session,
			.mailbox = c->o.trash,
			.items = c->came,
			.count = c->came_count,
			.done = on_came,
			.ctx = c });
	if (code != GW_OK)
		end_unsent(c, code);
}

/* --- what goes ------------------------------------------------------------------------------- */

/* True if it gained or lost a flag or keyword other than \Seen and \Deleted. */
static bool was_changed(const struct gw_clear *c, const struct gw_fetch *f)
{
	uint64_t base = c->o.known[find(c, f->uid) - c->o.items].flags,
		 keywords = base >> GW_KEYWORD_FIRST;
	const uint64_t system = GW_FLAG_KEYWORD(0) - 1;
	size_t n = 0;

	for (; keywords != 0; keywords &= keywords - 1)
		n++;
	return !f->has_flags || f->flags.keyword_count != n ||
	       ((base ^ f->flags.system) & system & ~(GW_FLAG_SEEN | GW_FLAG_DELETED)) != 0;
}

static void on_flags(void *ctx, const struct gw_response *r)
{
	struct gw_clear *c = ctx;
	struct gw_expunge_item *item;

	if (r->type == GW_RESP_EXISTS)
		c->exists = (uint32_t)r->number;
	else if (r->type == GW_RESP_EXPUNGE && c->exists > 0)
		c->exists--;
	if (r->type != GW_RESP_FETCH || r->fetch.uid == 0)
		return;
	if (gw_seqset_add(&c->seen, r->fetch.uid, r->fetch.uid) != GW_OK)
		c->rest = true;
	item = find(c, r->fetch.uid);
	if (item == NULL)
		c->rest = true;
	else
		item->outcome = was_changed(c, &r->fetch) ? GW_EXPUNGE_CHANGED : GW_EXPUNGE_UNSENT;
}

/* Decides about each item.  What the server did not list is gone, if its answer is complete. */
static bool sort_out(struct gw_clear *c)
{
	bool all = gw_seqset_size(&c->seen) == c->exists;

	c->goes = calloc(c->o.count, sizeof *c->goes);
	for (size_t i = 0; i < c->o.count && c->goes != NULL; i++) {
		struct gw_expunge_item *item = &c->o.items[i];

		if (!gw_seqset_has(&c->seen, item->uid))
			item->outcome = all ? GW_EXPUNGE_DONE : GW_EXPUNGE_UNSENT;
		else if (item->outcome == GW_EXPUNGE_UNSENT)
			c->goes[c->goes_count++] = *item;
		c->rest |= item->outcome == GW_EXPUNGE_CHANGED;
	}
	c->rest |= !all || c->uidnext != c->o.uidnext;
	return c->goes != NULL;
}

static void on_told(void *ctx, const struct gw_result *result)
{
	struct gw_clear *c = ctx;
	struct gw_error err = { 0 };

	if (result->kind != GW_RESULT_OK) {
		fail(c, result->err);
		if (result->kind == GW_RESULT_LOST)
			finish(c);
		else
			leave(c);
		return;
	}
	if (!sort_out(c)) {
		gw_fail(&err, GW_ERR_REFUSED, "out of memory"); /* the mailbox's own failure */
		fail(c, &err);
		leave(c);
		return;
	}
	c->outcome = c->rest ? GW_CLEAR_FRESH : GW_CLEAR_EMPTY;
	if (c->goes_count == 0 || (c->o.trash == NULL && !c->rest))
		leave(c); /* in the latter case they are deleted with the mailbox */
	else
		look_into_trash(c);
}

static void ask_flags(struct gw_clear *c)
{
	struct gw_command line;

	gw_command_init(&line);
	gw_command_printf(&line, "UID FETCH 1:* (UID FLAGS)");
	ask(c, &line, &(struct gw_handlers){ .response = on_flags, .done = on_told, .ctx = c });
}

/* --- SELECT ---------------------------------------------------------------------------------- */

/* True if the mailbox is empty, and nothing came. */
static bool is_empty(const struct gw_clear *c)
{
	return c->uidvalidity == c->o.uidvalidity && c->uidnext == c->o.uidnext && c->exists == 0;
}

static void on_selected(void *ctx, const struct gw_result *result)
{
	struct gw_clear *c = ctx;

	if (result->kind != GW_RESULT_OK) {
		fail(c, result->err);
		finish(c);
		return;
	}
	c->outcome = is_empty(c) ? GW_CLEAR_EMPTY : GW_CLEAR_FRESH;
	if (c->removed || c->o.count == 0 || c->exists == 0 || c->uidvalidity != c->o.uidvalidity)
		leave(c);
	else if (c->looked)
		announce(c);
	else
		ask_flags(c);
}

static void on_response(void *ctx, const struct gw_response *r)
{
	struct gw_clear *c = ctx;

	if (r->type == GW_RESP_EXISTS)
		c->exists = (uint32_t)r->number;
	else if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_UIDVALIDITY)
		c->uidvalidity = (uint32_t)r->number;
	else if (r->type == GW_RESP_STATUS_TEXT && r->code == GW_CODE_UIDNEXT)
		c->uidnext = (uint32_t)r->number;
}

static void select_it(struct gw_clear *c)
{
	struct gw_command line;

	c->exists = UINT32_MAX; /* not told: it proves nothing */
	c->uidvalidity = c->uidnext = 0;
	gw_command_init(&line);
	gw_command_printf(&line, "SELECT ");
	gw_command_string(&line, gw_slice_str(c->o.mailbox), gw_session_caps(c->o.session));
	ask(c, &line,
		&(struct gw_handlers){ .response = on_response, .done = on_selected, .ctx = c });
}

enum gw_code gw_clear_start(const struct gw_clear_options *options)
{
	struct gw_clear *c;

	if (!gw_session_usable(options->session)) /* so that done() cannot come from in here */
		return GW_ERR_NET;
	c = calloc(1, sizeof *c);
	if (c == NULL)
		return GW_ERR_NOMEM;
	c->o = *options;
	select_it(c);
	return GW_OK;
}
