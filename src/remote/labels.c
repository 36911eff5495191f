/* SPDX-License-Identifier: ISC */
/* remote/labels.c - see labels.h. */
#include "remote/labels.h"

#include "base/text.h"
#include "imap/utf7.h"

enum { LABEL_MAX = 1024, WIRE_MAX = 4096 };

enum gw_code gw_label_read(struct gw_slice label, struct gw_buf *keyword)
{
	gw_buf_reset(keyword);
	if (label.n == 0 || label.n > LABEL_MAX || *label.p == '\\')
		return GW_ERR_PROTOCOL;
	if (gw_utf7_decode(label, keyword) != GW_OK) { /* not modified UTF-7: as it is */
		gw_buf_reset(keyword);
		if (gw_buf_append(keyword, label.p, label.n) != GW_OK)
			return GW_ERR_NOMEM;
	}
	if (!gw_keyword_is_name((struct gw_slice){ keyword->p, keyword->n }))
		return GW_ERR_PROTOCOL;
	return gw_label_is((struct gw_slice){ keyword->p, keyword->n }) ? GW_OK : GW_ERR_PROTOCOL;
}

void gw_labels_put(
	struct gw_command *line, uint64_t mask, const struct gw_keywords *keywords, uint32_t caps)
{
	struct gw_buf wire;
	const char *space = "";

	gw_buf_init(&wire, WIRE_MAX);
	gw_command_printf(line, "(");
	for (unsigned i = 0; i < GW_KEYWORD_MAX; i++) {
		if (!(mask & GW_FLAG_KEYWORD(i)) || keywords->names[i] == NULL)
			continue;
		gw_buf_reset(&wire);
		if (gw_utf7_encode(gw_slice_str(keywords->names[i]), &wire) != GW_OK)
			continue;
		gw_command_printf(line, "%s", space);
		gw_command_string(line, gw_slice_str(gw_buf_cstr(&wire)), caps);
		space = " ";
	}
	gw_command_printf(line, ")");
	gw_buf_deinit(&wire);
}
