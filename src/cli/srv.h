/* cli/srv.h - which IMAP server a domain names in the DNS (RFC 6186). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Of _imaps._tcp: the target of the best record.  Blocking, for as long as the resolver tries.
 * false: the domain names none, or says that it has none ("."). */
bool srv_imaps(const char *domain, char *host, size_t size, unsigned *port);
