/* SPDX-License-Identifier: ISC */
/* tests/gmail/messages.c - what is done with messages, over IMAP and at Gmail's page; see gmaild.c.
 */
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static uint32_t last_uid(const struct session *s)
{
	return s->uid_count == 0 ? 0 : s->uids[s->uid_count - 1];
}

/* --- what changed is told -------------------------------------------------------------------- */

/* Which entries a mailbox shows: its newest, if there is a limit. */
size_t first_shown(const struct box *b)
{
	long limit = number(strcmp(b->attrs, "\\All") == 0 ? "all-limit" : "limit", 0);

	return limit > 0 && b->count > (size_t)limit ? b->count - (size_t)limit : 0;
}

void snapshot(struct session *s)
{
	size_t from = first_shown(s->box);

	s->uid_count = s->box->count - from;
	s->uids = realloc(s->uids, (s->uid_count + 1) * sizeof *s->uids);
	for (size_t i = 0; i < s->uid_count; i++)
		s->uids[i] = s->box->entries[from + i].uid;
	s->seen_modseq = store.modseq;
}

void tell_changes(struct session *s)
{
	size_t kept = 0, from;
	uint64_t since = s->seen_modseq;

	if (s->box == NULL)
		return;
	for (size_t i = s->uid_count; i > 0; i--) {
		if (box_entry(s->box, s->uids[i - 1]) == NULL)
			put(&s->out, "* %zu EXPUNGE\r\n", i);
	}
	for (size_t i = 0; i < s->uid_count; i++) {
		if (box_entry(s->box, s->uids[i]) != NULL)
			s->uids[kept++] = s->uids[i];
	}
	from = s->box->count - first_shown(s->box);
	if (from > kept)
		put(&s->out, "* %zu EXISTS\r\n", from);
	snapshot(s);
	for (size_t i = 0; i < kept; i++) {
		const struct entry *e = box_entry(s->box, s->uids[i]);

		if (e == NULL || e->message->modseq <= since)
			continue;
		put(&s->out, "* %zu FETCH (UID %u ", i + 1, e->uid);
		if (s->condstore)
			put(&s->out, "MODSEQ (%llu) ", (unsigned long long)e->message->modseq);
		put(&s->out, "FLAGS ");
		put_flags(&s->out, e->message->flags, e->deleted);
		put(&s->out, ")\r\n");
	}
}

/* --- messages -------------------------------------------------------------------------------- */

static void put_labels(struct session *s, const struct message *m)
{
	const char *space = "";

	put(&s->out, "X-GM-LABELS (");
	for (size_t i = 0; i < store.box_count; i++) {
		const struct box *b = store.boxes[i];

		if (b == s->box || strcmp(b->attrs, "\\All") == 0 || box_showing(b, m) == NULL)
			continue;
		put(&s->out, "%s", space);
		if (strcmp(b->name, "INBOX") == 0)
			put(&s->out, "\"\\\\Inbox\"");
		else if (*b->attrs != '\0')
			put(&s->out, "\"\\\\%s\"",
				strcmp(b->attrs, "\\Flagged") == 0 ? "Starred" : b->attrs + 1);
		else
			put_name(&s->out, b->name);
		space = " ";
	}
	put(&s->out, ") ");
}

static void put_body(struct session *s, const struct message *m, const char *section)
{
	const char *end = strstr(m->bytes, "\r\n\r\n");
	size_t n = strncasecmp(section, "HEADER]", 7) == 0 && end != NULL
			   ? (size_t)(end + 4 - m->bytes)
			   : m->n;

	size_t from = 0, most;
	char mode[20] = "";

	setting("pieces", mode, sizeof mode);
	if (strncmp(section, "]<", 2) == 0 && strcmp(mode, "ignored") != 0) {
		from = strtoul(section + 2, (char **)(uintptr_t)&end, 10);
		most = strtoul(end + 1, NULL, 10);
		from = from < n ? from : n;
		n = n - from < most ? n - from : most;
		put(&s->out, "BODY[]<%zu> {%zu}\r\n", from, n);
	} else {
		put(&s->out, "BODY[%s {%zu}\r\n", n == m->n ? "]" : "HEADER]", n);
	}
	put_bytes(&s->out, m->bytes + from, n);
	put(&s->out, " ");
	body_bytes += n;
}

