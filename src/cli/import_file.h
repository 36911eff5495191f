/* cli/import_file.h - the configuration of another program: where it is, and whose. */
#pragma once

#include "import/other.h"

/* given, or the one that is at its usual place; heap.  NULL: GW_ERR_CONFIG: there is none, or more than
 * one. */
char *import_file_find(const char *given, struct gw_error *err);
/* Any of them, for who asks whether to import; heap; NULL: there is none. */
char *import_file_any(void);
/* Reads it, whichever program's it is.  GW_ERR_CONFIG, GW_ERR_DISK, GW_ERR_NOMEM. */
enum gw_code import_file_read(const char *path, struct gw_others *out, struct gw_error *err);
