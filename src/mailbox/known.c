/* SPDX-License-Identifier: ISC */
/* mailbox/known.c - Gmail merges what it has already: so before a message is uploaded, all mail is
 * asked for its Message-ID, and what is there becomes a copy; part of the machine in box_p.h.
 *
 * READING_MSGIDS --> SEEKING
 */
#include "mailbox/box_p.h"

#include <stdlib.h>

struct read_job {
	struct gw_disk_job job; /* first */
	struct gw_box *box;
};

void gw_box_drop_known(struct gw_box *box)
{
	for (size_t i = 0; i < box->known_count && box->known != NULL; i++)
		free(box->known[i].msgid);
	free(box->known);
	box->known = NULL;
	box->known_count = 0;
}

/* Copies a message that All Mail has; its flags are left to the next look. */
static void copy_known(
	struct gw_box *box, const struct gw_search_msgid_item *known, uint32_t uidvalidity)
{
	struct gw_append_item *item = &box->uploads[known->number];
	struct gw_box_carry *c = gw_array_push(
		(void **)&box->carries, &box->carry_count, &box->carry_cap, sizeof *box->carries);

	if (c == NULL)
		return; /* it is sent, and merged */
	*c = (struct gw_box_carry){ .wire = box->env->all,
		.uidvalidity = uidvalidity,
		.uid = known->uid,
		.local = item->local,
		.print = &gw_box_print_of(box, item->local)->print,
		.date = item->date };
	item->carried = true;
}

static void on_known(void *ctx, uint32_t uidvalidity, const struct gw_error *lost)
{
	struct gw_box *box = ctx;

	for (size_t i = 0; i < box->known_count && uidvalidity != 0 && lost == NULL; i++) {
		if (box->known[i].uid != 0)
			copy_known(box, &box->known[i], uidvalidity);
	}
	gw_box_drop_carried(box);
	gw_box_drop_known(box);
	if (lost == NULL)
		gw_box_step(box);
	else
		gw_box_end_lost(box, lost);
}

bool gw_box_has_msgids(struct gw_box *box)
{
	if (box->known_count == 0)
		gw_box_drop_known(box);
	return box->known_count > 0;
}

void gw_box_seek(struct gw_box *box)
{
	const struct gw_search_msgid_options options = { .session = box->session,
		.mailbox = box->env->all,
		.items = box->known,
		.count = box->known_count,
		.done = on_known,
		.ctx = box };
	enum gw_code code = gw_search_msgid_start(&options);

	box->selected = false;
	if (code == GW_OK)
		return;
	gw_box_end_unsent(box, code);
}

/* --- which they are -------------------------------------------------------------------------- */

static void work_read(struct gw_disk_job *job, struct gw_disk_world *world)
{
	struct gw_box *box = ((struct read_job *)job)->box;

	(void)world;
	for (size_t i = 0; i < box->upload_count; i++) {
		const struct gw_append_item *item = &box->uploads[i];
		char *msgid = gw_message_id(
			item->in_new ? box->place->m.new : box->place->m.cur, item->name);

		if (msgid != NULL)
			box->known[box->known_count++] =
				(struct gw_search_msgid_item){ .msgid = msgid,
					.number = (uint32_t)i };
	}
}

static void on_read(struct gw_disk_job *job)
{
	struct gw_box *box = ((struct read_job *)job)->box;

	free(job);
	gw_box_step(box);
}

bool gw_box_may_know(struct gw_box *box)
{
	return box->upload_count > 0 && !box->again && box->env->merges && box->env->all != NULL &&
	       !gw_box_is_archive(box);
}

void gw_box_read_msgids(struct gw_box *box)
{
	struct read_job *job = calloc(1, sizeof *job);

	box->known = calloc(box->upload_count, sizeof *box->known);
	if (job == NULL || box->known == NULL) { /* they are sent, and merged */
		free(job);
		gw_box_step(box);
		return;
	}
	*job = (struct read_job){ .job = { .work = work_read, .done = on_read }, .box = box };
	gw_disk_submit(box->env->disk, &job->job);
}
