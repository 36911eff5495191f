/* SPDX-License-Identifier: ISC */
/* cli/proxy_url.h - a proxy as it is configured: "socks5://name:password@host:port". */
#pragma once

#include "godwit/account.h"

/* out: heap strings, the caller's, also if something is wrong.  What is wrong, static; NULL: nothing. */
const char *proxy_url_parse(const char *text, struct gw_proxy *out);
