/* SPDX-License-Identifier: ISC */
/* tests/gmail/gmaild.c - an IMAP server with Gmail's ways, as far as they matter to a synchronizer.
 *
 * Usage: gmaild SETTINGS
 *
 * Listens on a free port of 127.0.0.1, in clear, and prints it.  SETTINGS is read again at every
 * command:
 *
 *   password=P, token=T     what signs in (the user is anybody); T*: any token that begins so
 *   token-user=U            the token is this one's; another is refused, as it would be for ...
 *   token-scope             ... a token that is not good for mail
 *   token-status=401        what the refusal says (400)
 *   lookup-failed           the login is refused so
 *   connections=N           at most (15)
 *   localised               German names (at start)
 *   fill=N                  N messages with 2.2 labels on average (at start)
 *   auto-expunge=0          \Deleted waits for EXPUNGE
 *   objectid                it is not Gmail's, and has OBJECTID (RFC 8474) instead of X-GM-EXT-1
 *   no-star                 no new keywords
 *   size-off                RFC822.SIZE is wrong
 *   throttled=MS            "[THROTTLED]" behind each OK that was asked for sooner than that after
 *                           the one before
 *   overquota               bodies are refused: "Account exceeded command or bandwidth limits."
 *   expired                 every session gets "BYE Session expired"
 *   session-bodies=N        likewise, instead of a further body after N of them
 *   app-password, web-login, disabled    the login is refused with Gmail's words
 *   pieces=refused, ignored BODY[]<0.1000> is not understood
 *   poison=UID              this one answers "System Error" to FETCH
 *   hidden=A B ...          mailboxes that are not shown in IMAP: \\Trash, \\All, Work ...
 *   expunge=trash, forever  what becomes of what is expunged from the last mailbox in sight (archive)
 *   move=missing, refused   MOVE is not offered, or answered with NO
 *   modseq=account          HIGHESTMODSEQ is the account's, in every mailbox
 *   special-asked           special uses are told only in a LIST that asks for them
 *   reserved                labels with names of Gmail's own are refused
 *   line-limit=N            longer command lines are refused, and end the session
 *   search-lag=N            the newest N messages are not found by what is in them
 *   search-lag-all=N        and these by no search, though they count and can be fetched
 *   drop-pipeline           what comes before AUTHENTICATE is answered is lost (=bad: is BAD)
 *   limit=N                 mailboxes show their newest N messages only
 *   all-limit=N             and so does All Mail
 *
 * Beside IMAP there is the command WEB, for tests, also before the login: what a person does at
 * Gmail's page, and what it shows:
 *   WEB DELIVER label {literal}      WEB LABEL msgid label       WEB UNLABEL msgid label
 *   WEB FLAGS msgid (flags)          WEB DUMP    ("* msgid flags Message-ID label label ...")
 *   WEB BYTES    (sent in bodies so far, and of distinct mail there is)
 *   WEB RENAME label name    (any; as another language does: its UIDVALIDITY is another, too)
 *   WEB AT n ...    (any of these, before the n-th command from now on that a client sends)
 *   WEB NEVER       (forgets those)       WEB NOW        (they all are due)
 *   WEB COMMANDS    (how many clients sent)      WEB ID    (what the last one said of itself)
 *   WEB PACE     (answers so far, and how many of them were [THROTTLED])
 */
#include "session.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { INPUT_MAX = 64 * 1024 * 1024 };

struct store store;
struct session *sessions;
uint64_t body_bytes, answers, slow_answers, commands;
char last_id[300];

/* --- connections ----------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct session *s = handle->data, **at = &sessions;

	if (--s->handles > 0)
		return;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	if (s->inflate != NULL) {
		inflateEnd(s->inflate);
		deflateEnd(s->deflate);
	}
	free(s->inflate);
	free(s->deflate);
	free(s->in.p);
	free(s->out.p);
	free(s->uids);
	free(s);
}

static void close_session(struct session *s)
{
	if (!uv_is_closing((uv_handle_t *)&s->tcp)) {
		s->deaf.data = s;
		uv_close((uv_handle_t *)&s->deaf, on_closed);
		uv_close((uv_handle_t *)&s->tcp, on_closed);
	}
}

struct writing {
	uv_write_t req;
	char *p;
};

static void on_shut(uv_shutdown_t *req, int status)
{
	if (status < 0 && status != UV_ECANCELED)
		close_session((struct session *)req->handle);
	free(req);
}

/* No more is said, and the client is waited for: closed with commands unread, the connection would be
 * reset, and the client lose what it had not read yet. */
static void say_no_more(struct session *s)
{
	uv_shutdown_t *req = calloc(1, sizeof *req);

	if (req != NULL && uv_shutdown(req, (uv_stream_t *)&s->tcp, on_shut) == 0)
		return;
	free(req);
	close_session(s);
}

