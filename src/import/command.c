/* SPDX-License-Identifier: ISC */
/* import/command.c - see command.h. */
#include "import/command.h"

enum gw_code gw_import_quote(const char *text, struct gw_buf *out)
{
	enum gw_code code = gw_buf_puts(out, "'");

	for (const char *p = text; *p != '\0' && code == GW_OK; p++)
		code = *p == '\'' ? gw_buf_puts(out, "'\\''") : gw_buf_append(out, p, 1);
	return code == GW_OK ? gw_buf_puts(out, "'") : code;
}

enum gw_code gw_import_string(const char *text, struct gw_buf *out)
{
	enum gw_code code = gw_buf_puts(out, "\"");

	for (const char *p = text; *p != '\0' && code == GW_OK; p++) {
		if (*p == '"' || *p == '\\' || *p == '$')
			code = gw_buf_puts(out, "\\");
		if (code == GW_OK)
			code = gw_buf_append(out, p, 1);
	}
	return code == GW_OK ? gw_buf_puts(out, "\"") : code;
}
