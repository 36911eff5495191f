/* SPDX-License-Identifier: ISC */
/* import: mbsync's and offlineimap's configurations, taken apart, and put into godwit's words. */
#include "import/compose.h"
#include "import/ini.h"
#include "import/mbsyncrc.h"
#include "test.h"

static void read_mbsync(const char *text, struct gw_mbsync_file *f)
{
	struct gw_error err = { 0 };

	assert_int_equal(gw_mbsync_read(gw_slice_str(text), "rc", f, &err), GW_OK);
}

static void words_are_taken_apart_as_mbsync_does(void **state)
{
	struct gw_mbsync_file f;
	const struct gw_mbsync_section *s;
	const struct gw_mbsync_item *item;

	(void)state;
	read_mbsync("IMAPAccount a\n"
		    "# a comment does not end it\n"
		    "PassCmd \"+pass \\\"x y\\\" \\\\n\" # the rest\n"
		    "Host a\"b c\"d\r\n"
		    "\n"
		    "Expunge Both\n",
		&f);
	s = gw_mbsync_find(&f, GW_MBSYNC_ACCOUNT, "a");
	assert_non_null(s);
	item = gw_mbsync_item(s, "passcmd");
	assert_int_equal(item->arg_count, 1);
	assert_string_equal(item->args[0], "+pass \"x y\" \\n");
	assert_int_equal(item->line, 3);
	assert_string_equal(gw_mbsync_item(s, "HOST")->args[0], "ab cd");
	assert_null(gw_mbsync_item(s, "Expunge"));
	assert_non_null(gw_mbsync_item(&f.list[0], "Expunge")); /* behind an empty line: of all */
	gw_mbsync_deinit(&f);
}

static void a_group_may_name_channels(void **state)
{
	struct gw_mbsync_file f;

	(void)state;
	read_mbsync("Group g one\nChannel two\nChannels three\n\nChannel two\nFar :a:\n", &f);
	assert_int_equal(f.count, 3);
	assert_int_equal(f.list[1].kind, GW_MBSYNC_GROUP);
	assert_int_equal(f.list[1].count, 3); /* one stands beside its name */
	assert_int_equal(f.list[2].kind, GW_MBSYNC_CHANNEL);
	gw_mbsync_deinit(&f);
}

static void bad_lines_are_named(void **state)
{
	static const char *const bad[] = { "\nHost \"x\n", "\nHost x\\\n", "\nHost\n",
		"\nHost # x\n" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct gw_mbsync_file f;
		struct gw_error err = { 0 };

		assert_int_equal(
			gw_mbsync_read(gw_slice_str(bad[i]), "rc", &f, &err), GW_ERR_CONFIG);
		assert_non_null(strstr(err.text, "rc line 2"));
	}
}

static void values_are_read_as_configparser_does(void **state)
{
	static const char text[] = "; comment\n"
				   "[DEFAULT]\n"
				   "home = /h\n"
				   "[a]\n"
				   "Key : one\n"
				   "  two\n"
				   "\n"
				   "  # not a part of it\n"
				   "  three\n"
				   "path = %(home)s/%(sub)s 100%%\n"
				   "sub=x=y\n"
				   "loop = %(loop)s\n"
				   "[b]\n"
				   "sub = other\n";
	struct gw_error err = { 0 };
	struct gw_ini ini;
	const struct gw_ini_section *a;
	char *value;

	(void)state;
	assert_int_equal(gw_ini_read(gw_slice_str(text), "rc", &ini, &err), GW_OK);
	a = gw_ini_find(&ini, "a");
	value = gw_ini_get(&ini, a, "key");
	assert_string_equal(value, "one\ntwo\nthree");
	free(value);
	value = gw_ini_get(&ini, a, "path");
	assert_string_equal(value, "/h/x=y 100%");
	free(value);
	assert_null(gw_ini_get(&ini, a, "loop"));
	assert_null(gw_ini_get(&ini, a, "none"));
	gw_ini_deinit(&ini);
	assert_int_equal(gw_ini_read(gw_slice_str("x = 1\n"), "rc", &ini, &err), GW_ERR_CONFIG);
	gw_error_clear(&err);
	assert_int_equal(
		gw_ini_read(gw_slice_str("[a]\nnothing\n"), "rc", &ini, &err), GW_ERR_CONFIG);
	assert_non_null(strstr(err.text, "line 2"));
}

