/* SPDX-License-Identifier: ISC */
/* outbox/tell.c - what a sender's parts say to its owner, and their clock; see sender_p.h. */
#include "outbox/sender_p.h"

#include <time.h>

int64_t sender_now(void)
{
	return (int64_t)time(NULL);
}

void sender_tell(struct gw_sender *s, enum gw_sender_event_type type, const struct gw_queued *mail,
	const char *address, const char *text)
{
	const struct gw_sender_event ev = { .type = type,
		.id = mail != NULL ? mail->item.id : NULL,
		.subject = mail != NULL ? mail->subject : NULL,
		.address = address,
		.text = text,
		.counts = &s->counts };

	s->cb(s->ctx, &ev);
}
