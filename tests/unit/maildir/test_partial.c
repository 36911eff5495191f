/* SPDX-License-Identifier: ISC */
/* tests/unit/maildir/test_partial.c - a message in pieces, kept and gone on with anywhere, is the file, and has the
 * sizes and the fingerprint, that it gets when it comes in one. */
#include "maildir/partial.h"
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST = 4000, RUNS = 300, UID = 7 };

struct fixture {
	char root[64];
	struct gw_maildir m;
	struct gw_deliver *writer;
	struct gw_partial partial;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	enum gw_open_result opened;
	struct gw_error err = { 0 };

	snprintf(f->root, sizeof f->root, "/tmp/godwit-partial.XXXXXX");
	assert_non_null(mkdtemp(f->root));
	f->m = GW_MAILDIR_CLOSED;
	assert_int_equal(gw_maildir_open(f->root, "a", true, "a", &f->m, &opened, &err), GW_OK);
	f->writer = gw_deliver_new();
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[128];

	gw_deliver_free(f->writer);
	gw_maildir_close(&f->m);
	snprintf(command, sizeof command, "rm -r %s", f->root);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

/* With CR and LF wherever they may be. */
static size_t make(uint64_t *seed, char *out, size_t longest)
{
	size_t n = 1 + test_random(seed, (uint32_t)longest);
	static const char some[] = "ab:\r\n\r\n \n\r\n";

	for (size_t i = 0; i < n; i++)
		out[i] = some[test_random(seed, sizeof some - 1)];
	return n;
}

static void open_it(struct fixture *f)
{
	struct gw_error err = { 0 };

	assert_int_equal(gw_partial_open(&f->partial, &f->m, "0123456789abcdef", UID, &err), GW_OK);
}

static void read_back(const struct gw_delivered *d, char *out)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/proc/self/fd/%d", d->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, out, (size_t)2 * LONGEST), d->file_size);
	close(fd);
}

/* Compares what the pieces became with the whole. */
static void compare(struct fixture *f, const char *text, size_t n)
{
	static char one[2 * LONGEST], other[2 * LONGEST];
	struct gw_delivered a, b;
	struct gw_error err = { 0 };

	assert_int_equal(gw_partial_size(&f->partial), n);
	assert_int_equal(gw_partial_finish(&f->partial, &f->m, f->writer, &err), GW_OK);
	gw_deliver_take(f->writer, &a);
	assert_int_equal(gw_deliver_begin(f->writer, &f->m, &err), GW_OK);
	gw_deliver_data(f->writer, (struct gw_slice){ text, n });
	assert_int_equal(gw_deliver_end(f->writer, &err), GW_OK);
	gw_deliver_take(f->writer, &b);
	assert_int_equal(a.wire_size, b.wire_size);
	assert_int_equal(a.file_size, b.file_size);
	assert_memory_equal(&a.print, &b.print, sizeof a.print);
	read_back(&a, one);
	read_back(&b, other);
	assert_memory_equal(one, other, a.file_size);
	gw_delivered_drop(&a, &f->m);
	gw_delivered_drop(&b, &f->m);
}

/* In pieces of any length; after some it is kept, or a piece that was not its own is cut off. */
static void test_anywhere(void **state)
{
	struct fixture *f = *state;
	uint64_t seed = test_seed();
	char text[LONGEST];

	for (unsigned run = 0; run < RUNS; run++) {
		size_t n = make(&seed, text, run % 3 == 0 ? 12 : LONGEST), at = 0;
		struct gw_error err = { 0 };

		open_it(f);
		while (at < n) {
			size_t piece = 1 + test_random(&seed, (uint32_t)(n - at));
			unsigned what = test_random(&seed, 4);

			assert_int_equal(gw_partial_mark(&f->partial, &f->m, &err), GW_OK);
			assert_int_equal(gw_partial_append(&f->partial, &f->m,
						 (struct gw_slice){ text + at, piece }, &err),
				GW_OK);
			at += piece;
			if (what == 0) {
				assert_int_equal(gw_partial_cut(&f->partial, &f->m, &err), GW_OK);
				at -= piece;
			} else if (what == 1) {
				gw_partial_keep(&f->partial, &f->m);
				open_it(f);
				if (gw_partial_size(&f->partial) !=
					at - (at > 0 && text[at - 1] == '\r'))
					fail_msg("%llu of %zu bytes were kept",
						(unsigned long long)gw_partial_size(&f->partial),
						at);
				at = (size_t)gw_partial_size(&f->partial);
			}
		}
		compare(f, text, n);
	}
}

/* What no godwit of this kind kept proves nothing: of an earlier one, cut short, or somebody else's. */
static void test_not_ours(void **state)
{
	static const char *const texts[] = { "", "x",
		"Subject: a\r\n\r\nas it came over the wire\r\n",
		"\ngw part\377\377\377\377\377\377\377\377", "abc\ngw part\2\0\0\0\0\0\0\0" };
	static const size_t sizes[] = { 0, 1, 41, 16, 19 };
	struct fixture *f = *state;
	struct gw_error err = { 0 };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		int fd = openat(
			f->m.tmp, "godwit.part.0123456789abcdef.7", O_WRONLY | O_CREAT, 0600);

		assert_int_equal(write(fd, texts[i], sizes[i]), sizes[i]);
		close(fd);
		open_it(f);
		assert_int_equal(gw_partial_size(&f->partial), 0);
		assert_int_equal(gw_partial_append(&f->partial, &f->m,
					 (struct gw_slice){ "A: b\r\n\r\nc\r\n", 12 }, &err),
			GW_OK);
		compare(f, "A: b\r\n\r\nc\r\n", 12);
	}
	open_it(f); /* nothing came: nothing is kept */
	gw_partial_keep(&f->partial, &f->m);
	assert_int_equal(faccessat(f->m.tmp, "godwit.part.0123456789abcdef.7", F_OK, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_anywhere),
		cmocka_unit_test(test_not_ours),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