static void fetch_one(struct session *s, size_t seq, const struct entry *e, const char *items)
{
	const struct message *m = e->message;
	const char *section;
	char date[40];

	put(&s->out, "* %zu FETCH (", seq);
	if (strcasestr(items, "X-GM-MSGID"))
		put(&s->out, "X-GM-MSGID %llu ", (unsigned long long)m->msgid);
	if (strcasestr(items, "EMAILID"))
		put(&s->out, "EMAILID (M%llx) ", (unsigned long long)m->msgid);
	if (strcasestr(items, "X-GM-THRID"))
		put(&s->out, "X-GM-THRID %llu ", (unsigned long long)m->thrid);
	if (strcasestr(items, "X-GM-LABELS"))
		put_labels(s, m);
	put(&s->out, "UID %u ", e->uid);
	if (strcasestr(items, "RFC822.SIZE"))
		put(&s->out, "RFC822.SIZE %zu ", m->n + (setting("size-off", NULL, 0) ? 7 : 0));
	if (strcasestr(items, "INTERNALDATE")) {
		strftime(date, sizeof date, "%d-%b-%Y %H:%M:%S +0000", gmtime(&m->date));
		put(&s->out, "INTERNALDATE \"%s\" ", date);
	}
	if (strcasestr(items, "MODSEQ") || strcasestr(items, "CHANGEDSINCE"))
		put(&s->out, "MODSEQ (%llu) ", (unsigned long long)m->modseq);
	section = strcasestr(items, "BODY.PEEK[");
	if (section != NULL)
		put_body(s, m, section + 10);
	put(&s->out, "FLAGS ");
	put_flags(&s->out, m->flags, e->deleted);
	put(&s->out, ")\r\n");
}

void do_fetch(struct session *s, char *p)
{
	char set[20000];
	const char *since;
	char mode[20];
	uint64_t modseq = 0;
	bool bodies = strcasestr(p, "BODY.PEEK[]") != NULL;
	long poison = number("poison", 0), session_bodies = number("session-bodies", 0);

	word(&p, set, sizeof set);
	since = strcasestr(p, "CHANGEDSINCE ");
	if (since != NULL && (modseq = strtoull(since + 13, NULL, 10)) == 0) {
		done(s, "BAD", "Could not parse command");
		return;
	}
	if (strstr(p, "[]<") != NULL && setting("pieces", mode, sizeof mode) &&
		strcmp(mode, "refused") == 0) {
		done(s, "BAD", "Could not parse command");
		return;
	}
	if (bodies && setting("overquota", NULL, 0)) {
		done(s, "NO",
			"[OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)");
		return;
	}
	for (size_t i = 0; i < s->uid_count; i++) {
		const struct entry *e = box_entry(s->box, s->uids[i]);

		if (e == NULL || !in_set(set, e->uid, last_uid(s)) ||
			(since != NULL && e->message->modseq <= modseq))
			continue;
		if (bodies && poison != 0 && (long)e->uid == poison) {
			done(s, "NO", "System Error (Failure)");
			return;
		}
		if (bodies && session_bodies > 0 && s->bodies++ == session_bodies) {
			put(&s->out, "* BYE Session expired, please login again.\r\n");
			s->closing = true;
			return;
		}
		fetch_one(s, i + 1, e, p);
	}
	done(s, "OK", "Success");
}

/* The mailbox that a name of X-GM-LABELS stands for. */
static struct box *labelled(const char *name)
{
	return strcasecmp(name, "\\Inbox") == 0     ? store_box(&store, "INBOX")
	       : strcasecmp(name, "\\Starred") == 0 ? store_special(&store, "\\Flagged")
	       : strcasecmp(name, "\\Draft") == 0   ? store_special(&store, "\\Drafts")
	       : *name == '\\'                      ? store_special(&store, name)
						    : store_box(&store, name);
}

/* "X-GM-MSGID a OR X-GM-MSGID b ...": is it one of them? */
static bool is_named(const char *keys, uint64_t msgid)
{
	for (; keys != NULL; keys = strcasestr(keys, "X-GM-MSGID ")) {
		keys += strlen("X-GM-MSGID ");
		if (strtoull(keys, NULL, 10) == msgid)
			return true;
	}
	return false;
}

