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
	struct gw_slice word;

	while (line->n > 0 && (*line->p == ' ' || *line->p == '\t'))
		line->p++, line->n--;
	word = (struct gw_slice){ line->p, 0 };
	while (word.n < line->n && word.p[word.n] != ' ' && word.p[word.n] != '\t')
		word.n++;
	line->p += word.n;
	line->n -= word.n;
	return word;
}

static uint32_t bit_of(struct gw_slice word, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (gw_slice_case_eq(word, names[i]))
			return UINT32_C(1) << i;
	}
	return 0;
}

void gw_pop3_caps_line(struct gw_pop3_caps *caps, struct gw_slice line)
{
	struct gw_slice word = next_word(&line);
	uint32_t bit = bit_of(word, 0, GW_POP3_CAP_BIT_PLAIN);

	caps->bits |= bit;
	if (bit == GW_POP3_SASL) {
		for (word = next_word(&line); word.n > 0; word = next_word(&line))
			caps->bits |=
				bit_of(word, GW_POP3_CAP_BIT_PLAIN, sizeof names / sizeof *names);
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
