/* SPDX-License-Identifier: ISC */
/* local/heads.c - see heads.h. */
#include "local/heads.h"

#include "maildir/fingerprint.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct heads_job {
	struct gw_disk_job job; /* first */
	struct gw_heads *list;
	size_t count;
	gw_heads_cb *cb;
	void *ctx;
	bool no_memory;
};

/* false: no memory. */
static bool read_files(DIR *files, struct gw_traces *out)
{
	const struct dirent *entry;
	struct gw_fingerprint print;
	bool ok = true;

	while (ok && (entry = readdir(files)) != NULL) {
		if (entry->d_name[0] == '.' ||
			!gw_fingerprint_head(dirfd(files), entry->d_name, &print))
			continue;
		ok = gw_traces_add(out, gw_trace_of(print.header, print.msgid));
	}
	return ok;
}

static bool read_part(int mailbox, const char *part, struct gw_traces *out)
{
	int fd = openat(mailbox, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *files = fd < 0 ? NULL : fdopendir(fd);
	bool ok = true;

	if (files != NULL) {
		ok = read_files(files, out);
		closedir(files);
	} else if (fd >= 0) {
		close(fd);
	}
	return ok;
}

static void work(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct heads_job *h = (struct heads_job *)job;
	int root = open(world->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < h->count && root >= 0 && !h->no_memory; i++) {
		int fd = openat(
			root, h->list[i].dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0)
			continue;
		h->no_memory = !read_part(fd, "cur", &h->list[i].traces) ||
			       !read_part(fd, "new", &h->list[i].traces);
		gw_traces_settle(&h->list[i].traces);
		close(fd);
	}
	if (root >= 0)
		close(root);
}

static void on_done(struct gw_disk_job *job)
{
	struct heads_job *h = (struct heads_job *)job;
	struct gw_error err = { 0 };

	if (h->no_memory)
		gw_fail(&err, GW_ERR_NOMEM, "out of memory");
	h->cb(h->ctx, h->no_memory ? &err : NULL);
	free(h);
}

enum gw_code gw_heads_start(
	struct gw_disk *disk, struct gw_heads *list, size_t count, gw_heads_cb *cb, void *ctx)
{
	struct heads_job *h = calloc(1, sizeof *h);

	if (h == NULL)
		return GW_ERR_NOMEM;
	*h = (struct heads_job){ .job = { .work = work, .done = on_done },
		.list = list,
		.count = count,
		.cb = cb,
		.ctx = ctx };
	gw_disk_submit(disk, &h->job);
	return GW_OK;
}
