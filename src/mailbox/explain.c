/* SPDX-License-Identifier: ISC */
/* mailbox/explain.c - what is done to each message, and why, in words: the steps of a dry run, and
 * the log of a real one; part of the machine in box_p.h.
 */
#include "mailbox/box_p.h"

#include "imap/flags.h"
#include "store/journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void step(struct gw_box *box, const struct gw_sync_step *given, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void step(struct gw_box *box, const struct gw_sync_step *given, const char *fmt, ...)
{
	struct gw_sync_step s = *given;
	char text[1000];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	s.text = text;
	box->env->step(box->env->ctx, box, &s);
}

static const char *name_of(const struct gw_box *box, uint32_t local)
{
	return local == GW_NO_LOCAL ? NULL : gw_scan_name(&box->local.scan, local);
}

/* The digest of a Message-ID, as the log has it; NULL: not known. */
static const char *id_text(const uint8_t *msgid, char out[static GW_JOURNAL_ID])
{
	static const uint8_t none[GW_HASH_BYTES];

	if (msgid == NULL || memcmp(msgid, none, sizeof none) == 0)
		return NULL;
	gw_journal_id(msgid, out);
	return out;
}

/* "+\Seen -\Flagged +work" */
static void describe_flags(
	const struct gw_box *box, uint64_t has, uint64_t gets, char *out, size_t size)
{
	uint64_t differ = (has ^ gets) & GW_FLAGS_ALL;
	size_t n = 0;

	*out = '\0';
	for (unsigned i = 0; i < 64 && differ != 0; i++) {
		uint64_t flag = UINT64_C(1) << i;
		const char *name = gw_flag_name(flag);
		int more;

		if (!(differ & flag))
			continue;
		differ &= ~flag;
		if (name == NULL && i >= GW_KEYWORD_FIRST)
			name = box->keywords.names[i - GW_KEYWORD_FIRST];
		more = snprintf(out + n, size - n, "%s%c%s", n > 0 ? " " : "",
			gets & flag ? '+' : '-', name == NULL ? "?" : name);
		if (more < 0 || (size_t)more >= size - n)
			return; /* as much as fits */
		n += (size_t)more;
	}
}

/* A dry run says what would be done. */
static const char *does(const struct gw_box *box, const char *now, const char *would)
{
	return box->env->dry_run ? would : now;
}

static void tell_flags(struct gw_box *box, const struct gw_action *a)
{
	bool here = a->kind == GW_DO_LOCAL_FLAGS;
	uint64_t has = here ? box->local.messages[a->local].flags : a->base_flags;
	struct gw_sync_step s = { .what = here ? "flags-here" : "flags-there",
		.uid = a->uid,
		.file = name_of(box, a->local) };
	char flags[400];

	describe_flags(box, has, a->flags, flags, sizeof flags);
	s.flags = flags;
	step(box, &s, "UID %u %s %s %s", a->uid, does(box, "gets", "would get"), flags,
		here ? "here" : "on the server");
}

static bool goes_to_trash(const struct gw_box *box)
{
	return (box->env->merges || box->env->account->deletes == GW_DELETE_TRASH) &&
	       !(box->folder->attrs & GW_LIST_TRASH) && box->env->trash != NULL;
}

static const char *becomes_of_kept(const struct gw_box *box)
{
	return box->env->account->direction == GW_DIRECTION_PULL
		       ? does(box, "stays here", "would stay here")
		       : does(box, "is uploaded", "would be uploaded");
}

/* True if it was held back before, whatever is done about it now. */
static bool was_held(const struct gw_box *box, const struct gw_action *a)
{
	return (a->kind == GW_DO_HOLD_DELETE && gw_seqset_has(&box->local.held_gone, a->uid)) ||
	       (a->kind == GW_DO_HOLD_REMOTE && gw_seqset_has(&box->local.held_here, a->uid)) ||
	       (a->kind == GW_DO_HOLD_FLAGS && gw_box_knows_held_flags(box, a));
}

static void tell_held(struct gw_box *box, const struct gw_action *a, struct gw_sync_step *s)
{
	s->what = a->kind == GW_DO_HOLD_DELETE ? "hold-here" : "hold-there";
	if (a->kind == GW_DO_HOLD_DELETE)
		step(box, s, "UID %u is gone on the server: %s %s kept, until you decide", a->uid,
			s->file, does(box, "is", "would be"));
	else if (a->kind == GW_DO_HOLD_REMOTE)
		step(box, s, "UID %u is gone here: it %s kept on the server, until you decide",
			a->uid, does(box, "is", "would be"));
	else if (a->kind == GW_DO_HOLD)
		step(box, s,
			"UID %u was deleted here, but the mailbox takes no changes: it %s on the server",
			a->uid, does(box, "stays", "would stay"));
	else
		step(box, s, "UID %u: the server does not store what was changed of its flags here",
			a->uid);
}

