/* SPDX-License-Identifier: ISC */
/* imap/parser and response: a transcript gives the same events in every cut; odd input costs only
 * itself; bounds hold. */
#include "imap/parser.h"
#include "test.h"

struct record {
	struct gw_buf text; /* what happened, as one string */
};

static void on_response(void *ctx, const struct gw_response *r)
{
	struct gw_buf *b = &((struct record *)ctx)->text;

	gw_buf_printf(b, "[%d", (int)r->type);
	switch (r->type) {
	case GW_RESP_TAGGED:
		gw_buf_printf(b, " %.*s", (int)r->tag.n, r->tag.p);
		/* fall through */
	case GW_RESP_STATUS_TEXT:
	case GW_RESP_BYE:
	case GW_RESP_CONTINUE:
		gw_buf_printf(b, " %d %d %llu %.*s", (int)r->status, (int)r->code,
			(unsigned long long)r->number, (int)r->text.n, r->text.p);
		if (r->code == GW_CODE_APPENDUID)
			gw_buf_printf(b, " validity=%u", r->uidvalidity);
		if (r->code == GW_CODE_PERMANENTFLAGS)
			gw_buf_printf(b, " permanent=%llx,%zu,%d",
				(unsigned long long)r->fetch.flags.system,
				r->fetch.flags.keyword_count, r->fetch.flags.any);
		break;
	case GW_RESP_LIST:
		gw_buf_printf(b, " %x %c %.*s", r->attrs, r->delimiter ? r->delimiter : '-',
			(int)r->mailbox.n, r->mailbox.p);
		break;
	case GW_RESP_STATUS:
		gw_buf_printf(b, " %.*s %x %u %u %u %llu", (int)r->mailbox.n, r->mailbox.p,
			r->items, r->messages, r->uidnext, r->uidvalidity,
			(unsigned long long)r->highestmodseq);
		if (r->object_id.n > 0)
			gw_buf_printf(b, " id=%.*s", (int)r->object_id.n, r->object_id.p);
		break;
	case GW_RESP_FETCH:
		gw_buf_printf(b,
			" seq=%u uid=%u flags=%llx size=%llu date=%lld modseq=%llu bodies=%u",
			r->fetch.seq, r->fetch.uid,
			r->fetch.has_flags ? (unsigned long long)r->fetch.flags.system : 0xffff,
			r->fetch.has_size ? (unsigned long long)r->fetch.size : 0,
			r->fetch.has_date ? (long long)r->fetch.date : 0,
			(unsigned long long)r->fetch.modseq, r->fetch.bodies);
		if (r->fetch.global_id != 0)
			gw_buf_printf(b, " id=%llu", (unsigned long long)r->fetch.global_id);
		for (size_t i = 0; i < r->fetch.flags.keyword_count && r->fetch.has_flags; i++)
			gw_buf_printf(b, " %.*s", (int)r->fetch.flags.keywords[i].n,
				r->fetch.flags.keywords[i].p);
		break;
	case GW_RESP_SEARCH:
	case GW_RESP_ESEARCH:
	case GW_RESP_VANISHED:
	case GW_RESP_CAPABILITY:
	case GW_RESP_ENABLED:
		gw_buf_printf(b, " %d %.*s", r->earlier, (int)r->list.n, r->list.p);
		break;
	case GW_RESP_EXISTS:
	case GW_RESP_EXPUNGE:
		gw_buf_printf(b, " %llu", (unsigned long long)r->number);
		break;
	case GW_RESP_NAMESPACE:
		gw_buf_printf(b, " %.*s", (int)r->mailbox.n, r->mailbox.p);
		break;
	case GW_RESP_LSUB:
	case GW_RESP_OTHER:
		break;
	}
	gw_buf_puts(b, "]");
}

static void on_body(void *ctx, const struct gw_body_event *ev)
{
	struct gw_buf *b = &((struct record *)ctx)->text;

	if (ev->type == GW_BODY_BEGIN)
		gw_buf_printf(b, "<%.*s:%llu:", (int)ev->section.n, ev->section.p,
			(unsigned long long)ev->size);
	else if (ev->type == GW_BODY_DATA)
		gw_buf_append(b, ev->data.p, ev->data.n);
	else
		gw_buf_puts(b, ">");
}

