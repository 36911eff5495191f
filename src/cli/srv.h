/* cli/srv.h - which servers a domain names in the DNS (RFC 6186, RFC 8314). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* service: "imaps", "submissions", "submission".  The target of the best record.  Blocking, for as
 * long as the resolver tries.  false: the domain names none, or says that it has none ("."). */
bool srv_find(const char *service, const char *domain, char *host, size_t size, unsigned *port);