/* --- from a file to an account ------------------------------------------------------------------- */

struct box {
	const char *wire; /* with "." between its parts */
	const char *want; /* `local`, "" for by its name, NULL: not kept */
};

/* The old directories that are there; NULL behind the last. */
static bool is_there(void *ctx, const char *path)
{
	for (const char *const *p = ctx; *p != NULL; p++) {
		if (strcmp(*p, path) == 0)
			return true;
	}
	return false;
}

static char *with(const char *text, const char *before, char divider)
{
	size_t room = strlen(before) + strlen(text) + 1;
	char *out = malloc(room);

	assert_non_null(out);
	snprintf(out, room, "%s%s", before, text);
	for (char *p = out + strlen(before); *p != '\0'; p++)
		*p = *p == '.' ? divider : *p;
	return out;
}

static struct gw_settle_box *boxes_of(const struct box *list, size_t count)
{
	struct gw_settle_box *out = calloc(count, sizeof *out);

	for (size_t i = 0; i < count; i++) {
		bool inbox = strcmp(list[i].wire, "INBOX") == 0;

		out[i].wire = strdup(list[i].wire);
		out[i].name = with(list[i].wire, "", '/');
		out[i].delimiter = '.';
		out[i].dirs[GW_LAYOUT_FS] = with(list[i].wire, "", '/');
		out[i].dirs[GW_LAYOUT_MAILDIRPP] =
			inbox ? strdup(".") : with(list[i].wire, ".", '.');
		out[i].repeats = strcmp(list[i].wire, "All") == 0;
	}
	return out;
}

struct expected {
	const char *root, *folders; /* folders: with blanks between */
	enum gw_layout layout;
	size_t moves;
};

static void check(struct gw_others *all, const struct box *list, size_t count,
	const char *const *there, const struct expected *want)
{
	struct gw_settle_box *boxes = boxes_of(list, count);
	struct gw_settled s;
	struct gw_error err = { 0 };
	struct gw_buf folders, text;

	gw_buf_init(&folders, 4096);
	gw_buf_init(&text, 65536);
	assert_int_equal(all->count, 1);
	assert_true(gw_settle_places(&all->list[0], boxes, count, is_there, (void *)there));
	assert_int_equal(
		gw_settle(&all->list[0], boxes, count, is_there, (void *)there, &s, &err), GW_OK);
	assert_string_equal(s.root, want->root);
	assert_int_equal(s.layout, want->layout);
	assert_int_equal(s.moves, want->moves);
	for (size_t i = 0; i < s.folder_count; i++)
		gw_buf_printf(&folders, "%s%s", i > 0 ? " " : "", s.folders[i]);
	assert_string_equal(gw_buf_cstr(&folders), want->folders);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(boxes[i].in, list[i].want != NULL);
		if (list[i].want != NULL)
			assert_string_equal(
				boxes[i].local == NULL ? "" : boxes[i].local, list[i].want);
	}
	assert_int_equal(gw_compose(&all->list[0], boxes, count, &s, NULL, &text), GW_OK);
	gw_buf_deinit(&text);
	gw_buf_deinit(&folders);
	gw_settled_deinit(&s);
	gw_settle_boxes_free(boxes, count);
	gw_others_deinit(all);
}

#define STORES                                                                \
	"IMAPStore r\nHost imap.example.org\nUser me\nPassCmd \"pass x\"\n\n" \
	"MaildirStore l\n"

static void from_mbsync(const char *rest, const struct box *list, size_t count,
	const char *const *there, const struct expected *want)
{
	struct gw_others all;
	struct gw_error err = { 0 };
	char text[2000];

	snprintf(text, sizeof text, STORES "%s", rest);
	assert_int_equal(
		gw_import_mbsync(gw_slice_str(text), "/h/.mbsyncrc", "/h", &all, &err), GW_OK);
	check(&all, list, count, there, want);
}

