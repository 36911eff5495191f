/* SPDX-License-Identifier: ISC */
/* mailbox/keywords.c - keywords that the server does not store: remembered, told, asked again now and
 * then; part of the machine in box_p.h.
 */
#include "mailbox/box_p.h"

#include <stdlib.h>

static void add_keyword_op(struct gw_box *box, enum gw_op_kind kind, unsigned i, const char *why)
{
	struct gw_op op = {
		.kind = kind, .from = strdup(box->keywords.names[i]), .to = gw_copy_str(why)
	};

	if (op.from != NULL && (why == NULL || op.to != NULL)) {
		gw_box_add(box, &op);
		return;
	}
	free(op.from);
	free(op.to);
}

static void refuse_keyword(struct gw_box *box, unsigned i, const struct gw_error *why)
{
	const char *text = why != NULL ? why->text : "it said OK, and does not show it";
	struct gw_error err = { 0 };

	add_keyword_op(box, GW_OP_KEYWORD_REFUSED, i, text);
	gw_fail(&err, GW_ERR_REFUSED,
		"the server does not store the keyword %s (%s); it is not asked again for a week, "
		"but for `sync --full`",
		box->keywords.names[i], text);
	err.scope = GW_SCOPE_MESSAGE;
	box->env->problem(box->env->ctx, box, &err);
}

void gw_box_settle_keywords(struct gw_box *box, const struct gw_error *why)
{
	uint64_t unkept = 0, kept = 0;

	for (size_t i = 0; i < box->push_count; i++) {
		unkept |= box->push_items[i].unkept;
		kept |= box->push_items[i].taken;
	}
	for (unsigned i = 0; i < GW_KEYWORD_MAX; i++) {
		uint64_t bit = GW_FLAG_KEYWORD(i);

		if (unkept & bit)
			refuse_keyword(box, i, why);
		else if (kept & bit & box->local.keywords_doubted)
			add_keyword_op(box, GW_OP_KEYWORD_TAKEN, i, NULL);
	}
}

static uint64_t keywords_here(const struct gw_box *box)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < box->local.scan.count; i++)
		flags |= box->local.messages[i].flags;
	return flags;
}

void gw_box_forget_keywords(struct gw_box *box)
{
	uint64_t refused = box->local.keywords_refused | box->local.keywords_doubted;
	uint64_t here = refused == 0 ? 0 : keywords_here(box);

	for (unsigned i = 0; i < GW_KEYWORD_MAX && box->local.scan.trusted; i++) {
		if ((refused & ~here & GW_FLAG_KEYWORD(i)) && box->keywords.names[i] != NULL)
			add_keyword_op(box, GW_OP_KEYWORD_TAKEN, i, NULL);
	}
}

void gw_box_keywords_error(uint64_t count, struct gw_error *err)
{
	gw_fail(err, GW_ERR_HELD,
		"%llu keyword%s not stored by the server, and only here (`godwit status` lists them, "
		"`sync --full` tries them again)",
		(unsigned long long)count, count == 1 ? " is" : "s are");
	err->scope = GW_SCOPE_MESSAGE;
}

void gw_box_tell_keywords(struct gw_box *box)
{
	uint64_t refused = box->local.keywords_refused, count = 0;
	struct gw_error err = { 0 };

	if (refused == 0)
		return;
	refused &= keywords_here(box);
	for (unsigned i = 0; i < GW_KEYWORD_MAX; i++)
		count += (refused & GW_FLAG_KEYWORD(i)) != 0;
	if (count == 0)
		return;
	gw_box_keywords_error(count, &err);
	box->env->problem(box->env->ctx, box, &err);
}
