/* SPDX-License-Identifier: ISC */
/* maildir/flush.c - many files, each by itself; see flush.h. */
#include "maildir/flush.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

enum { THREADS_FROM = 8, THREADS = 16 };

struct share {
	const int *fds;
	int (*flush)(int fd);
	size_t count;
	atomic_size_t next;
	atomic_int sys;
};

static void *flush_share(void *arg)
{
	struct share *s = arg;
	size_t i;

	while ((i = atomic_fetch_add(&s->next, 1)) < s->count) {
		if (s->flush(s->fds[i]) != 0)
			atomic_store(&s->sys, errno);
	}
	return NULL;
}

int gw_flush_each(const int *fds, size_t count, int (*flush)(int fd))
{
	struct share share = { .fds = fds, .count = count, .flush = flush };
	pthread_t threads[THREADS];
	size_t started = 0;

	if (count >= THREADS_FROM) {
		while (started < THREADS - 1 &&
			pthread_create(&threads[started], NULL, flush_share, &share) == 0)
			started++;
	}
	flush_share(&share);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	return atomic_load(&share.sys);
}
