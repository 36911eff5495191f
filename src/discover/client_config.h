/* SPDX-License-Identifier: ISC */
/* discover/client_config.h - reads config-v1.1.xml, which anybody may have written: pure. */
#pragma once

#include "base/buf.h"
#include "godwit/autoconfig.h"

/* The first servers of the first provider that can be used: TLS in one of its two ways, a DNS name, a port.
 * %EMAILADDRESS%, %EMAILLOCALPART% and %EMAILDOMAIN% become address's.  false: the text is no such file
 * or names no IMAP server that can be used. */
bool gw_client_config_read(struct gw_slice xml, const char *address, struct gw_advice *out);
