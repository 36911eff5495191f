/* SPDX-License-Identifier: ISC */
/* plan/folders.c - see folders.h.
 *
 *   identify (which listed mailbox is each row?) -> locate (where is its directory?)
 *     -> judge each row -> judge the directories that nothing has -> order the renames here
 */
#include "plan/folders_p.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

/* --- rows to listed mailboxes
 * ------------------------------------------------------------------ */

static void claim(struct desk *d, size_t row, size_t listed)
{
	d->claimed[listed] = row;
	d->out->there[row] = listed;
}

static bool is_open(const struct desk *d, size_t row)
{
	return d->out->there[row] == NONE;
}

static bool ids_differ(const struct gw_folder_row *row, const struct gw_folder_listed *l)
{
	return row->object_id != 0 && l->object_id != 0 && row->object_id != l->object_id;
}

static void claim_by_id(struct desk *d)
{
	for (size_t r = 0; r < d->in->row_count; r++) {
		const struct gw_folder_row *row = row_at(d, r);
		size_t l = is_never(row) || row->inbox
				   ? NONE
				   : gw_desk_find_number(&d->listed_ids, row->object_id);

		if (l != NONE && !listed_at(d, l)->inbox &&
			gw_desk_find_number(&d->row_ids, row->object_id) == r)
			claim(d, r, l);
	}
}

/* INBOX in any case is INBOX (RFC 9051 5.1). */
static size_t named_like(const struct desk *d, const struct gw_folder_row *row)
{
	if (!row->inbox)
		return gw_desk_find_word(&d->listed_wires, row->wire);
	for (size_t l = 0; l < d->in->listed_count; l++) {
		if (listed_at(d, l)->inbox)
			return l;
	}
	return NONE;
}

/* same: only if nothing says that another mailbox has taken the name. */
static void claim_by_name(struct desk *d, bool same)
{
	for (size_t r = 0; r < d->in->row_count; r++) {
		const struct gw_folder_row *row = row_at(d, r);
		size_t n = is_open(d, r) ? named_like(d, row) : NONE;
		const struct gw_folder_listed *l;

		if (n == NONE || d->claimed[n] != NONE)
			continue;
		l = listed_at(d, n);
		if (!same || is_never(row) || row->inbox ||
			(!ids_differ(row, l) &&
				(!l->counted || l->uidvalidity == row->uidvalidity)))
			claim(d, r, n);
	}
}

/* The only mailbox that can be this one under another name: same UIDVALIDITY, as many UIDs or more,
 * and none else like it. */
static size_t renamed_to(const struct desk *d, size_t r)
{
	const struct gw_folder_row *row = row_at(d, r);
	size_t l = gw_desk_find_number(&d->listed_validities, row->uidvalidity);
	const struct gw_folder_listed *x = l == NONE ? NULL : listed_at(d, l);

	if (x == NULL || row->inbox || x->inbox || !x->selectable || d->claimed[l] != NONE)
		return NONE;
	if ((row->object_id != 0 && x->object_id != 0) || x->uidnext < row->uidnext)
		return NONE; /* another one, by its id; or an older one */
	return l;
}

/* A name still listed was passed on to another mailbox: believed for a whole chain, or not at all.
 * A restored server deals out numbers again, and one may equal another mailbox's old one by
 * chance. */
static void claim_by_validity(struct desk *d, size_t *guess)
{
	bool again = true;

	for (size_t r = 0; r < d->in->row_count; r++)
		guess[r] = is_open(d, r) ? renamed_to(d, r) : NONE;
	while (again) {
		again = false;
		for (size_t r = 0; r < d->in->row_count; r++) {
			size_t q = guess[r] == NONE ? NONE
						    : gw_desk_find_word(&d->row_wires,
							      listed_at(d, guess[r])->wire);
			bool leaves = q != NONE && (guess[q] != NONE || d->out->there[q] != NONE);

			if (guess[r] == NONE || q == NONE || (q != r && leaves) ||
				gw_desk_find_word(&d->listed_wires, row_at(d, r)->wire) == NONE)
				continue;
			guess[r] = NONE;
			again = true;
		}
	}
	for (size_t r = 0; r < d->in->row_count; r++) {
		if (guess[r] != NONE && d->claimed[guess[r]] == NONE)
			claim(d, r, guess[r]);
	}
}

