/* SPDX-License-Identifier: ISC */
/* imap/refusal.c - see refusal.h. */
#include "imap/refusal.h"

#include <stdio.h>
#include <stdlib.h>

enum { MINUTE = 60, HOUR = 3600 };

/* Texts of the big providers, as users quote them.  Only the busy ones change what is done. */
static const struct {
	const char *words;
	bool busy;
	unsigned wait_s;
	const char *advice;
} known[] = {
	{ "Application-specific password required", false, 0,
		"it wants an app password, which needs 2-Step Verification: make one at "
		"https://myaccount.google.com/apppasswords and have `password-command` print it, "
		"or set "
		"auth = \"oauth2\"" },
	{ "web login required", false, 0,
		"sign in to the account in a browser once, then try again" },
	{ "log in via your web browser", false, 0,
		"sign in to the account in a browser once, then try again" },
	{ "Lookup failed", false, 0,
		"the provider does not find the account: is `user` its whole address, spelled "
		"right? If it is, that passes" },
	{ "not enabled for IMAP", false, 0,
		"turn IMAP on in the account's settings, or ask its administrator" },
	{ "authenticated but not connected", false, 0,
		"the account may have IMAP turned off, or the sign-in lacks the permission" },
	{ "simultaneous connections", true, MINUTE,
		"other programs and telephones count as well: close one, or set `connections` "
		"lower" },
	{ "number of connections", true, MINUTE,
		"other programs and telephones count as well: close one, or set `connections` "
		"lower" },
	{ "bandwidth limit", true, HOUR,
		"the provider lifts that within a day; what has arrived is kept, and the next sync "
		"goes "
		"on from there" },
	{ "Suggested Backoff Time", true, MINUTE, "the provider asks for a pause" },
	{ "throttled", true, MINUTE, "the provider asks for a pause" },
};

/* "Suggested Backoff Time: 299961 milliseconds" */
static unsigned suggested(const char *text)
{
	const char *at = strcasestr(text, "Backoff Time: ");
	unsigned long ms = at == NULL ? 0 : strtoul(at + strlen("Backoff Time: "), NULL, 10);

	return ms > 24ul * HOUR * 1000 ? 24 * HOUR : (unsigned)((ms + 999) / 1000);
}

/* Exchange has no code for it, either; but this is the whole of what it says, and quotes nothing. */
static bool is_exchange_pause(const struct gw_response *r)
{
	return r->status == GW_STATUS_BAD &&
	       gw_slice_case_starts(r->text, "Request is throttled. Suggested Backoff Time: ");
}

struct gw_refusal gw_refusal_of(const struct gw_response *r, bool gmail)
{
	const struct gw_refusal none = { 0 };
	struct gw_refusal found = { 0 };
	char line[600];
	unsigned wait;

	if (r->code == GW_CODE_NONEXISTENT || r->code == GW_CODE_NOPERM)
		return none; /* it is about a mailbox, whatever that is called */
	if (r->code == GW_CODE_THROTTLED)
		return (struct gw_refusal){
			.busy = true, .wait_s = MINUTE, .advice = "the provider asks for a pause"
		};
	snprintf(line, sizeof line, "%.*s", (int)(r->line.n < 599 ? r->line.n : 599), r->line.p);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcasestr(line, known[i].words) == NULL)
			continue;
		found = (struct gw_refusal){
			.busy = known[i].busy, .wait_s = known[i].wait_s, .advice = known[i].advice
		};
		break;
	}
	if (found.busy && !gmail && !is_exchange_pause(r))
		return none;
	wait = suggested(line);
	if (found.busy && wait > 0)
		found.wait_s = wait;
	return found;
}

bool gw_refusal_passes(enum gw_resp_code code)
{
	return code == GW_CODE_UNAVAILABLE || code == GW_CODE_SERVERBUG || code == GW_CODE_INUSE ||
	       code == GW_CODE_LIMIT || code == GW_CODE_THROTTLED;
}

bool gw_refusal_is_of_credentials(enum gw_resp_code code)
{
	return code == GW_CODE_AUTHENTICATIONFAILED || code == GW_CODE_AUTHORIZATIONFAILED ||
	       code == GW_CODE_EXPIRED;
}
