/* SPDX-License-Identifier: ISC */
/* remote/labels.h - Gmail's labels as keywords (`labels = keywords`): their names on the wire
 * (X-GM-LABELS).
 *
 * The server does not report the label of the mailbox itself, so it is none of its keywords; nor
 * are system labels ("\Inbox"), which are mailboxes or flags here.
 */
#pragma once

#include "imap/command.h"
#include "imap/flags.h"
#include "maildir/labels.h"

/* Converts a label from the wire (modified UTF-7) to a keyword.  GW_ERR_PROTOCOL: a system label,
 * or not a possible keyword. */
enum gw_code gw_label_read(struct gw_slice label, struct gw_buf *keyword);

/* Appends "(a b)" for the labels of mask. */
void gw_labels_put(
	struct gw_command *line, uint64_t mask, const struct gw_keywords *keywords, uint32_t caps);