/* The only mailbox of its special use (RFC 6154): names follow the language that the user chose,
 * the use stays. */
static void claim_by_use(struct desk *d)
{
	for (size_t r = 0; r < d->in->row_count; r++) {
		const struct gw_folder_row *row = row_at(d, r);
		size_t found = NONE, many = 0;

		if (!is_open(d, r) || is_never(row) || row->use == 0 || row->inbox)
			continue;
		for (size_t l = 0; l < d->in->listed_count; l++) {
			if ((listed_at(d, l)->use & row->use) != row->use)
				continue;
			found = l;
			many++;
		}
		if (many == 1 && d->claimed[found] == NONE && listed_at(d, found)->selectable &&
			!listed_at(d, found)->inbox && !ids_differ(row, listed_at(d, found)))
			claim(d, r, found);
	}
}

static bool identify(struct desk *d)
{
	size_t *guess = gw_desk_make_indices(d->in->row_count);

	if (guess == NULL)
		return false;
	claim_by_id(d);
	claim_by_name(d, true);
	claim_by_validity(d, guess);
	claim_by_name(d, false);
	claim_by_use(d);
	free(guess);
	return true;
}

/* --- rows to directories
 * ----------------------------------------------------------------------- */

static void own(struct desk *d, size_t row, size_t dir)
{
	d->owner[dir] = row;
	d->out->here[row] = dir;
}

/* A rename there that was half carried out: it stands at the new name. */
static void locate_moved(struct desk *d)
{
	for (size_t r = 0; r < d->in->row_count; r++) {
		size_t l = d->out->there[r];
		size_t at = l == NONE ? NONE : gw_desk_find_word(&d->dirs, listed_at(d, l)->dir);
		uint64_t inode = row_at(d, r)->inode;

		if (at != NONE && inode != 0 && dir_at(d, at)->inode == inode &&
			d->owner[at] == NONE)
			own(d, r, at);
	}
}

/* same: it is the directory that base knows, and not another one in its place. */
static void locate_by_name(struct desk *d, bool same)
{
	for (size_t r = 0; r < d->in->row_count; r++) {
		const struct gw_folder_row *row = row_at(d, r);
		size_t at = d->out->here[r] != NONE ? NONE : gw_desk_find_word(&d->dirs, row->dir);

		if (at == NONE || d->owner[at] != NONE)
			continue;
		if (!same || is_never(row) || row->inode == 0 || dir_at(d, at)->inode == row->inode)
			own(d, r, at);
	}
}

/* Locates a renamed directory: one that nothing else explains where it is. */
static void locate_by_inode(struct desk *d)
{
	for (size_t r = 0; r < d->in->row_count; r++) {
		const struct gw_folder_row *row = row_at(d, r);
		size_t at = d->out->here[r] != NONE || is_open(d, r) || is_never(row) || row->inbox
				    ? NONE
				    : gw_desk_find_number(&d->inodes, row->inode);
		size_t q, l;

		if (at == NONE || d->owner[at] != NONE)
			continue;
		q = gw_desk_find_word(&d->row_dirs, dir_at(d, at)->dir);
		l = gw_desk_find_word(&d->listed_dirs, dir_at(d, at)->dir);
		if (q != NONE && d->out->here[q] == NONE)
			continue;
		if (l != NONE && (d->claimed[l] == NONE || q == NONE))
			continue;
		own(d, r, at);
	}
}

static void locate(struct desk *d)
{
	locate_moved(d);
	locate_by_name(d, true);
	locate_by_inode(d);
	locate_by_name(d, false);
}

/* --- judging ----------------------------------------------------------------------------------- */

static struct gw_folder_action *act(
	struct desk *d, enum gw_folder_kind kind, size_t row, size_t listed, size_t dir)
{
	struct gw_folder_action *a = gw_array_push(
		(void **)&d->out->actions, &d->out->count, &d->out->cap, sizeof *d->out->actions);

	if (a == NULL)
		return NULL;
	*a = (struct gw_folder_action){ .kind = kind, .row = row, .listed = listed, .dir = dir };
	if (kind == GW_FOLDER_FORGET || kind == GW_FOLDER_DELETE_HERE)
		d->leaving[row] = true;
	return a;
}

