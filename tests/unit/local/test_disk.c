/* SPDX-License-Identifier: ISC */
/* tests/unit/local/test_disk.c - the disk queue: jobs work in their order, one at a time, each after its own flush, and
 * a job is flushed while the one before works. */
#include "local/disk.h"
#include "test.h"

enum { JOBS = 40, A_MINUTE = 60 };

struct job {
	struct gw_disk_job job; /* first */
	struct order *order;
	unsigned number;
	bool is_flushed;
};

struct order {
	uv_mutex_t lock;
	uv_cond_t changed;
	unsigned flushed, worked, done; /* how many */
	bool flushes, works;            /* one does just now */
	bool meets;                     /* the first job's work waits for the second's flush */
	bool met;
};

static void flush(struct gw_disk_job *base, struct gw_flusher *flusher)
{
	struct job *j = (struct job *)base;
	struct order *o = j->order;

	(void)flusher;
	uv_mutex_lock(&o->lock);
	assert_false(o->flushes);
	o->flushes = true;
	uv_mutex_unlock(&o->lock);
	uv_mutex_lock(&o->lock);
	o->flushes = false;
	j->is_flushed = true;
	o->flushed++;
	uv_cond_broadcast(&o->changed);
	uv_mutex_unlock(&o->lock);
}

static void work(struct gw_disk_job *base, struct gw_disk_world *world)
{
	struct job *j = (struct job *)base;
	struct order *o = j->order;

	(void)world;
	uv_mutex_lock(&o->lock);
	assert_false(o->works);
	o->works = true;
	assert_int_equal(o->worked, j->number);
	assert_true(j->job.flush == NULL || j->is_flushed);
	while (o->meets && j->number == 0 && o->flushed < 2 &&
		uv_cond_timedwait(&o->changed, &o->lock, A_MINUTE * UINT64_C(1000000000)) == 0)
		continue;
	o->met |= j->number == 0 && o->flushed >= 2;
	o->works = false;
	o->worked++;
	uv_mutex_unlock(&o->lock);
}

static void done(struct gw_disk_job *base)
{
	struct job *j = (struct job *)base;

	assert_int_equal(j->order->done++, j->number);
	free(j);
}

static void submit(struct gw_disk *disk, struct order *order, unsigned number, bool has_flush)
{
	struct job *j = calloc(1, sizeof *j);

	assert_non_null(j);
	*j = (struct job){
		.job = { .work = work, .done = done }, .order = order, .number = number
	};
	if (has_flush)
		j->job.flush = flush;
	gw_disk_submit(disk, &j->job);
}

static void run(uv_loop_t *loop, struct order *order, unsigned count, uint64_t without)
{
	struct gw_disk disk;

	uv_mutex_init(&order->lock);
	uv_cond_init(&order->changed);
	gw_disk_init(&disk, loop);
	for (unsigned i = 0; i < count; i++)
		submit(&disk, order, i, !(without >> i & 1));
	assert_false(gw_disk_idle(&disk));
	uv_run(loop, UV_RUN_DEFAULT);
	assert_true(gw_disk_idle(&disk));
	assert_int_equal(order->done, count);
	uv_cond_destroy(&order->changed);
	uv_mutex_destroy(&order->lock);
}

static void test_order(void **state)
{
	uint64_t seed = test_seed();
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	for (unsigned i = 0; i < 200; i++) {
		struct order order = { 0 };
		uint64_t without = (uint64_t)test_random(&seed, UINT32_MAX) << 8;

		run(&loop, &order, 1 + test_random(&seed, JOBS), i % 4 == 0 ? 0 : without);
	}
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_flushed_meanwhile(void **state)
{
	struct order order = { .meets = true };
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	run(&loop, &order, 2, 0);
	assert_true(order.met);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_flushed_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
