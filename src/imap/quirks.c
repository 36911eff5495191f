/* SPDX-License-Identifier: ISC */
/* imap/quirks.c - see quirks.h. */
#include "imap/quirks.h"

#include "imap/caps.h"

static const struct {
	const char *word;
	unsigned quirk;
} words[] = {
#define GW_QUIRK_WORD(id, word) { word, GW_QUIRK_##id },
	GW_QUIRKS(GW_QUIRK_WORD)
#undef GW_QUIRK_WORD
};

unsigned gw_quirks_parse(const char *text)
{
	unsigned quirks = 0;

	while (text != NULL && *text != '\0') {
		size_t n = strcspn(text, " ");

		for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
			if (gw_slice_eq((struct gw_slice){ text, n }, words[i].word))
				quirks |= words[i].quirk;
		}
		text += n + strspn(text + n, " ");
	}
	return quirks;
}

enum gw_code gw_quirks_format(unsigned quirks, struct gw_buf *out)
{
	enum gw_code code = GW_OK;

	for (size_t i = 0; i < sizeof words / sizeof *words && code == GW_OK; i++) {
		if (quirks & words[i].quirk)
			code = gw_buf_printf(out, "%s%s", out->n > 0 ? " " : "", words[i].word);
	}
	return code;
}

uint32_t gw_quirks_hide(unsigned quirks, uint32_t caps)
{
	if (quirks & GW_QUIRK_NO_SCRAM)
		caps &= ~(uint32_t)(GW_CAP_AUTH_SCRAM | GW_CAP_AUTH_SCRAM_PLUS);
	if (quirks & GW_QUIRK_NO_MOVE)
		caps &= ~(uint32_t)GW_CAP_MOVE;
	if (quirks & GW_QUIRK_NO_UIDPLUS)
		caps &= ~(uint32_t)GW_CAP_UIDPLUS;
	if (quirks & GW_QUIRK_PLAIN_LIST)
		caps &= ~(uint32_t)(GW_CAP_LIST_EXTENDED | GW_CAP_LIST_STATUS);
	return caps;
}