/* Feeds text in pieces that end where cut says; returns the last code. */
static enum gw_code feed(struct record *rec, const char *text, size_t n, size_t cut, size_t step)
{
	const struct gw_parser_limits limits = { .line_bytes = 4096, .search_chunk_bytes = 64 };
	const struct gw_parser_sink sink = { on_response, on_body, rec };
	struct gw_parser *p = gw_parser_new(&limits, &sink);
	struct gw_error err = { 0 };
	enum gw_code code = GW_OK;

	gw_buf_init(&rec->text, 1 << 20);
	for (size_t at = 0; at < n && code == GW_OK;) {
		size_t take = cut > at && cut < n ? cut - at : (step < n - at ? step : n - at);
		/* A copy that ends where the piece ends: reading beyond it is an error under ASan.
		 */
		char *piece = malloc(take);

		memcpy(piece, text + at, take);
		code = gw_parser_feed(p, (struct gw_slice){ piece, take }, &err);
		free(piece);
		at += take;
	}
	gw_parser_free(p);
	return code;
}

static const char transcript[] =
	"* OK [CAPABILITY IMAP4rev1 LITERAL+] ready {3}\r\n"
	"* LIST (\\HasNoChildren \\Trash) \"/\" \"a \\\"b\\\" \\\\c\"\r\n"
	"* LIST (\\Noselect) NIL {7}\r\nlit nam\r\n"
	"* STATUS INBOX (MESSAGES 3 UIDNEXT 5 UIDVALIDITY 7 HIGHESTMODSEQ 9223372036854775807)\r\n"
	"* 3 EXISTS\r\n* 2 EXPUNGE\r\n"
	"* 1 FETCH (UID 9 FLAGS (\\Seen \\Recent $Forwarded Work bad]one) RFC822.SIZE 12 "
	"INTERNALDATE "
	"\"17-Jul-1996 02:44:25 -0700\" MODSEQ (42))\r\n"
	"* 2 FETCH (BODY[] {11}\r\n{3}\r\nabc)\r\n UID 10)\r\n"
	"* 3 FETCH (UID 11 BODY[HEADER.FIELDS (X Y)]<0> \"quoted\" BODY[TEXT] NIL ENVELOPE (NIL "
	"(\"x\" {2}\r\nyz) "
	"3))\r\n"
	"* 4 FETCH (UID 12 X-GM-LABELS (\"\\\\Inbox\" [odd]) BODY[] {0}\r\n)\r\n"
	"* 5 FETCH (X-GM-MSGID 18446744073709551615 UID 13 BODY[]<1048576> \"tail\")\r\n"
	"* 6 FETCH (UID 14 EMAILID (M6d99ac3275bb4e) THREADID NIL FLAGS ())\r\n"
	"* 7 FETCH (UID 15 EMAILID () FLAGS ())\r\n"
	"* STATUS Work (MESSAGES 1 MAILBOXID (F2212ea87-6097) UIDNEXT 2)\r\n"
	"* STATUS Odd (MAILBOXID)\r\n"
	"* VANISHED (EARLIER) 1:5,9\r\n"
	"* ESEARCH (TAG \"g1\") UID ALL 1:3\r\n"
	"* SEARCH 1 2 3\r\n"
	"* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL\r\n"
	"* OK [UIDVALIDITY 123] fine\r\n"
	"* OK [PERMANENTFLAGS (\\Seen \\Deleted Work $Forwarded \\*)] some\r\n"
	"* OK [PERMANENTFLAGS x] odd\r\n"
	"g3 OK [APPENDUID 38505 3955] stored\r\n"
	"g4 OK [APPENDUID 38505] odd\r\n"
	"* X-UNKNOWN (a (b) \"c\")\r\n"
	"+ go on\r\n"
	"g1 OK [READ-WRITE] done\r\n"
	"g2 NO [ALERT] no {9}\r\n";

