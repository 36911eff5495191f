/* SPDX-License-Identifier: ISC */
/* outbox/sent.h - which mailbox is Sent, there and here: by \Sent as the last sync saw it, else by the
 * usual names.  Blocking.
 */
#pragma once

#include "godwit/account.h"

#include <stdbool.h>
#include <stdint.h>

struct gw_sent_mailbox {
	char *remote; /* owned; as on the wire; NULL: unknown */
	char *dir;    /* owned; path of its Maildir; NULL: none */
};

void gw_sent_find(const struct gw_account *account, struct gw_sent_mailbox *out);
void gw_sent_deinit(struct gw_sent_mailbox *s);

/* True if a file of this Maildir that is not older than `since` has the Message-ID. */
bool gw_sent_has(const char *dir, const char *message_id, int64_t since);
