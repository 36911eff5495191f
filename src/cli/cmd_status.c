/* cli/cmd_status.c - `godwit status`: what the state says, without connecting anywhere. */
#include "cli/cli.h"

#include "godwit/status.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct printer {
	const struct gw_account *account;
	json_t *mailboxes, *held; /* owned; JSON only */
	json_t *changed;          /* owned */
	uint64_t messages, count, held_count;
	bool json, known, verbose;
	int64_t changed_at;
};

static void on_account(void *ctx, bool known, int64_t changed_at)
{
	struct printer *p = ctx;

	p->known = known;
	p->changed_at = changed_at;
}

static void on_mailbox(void *ctx, const struct gw_status_mailbox *m)
{
	struct printer *p = ctx;

	p->messages += m->messages;
	p->count++;
	if (p->json)
		json_array_append_new(p->mailboxes,
			json_pack("{s:s, s:I, s:b}", "name", m->name, "messages",
				(json_int_t)m->messages, "synchronized", m->uidvalidity != 0));
	else if (p->verbose)
		printf("  %8llu  %s%s\n", (unsigned long long)m->messages, m->name,
			m->uidvalidity == 0 ? "  (not synchronized yet)" : "");
}

static void on_held(void *ctx, const struct gw_status_held *h)
{
	struct printer *p = ctx;

	p->held_count++;
	if (p->json)
		json_array_append_new(p->held,
			json_pack("{s:s, s:I, s:s, s:s}", "mailbox", h->mailbox, "uid",
				(json_int_t)h->uid, "file", h->base_name, "reason", h->reason));
	else if (h->uid == 0 && h->base_name[0] == '\0')
		printf("  held: %s: %s\n", h->mailbox, h->reason);
	else if (h->uid == 0)
		printf("  held: %s file %s: %s\n", h->mailbox, h->base_name, h->reason);
	else
		printf("  held: %s UID %u: %s\n", h->mailbox, h->uid, h->reason);
}

static void print_heading(const struct printer *p)
{
	char when[64] = "never";
	time_t t = (time_t)p->changed_at;
	struct tm tm;

	if (p->changed_at > 0 && localtime_r(&t, &tm) != NULL)
		strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm);
	if (!p->known)
		printf("%s: never synchronized\n", p->account->name);
	else
		printf("%s: %llu messages in %llu mailboxes, last change %s, %llu held\n",
			p->account->name, (unsigned long long)p->messages,
			(unsigned long long)p->count, when, (unsigned long long)p->held_count);
}

static void print_json(struct printer *p)
{
	json_t *o = json_pack("{s:s, s:b, s:I, s:I, s:o, s:o}", "account", p->account->name,
		"known", p->known, "messages", (json_int_t)p->messages, "changed",
		(json_int_t)p->changed_at, "mailboxes", p->mailboxes, "held", p->held);

	json_dumpf(o, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(o);
}

static int print_account(const struct options *o, const struct gw_account *a)
{
	struct printer p = { .account = a, .json = o->json, .verbose = o->verbose > 0 };
	const struct gw_status_sink sink = { on_account, on_mailbox, on_held, &p };
	struct gw_error err = { 0 };

	if (o->json) {
		p.mailboxes = json_array();
		p.held = json_array();
	}
	if (gw_status_read(a, &sink, &err) != GW_OK) {
		json_decref(p.mailboxes);
		json_decref(p.held);
		complain(a->name, NULL, &err);
		return exit_status(&err);
	}
	if (o->json)
		print_json(&p);
	else
		print_heading(&p);
	return p.held_count > 0;
}

int cmd_status(const struct options *o, const struct config *config)
{
	int status = 0;
	bool found = o->arg_count == 0;

	for (size_t i = 0; i < config->count; i++) {
		bool wanted = o->arg_count == 0;

		for (int j = 0; j < o->arg_count; j++)
			wanted |= strcmp(o->args[j], config->accounts[i].name) == 0;
		found |= wanted;
		if (wanted) {
			int one = print_account(o, &config->accounts[i]);

			status = one > status ? one : status;
		}
	}
	if (!found) {
		struct gw_error err = { 0 };

		gw_fail(&err, GW_ERR_CONFIG, "the configuration has no account \"%s\"", o->args[0]);
		complain(NULL, NULL, &err);
		return exit_status(&err);
	}
	return status;
}