static void same_events_in_every_cut(void **state)
{
	struct record whole, cut;
	size_t n = sizeof transcript - 1;

	(void)state;
	assert_int_equal(feed(&whole, transcript, n, 0, n), GW_OK);
	assert_non_null(strstr(whole.text.p, "<:11:{3}\r\nabc)\r\n>[15 seq=2 uid=10"));
	assert_non_null(
		strstr(whole.text.p, "flags=21 size=12 date=837596665 modseq=42 bodies=0 Work]"));
	assert_non_null(strstr(whole.text.p, "<HEADER.FIELDS (X Y):6:quoted>[15 seq=3 uid=11"));
	assert_non_null(strstr(whole.text.p, "[6 100 / a \"b\" \\c]"));
	assert_non_null(strstr(whole.text.p, "[6 1 - lit nam]"));
	assert_non_null(strstr(whole.text.p, "some permanent=31,1,1]"));
	assert_non_null(strstr(whole.text.p, " 3955 stored validity=38505]"));
	assert_non_null(strstr(whole.text.p, "<:4:tail>[15 seq=5 uid=13"));
	assert_non_null(strstr(whole.text.p, "bodies=1 id=18446744073709551615]"));
	assert_non_null(strstr(whole.text.p, "uid=14 flags=0"));
	assert_non_null(strstr(whole.text.p, "uid=15 flags=0")); /* its EMAILID is not told */
	assert_non_null(strstr(whole.text.p, "Work 3 1 2 0 0 id=F2212ea87-6097]"));
	assert_null(strstr(whole.text.p, "odd permanent"));
	assert_null(strstr(whole.text.p, "odd validity"));
	assert_non_null(strstr(whole.text.p, "9223372036854775807"));
	for (size_t i = 1; i < n; i++) {
		assert_int_equal(feed(&cut, transcript, n, i, n), GW_OK);
		assert_string_equal(cut.text.p, whole.text.p);
		gw_buf_deinit(&cut.text);
	}
	assert_int_equal(feed(&cut, transcript, n, 0, 1), GW_OK); /* byte by byte */
	assert_string_equal(cut.text.p, whole.text.p);
	gw_buf_deinit(&cut.text);
	gw_buf_deinit(&whole.text);
}

static void odd_lines_cost_only_themselves(void **state)
{
	static const char *const odd[] = { "* 1 FETCH (UID x)\r\n", "* 1 FETCH (FLAGS (a\r\n",
		"* LIST\r\n", "* STATUS INBOX MESSAGES\r\n", "* VANISHED\r\n", "* \r\n", "*\r\n",
		"* 1 FETCH (UID 1 BODY[] \r\n", "* 99999999999 EXISTS\r\n",
		"* LIST (\\a \"/\" b\r\n", "* ESEARCH (TAG \"x\r\n",
		"* 1 FETCH ((((((((((((((((((((((((((((((((((((((((((((\r\n" };

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		char text[400];
		struct record rec;

		snprintf(text, sizeof text, "%s* 7 EXISTS\r\n", odd[i]);
		assert_int_equal(feed(&rec, text, strlen(text), 0, 5), GW_OK);
		assert_non_null(strstr(rec.text.p, "[13 7]"));
		gw_buf_deinit(&rec.text);
	}
}

