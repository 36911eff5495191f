/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_command.c - a hostile dovecot-keywords file and a hostile mailbox name go into an
 * APPEND; read by another grammar, it is still that command with those arguments.
 *
 * Input: the file, 0xff, the name.
 */
#include "command_grammar.h"
#include "imap/command.h"
#include "imap/flags.h"
#include "maildir/keywords.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool is_known(const struct grammar_token *t, const struct gw_keywords *k)
{
	struct gw_slice text = { t->text, t->n };

	for (uint64_t flag = 1; flag < GW_FLAG_KEYWORD(0); flag <<= 1) {
		if (gw_slice_case_eq(text, gw_flag_name(flag)))
			return true;
	}
	return gw_flag_is_keyword(text) && gw_keywords_find(k, text) >= 0;
}

static void check_names(const struct gw_keywords *k)
{
	for (unsigned i = 0; i < GW_KEYWORD_MAX; i++) {
		for (const char *p = k->names[i]; p != NULL && *p != '\0'; p++)
			require((unsigned char)*p >= 0x20 && *p != 0x7f);
	}
}

static void check(const struct gw_command *line, struct gw_slice name, const struct gw_keywords *k)
{
	struct grammar_command c;
	size_t at = 2;

	require(grammar_read(&c, line->text.p, line->text.n));
	require(c.count >= 6 && strcmp(c.tokens[0].text, "APPEND") == 0);
	require(c.tokens[1].kind == GRAMMAR_STRING && c.tokens[1].n == name.n &&
		memcmp(c.tokens[1].text, name.p, name.n) == 0);
	require(c.tokens[at++].kind == GRAMMAR_OPEN);
	for (; at < c.count && c.tokens[at].kind == GRAMMAR_ATOM; at++)
		require(is_known(&c.tokens[at], k));
	require(at + 3 == c.count && c.tokens[at].kind == GRAMMAR_CLOSE);
	require(c.tokens[at + 1].kind == GRAMMAR_STRING && c.tokens[at + 2].kind == GRAMMAR_BODY);
	grammar_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *split = size == 0 ? NULL : memchr(data, 0xff, size);
	size_t file = split == NULL ? size : (size_t)(split - data);
	struct gw_slice name = { (const char *)data + file, size - file };
	const struct gw_body_source body = { .size = 10 };
	struct gw_keywords k = { 0 };
	struct gw_command line;

	if (split != NULL) {
		name.p++;
		name.n--;
	}
	gw_keywords_read(&k, (struct gw_slice){ (const char *)data, file });
	check_names(&k);
	gw_command_init(&line);
	gw_command_printf(&line, "APPEND ");
	gw_command_string(&line, name, size & 1 ? UINT32_MAX : 0);
	gw_command_printf(&line, " (");
	gw_command_flags(&line, GW_FLAGS_ALL, k.names, GW_KEYWORD_MAX);
	gw_command_printf(&line, ") \"%s\" ", "26-Nov-2026 08:00:00 +0000");
	gw_command_body(&line, &body, false);
	if (line.code == GW_OK)
		check(&line, name, &k);
	else
		require(memchr(name.p, '\0', name.n) != NULL);
	gw_command_deinit(&line);
	gw_keywords_deinit(&k);
	return 0;
}
