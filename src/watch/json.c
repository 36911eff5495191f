/* SPDX-License-Identifier: ISC */
/* watch/json.c - see godwit/json.h. */
#include "godwit/json.h"

#include "base/show.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char *const event_names[] = { [GW_SYNC_STAGE] = "stage",
	[GW_SYNC_PROGRESS] = "progress",
	[GW_SYNC_MAILBOX] = "mailbox",
	[GW_SYNC_NEW] = "new",
	[GW_SYNC_STEP] = "step",
	[GW_SYNC_PLAN] = "plan",
	[GW_SYNC_FINDING] = "finding",
	[GW_SYNC_PROBLEM] = "problem",
	[GW_SYNC_DONE] = "done" };

enum { EVENTS = sizeof event_names / sizeof *event_names, SHOWN_MAX = 16384 };

struct field {
	const char *name;
	size_t offset; /* of a uint64_t in struct gw_sync_counts */
};

#define FIELD(name, member)                                   \
	{                                                     \
		name, offsetof(struct gw_sync_counts, member) \
	}

static const struct field fields[] = { FIELD("mailboxes", mailboxes),
	FIELD("mailboxes_changed", mailboxes_changed), FIELD("mailboxes_done", mailboxes_done),
	FIELD("mailboxes_created", mailboxes_created), FIELD("mailboxes_made", mailboxes_made),
	FIELD("mailboxes_renamed", mailboxes_renamed),
	FIELD("mailboxes_deleted", mailboxes_deleted), FIELD("messages_to_download", to_download),
	FIELD("messages_expected", expected), FIELD("bytes_expected", bytes_expected),
	FIELD("messages_downloaded", downloaded), FIELD("bytes_to_download", bytes_to_download),
	FIELD("bytes_downloaded", bytes_downloaded), FIELD("messages_to_upload", to_upload),
	FIELD("messages_uploaded", uploaded), FIELD("bytes_uploaded", bytes_uploaded),
	FIELD("paired", paired), FIELD("flags_changed", flags_changed),
	FIELD("flags_sent", flags_sent), FIELD("deleted", deleted),
	FIELD("deleted_there", deleted_there), FIELD("moved", moved), FIELD("copied", copied),
	FIELD("held", held), FIELD("expired", expired), FIELD("kept", kept),
	FIELD("findings", findings), FIELD("due", due), FIELD("problems", problems),
	FIELD("waiting", waiting), FIELD("waiting_there", waiting_there),
	FIELD("changes_there", changes_there), FIELD("postponed", postponed),
	FIELD("unsettled", unsettled), FIELD("wire_received", wire_received),
	FIELD("wire_sent", wire_sent) };

enum { FIELDS = sizeof fields / sizeof *fields };

static json_t *counts_to_json(const struct gw_sync_counts *c)
{
	json_t *o = json_object();

	for (size_t i = 0; i < FIELDS; i++) {
		uint64_t value;

		memcpy(&value, (const char *)c + fields[i].offset, sizeof value);
		json_object_set_new(o, fields[i].name, json_integer((json_int_t)value));
	}
	return o;
}

static void counts_from_json(const json_t *o, struct gw_sync_counts *c)
{
	for (size_t i = 0; i < FIELDS; i++) {
		json_int_t n = json_integer_value(json_object_get(o, fields[i].name));
		uint64_t value = n < 0 ? 0 : (uint64_t)n;

		memcpy((char *)c + fields[i].offset, &value, sizeof value);
	}
}

json_t *gw_json_text(const char *text)
{
	json_t *value = json_string(text); /* NULL for NULL, and for what is not UTF-8 */
	struct gw_buf shown;

	if (value == NULL && text != NULL) {
		gw_buf_init(&shown, SHOWN_MAX);
		(void)gw_show(gw_slice_str(text), &shown); /* too long: what fits */
		value = json_string(gw_buf_cstr(&shown));
		gw_buf_deinit(&shown);
	}
	return value != NULL ? value : json_null();
}

static void put_text(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, gw_json_text(text));
}

static void put_if(json_t *o, const char *key, const char *text)
{
	if (text != NULL)
		put_text(o, key, text);
}

static void put_error(json_t *o, const char *key, const struct gw_error *err)
{
	put_text(o, key, err == NULL ? NULL : gw_code_name(err->code));
	put_text(o, "text", err == NULL ? NULL : err->text);
}

static void put_step(json_t *o, const struct gw_sync_step *s)
{
	put_text(o, "what", s->what);
	if (s->uid != 0)
		json_object_set_new(o, "uid", json_integer(s->uid));
	put_if(o, "file", s->file);
	put_if(o, "from", s->from);
	put_if(o, "flags", s->flags);
	if (s->size != 0)
		json_object_set_new(o, "bytes", json_integer((json_int_t)s->size));
	put_text(o, "text", s->text);
}

