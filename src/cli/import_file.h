/* SPDX-License-Identifier: ISC */
/* cli/import_file.h - the configuration of another program: where it is, and whose. */
#pragma once

#include "import/other.h"

/* Returns given, or the file at its usual place; heap.  NULL: GW_ERR_CONFIG: none, or more than
 * one. */
char *import_file_find(const char *given, struct gw_error *err);
/* Returns any such file, to decide whether to offer an import; heap; NULL: none. */
char *import_file_any(void);
/* Reads it, whichever program's it is.  GW_ERR_CONFIG, GW_ERR_DISK, GW_ERR_NOMEM. */
enum gw_code import_file_read(const char *path, struct gw_others *out, struct gw_error *err);