#define FROM_MBSYNC(rest, list, there, ...) \
	from_mbsync(rest, list, sizeof list / sizeof *list, there, &(struct expected)__VA_ARGS__)

static void verbatim_needs_nothing(void **state)
{
	static const struct box list[] = { { "INBOX", "" }, { "a", "" }, { "a.b", "" },
		{ "Spam", NULL }, { "All", NULL } };
	static const char *const there[] = { "/h/Mail/Inbox", "/h/Mail/a", "/h/Mail/a/b", NULL };

	(void)state;
	FROM_MBSYNC("Path ~/Mail/\nInbox ~/Mail/Inbox\nSubFolders Verbatim\n\n"
		    "Channel c\nFar :r:\nNear :l:\nPatterns * !Spam !All\n",
		list, there, { "/h/Mail", "* !Spam !All", GW_LAYOUT_FS, 0 });
}

static void what_repeats_comes_if_it_is_here(void **state)
{
	static const struct box list[] = { { "INBOX", "" }, { "All", "" } };
	static const char *const there[] = { "/h/Mail/INBOX", "/h/Mail/All", NULL };

	(void)state;
	FROM_MBSYNC("Path ~/Mail/\nInbox ~/Mail/INBOX\nSubFolders Verbatim\n\n"
		    "Channel c\nFar :r:\nNear :l:\nPatterns *\n",
		list, there, { "/h/Mail", "* All", GW_LAYOUT_FS, 0 });
}

static void maildirpp_is_a_layout(void **state)
{
	static const struct box list[] = { { "INBOX", "" }, { "a.b", "" },
		{ "INBOX.x.y", "..x.y" } };
	static const char *const there[] = { "/h/Maildir", "/h/Maildir/.a.b", "/h/Maildir/..x.y",
		NULL };

	(void)state;
	FROM_MBSYNC("SubFolders Maildir++\n\nChannel c\nFar :r:\nNear :l:\nPatterns *\n", list,
		there, { "/h/Maildir", "", GW_LAYOUT_MAILDIRPP, 0 });
}

/* Path with the dot of the first component, and Flatten for the others. */
static void maildirpp_by_hand_is_one_too(void **state)
{
	static const struct box list[] = { { "INBOX", "" }, { "a.b", "" }, { "c", "" } };
	static const char *const there[] = { "/h/Maildir", "/h/Maildir/.a.b", "/h/Maildir/.c",
		NULL };

	(void)state;
	FROM_MBSYNC("Path ~/Maildir/.\nInbox ~/Maildir/\nFlatten .\n\n"
		    "Channel c\nFar :r:\nNear :l:\nPatterns *\n",
		list, there, { "/h/Maildir", "", GW_LAYOUT_MAILDIRPP, 0 });
}

static void flatten_and_near_names_are_local(void **state)
{
	static const struct box list[] = { { "INBOX", "" }, { "a.b", "a_b" },
		{ "Sent Items", "sent" }, { "other", NULL } };
	static const char *const there[] = { "/h/Mail/inbox", "/h/Mail/a_b", "/h/Mail/sent", NULL };

	(void)state;
	FROM_MBSYNC("Path ~/Mail/\nInbox ~/Mail/inbox\nFlatten _\n\n"
		    "Channel i\nMaster :r:\nSlave :l:\n\n"
		    "Channel s\nMaster \":r:Sent Items\"\nSlave :l:sent\n\n"
		    "Channel c\nMaster :r:\nSlave :l:\nPattern a*\n",
		list, there, { "/h/Mail", "INBOX Sent Items a*", GW_LAYOUT_FS, 0 });
}

