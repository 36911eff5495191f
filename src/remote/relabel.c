/* SPDX-License-Identifier: ISC */
/* remote/relabel.c - see relabel.h.
 *
 *   SELECT, with a SEARCH for each id behind it --> STOREs --> done
 *
 * I1  done() comes once, from finish(), when no command is under way.
 */
#include "remote/relabel.h"

#include "imap/search.h"
#include "remote/labels.h"

#include <stdlib.h>

enum state { SEARCHING, STORING };

struct relabel {
	enum state state;
	struct gw_relabel_options o;
	unsigned pending; /* I1 */
	bool refused;     /* all mail cannot be selected */
	struct gw_error lost;
};

/* One command about one message. */
struct command {
	struct relabel *r;
	struct gw_relabel_item *item; /* NULL: SELECT */
};

static void advance(struct relabel *r);

static void finish(struct relabel *r)
{
	struct gw_relabel_options o = r->o;
	struct gw_error lost = r->lost;

	free(r);
	o.done(o.ctx, lost.code == GW_OK ? NULL : &lost);
}

/* --- answers --------------------------------------------------------------------------------- */

static void on_response(void *ctx, const struct gw_response *response)
{
	struct command *c = ctx;
	struct gw_seqset found = { 0 };

	if (c->item != NULL && gw_search_take(response, &found) == GW_OK && found.count == 1 &&
		found.ranges[0].first == found.ranges[0].last)
		c->item->uid = found.ranges[0].first;
	gw_seqset_deinit(&found);
}

static void on_done(void *ctx, const struct gw_result *result)
{
	struct command *c = ctx;
	struct relabel *r = c->r;
	bool ok = result->kind == GW_RESULT_OK;

	if (result->kind == GW_RESULT_LOST && r->lost.code == GW_OK)
		r->lost = *result->err;
	if (c->item == NULL)
		r->refused |= !ok;
	else if (r->state == STORING)
		c->item->taken &= ok;
	else if (!ok)
		c->item->uid = 0;
	free(c);
	r->pending--;
	advance(r);
}

/* --- questions ------------------------------------------------------------------------------- */

static void send_line(struct relabel *r, struct gw_command *line, struct gw_relabel_item *item)
{
	struct command *c = malloc(sizeof *c);
	enum gw_code code = GW_ERR_NOMEM;

	if (c != NULL) {
		*c = (struct command){ .r = r, .item = item };
		code = gw_session_send(r->o.session, line,
			&(struct gw_handlers){
				.response = on_response, .done = on_done, .ctx = c });
	}
	gw_command_deinit(line);
	if (code == GW_OK) {
		r->pending++;
		return;
	}
	free(c);
	gw_fail(&r->lost, code, "the session ended");
}

static void store(struct relabel *r, struct gw_relabel_item *item, uint64_t labels, char sign)
{
	struct gw_command line;

	if (labels == 0 || r->lost.code != GW_OK)
		return;
	gw_command_init(&line);
	gw_command_printf(
		&line, "UID STORE %lu %cX-GM-LABELS.SILENT ", (unsigned long)item->uid, sign);
	gw_labels_put(&line, labels, r->o.keywords, gw_session_caps(r->o.session));
	send_line(r, &line, item);
}

static void store_all(struct relabel *r)
{
	r->state = STORING;
	for (size_t i = 0; i < r->o.count; i++) {
		struct gw_relabel_item *item = &r->o.items[i];

		item->taken = item->uid != 0;
		if (!item->taken)
			continue;
		store(r, item, item->set, '+');
		store(r, item, item->clear, '-');
	}
}

static void advance(struct relabel *r)
{
	if (r->pending > 0)
		return;
	if (r->state == SEARCHING && !r->refused && r->lost.code == GW_OK)
		store_all(r);
	for (size_t i = 0; i < r->o.count && r->lost.code != GW_OK; i++)
		r->o.items[i].taken = false;
	if (r->pending == 0)
		finish(r);
}

static void search(struct relabel *r, struct gw_relabel_item *item)
{
	uint32_t caps = gw_session_caps(r->o.session);
	struct gw_command line;

	gw_command_init(&line);
	gw_command_printf(&line, "UID SEARCH%s X-GM-MSGID %llu",
		caps & GW_CAP_ESEARCH ? " RETURN (ALL)" : "", (unsigned long long)item->id);
	send_line(r, &line, item);
}

enum gw_code gw_relabel_start(const struct gw_relabel_options *options)
{
	struct relabel *r;
	struct gw_command line;

	if (!gw_session_usable(options->session)) /* so that done() cannot come from in here */
		return GW_ERR_NET;
	r = calloc(1, sizeof *r);
	if (r == NULL)
		return GW_ERR_NOMEM;
	r->o = *options;
	gw_command_init(&line);
	gw_command_printf(&line, "SELECT ");
	gw_command_string(&line, gw_slice_str(options->all), gw_session_caps(options->session));
	send_line(r, &line, NULL);
	for (size_t i = 0; i < options->count && r->lost.code == GW_OK; i++)
		search(r, &r->o.items[i]);
	if (r->pending > 0)
		return GW_OK;
	free(r);
	return GW_ERR_NET;
}
