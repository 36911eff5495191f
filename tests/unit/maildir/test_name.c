/* SPDX-License-Identifier: ISC */
/* maildir/name, keywords, fingerprint, crlf: file names, letters, and what counts as the same mail.
 */
#include "maildir/crlf.h"
#include "maildir/fingerprint.h"
#include "maildir/name.h"
#include "maildir/outgoing.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void splits(void **state)
{
	struct gw_name n = gw_name_split("a:2,b:2,FS");

	(void)state;
	assert_true(gw_slice_eq(n.base, "a:2,b") && gw_slice_eq(n.info, "FS"));
	n = gw_name_split("plain,S=12");
	assert_true(gw_slice_eq(n.base, "plain,S=12") && n.info.p == NULL);
	n = gw_name_split(":2,S");
	assert_true(n.base.n == 0 && gw_slice_eq(n.info, "S"));
	n = gw_name_split("a!2,FS");
	assert_true(gw_slice_eq(n.base, "a") && gw_slice_eq(n.info, "FS") && n.separator == '!');
	n = gw_name_split("a;2,");
	assert_true(gw_slice_eq(n.base, "a") && n.info.n == 0 && n.separator == ';');
	n = gw_name_split("a!2,S:2,T");
	assert_true(gw_slice_eq(n.base, "a!2,S") && gw_slice_eq(n.info, "T"));
	n = gw_name_split("a-2,S");
	assert_true(gw_slice_eq(n.base, "a-2,S") && n.info.p == NULL && n.separator == '\0');
	n = gw_name_split("2,S");
	assert_true(gw_slice_eq(n.base, "2,S") && n.info.p == NULL);
}

static void a_separator_stays(void **state)
{
	struct gw_keywords k = { 0 };
	char out[GW_NAME_MAX + 1];
	struct gw_name old = gw_name_split("a;2,S");

	(void)state;
	assert_true(gw_name_format(&old, GW_FLAG_FLAGGED, GW_FLAG_FLAGGED, &k, '!', out));
	assert_string_equal(out, "a;2,FS");
	old = gw_name_split("a");
	assert_true(gw_name_format(&old, GW_FLAG_FLAGGED, GW_FLAGS_ALL, &k, '!', out));
	assert_string_equal(out, "a!2,F");
	assert_true(gw_name_format(&old, GW_FLAG_FLAGGED, GW_FLAGS_ALL, &k, '\0', out));
	assert_string_equal(out, "a:2,F");
}

static void formats_and_keeps_what_is_foreign(void **state)
{
	struct gw_keywords k = { 0 };
	char out[GW_NAME_MAX + 1];
	struct gw_name old = gw_name_split("x,U=1:2,FSXbz");
	uint64_t mine;

	(void)state;
	gw_keywords_put(&k, 1, gw_slice_str("Work"));
	mine = gw_keywords_lettered(&k) & ~GW_FLAG_DELETED;
	assert_int_equal(
		gw_name_flags(old.info, &k), GW_FLAG_FLAGGED | GW_FLAG_SEEN | GW_FLAG_KEYWORD(1));
	/* X and z mean nothing here: they stay.  T is not ours to write. */
	assert_true(gw_name_format(
		&old, GW_FLAG_ANSWERED | GW_FLAG_SEEN | GW_FLAG_DELETED, mine, &k, ':', out));
	assert_string_equal(out, "x,U=1:2,RSXz");
	old = gw_name_split("x:2,T");
	assert_true(gw_name_format(&old, GW_FLAG_SEEN, mine, &k, ':', out));
	assert_string_equal(out, "x:2,ST");
	gw_keywords_deinit(&k);
}

/* As a keyword it could never be in step with the server, which has it as the flag. */
static void forwarded_is_a_flag_under_either_letter(void **state)
{
	struct gw_keywords k = { 0 };
	char out[GW_NAME_MAX + 1];
	struct gw_name old = gw_name_split("x:2,Sa");

	(void)state;
	gw_keywords_put(&k, 0, gw_slice_str("$forwarded"));
	assert_int_equal(gw_name_flags(old.info, &k), GW_FLAG_SEEN | GW_FLAG_FORWARDED);
	assert_true(gw_name_format(&old, GW_FLAG_FORWARDED, GW_FLAGS_ALL, &k, ':', out));
	assert_string_equal(out, "x:2,P");
	gw_keywords_deinit(&k);
}

