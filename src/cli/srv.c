/* SPDX-License-Identifier: ISC */
/* cli/srv.c - see srv.h. */
#include "cli/srv.h"

#include <arpa/nameser.h>
#include <limits.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>

enum { WAIT_S = 3, TRIES = 2 };

/* Length of the fields before a record's name: priority, weight and port (RFC 2782), or the
 * preference (RFC 1035 3.3.9). */
enum { SRV_FIXED = 6, MX_FIXED = 2 };

/* The record of the lowest priority; *data is what stands before its name. */
static bool best(const unsigned char *answer, size_t n, ns_type type, int fixed, char *host,
	size_t size, const unsigned char **data)
{
	char target[256];
	unsigned lowest = 0;
	bool found = false;
	ns_msg message;

	if (n > INT_MAX || ns_initparse(answer, (int)n, &message) != 0)
		return false;
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
		ns_rr record;
		unsigned priority;

		if (ns_parserr(&message, ns_s_an, i, &record) != 0)
			break;
		if (ns_rr_type(record) != type || ns_rr_rdlen(record) <= fixed ||
			dn_expand(ns_msg_base(message), ns_msg_end(message),
				ns_rr_rdata(record) + fixed, target, sizeof target) < 0)
			continue;
		priority = ns_get16(ns_rr_rdata(record));
		if ((found && priority >= lowest) || target[0] == '\0' || strcmp(target, ".") == 0)
			continue;
		if ((size_t)snprintf(host, size, "%s", target) >= size)
			continue;
		found = true;
		lowest = priority;
		*data = ns_rr_rdata(record);
	}
	return found;
}

bool srv_best(const unsigned char *answer, size_t n, char *host, size_t size, unsigned *port)
{
	const unsigned char *data = NULL;
	bool found = best(answer, n, ns_t_srv, SRV_FIXED, host, size, &data);

	if (found)
		*port = ns_get16(data + 4);
	return found && *port != 0;
}

bool mx_best(const unsigned char *answer, size_t n, char *host, size_t size)
{
	const unsigned char *data = NULL;

	return best(answer, n, ns_t_mx, MX_FIXED, host, size, &data);
}

/* Returns the length of the answer; 0: none. */
static size_t ask(const char *name, ns_type type, unsigned char *answer, int size)
{
	struct __res_state state = { 0 };
	int n;

	if (res_ninit(&state) != 0)
		return 0;
	state.retrans = WAIT_S;
	state.retry = TRIES;
	n = res_nquery(&state, name, ns_c_in, (int)type, answer, size);
	res_nclose(&state);
	return n <= 0 ? 0 : (size_t)(n < size ? n : size);
}

bool srv_find(const char *service, const char *domain, char *host, size_t size, unsigned *port)
{
	unsigned char answer[8192];
	char name[300];

	if ((size_t)snprintf(name, sizeof name, "_%s._tcp.%s", service, domain) >= sizeof name)
		return false;
	return srv_best(answer, ask(name, ns_t_srv, answer, sizeof answer), host, size, port);
}

bool mx_find(const char *domain, char *host, size_t size)
{
	unsigned char answer[8192];

	return mx_best(answer, ask(domain, ns_t_mx, answer, sizeof answer), host, size);
}