void do_search(struct session *s, char *p)
{
	bool esearch = strncasecmp(p, "RETURN", 6) == 0, any = false;
	const char *uids = strcasestr(p, "UID "), *id = strcasestr(p, "Message-ID");
	bool deleted = strcasestr(p, "DELETED") != NULL;
	const char *labels = strcasestr(p, "X-GM-LABELS "), *msgids = strcasestr(p, "X-GM-MSGID ");
	const struct box *label = NULL;
	uint64_t lag = (uint64_t)number("search-lag", 0);
	uint64_t late = (uint64_t)number("search-lag-all", 0);
	char set[20000] = "", want[1000] = "";
	char *at;

	if (labels != NULL) {
		at = (char *)(uintptr_t)labels + 12;
		word(&at, want, sizeof want);
		label = labelled(want);
		*want = '\0';
	}

	if (uids != NULL) {
		at = (char *)(uintptr_t)uids + 4;
		word(&at, set, sizeof set);
	}
	if (id != NULL) {
		at = (char *)(uintptr_t)id + 10;
		word(&at, want, sizeof want);
	}
	if (esearch)
		put(&s->out, "* ESEARCH (TAG \"%s\") UID", s->tag);
	else
		put(&s->out, "* SEARCH");
	for (size_t i = 0; i < s->uid_count; i++) {
		const struct entry *e = box_entry(s->box, s->uids[i]);

		if (e == NULL || (uids != NULL && !in_set(set, e->uid, last_uid(s))) ||
			(deleted && !e->deleted) ||
			(labels != NULL && (label == NULL || !box_showing(label, e->message))) ||
			(msgids != NULL && !is_named(msgids, e->message->msgid)) ||
			(id != NULL && strcmp(e->message->id, want) != 0) ||
			((id != NULL || labels != NULL || msgids != NULL) &&
				e->message->msgid + lag >= store.next_msgid) ||
			e->message->msgid + late >= store.next_msgid)
			continue;
		put(&s->out, "%s%u", esearch ? (any ? "," : " ALL ") : " ", e->uid);
		any = true;
	}
	put(&s->out, "\r\n");
	done(s, "OK", "SEARCH completed (Success)");
}

/* Gmail's setting "When a message is marked as deleted and expunged from the last visible IMAP
 * folder". */
static void expunge_one(struct box *b, struct message *m)
{
	char mode[20] = "";
	bool seen = false;

	setting("expunge", mode, sizeof mode);
	for (size_t i = 0; i < store.box_count; i++) {
		const struct box *x = store.boxes[i];

		seen |= x != b && !hidden(x) && strcmp(x->attrs, "\\Flagged") != 0 &&
			strcmp(x->attrs, "\\Important") != 0 && box_showing(x, m) != NULL;
	}
	if (seen || *mode == '\0' || strcmp(b->attrs, "\\Trash") == 0 ||
		strcmp(b->attrs, "\\Junk") == 0) {
		store_unlabel(&store, b, m);
		return;
	}
	store_label(&store, store_special(&store, "\\Trash"), m);
	if (strcmp(mode, "forever") == 0)
		store_unlabel(&store, store_special(&store, "\\Trash"), m);
}

void do_store(struct session *s, char *p)
{
	char set[20000], what[40], label[1000];
	bool silent, plus, minus;
	uint64_t unchanged = UINT64_MAX;
	struct text modified = { 0 };
	uint32_t flags;

	word(&p, set, sizeof set);
	skip_space(&p);
	if (*p == '(') {
		const char *at = strcasestr(p, "UNCHANGEDSINCE ");

		unchanged = at == NULL ? UINT64_MAX : strtoull(at + 15, NULL, 10);
		p = strchr(p, ')') + 1;
	}
	word(&p, what, sizeof what);
	plus = *what == '+';
	minus = *what == '-';
	silent = strcasestr(what, ".SILENT") != NULL;
	if (strcasestr(what, "X-GM-LABELS") != NULL) {
		skip_space(&p);
		p += *p == '(';
		while (word(&p, label, sizeof label)) {
			struct box *b = labelled(label);

			if (b == NULL && plus && *label != '\\')
				b = store_create(&store, label, "");
			for (size_t i = 0; i < s->uid_count && b != NULL; i++) {
				struct entry *e = box_entry(s->box, s->uids[i]);

				if (e == NULL || !in_set(set, s->uids[i], last_uid(s)))
					continue;
				if (minus)
					store_unlabel(&store, b, e->message);
				else
					store_label(&store, b, e->message);
			}
		}
		done(s, "OK", "Success");
		return;
	}
	flags = flags_in(&p);
	for (size_t i = 0; i < s->uid_count; i++) {
		struct entry *e = box_entry(s->box, s->uids[i]);
		uint32_t old;

		if (e == NULL || !in_set(set, e->uid, last_uid(s)))
			continue;
		if (e->message->modseq > unchanged) {
			put(&modified, "%s%u", modified.n > 0 ? "," : "", e->uid);
			continue;
		}
		old = e->message->flags;
		if (flags & DELETED)
			e->deleted = !minus;
		store_flags(&store, e->message,
			(plus           ? old | flags
				: minus ? old & ~flags
					: flags) &
				~(uint32_t)DELETED);
		e = box_entry(s->box, s->uids[i]); /* a star moved the list */
		if (!silent && e != NULL)
			fetch_one(s, i + 1, e, "UID MODSEQ");
		if (e != NULL && (flags & DELETED) && !minus && number("auto-expunge", 1))
			expunge_one(s->box, e->message);
	}
	s->seen_modseq = silent ? store.modseq : s->seen_modseq;
	if (modified.n > 0) {
		put(&s->out, "%s OK [MODIFIED ", s->tag);
		put_bytes(&s->out, modified.p, modified.n);
		put(&s->out, "] Conditional STORE failed (Success)\r\n");
	} else {
		done(s, "OK", "Success");
	}
	free(modified.p);
}

