/* SPDX-License-Identifier: ISC */
/* tools/lateclock.c - loaded into godwit: its clock is ten seconds behind that of the file system, as
 * with a server of files whose clock is ahead.  No directory's stamp is ever old enough to prove
 * anything then, however slow the machine is.
 */
#include <dlfcn.h>
#include <time.h>

int clock_gettime(clockid_t id, struct timespec *out)
{
	static int (*real)(clockid_t, struct timespec *);
	int result;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	result = real(id, out);
	if (result == 0 && id == CLOCK_REALTIME)
		out->tv_sec -= 10;
	return result;
}