static void what_lies_apart_has_to_move(void **state)
{
	static const struct box list[] = { { "INBOX", "" }, { "a", "" }, { "a.b", "" } };
	static const char *const there[] = { "/h/in", "/h/Mail/a", "/h/Mail/a/.b", NULL };
	static const char *const moved[] = { "/h/Mail/INBOX", "/h/Mail/a", "/h/Mail/a/b", NULL };

	(void)state;
	FROM_MBSYNC("Path ~/Mail/\nInbox ~/in\nSubFolders Legacy\n\n"
		    "Channel c\nFar :r:\nNear :l:\nPatterns *\n",
		list, there, { "/h/Mail", "", GW_LAYOUT_FS, 2 });
	FROM_MBSYNC("Path ~/Mail/\nInbox ~/in\nSubFolders Legacy\n\n"
		    "Channel c\nFar :r:\nNear :l:\nPatterns *\n",
		list, moved, { "/h/Mail", "", GW_LAYOUT_FS, 0 });
}

static void a_prefix_here_is_the_root(void **state)
{
	static const struct box list[] = { { "INBOX", "" }, { "a.b", "" } };
	static const char *const there[] = { "/h/Mail/work/INBOX", "/h/Mail/work/a/b", NULL };

	(void)state;
	FROM_MBSYNC("Path ~/Mail/\nInbox ~/Mail/none\nSubFolders Verbatim\n\n"
		    "Channel c\nFar :r:\nNear :l:work/\nPatterns *\n",
		list, there, { "/h/Mail/work", "", GW_LAYOUT_FS, 0 });
}

static const char *note_of(const struct gw_other *o, const char *said)
{
	for (size_t i = 0; i < o->note_count; i++) {
		if (strstr(o->notes[i].said, said) != NULL)
			return o->notes[i].became;
	}
	return NULL;
}

static void each_line_of_mbsync_is_told(void **state)
{
	static const char text[] =
		"Expunge None\n\n"
		"IMAPAccount a\nHost imaps:h\nUserCmd \"+echo me\"\nPass \"se cret\"\n"
		"AuthMechs LOGIN\nColour red\n\n"
		"IMAPStore r\nAccount a\nTrash Bin\n\n"
		"MaildirStore l\nPath /m/\nInbox /m/INBOX\nMaxSize 2m\nInfoDelimiter ;\n\n"
		"Channel c\nFar :l:\nNear :r:\nPatterns *\nSync Push\n"
		"Expunge Near\nRemove Both\n";
	struct gw_others all;
	struct gw_error err = { 0 };
	const struct gw_other *o;

	(void)state;
	assert_int_equal(
		gw_import_mbsync(gw_slice_str(text), "/h/.mbsyncrc", "/h", &all, &err), GW_OK);
	assert_int_equal(all.count, 1);
	o = &all.list[0];
	assert_string_equal(o->name, "a");
	assert_string_equal(gw_other_get(o, "host"), "h");
	assert_string_equal(gw_other_get(o, "tls"), "implicit");
	assert_string_equal(o->asked[0].value, "echo me");
	/* The sides are exchanged: what is near is the server. */
	assert_string_equal(gw_other_get(o, "direction"), "pull");
	assert_string_equal(gw_other_get(o, "delete"), "trash");
	assert_string_equal(gw_other_get(o, "delete-folders"), "yes");
	assert_string_equal(gw_other_get(o, "info-separator"), ";");
	assert_non_null(strstr(gw_other_get(o, "password-command"), "'/h/.mbsyncrc'"));
	assert_string_equal(note_of(o, "Colour"), "is not known, and left out");
	for (size_t i = 0; i < o->note_count; i++) {
		assert_null(strstr(o->notes[i].said, "se cret"));
		assert_null(strstr(o->notes[i].became, "se cret"));
	}
	gw_others_deinit(&all);
}

static const char *direction_of(const char *text, bool mbsync)
{
	static char found[20];
	struct gw_others all;
	struct gw_error err = { 0 };
	const char *direction;

	assert_int_equal(
		mbsync ? gw_import_mbsync(gw_slice_str(text), "/h/rc", "/h", &all, &err)
		       : gw_import_offlineimap(gw_slice_str(text), "/h/rc", "/h", &all, &err),
		GW_OK);
	direction = gw_other_get(&all.list[0], "direction");
	snprintf(found, sizeof found, "%s", direction == NULL ? "-" : direction);
	gw_others_deinit(&all);
	return found;
}

