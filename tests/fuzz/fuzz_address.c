/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_address.c - a hostile list of addresses, as a header's body and as an argument: what is
 * taken from it stands in a command line, alone, and means the same when it is read again.
 */
#include "outbox/address.h"
#include "smtp/command.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Between its angle brackets, outside of quotes, nothing ends the command or adds to it. */
static void check_line(const struct gw_buf *line, const char *address)
{
	static const char head[] = "RCPT TO:<", tail[] = ">\r\n";
	size_t n = strlen(address);
	bool quoted = false;

	require(line->n == sizeof head - 1 + n + sizeof tail - 1);
	require(memcmp(line->p, head, sizeof head - 1) == 0);
	require(memcmp(line->p + line->n - 3, tail, 3) == 0);
	for (const char *p = address; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		require(c >= 0x20 && c != 0x7f);
		if (quoted && *p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else
			require(quoted || (*p != '<' && *p != '>' && *p != ' '));
	}
	require(!quoted);
}

static void check(const char *address)
{
	const struct gw_smtp_caps caps = { 0 };
	const struct gw_smtp_recipient to = { .address = address };
	struct gw_addresses again = { 0 };
	struct gw_error err = { 0 };
	struct gw_buf line;

	gw_buf_init(&line, 1 << 20);
	require(gw_smtp_address_ok(gw_slice_str(address)));
	if (gw_smtp_put_rcpt(&line, &to, &caps) == GW_OK)
		check_line(&line, address);
	require(gw_addresses_add(address, &again, &err) == GW_OK);
	require(again.count == 1 && strcmp(again.list[0], address) == 0);
	gw_addresses_deinit(&again);
	gw_buf_deinit(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_addresses list = { 0 }, one = { 0 };
	struct gw_error err = { 0 }, why = { 0 };
	char *text = malloc(size + 1);

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	gw_addresses_parse((struct gw_slice){ text, size }, &list, &err);
	for (size_t i = 0; i < list.count; i++) {
		check(list.list[i]);
		for (size_t k = 0; k < i; k++)
			require(!gw_address_same(list.list[i], list.list[k]));
	}
	if (gw_addresses_add(text, &one, &why) == GW_OK) {
		require(one.count == 1);
		check(one.list[0]);
	}
	gw_addresses_deinit(&list);
	gw_addresses_deinit(&one);
	free(text);
	return 0;
}
