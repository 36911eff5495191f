/* SPDX-License-Identifier: ISC */
/* godwit/json.h - writes the events of a sync as lines of JSON (RFC 8259), and reads them.
 *
 * `--json` prints them, and a watcher sends them to its clients.
 */
#pragma once

#include "godwit/sync.h"

struct json_t;

/* Makes a JSON string, owned by the caller.  JSON is UTF-8: other bytes are escaped as in
 * base/show.h.  NULL text, or out of memory: null. */
struct json_t *gw_json_text(const char *text);

/* Makes one object without line end, freed by the caller.  totals: puts `counts` under "totals", as
 * gw_event_parse() needs it.  NULL: out of memory. */
char *gw_event_to_json(const char *account, const struct gw_sync_event *ev, bool totals);

/* An event and all that it points to. */
struct gw_parsed_event {
	struct gw_sync_event ev;
	struct gw_sync_counts counts, delta;
	struct gw_sync_step step;
	struct gw_error err;
	void *owner; /* owns the strings */
};

/* Returns false if the line is no such event.  Call gw_parsed_event_deinit() in either case. */
bool gw_event_parse(const char *line, size_t n, struct gw_parsed_event *out);
void gw_parsed_event_deinit(struct gw_parsed_event *p);
