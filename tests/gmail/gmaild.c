/* tests/gmail/gmaild.c - an IMAP server with Gmail's ways, as far as they matter to a synchronizer.
 *
 * Usage: gmaild SETTINGS
 *
 * Listens on a free port of 127.0.0.1, in clear, and prints it.  SETTINGS is read again at every
 * command: password=P, token=T     what signs in (the user is anybody) connections=N           at
 * most (15)           localised     German names (at start) auto-expunge=0          \Deleted waits
 * for EXPUNGE no-star                 no new keywords        size-off      RFC822.SIZE is wrong
 *   throttled               "[THROTTLED]" behind every OK
 *   overquota               FETCH of bodies is refused: "Account exceeded command or bandwidth
 * limits." expired                 every session gets "BYE Session expired" app-password,
 * web-login, disabled    the login is refused with Gmail's words poison=UID              this one
 * answers "System Error" to FETCH limit=N                 mailboxes show their newest N messages
 * only
 *
 * Beside IMAP there is the command WEB, for tests, also before the login: what a person does at
 * Gmail's page, and what it shows:
 *   WEB DELIVER label {literal}      WEB LABEL msgid label       WEB UNLABEL msgid label
 *   WEB FLAGS msgid (flags)          WEB DUMP    ("* msgid flags Message-ID label label ...")
 *   WEB BYTES    (sent in bodies so far)
 */
#include "store.h"

#include <ctype.h>
#include <openssl/base64.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

enum { INPUT_MAX = 64 * 1024 * 1024 };

struct text {
	char *p;
	size_t n, cap;
};

struct session {
	uv_tcp_t tcp;
	struct session *next;
	struct text in; /* a command, literals included, as far as it came */
	size_t scanned; /* up to where lines were looked at for literals */
	size_t literal; /* bytes of one that are still to come */
	struct text out;
	char tag[40];
	bool signed_in, condstore, idling, closing, read_only, counted;
	char challenge[20]; /* AUTHENTICATE waits for an answer: the mechanism */
	struct box *box;    /* selected */
	uint32_t *uids;     /* owned; by sequence number */
	size_t uid_count;
	uint64_t seen_modseq;
};

static struct store store;
static struct session *sessions;
static const char *settings_path;
static uint64_t body_bytes;

/* --- settings -------------------------------------------------------------------------------- */

static bool setting(const char *name, char *value, size_t size)
{
	FILE *f = fopen(settings_path, "r");
	char line[300];
	size_t n = strlen(name);
	bool found = false;

	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, name, n) != 0 || (line[n] != '\0' && line[n] != '='))
			continue;
		found = true;
		if (value != NULL)
			snprintf(value, size, "%s", line[n] == '=' ? line + n + 1 : "");
	}
	if (f != NULL)
		fclose(f);
	return found;
}

static long number(const char *name, long otherwise)
{
	char value[300];

	return setting(name, value, sizeof value) ? strtol(value, NULL, 10) : otherwise;
}

/* --- output ---------------------------------------------------------------------------------- */

static void put_bytes(struct text *t, const void *p, size_t n)
{
	if (t->n + n + 1 > t->cap) {
		t->cap = (t->n + n + 1) * 2;
		t->p = realloc(t->p, t->cap);
		if (t->p == NULL)
			exit(1);
	}
	memcpy(t->p + t->n, p, n);
	t->n += n;
	t->p[t->n] = '\0';
}

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
	char line[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	put_bytes(t, line, strlen(line));
}

static void on_closed(uv_handle_t *handle)
{
	struct session *s = (struct session *)handle, **at = &sessions;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	free(s->in.p);
	free(s->out.p);
	free(s->uids);
	free(s);
}

static void close_session(struct session *s)
{
	if (!uv_is_closing((uv_handle_t *)&s->tcp))
		uv_close((uv_handle_t *)&s->tcp, on_closed);
}

struct writing {
	uv_write_t req;
	char *p;
};