/* What the odd items of a FETCH say of the message, as the transcript shows it. */
static void each_item_is_read_for_itself(void **state)
{
	static const struct {
		const char *line, *read; /* NULL: the line tells of no message */
	} cases[] = {
		{ "(UID 7 FLAGS NIL RFC822.SIZE 5)", "uid=7 flags=ffff size=5" },
		{ "(FLAGS NIL UID 7 RFC822.SIZE 5)", "uid=7 flags=ffff size=5" },
		{ "(UID 7 RFC822.SIZE 5)", "uid=7 flags=ffff size=5" },
		{ "(FLAGS (\\Seen foo)bar) UID 7 RFC822.SIZE 5)", "uid=7 flags=ffff size=5" },
		{ "(UID 7 FLAGS (\\Seen foo)bar) RFC822.SIZE 5)", "uid=7 flags=ffff size=5" },
		{ "(UID 7 FLAGS (a(b) \\Seen) RFC822.SIZE 5)", "uid=7 flags=ffff size=5" },
		{ "(UID 7 FLAGS (\\Seen RFC822.SIZE 5)", "uid=7 flags=ffff size=5" },
		{ "(UID 7 FLAGS (\\Seen a[b) RFC822.SIZE 5)", "uid=7 flags=1 size=5" },
		{ "(UID 7 FLAGS (\\Seen a)b[c) RFC822.SIZE 5)", "uid=7 flags=ffff size=5" },
		{ "(UID 7 FLAGS (\\Seen \"a) RFC822.SIZE 5)", "uid=7 flags=1 size=5" },
		{ "(FLAGS (\\Seen) RFC822.SIZE NIL UID 7)", "uid=7 flags=1 size=0" },
		{ "(FLAGS (\\Seen) RFC822.SIZE -1 UID 7)", "uid=7 flags=1 size=0" },
		{ "(RFC822.SIZE 99999999999999999999 FLAGS (\\Seen) UID 7)",
			"uid=7 flags=1 size=0" },
		{ "(RFC822.SIZE UID 7 FLAGS (\\Seen))", NULL },
		{ "(UID 7 FLAGS (\\Seen) RFC822.SIZE 5", "uid=7 flags=1 size=5" },
		{ "(UID 7 FLAGS (\\Seen)", "uid=7 flags=1 size=0" },
		{ "(INTERNALDATE NIL UID 7 FLAGS ())", "uid=7 flags=0" },
		{ "(INTERNALDATE \"yesterday\" UID 7 FLAGS ())", "uid=7 flags=0" },
		{ "(INTERNALDATE \"un UID 7 FLAGS ())", NULL },
		{ "(MODSEQ NIL UID 7 FLAGS ())", "uid=7 flags=0" },
		{ "(X-GM-MSGID x UID 7 FLAGS ())", "uid=7 flags=0" },
		{ "() UID 7 FLAGS ())", "uid=7 flags=0" },
		{ "(UID 7 FLAGS () UID 8)", "uid=0 flags=0" },
		{ "(UID 0 FLAGS ())", "uid=0 flags=0" },
		{ "(UID 4294967296 FLAGS ())", "uid=0 flags=0" },
		{ "(UID NIL FLAGS ())", "uid=0 flags=0" },
		{ "(ENVELOPE (NIL (NIL)) UID 7 FLAGS ())", "uid=7 flags=0" },
		{ "(ENVELOPE (NIL (NIL) UID 7 FLAGS ())", "uid=0" },
		{ "UID 7 FLAGS ()", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[200];
		struct record rec;

		snprintf(text, sizeof text, "* 1 FETCH %s\r\n", cases[i].line);
		assert_int_equal(feed(&rec, text, strlen(text), 0, 3), GW_OK);
		if ((strstr(rec.text.p, cases[i].read != NULL ? cases[i].read : " uid=7") !=
			    NULL) != (cases[i].read != NULL))
			fail_msg("%s is read as %s", cases[i].line, rec.text.p);
		gw_buf_deinit(&rec.text);
	}
}

/* A literal that is announced too short leaves its rest in the line: no body is taken from there. */
static void a_body_must_be_followed_by_something(void **state)
{
	static const struct {
		const char *line;
		bool whole;
	} cases[] = {
		{ "(UID 7 BODY[] {3}\r\nabc)", true },
		{ "(BODY[] {3}\r\nabc UID 7)", true },
		{ "(UID 7 BODY[] {3}\r\nabc FLAGS (\\Seen))", true },
		{ "(UID 7 BODY[] {3}\r\nabc FLAGS (\\Seen a)b))", true },
		{ "(UID 7 FLAGS (\\Seen a)b) BODY[] {3}\r\nabc)", true },
		{ "(UID 7 FLAGS (\\Seen \"a) BODY[] {3}\r\nabc)", true },
		{ "(UID 7 BODY[] {3}\r\nabc X-NEW 5)", true },
		{ "(UID 7 BODY[] {3}\r\nabcdef)", false },
		{ "(UID 7 BODY[] {3}\r\nabc def)", false },
		{ "(UID 7 BODY[] {3}\r\nabc", false },
		{ "(UID 7 BODY[] {3}\r\nabc def", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[200];
		struct record rec;

		snprintf(text, sizeof text, "* 1 FETCH %s\r\n", cases[i].line);
		assert_int_equal(feed(&rec, text, strlen(text), 0, 3), GW_OK);
		assert_non_null(strstr(rec.text.p, "<:3:abc>"));
		if ((strstr(rec.text.p, "uid=7") != NULL) != cases[i].whole)
			fail_msg("%s is read as %s", cases[i].line, rec.text.p);
		gw_buf_deinit(&rec.text);
	}
}

/* Between two answers a stray line does no harm; behind a literal that was cut it is the end. */
static void stray_lines(void **state)
{
	static const struct {
		const char *text;
		enum gw_code code;
	} cases[] = {
		{ "* OK hi\r\noops\r\n* 7 EXISTS\r\n", GW_OK },
		{ "* OK hi\r\n\r\n \r\n* 7 EXISTS\r\n", GW_OK },
		{ "oops\r\n* OK hi\r\n* 7 EXISTS\r\n", GW_ERR_PROTOCOL },
		{ "* OK hi\r\n* 1 FETCH (UID 7 BODY[] {3}\r\nabcdef\r\noops\r\n* 7 EXISTS\r\n",
			GW_ERR_PROTOCOL },
		{ "* OK hi\r\n* LIST () \"/\" name{5}\r\n* 7 EXISTS\r\n", GW_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct record rec;

		assert_int_equal(
			feed(&rec, cases[i].text, strlen(cases[i].text), 0, 3), cases[i].code);
		assert_int_equal(
			strstr(gw_buf_cstr(&rec.text), "[13 7]") != NULL, cases[i].code == GW_OK);
		gw_buf_deinit(&rec.text);
	}
}

/* Nothing but noise is no IMAP either, however much of it comes. */
static void noise_has_an_end(void **state)
{
	char text[400] = "* OK hi\r\n";
	struct record rec;

	(void)state;
	for (size_t i = 0, n = strlen(text); i < 20; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "oops\r\n");
	assert_int_equal(feed(&rec, text, strlen(text), 0, 3), GW_ERR_PROTOCOL);
	gw_buf_deinit(&rec.text);
}

static void counts_that_cannot_be_read(void **state)
{
	struct record rec;
	const char *text = "* STATUS a (MESSAGES NIL UIDNEXT 5 UIDVALIDITY -1)\r\n"
			   "* STATUS b (MAILBOXID NIL MESSAGES 4294967296 UIDNEXT 6)\r\n"
			   "* STATUS c ((MESSAGES 3) UIDNEXT 7\r\n";

	(void)state;
	assert_int_equal(feed(&rec, text, strlen(text), 0, 3), GW_OK);
	assert_non_null(strstr(rec.text.p, "[8 a 2 0 5 0 0]"));
	assert_non_null(strstr(rec.text.p, "[8 b 2 0 6 0 0]"));
	assert_non_null(strstr(rec.text.p, "[8 c 2 0 7 0 0]"));
	gw_buf_deinit(&rec.text);
}

/* A response of a million literals, and one of a million openings: each byte is looked at a bounded
 * number of times. */
static void long_responses_take_no_time(void **state)
{
	static const char *const parts[] = { "]{0}\r\n", "BODY[]{0}\r\n", "INTERNALDATE {",
		"INTERNALDATE \"", "FLAGS (", "BODY[", "((UID " };

	(void)state;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		struct record rec = { 0 };
		const struct gw_parser_sink sink = { on_response, on_body, &rec };
		struct gw_parser *p = gw_parser_new(&gw_parser_default_limits, &sink);
		struct gw_error err = { 0 };
		struct gw_buf text;
		size_t n = strlen(parts[i]);

		gw_buf_init(&rec.text, 64 << 20);
		gw_buf_init(&text, 8 << 20);
		gw_buf_puts(&text, "* 1 FETCH (");
		while (text.n + n + 10 < 7 << 20)
			gw_buf_append(&text, parts[i], n);
		gw_buf_puts(&text, ")\r\n");
		assert_int_equal(
			gw_parser_feed(p, (struct gw_slice){ text.p, text.n }, &err), GW_OK);
		gw_parser_free(p);
		gw_buf_deinit(&text);
		gw_buf_deinit(&rec.text);
	}
}

static void not_imap_is_an_error(void **state)
{
	static const char *const texts[] = { "HTTP/1.1 400 Bad Request\r\n", "hello\r\n",
		"g1\r\n" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct record rec;

		assert_int_equal(feed(&rec, texts[i], strlen(texts[i]), 0, 4096), GW_ERR_PROTOCOL);
		gw_buf_deinit(&rec.text);
	}
}

static void bounds_hold(void **state)
{
	struct record rec;
	char *long_line = malloc(10000);

	(void)state;
	memset(long_line, 'x', 10000);
	snprintf(long_line, 10000, "* LIST ");
	long_line[strlen(long_line)] = 'x';
	assert_int_equal(feed(&rec, long_line, 10000, 0, 100), GW_ERR_LIMIT);
	gw_buf_deinit(&rec.text);
	free(long_line);
	assert_int_equal(feed(&rec, "* LIST () {99999}\r\n", 19, 0, 100), GW_ERR_LIMIT);
	gw_buf_deinit(&rec.text);
	/* A body has no bound: it is not held. */
	assert_int_equal(feed(&rec, "* 1 FETCH (BODY[] {99999999999}\r\nabc", 37, 0, 100), GW_OK);
	assert_non_null(strstr(rec.text.p, "<:99999999999:abc"));
	gw_buf_deinit(&rec.text);
}

static void long_searches_come_in_parts(void **state)
{
	char text[2000] = "* SEARCH";
	struct record rec;
	unsigned sum = 0;

	(void)state;
	for (unsigned i = 1; i <= 200; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), " %u", i);
	snprintf(text + strlen(text), sizeof text - strlen(text), "\r\n");
	assert_int_equal(feed(&rec, text, strlen(text), 0, 7), GW_OK);
	for (char *p = rec.text.p; (p = strstr(p, "[10 0 ")) != NULL;) {
		p += 6;
		for (char *end; *p != ']'; p = end + (*end == ' '))
			sum += (unsigned)strtoul(p, &end, 10);
	}
	assert_int_equal(sum, 200 * 201 / 2);
	gw_buf_deinit(&rec.text);
}

static void random_bytes_do_no_harm(void **state)
{
	uint64_t seed = test_seed() | 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		char text[sizeof transcript];
		struct record rec;
		size_t n = sizeof transcript - 1;

		memcpy(text, transcript, n);
		for (int i = 0; i < 1 + round % 12; i++)
			text[test_random(&seed, (uint32_t)n)] = (char)test_random(&seed, 256);
		feed(&rec, text, n, test_random(&seed, (uint32_t)n), 1 + test_random(&seed, 200));
		gw_buf_deinit(&rec.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(same_events_in_every_cut),
		cmocka_unit_test(odd_lines_cost_only_themselves),
		cmocka_unit_test(each_item_is_read_for_itself),
		cmocka_unit_test(a_body_must_be_followed_by_something),
		cmocka_unit_test(stray_lines), cmocka_unit_test(noise_has_an_end),
		cmocka_unit_test(counts_that_cannot_be_read),
		cmocka_unit_test(long_responses_take_no_time),
		cmocka_unit_test(not_imap_is_an_error), cmocka_unit_test(bounds_hold),
		cmocka_unit_test(long_searches_come_in_parts),
		cmocka_unit_test(random_bytes_do_no_harm) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