static void tell_gone(struct gw_box *box, const struct gw_action *a, const char *id)
{
	struct gw_sync_step s = { .uid = a->uid,
		.file = name_of(box, a->local),
		.id = id,
		.repeated = was_held(box, a) };

	switch ((enum gw_action_kind)a->kind) {
	case GW_DO_DELETE_LOCAL:
		s.what = "delete-here";
		step(box, &s, "UID %u is gone on the server: %s %s to the attic", a->uid, s.file,
			does(box, "goes", "would go"));
		break;
	case GW_DO_STRAY:
		s.what = "delete-here";
		step(box, &s, "%s, whose fetch was interrupted, is gone on the server: it %s",
			s.file, does(box, "goes", "would go"));
		break;
	case GW_DO_DELETE_REMOTE:
		s.what = "delete-there";
		step(box, &s, "UID %u was deleted here: on the server it %s %s", a->uid,
			does(box, "goes", "would go"),
			!goes_to_trash(box) ? "for good"
			: box->env->merges  ? "to the trash, unless it stays in another mailbox"
					    : "to the trash");
		break;
	case GW_DO_REPLACED:
		s.what = "replace-there";
		step(box, &s, "UID %u was edited here: %s %s its place on the server", a->uid,
			s.file, does(box, "takes", "would take"));
		break;
	case GW_DO_LEAVE:
		s.what = "leave";
		step(box, &s, "UID %u was deleted here, and %s on the server (delete = never)",
			a->uid, does(box, "stays", "would stay"));
		break;
	case GW_DO_HOLD_DELETE:
	case GW_DO_HOLD_REMOTE:
	case GW_DO_HOLD:
	case GW_DO_HOLD_FLAGS:
		tell_held(box, a, &s);
		break;
	case GW_DO_KEEP:
		s.what = "keep";
		step(box, &s, "UID %u is gone on the server, but %s was changed here: it %s",
			a->uid, s.file, becomes_of_kept(box));
		break;
	case GW_DO_UNKEPT:
		s.what = "keep";
		step(box, &s,
			"UID %u, which the server said it had stored, is not there: %s %s sent again, once",
			a->uid, s.file, does(box, "is", "would be"));
		break;
	case GW_DO_HIDE:
		s.what = "keep";
		step(box, &s, "UID %u is not shown by the server any more, and still there: %s %s",
			a->uid, s.file, does(box, "stays", "would stay"));
		break;
	case GW_DO_EXPIRE:
		s.what = "expire";
		step(box, &s, "UID %u is outside the window: %s %s", a->uid, s.file,
			does(box, "leaves", "would leave"));
		break;
	case GW_DO_DOWNLOAD: /* told by tell_new() and its like, or by nobody */
	case GW_DO_PAIR:
	case GW_DO_LOCAL_FLAGS:
	case GW_DO_BASE_FLAGS:
	case GW_DO_REMOTE_FLAGS:
	case GW_DO_SETTLE_FLAGS:
	case GW_DO_UNHOLD:
	case GW_DO_RETURN:
	case GW_DO_FORGET:
	case GW_DO_UPLOAD:
	case GW_DO_HOLD_UPLOAD:
	case GW_DO_REFUSE:
	case GW_DO_SKIP:
	case GW_DO_STAY:
	case GW_DO_NOTHING:
	case GW_DO_RELINK:
	case GW_DO_TAKE:
		break;
	}
}

