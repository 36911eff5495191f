/* SPDX-License-Identifier: ISC */
/* maildir/labels.c - see labels.h. */
#include "maildir/labels.h"

#include "base/flagset.h"
#include "base/text.h"

bool gw_label_is(struct gw_slice keyword)
{
	static const char *const programs[] = { "NonJunk", "NotJunk", "Junk", "Old", "Forwarded",
		"MDNSent", "receipt-handled" };

	if (keyword.n == 0 || *keyword.p == '$')
		return false;
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		if (gw_slice_case_eq(keyword, programs[i]))
			return false;
	}
	return true;
}

uint64_t gw_labels_among(const struct gw_keywords *keywords)
{
	uint64_t mask = 0;

	for (unsigned i = 0; i < GW_KEYWORD_MAX; i++) {
		if (keywords->names[i] != NULL && gw_label_is(gw_slice_str(keywords->names[i])))
			mask |= GW_FLAG_KEYWORD(i);
	}
	return mask;
}
