/* SPDX-License-Identifier: ISC */
/* cli/init_look.c - what is at the server, and what somebody who has an account now does next; part of init_p.h. */
#include "cli/init_p.h"
#include "cli/provider.h"
#include "cli/readers.h"
#include "cli/rehearsal.h"
#include "cli/say.h"

#include "godwit/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAMES = 40, FEW_MESSAGES = 20000 };

void init_drop_boxes(struct init *in)
{
	for (size_t i = 0; i < in->box_count; i++) {
		free(in->boxes[i].name);
		free(in->boxes[i].dir);
		free(in->boxes[i].use);
	}
	free(in->boxes);
	in->boxes = NULL;
	in->box_count = in->box_cap = 0;
}

struct look {
	struct init *in;
	const struct gw_account *account;
	bool failed;
};

static void on_listed(void *ctx, const struct gw_mailbox_info *info)
{
	struct look *l = ctx;
	struct init *in = l->in;
	struct init_box *b =
		gw_array_push((void **)&in->boxes, &in->box_count, &in->box_cap, sizeof *in->boxes);

	l->failed |= b == NULL;
	if (b == NULL)
		return;
	*b = (struct init_box){ .name = strdup(info->name),
		.dir = strdup(info->given != NULL ? info->given : info->dirs[l->account->layout]),
		.use = info->use == NULL ? NULL : strdup(info->use),
		.wanted = info->wanted,
		.counted = info->counted,
		.messages = info->messages };
	l->failed |= b->name == NULL || b->dir == NULL || (info->use != NULL && b->use == NULL);
}

void init_look(struct init *in, const struct gw_account *account)
{
	struct look l = { .in = in, .account = account };
	struct gw_error err = { 0 };
	enum gw_code code;

	init_drop_boxes(in);
	fflush(stdout);
	code = list_mailboxes(account, in->log, on_listed, &l, &err);
	if (code == GW_OK && l.failed)
		code = gw_fail(&err, GW_ERR_NOMEM, "out of memory");
	if (code == GW_OK)
		return;
	complain(in->name, NULL, &err);
	init_drop_boxes(in);
}

void init_print_names(const struct init *in)
{
	if (in->box_count == 0)
		return;
	printf("\nThe mailboxes, and how many messages each has:\n");
	for (size_t i = 0; i < in->box_count && i < NAMES; i++) {
		const struct init_box *b = &in->boxes[i];

		if (b->counted)
			say(stdout, "  %8u  %s", b->messages, b->name);
		else
			say(stdout, "            %s", b->name);
	}
	if (in->box_count > NAMES)
		printf("            and %zu more\n", in->box_count - NAMES);
	printf("\n");
}

/* --- the first sync ---------------------------------------------------------------------------- */

static void on_plan(
	void *ctx, const char *mailbox, const struct gw_sync_counts *counts, const char *text)
{
	(void)ctx, (void)mailbox, (void)counts, (void)text;
}

static void on_problem(void *ctx, const char *mailbox, const char *text)
{
	(void)ctx;
	say(stdout, "  %s%s%s", mailbox != NULL ? mailbox : "", mailbox != NULL ? ": " : "", text);
}

static void print_counted(uint64_t messages, size_t mailboxes)
{
	printf("\nThe first sync fetches some %llu messages in %zu %s.\n",
		(unsigned long long)messages, mailboxes, mailboxes == 1 ? "mailbox" : "mailboxes");
}

static void print_rehearsed(const struct gw_sync_counts *sum, size_t mailboxes)
{
	printf("\nThe first sync fetches %llu %s (%.1f MB) in %zu %s",
		(unsigned long long)sum->to_download,
		sum->to_download == 1 ? "message" : "messages",
		(double)sum->bytes_to_download / 1e6, mailboxes,
		mailboxes == 1 ? "mailbox" : "mailboxes");
	if (sum->paired > 0)
		printf(", and recognises %llu that are here", (unsigned long long)sum->paired);
	if (sum->to_upload > 0)
		printf(", and sends %llu that are here and not there",
			(unsigned long long)sum->to_upload);
	printf(".\n");
}