/* What it has stays; what has no room is left out, and said. */
static void letters_without_room_are_left_out(void **state)
{
	struct gw_keywords k = { 0 };
	char name[260], out[GW_NAME_MAX + 1];
	struct gw_name old;

	(void)state;
	memset(name, 'n', 251);
	name[251] = '\0';
	old = gw_name_split(name);
	assert_true(gw_name_format(&old, GW_FLAG_SEEN, GW_FLAGS_ALL, &k, ':', out));
	assert_false(
		gw_name_format(&old, GW_FLAG_SEEN | GW_FLAG_DRAFT, GW_FLAGS_ALL, &k, ':', out));
	assert_int_equal(strlen(out), 255);
	memcpy(name + 251, ":2,S", 5);
	old = gw_name_split(name);
	assert_false(
		gw_name_format(&old, GW_FLAG_SEEN | GW_FLAG_DRAFT, GW_FLAGS_ALL, &k, ':', out));
	assert_string_equal(out, name);
	assert_true(gw_name_has_room(name, 0));
	assert_false(gw_name_has_room(name, GW_FLAG_DRAFT));
	memset(name, 'n', 256);
	memcpy(name + 256, ":2,", 4);
	old = gw_name_split(name);
	assert_false(gw_name_format(&old, 0, GW_FLAGS_ALL, &k, ':', out));
	assert_string_equal(out, "");
	memset(name, 'n', 254);
	name[254] = '\0';
	old = gw_name_split(name);
	assert_false(gw_name_format(&old, GW_FLAG_SEEN, GW_FLAGS_ALL, &k, ':', out));
	assert_string_equal(out, name);
	assert_true(gw_name_format(&old, 0, GW_FLAGS_ALL, &k, ':', out));
}

static void names_speak_of_their_uid(void **state)
{
	char key[17], other[17], name[64];

	(void)state;
	gw_name_key("account", "INBOX", 7, key);
	gw_name_key("account", "INBOX", 8, other);
	assert_string_not_equal(key, other);
	gw_name_of_uid(key, 4294967295u, name);
	assert_int_equal(gw_name_uid(gw_slice_str(name), key), 4294967295u);
	assert_int_equal(gw_name_uid(gw_slice_str(name), other), 0);
	assert_int_equal(gw_name_uid(gw_slice_str("1234.M5P6.host"), key), 0);
}

static void keywords_have_letters_until_they_run_out(void **state)
{
	struct gw_keywords k = { 0 };
	char name[16];

	(void)state;
	for (int i = 0; i < GW_KEYWORD_MAX; i++) {
		snprintf(name, sizeof name, "kw%d", i);
		assert_int_equal(gw_keywords_add(&k, gw_slice_str(name)), i);
	}
	assert_int_equal(gw_keywords_add(&k, gw_slice_str("KW7")), 7); /* without case */
	assert_int_equal(gw_keywords_add(&k, gw_slice_str("one more")), -1);
	assert_true(gw_keywords_lettered(&k) & GW_FLAG_KEYWORD(25));
	assert_false(gw_keywords_lettered(&k) & GW_FLAG_KEYWORD(26));
	gw_keywords_deinit(&k);
}

static void print_of(const char *text, size_t step, struct gw_fingerprint *out)
{
	struct gw_printer p;
	size_t n = strlen(text);

	gw_printer_init(&p);
	for (size_t at = 0; at < n; at += step)
		gw_printer_update(&p, text + at, n - at < step ? n - at : step);
	gw_printer_final(&p, out);
}

static void added_fields_do_not_count(void **state)
{
	struct gw_fingerprint a, b;

	(void)state;
	print_of("From: x\nMessage-ID: <1@x>\n\nbody\n", 1000, &a);
	print_of("X-TUID: abc\nFrom: x\nstatus: RO\n folded\nMessage-ID: <1@x>\nLines: 3\n\nbody\n",
		1000, &b);
	assert_memory_equal(a.header, b.header, GW_HASH_BYTES);
	assert_memory_equal(a.body, b.body, GW_HASH_BYTES);
	assert_memory_equal(a.msgid, b.msgid, GW_HASH_BYTES);
	assert_int_equal(b.left_out - a.left_out, strlen("X-TUID: abc\r\n") +
							  strlen("status: RO\r\n folded\r\n") +
							  strlen("Lines: 3\r\n"));
	print_of("From: x\nMessage-ID: <1@x>\nStatusX: RO\n\nbody\n", 1000, &b);
	assert_memory_not_equal(a.header, b.header, GW_HASH_BYTES);
	print_of("From: x\nMessage-ID: <1@x>\n\nbody!\n", 1000, &b);
	assert_memory_equal(a.header, b.header, GW_HASH_BYTES);
	assert_memory_not_equal(a.body, b.body, GW_HASH_BYTES);
}

