/* SPDX-License-Identifier: ISC */
/* tools/elsewhere.c - loaded into godwit: the names in ELSEWHERE are this machine's, no other name is found,
 * and the ports in ELSEWHERE_PORTS ("443=8443 993=9993") are others here.  The DNS is not asked: it has
 * the one SRV record in ELSEWHERE_SRV ("_pop3s._tcp.example.org mail.example.org 995").
 */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <dlfcn.h>
#include <netdb.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#undef res_nquery

static int is_ours(const char *name)
{
	char list[2000], word[300];

	snprintf(list, sizeof list, " %s ", getenv("ELSEWHERE") == NULL ? "" : getenv("ELSEWHERE"));
	return name != NULL && snprintf(word, sizeof word, " %s ", name) < (int)sizeof word &&
	       strstr(list, word) != NULL;
}

int getaddrinfo(
	const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
	static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	struct in_addr address;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (is_ours(node))
		return real("127.0.0.1", service, hints, out);
	return node == NULL || inet_pton(AF_INET, node, &address) == 1
		       ? real(node, service, hints, out)
		       : EAI_NONAME;
}

int connect(int fd, const struct sockaddr *to, socklen_t n)
{
	static int (*real)(int, const struct sockaddr *, socklen_t);
	const char *list = getenv("ELSEWHERE_PORTS");
	struct sockaddr_in other;
	char word[20], *at;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "connect");
	if (list == NULL || to->sa_family != AF_INET || n < sizeof other)
		return real(fd, to, n);
	memcpy(&other, to, sizeof other);
	snprintf(word, sizeof word, "%u=", ntohs(other.sin_port));
	at = strstr(list, word);
	if (at != NULL && (at == list || at[-1] == ' '))
		other.sin_port = htons((unsigned short)atoi(at + strlen(word)));
	return real(fd, (struct sockaddr *)&other, sizeof other);
}

int res_nquery(
	res_state state, const char *name, int class, int type, unsigned char *answer, int size)
{
	const char *record = getenv("ELSEWHERE_SRV");
	unsigned char *at = answer + NS_HFIXEDSZ, *end = answer + size, *length;
	char owner[256], target[256];
	unsigned port;
	int n;

	(void)state;
	if (type != ns_t_srv || record == NULL ||
		sscanf(record, "%255s %255s %u", owner, target, &port) != 3 ||
		strcasecmp(owner, name) != 0)
		return -1;
	memset(answer, 0, NS_HFIXEDSZ);
	ns_put16(1, answer + 4); /* a question */
	ns_put16(1, answer + 6); /* an answer */
	at += ns_name_compress(owner, at, (size_t)(end - at), NULL, NULL);
	ns_put16(ns_t_srv, at);
	ns_put16((unsigned)class, at + 2);
	at += 4;
	at += ns_name_compress(owner, at, (size_t)(end - at), NULL, NULL);
	ns_put16(ns_t_srv, at);
	ns_put16((unsigned)class, at + 2);
	ns_put32(60, at + 4);
	length = at + 8;
	ns_put16(0, at + 10); /* priority, weight */
	ns_put16(0, at + 12);
	ns_put16(port, at + 14);
	at += 16;
	n = ns_name_compress(target, at, (size_t)(end - at), NULL, NULL);
	ns_put16((unsigned)n + 6, length);
	return (int)(at + n - answer);
}

int __res_nquery(
	res_state state, const char *name, int class, int type, unsigned char *answer, int size)
{
	return res_nquery(state, name, class, type, answer, size);
}
