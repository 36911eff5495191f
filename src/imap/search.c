/* SPDX-License-Identifier: ISC */
/* imap/search.c - see search.h. */
#include "imap/search.h"

#include "base/num.h"

#include <stdlib.h>

static enum gw_code take_numbers(struct gw_slice rest, struct gw_seqset *out)
{
	struct gw_range *ranges = NULL, *slot;
	size_t count = 0, cap = 0;
	enum gw_code code = GW_OK;

	while (rest.n > 0 && code == GW_OK) {
		const char *space = memchr(rest.p, ' ', rest.n);
		size_t n = space == NULL ? rest.n : (size_t)(space - rest.p);
		uint32_t number;

		if (gw_read_u32((struct gw_slice){ rest.p, n }, &number) && number > 0) {
			slot = gw_array_push((void **)&ranges, &count, &cap, sizeof *slot);
			if (slot != NULL)
				*slot = (struct gw_range){ number, number };
			code = slot == NULL ? GW_ERR_NOMEM : GW_OK;
		}
		rest.p += n + (space != NULL);
		rest.n -= n + (space != NULL);
	}
	if (code == GW_OK)
		code = gw_seqset_add_all(out, ranges, count);
	free(ranges);
	return code;
}

enum gw_code gw_search_take(const struct gw_response *r, struct gw_seqset *out)
{
	if (r->type == GW_RESP_SEARCH)
		return take_numbers(r->list, out);
	return r->type == GW_RESP_ESEARCH && r->has_set ? gw_seqset_parse(out, r->list) : GW_OK;
}
