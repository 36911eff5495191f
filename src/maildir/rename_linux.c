/* SPDX-License-Identifier: ISC */
/* maildir/rename_linux.c - see rename.h: renameat2(2), where the file system has it. */
#include "base/fs.h"
#include "maildir/rename.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int gw_rename_noreplace(int from, const char *old, int to, const char *name)
{
	if (renameat2(from, old, to, name, RENAME_NOREPLACE) == 0)
		return 0;
	return errno == EINVAL || errno == ENOSYS ? gw_rename_by_link(from, old, to, name) : errno;
}

int gw_rename_exchange(const char *root, const char *a, const char *b)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), sys;

	if (fd < 0)
		return errno;
	sys = renameat2(fd, a, fd, b, RENAME_EXCHANGE) == 0 ? 0 : errno;
	close(fd);
	return sys == EINVAL || sys == ENOSYS ? gw_rename_in_turn(root, a, b) : sys;
}
