/* SPDX-License-Identifier: ISC */
/* import/command.h - text as one word of sh, and as a string of godwit's configuration; pure. */
#pragma once

#include "base/buf.h"

/* Appends text in single quotes, for sh. */
enum gw_code gw_import_quote(const char *text, struct gw_buf *out);

/* Appends text in double quotes, for the configuration: nothing of it is replaced there. */
enum gw_code gw_import_string(const char *text, struct gw_buf *out);