static void on_written(uv_write_t *req, int status)
{
	struct writing *w = (struct writing *)req;
	struct session *s = (struct session *)req->handle;

	if (status == 0 && s->closing && uv_stream_get_write_queue_size(req->handle) == 0)
		close_session(s);
	free(w->p);
	free(w);
}

static void flush_out(struct session *s)
{
	struct writing *w;
	uv_buf_t buf;

	if (s->out.n == 0 || uv_is_closing((uv_handle_t *)&s->tcp))
		return;
	w = calloc(1, sizeof *w);
	w->p = s->out.p;
	buf = uv_buf_init(s->out.p, (unsigned)s->out.n);
	s->out = (struct text){ 0 };
	uv_write(&w->req, (uv_stream_t *)&s->tcp, &buf, 1, on_written);
}

static void done(struct session *s, const char *status, const char *text)
{
	bool slow = strcmp(status, "OK") == 0 && setting("throttled", NULL, 0);

	put(&s->out, "%s %s %s%s\r\n", s->tag, status, text, slow ? " [THROTTLED]" : "");
}

static void put_flags(struct text *t, uint32_t flags, bool deleted)
{
	static const char *const names[] = { "\\Seen", "\\Answered", "\\Flagged", "\\Draft" };
	const char *space = "";

	put(t, "(");
	for (size_t i = 0; i < 4; i++) {
		if (flags & 1u << i) {
			put(t, "%s%s", space, names[i]);
			space = " ";
		}
	}
	for (size_t i = 0; i < store.keyword_count; i++) {
		if (flags & (uint32_t)KEYWORD << i) {
			put(t, "%s%s", space, store.keywords[i]);
			space = " ";
		}
	}
	put(t, "%s)", deleted ? (*space != '\0' ? " \\Deleted" : "\\Deleted") : "");
}

/* --- what changed is told -------------------------------------------------------------------- */

/* Which entries a mailbox shows: its newest, if there is a limit. */
static size_t first_shown(const struct box *b)
{
	long limit = number("limit", 0);

	return limit > 0 && b->count > (size_t)limit ? b->count - (size_t)limit : 0;
}

static void snapshot(struct session *s)
{
	size_t from = first_shown(s->box);

	s->uid_count = s->box->count - from;
	s->uids = realloc(s->uids, (s->uid_count + 1) * sizeof *s->uids);
	for (size_t i = 0; i < s->uid_count; i++)
		s->uids[i] = s->box->entries[from + i].uid;
	s->seen_modseq = store.modseq;
}

static void tell_changes(struct session *s)
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

static void tell_idlers(void)
{
	for (struct session *s = sessions; s != NULL; s = s->next) {
		if (!s->idling)
			continue;
		tell_changes(s);
		flush_out(s);
	}
}

/* --- arguments ------------------------------------------------------------------------------- */

static void skip_space(char **p)
{
	while (**p == ' ')
		(*p)++;
}

/* An atom, quoted string or literal, copied to out and ended by NUL.  false: there is none. */
static bool word(char **p, char *out, size_t size)
{
	size_t n = 0;

	skip_space(p);
	if (**p == '"') {
		for ((*p)++; **p != '"' && **p != '\0' && n + 1 < size; (*p)++) {
			if (**p == '\\')
				(*p)++;
			out[n++] = **p;
		}
		if (**p == '"')
			(*p)++;
	} else if (**p == '{') {
		size_t length = strtoul(*p + 1, NULL, 10);

		*p = strchr(*p, '\n') + 1;
		n = length + 1 < size ? length : size - 1;
		memcpy(out, *p, n);
		*p += length;
	} else {
		while (**p != '\0' && strchr(" ()\r\n", **p) == NULL && n + 1 < size)
			out[n++] = *(*p)++;
		if (n == 0)
			return false;
	}
	out[n] = '\0';
	return true;
}

