/* SPDX-License-Identifier: ISC */
/* imap/search.h - the numbers of a SEARCH answer, in either form (RFC 9051 7.3.4, RFC 4731). */
#pragma once

#include "base/seqset.h"
#include "imap/response.h"

/* Adds the response's numbers to out; other responses add nothing.  GW_ERR_PROTOCOL: not a valid
 * set; the valid part was added.  GW_ERR_NOMEM. */
enum gw_code gw_search_take(const struct gw_response *r, struct gw_seqset *out);