static void what_a_message_is_about_survives_rewriting(void **state)
{
	struct gw_fingerprint a, b;

	(void)state;
	print_of("From: Some One <a@b>\nDate: Tue, 1 Jan\nSubject: two words\n\n", 1000, &a);
	print_of("Subject:\n two\n\tWORDS\nTo: x\nfrom: \"Some One\" <a@b>\nDATE: Tue,\n 1 Jan\n\n",
		3, &b);
	assert_true(a.about != 0 && a.about == b.about);
	print_of("From: Some One <a@b>\nDate: Tue, 2 Jan\nSubject: two words\n\n", 1000, &b);
	assert_true(a.about != b.about);
	print_of("Subject: Some One <a@b>\nDate: Tue, 1 Jan\nFrom: two words\n\n", 1000, &b);
	assert_true(a.about != b.about);
	print_of("To: x\n\nSubject: two words\n", 1000, &b);
	assert_true(b.about == 0);
}

static void prints_do_not_depend_on_cuts(void **state)
{
	static const char text[] =
		"A: 1\n\tfolded\nReceived: by x\nContent-Length: 12\n more\nno colon here at all, "
		"longer than the name buffer\nMessage-Id:\n <long@id>\n\nbody\n\nx";
	struct gw_fingerprint whole, cut;

	(void)state;
	print_of(text, sizeof text, &whole);
	for (size_t step = 1; step < sizeof text; step++) {
		print_of(text, step, &cut);
		assert_memory_equal(whole.header, cut.header, GW_HASH_BYTES);
		assert_memory_equal(whole.body, cut.body, GW_HASH_BYTES);
		assert_memory_equal(whole.msgid, cut.msgid, GW_HASH_BYTES);
		assert_int_equal(whole.left_out, cut.left_out);
		assert_true(whole.has_received && cut.has_received);
	}
}

/* Other programs leave CR LF in files; the wire has it, and never shows how they were. */
static void line_ends_do_not_count(void **state)
{
	static const char lf[] = "A: 1\nStatus: RO\nMessage-ID: <1@x>\n\nbo\rdy\n\nx\r";
	static const char crlf[] =
		"A: 1\r\nStatus: RO\r\nMessage-ID: <1@x>\r\n\r\nbo\rdy\r\n\r\r\nx\r";
	struct gw_fingerprint a, b;

	(void)state;
	print_of(lf, sizeof lf, &a);
	for (size_t step = 1; step < sizeof crlf; step++) {
		print_of(crlf, step, &b);
		assert_memory_equal(a.header, b.header, GW_HASH_BYTES);
		assert_memory_equal(a.body, b.body, GW_HASH_BYTES);
		assert_memory_equal(a.msgid, b.msgid, GW_HASH_BYTES);
		assert_int_equal(a.left_out, b.left_out);
	}
	print_of("A: 1\nStatus: RO\nMessage-ID: <1@x>\n\nbody\n\nx\r", 1000, &b);
	assert_memory_not_equal(a.body, b.body, GW_HASH_BYTES); /* a CR inside a line is text */
}

static void crlf_in_any_cut(void **state)
{
	static const char in[] = "a\r\nb\rc\r\r\nd\n\r\n\r", want[] = "a\nb\rc\r\nd\n\n\r";

	(void)state;
	for (size_t step = 1; step <= sizeof in - 1; step++) {
		struct gw_crlf crlf = { 0 };
		char out[64];
		size_t n = 0;

		for (size_t at = 0; at < sizeof in - 1; at += step) {
			size_t take = sizeof in - 1 - at < step ? sizeof in - 1 - at : step;

			n += gw_crlf_convert(&crlf, (struct gw_slice){ in + at, take }, out + n);
		}
		n += gw_crlf_end(&crlf, out + n);
		assert_int_equal(n, sizeof want - 1);
		assert_memory_equal(out, want, n);
	}
}

static void crlf_is_restored_in_any_cut(void **state)
{
	static const char in[] = "a\nb\r\nc\rd\n\n\r", want[] = "a\r\nb\r\nc\rd\r\n\r\n\r";

	(void)state;
	for (size_t step = 1; step <= sizeof in - 1; step++) {
		bool after_cr = false;
		char out[64];
		size_t n = 0;

		for (size_t at = 0; at < sizeof in - 1; at += step) {
			size_t take = sizeof in - 1 - at < step ? sizeof in - 1 - at : step;

			n += gw_crlf_restore(
				&after_cr, (struct gw_slice){ in + at, take }, out + n);
		}
		assert_int_equal(n, sizeof want - 1);
		assert_memory_equal(out, want, n);
	}
}