static bool in_set(const char *set, uint32_t uid, uint32_t last)
{
	for (const char *p = set; *p != '\0'; p++) {
		char *end;
		unsigned long a =
			*p == '*' ? (end = (char *)(uintptr_t)p + 1, last) : strtoul(p, &end, 10);
		unsigned long b = a;

		if (*end == ':')
			b = end[1] == '*' ? (end += 2, last) : strtoul(end + 1, &end, 10);
		if ((uid >= a && uid <= b) || (uid >= b && uid <= a))
			return true;
		p = end;
		if (*p == '\0')
			break;
	}
	return false;
}

static uint32_t flag_bit(const char *name)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} system[] = { { "\\Seen", SEEN }, { "\\Answered", ANSWERED }, { "\\Flagged", FLAGGED },
		{ "\\Draft", DRAFT }, { "\\Deleted", DELETED } };

	for (size_t i = 0; i < sizeof system / sizeof *system; i++) {
		if (strcasecmp(system[i].name, name) == 0)
			return system[i].bit;
	}
	if (*name == '\\' || setting("no-star", NULL, 0))
		return 0;
	return store_keyword(&store, name);
}

/* "(a b)"; the bits of flags. */
static uint32_t flags_in(char **p)
{
	char name[200];
	uint32_t flags = 0;

	skip_space(p);
	if (**p == '(')
		(*p)++;
	while (word(p, name, sizeof name))
		flags |= flag_bit(name);
	if (**p == ')')
		(*p)++;
	return flags;
}

static uint32_t last_uid(const struct session *s)
{
	return s->uid_count == 0 ? 0 : s->uids[s->uid_count - 1];
}

/* --- signing in ------------------------------------------------------------------------------ */

static const char before[] =
	"IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 XYZZY "
	"SASL-IR AUTH=XOAUTH2 AUTH=PLAIN AUTH=PLAIN-CLIENTTOKEN AUTH=OAUTHBEARER";
static const char after[] =
	"IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS "
	"ENABLE MOVE CONDSTORE ESEARCH LIST-EXTENDED LIST-STATUS LITERAL- SPECIAL-USE "
	"APPENDLIMIT=35651584";

static void sign_in(struct session *s, bool right)
{
	long used = 0;

	for (struct session *x = sessions; x != NULL; x = x->next)
		used += x->signed_in;
	if (setting("app-password", NULL, 0))
		done(s, "NO",
			"[ALERT] Application-specific password required: "
			"https://support.google.com/accounts/answer/185833 (Failure)");
	else if (setting("web-login", NULL, 0)) {
		put(&s->out,
			"* NO [WEBALERT https://accounts.google.com/signin/continue?x=1] Web login "
			"required.\r\n");
		done(s, "NO",
			"[ALERT] Please log in via your web browser: "
			"https://support.google.com/mail/accounts/answer/78754 (Failure)");
	} else if (setting("disabled", NULL, 0))
		done(s, "NO",
			"[ALERT] Your account is not enabled for IMAP use. Please visit your "
			"Gmail settings page and enable your account for IMAP access. (Failure)");
	else if (!right)
		done(s, "NO", "[AUTHENTICATIONFAILED] Invalid credentials (Failure)");
	else if (used >= number("connections", 15))
		done(s, "NO", "[ALERT] Too many simultaneous connections. (Failure)");
	else {
		s->signed_in = true;
		put(&s->out, "* CAPABILITY %s\r\n", after);
		done(s, "OK", "somebody@gmail.com authenticated (Success)");
	}
}

