/* SPDX-License-Identifier: ISC */
/* cli/srv: the best record is taken from an answer of the DNS, and nothing from a broken one. */
#include "cli/srv.h"
#include "test.h"

enum { MX = 15, SRV = 33 };

struct message {
	unsigned char p[512];
	size_t n;
};

static void put(struct message *m, const void *data, size_t n)
{
	memcpy(m->p + m->n, data, n);
	m->n += n;
}

static void put16(struct message *m, unsigned v)
{
	put(m, (const unsigned char[]){ (unsigned char)(v >> 8), (unsigned char)v }, 2);
}

static void put_name(struct message *m, const char *name)
{
	while (*name != '\0') {
		size_t n = strcspn(name, ".");

		put(m, (const unsigned char[]){ (unsigned char)n }, 1);
		put(m, name, n);
		name += n + (name[n] == '.');
	}
	put(m, "", 1);
}

static void begin(struct message *m, unsigned answers)
{
	m->n = 0;
	for (unsigned i = 0; i < 6; i++)
		put16(m, i == 1 ? 0x8180 : i == 3 ? answers : 0);
}

static void record(
	struct message *m, unsigned type, unsigned priority, unsigned port, const char *target)
{
	size_t length;

	put_name(m, "example.org");
	put16(m, type);
	put16(m, 1);
	put16(m, 0);
	put16(m, 60);
	length = m->n;
	put16(m, 0);
	put16(m, priority);
	if (type == SRV) {
		put16(m, 7);
		put16(m, port);
	}
	put_name(m, target);
	m->p[length] = 0;
	m->p[length + 1] = (unsigned char)(m->n - length - 2);
}

static void the_lowest_priority_wins(void **state)
{
	struct message m;
	char host[256] = "";
	unsigned port = 0;

	(void)state;
	begin(&m, 4);
	record(&m, SRV, 20, 1993, "second.example.org");
	record(&m, MX, 1, 0, "other.example.org"); /* not what was asked for */
	record(&m, SRV, 10, 993, "first.example.org");
	record(&m, SRV, 30, 143, "third.example.org");
	assert_true(srv_best(m.p, m.n, host, sizeof host, &port));
	assert_string_equal(host, "first.example.org");
	assert_int_equal(port, 993);
	assert_true(mx_best(m.p, m.n, host, sizeof host));
	assert_string_equal(host, "other.example.org");
}

static void a_dot_says_that_there_is_none(void **state)
{
	struct message m;
	char host[256];
	unsigned port;

	(void)state;
	begin(&m, 1);
	record(&m, SRV, 0, 0, "");
	assert_false(srv_best(m.p, m.n, host, sizeof host, &port));
	begin(&m, 1);
	record(&m, SRV, 0, 0, "imap.example.org"); /* no port */
	assert_false(srv_best(m.p, m.n, host, sizeof host, &port));
	begin(&m, 1);
	record(&m, MX, 0, 0, ""); /* a null MX, RFC 7505 */
	assert_false(mx_best(m.p, m.n, host, sizeof host));
}

static void what_is_cut_or_too_long_is_nothing(void **state)
{
	struct message m;
	char host[256], small[8];
	unsigned port;

	(void)state;
	begin(&m, 1);
	record(&m, SRV, 0, 993, "imap.example.org");
	for (size_t n = 0; n < m.n; n++)
		assert_false(srv_best(m.p, n, host, sizeof host, &port));
	assert_false(srv_best(m.p, m.n, small, sizeof small, &port));
	memset(m.p + 12, 0xff, m.n - 12);
	assert_false(srv_best(m.p, m.n, host, sizeof host, &port));
	begin(&m, 60000); /* says more than it holds */
	record(&m, MX, 5, 0, "mx.example.org");
	mx_best(m.p, m.n, host, sizeof host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lowest_priority_wins),
		cmocka_unit_test(a_dot_says_that_there_is_none),
		cmocka_unit_test(what_is_cut_or_too_long_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