static bool hold(
	struct desk *d, enum gw_folder_reason reason, size_t row, size_t listed, size_t dir)
{
	struct gw_folder_action *a = act(d, GW_FOLDER_HOLD, row, listed, dir);

	if (a == NULL)
		return false;
	a->reason = reason;
	if (listed != NONE && reason != GW_FOLDER_GONE_HERE && reason != GW_FOLDER_FRESH_THERE)
		d->out->blocked[listed] = true;
	return true;
}

/* True if the user must decide first: the mailbox has messages, and the guard is on. */
static bool asks_first(const struct desk *d, const struct gw_folder_row *row)
{
	return row->messages > 0 && d->in->policy.guard && !d->in->policy.accept;
}

/* Handles a mailbox gone there whose directory may hold mail that was never anywhere else. */
static bool gone_there_fresh(struct desk *d, size_t r)
{
	const struct gw_folder_row *row = row_at(d, r);
	size_t here = d->out->here[r];
	struct gw_folder_action *a;

	if (!is_never(row) && d->in->policy.delete_here)
		return hold(d, GW_FOLDER_FRESH_HERE, r, NONE, here);
	if (here != NONE && dir_at(d, here)->not_made)
		return hold(d, GW_FOLDER_NOT_MADE, r, NONE, here);
	a = act(d, GW_FOLDER_MAKE_AGAIN, r, NONE, here);
	if (a != NULL)
		a->to = row->wire;
	return a != NULL;
}

/* Nothing is done, and here is mail that is not on the server: that is told. */
static bool leave_here(struct desk *d, enum gw_folder_reason reason, size_t r)
{
	size_t here = d->out->here[r];

	if (d->in->policy.keep_here || row_at(d, r)->messages == 0 || row_at(d, r)->inbox ||
		here == NONE || !dir_at(d, here)->wanted)
		return true;
	return hold(d, reason, r, NONE, here);
}

static bool gone_there(struct desk *d, size_t r)
{
	const struct gw_folder_row *row = row_at(d, r);
	size_t here = d->out->here[r];
	const struct gw_folder_dir *dir = here == NONE ? NULL : dir_at(d, here);
	enum gw_folder_fresh fresh = dir == NULL                      ? GW_FRESH_NO
				     : dir->fresh != GW_FRESH_UNKNOWN ? dir->fresh
				     : dir->changed || is_never(row)  ? GW_FRESH_UNKNOWN
								      : GW_FRESH_NO;

	if (!d->in->policy.list_whole)
		return hold(d, GW_FOLDER_LIST_CUT, r, NONE, here);
	if (!row->missing)
		return act(d, GW_FOLDER_MISSING, r, NONE, here) != NULL &&
		       leave_here(d, GW_FOLDER_UNLISTED, r);
	if (dir == NULL)
		return act(d, GW_FOLDER_FORGET, r, NONE, NONE) != NULL;
	if (fresh != GW_FRESH_NO && gw_desk_find_word(&d->listed_wires, row->wire) != NONE)
		return hold(d, GW_FOLDER_TAKEN_THERE, r, NONE, here);
	if (fresh == GW_FRESH_UNKNOWN)
		return act(d, GW_FOLDER_LOOK, r, NONE, here) != NULL;
	if (fresh == GW_FRESH_YES)
		return gone_there_fresh(d, r);
	if (!d->in->policy.delete_here || is_never(row))
		return leave_here(d, GW_FOLDER_LEFT_HERE, r);
	if (asks_first(d, row))
		return hold(d, GW_FOLDER_GONE_THERE, r, NONE, here);
	return act(d, GW_FOLDER_DELETE_HERE, r, NONE, here) != NULL;
}

/* True if the server may have mail that base does not know; fewer messages are none that came.  What it
 * did not report is asked for before anything is deleted. */
static bool has_fresh_mail(const struct gw_folder_row *row, const struct gw_folder_listed *l)
{
	return (l->counted && (l->uidvalidity != row->uidvalidity || l->uidnext != row->uidnext)) ||
	       (l->sized && l->messages > row->messages);
}

