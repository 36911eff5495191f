/* SPDX-License-Identifier: ISC */
/* cli/itself_portable.c - see itself.h. */
#include "cli/itself.h"

#include <limits.h>
#include <unistd.h>
#include <uv.h>

void itself_run(char *const argv[])
{
	char path[PATH_MAX];
	size_t size = sizeof path;

	if (uv_exepath(path, &size) == 0)
		execv(path, argv);
}
