/* SPDX-License-Identifier: ISC */
/* cli/systemd.c - see systemd.h. */
#include "cli/systemd.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

void systemd_tell(const char *lines)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = path == NULL ? 0 : strlen(path);
	int fd;

	if (n == 0 || n >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(to.sun_path, path, n);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* Ignore failures: nobody may be listening. */
	(void)!sendto(fd, lines, strlen(lines), MSG_NOSIGNAL, (struct sockaddr *)&to,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	close(fd);
}

uint64_t systemd_watchdog(pid_t main_process)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (usec == NULL || (pid != NULL && strtol(pid, NULL, 10) != (long)main_process))
		return 0;
	return strtoull(usec, NULL, 10);
}

const char *systemd_priority(enum gw_log_level level)
{
	static const char *const names[] = { "<3>", "<4>", "<6>", "<7>", "<7>" };
	const char *journal = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;
	char *end;

	if (journal == NULL || fstat(STDERR_FILENO, &st) != 0)
		return "";
	device = strtoull(journal, &end, 10);
	inode = *end == ':' ? strtoull(end + 1, NULL, 10) : 0;
	return device == st.st_dev && inode == st.st_ino ? names[level] : "";
}
