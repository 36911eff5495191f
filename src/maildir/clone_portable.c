/* SPDX-License-Identifier: ISC */
/* maildir/clone_portable.c - see clone.h. */
#include "maildir/clone.h"

#include <errno.h>

int gw_clone(int from, int to)
{
	(void)from, (void)to;
	return ENOTSUP;
}
