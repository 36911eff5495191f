/* imap/search.h - the numbers of a SEARCH answer, in either form (RFC 9051 7.3.4, RFC 4731). */
#pragma once

#include "base/seqset.h"
#include "imap/response.h"

/* Adds them to out; other responses add nothing.  GW_ERR_PROTOCOL: a set that is none; what was
 * understood is added.  GW_ERR_NOMEM. */
enum gw_code gw_search_take(const struct gw_response *r, struct gw_seqset *out);