/* Handles a row whose directory is gone. */
static bool gone_here(struct desk *d, size_t r)
{
	const struct gw_folder_row *row = row_at(d, r);
	size_t l = d->out->there[r];
	bool fresh = has_fresh_mail(row, listed_at(d, l));

	if (d->in->policy.restore)
		return act(d, GW_FOLDER_FORGET, r, l, NONE) != NULL;
	if (!row->missing)
		return act(d, GW_FOLDER_MISSING, r, l, NONE) != NULL;
	if (!d->in->policy.delete_there || row->inbox)
		return true; /* its run tells */
	if (asks_first(d, row))
		return hold(d, GW_FOLDER_GONE_HERE, r, l, NONE);
	if (fresh && row->messages > 0 && listed_at(d, l)->uidvalidity == row->uidvalidity &&
		act(d, GW_FOLDER_EMPTY_THERE, r, l, NONE) == NULL)
		return false;
	if (fresh)
		return hold(d, GW_FOLDER_FRESH_THERE, r, l, NONE);
	return act(d, GW_FOLDER_DELETE_THERE, r, l, NONE) != NULL;
}

/* The directory has another name than the mailbox. */
static bool renamed_here(struct desk *d, size_t r)
{
	size_t l = d->out->there[r], here = d->out->here[r];
	const struct gw_folder_dir *dir = dir_at(d, here);
	struct gw_folder_action *a;

	if (dir->wire == NULL)
		return hold(d, GW_FOLDER_NOT_A_NAME, r, l, here);
	if (!dir->wanted)
		return true;
	if (gw_desk_find_word(&d->listed_wires, dir->wire) != NONE)
		return hold(d, GW_FOLDER_TAKEN_THERE, r, l, here);
	a = act(d, GW_FOLDER_RENAME_THERE, r, l, here);
	if (a != NULL)
		a->to = dir->wire;
	return a != NULL;
}

static bool rename_here(struct desk *d, size_t r)
{
	size_t l = d->out->there[r], here = d->out->here[r];
	struct gw_folder_action *a = act(d, GW_FOLDER_RENAME_HERE, r, l, here);

	if (a == NULL)
		return false;
	a->to = listed_at(d, l)->dir;
	a->in_place = here == NONE || strcmp(dir_at(d, here)->dir, a->to) == 0;
	d->moving[r] = d->out->count - 1;
	return true;
}

static bool judge_row(struct desk *d, size_t r)
{
	const struct gw_folder_row *row = row_at(d, r);
	size_t l = d->out->there[r], here = d->out->here[r];
	bool gone_now = here == NONE && !is_never(row), same_dir;

	if (l == NONE)
		return gone_there(d, r);
	if (!listed_at(d, l)->wanted)
		return true;
	same_dir = strcmp(row->dir, listed_at(d, l)->dir) == 0;
	if (!row->inbox && strcmp(row->wire, listed_at(d, l)->wire) != 0)
		return rename_here(d, r);
	if (gone_now)
		return gone_here(d, r);
	if (here != NONE && listed_at(d, l)->dir_given && !same_dir)
		return rename_here(d, r);
	if (here != NONE && strcmp(dir_at(d, here)->dir, row->dir) != 0)
		return renamed_here(d, r);
	if (row->missing)
		return act(d, GW_FOLDER_BACK, r, l, here) != NULL;
	return true;
}

static bool is_known_inode(const struct desk *d, uint64_t inode)
{
	for (size_t r = 0; r < d->in->row_count; r++) {
		if (row_at(d, r)->inode == inode && inode != 0)
			return true;
	}
	return false;
}

/* A directory that no row has, and no listed mailbox. */
static bool judge_dir(struct desk *d, size_t i)
{
	const struct gw_folder_dir *dir = dir_at(d, i);
	struct gw_folder_action *a;

	d->out->known[i] = d->owner[i] != NONE ||
			   gw_desk_find_word(&d->row_dirs, dir->dir) != NONE ||
			   gw_desk_find_word(&d->listed_dirs, dir->dir) != NONE;
	if (d->out->known[i] || dir->partial)
		return true;
	if (dir->doubted) /* wanted or not: the mailbox is left alone for its sake */
		return hold(d, GW_FOLDER_DOUBTED, NONE, NONE, i);
	if (dir->wire == NULL)
		return hold(d, GW_FOLDER_NOT_A_NAME, NONE, NONE, i);
	if (!dir->wanted)
		return true;
	if (gw_desk_find_word(&d->listed_wires, dir->wire) != NONE)
		return hold(d, GW_FOLDER_TAKEN_THERE, NONE, NONE, i);
	if (!d->in->policy.list_whole && is_known_inode(d, dir->inode))
		return true; /* its row is held */
	if (dir->not_made)
		return hold(d, GW_FOLDER_NOT_MADE, NONE, NONE, i);
	a = act(d, GW_FOLDER_MAKE_THERE, NONE, NONE, i);
	if (a != NULL)
		a->to = dir->wire;
	return a != NULL;
}

