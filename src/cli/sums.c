/* SPDX-License-Identifier: ISC */
/* cli/sums.c - see sums.h. */
#include "cli/sums.h"

#include "cli/progress_line.h"

#include <stdio.h>
#include <string.h>

/* "2 messages moved", or "move 2 messages". */
struct part {
	uint64_t n;
	const char *one, *many; /* "message", "messages" */
	const char *done;       /* " moved" */
	const char *verb;       /* "move" */
	const char *where;      /* " here", behind the verb and what it is done to */
};

static void add_part(char *out, size_t size, const struct part *p, bool planned)
{
	const char *noun = p->n == 1 ? p->one : p->many;
	size_t used = strlen(out);
	const char *before = used > 0 ? ", " : planned ? "would " : "";

	if (p->n == 0)
		return;
	if (planned)
		snprintf(out + used, size - used, "%s%s %llu %s%s", before, p->verb,
			(unsigned long long)p->n, noun, p->where);
	else
		snprintf(out + used, size - used, "%s%llu %s%s", before, (unsigned long long)p->n,
			noun, p->done);
}

void sums_text(const struct gw_sync_counts *c, bool planned, char *out, size_t size)
{
	uint64_t fetched = planned ? c->to_download : c->downloaded;
	char bytes[24], done[40], where[40];
	const struct part parts[] = {
		{ c->mailboxes_made, "mailbox", "mailboxes", " made", "make", "" },
		{ c->mailboxes_renamed, "mailbox", "mailboxes", " renamed", "rename", "" },
		{ c->mailboxes_deleted, "mailbox", "mailboxes", " deleted", "delete", "" },
		{ fetched, "message", "messages", done, "fetch", where },
		{ planned ? c->to_upload : c->uploaded, "message", "messages", " uploaded",
			"upload", "" },
		{ c->paired, "message", "messages", " recognised", "recognise", "" },
		{ c->flags_changed, "change of flags", "changes of flags", "", "make", " here" },
		{ c->flags_sent, "change of flags", "changes of flags", " sent", "send", "" },
		{ c->moved, "message", "messages", " moved", "move", "" },
		{ c->copied, "message", "messages", " copied", "copy", "" },
		{ c->deleted, "message", "messages", " deleted here", "delete", " here" },
		{ c->deleted_there, "message", "messages", " deleted on the server", "delete",
			" on the server" },
		{ c->expired, "message", "messages", " left the window", "drop",
			" outside the window" },
		{ c->findings, "disagreement", "disagreements", "", "find", "" },
		{ c->due, "change", "changes", " for the next sync", "leave",
			" for the next sync" },
		{ c->held, "deletion", "deletions", " held back", "hold back", "" },
		{ c->waiting, "change", "changes", " waiting here", "keep", " waiting here" },
		{ c->waiting_there, "change", "changes", " waiting on the server", "keep",
			" waiting on the server" },
		{ c->kept, "message", "messages", " kept", "keep", "" },
	};

	progress_bytes((double)(planned ? c->bytes_to_download : c->bytes_downloaded), bytes,
		sizeof bytes);
	snprintf(where, sizeof where, " (%s)", bytes);
	snprintf(done, sizeof done, " fetched (%s)", bytes);
	*out = '\0';
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		add_part(out, size, &parts[i], planned);
}