static void on_written(uv_write_t *req, int status)
{
	struct writing *w = (struct writing *)req;
	struct session *s = (struct session *)req->handle;

	if (status == 0 && s->closing && uv_is_writable(req->handle) &&
		uv_stream_get_write_queue_size(req->handle) == 0)
		say_no_more(s);
	free(w->p);
	free(w);
}

/* What is to go out, deflated (RFC 4978). */
static void deflate_out(struct session *s)
{
	z_stream *z = s->deflate;
	struct text packed = { 0 };
	char chunk[16384];

	z->next_in = (Bytef *)s->out.p;
	z->avail_in = (uInt)s->out.n;
	do {
		z->next_out = (Bytef *)chunk;
		z->avail_out = sizeof chunk;
		deflate(z, Z_SYNC_FLUSH);
		put_bytes(&packed, chunk, sizeof chunk - z->avail_out);
	} while (z->avail_out == 0);
	free(s->out.p);
	s->out = packed;
}

static void begin_compress(struct session *s)
{
	s->compress_next = false;
	s->inflate = calloc(1, sizeof *s->inflate);
	s->deflate = calloc(1, sizeof *s->deflate);
	if (s->inflate == NULL || s->deflate == NULL || inflateInit2(s->inflate, -15) != Z_OK ||
		deflateInit2(s->deflate, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		exit(1);
}

void flush_out(struct session *s)
{
	struct writing *w;
	uv_buf_t buf;

	if (s->out.n == 0 || s->is_deaf || uv_is_closing((uv_handle_t *)&s->tcp))
		return;
	if (s->deflate != NULL)
		deflate_out(s);
	if (s->compress_next)
		begin_compress(s);
	w = calloc(1, sizeof *w);
	w->p = s->out.p;
	buf = uv_buf_init(s->out.p, (unsigned)s->out.n);
	s->out = (struct text){ 0 };
	uv_write(&w->req, (uv_stream_t *)&s->tcp, &buf, 1, on_written);
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

/* --- mailboxes ------------------------------------------------------------------------------- */

static unsigned long long highest(const struct box *b)
{
	return has_word("modseq", "account") ? store.modseq : b->modseq;
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
		put(&s->out, "%sHIGHESTMODSEQ %llu", space, highest(b)), space = " ";
	if (strcasestr(items, "MAILBOXID"))
		put(&s->out, "%sMAILBOXID (F%u-x)", space, b->serial);
	put(&s->out, ")\r\n");
}

static void do_list(struct session *s, char *p)
{
	const char *items = strcasestr(p, "STATUS (");
	bool asked = strcasestr(p, "SPECIAL-USE") != NULL;

	for (size_t i = 0; i < store.box_count; i++) {
		const struct box *b = store.boxes[i];
		const char *attrs =
			b->noselect || asked || !setting("special-asked", NULL, 0) ? b->attrs : "";

		if (hidden(b))
			continue;
		put(&s->out, "* LIST (%s%s%s) \"/\" ",
			b->noselect ? "\\HasChildren" : "\\HasNoChildren",
			*attrs != '\0' ? " " : "", attrs);
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
	if (b == NULL || b->noselect || hidden(b)) {
		put(&s->out,
			"%s NO [NONEXISTENT] Unknown Mailbox: %s (now in authenticated state) "
			"(Failure)\r\n",
			s->tag, name);
		return;
	}
	s->condstore |= strcasestr(p, "CONDSTORE") != NULL;
	s->box = b;
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
		b->uidvalidity, s->uid_count, b->uidnext, highest(b));
	put(&s->out, "%s OK [READ-%s] %s selected. (Success)\r\n", s->tag,
		read_only ? "ONLY" : "WRITE", name);
}

static bool is_reserved(const char *name)
{
	static const char *const names[] = { "Inbox", "Sent", "Drafts", "Trash", "Bin", "Spam",
		"Starred", "Important", "All Mail", "Chats", "Updates", "Promotions", "Social",
		"Forums", "archive", "muted", "voicemail", "Scheduled", "Snoozed" };

	if (!setting("reserved", NULL, 0))
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcasecmp(name, names[i]) == 0)
			return true;
	}
	return *name == ' ' || *name == '\0' || name[strlen(name) - 1] == ' ' ||
	       strchr(name, '^') != NULL;
}

static void do_create(struct session *s, char *p)
{
	char name[1000];

	word(&p, name, sizeof name);
	if (strncmp(name, "[Gmail]", 7) == 0 || strstr(name, "  ") != NULL || is_reserved(name) ||
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
		b = b != NULL && hidden(b) ? NULL : b;
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
	} else if (strcasecmp(verb, "COMPRESS") == 0) {
		s->compress_next = s->deflate == NULL && strcasestr(p, "DEFLATE") != NULL;
		done(s, s->compress_next ? "OK" : "NO",
			s->compress_next ? "Success" : "[COMPRESSIONACTIVE] (Failure)");
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
	if (s->is_deaf) { /* whose answers wait behind that to AUTHENTICATE */
		done(s, "BAD", "Command received before authentication ended");
		return;
	}
	uv_update_time(s->tcp.loop);
	s->asked_at = uv_now(s->tcp.loop);
	if (strcasecmp(verb, "WEB") != 0) {
		commands++;
		if (s->signed_in)
			later_command(s);
	}
	if (s->signed_in && setting("expired", NULL, 0)) {
		put(&s->out, "* BYE Session expired, please login again.\r\n");
		s->closing = true;
	} else if (strcasecmp(verb, "WEB") == 0) {
		do_web(s, p);
	} else if (strcasecmp(verb, "CAPABILITY") == 0) {
		put_caps(s);
		done(s, "OK", "Thats all she wrote!");
	} else if (strcasecmp(verb, "LOGOUT") == 0) {
		put(&s->out, "* BYE LOGOUT Requested\r\n");
		done(s, "OK", "73 good day (Success)");
		s->closing = true;
	} else if (strcasecmp(verb, "NOOP") == 0) {
		tell_changes(s);
		done(s, "OK", "Success");
	} else if (strcasecmp(verb, "ID") == 0) {
		snprintf(last_id, sizeof last_id, "%.*s", (int)strcspn(p, "\r\n"), p);
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

static bool is_too_long(struct session *s, size_t n)
{
	long limit = number("line-limit", 0);

	if (limit == 0 || n <= (size_t)limit || s->closing)
		return false;
	put(&s->out, "* BAD Command line too long\r\n* BYE Command line too long\r\n");
	s->closing = true;
	return true;
}

/* Runs the commands that are whole; behind a BYE, none. */
static void take_input(struct session *s)
{
	for (;;) {
		char *nl;
		size_t end, n;

		if (s->closing) {
			s->in.n = s->scanned = s->literal = 0;
			return;
		}
		if (s->in.n - s->scanned < s->literal)
			return;
		s->scanned += s->literal;
		s->literal = 0;
		nl = s->in.n == s->scanned
			     ? NULL
			     : memchr(s->in.p + s->scanned, '\n', s->in.n - s->scanned);
		if (nl != NULL ? is_too_long(s, (size_t)(nl - s->in.p) - s->scanned)
			       : is_too_long(s, s->in.n - s->scanned))
			return;
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
			if (s->is_deaf && !refuses_early()) {
				s->in.n = 0;
				return;
			}
		}
	}
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	static char chunk[65536];

	(void)handle, (void)suggested;
	*buf = uv_buf_init(chunk, sizeof chunk);
}

/* Adds what came to the input, inflated if need be.  false: it is not DEFLATE. */
static bool take_bytes(struct session *s, char *bytes, size_t n)
{
	char chunk[16384];
	int rc = Z_OK;

	if (s->inflate == NULL) {
		put_bytes(&s->in, bytes, n);
		return true;
	}
	s->inflate->next_in = (Bytef *)bytes;
	s->inflate->avail_in = (uInt)n;
	do {
		s->inflate->next_out = (Bytef *)chunk;
		s->inflate->avail_out = sizeof chunk;
		rc = inflate(s->inflate, Z_SYNC_FLUSH);
		put_bytes(&s->in, chunk, sizeof chunk - s->inflate->avail_out);
	} while (rc == Z_OK && s->inflate->avail_out == 0);
	return rc == Z_OK || rc == Z_BUF_ERROR;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct session *s = (struct session *)stream;

	if (n < 0 || s->in.n > INPUT_MAX) {
		close_session(s);
		return;
	}
	if (s->is_deaf && !refuses_early())
		return;
	if (!take_bytes(s, buf->base, (size_t)n)) {
		close_session(s);
		return;
	}
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
	uv_timer_init(server->loop, &s->deaf);
	s->tcp.data = s->deaf.data = s;
	s->handles = 2;
	uv_accept(server, (uv_stream_t *)&s->tcp);
	uv_tcp_nodelay(&s->tcp, 1);
	put(&s->out, "* OK Gimap ready for requests from 127.0.0.1 a1mb2\r\n");
	flush_out(s);
	uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	settings_from(argv[1]);
	store_init(&store, setting("localised", NULL, 0));
	store.twice = setting("objectid", NULL, 0);
	store_fill(&store, (unsigned)number("fill", 0));
	return serve(on_connection);
}
