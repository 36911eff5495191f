/* SPDX-License-Identifier: ISC */
/* cli/ask.c - see ask.h. */
#include "cli/ask.h"

#include "godwit/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uv.h>

enum {
	ANSWER_MS = 5000,     /* a watcher is busy for moments only */
	RECENT_S = 12 * 3600, /* a time without its date is not mistaken */
};

struct question {
	uv_timer_t deadline;
	struct gw_control_client *client;
	json_t *answer;
};

static void end(struct question *q)
{
	gw_control_close(&q->client);
	if (!uv_is_closing((uv_handle_t *)&q->deadline))
		uv_close((uv_handle_t *)&q->deadline, NULL);
}

static void on_deadline(uv_timer_t *timer)
{
	end(timer->data);
}

static void on_line(void *ctx, const char *line, size_t n)
{
	struct question *q = ctx;
	json_error_t ignored;

	if (line == NULL)
		q->client = NULL; /* it is closed */
	else
		q->answer = json_loadb(line, n, 0, &ignored);
	end(q);
}

enum gw_code ask_watcher(
	const struct gw_account *account, const char *what, json_t **out, struct gw_error *err)
{
	struct question q = { .answer = NULL };
	char *request = gw_control_request(what);
	uv_loop_t loop;
	enum gw_code code;

	*out = NULL;
	if (request == NULL)
		return gw_fail(err, GW_ERR_NOMEM, "out of memory");
	uv_loop_init(&loop);
	code = gw_control_open(&loop, account, request, on_line, &q, &q.client, err);
	if (code == GW_OK && q.client != NULL) {
		uv_timer_init(&loop, &q.deadline);
		q.deadline.data = &q;
		uv_timer_start(&q.deadline, on_deadline, ANSWER_MS, 0);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	free(request);
	*out = q.answer;
	return code;
}

static void add_time(const json_t *o, const char *key, const char *word, char *out, size_t size)
{
	time_t t = (time_t)json_integer_value(json_object_get(o, key));
	size_t used = strlen(out);
	struct tm tm;
	char when[32];

	if (t == 0 || localtime_r(&t, &tm) == NULL)
		return;
	strftime(when, sizeof when, time(NULL) - t < RECENT_S ? "%H:%M:%S" : "%Y-%m-%d %H:%M", &tm);
	snprintf(out + used, size - used, "%s%s", word, when);
}

static void add_text(const json_t *o, const char *key, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(o, key));
	size_t used = strlen(out);

	if (text != NULL)
		snprintf(out + used, size - used, "; %s", text);
}

void describe_watcher(const json_t *w, char *out, size_t size)
{
	const char *state = json_string_value(json_object_get(w, "state"));

	snprintf(out, size, "%s", state == NULL ? "unknown" : state);
	add_time(w, "since", " since ", out, size);
	add_text(w, "text", out, size);
	if (state != NULL && strcmp(state, "in step") == 0) {
		add_text(w, "how", out, size);
		add_time(w, "next", "; next look at ", out, size);
	} else if (state != NULL && strcmp(state, "trouble") == 0) {
		add_time(w, "next", "; next try at ", out, size);
	}
}
