/* SPDX-License-Identifier: ISC */
/* maildir/crlf.c - see crlf.h. */
#include "maildir/crlf.h"

size_t gw_crlf_convert(struct gw_crlf *state, struct gw_slice in, char *out)
{
	const char *p = in.p, *end = in.p + in.n;
	char *to = out;

	while (p < end) {
		const char *cr;
		size_t run;

		if (state->pending) {
			state->pending = false;
			if (*p != '\n')
				*to++ = '\r';
		}
		cr = memchr(p, '\r', (size_t)(end - p));
		run = (size_t)((cr == NULL ? end : cr) - p);
		memcpy(to, p, run);
		to += run;
		p += run;
		if (cr != NULL) {
			state->pending = true;
			p++;
		}
	}
	return (size_t)(to - out);
}

size_t gw_crlf_restore(bool *after_cr, struct gw_slice in, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		if (in.p[i] == '\n' && !*after_cr)
			out[n++] = '\r';
		out[n++] = in.p[i];
		*after_cr = in.p[i] == '\r';
	}
	return n;
}

size_t gw_crlf_end(struct gw_crlf *state, char *out)
{
	if (!state->pending)
		return 0;
	state->pending = false;
	*out = '\r';
	return 1;
}
