/* SPDX-License-Identifier: ISC */
/* remote/sample.c - see sample.h.
 *
 *   EXAMINE --> UID SEARCH (by number) --> UID FETCH of the headers --> done
 *
 * I1  done() comes once, from finish(), when no command is under way.
 */
#include "remote/sample.h"

#include "imap/search.h"
#include "remote/head_reader.h"

#include <stdlib.h>
#include <string.h>

enum state { EXAMINING, SEARCHING, FETCHING };

struct sample {
	enum state state;
	struct gw_sample_options o;
	uint32_t exists;
	struct gw_seqset found;
	struct gw_trace list[GW_SAMPLE_MAX];
	size_t count;
	struct gw_head_reader reader;
	struct gw_error err;
};

static void advance(struct sample *m);

static void finish(struct sample *m)
{
	m->o.done(m->o.ctx, m->list, m->count, m->err.code == GW_OK ? NULL : &m->err);
	gw_seqset_deinit(&m->found);
	free(m);
}

/* --- answers --------------------------------------------------------------------------------- */

static void on_body(void *ctx, const struct gw_body_event *ev)
{
	struct sample *m = ctx;

	gw_head_reader_feed(&m->reader, m->o.session, ev);
}

static void take_head(struct sample *m)
{
	struct gw_fingerprint print;
	uint64_t bytes;

	if (gw_head_reader_take(&m->reader, &print, &bytes) && m->count < GW_SAMPLE_MAX)
		m->list[m->count++] = gw_trace_of(print.header, print.msgid);
}

static void on_response(void *ctx, const struct gw_response *r)
{
	struct sample *m = ctx;

	if (r->type == GW_RESP_EXISTS && m->state == EXAMINING)
		m->exists = (uint32_t)r->number;
	else if (r->type == GW_RESP_FETCH)
		take_head(m);
	else if (m->state == SEARCHING && gw_search_take(r, &m->found) == GW_ERR_NOMEM)
		gw_fail(&m->err, GW_ERR_NOMEM, "out of memory");
}

static void on_done(void *ctx, const struct gw_result *result)
{
	struct sample *m = ctx;

	if (result->kind != GW_RESULT_OK && m->err.code == GW_OK) {
		m->err = *result->err;
		m->err.scope = result->kind == GW_RESULT_LOST ? GW_SCOPE_ACCOUNT : GW_SCOPE_MAILBOX;
	}
	advance(m);
}

/* --- questions ------------------------------------------------------------------------------- */

static bool send_line(struct sample *m, struct gw_command *line)
{
	enum gw_code code = gw_session_send(m->o.session, line,
		&(struct gw_handlers){
			.response = on_response, .body = on_body, .done = on_done, .ctx = m });

	gw_command_deinit(line);
	if (code != GW_OK) {
		gw_fail(&m->err, code, "the session ended");
		m->err.scope = GW_SCOPE_ACCOUNT;
	}
	return code == GW_OK;
}

static bool search(struct sample *m)
{
	uint32_t caps = gw_session_caps(m->o.session), n = m->exists;
	struct gw_command line;

	m->state = SEARCHING;
	gw_command_init(&line);
	gw_command_printf(&line, "UID SEARCH%s", caps & GW_CAP_ESEARCH ? " RETURN (ALL)" : "");
	if (n <= GW_SAMPLE_MAX)
		gw_command_printf(&line, " 1:%u", n);
	else
		gw_command_printf(&line, " 1:%u,%u:%u", GW_SAMPLE_EACH, n - GW_SAMPLE_EACH + 1, n);
	return send_line(m, &line);
}

static bool fetch(struct sample *m)
{
	struct gw_seqset some = { 0 };
	uint64_t from = 0;
	struct gw_command line;

	m->state = FETCHING;
	/* However many it named. */
	if (gw_seqset_part(&m->found, &from, GW_SAMPLE_MAX, SIZE_MAX, &some) != GW_OK) {
		gw_fail(&m->err, GW_ERR_NOMEM, "out of memory");
		return false;
	}
	gw_command_init(&line);
	gw_command_printf(&line, "UID FETCH ");
	gw_command_set(&line, &some);
	gw_command_printf(&line, " (UID BODY.PEEK[HEADER])");
	gw_seqset_deinit(&some);
	return send_line(m, &line);
}

/* The last command was answered. */
static void advance(struct sample *m)
{
	if (m->err.code == GW_OK && m->state == EXAMINING && m->exists > 0 && search(m))
		return;
	if (m->err.code == GW_OK && m->state == SEARCHING && m->found.count > 0 && fetch(m))
		return;
	if (m->err.code == GW_OK && m->exists > 0 && m->count == 0) {
		gw_fail(&m->err, GW_ERR_PROTOCOL, "the server told nothing of its messages");
		m->err.scope = GW_SCOPE_MAILBOX;
	}
	finish(m);
}

enum gw_code gw_sample_start(const struct gw_sample_options *options)
{
	struct sample *m;
	struct gw_command line;

	if (!gw_session_usable(options->session)) /* so that done() cannot come from in here */
		return GW_ERR_NET;
	m = calloc(1, sizeof *m);
	if (m == NULL)
		return GW_ERR_NOMEM;
	m->o = *options;
	gw_command_init(&line);
	gw_command_printf(&line, "EXAMINE ");
	gw_command_string(&line, gw_slice_str(options->mailbox), gw_session_caps(options->session));
	if (send_line(m, &line))
		return GW_OK;
	free(m);
	return GW_ERR_NET;
}
