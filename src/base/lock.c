/* SPDX-License-Identifier: ISC */
/* base/lock.c - see lock.h.
 *
 * A POSIX record lock: the kernel tells who holds it, so that nothing has to be written.  Such a
 * lock goes when the process closes any descriptor of the file, so it is opened only here.
 */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum gw_code gw_lock_take(const char *path, const char *what, int *fd, struct gw_error *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	enum gw_code code;

	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0)
		return gw_fail_sys(err, GW_ERR_DISK, errno, "cannot open the lock %s", path);
	if (fcntl(*fd, F_SETLK, &lock) == 0)
		return GW_OK;
	if (errno != EACCES && errno != EAGAIN)
		code = gw_fail_sys(err, GW_ERR_DISK, errno, "cannot lock %s", path);
	else if (fcntl(*fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		code = gw_fail(err, GW_ERR_LOCKED,
			"another godwit (process %ld) %s; try again when it is done",
			(long)lock.l_pid, what);
	else
		code = gw_fail(
			err, GW_ERR_LOCKED, "another godwit %s; try again when it is done", what);
	close(*fd);
	*fd = -1;
	return code;
}
