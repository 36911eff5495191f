/* SPDX-License-Identifier: ISC */
/* cli/python.h - what offlineimap's nametrans and folderfilter make of the server's names.
 *
 * They are Python of the user's, which offlineimap ran on every sync; it is asked, and not guessed at.
 */
#pragma once

#include "import/settle.h"

/* Sets in and place of each box.  GW_ERR_CONFIG: there is no python3, or it failed, which it told on
 * stderr. */
enum gw_code python_places(
	const struct gw_other *o, struct gw_settle_box *boxes, size_t count, struct gw_error *err);