static void take_answer(struct session *s, const char *mechanism, const char *base64)
{
	char plain[4096] = "", want[300] = "";
	size_t n = 0;

	if (strlen(base64) > 5000 || !EVP_DecodeBase64((uint8_t *)plain, &n, sizeof plain - 1,
					     (const uint8_t *)base64, strlen(base64)))
		n = 0;
	plain[n] = '\0';
	if (strcasecmp(mechanism, "PLAIN") == 0) {
		const char *user = plain + strlen(plain) + 1;

		setting("password", want, sizeof want);
		sign_in(s, n > 2 && user < plain + n && *want != '\0' &&
				   strcmp(user + strlen(user) + 1, want) == 0);
		return;
	}
	if (setting("token", want, sizeof want) && *want != '\0') {
		char *at = strstr(plain, "auth=Bearer ");

		if (at != NULL && strncmp(at + 12, want, strlen(want)) == 0 &&
			at[12 + strlen(want)] == 1) {
			sign_in(s, true);
			return;
		}
	}
	put(&s->out,
		"+ eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29v"
		"Z2xlLmNvbS8ifQ==\r\n");
	snprintf(s->challenge, sizeof s->challenge, "refused");
}

static void do_authenticate(struct session *s, char *p)
{
	char mechanism[20], initial[6000];

	word(&p, mechanism, sizeof mechanism);
	if (word(&p, initial, sizeof initial)) {
		take_answer(s, mechanism, initial);
	} else {
		put(&s->out, "+ \r\n");
		snprintf(s->challenge, sizeof s->challenge, "%s", mechanism);
	}
}

static void do_login(struct session *s, char *p)
{
	char user[200], password[200], want[300] = "";

	word(&p, user, sizeof user);
	word(&p, password, sizeof password);
	setting("password", want, sizeof want);
	sign_in(s, *want != '\0' && strcmp(password, want) == 0);
}

/* --- mailboxes ------------------------------------------------------------------------------- */

static void put_name(struct text *t, const char *name)
{
	put(t, "\"");
	for (; *name != '\0'; name++)
		put(t, *name == '"' || *name == '\\' ? "\\%c" : "%c", *name);
	put(t, "\"");
}

static void put_status(struct session *s, const struct box *b, const char *items)
{
	size_t shown = b->count - first_shown(b), unseen = 0;
	const char *space = "";

	for (size_t i = first_shown(b); i < b->count; i++)
		unseen += !(b->entries[i].message->flags & SEEN);
	put(&s->out, "* STATUS ");
	put_name(&s->out, b->name);
	put(&s->out, " (");
	if (strcasestr(items, "MESSAGES"))
		put(&s->out, "MESSAGES %zu", shown), space = " ";
	if (strcasestr(items, "UIDNEXT"))
		put(&s->out, "%sUIDNEXT %u", space, b->uidnext), space = " ";
	if (strcasestr(items, "UIDVALIDITY"))
		put(&s->out, "%sUIDVALIDITY %u", space, b->uidvalidity), space = " ";
	if (strcasestr(items, "UNSEEN"))
		put(&s->out, "%sUNSEEN %zu", space, unseen), space = " ";
	if (strcasestr(items, "HIGHESTMODSEQ"))
		put(&s->out, "%sHIGHESTMODSEQ %llu", space, (unsigned long long)b->modseq);
	put(&s->out, ")\r\n");
}

static void do_list(struct session *s, char *p)
{
	const char *items = strcasestr(p, "STATUS (");

	for (size_t i = 0; i < store.box_count; i++) {
		const struct box *b = store.boxes[i];

		put(&s->out, "* LIST (%s%s%s) \"/\" ",
			b->noselect ? "\\HasChildren" : "\\HasNoChildren",
			*b->attrs != '\0' ? " " : "", b->attrs);
		put_name(&s->out, b->name);
		put(&s->out, "\r\n");
		if (items != NULL && !b->noselect)
			put_status(s, b, items);
	}
	done(s, "OK", "Success");
}

