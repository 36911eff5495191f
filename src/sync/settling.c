/* SPDX-License-Identifier: ISC */
/* sync/settling.c - what is held while the list of mailboxes is settled, and its end; part of folders_p.h.
 */
#include "sync/folders_p.h"

#include <stdlib.h>

void gw_homes_free(struct gw_homes *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < h->count; i++)
		gw_traces_deinit(&h->heads[i].traces);
	free(h->heads);
	free(h->dirs);
	free(h->scores);
	free(h->best);
	free(h->homeless);
	free(h);
}

static void settling_free(struct gw_settling *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->tree.count && t->wires != NULL; i++)
		free(t->wires[i]);
	for (size_t i = 0; i < t->op_count; i++) {
		free(t->ops[i].shown);
		free(t->ops[i].from);
		free(t->ops[i].wire);
		free(t->ops[i].dir);
	}
	gw_tree_deinit(&t->tree);
	gw_folder_plan_deinit(&t->plan);
	free(t->changed);
	free(t->rows);
	free(t->listed);
	free(t->dirs);
	free(t->wires);
	free(t->doubts);
	gw_homes_free(t->homes);
	free(t->ops);
	free(t->remakes);
	free(t->remade);
	free(t);
}

void gw_sync_end_settling(struct gw_sync *s)
{
	settling_free(s->settling);
	s->settling = NULL;
}
