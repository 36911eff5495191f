/* SPDX-License-Identifier: ISC */
/* pull/offer.c - what the server answered to CAPA, remembered for a day: two round trips a session; part
 * of pull_p.h.
 *
 * It holds for one server and one way of securing the connection, and is forgotten as soon as something
 * is refused or a session is lost.
 */
#include "pull/pull_p.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { OFFER_AGE = 86400 };

/* Formats whose offer it is. */
static void format_whose(const struct gw_pull *p, char *out, size_t n)
{
	const struct gw_account *a = p->account;

	snprintf(
		out, n, "%s:%u/%d", a->host, a->port, a->tunnel_command != NULL ? -1 : (int)a->tls);
}

/* Reads capabilities by name, which no version misreads. */
static void read_names(struct gw_slice names, struct gw_pop3_caps *caps)
{
	caps->known = true;
	while (names.n > 0) {
		struct gw_slice word = gw_slice_cut_word(&names, "+");
		char line[80];

		gw_pop3_caps_line(caps, word);
		snprintf(line, sizeof line, "SASL %.*s", (int)(word.n < 60 ? word.n : 60), word.p);
		gw_pop3_caps_line(caps, gw_slice_str(line));
	}
}

static void format_names(const struct gw_pop3_caps *caps, char *out, size_t n)
{
	struct gw_buf names;

	gw_buf_init(&names, n - 2);
	if (gw_pop3_caps_format(caps, &names) != GW_OK)
		gw_buf_reset(&names);
	snprintf(out, n, "+%s", gw_buf_cstr(&names)); /* never nothing */
	for (char *p = out; *p != '\0'; p++)
		*p = *p == ' ' ? '+' : *p;
	gw_buf_deinit(&names);
}

void pull_read_offer(struct gw_pull *p, const char *text)
{
	struct gw_pop3_memory m = { .before = { .known = true } };
	char whose[PULL_OFFER_MAX], before[300], after[300];
	unsigned expires, delay;
	size_t n;

	format_whose(p, whose, sizeof whose);
	n = strlen(whose);
	p->offer = (struct pull_offer){ .known = false };
	if (strncmp(text, whose, n) != 0 || text[n] != ' ' ||
		sscanf(text + n, " %299s %299s %u %u %" SCNd64, before, after, &delay, &expires,
			&p->offer.at) != 5) /* NOLINT(cert-err34-c): it is ours */
		return;
	read_names(gw_slice_str(before), &m.before);
	read_names(gw_slice_str(after), &m.after);
	m.before.login_delay = m.after.login_delay = delay;
	m.before.expires_at_once = m.after.expires_at_once = expires != 0;
	p->offer.memory = m;
	p->offer.known = true;
}

void pull_format_offer(const struct gw_pull *p, char *out, size_t n)
{
	const struct gw_pop3_memory *m = &p->offer.memory;
	char whose[PULL_OFFER_MAX], before[300], after[300];

	*out = '\0';
	if (!p->offer.known)
		return;
	format_whose(p, whose, sizeof whose);
	format_names(&m->before, before, sizeof before);
	format_names(&m->after, after, sizeof after);
	if ((size_t)snprintf(out, n, "%s %s %s %" PRIu32 " %u %" PRId64, whose, before, after,
		    m->after.login_delay, (unsigned)m->after.expires_at_once, p->offer.at) >= n)
		*out = '\0';
}

const struct gw_pop3_memory *pull_remembered(const struct gw_pull *p)
{
	int64_t now = (int64_t)time(NULL);

	return p->offer.known && now >= p->offer.at && now - p->offer.at < OFFER_AGE &&
			       !p->options.full
		       ? &p->offer.memory
		       : NULL;
}

void pull_note_offer(struct gw_pull *p)
{
	struct gw_pop3_memory m;

	if (p->offer_used)
		return;
	p->facts_dirty |= p->offer.known;
	p->offer = (struct pull_offer){ .known = false };
	if (!gw_pop3_learned(p->session, &m))
		return;
	p->offer = (struct pull_offer){ .known = true, .memory = m, .at = (int64_t)time(NULL) };
	p->facts_dirty = true;
}

void pull_forget_offer(struct gw_pull *p)
{
	if (!p->offer.known)
		return;
	p->offer.known = false;
	p->facts_dirty = true;
}
