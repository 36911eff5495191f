/* tools/elsewhere.c - loaded into godwit: the names in ELSEWHERE are this machine's, no other name is found,
 * and the ports in ELSEWHERE_PORTS ("443=8443 993=9993") are others here.  The DNS is not asked.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	(void)state, (void)name, (void)class, (void)type, (void)answer, (void)size;
	return -1;
}

int __res_nquery(
	res_state state, const char *name, int class, int type, unsigned char *answer, int size)
{
	return res_nquery(state, name, class, type, answer, size);
}
