/* SPDX-License-Identifier: ISC */
/* plan/plan: what holds after any history, over random inputs. */
#include "plan/plan.h"
#include "test.h"

enum { S = GW_FLAG_SEEN, F = GW_FLAG_FLAGGED, R = GW_FLAG_ANSWERED };
#define LETTERED (GW_FLAG_KEYWORD(1) - 1)

/* A model of one mailbox: the plan is carried out in memory. */
enum { N = 12 };
struct model {
	int base[N], remote[N], local[N]; /* flags, -1: absent; index is the UID - 1 */
	bool deleted_here[N];
};

static int flags(uint64_t *seed)
{
	static const int some[] = { 0, S, F, S | F, R, S | R };

	return some[test_random(seed, 6)];
}

/* One flat switch. */ /* NOLINTNEXTLINE(readability-function-size) */
static void run(struct model *m, bool full, size_t stop_after)
{
	struct gw_base_msg base[N];
	struct gw_remote_msg remote[N];
	struct gw_local_msg local[N + 1];
	int where[N + 1]; /* which message a file is */
	struct gw_seqset vanished = { 0 };
	struct gw_plan_input in = { .base = base,
		.remote = remote,
		.local = local,
		.local_trusted = true,
		.lettered = LETTERED,
		.storable = GW_FLAGS_ALL,
		.remote_full = full,
		.vanished = &vanished };
	struct gw_plan plan;

	for (int i = 0; i < N; i++) {
		where[in.local_count] = i;
		if (m->local[i] >= 0)
			local[in.local_count] =
				(struct gw_local_msg){ .flags = (uint64_t)m->local[i],
					.candidate = m->base[i] < 0,
					.uid = m->base[i] >= 0 ? (uint32_t)i + 1 : 0 };
		if (m->base[i] >= 0)
			base[in.base_count++] = (struct gw_base_msg){ .uid = (uint32_t)i + 1,
				.flags = (uint64_t)m->base[i] & GW_FLAGS_ALL,
				.local =
					m->local[i] >= 0 ? (uint32_t)in.local_count : GW_NO_LOCAL };
		in.local_count += m->local[i] >= 0;
		if (m->remote[i] >= 0 && (full || m->remote[i] != m->base[i]))
			remote[in.remote_count++] = (struct gw_remote_msg){ .uid = (uint32_t)i + 1,
				.flags = (uint64_t)m->remote[i] & GW_FLAGS_ALL };
		if (m->remote[i] < 0 && m->base[i] >= 0 && !full)
			gw_seqset_add(&vanished, (uint32_t)i + 1, (uint32_t)i + 1);
	}
	assert_int_equal(gw_plan_mailbox(&in, &plan), GW_OK);
	assert_false(plan.incomplete);
	for (size_t i = 0; i < plan.count && i < stop_after; i++) {
		const struct gw_action *a = &plan.actions[i];
		int at = (int)a->uid - 1;

		switch ((enum gw_action_kind)a->kind) {
		case GW_DO_DOWNLOAD:
			assert_int_equal(m->local[at], -1);
			m->local[at] = m->base[at] = (int)a->flags;
			break;
		case GW_DO_LOCAL_FLAGS:
			m->local[at] = (int)a->flags;
			/* fall through */
		case GW_DO_BASE_FLAGS:
			m->base[at] = (int)a->base_flags;
			break;
		case GW_DO_REMOTE_FLAGS:
			assert_int_equal(m->remote[at], (int)a->base_flags);
			m->remote[at] = (int)a->flags;
			if (i + 1 < stop_after) /* else killed before it was recorded */
				m->base[at] = (int)a->flags;
			break;
		case GW_DO_DELETE_LOCAL:
			assert_int_equal(
				m->remote[at], -1); /* only what the server no longer has */
			m->local[at] = -1;
			/* fall through */
		case GW_DO_FORGET:
		case GW_DO_KEEP:
			m->base[at] = -1;
			break;
		case GW_DO_RETURN:
			assert_int_equal(m->local[at], -1);
			m->local[at] = m->base[at] = (int)a->flags;
			break;
		case GW_DO_DELETE_REMOTE:
			assert_int_equal(m->local[at], -1); /* only what is not here */
			m->remote[at] = -1;
			if (i + 1 < stop_after) /* else killed before it was recorded */
				m->base[at] = -1;
			break;
		case GW_DO_UPLOAD:
			assert_int_equal(m->remote[where[a->local]], -1);
			m->remote[where[a->local]] = m->base[where[a->local]] = (int)a->flags;
			break;
		case GW_DO_REFUSE:
		case GW_DO_HOLD_FLAGS:
		case GW_DO_SETTLE_FLAGS:
		case GW_DO_UNKEPT:
		case GW_DO_HOLD_UPLOAD:
		case GW_DO_HOLD_DELETE:
		case GW_DO_HOLD_REMOTE:
		case GW_DO_UNHOLD:
		case GW_DO_LEAVE:
		case GW_DO_HOLD:
		case GW_DO_NOTHING:
		case GW_DO_RELINK:
		case GW_DO_TAKE:
		case GW_DO_REPLACED:
		case GW_DO_SKIP:
		case GW_DO_STRAY:
		case GW_DO_EXPIRE:
		case GW_DO_STAY:
		case GW_DO_HIDE:
		case GW_DO_PAIR:
			fail();
			break;
		}
	}
	gw_plan_deinit(&plan);
	gw_seqset_deinit(&vanished);
}

