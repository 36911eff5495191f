/* SPDX-License-Identifier: ISC */
/* cli/readers: what mail readers are told names the mailboxes that there are, and nothing in them is code. */
#include "cli/readers.h"
#include "test.h"

static void put(const struct readers *r, struct gw_buf *out)
{
	gw_buf_init(out, 100000);
	assert_int_equal(readers_put(r, out), GW_OK);
}

static void has(struct gw_buf *text, const char *line)
{
	if (strstr(gw_buf_cstr(text), line) == NULL)
		fail_msg("\"%s\" is not in:\n%s", line, gw_buf_cstr(text));
}

static void has_not(struct gw_buf *text, const char *line)
{
	if (strstr(gw_buf_cstr(text), line) != NULL)
		fail_msg("\"%s\" is in:\n%s", line, gw_buf_cstr(text));
}

static void the_special_mailboxes_are_named(void **state)
{
	static const struct reader_box boxes[] = { { "INBOX", NULL },
		{ "Entw\303\274rfe", "\\Drafts" }, { "Gesendet", "\\Sent" },
		{ "Papierkorb", "\\Trash" }, { "Alt", "\\Archive" } };
	struct gw_account account = { .name = "work", .maildir = "/home/me/Mail/work" };
	struct readers r = {
		.account = &account, .address = "me@example.org", .boxes = boxes, .box_count = 5
	};
	struct gw_buf text;

	(void)state;
	put(&r, &text);
	has(&text, "set folder = \"/home/me/Mail/work\"\n  set spoolfile = \"+INBOX\"\n");
	has(&text,
		"set record = \"+Gesendet\"\n  set postponed = \"+Entw\303\274rfe\"\n  set trash = \"+Papierkorb\"\n");
	has(&text, "mailboxes \"+Alt\"\n");
	has(&text, "source = maildir:///home/me/Mail/work\n");
	has(&text, "copy-to = Gesendet\n  postpone = Entw\303\274rfe\n  archive = Alt\n");
	has(&text, "mu4e-trash-folder \"/Papierkorb\"\n");
	has(&text, "notmuch config set database.path '/home/me/Mail/work'\n");
	has_not(&text, "outgoing");
	gw_buf_deinit(&text);
	r.sends = r.has_notmuch = true;
	put(&r, &text);
	has(&text, "set record = \"\"");
	has(&text, "outgoing = godwit sendmail\n");
	has(&text, "mu4e-sent-messages-behavior 'delete)");
	has_not(&text, "copy-to");
	has_not(&text, "config set"); /* what is there stays */
	gw_buf_deinit(&text);
}

static void names_are_no_code(void **state)
{
	static const struct reader_box boxes[] = { { "INBOX", NULL },
		{ "a`reboot`$HOME\"b\\c", "\\Trash" } };
	struct gw_account account = { .name = "a", .maildir = "/m/it's 50% #1" };
	const struct readers r = {
		.account = &account, .address = "o'me@x.org", .boxes = boxes, .box_count = 2
	};
	struct gw_buf text;

	(void)state;
	put(&r, &text);
	has(&text, "set trash = \"+a\\`reboot\\`\\$HOME\\\"b\\\\c\"\n");
	has(&text, "mu4e-trash-folder \"/a`reboot`$HOME\\\"b\\\\c\"");
	has(&text, "source = maildir:///m/it%27s%2050%25%20%231\n");
	has(&text, "--maildir='/m/it'\\''s 50% #1' --my-address='o'\\''me@x.org'");
	gw_buf_deinit(&text);
}

static void maildirpp_and_nothing_known(void **state)
{
	static const struct reader_box boxes[] = { { ".", NULL }, { ".Sent", "\\Sent" } };
	struct gw_account account = { .name = "a", .maildir = "/m", .layout = GW_LAYOUT_MAILDIRPP };
	struct readers r = {
		.account = &account, .address = "me@x", .boxes = boxes, .box_count = 2
	};
	struct gw_buf text;

	(void)state;
	put(&r, &text);
	has(&text, "set spoolfile = \"/m\"\n  set record = \"+.Sent\"\n");
	has(&text, "source = maildirpp:///m\n");
	has(&text, "copy-to = Sent\n");
	gw_buf_deinit(&text);
	account.layout = GW_LAYOUT_FS;
	r.box_count = 0;
	put(&r, &text);
	has(&text, "set spoolfile = \"+INBOX\"\n");
	has_not(&text, "mailboxes");
	has_not(&text, "trash");
	gw_buf_deinit(&text);
}

static void many_are_not_all_named(void **state)
{
	static struct reader_box boxes[50];
	struct gw_account account = { .name = "a", .maildir = "/m" };
	const struct readers r = {
		.account = &account, .address = "me@x", .boxes = boxes, .box_count = 50
	};
	struct gw_buf text;

	(void)state;
	for (size_t i = 0; i < 50; i++)
		boxes[i].dir = "Box";
	put(&r, &text);
	has(&text, "# and 20 more\n");
	gw_buf_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_special_mailboxes_are_named),
		cmocka_unit_test(names_are_no_code),
		cmocka_unit_test(maildirpp_and_nothing_known),
		cmocka_unit_test(many_are_not_all_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
