/* SPDX-License-Identifier: ISC */
/* imap/flags.c - see flags.h. */
#include "imap/flags.h"

static const struct {
	const char *name;
	uint64_t flag;
} system_flags[] = {
	{ "\\Seen", GW_FLAG_SEEN },
	{ "\\Answered", GW_FLAG_ANSWERED },
	{ "\\Flagged", GW_FLAG_FLAGGED },
	{ "\\Draft", GW_FLAG_DRAFT },
	{ "\\Deleted", GW_FLAG_DELETED },
	{ "$Forwarded", GW_FLAG_FORWARDED },
};

const char *gw_flag_name(uint64_t flag)
{
	for (size_t i = 0; i < sizeof system_flags / sizeof *system_flags; i++) {
		if (system_flags[i].flag == flag)
			return system_flags[i].name;
	}
	return NULL;
}

bool gw_flag_is_keyword(struct gw_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= 0x20 || c >= 0x7f || strchr("(){%*\"\\]", c) != NULL)
			return false;
	}
	return s.n > 0 && s.n <= GW_KEYWORD_NAME_MAX;
}

void gw_flag_list_add(struct gw_flag_list *list, struct gw_slice flag)
{
	for (size_t i = 0; i < sizeof system_flags / sizeof *system_flags; i++) {
		if (gw_slice_case_eq(flag, system_flags[i].name)) {
			list->system |= system_flags[i].flag;
			return;
		}
	}
	if (gw_slice_eq(flag, "\\*"))
		list->any = true;
	else if (gw_flag_is_keyword(flag) && list->keyword_count < GW_FLAG_LIST_MAX)
		list->keywords[list->keyword_count++] = flag;
}