static void do_select(struct session *s, char *p, bool read_only)
{
	char name[1000];
	struct box *b;

	s->box = NULL;
	word(&p, name, sizeof name);
	b = store_box(&store, name);
	if (b == NULL || b->noselect) {
		put(&s->out,
			"%s NO [NONEXISTENT] Unknown Mailbox: %s (now in authenticated state) "
			"(Failure)\r\n",
			s->tag, name);
		return;
	}
	s->condstore |= strcasestr(p, "CONDSTORE") != NULL;
	s->box = b;
	s->read_only = read_only;
	snapshot(s);
	put(&s->out,
		"* FLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen $NotPhishing $Phishing");
	for (size_t i = 0; i < store.keyword_count; i++)
		put(&s->out, " %s", store.keywords[i]);
	put(&s->out, ")\r\n");
	if (read_only)
		put(&s->out, "* OK [PERMANENTFLAGS ()] Flags permitted.\r\n");
	else
		put(&s->out,
			"* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen "
			"$NotPhishing $Phishing%s)] Flags permitted.\r\n",
			setting("no-star", NULL, 0) ? "" : " \\*");
	put(&s->out,
		"* OK [UIDVALIDITY %u] UIDs valid.\r\n* %zu EXISTS\r\n* 0 RECENT\r\n"
		"* OK [UIDNEXT %u] Predicted next UID.\r\n* OK [HIGHESTMODSEQ %llu]\r\n",
		b->uidvalidity, s->uid_count, b->uidnext, (unsigned long long)b->modseq);
	put(&s->out, "%s OK [READ-%s] %s selected. (Success)\r\n", s->tag,
		read_only ? "ONLY" : "WRITE", name);
}

static void do_create(struct session *s, char *p)
{
	char name[1000];

	word(&p, name, sizeof name);
	if (strncmp(name, "[Gmail]", 7) == 0 || strstr(name, "  ") != NULL ||
		store_box(&store, name) != NULL) {
		done(s, "NO", "[CANNOT] Invalid folder name (Failure)");
		return;
	}
	store_create(&store, name, "");
	done(s, "OK", "Success");
}

static void do_delete(struct session *s, char *p)
{
	char name[1000];
	struct box *b;

	word(&p, name, sizeof name);
	b = store_box(&store, name);
	if (b == NULL || strncmp(name, "[Gmail]", 7) == 0 || strcasecmp(name, "INBOX") == 0) {
		done(s, "NO", "[CANNOT] Cannot delete that folder (Failure)");
		return;
	}
	store_delete_box(&store, b);
	for (struct session *x = sessions; x != NULL; x = x->next)
		x->box = x->box == b ? NULL : x->box;
	done(s, "OK", "Success");
}

static void do_rename(struct session *s, char *p)
{
	char from[1000], to[1000];
	struct box *b;

	word(&p, from, sizeof from);
	word(&p, to, sizeof to);
	b = store_box(&store, from);
	if (b == NULL || strncmp(from, "[Gmail]", 7) == 0 || store_box(&store, to) != NULL) {
		done(s, "NO", "[CANNOT] Cannot rename that folder (Failure)");
		return;
	}
	free(b->name);
	b->name = strdup(to);
	done(s, "OK", "Success");
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

	put(&s->out, "BODY[%s {%zu}\r\n", n == m->n ? "]" : "HEADER]", n);
	put_bytes(&s->out, m->bytes, n);
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

static void do_fetch(struct session *s, char *p)
{
	char set[20000];
	const char *since;
	uint64_t modseq = 0;
	bool bodies = strcasestr(p, "BODY.PEEK[]") != NULL;
	long poison = number("poison", 0);

	word(&p, set, sizeof set);
	since = strcasestr(p, "CHANGEDSINCE ");
	if (since != NULL && (modseq = strtoull(since + 13, NULL, 10)) == 0) {
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
		fetch_one(s, i + 1, e, p);
	}
	done(s, "OK", "Success");
}

static void do_search(struct session *s, char *p)
{
	bool esearch = strncasecmp(p, "RETURN", 6) == 0, any = false;
	const char *uids = strcasestr(p, "UID "), *id = strcasestr(p, "Message-ID");
	bool deleted = strcasestr(p, "DELETED") != NULL;
	char set[20000] = "", want[1000] = "";
	char *at;

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
			(id != NULL && strcmp(e->message->id, want) != 0))
			continue;
		put(&s->out, "%s%u", esearch ? (any ? "," : " ALL ") : " ", e->uid);
		any = true;
	}
	put(&s->out, "\r\n");
	done(s, "OK", "SEARCH completed (Success)");
}