void do_expunge(struct session *s, const char *set)
{
	for (size_t i = 0; i < s->uid_count; i++) {
		const struct entry *e = box_entry(s->box, s->uids[i]);

		if (e != NULL && e->deleted && (set == NULL || in_set(set, e->uid, last_uid(s))))
			expunge_one(s->box, e->message);
	}
	tell_changes(s);
	done(s, "OK", "Success");
}

void do_copy(struct session *s, char *p, bool move)
{
	char set[20000], name[1000], code[41000];
	struct text from = { 0 }, to = { 0 };
	struct message **all;
	size_t n = 0;
	struct box *b;

	word(&p, set, sizeof set);
	word(&p, name, sizeof name);
	b = store_box(&store, name);
	if (b == NULL || b->noselect || hidden(b)) {
		done(s, "NO", "[TRYCREATE] No folder (Failure)");
		return;
	}
	if (move && (has_word("move", "refused") || has_word("move", "missing"))) {
		done(s, has_word("move", "refused") ? "NO" : "BAD", "Could not do that (Failure)");
		return;
	}
	all = calloc(s->uid_count + 1, sizeof(void *));
	for (size_t i = 0; i < s->uid_count; i++) {
		const struct entry *e = box_entry(s->box, s->uids[i]);

		if (e == NULL || !in_set(set, e->uid, last_uid(s)))
			continue;
		put(&from, "%s%u", n > 0 ? "," : "", e->uid);
		all[n++] = e->message;
	}
	for (size_t i = 0; i < n; i++) {
		put(&to, "%s%u", i > 0 ? "," : "", store_label(&store, b, all[i]));
		if (move && b != s->box)
			store_unlabel(&store, s->box, all[i]);
	}
	free(all);
	tell_changes(s); /* the EXPUNGEs come before the code */
	if (n == 0)
		done(s, "OK", "Success");
	else if ((size_t)snprintf(code, sizeof code, "[COPYUID %u %s %s] (Success)", b->uidvalidity,
			 from.p, to.p) < sizeof code)
		put(&s->out, "%s OK ", s->tag), put_bytes(&s->out, code, strlen(code)),
			put(&s->out, "\r\n");
	free(from.p);
	free(to.p);
}

static time_t read_date(const char *text)
{
	struct tm tm = { 0 };
	int zone = 0;
	const char *rest = strptime(text, "%d-%b-%Y %H:%M:%S", &tm);

	if (rest != NULL)
		zone = (int)strtol(rest, NULL, 10);
	return rest == NULL ? time(NULL) : timegm(&tm) - (zone / 100 * 3600 + zone % 100 * 60);
}

void do_append(struct session *s, char *p)
{
	char name[1000], date[60] = "";
	uint32_t flags = 0, uid;
	struct box *b;
	size_t n;

	word(&p, name, sizeof name);
	skip_space(&p);
	if (*p == '(')
		flags = flags_in(&p);
	skip_space(&p);
	if (*p == '"')
		word(&p, date, sizeof date);
	skip_space(&p);
	b = store_box(&store, name);
	n = strtoul(p + 1, NULL, 10);
	if (b == NULL || b->noselect || hidden(b)) {
		done(s, "NO", "[TRYCREATE] Folder doesn't exist. (Failure)");
		return;
	}
	if (n > 35651584) {
		done(s, "NO", "[TOOBIG] Message too large. (Failure)");
		return;
	}
	p = strchr(p, '\n') + 1;
	uid = store_append(&store, b, p, n, flags & ~(uint32_t)DELETED, read_date(date));
	tell_changes(s);
	put(&s->out, "%s OK [APPENDUID %u %u] (Success)\r\n", s->tag, b->uidvalidity, uid);
}