static void tell_new(struct gw_box *box, const struct gw_action *a, const char *id)
{
	struct gw_sync_step s = {
		.uid = a->uid, .file = name_of(box, a->local), .size = a->size, .id = id
	};
	const struct gw_file_print *p;

	switch ((enum gw_action_kind)a->kind) {
	case GW_DO_DOWNLOAD:
		s.what = "fetch";
		step(box, &s, "UID %u %s fetched (%u bytes)", a->uid, does(box, "is", "would be"),
			a->size);
		break;
	case GW_DO_RETURN:
		s.what = "fetch";
		step(box, &s,
			"UID %u was deleted here, but changed on the server: it %s fetched again",
			a->uid, does(box, "is", "would be"));
		break;
	case GW_DO_PAIR:
		s.what = "join";
		step(box, &s, "UID %u %s joined with %s%s", a->uid, does(box, "is", "would be"),
			s.file, a->check_body ? ", if their bodies are the same" : "");
		break;
	case GW_DO_UPLOAD:
		s.what = "upload";
		p = gw_box_print_of(box, a->local);
		s.size = p == NULL ? 0 : p->facts.crlf_size;
		step(box, &s, "%s %s uploaded (%llu bytes)", s.file, does(box, "is", "would be"),
			(unsigned long long)s.size);
		break;
	case GW_DO_HOLD_UPLOAD:
		s.what = "hold-upload";
		step(box, &s, "%s is not known here, and %s uploaded until you decide", s.file,
			does(box, "is not", "would not be"));
		break;
	case GW_DO_REFUSE:
		s.what = "refuse";
		step(box, &s,
			"%s %s uploaded: the mailbox is read-only, or the Maildir an older copy",
			s.file, does(box, "is not", "would not be"));
		break;
	case GW_DO_LOCAL_FLAGS: /* told by tell_gone() and its like, or by nobody */
	case GW_DO_BASE_FLAGS:
	case GW_DO_REMOTE_FLAGS:
	case GW_DO_HOLD_FLAGS:
	case GW_DO_SETTLE_FLAGS:
	case GW_DO_DELETE_LOCAL:
	case GW_DO_HOLD_DELETE:
	case GW_DO_DELETE_REMOTE:
	case GW_DO_HOLD_REMOTE:
	case GW_DO_UNHOLD:
	case GW_DO_LEAVE:
	case GW_DO_FORGET:
	case GW_DO_KEEP:
	case GW_DO_UNKEPT:
	case GW_DO_STRAY:
	case GW_DO_SKIP:
	case GW_DO_EXPIRE:
	case GW_DO_STAY:
	case GW_DO_HOLD:
	case GW_DO_NOTHING:
	case GW_DO_HIDE:
	case GW_DO_RELINK:
	case GW_DO_TAKE:
	case GW_DO_REPLACED:
		break;
	}
}

static void tell_take(struct gw_box *box, const struct gw_action *a)
{
	const struct gw_box_take *t = &box->takes[a->local];
	struct gw_sync_step s = { .what = "move-here", .uid = a->uid };
	char id[GW_JOURNAL_ID];

	if (t->from == NULL || t->wished) /* that one was told of as it was deleted */
		return;
	s.file = name_of(t->from, t->from_local);
	s.from = t->from->folder->shown;
	if (t->facts != NULL)
		s.id = id_text(t->facts->print.msgid, id);
	step(box, &s, "UID %u was moved here on the server: %s %s from %s", a->uid, s.file,
		does(box, "follows", "would follow"), s.from);
}

static void tell_carry(struct gw_box *box, const struct gw_box_carry *c)
{
	char id[GW_JOURNAL_ID];
	const struct gw_sync_step s = { .what = "move-there",
		.uid = c->uid,
		.file = name_of(box, c->local),
		.from = c->from == NULL ? NULL : c->from->folder->shown,
		.id = id_text(c->print == NULL ? NULL : c->print->msgid, id) };

	if (s.from != NULL)
		step(box, &s, "%s was moved here: UID %u %s from %s on the server", s.file, c->uid,
			does(box, "follows", "would follow"), s.from);
}

/* Finds the Message-ID in base's row of a gone message, or in the file.  gone is a cursor over box->gone, which
 * is in order of UIDs, as the plan is; its indices in the plan are those of before the guard took out what an
 * earlier run held. */
static const uint8_t *msgid_of(struct gw_box *box, const struct gw_action *a, size_t *gone)
{
	const struct gw_file_print *p;

	while (*gone < box->gone_count && box->gone[*gone].uid < a->uid)
		(*gone)++;
	if (*gone < box->gone_count && box->gone[*gone].uid == a->uid)
		return box->gone[*gone].print.msgid;
	if (a->kind != GW_DO_UPLOAD && a->kind != GW_DO_REFUSE && a->kind != GW_DO_HOLD_UPLOAD)
		return NULL;
	p = gw_box_print_of(box, a->local);
	return p == NULL || !p->ok ? NULL : p->print.msgid;
}

/* True if the action is reported: arriving mail only in a dry run, since it can be seen. */
static bool is_told(const struct gw_box *box, const struct gw_action *a)
{
	return box->env->dry_run || (a->kind != GW_DO_DOWNLOAD && a->kind != GW_DO_PAIR);
}

void gw_box_tell(struct gw_box *box)
{
	size_t gone = 0;

	for (size_t i = 0; i < box->plan.count; i++) {
		const struct gw_action *a = &box->plan.actions[i];
		char text[GW_JOURNAL_ID];
		const char *id = id_text(msgid_of(box, a, &gone), text);

		if (!is_told(box, a))
			continue;
		if (a->kind == GW_DO_TAKE) { /* its `local` is not one of this box's files */
			tell_take(box, a);
			continue;
		}
		if (a->kind == GW_DO_LOCAL_FLAGS || a->kind == GW_DO_REMOTE_FLAGS)
			tell_flags(box, a);
		tell_new(box, a, id);
		tell_gone(box, a, id);
	}
	for (size_t i = 0; i < box->carry_count; i++)
		tell_carry(box, &box->carries[i]);
}