/* What is announced (the facts) is what goes out. */
static void outgoing_has_the_size_that_was_told(void **state)
{
	char path[] = "/tmp/godwit-out.XXXXXX", out[100000];
	int fd = mkstemp(path), dir = open("/tmp", O_RDONLY | O_DIRECTORY);
	struct gw_outgoing *o = malloc(sizeof *o);
	struct gw_fingerprint print;
	struct gw_file_facts facts;
	struct gw_error err = { 0 };
	size_t n = 0, got;

	(void)state;
	assert_true(fd >= 0 && dir >= 0 && o != NULL);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(
			write(fd, i % 7 ? "line\n" : "x\r\n\ry\n", i % 7 ? 5 : 6), i % 7 ? 5 : 6);
	close(fd);
	assert_int_equal(gw_fingerprint_file(dir, path + 5, &print, &facts, &err), GW_OK);
	assert_false(facts.has_nul);
	assert_int_equal(gw_outgoing_open(o, dir, path + 5), 0);
	while ((got = gw_outgoing_read(o, out + n, 777)) > 0)
		n += got;
	gw_outgoing_close(o);
	gw_outgoing_close(o);
	assert_int_equal(n, facts.crlf_size);
	assert_int_equal(gw_outgoing_open(o, dir, "godwit-no-such-file"), ENOENT);
	unlink(path);
	assert_int_equal(
		mkfifo(path, 0600), 0); /* nobody writes to it: it must not be waited for */
	assert_int_equal(gw_outgoing_open(o, dir, path + 5), EINVAL);
	unlink(path);
	close(dir);
	free(o);
}

static void letters_can_be_another_mailboxs(void **state)
{
	struct gw_keywords k = { 0 };
	char out[GW_NAME_MAX + 1];
	struct gw_slice info = gw_name_split("x:2,FSbde").info, rest;

	(void)state;
	assert_int_equal(gw_name_letters(info), 1 << 1 | 1 << 3 | 1 << 4);
	rest = gw_name_without(info, 1 << 1 | 1 << 4, out);
	assert_true(gw_slice_eq(rest, "FSd"));
	rest = gw_name_without(gw_name_split("x").info, 1, out);
	assert_null(rest.p);
	assert_int_equal(gw_keywords_letters(&k), 0);
	gw_keywords_put(&k, 3, gw_slice_str("three"));
	gw_keywords_put(&k, 30, gw_slice_str("without a letter"));
	assert_int_equal(gw_keywords_letters(&k), 1 << 3);
	gw_keywords_deinit(&k);
}

static void editors_leave_no_mail(void **state)
{
	(void)state;
	assert_true(gw_name_is_editors("#1.2.host#"));
	assert_true(gw_name_is_editors("#1.2.host:2,S#"));
	assert_true(gw_name_is_editors("1.2.host:2,S~"));
	assert_true(gw_name_is_editors("1.2.host.~1~"));
	assert_false(gw_name_is_editors("#1.2.host"));
	assert_false(gw_name_is_editors("1.2.host~:2,S"));
	assert_false(gw_name_is_editors("~"));
	assert_false(gw_name_is_editors("#"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(splits),
		cmocka_unit_test(a_separator_stays), cmocka_unit_test(editors_leave_no_mail),
		cmocka_unit_test(formats_and_keeps_what_is_foreign),
		cmocka_unit_test(forwarded_is_a_flag_under_either_letter),
		cmocka_unit_test(letters_without_room_are_left_out),
		cmocka_unit_test(names_speak_of_their_uid),
		cmocka_unit_test(keywords_have_letters_until_they_run_out),
		cmocka_unit_test(letters_can_be_another_mailboxs),
		cmocka_unit_test(added_fields_do_not_count),
		cmocka_unit_test(what_a_message_is_about_survives_rewriting),
		cmocka_unit_test(prints_do_not_depend_on_cuts),
		cmocka_unit_test(line_ends_do_not_count), cmocka_unit_test(crlf_in_any_cut),
		cmocka_unit_test(crlf_is_restored_in_any_cut),
		cmocka_unit_test(outgoing_has_the_size_that_was_told) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
