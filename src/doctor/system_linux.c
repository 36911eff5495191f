/* SPDX-License-Identifier: ISC */
/* doctor/system_linux.c - see system.h: statfs(2) and /proc. */
#include "base/num.h"
#include "doctor/system.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

const char *gw_system_remote_fs(const char *path)
{
	static const struct {
		unsigned long type;
		const char *name;
	} known[] = { { 0x6969, "NFS" }, { 0xff534d42, "CIFS" }, { 0xfe534d42, "SMB" },
		{ 0x65735546, "FUSE" }, { 0x01021997, "9P" } };
	struct statfs fs;

	if (statfs(path, &fs) != 0)
		return NULL;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if ((unsigned long)fs.f_type == known[i].type)
			return known[i].name;
	}
	return NULL;
}

bool gw_system_watch_limit(uint64_t *out)
{
	FILE *f = fopen("/proc/sys/fs/inotify/max_user_watches", "re");
	char text[40];

	*out = 0;
	if (f == NULL)
		return true;
	if (fgets(text, sizeof text, f) != NULL) {
		text[strcspn(text, "\n")] = '\0';
		gw_read_u64(gw_slice_str(text), INT64_MAX, out);
	}
	fclose(f);
	return true;
}

static bool is_number(const char *text)
{
	return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

/* false: it is another user's, or gone. */
static bool read_name(int proc, const char *pid, char *out, size_t size)
{
	char path[300];
	struct stat st;
	ssize_t n;
	int fd;

	if (fstatat(proc, pid, &st, 0) != 0 || st.st_uid != getuid())
		return false;
	snprintf(path, sizeof path, "%s/comm", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, out, size - 1);
	if (fd >= 0)
		close(fd);
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return n > 0;
}

void gw_system_processes(void (*cb)(void *ctx, const char *pid, const char *name), void *ctx)
{
	DIR *d = opendir("/proc");
	char name[64] = "";
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (is_number(e->d_name) && read_name(dirfd(d), e->d_name, name, sizeof name))
			cb(ctx, e->d_name, name);
	}
	if (d != NULL)
		closedir(d);
}