/* --- renames here, in an order in which each finds its place free ------------------------------- */

static bool is_below(const char *path, const char *above)
{
	size_t n = strlen(above);

	return strncmp(path, above, n) == 0 && path[n] == '/';
}

/* True if everything below the directory goes to the same place below its new name. */
static bool moves_whole(const struct desk *d, const struct gw_folder_action *a)
{
	const char *from = dir_at(d, a->dir)->dir;

	if (is_below(a->to, from) || is_below(from, a->to))
		return false;
	for (size_t i = 0; i < d->in->dir_count; i++) {
		const char *path = dir_at(d, i)->dir, *to;
		size_t q = d->owner[i];

		if (!is_below(path, from))
			continue;
		if (q == NONE || d->moving[q] == NONE)
			return false;
		to = d->out->actions[d->moving[q]].to;
		if (!is_below(to, a->to) || strcmp(to + strlen(a->to), path + strlen(from)) != 0)
			return false;
	}
	return true;
}

/* True if this row keeps a name or a directory that another is to get. */
static bool stays(const struct desk *d, size_t q, size_t r)
{
	return q != NONE && q != r && d->moving[q] == NONE && !d->leaving[q];
}

/* The row whose directory stands where this one is to go; *stuck: its place is not given up. */
static size_t waits_for(const struct desk *d, size_t r, bool *stuck)
{
	const struct gw_folder_action *a = &d->out->actions[d->moving[r]];
	size_t at = gw_desk_find_word(&d->dirs, a->to);
	size_t q = at == NONE ? NONE : d->owner[at];

	*stuck = stays(d, gw_desk_find_word(&d->row_dirs, a->to), r) ||
		 stays(d, gw_desk_find_word(&d->row_wires, listed_at(d, a->listed)->wire), r);
	if (*stuck || a->in_place || at == NONE || dir_at(d, at)->partial)
		return NONE;
	if (q != NONE && d->leaving[q])
		return NONE;
	*stuck = q == NONE || d->moving[q] == NONE;
	return *stuck ? NONE : q;
}

enum mark { FRESH, ON_PATH, PLACED, STUCK };

struct order {
	struct gw_folder_action *list;
	size_t count;
	unsigned char *marks; /* for each row: enum mark */
	size_t *path;
};

static void place(struct desk *d, struct order *o, size_t length, bool stuck, bool cycle)
{
	for (size_t k = length; k-- > 0;) {
		size_t r = o->path[cycle ? length - 1 - k : k];
		struct gw_folder_action a = d->out->actions[d->moving[r]];

		if (stuck) {
			a.kind = GW_FOLDER_HOLD;
			a.reason = GW_FOLDER_TAKEN_HERE;
			d->out->blocked[a.listed] = true;
		}
		a.cycle = cycle && !stuck ? k + 1 : 0;
		o->list[o->count++] = a;
		o->marks[r] = stuck ? STUCK : PLACED;
	}
}

/* Follows who waits for whom from one rename on.  No two go to one place, so what is met on the
 * path again is its beginning. */
static void follow(struct desk *d, struct order *o, size_t r)
{
	size_t length = 0, next = r;
	bool stuck = false, cycle = false;

	while (next != NONE && o->marks[next] == FRESH) {
		o->marks[next] = ON_PATH;
		o->path[length++] = next;
		next = waits_for(d, next, &stuck);
	}
	if (next != NONE && o->marks[next] == STUCK)
		stuck = true;
	if (next != NONE && o->marks[next] == ON_PATH) {
		cycle = true;
		for (size_t k = 0; k < length; k++)
			stuck |= !d->out->actions[d->moving[o->path[k]]].whole;
	}
	place(d, o, length, stuck, cycle);
}