/* Prints what the first sync would fetch; only counts large numbers, since asking for each size
 * takes long. */
static void print_first_sync(const struct init *in, const struct gw_account *account)
{
	const struct rehearsal r = { .plan = on_plan, .problem = on_problem };
	struct gw_sync_counts sum;
	struct gw_error err = { 0 };
	uint64_t messages = 0;
	size_t mailboxes = 0;

	for (size_t i = 0; i < in->box_count; i++) {
		if (!in->boxes[i].wanted)
			continue;
		mailboxes++;
		messages += in->boxes[i].messages;
	}
	mailboxes += init_is_pop3(in);
	if (mailboxes == 0)
		return;
	fflush(stdout);
	if (messages > FEW_MESSAGES)
		print_counted(messages, mailboxes);
	else if (rehearse(account, in->log, &r, &sum, &err) == GW_OK)
		print_rehearsed(&sum, mailboxes);
	else
		complain(in->name, NULL, &err);
}

/* --- what to do next --------------------------------------------------------------------------- */

static void print_sending(const struct gw_account *a)
{
	if (!gw_account_sends(a))
		return;
	printf("\nTo send (godwit sendmail queues it, and sends it as soon as there is a line), in\n"
	       "muttrc or neomuttrc:\n\n"
	       "  set sendmail = \"godwit sendmail -oi\"\n"
	       "  set use_envelope_from = yes\n"
	       "  set sendmail_wait = 0\n\n"
	       "For git send-email:         git config --global sendemail.sendmailCmd \"godwit "
	       "sendmail\"\n"
	       "In Emacs:                   (setq message-send-mail-function "
	       "'message-send-mail-with-sendmail\n"
	       "                                  sendmail-program \"sendmail\") ; a link of that "
	       "name to godwit\n");
}

static bool has_notmuch(void)
{
	const char *config = getenv("NOTMUCH_CONFIG"), *home = getenv("HOME");
	const char *xdg = getenv("XDG_CONFIG_HOME");
	char path[4096];

	if (config != NULL)
		return access(config, R_OK) == 0;
	snprintf(path, sizeof path, "%s/.notmuch-config", home == NULL ? "" : home);
	if (access(path, R_OK) == 0)
		return true;
	if (xdg != NULL && xdg[0] != '\0')
		snprintf(path, sizeof path, "%s/notmuch/default/config", xdg);
	else
		snprintf(path, sizeof path, "%s/.config/notmuch/default/config",
			home == NULL ? "" : home);
	return access(path, R_OK) == 0;
}

static void print_readers(const struct init *in, const struct gw_account *account)
{
	struct reader_box *boxes = calloc(in->box_count + 1, sizeof *boxes);
	struct readers r = { .account = account,
		.address = in->address,
		.boxes = boxes,
		.sends = gw_account_sends(account),
		.has_notmuch = has_notmuch() };
	struct gw_buf text;

	gw_buf_init(&text, (size_t)1 << 20);
	for (size_t i = 0; i < in->box_count && boxes != NULL; i++) {
		if (in->boxes[i].wanted)
			boxes[r.box_count++] =
				(struct reader_box){ in->boxes[i].dir, in->boxes[i].use };
	}
	if (boxes != NULL && readers_put(&r, &text) == GW_OK) {
		for (const char *line = gw_buf_cstr(&text); *line != '\0';) {
			size_t n = strcspn(line, "\n");

			say(stdout, "%.*s", (int)n, line);
			line += n + (line[n] == '\n');
		}
	}
	gw_buf_deinit(&text);
	free(boxes);
}

void init_print_next(const struct init *in, const struct gw_account *account)
{
	print_first_sync(in, account);
	say(stdout, "%s has the account \"%s\" now. Next: godwit sync %s", in->file.path, in->name,
		in->name);
	print_readers(in, account);
	print_sending(account);
}