#define MBSYNC(sync)                                                                  \
	"IMAPStore r\nHost h\nUser u\n\nMaildirStore l\nPath /m/\nInbox /m/INBOX\n\n" \
	"Channel c\nFar :r:\nNear :l:\nPatterns *\nSync " sync "\n"
#define OFFLINEIMAP(here, there)                                                            \
	"[general]\naccounts = w\n[Account w]\nlocalrepository = l\nremoterepository = r\n" \
	"[Repository l]\ntype = Maildir\nlocalfolders = ~/Mail\n" here                      \
	"[Repository r]\ntype = IMAP\nremotehost = h\nremoteuser = me\n" there

static void one_direction(void **state)
{
	(void)state;
	assert_string_equal(direction_of(MBSYNC("Push"), true), "push");
	assert_string_equal(direction_of(MBSYNC("PushNew"), true), "push");
	assert_string_equal(direction_of(MBSYNC("Pull"), true), "pull");
	assert_string_equal(direction_of(MBSYNC("Pull Push"), true), "both");
	assert_string_equal(direction_of(OFFLINEIMAP("readonly = yes\n", ""), false), "push");
	assert_string_equal(direction_of(OFFLINEIMAP("", "readonly = yes\n"), false), "pull");
	assert_string_equal(direction_of(OFFLINEIMAP("", ""), false), "-");
}

static void from_offlineimap(void **state)
{
	static const char text[] =
		"[general]\naccounts = w\n"
		"[Account w]\nlocalrepository = l\nremoterepository = r\n"
		"maxage = 30\nautorefresh = 5\nmaildir-windows-compatible = yes\n"
		"[Repository l]\ntype = Maildir\nlocalfolders = ~/Mail\n"
		"[Repository r]\ntype = IMAP\nremotehost = h\nremoteuser = me\n"
		"remotepass = se%%cret\nreadonly = True\nidlefolders = ['INBOX', 'x']\n"
		"cert_fingerprint = 00\n";
	static const struct box list[] = { { "INBOX", "" }, { "a.b", "a.b" }, { "c", "" } };
	static const char *const there[] = { "/h/Mail/INBOX", "/h/Mail/a.b", "/h/Mail/c", NULL };
	struct gw_others all;
	struct gw_error err = { 0 };
	const struct gw_other *o;

	(void)state;
	assert_int_equal(
		gw_import_offlineimap(gw_slice_str(text), "/h/rc", "/h", &all, &err), GW_OK);
	o = &all.list[0];
	assert_string_equal(gw_other_get(o, "direction"), "pull");
	assert_string_equal(gw_other_get(o, "delete"), "expunge");
	assert_string_equal(gw_other_get(o, "tls"), "implicit");
	assert_string_equal(gw_other_get(o, "watch"), "{\"INBOX\", \"x\"}");
	assert_string_equal(gw_other_get(o, "poll"), "300");
	assert_string_equal(gw_other_get(o, "info-separator"), "!");
	assert_string_equal(o->limits, "    max-age = 30\n");
	assert_non_null(note_of(o, "cert_fingerprint"));
	for (size_t i = 0; i < o->note_count; i++)
		assert_null(strstr(o->notes[i].said, "se%cret"));
	check(&all, list, 3, there, &(struct expected){ "/h/Mail", "", GW_LAYOUT_FS, 0 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_taken_apart_as_mbsync_does),
		cmocka_unit_test(a_group_may_name_channels),
		cmocka_unit_test(bad_lines_are_named),
		cmocka_unit_test(values_are_read_as_configparser_does),
		cmocka_unit_test(verbatim_needs_nothing),
		cmocka_unit_test(what_repeats_comes_if_it_is_here),
		cmocka_unit_test(maildirpp_is_a_layout),
		cmocka_unit_test(maildirpp_by_hand_is_one_too),
		cmocka_unit_test(flatten_and_near_names_are_local),
		cmocka_unit_test(what_lies_apart_has_to_move),
		cmocka_unit_test(a_prefix_here_is_the_root),
		cmocka_unit_test(each_line_of_mbsync_is_told),
		cmocka_unit_test(one_direction),
		cmocka_unit_test(from_offlineimap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
