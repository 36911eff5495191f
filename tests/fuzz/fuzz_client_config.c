/* SPDX-License-Identifier: ISC */
/* tests/fuzz/fuzz_client_config.c - what a domain publishes, or somebody in its name, into the reader; what it
 * takes can stand in a configuration. */
#include "discover/client_config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check(const struct gw_advised_server *s)
{
	require(strlen(s->host) < sizeof s->host && strlen(s->user) < sizeof s->user);
	require(strpbrk(s->host, " \t\r\n\"\\/@:$") == NULL && strpbrk(s->user, " \t\r\n") == NULL);
	require(s->host[0] == '\0' || (s->port > 0 && s->port <= 65535 && s->tls != GW_TLS_NONE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_advice advice;

	if (gw_client_config_read(
		    (struct gw_slice){ (const char *)data, size }, "me@example.org", &advice)) {
		require(advice.imap.host[0] != '\0');
		check(&advice.imap);
		check(&advice.smtp);
	}
	return 0;
}