static int by_length_of_from(const void *a, const void *b)
{
	const struct word *x = a, *y = b;
	size_t m = strlen(x->s), n = strlen(y->s);

	return m != n ? (m > n) - (m < n) : gw_desk_by_word(a, b);
}

/* Puts the renames at the end: those above first, each behind what has to leave its place. */
static bool order_renames(struct desk *d)
{
	size_t n = 0, kept = 0;
	struct word *rows = calloc(d->in->row_count + 1, sizeof *rows);
	struct order o = { calloc(d->in->row_count + 1, sizeof *o.list), 0,
		calloc(d->in->row_count + 1, 1), gw_desk_make_indices(d->in->row_count) };
	bool ok = rows != NULL && o.list != NULL && o.marks != NULL && o.path != NULL;

	for (size_t r = 0; r < d->in->row_count && ok; r++) {
		struct gw_folder_action *a;

		if (d->moving[r] == NONE)
			continue;
		a = &d->out->actions[d->moving[r]];
		a->whole = a->dir != NONE && !a->in_place && moves_whole(d, a);
		rows[n++] = (struct word){ row_at(d, r)->dir, r };
	}
	if (ok && n > 0)
		qsort(rows, n, sizeof *rows, by_length_of_from);
	for (size_t k = 0; k < n && ok; k++) {
		if (o.marks[rows[k].i] == FRESH)
			follow(d, &o, rows[k].i);
	}
	for (size_t i = 0; i < d->out->count && ok; i++) {
		const struct gw_folder_action *a = &d->out->actions[i];

		if (a->row == NONE || d->moving[a->row] != i)
			d->out->actions[kept++] = *a;
	}
	if (o.count > 0 && ok)
		memcpy(d->out->actions + kept, o.list, o.count * sizeof *o.list);
	free(rows);
	free(o.list);
	free(o.marks);
	free(o.path);
	return ok;
}

/* --- renames there ----------------------------------------------------------------------------- */

/* True if the other rename takes this one along. */
static bool goes_along(const struct desk *d, const struct gw_folder_action *a,
	const struct gw_folder_action *above)
{
	const struct gw_folder_row *row = row_at(d, a->row), *top = row_at(d, above->row);
	size_t n = strlen(top->wire), m = strlen(above->to);

	return top->delimiter != '\0' && strncmp(row->wire, top->wire, n) == 0 &&
	       row->wire[n] == top->delimiter && strncmp(a->to, above->to, m) == 0 &&
	       strcmp(row->wire + n, a->to + m) == 0;
}

/* A server renames what is below a mailbox along with it (RFC 9051 6.3.6). */
static void find_implied(struct desk *d)
{
	for (size_t i = 0; i < d->out->count; i++) {
		struct gw_folder_action *a = &d->out->actions[i];

		for (size_t k = 0; k < d->out->count && a->kind == GW_FOLDER_RENAME_THERE; k++) {
			const struct gw_folder_action *b = &d->out->actions[k];

			a->implied |=
				b->kind == GW_FOLDER_RENAME_THERE && k != i && goes_along(d, a, b);
		}
	}
}

bool gw_plan_folders(const struct gw_folder_input *in, struct gw_folder_plan *out)
{
	struct desk d = { .in = in, .out = out };
	bool ok;

	*out = (struct gw_folder_plan){ 0 };
	ok = gw_desk_make_room(&d);
	if (ok)
		gw_desk_fill(&d);
	ok = ok && identify(&d);
	if (ok)
		locate(&d);
	for (size_t r = 0; r < in->row_count && ok; r++)
		ok = judge_row(&d, r);
	for (size_t i = 0; i < in->dir_count && ok; i++)
		ok = judge_dir(&d, i);
	ok = ok && order_renames(&d);
	if (ok)
		find_implied(&d);
	else
		gw_folder_plan_deinit(out);
	gw_desk_clear(&d);
	return ok;
}

void gw_folder_plan_deinit(struct gw_folder_plan *plan)
{
	free(plan->actions);
	free(plan->there);
	free(plan->here);
	free(plan->blocked);
	free(plan->known);
	*plan = (struct gw_folder_plan){ 0 };
}
