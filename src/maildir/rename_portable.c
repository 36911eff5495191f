/* SPDX-License-Identifier: ISC */
/* maildir/rename_portable.c - see rename.h. */
#include "maildir/rename.h"

int gw_rename_noreplace(int from, const char *old, int to, const char *name)
{
	return gw_rename_by_link(from, old, to, name);
}

int gw_rename_exchange(const char *root, const char *a, const char *b)
{
	return gw_rename_in_turn(root, a, b);
}
