/* cli/srv.c - see srv.h. */
#include "cli/srv.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>

enum { SRV_FIXED = 6 }; /* priority, weight and port stand before the name (RFC 2782) */

bool srv_find(const char *service, const char *domain, char *host, size_t size, unsigned *port)
{
	unsigned char answer[8192];
	char name[300], target[256];
	unsigned best = 0;
	bool found = false;
	ns_msg message;
	int n;

	if ((size_t)snprintf(name, sizeof name, "_%s._tcp.%s", service, domain) >= sizeof name)
		return false;
	n = res_query(name, ns_c_in, ns_t_srv, answer, sizeof answer);
	if (n <= 0 || ns_initparse(answer, n, &message) != 0)
		return false;
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
		ns_rr record;
		unsigned priority;

		if (ns_parserr(&message, ns_s_an, i, &record) != 0 ||
			ns_rr_type(record) != ns_t_srv || ns_rr_rdlen(record) <= SRV_FIXED ||
			dn_expand(ns_msg_base(message), ns_msg_end(message),
				ns_rr_rdata(record) + SRV_FIXED, target, sizeof target) < 0)
			continue;
		priority = ns_get16(ns_rr_rdata(record));
		if ((found && priority >= best) || target[0] == '\0' || strcmp(target, ".") == 0)
			continue;
		found = (size_t)snprintf(host, size, "%s", target) < size;
		*port = ns_get16(ns_rr_rdata(record) + 4);
		best = priority;
	}
	return found;
}
