/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_scram.c - whatever a server says, one that does not know the password is not signed in to.  The
 * input's lines are its challenges, in clear. */
#include "auth/scram.h"
#include "base/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_slice rest = { (const char *)data, size };
	struct gw_sasl *s = gw_scram_new("user", "pencil", NULL, false, "nonce");
	struct gw_buf in, out;

	gw_buf_init(&in, 1 << 20);
	gw_buf_init(&out, 1 << 20);
	s->next(s, GW_SCRAM, (struct gw_slice){ "", 0 }, &out);
	for (unsigned i = 0; i < 5 && rest.n > 0; i++) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end == NULL ? rest.n : (size_t)(end - rest.p);

		gw_buf_reset(&in);
		gw_buf_reset(&out);
		if (gw_base64_put(&in, (struct gw_slice){ rest.p, n }) == GW_OK)
			s->next(s, GW_SCRAM, (struct gw_slice){ in.p, in.n }, &out);
		s->next(s, GW_SCRAM, (struct gw_slice){ rest.p, n }, &out); /* not base64 */
		rest.p += n + (end != NULL);
		rest.n -= n + (end != NULL);
		if (s->distrust(s, true) == NULL)
			abort();
	}
	gw_buf_deinit(&in);
	gw_buf_deinit(&out);
	gw_sasl_unref(&s);
	return 0;
}
