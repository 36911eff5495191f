/* SPDX-License-Identifier: ISC */
/* tools/fastclock.c - loaded into godwit: its time runs FASTCLOCK times as fast from the second FASTCLOCK_FROM on,
 * so that ten minutes of waiting are ten seconds of a test; and the date is FASTCLOCK_SHIFT seconds off.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

static int factor(void)
{
	const char *text = getenv("FASTCLOCK");
	int n = text == NULL ? 0 : atoi(text);

	return n > 0 ? n : 1;
}

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static int real_clock(clockid_t id, struct timespec *out)
{
	static int (*real)(clockid_t, struct timespec *);

	if (real == NULL)
		*(void **)&real = next("clock_gettime");
	return real(id, out);
}

/* Every process takes its start as zero of its monotonic clock. */
static void hasten(clockid_t id, struct timespec *t)
{
	static struct timespec start;
	const char *from = getenv("FASTCLOCK_FROM"), *off = getenv("FASTCLOCK_SHIFT");
	long long zero = from == NULL ? t->tv_sec : atoll(from),
		  shift = off == NULL ? 0 : atoll(off), ns;

	if (id != CLOCK_REALTIME) {
		if (start.tv_sec == 0)
			real_clock(CLOCK_MONOTONIC, &start);
		zero = start.tv_sec;
	}
	ns = (t->tv_sec - zero) * 1000000000LL + t->tv_nsec;
	ns *= factor();
	t->tv_sec = zero + ns / 1000000000 + (id == CLOCK_REALTIME ? shift : 0);
	t->tv_nsec = ns % 1000000000;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	int result = real_clock(id, out);

	if (result == 0 &&
		(id == CLOCK_REALTIME || id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_COARSE))
		hasten(id, out);
	return result;
}

time_t time(time_t *out)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_REALTIME, &t);
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}

static int shorten(int ms)
{
	return ms <= 0 ? ms : (ms + factor() - 1) / factor();
}

int epoll_wait(int fd, struct epoll_event *events, int n, int ms)
{
	static int (*real)(int, struct epoll_event *, int, int);

	if (real == NULL)
		*(void **)&real = next("epoll_wait");
	return real(fd, events, n, shorten(ms));
}

int epoll_pwait(int fd, struct epoll_event *events, int n, int ms, const sigset_t *mask)
{
	static int (*real)(int, struct epoll_event *, int, int, const sigset_t *);

	if (real == NULL)
		*(void **)&real = next("epoll_pwait");
	return real(fd, events, n, shorten(ms), mask);
}
