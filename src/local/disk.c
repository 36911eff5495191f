/* SPDX-License-Identifier: ISC */
/* local/disk.c - see disk.h. */
#include "local/disk.h"

#include <sys/resource.h>

enum { BATCH_FILES = 1024, RESERVED_FDS = 256 };

static void go_on(struct gw_disk *disk);

static void on_work(uv_work_t *request)
{
	struct gw_disk *disk = request->data;

	disk->first->work(disk->first, &disk->world);
}

static void on_done(uv_work_t *request, int status)
{
	struct gw_disk *disk = request->data;
	struct gw_disk_job *job = disk->first;

	(void)status; /* never cancelled */
	disk->working = false;
	disk->first = job->next;
	if (disk->first == NULL)
		disk->last = NULL;
	go_on(disk);
	job->done(job);
}

static void on_flush(uv_work_t *request)
{
	struct gw_disk *disk = request->data;

	disk->flushing->flush(disk->flushing, &disk->flusher);
}

static void on_flushed(uv_work_t *request, int status)
{
	struct gw_disk *disk = request->data;

	(void)status; /* never cancelled */
	disk->flushing->flushed = true;
	disk->flushing = NULL;
	go_on(disk);
}

/* Starts whatever may run now. */
static void go_on(struct gw_disk *disk)
{
	if (!disk->working && disk->first != NULL && disk->first->flushed) {
		disk->working = true;
		disk->request.data = disk;
		uv_queue_work(disk->loop, &disk->request, on_work, on_done);
	}
	for (struct gw_disk_job *job = disk->first; job != NULL && disk->flushing == NULL;
		job = job->next) {
		if (job->flushed)
			continue;
		disk->flushing = job;
		disk->flush_request.data = disk;
		uv_queue_work(disk->loop, &disk->flush_request, on_flush, on_flushed);
	}
}

void gw_disk_init(struct gw_disk *disk, uv_loop_t *loop)
{
	*disk = (struct gw_disk){ .loop = loop };
}

void gw_disk_submit(struct gw_disk *disk, struct gw_disk_job *job)
{
	job->next = NULL;
	job->flushed = job->flush == NULL;
	if (disk->first == NULL)
		disk->first = job;
	else
		disk->last->next = job;
	disk->last = job;
	go_on(disk);
}

enum gw_code gw_disk_writable(struct gw_disk_world *world, struct gw_error *err)
{
	enum gw_code code = world->writable ? GW_OK : world->prepare(world, err);

	world->writable = code == GW_OK;
	return code;
}

bool gw_disk_idle(const struct gw_disk *disk)
{
	return disk->first == NULL;
}

size_t gw_disk_batch_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < 2 * (rlim_t)RESERVED_FDS)
		return 16;
	limit.rlim_cur -= RESERVED_FDS;
	return limit.rlim_cur / 4 < BATCH_FILES ? (size_t)limit.rlim_cur / 4 : BATCH_FILES;
}
