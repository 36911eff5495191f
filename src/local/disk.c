/* local/disk.c - see disk.h. */
#include "local/disk.h"

#include <sys/resource.h>

enum { BATCH_FILES = 1024, RESERVED_FDS = 256 };

static void start_first(struct gw_disk *disk);

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
	disk->first = job->next;
	if (disk->first == NULL)
		disk->last = NULL;
	else
		start_first(disk);
	job->done(job);
}

static void start_first(struct gw_disk *disk)
{
	disk->request.data = disk;
	uv_queue_work(disk->loop, &disk->request, on_work, on_done);
}

void gw_disk_init(struct gw_disk *disk, uv_loop_t *loop)
{
	*disk = (struct gw_disk){ .loop = loop };
}

void gw_disk_submit(struct gw_disk *disk, struct gw_disk_job *job)
{
	job->next = NULL;
	if (disk->first == NULL) {
		disk->first = disk->last = job;
		start_first(disk);
		return;
	}
	disk->last->next = job;
	disk->last = job;
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
