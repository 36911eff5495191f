/* godwit/json.h - the events of a sync as lines of JSON (RFC 8259), and back.
 *
 * `--json` prints them, and a watcher sends them to those who ask.
 */
#pragma once

#include "godwit/sync.h"

struct json_t;

/* A JSON string, owned by the caller.  JSON is UTF-8; text that is not has its bytes escaped as
 * base/show.h has it.  NULL text, or out of memory: null. */
struct json_t *gw_json_text(const char *text);

/* One object without line end, to be freed by the caller.  totals: with `counts` under "totals", as
 * gw_event_parse() wants it.  NULL: out of memory. */
char *gw_event_to_json(const char *account, const struct gw_sync_event *ev, bool totals);

/* An event with what it points to. */
struct gw_parsed_event {
	struct gw_sync_event ev;
	struct gw_sync_counts counts, delta;
	struct gw_sync_step step;
	struct gw_error err;
	void *owner; /* owns the strings */
};

/* false: the line is not such an event.  gw_parsed_event_deinit() afterwards, in either case. */
bool gw_event_parse(const char *line, size_t n, struct gw_parsed_event *out);
void gw_parsed_event_deinit(struct gw_parsed_event *p);
