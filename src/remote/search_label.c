/* SPDX-License-Identifier: ISC */
/* remote/search_label.c - see search_label.h.
 *
 *   EXAMINE, with the SEARCHes behind it --> FETCH of the ids of what was found --> done
 *
 * I1  done() comes once, from finish(), when no command is under way.
 */
#include "remote/search_label.h"

#include "imap/search.h"
#include "remote/observe.h"

#include <stdlib.h>

enum { IDS_PER_SEARCH = 20 };
enum state { SEARCHING, FETCHING };

struct labelled {
	enum state state;
	struct gw_search_label_options o;
	unsigned pending; /* I1 */
	uint32_t exists;
	bool refused;
	struct gw_seqset found;
	struct gw_error lost;
};

static void advance(struct labelled *l);

static void finish(struct labelled *l)
{
	struct gw_search_label_options o = l->o;
	struct gw_error lost = l->lost;
	uint32_t exists = l->refused ? 0 : l->exists;

	gw_seqset_deinit(&l->found);
	free(l);
	o.done(o.ctx, exists, lost.code == GW_OK ? NULL : &lost);
}

/* --- answers --------------------------------------------------------------------------------- */

/* Labels are asked of the messages and not searched for: a search may be behind what happened. */
static bool carries(const struct labelled *l, const struct gw_fetch *f)
{
	bool found = !f->has_labels;

	for (size_t i = 0; i < f->label_count && !found; i++)
		found = *l->o.label == '\\' ? gw_slice_case_eq(f->labels[i], l->o.label)
					    : gw_slice_eq(f->labels[i], l->o.label);
	return found;
}

static void take_fetch(struct labelled *l, const struct gw_fetch *f)
{
	uint64_t id = f->global_id;
	size_t lo = 0, hi = l->o.count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->o.items[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < l->o.count && l->o.items[lo].id == id) {
		l->o.items[lo].there = true;
		l->o.items[lo].has |= carries(l, f);
	}
}

static void on_response(void *ctx, const struct gw_response *r)
{
	struct labelled *l = ctx;

	if (r->type == GW_RESP_EXISTS)
		l->exists = (uint32_t)r->number;
	else if (r->type == GW_RESP_FETCH && r->fetch.global_id != 0 && l->state == FETCHING)
		take_fetch(l, &r->fetch);
	else
		l->refused |= gw_search_take(r, &l->found) != GW_OK;
}

static void on_done(void *ctx, const struct gw_result *result)
{
	struct labelled *l = ctx;

	if (result->kind == GW_RESULT_LOST && l->lost.code == GW_OK)
		l->lost = *result->err;
	l->refused |= result->kind != GW_RESULT_OK;
	l->pending--;
	advance(l);
}

/* --- questions ------------------------------------------------------------------------------- */

static void send_line(struct labelled *l, struct gw_command *line)
{
	enum gw_code code = gw_session_send(l->o.session, line,
		&(struct gw_handlers){ .response = on_response, .done = on_done, .ctx = l });

	gw_command_deinit(line);
	if (code == GW_OK)
		l->pending++;
	else
		gw_fail(&l->lost, code, "the session ended");
}

/* Searches for "OR a OR b c": any of several ids. */
static void search(struct labelled *l, size_t from, size_t to)
{
	uint32_t caps = gw_session_caps(l->o.session);
	struct gw_command line;

	gw_command_init(&line);
	gw_command_printf(&line, "UID SEARCH%s", caps & GW_CAP_ESEARCH ? " RETURN (ALL)" : "");
	for (size_t i = from; i < to; i++)
		gw_command_printf(&line, "%s X-GM-MSGID %llu", i + 1 < to ? " OR" : "",
			(unsigned long long)l->o.items[i].id);
	send_line(l, &line);
}

static void fetch_ids(struct labelled *l)
{
	struct gw_command line;

	l->state = FETCHING;
	gw_command_init(&line);
	gw_command_printf(&line, "UID FETCH ");
	gw_command_set(&line, &l->found);
	gw_command_printf(&line, " (UID X-GM-MSGID X-GM-LABELS)");
	send_line(l, &line);
}

static void advance(struct labelled *l)
{
	if (l->pending > 0)
		return;
	if (l->state == SEARCHING && l->found.count > 0 && !l->refused && l->lost.code == GW_OK)
		fetch_ids(l);
	if (l->pending == 0)
		finish(l);
}

enum gw_code gw_search_label_start(const struct gw_search_label_options *options)
{
	struct labelled *l;
	struct gw_command line;

	if (!gw_session_usable(options->session)) /* so that done() cannot come from in here */
		return GW_ERR_NET;
	l = calloc(1, sizeof *l);
	if (l == NULL)
		return GW_ERR_NOMEM;
	l->o = *options;
	gw_command_init(&line);
	gw_command_printf(&line, "EXAMINE ");
	gw_command_string(&line, gw_slice_str(options->all), gw_session_caps(options->session));
	send_line(l, &line);
	for (size_t i = 0; i < options->count && l->lost.code == GW_OK; i += IDS_PER_SEARCH)
		search(l, i,
			i + IDS_PER_SEARCH < options->count ? i + IDS_PER_SEARCH : options->count);
	if (l->pending > 0)
		return GW_OK;
	free(l);
	return GW_ERR_NET;
}
