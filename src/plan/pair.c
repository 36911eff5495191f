/* SPDX-License-Identifier: ISC */
/* plan/pair.c - see pair.h. */
#include "plan/pair.h"

#include <stdlib.h>

struct output {
	struct gw_pair **pairs;
	size_t *count, *cap;
	bool failed;
};

static void join(struct output *out, struct gw_pair_remote *r, struct gw_pair_local *l, bool check)
{
	struct gw_pair *p =
		gw_array_push((void **)out->pairs, out->count, out->cap, sizeof **out->pairs);

	if (p == NULL) {
		out->failed = true;
		return;
	}
	*p = (struct gw_pair){ .uid = r->uid,
		.local = l->index,
		.check_body = check && (r->msgid == 0 || r->msgid != l->msgid) };
	r->taken = l->taken = true;
}

static int by_uid(const void *a, const void *b)
{
	const struct gw_pair_remote *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

static int remote_by_print(const void *a, const void *b)
{
	const struct gw_pair_remote *x = a, *y = b;
	int order = memcmp(x->header, y->header, GW_PAIR_HASH);

	if (order == 0)
		order = (x->size > y->size) - (x->size < y->size);
	return order != 0 ? order : by_uid(a, b);
}

static int local_by_print(const void *a, const void *b)
{
	const struct gw_pair_local *x = a, *y = b;
	int order = memcmp(x->header, y->header, GW_PAIR_HASH);

	if (order == 0)
		order = (x->size > y->size) - (x->size < y->size);
	return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

static int pair_by_uid(const void *a, const void *b)
{
	const struct gw_pair *x = a, *y = b;

	return (x->uid > y->uid) - (x->uid < y->uid);
}

/* A file that we wrote and did not record names its UID. */
static void join_by_name(struct gw_pair_remote *remote, size_t remote_count,
	struct gw_pair_local *local, size_t local_count, struct output *out)
{
	qsort(remote, remote_count, sizeof *remote, by_uid);
	for (size_t i = 0; i < local_count; i++) {
		struct gw_pair_remote key = { .uid = local[i].name_uid }, *found;

		if (local[i].name_uid == 0)
			continue;
		found = bsearch(&key, remote, remote_count, sizeof *remote, by_uid);
		if (found != NULL && !found->taken &&
			memcmp(found->header, local[i].header, GW_PAIR_HASH) == 0)
			join(out, found, &local[i], found->size != local[i].size);
	}
}

/* Within one group of equal prints: first those with equal flags, then in order. */
static void join_group(struct gw_pair_remote *remote, size_t remote_count,
	struct gw_pair_local *local, size_t local_count, bool check, struct output *out)
{
	for (int pass = 0; pass < 2; pass++) {
		size_t l = 0;

		for (size_t r = 0; r < remote_count; r++) {
			size_t at = pass == 0 ? 0 : l;

			if (remote[r].taken)
				continue;
			while (at < local_count &&
				(local[at].taken ||
					(pass == 0 && local[at].flags != remote[r].flags)))
				at++;
			if (at < local_count)
				join(out, &remote[r], &local[at], check);
			if (pass == 1)
				l = at;
		}
	}
}

/* Groups of equal header, and of equal size if with_size. */
static void join_by_print(struct gw_pair_remote *remote, size_t remote_count,
	struct gw_pair_local *local, size_t local_count, bool with_size, bool check,
	struct output *out)
{
	size_t r = 0, l = 0;

	while (r < remote_count && l < local_count) {
		int order = memcmp(remote[r].header, local[l].header, GW_PAIR_HASH);
		size_t r_end = r, l_end = l;

		if (order == 0 && with_size)
			order = (remote[r].size > local[l].size) - (remote[r].size < local[l].size);
		if (order != 0) {
			*(order < 0 ? &r : &l) += 1;
			continue;
		}
		while (r_end < remote_count &&
			memcmp(remote[r_end].header, remote[r].header, GW_PAIR_HASH) == 0 &&
			(!with_size || remote[r_end].size == remote[r].size))
			r_end++;
		while (l_end < local_count &&
			memcmp(local[l_end].header, local[l].header, GW_PAIR_HASH) == 0 &&
			(!with_size || local[l_end].size == local[l].size))
			l_end++;
		join_group(&remote[r], r_end - r, &local[l], l_end - l, check, out);
		r = r_end;
		l = l_end;
	}
}

static int remote_by_msgid(const void *a, const void *b)
{
	const struct gw_pair_remote *x = a, *y = b;

	return x->msgid != y->msgid ? (x->msgid > y->msgid) - (x->msgid < y->msgid) : by_uid(a, b);
}

/* The server would merge them, whatever their bytes. */
static void join_by_msgid(struct gw_pair_remote *remote, size_t remote_count,
	struct gw_pair_local *local, size_t local_count, struct output *out)
{
	qsort(remote, remote_count, sizeof *remote, remote_by_msgid);
	for (size_t i = 0; i < local_count; i++) {
		size_t lo = 0, hi = remote_count;

		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (remote[mid].msgid < local[i].msgid)
				lo = mid + 1;
			else
				hi = mid;
		}
		while (lo < remote_count && remote[lo].taken && remote[lo].msgid == local[i].msgid)
			lo++;
		if (local[i].msgid != 0 && !local[i].taken && lo < remote_count &&
			remote[lo].msgid == local[i].msgid)
			join(out, &remote[lo], &local[i], false);
	}
}

enum gw_code gw_pair_messages(struct gw_pair_remote *remote, size_t remote_count,
	struct gw_pair_local *local, size_t local_count, bool size_decides, struct gw_pair **pairs,
	size_t *pair_count, size_t *pair_cap)
{
	struct output out = { pairs, pair_count, pair_cap, false };
	bool sure = size_decides || (remote_count > GW_PAIR_BULK && local_count > GW_PAIR_BULK);

	if (remote_count == 0 || local_count == 0)
		return GW_OK;
	if (!size_decides)
		join_by_name(remote, remote_count, local, local_count, &out);
	qsort(remote, remote_count, sizeof *remote, remote_by_print);
	qsort(local, local_count, sizeof *local, local_by_print);
	join_by_print(remote, remote_count, local, local_count, true, !sure, &out);
	if (!size_decides)
		join_by_print(remote, remote_count, local, local_count, false, true, &out);
	if (!size_decides)
		join_by_msgid(remote, remote_count, local, local_count, &out);
	if (*pair_count > 0)
		qsort(*pairs, *pair_count, sizeof **pairs, pair_by_uid);
	return out.failed ? GW_ERR_NOMEM : GW_OK;
}
