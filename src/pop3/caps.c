/* SPDX-License-Identifier: ISC */
/* pop3/caps.c - see caps.h. */
#include "pop3/caps.h"

#include "base/num.h"

static const char *const names[] = {
#define GW_POP3_CAP_NAME(id, name) name,
	GW_POP3_CAPS(GW_POP3_CAP_NAME)
#undef GW_POP3_CAP_NAME
};

static struct gw_slice next_word(struct gw_slice *line)
{
	return gw_slice_cut_word(line, " \t");
}

void gw_pop3_caps_line(struct gw_pop3_caps *caps, struct gw_slice line)
{
	struct gw_slice word = next_word(&line);
	uint32_t bit = gw_slice_bit(word, names, 0, GW_POP3_CAP_BIT_PLAIN);

	caps->bits |= bit;
	if (bit == GW_POP3_SASL) {
		for (word = next_word(&line); word.n > 0; word = next_word(&line))
			caps->bits |= gw_slice_bit(
				word, names, GW_POP3_CAP_BIT_PLAIN, sizeof names / sizeof *names);
	} else if (bit == GW_POP3_LOGIN_DELAY) {
		if (!gw_read_u32(next_word(&line), &caps->login_delay))
			caps->login_delay = 0;
	} else if (bit == GW_POP3_EXPIRE) {
		caps->expires_at_once = gw_slice_eq(next_word(&line), "0");
	}
}

enum gw_code gw_pop3_caps_format(const struct gw_pop3_caps *caps, struct gw_buf *out)
{
	enum gw_code code = GW_OK;
	const char *space = "";

	for (size_t i = 0; i < sizeof names / sizeof *names && code == GW_OK; i++) {
		if (!(caps->bits >> i & 1))
			continue;
		code = gw_buf_printf(out, "%s%s", space, names[i]);
		space = " ";
	}
	return code;
}
