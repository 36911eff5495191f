/* SPDX-License-Identifier: ISC */
/* cli/srv.h - which servers a domain names in the DNS (RFC 6186, RFC 8314), and who takes its mail in. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* service: "imaps", "pop3s", "submissions", "submission".  The target of the best record.  Blocking, for as
 * long as the resolver tries, some seconds.  false: the domain names none, or says that it has none ("."). */
bool srv_find(const char *service, const char *domain, char *host, size_t size, unsigned *port);

/* Finds the host of the best MX record, on the same terms. */
bool mx_find(const char *domain, char *host, size_t size);

/* Parse an answer of the DNS, which anybody may have forged. */
bool srv_best(const unsigned char *answer, size_t n, char *host, size_t size, unsigned *port);
bool mx_best(const unsigned char *answer, size_t n, char *host, size_t size);
