/* SPDX-License-Identifier: ISC */
/* watch/report.c - see report.h. */
#include "watch/report.h"

#include "base/buf.h"
#include "godwit/json.h"

#include <jansson.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void gw_report_deinit(struct gw_report *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->list[i].name);
		free(r->list[i].problem);
	}
	free(r->list);
	*r = (struct gw_report){ 0 };
}

void gw_report_stands(struct gw_report *r, enum gw_standing standing)
{
	if (r->standing != standing || r->since == 0)
		r->since = (int64_t)time(NULL);
	r->standing = standing;
	if (standing != GW_STANDING_TROUBLE)
		r->error[0] = '\0';
}

static struct gw_report_mailbox *mailbox_of(struct gw_report *r, const char *name)
{
	struct gw_report_mailbox *m;

	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->list[i].name, name) == 0)
			return &r->list[i];
	}
	m = gw_array_push((void **)&r->list, &r->count, &r->cap, sizeof *r->list);
	if (m != NULL && (m->name = strdup(name)) == NULL) {
		r->count--;
		m = NULL;
	}
	return m;
}

static void end_problems(struct gw_report *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct gw_report_mailbox *m = &r->list[i];

		if (!m->seen_problem) {
			free(m->problem);
			m->problem = NULL;
		}
		m->seen_problem = false;
	}
}

void gw_report_sync_event(struct gw_report *r, const struct gw_sync_event *ev)
{
	struct gw_report_mailbox *m;

	if (ev->type == GW_SYNC_DONE && ev->err == NULL)
		end_problems(r);
	if (ev->mailbox == NULL)
		return;
	if (ev->type == GW_SYNC_MAILBOX && gw_sync_changed(ev->delta)) {
		m = mailbox_of(r, ev->mailbox);
		if (m != NULL)
			m->changed_at = (int64_t)time(NULL);
	} else if (ev->type == GW_SYNC_PROBLEM) {
		m = mailbox_of(r, ev->mailbox);
		if (m == NULL)
			return;
		free(m->problem);
		m->problem = strdup(ev->err->text);
		m->seen_problem = true;
	}
}

static json_t *time_or_null(int64_t t)
{
	return t == 0 ? json_null() : json_integer((json_int_t)t);
}

static json_t *text_or_null(const char *text)
{
	return text == NULL || *text == '\0' ? json_null() : gw_json_text(text);
}

static json_t *mailboxes_json(const struct gw_report *r, const struct gw_folders *folders)
{
	json_t *list = json_array();

	for (size_t i = 0; i < folders->count; i++) {
		const struct gw_folder *f = &folders->list[i];
		const struct gw_report_mailbox *m = NULL;
		json_t *o;

		if (!f->wanted)
			continue;
		for (size_t k = 0; k < r->count && m == NULL; k++)
			m = strcmp(r->list[k].name, f->shown) == 0 ? &r->list[k] : NULL;
		o = json_object();
		json_object_set_new(o, "name", text_or_null(f->shown));
		json_object_set_new(o, "messages", json_integer(f->messages));
		json_object_set_new(o, "in_step", json_boolean(!f->touched));
		json_object_set_new(o, "changed", time_or_null(m == NULL ? 0 : m->changed_at));
		json_object_set_new(o, "problem", text_or_null(m == NULL ? NULL : m->problem));
		json_array_append_new(list, o);
	}
	return list;
}

char *gw_report_to_json(const struct gw_report *r, const struct gw_account *account,
	const struct gw_folders *folders)
{
	static const char *const states[] = { [GW_STANDING_BEGINS] = "starting",
		[GW_STANDING_IN_STEP] = "in step",
		[GW_STANDING_SYNCING] = "synchronizing",
		[GW_STANDING_TROUBLE] = "trouble",
		[GW_STANDING_PAUSED] = "paused" };
	json_t *o = json_object();
	char *line;

	json_object_set_new(o, "account", json_string(account->name));
	json_object_set_new(o, "event", json_string("watcher"));
	json_object_set_new(o, "state", json_string(states[r->standing]));
	json_object_set_new(o, "since", time_or_null(r->since));
	json_object_set_new(o, "process", json_integer((json_int_t)getpid()));
	json_object_set_new(o, "synced", time_or_null(r->synced_at));
	json_object_set_new(o, "next", time_or_null(r->next_at));
	json_object_set_new(o, "how", text_or_null(r->how));
	json_object_set_new(o, "text", text_or_null(r->error));
	if (folders != NULL)
		json_object_set_new(o, "mailboxes", mailboxes_json(r, folders));
	line = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(o);
	return line;
}
