/* SPDX-License-Identifier: ISC */
/* maildir/folder: names map one to one, stay inside the root, and can be read back. */
#include "maildir/folder.h"
#include "test.h"

#include "base/text.h"

static void dir_of(const char *name, char delimiter, enum gw_layout layout, char *out, size_t size)
{
	struct gw_buf b;

	gw_buf_init(&b, 65536);
	assert_int_equal(gw_folder_dir(gw_slice_str(name), delimiter, layout, &b), GW_OK);
	snprintf(out, size, "%s", gw_buf_cstr(&b));
	gw_buf_deinit(&b);
}

static void known_names(void **state)
{
	static const struct {
		const char *name;
		char delimiter;
		const char *fs, *plus;
	} cases[] = {
		{ "INBOX", '/', "INBOX", "." },
		{ "inbox", '/', "INBOX", "." },
		{ "Archive/2024", '/', "Archive/2024", ".Archive.2024" },
		{ "Archive.2024", '.', "Archive/2024", ".Archive.2024" },
		{ "Archive.2024", '/', "Archive.2024", ".Archive%2E2024" },
		{ "a/b", '.', "a%2Fb", ".a%2Fb" },
		{ "..", '/', "%2E.", ".%2E%2E" },
		{ "../../etc/passwd", '/', "%2E./%2E./etc/passwd", ".%2E%2E.%2E%2E.etc.passwd" },
		{ ".hidden", '/', "%2Ehidden", ".%2Ehidden" },
		{ "cur", '/', "%63ur", ".%63ur" },
		{ "x/new", '/', "x/%6Eew", ".x.%6Eew" },
		{ "100%", '/', "100%25", ".100%25" },
		{ "a\nb", '/', "a%0Ab", ".a%0Ab" },
		{ "a//b", '/', "a/%-/b", ".a.%-.b" },
		{ "\xff", '/', "%FF", ".%FF" },
		{ "日本語", '/', "日本語", ".日本語" },
		{ "", '/', "%-", ".%-" },
	};
	char out[1024];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		dir_of(cases[i].name, cases[i].delimiter, GW_LAYOUT_FS, out, sizeof out);
		assert_string_equal(out, cases[i].fs);
		dir_of(cases[i].name, cases[i].delimiter, GW_LAYOUT_MAILDIRPP, out, sizeof out);
		assert_string_equal(out, cases[i].plus);
	}
}

/* The inverse of the escapes, written independently. */
static void unescape(const char *dir, char delimiter, char *out)
{
	for (; *dir != '\0'; dir++) {
		unsigned byte;

		if (dir[0] == '%' && dir[1] == '-') {
			dir++;
		} else if (dir[0] == '%' && sscanf(dir + 1, "%2X", &byte) == 1) {
			*out++ = (char)byte;
			dir += 2;
		} else {
			*out++ = *dir == '/' ? delimiter : *dir;
		}
	}
	*out = '\0';
}

static void every_name_can_be_read_back(void **state)
{
	static const char *const parts[] = { ".", "/", "%", "cur", "new", "tmp", "a", "\x01", "ü",
		"%41", "%-", "~", "\xc3", "INBOX", " " };
	uint64_t seed = test_seed() | 1;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		char name[64] = "", dir[400], back[400];
		char delimiter = "./"[test_random(&seed, 2)];
		unsigned n = 1 + test_random(&seed, 6);

		for (unsigned i = 0; i < n; i++)
			snprintf(name + strlen(name), sizeof name - strlen(name), "%s",
				parts[test_random(&seed, sizeof parts / sizeof *parts)]);
		dir_of(name, delimiter, GW_LAYOUT_FS, dir, sizeof dir);
		unescape(dir, delimiter, back);
		assert_string_equal(back, name);
		/* Nothing leads out, nothing is hidden, nothing is a Maildir's own. */
		for (char *p = strtok(dir, "/"); p != NULL; p = strtok(NULL, "/"))
			assert_true(p[0] != '.' && strcmp(p, "cur") != 0 && strcmp(p, "new") != 0 &&
				    strcmp(p, "tmp") != 0);
	}
}

static void long_names_are_cut_and_stay_apart(void **state)
{
	char name[1001], first[400], second[400];

	(void)state;
	for (size_t length = 235; length < 1000; length += 37) {
		memset(name, 'n', length);
		name[length] = '\0';
		dir_of(name, '/', GW_LAYOUT_FS, first, sizeof first);
		name[length - 1] = 'm';
		dir_of(name, '/', GW_LAYOUT_FS, second, sizeof second);
		assert_string_not_equal(first, second);
		assert_true(strlen(first) <= GW_COMPONENT_MAX);
		dir_of(name, '/', GW_LAYOUT_MAILDIRPP, second, sizeof second);
		assert_true(strlen(second) <= GW_COMPONENT_MAX);
	}
	for (size_t i = 0; i < 300; i++) /* never inside a character or an escape */
		memcpy(name + 3 * i, i % 2 ? "€" : "a%%", 3);
	name[900] = '\0';
	for (size_t shift = 0; shift < 6; shift++) {
		dir_of(name + 3 * shift, '/', GW_LAYOUT_FS, first, sizeof first);
		assert_true(gw_utf8_valid(gw_slice_str(first)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(known_names),
		cmocka_unit_test(every_name_can_be_read_back),
		cmocka_unit_test(long_names_are_cut_and_stay_apart) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