/* --- a person at Gmail's page ---------------------------------------------------------------- */

static struct message *by_msgid(const char *text)
{
	uint64_t id = strtoull(text, NULL, 10);

	for (size_t i = 0; i < store.box_count; i++) {
		for (size_t k = 0; k < store.boxes[i]->count; k++) {
			if (store.boxes[i]->entries[k].message->msgid == id)
				return store.boxes[i]->entries[k].message;
		}
	}
	return NULL;
}

static uint64_t distinct_bytes(void)
{
	const struct box *all = store_special(&store, "\\All");
	uint64_t n = 0;

	for (size_t i = 0; i < all->count; i++)
		n += all->entries[i].message->n;
	return n;
}

static void dump_one(struct session *s, const struct message *m)
{
	put(&s->out, "* %llu ", (unsigned long long)m->msgid);
	put_flags(&s->out, m->flags, false);
	put(&s->out, " %s", *m->id != '\0' ? m->id : "-");
	for (size_t i = 0; i < store.box_count; i++) {
		if (box_showing(store.boxes[i], m) != NULL)
			put(&s->out, "\t%s", store.boxes[i]->name);
	}
	put(&s->out, "\r\n");
}

static void dump(struct session *s)
{
	static const char *const roots[] = { "\\All", "\\Trash", "\\Junk" };

	for (size_t r = 0; r < 3; r++) { /* each message is in one of them */
		const struct box *b = store_special(&store, roots[r]);

		for (size_t i = 0; i < b->count; i++)
			dump_one(s, b->entries[i].message);
	}
}

void do_web(struct session *s, char *p)
{
	char verb[20], first[1000], second[1000];
	struct message *m = NULL;
	struct box *b;
	size_t n;

	word(&p, verb, sizeof verb);
	if (strcmp(verb, "AT") == 0 && word(&p, first, sizeof first)) {
		skip_space(&p);
		later_add(strtol(first, NULL, 10) - 1, p, strlen(p));
	} else if (strcmp(verb, "NEVER") == 0) {
		later_drop();
	} else if (strcmp(verb, "NOW") == 0) {
		later_now(s);
	} else if (strcmp(verb, "ID") == 0) {
		put(&s->out, "* %s\r\n", last_id);
	} else if (strcmp(verb, "COMMANDS") == 0) {
		put(&s->out, "* %llu\r\n", (unsigned long long)commands);
	} else if (strcmp(verb, "DUMP") == 0) {
		dump(s);
	} else if (strcmp(verb, "BYTES") == 0) {
		put(&s->out, "* %llu %llu\r\n", (unsigned long long)body_bytes,
			(unsigned long long)distinct_bytes());
	} else if (strcmp(verb, "RENAME") == 0 && word(&p, first, sizeof first) &&
		   word(&p, second, sizeof second) && (b = store_box(&store, first)) != NULL) {
		free(b->name);
		b->name = strdup(second);
		b->uidvalidity = store.next_uidvalidity++;
	} else if (strcmp(verb, "PACE") == 0) {
		put(&s->out, "* %llu %llu\r\n", (unsigned long long)answers,
			(unsigned long long)slow_answers);
	} else if (strcmp(verb, "DELIVER") == 0) {
		word(&p, first, sizeof first);
		b = store_box(&store, first);
		if (b == NULL)
			b = store_create(&store, first, "");
		skip_space(&p);
		n = strtoul(p + 1, NULL, 10);
		store_append(&store, b, strchr(p, '\n') + 1, n, 0, time(NULL));
	} else if (word(&p, first, sizeof first) && (m = by_msgid(first)) != NULL) {
		if (strcmp(verb, "FLAGS") == 0) {
			store_flags(&store, m, flags_in(&p));
		} else if (word(&p, second, sizeof second)) {
			b = store_box(&store, second);
			if (b == NULL)
				b = store_create(&store, second, "");
			if (strcmp(verb, "LABEL") == 0)
				store_label(&store, b, m);
			else
				store_unlabel(&store, b, m);
		}
	}
	done(s, "OK", "Success");
}