static void put_details(json_t *o, const struct gw_sync_event *ev)
{
	switch (ev->type) {
	case GW_SYNC_STAGE:
		put_text(o, "stage", ev->text);
		break;
	case GW_SYNC_PROGRESS:
		break;
	case GW_SYNC_MAILBOX:
	case GW_SYNC_PLAN:
		if (ev->delta != NULL)
			json_object_update_new(o, counts_to_json(ev->delta));
		else
			put_text(o, "text", ev->text);
		break;
	case GW_SYNC_NEW:
		put_text(o, "file", ev->text);
		break;
	case GW_SYNC_STEP:
		put_step(o, ev->step);
		break;
	case GW_SYNC_FINDING:
		put_text(o, "text", ev->text);
		break;
	case GW_SYNC_PROBLEM:
		put_error(o, "kind", ev->err);
		break;
	case GW_SYNC_DONE:
		json_object_update_new(o, counts_to_json(ev->counts));
		put_error(o, "error", ev->err);
		break;
	}
}

char *gw_event_to_json(const char *account, const struct gw_sync_event *ev, bool totals)
{
	json_t *o = json_object();
	char *line;

	put_text(o, "account", account);
	json_object_set_new(o, "event", json_string(event_names[ev->type]));
	if (ev->mailbox != NULL || ev->type == GW_SYNC_PROBLEM)
		put_text(o, "mailbox", ev->mailbox);
	put_details(o, ev);
	if (totals)
		json_object_set_new(o, "totals", counts_to_json(ev->counts));
	line = json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(o);
	return line;
}

/* --- and back -------------------------------------------------------------------------------- */

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static bool read_error(const json_t *o, const char *key, struct gw_error *err)
{
	const char *kind = text_of(o, key), *text = text_of(o, "text");

	if (kind == NULL)
		return false;
	err->code = gw_code_named(kind);
	snprintf(err->text, sizeof err->text, "%s", text == NULL ? kind : text);
	return true;
}

static void read_step(const json_t *o, struct gw_sync_step *s)
{
	const char *what = text_of(o, "what"), *text = text_of(o, "text");

	*s = (struct gw_sync_step){ .what = what == NULL ? "" : what,
		.text = text == NULL ? "" : text,
		.uid = (uint32_t)json_integer_value(json_object_get(o, "uid")),
		.file = text_of(o, "file"),
		.from = text_of(o, "from"),
		.flags = text_of(o, "flags"),
		.size = (uint64_t)json_integer_value(json_object_get(o, "bytes")) };
}

static void read_details(const json_t *o, struct gw_parsed_event *p)
{
	struct gw_sync_event *ev = &p->ev;

	ev->mailbox = text_of(o, "mailbox");
	ev->text = text_of(o, ev->type == GW_SYNC_STAGE ? "stage"
			      : ev->type == GW_SYNC_NEW ? "file"
							: "text");
	if ((ev->type == GW_SYNC_MAILBOX || ev->type == GW_SYNC_PLAN) && ev->text == NULL) {
		counts_from_json(o, &p->delta);
		ev->delta = &p->delta;
	}
	if (ev->type == GW_SYNC_STEP) {
		read_step(o, &p->step);
		ev->step = &p->step;
	}
	if (ev->type == GW_SYNC_PROBLEM || ev->type == GW_SYNC_DONE)
		ev->err = read_error(o, ev->type == GW_SYNC_DONE ? "error" : "kind", &p->err)
				  ? &p->err
				  : NULL;
}

/* True if the event has every member that its readers rely on. */
static bool is_whole(const struct gw_sync_event *ev)
{
	switch (ev->type) {
	case GW_SYNC_PROGRESS:
	case GW_SYNC_DONE:
		return true;
	case GW_SYNC_STAGE:
		return ev->text != NULL;
	case GW_SYNC_PROBLEM:
		return ev->err != NULL;
	case GW_SYNC_NEW:
	case GW_SYNC_FINDING:
		return ev->text != NULL && ev->mailbox != NULL;
	case GW_SYNC_MAILBOX:
	case GW_SYNC_PLAN:
	case GW_SYNC_STEP:
		return ev->mailbox != NULL;
	}
	return false;
}

bool gw_event_parse(const char *line, size_t n, struct gw_parsed_event *p)
{
	json_error_t ignored;
	json_t *o = json_loadb(line, n, 0, &ignored);
	const char *name = text_of(o, "event");
	size_t type = 0;

	*p = (struct gw_parsed_event){ .owner = o };
	while (name != NULL && type < EVENTS && strcmp(event_names[type], name) != 0)
		type++;
	if (name == NULL || type == EVENTS || !json_is_object(json_object_get(o, "totals")))
		return false;
	p->ev.type = (enum gw_sync_event_type)type;
	counts_from_json(json_object_get(o, "totals"), &p->counts);
	p->ev.counts = &p->counts;
	read_details(o, p);
	return is_whole(&p->ev);
}

void gw_parsed_event_deinit(struct gw_parsed_event *p)
{
	json_decref(p->owner);
	p->owner = NULL;
}