static void random_histories(void **state)
{
	uint64_t seed = test_seed() | 1;

	(void)state;
	for (int history = 0; history < 20000; history++) {
		struct model m, before;

		for (int i = 0; i < N; i++) {
			m.base[i] = m.remote[i] = m.local[i] =
				test_random(&seed, 3) ? flags(&seed) : -1;
			m.deleted_here[i] = false;
			if (m.base[i] < 0 && test_random(&seed, 2))
				m.remote[i] = flags(&seed); /* new there */
			else if (m.base[i] < 0 && test_random(&seed, 2))
				m.local[i] = flags(&seed); /* new here */
			if (m.base[i] >= 0 && test_random(&seed, 4) == 0)
				m.remote[i] = -1;
			else if (m.base[i] >= 0 && test_random(&seed, 3) == 0)
				m.remote[i] = flags(&seed);
			if (m.base[i] >= 0 && test_random(&seed, 6) == 0) {
				m.local[i] = -1;
				m.deleted_here[i] = true;
			} else if (m.base[i] >= 0 && test_random(&seed, 4) == 0) {
				m.local[i] = flags(&seed);
			}
		}
		before = m;
		run(&m, test_random(&seed, 2), test_random(&seed, 8)); /* interrupted anywhere */
		run(&m, test_random(&seed, 2), SIZE_MAX);
		run(&m, test_random(&seed, 2), SIZE_MAX); /* what was kept is uploaded */
		for (int i = 0; i < N; i++) {
			int mine = before.local[i] ^ before.base[i];

			if (m.remote[i] >= 0 && !m.deleted_here[i])
				assert_true(m.local[i] >= 0); /* what is there is here */
			if (before.base[i] < 0 && before.local[i] >= 0)
				assert_int_equal(
					m.remote[i], before.local[i]); /* new here is there */
			if (m.base[i] >= 0 && m.remote[i] >= 0 && m.local[i] >= 0)
				assert_int_equal(m.local[i], m.remote[i]); /* flags agree */
			if (m.deleted_here[i]) { /* stays so, unless it was changed there */
				bool outlives = before.remote[i] >= 0 &&
						((before.remote[i] ^ before.base[i]) & ~S) != 0;

				assert_int_equal(m.local[i] >= 0, outlives);
				assert_int_equal(m.remote[i] >= 0, outlives);
			}
			if (before.base[i] >= 0 && before.local[i] >= 0 && m.local[i] >= 0)
				assert_int_equal(
					m.local[i] & mine, before.local[i] & mine); /* not undone */
			if (before.base[i] >= 0 && before.local[i] >= 0 && (mine & ~S))
				assert_true(m.local[i] >= 0 &&
					    m.remote[i] >= 0); /* changed here: comes back */
		}
		before = m;
		run(&m, true, SIZE_MAX);
		assert_memory_equal(&before, &m, sizeof m); /* a second run changes nothing */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(random_histories) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
