/* SPDX-License-Identifier: ISC */
/* smtp/caps.c - see caps.h. */
#include "smtp/caps.h"

#include "base/num.h"

static const char *const names[] = {
#define GW_SMTP_CAP_NAME(id, name) name,
	GW_SMTP_CAPS(GW_SMTP_CAP_NAME)
#undef GW_SMTP_CAP_NAME
};

static struct gw_slice next_word(struct gw_slice *line)
{
	return gw_slice_cut_word(line, " ");
}

static void read_mechanisms(struct gw_smtp_caps *caps, struct gw_slice line)
{
	for (struct gw_slice word = next_word(&line); word.n > 0; word = next_word(&line))
		caps->bits |= gw_slice_bit(
			word, names, GW_SMTP_CAP_BIT_PLAIN, sizeof names / sizeof *names);
}

static void read_limits(struct gw_smtp_caps *caps, struct gw_slice line)
{
	for (struct gw_slice word = next_word(&line); word.n > 0; word = next_word(&line)) {
		const struct gw_slice number = { word.p + 8, word.n > 8 ? word.n - 8 : 0 };

		if (gw_slice_case_starts(word, "RCPTMAX="))
			gw_read_u32(number, &caps->rcpt_max);
		else if (gw_slice_case_starts(word, "MAILMAX="))
			gw_read_u32(number, &caps->mail_max);
	}
}

static void read_line(struct gw_smtp_caps *caps, struct gw_slice line)
{
	struct gw_slice word = next_word(&line);
	uint32_t bit;

	if (gw_slice_case_starts(word, "AUTH=")) { /* an old form: "AUTH=LOGIN PLAIN" */
		caps->bits |= GW_SMTP_AUTH;
		read_mechanisms(caps, (struct gw_slice){ word.p + 5, word.n - 5 + line.n });
		return;
	}
	bit = gw_slice_bit(word, names, 0, GW_SMTP_CAP_BIT_PLAIN);
	caps->bits |= bit;
	if (bit == GW_SMTP_AUTH)
		read_mechanisms(caps, line);
	else if (bit == GW_SMTP_LIMITS)
		read_limits(caps, line);
	else if (bit == GW_SMTP_SIZE && !gw_read_u64(next_word(&line), UINT64_MAX, &caps->size))
		caps->size = 0;
}

struct gw_smtp_caps gw_smtp_caps_parse(struct gw_slice text)
{
	struct gw_smtp_caps caps = { 0 };

	for (bool first = true; text.n > 0; first = false) {
		const char *lf = memchr(text.p, '\n', text.n);
		size_t n = lf == NULL ? text.n : (size_t)(lf - text.p);

		if (!first)
			read_line(&caps, (struct gw_slice){ text.p, n });
		n += lf != NULL;
		text.p += n;
		text.n -= n;
	}
	return caps;
}

enum gw_code gw_smtp_caps_format(const struct gw_smtp_caps *caps, struct gw_buf *out)
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
