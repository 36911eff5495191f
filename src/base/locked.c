/* SPDX-License-Identifier: ISC */
/* base/locked.c - see locked.h. */
#include "base/locked.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Before each piece; as long as any alignment asks for. */
union head {
	size_t pages_n; /* bytes mapped, this one's among them */
	max_align_t align;
};

void *gw_locked_alloc(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), all;
	union head *head;

	if (n > SIZE_MAX / 2)
		return NULL;
	all = (n + sizeof *head + page - 1) / page * page;
	head = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (head == MAP_FAILED)
		return NULL;
	(void)!mlock(head, all); /* there may be little of that, or none */
#ifdef MADV_DONTDUMP
	(void)!madvise(head, all, MADV_DONTDUMP);
#endif
	head->pages_n = all;
	return head + 1;
}

void gw_locked_free(void *p)
{
	union head *head = p;
	size_t all;

	if (p == NULL)
		return;
	head--;
	all = head->pages_n;
	explicit_bzero(head, all);
	munmap(head, all);
}

char *gw_locked_slice(struct gw_slice s)
{
	char *copy = gw_locked_alloc(s.n + 1);

	if (copy != NULL && s.n > 0)
		memcpy(copy, s.p, s.n);
	return copy;
}

char *gw_locked_str(const char *text)
{
	return text == NULL ? NULL : gw_locked_slice(gw_slice_str(text));
}