static void do_store(struct session *s, char *p)
{
	char set[20000], what[40], label[1000];
	bool silent, plus, minus;
	uint32_t flags;

	word(&p, set, sizeof set);
	skip_space(&p);
	if (*p == '(') /* UNCHANGEDSINCE: nobody else is here */
		p = strchr(p, ')') + 1;
	word(&p, what, sizeof what);
	plus = *what == '+';
	minus = *what == '-';
	silent = strcasestr(what, ".SILENT") != NULL;
	if (strcasestr(what, "X-GM-LABELS") != NULL) {
		skip_space(&p);
		p += *p == '(';
		while (word(&p, label, sizeof label)) {
			struct box *b = strcasecmp(label, "\\Inbox") == 0
						? store_box(&store, "INBOX")
					: *label == '\\' ? store_special(&store, label)
							 : store_box(&store, label);

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
			store_unlabel(&store, s->box, e->message);
	}
	s->seen_modseq = silent ? store.modseq : s->seen_modseq;
	done(s, "OK", "Success");
}

static void do_expunge(struct session *s, const char *set)
{
	for (size_t i = 0; i < s->uid_count; i++) {
		const struct entry *e = box_entry(s->box, s->uids[i]);

		if (e != NULL && e->deleted && (set == NULL || in_set(set, e->uid, last_uid(s))))
			store_unlabel(&store, s->box, e->message);
	}
	tell_changes(s);
	done(s, "OK", "Success");
}

static void do_copy(struct session *s, char *p, bool move)
{
	char set[20000], name[1000], code[41000];
	struct text from = { 0 }, to = { 0 };
	struct message **all;
	size_t n = 0;
	struct box *b;

	word(&p, set, sizeof set);
	word(&p, name, sizeof name);
	b = store_box(&store, name);
	if (b == NULL || b->noselect) {
		done(s, "NO", "[TRYCREATE] No folder (Failure)");
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

static void do_append(struct session *s, char *p)
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
	if (b == NULL || b->noselect) {
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

static void do_web(struct session *s, char *p)
{
	char verb[20], first[1000], second[1000];
	struct message *m = NULL;
	struct box *b;
	size_t n;

	word(&p, verb, sizeof verb);
	if (strcmp(verb, "DUMP") == 0) {
		dump(s);
	} else if (strcmp(verb, "BYTES") == 0) {
		put(&s->out, "* %llu\r\n", (unsigned long long)body_bytes);
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

/* --- commands -------------------------------------------------------------------------------- */

/* Of the selected mailbox, by UID. */
static bool selected_command(struct session *s, const char *verb, char *p)
{
	char sub[20];

	if (strcasecmp(verb, "EXPUNGE") == 0) {
		do_expunge(s, NULL);
		return true;
	}
	if (strcasecmp(verb, "UID") != 0)
		return false;
	word(&p, sub, sizeof sub);
	skip_space(&p);
	if (strcasecmp(sub, "FETCH") == 0)
		do_fetch(s, p);
	else if (strcasecmp(sub, "SEARCH") == 0)
		do_search(s, p);
	else if (strcasecmp(sub, "STORE") == 0)
		do_store(s, p);
	else if (strcasecmp(sub, "COPY") == 0)
		do_copy(s, p, false);
	else if (strcasecmp(sub, "MOVE") == 0)
		do_copy(s, p, true);
	else if (strcasecmp(sub, "EXPUNGE") == 0)
		do_expunge(s, p);
	else
		done(s, "BAD", "Unknown command");
	return true;
}

static void mailbox_command(struct session *s, const char *verb, char *p)
{
	char name[1000];
	struct box *b;

	if (strcasecmp(verb, "LIST") == 0) {
		do_list(s, p);
	} else if (strcasecmp(verb, "SELECT") == 0 || strcasecmp(verb, "EXAMINE") == 0) {
		do_select(s, p, tolower(*verb) == 'e');
	} else if (strcasecmp(verb, "STATUS") == 0) {
		word(&p, name, sizeof name);
		b = store_box(&store, name);
		if (b != NULL && !b->noselect)
			put_status(s, b, p);
		done(s, b != NULL ? "OK" : "NO", b != NULL ? "Success" : "[NONEXISTENT] (Failure)");
	} else if (strcasecmp(verb, "CREATE") == 0) {
		do_create(s, p);
	} else if (strcasecmp(verb, "DELETE") == 0) {
		do_delete(s, p);
	} else if (strcasecmp(verb, "RENAME") == 0) {
		do_rename(s, p);
	} else if (strcasecmp(verb, "APPEND") == 0) {
		do_append(s, p);
	} else if (strcasecmp(verb, "NAMESPACE") == 0) {
		put(&s->out, "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
		done(s, "OK", "Success");
	} else if (strcasecmp(verb, "ENABLE") == 0) {
		s->condstore |= strcasestr(p, "CONDSTORE") != NULL;
		put(&s->out, "* ENABLED%s\r\n", s->condstore ? " CONDSTORE" : "");
		done(s, "OK", "Success");
	} else if (strcasecmp(verb, "IDLE") == 0) {
		s->idling = true;
		put(&s->out, "+ idling\r\n");
		tell_changes(s);
	} else if (strcasecmp(verb, "UNSELECT") == 0 || strcasecmp(verb, "CLOSE") == 0) {
		s->box = NULL;
		done(s, "OK", "Success");
	} else if (strcasecmp(verb, "SUBSCRIBE") == 0 || strcasecmp(verb, "UNSUBSCRIBE") == 0) {
		done(s, "OK", "Success");
	} else if (s->box == NULL || !selected_command(s, verb, p)) {
		done(s, "BAD", "Unknown command");
	}
}

static void run_command(struct session *s, char *line)
{
	char verb[40], *p = line;

	if (*s->challenge != '\0') { /* an answer to AUTHENTICATE */
		char mechanism[20];

		snprintf(mechanism, sizeof mechanism, "%s", s->challenge);
		s->challenge[0] = '\0';
		line[strcspn(line, "\r\n")] = '\0';
		if (strcmp(mechanism, "refused") == 0)
			sign_in(s, false);
		else
			take_answer(s, mechanism, line);
		return;
	}
	if (s->idling) {
		s->idling = false;
		done(s, "OK", "IDLE terminated (Success)");
		return;
	}
	if (!word(&p, s->tag, sizeof s->tag) || !word(&p, verb, sizeof verb)) {
		put(&s->out, "* BAD Invalid command\r\n");
		return;
	}
	skip_space(&p);
	if (s->signed_in && setting("expired", NULL, 0)) {
		put(&s->out, "* BYE Session expired, please login again.\r\n");
		s->closing = true;
	} else if (strcasecmp(verb, "WEB") == 0) {
		do_web(s, p);
	} else if (strcasecmp(verb, "CAPABILITY") == 0) {
		put(&s->out, "* CAPABILITY %s\r\n", s->signed_in ? after : before);
		done(s, "OK", "Thats all she wrote!");
	} else if (strcasecmp(verb, "LOGOUT") == 0) {
		put(&s->out, "* BYE LOGOUT Requested\r\n");
		done(s, "OK", "73 good day (Success)");
		s->closing = true;
	} else if (strcasecmp(verb, "NOOP") == 0) {
		tell_changes(s);
		done(s, "OK", "Success");
	} else if (strcasecmp(verb, "ID") == 0) {
		put(&s->out, "* ID (\"name\" \"GImap\" \"vendor\" \"Google, Inc.\")\r\n");
		done(s, "OK", "Success");
	} else if (!s->signed_in && strcasecmp(verb, "AUTHENTICATE") == 0) {
		do_authenticate(s, p);
	} else if (!s->signed_in && strcasecmp(verb, "LOGIN") == 0) {
		do_login(s, p);
	} else if (!s->signed_in) {
		done(s, "BAD", "Unknown command");
	} else {
		mailbox_command(s, verb, p);
	}
}

/* The line that ends at `end`: does it end in a literal?  Its length; or SIZE_MAX. */
static size_t literal_at(struct session *s, size_t end)
{
	size_t at = end - 1, n;
	bool plus;

	if (at > 0 && s->in.p[at - 1] == '\r')
		at--;
	if (at == 0 || s->in.p[at - 1] != '}' || s->idling || *s->challenge != '\0')
		return SIZE_MAX;
	plus = s->in.p[at - 2] == '+';
	for (at -= plus ? 2 : 1; at > 0 && isdigit((unsigned char)s->in.p[at - 1]); at--)
		;
	if (at == 0 || s->in.p[at - 1] != '{')
		return SIZE_MAX;
	n = strtoul(s->in.p + at, NULL, 10);
	if (!plus)
		put(&s->out, "+ go ahead\r\n");
	return n;
}

/* Runs the commands that are whole. */
static void take_input(struct session *s)
{
	for (;;) {
		char *nl;
		size_t end, n;

		if (s->in.n - s->scanned < s->literal)
			return;
		s->scanned += s->literal;
		s->literal = 0;
		nl = s->in.n == s->scanned
			     ? NULL
			     : memchr(s->in.p + s->scanned, '\n', s->in.n - s->scanned);
		if (nl == NULL)
			return;
		end = (size_t)(nl - s->in.p) + 1;
		n = literal_at(s, end);
		s->scanned = end;
		if (n != SIZE_MAX) {
			s->literal = n;
			continue;
		}
		n = s->in.n - end;
		{
			char *command = malloc(end + 1);

			memcpy(command, s->in.p, end);
			command[end] = '\0';
			memmove(s->in.p, s->in.p + end, n);
			s->in.n = n;
			s->scanned = 0;
			run_command(s, command);
			free(command);
		}
	}
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	static char chunk[65536];

	(void)handle, (void)suggested;
	*buf = uv_buf_init(chunk, sizeof chunk);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct session *s = (struct session *)stream;

	if (n < 0 || s->in.n > INPUT_MAX) {
		close_session(s);
		return;
	}
	put_bytes(&s->in, buf->base, (size_t)n);
	take_input(s);
	flush_out(s);
	tell_idlers();
}

static void on_connection(uv_stream_t *server, int status)
{
	struct session *s = calloc(1, sizeof *s);

	(void)status;
	s->next = sessions;
	sessions = s;
	uv_tcp_init(server->loop, &s->tcp);
	uv_accept(server, (uv_stream_t *)&s->tcp);
	uv_tcp_nodelay(&s->tcp, 1);
	put(&s->out, "* OK Gimap ready for requests from 127.0.0.1 a1mb2\r\n");
	flush_out(s);
	uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
}

int main(int argc, char **argv)
{
	uv_loop_t *loop = uv_default_loop();
	uv_tcp_t listener;
	struct sockaddr_in address;
	int size = sizeof address;

	if (argc != 2)
		return 2;
	settings_path = argv[1];
	store_init(&store, setting("localised", NULL, 0));
	uv_ip4_addr("127.0.0.1", 0, &address);
	uv_tcp_init(loop, &listener);
	uv_tcp_bind(&listener, (struct sockaddr *)&address, 0);
	if (uv_listen((uv_stream_t *)&listener, 64, on_connection) != 0)
		return 1;
	uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &size);
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return uv_run(loop, UV_RUN_DEFAULT);
}
