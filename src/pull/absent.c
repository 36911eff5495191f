/* SPDX-License-Identifier: ISC */
/* pull/absent.c - decides about rows whose files are missing; part of pull_p.h.
 *
 * I1  an unreadable place may hold them: then nothing is missing for certain.
 * I2  a deletion there is in the state before it is carried out (the row is UNWANTED), and so is
 *     one held back (`status` lists it), so that the user decides on what was reported.
 */
#include "pull/pull_p.h"

#include <inttypes.h>
#include <stdlib.h>

/* The result of a look. */
struct tally {
	uint64_t known, missing; /* messages that are still on the server, as far as is known */
	uint64_t held, let_go, uncertain;
	bool dir_gone;
};

static bool counts(const struct gw_pull *p, const struct pull_seen *s)
{
	return p->view.rows[s->row].state == GW_PULL_HERE;
}

static bool is_accepted(const struct gw_pull *p, const struct pull_seen *s)
{
	return p->options.accept_deletions && p->more[s->row].held;
}

static struct tally count(const struct gw_pull *p, const struct pull_seen *list, size_t n)
{
	struct tally t = { .known = p->deleted_recently, .missing = p->deleted_recently };
	uint64_t now = 0;

	for (size_t i = 0; i < n; i++) {
		bool missing = counts(p, &list[i]) && !list[i].seen && !is_accepted(p, &list[i]);

		t.known += counts(p, &list[i]);
		now += missing;
		t.dir_gone |= missing && list[i].dir_gone;
	}
	t.missing = now > 0 ? t.missing + now : 0;
	return t;
}

/* In the state, so that it is listed, and that it is this one that a person decides on. */
static bool set_held(struct gw_pull *p, size_t row, bool held)
{
	if (p->more[row].held == held)
		return true;
	p->more[row].held = held;
	return p->options.dry_run ||
	       pull_batch_add(p, held ? PULL_HOLD : PULL_RELEASE, row, NULL) == GW_OK;
}

static void take_place(struct gw_pull *p, struct pull_seen *s)
{
	struct pull_more *m = &p->more[s->row];

	if (s->now != NULL) {
		pull_set_base(p, s->row, s->now);
		s->now = NULL;
	}
	if (m->dir_inode != s->inode) {
		m->dir_inode = s->inode;
		m->dirty = true;
	}
}

bool pull_bring_back(struct gw_pull *p, size_t row)
{
	struct gw_pull_row *r = &p->view.rows[row];

	pull_set_base(p, row, NULL);
	p->more[row].missing = false;
	r->state = GW_PULL_ASIDE;
	r->tries = 0;
	return set_held(p, row, false) &&
	       (p->options.dry_run || pull_batch_add(p, PULL_PUT, row, NULL) == GW_OK);
}

static bool let_go(struct gw_pull *p, size_t row, bool follow)
{
	bool decided = p->more[row].held;

	pull_set_base(p, row, NULL);
	if (follow) {
		p->view.rows[row].state = GW_PULL_UNWANTED;
		p->more[row].deleted_at = p->view.policy.now;
	}
	return set_held(p, row, false) &&
	       (!follow || decided || p->options.dry_run ||
		       pull_batch_add(p, PULL_COUNT, row, NULL) == GW_OK);
}

static bool judge_one(
	struct gw_pull *p, struct pull_seen *s, bool certain, bool accident, struct tally *t)
{
	const struct gw_pull_sight sight = { .seen = s->seen,
		.certain = certain,
		.deletes = p->view.policy.deletes && (p->follows || is_accepted(p, s)),
		.accident = accident,
		.accepted = is_accepted(p, s),
		.is_short = p->view.rows[s->row].is_short && !p->sizes_lie };

	if (s->seen)
		take_place(p, s);
	if (s->seen)
		return set_held(p, s->row, false);
	if (!counts(p, s)) { /* it went there by `keep` */
		if (certain)
			pull_set_base(p, s->row, NULL);
		return true;
	}
	if (certain && p->options.restore_deletions && p->more[s->row].held)
		return pull_bring_back(p, s->row);
	switch (gw_pull_judge_file(&sight)) {
	case GW_PULL_STAYS:
		t->uncertain++;
		return true;
	case GW_PULL_HELD:
		t->held++;
		return set_held(p, s->row, true);
	case GW_PULL_LET_GO:
		t->let_go++;
		return let_go(p, s->row, false);
	case GW_PULL_FOLLOW:
		return let_go(p, s->row, true);
	}
	return true;
}

static void tell_accident(struct gw_pull *p, const struct tally *t)
{
	struct gw_error err = { 0 };

	gw_fail(&err, GW_ERR_HELD,
		"%" PRIu64 " of %" PRIu64 " messages that were fetched and are still on the server "
		"have no file here%s, which looks like an accident, so nothing is deleted there: if "
		"it is none, `godwit sync --accept-deletions %s`; to fetch them again, `godwit sync "
		"--restore-deletions %s`",
		t->missing, t->known, t->dir_gone ? ", and a directory of theirs is gone" : "",
		p->account->name, p->account->name);
	p->counts.held += t->held;
	pull_problem(p, &err);
}

static void tell_uncertain(struct gw_pull *p, const struct tally *t, const char *unread)
{
	struct gw_error err = { 0 };

	if (unread == NULL) {
		p->counts.unsettled = 1;
		return;
	}
	gw_fail(&err, GW_ERR_HELD,
		"%" PRIu64 " messages have no file here that is found, but not all of %s could be "
		"looked into (%s), so nothing is deleted on the server for it",
		t->uncertain, p->account->maildir, unread);
	pull_problem(p, &err);
}

bool pull_judge_files(
	struct gw_pull *p, struct pull_seen *list, size_t n, const char *unread, bool busy)
{
	struct tally t = count(p, list, n);
	bool certain = unread == NULL && !busy, ok = true;
	bool accident = p->account->guard && t.missing > 0 &&
			(t.dir_gone || gw_pull_looks_like_accident(
					       t.known, t.missing, p->account->guard_percent));

	if (p->options.verify) {
		pull_verify_files(p, list, n, certain);
		return true;
	}
	if (pull_restores(p)) {
		pull_restore_files(p, list, n, certain);
		return true;
	}
	for (size_t i = 0; ok && i < n; i++)
		ok = judge_one(p, &list[i], certain, accident, &t);
	p->hold |= accident;
	p->tree_known = certain && !accident;
	if (accident)
		tell_accident(p, &t);
	else if (t.uncertain > 0 && p->view.policy.deletes)
		tell_uncertain(p, &t, unread);
	if (t.let_go > 0 && p->view.policy.deletes && !p->follows)
		gw_log(p->log, GW_LOG_WARN,
			"%s: %" PRIu64
			" messages that were deleted here before `delete` said so stay "
			"on the server",
			p->account->name, t.let_go);
	return ok;
}
