/* SPDX-License-Identifier: ISC */
/* pop3/refusal.c - see refusal.h. */
#include "pop3/refusal.h"

enum { MINUTE = 60 };

static const struct {
	const char *code;
	struct gw_pop3_refusal means;
} coded[] = {
	{ "AUTH", { GW_POP3_CREDS, 0 } },
	{ "IN-USE", { GW_POP3_LATER, MINUTE } },
	{ "LOGIN-DELAY", { GW_POP3_LATER, 5 * MINUTE } },
	{ "SYS/TEMP", { GW_POP3_LATER, MINUTE } },
	{ "SYS/PERM", { GW_POP3_NEVER, 0 } },
};

/* Words of servers that know no codes. */
static const struct {
	const char *words;
	struct gw_pop3_refusal means;
} worded[] = {
	{ "login limit", { GW_POP3_LATER, 15 * MINUTE } }, /* Outlook: "for a 15 minute period" */
	{ "too many", { GW_POP3_LATER, 5 * MINUTE } },
	{ "too frequent", { GW_POP3_LATER, 15 * MINUTE } },
	{ "try again", { GW_POP3_LATER, MINUTE } },
	{ "try later", { GW_POP3_LATER, MINUTE } },
	{ "temporar", { GW_POP3_LATER, MINUTE } },
	{ "already locked", { GW_POP3_LATER, MINUTE } },
	{ "is locked by", { GW_POP3_LATER, MINUTE } },
	{ "lock busy", { GW_POP3_LATER, MINUTE } },
};

static bool contains(struct gw_slice text, const char *words)
{
	for (size_t n = strlen(words); text.n >= n; text.p++, text.n--) {
		if (gw_slice_case_starts(text, words))
			return true;
	}
	return false;
}

static struct gw_pop3_refusal find(const char *code, struct gw_slice text)
{
	for (size_t i = 0; i < sizeof coded / sizeof *coded; i++) {
		if (strcmp(coded[i].code, code) == 0)
			return coded[i].means;
	}
	for (size_t i = 0; i < sizeof worded / sizeof *worded; i++) {
		if (contains(text, worded[i].words))
			return worded[i].means;
	}
	return (struct gw_pop3_refusal){ GW_POP3_NO, 0 };
}

struct gw_pop3_refusal gw_pop3_refusal_of(
	const char *code, struct gw_slice text, unsigned login_delay)
{
	struct gw_pop3_refusal r = find(code, text);

	if (strcmp(code, "LOGIN-DELAY") == 0 && login_delay > 0)
		r.wait_s = login_delay;
	return r;
}
