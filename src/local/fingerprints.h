/* SPDX-License-Identifier: ISC */
/* local/fingerprints.h - the fingerprints of files that base does not know; a disk job. */
#pragma once

#include "local/look.h"

struct gw_file_print {
	uint32_t index; /* in the local view */
	struct gw_file_facts facts;
	struct gw_fingerprint print;
	bool ok;    /* false: the file could not be read */
	bool gone;  /* no file has that name any more */
	bool known; /* base has the same message somewhere; found out where many are unknown */
};

typedef void gw_fingerprints_cb(void *ctx);

/* Fills prints[0..count), whose index is set, for the files of view; all are borrowed until cb,
 * which is called exactly once, later. */
enum gw_code gw_fingerprints_read(struct gw_disk *disk, const struct gw_place *place,
	const struct gw_local_view *view, struct gw_file_print *prints, size_t count,
	gw_fingerprints_cb *cb, void *ctx);
