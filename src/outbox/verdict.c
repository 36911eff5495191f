/* SPDX-License-Identifier: ISC */
/* outbox/verdict.c - see verdict.h. */
#include "outbox/verdict.h"

#include <stdio.h>

enum { MINUTE = 60, HOUR = 3600, WORDS_MAX = 2000 };

enum { ANY_STAGE = -1 };

#define NOT_YOURS                                                                               \
	"the From is not one of this account's addresses: send with another From, or from the " \
	"account that it belongs to"
#define WRONG_PASSWORD "check `smtp-user`, and what the password command prints"
#define NEEDS_OAUTH \
	"the provider takes no passwords any more: set auth = \"oauth2\" and run `godwit auth`"

static const struct {
	int stage;          /* ANY_STAGE, or of gw_smtp_stage */
	unsigned code;      /* 0: any; up to 9: its first digit */
	const char *status; /* the enhanced code, or how it begins; NULL: any */
	const char *words;  /* all of these, parted by "&", in any case; NULL: any */
	enum gw_verdict_class what;
	unsigned wait_s;
	const char *advice;
} table[] = {
	/* Signing in, wherever it is missed. */
	{ ANY_STAGE, 0, NULL, "too many login attempts", GW_VERDICT_PAUSE, HOUR,
		"the provider wants fewer sign-ins" },
	{ ANY_STAGE, 5, NULL, "SmtpClientAuthentication is disabled", GW_VERDICT_SIGN_IN, 0,
		"the administrator has to allow \"authenticated SMTP\" for this mailbox" },
	{ ANY_STAGE, 5, NULL, "basic authentication", GW_VERDICT_SIGN_IN, 0, NEEDS_OAUTH },
	{ ANY_STAGE, 5, "5.7.30", NULL, GW_VERDICT_SIGN_IN, 0, NEEDS_OAUTH },
	{ ANY_STAGE, 5, NULL, "Application-specific password", GW_VERDICT_SIGN_IN, 0,
		"it wants an app password: https://myaccount.google.com/apppasswords" },
	{ ANY_STAGE, 5, NULL, "log in via your web browser", GW_VERDICT_SIGN_IN, 0,
		"sign in to the account in a browser once, then try again" },
	{ GW_SMTP_AT_AUTH, 432, NULL, NULL, GW_VERDICT_SIGN_IN, 0,
		"the password has to be changed at the provider's" },
	{ GW_SMTP_AT_AUTH, 4, NULL, NULL, GW_VERDICT_PAUSE, 5 * MINUTE, NULL },
	{ GW_SMTP_AT_AUTH, 5, NULL, NULL, GW_VERDICT_SIGN_IN, 0, WRONG_PASSWORD },
	{ ANY_STAGE, 530, "5.7.0", "STARTTLS", GW_VERDICT_SIGN_IN, 0,
		"it wants TLS first: set smtp-tls" },
	{ ANY_STAGE, 530, NULL, NULL, GW_VERDICT_SIGN_IN, 0,
		"it wants a sign-in: give the account an `smtp-user` and a password command" },
	{ ANY_STAGE, 534, NULL, NULL, GW_VERDICT_SIGN_IN, 0, NULL },
	{ ANY_STAGE, 535, NULL, NULL, GW_VERDICT_SIGN_IN, 0, WRONG_PASSWORD },
	{ ANY_STAGE, 538, NULL, NULL, GW_VERDICT_SIGN_IN, 0, "it wants TLS first: set smtp-tls" },

	/* Limits of the account, whatever they come as. */
	{ ANY_STAGE, 0, NULL, "SubmissionQuotaExceeded", GW_VERDICT_PAUSE, 4 * HOUR,
		"the provider's limit for a day is reached" },
	{ ANY_STAGE, 0, NULL, "daily&limit", GW_VERDICT_PAUSE, 4 * HOUR,
		"the provider's limit for a day is reached" },
	{ ANY_STAGE, 0, NULL, "sending&limit", GW_VERDICT_PAUSE, 4 * HOUR,
		"the provider's limit for a day is reached" },
	{ ANY_STAGE, 0, NULL, "sending&quota", GW_VERDICT_PAUSE, 4 * HOUR,
		"the provider's limit for a day is reached" },
	{ ANY_STAGE, 5, "5.4.5", NULL, GW_VERDICT_PAUSE, 4 * HOUR,
		"the provider's limit for a day is reached" },
	{ ANY_STAGE, 0, NULL, "thread limit exceeded", GW_VERDICT_PAUSE, 2 * MINUTE,
		"other programs send for this mailbox as well" },
	{ ANY_STAGE, 0, NULL, "concurrent connection", GW_VERDICT_PAUSE, 2 * MINUTE,
		"other programs send for this mailbox as well" },
	{ ANY_STAGE, 432, NULL, NULL, GW_VERDICT_PAUSE, 2 * MINUTE, NULL },

	/* The connection as a whole. */
	{ ANY_STAGE, 421, NULL, "(EHLO)", GW_VERDICT_PAUSE, 30 * MINUTE,
		"the name in our EHLO is not liked: set `ehlo-name`" },
	{ ANY_STAGE, 421, NULL, NULL, GW_VERDICT_PAUSE, 5 * MINUTE, NULL },
	{ GW_SMTP_AT_GREETING, 0, NULL, NULL, GW_VERDICT_PAUSE, 15 * MINUTE, NULL },
	{ GW_SMTP_AT_EHLO, 0, NULL, NULL, GW_VERDICT_PAUSE, 15 * MINUTE,
		"another `ehlo-name` may help" },
	{ GW_SMTP_AT_TLS, 0, NULL, NULL, GW_VERDICT_PAUSE, 15 * MINUTE, NULL },

	/* Recipients. */
	{ GW_SMTP_AT_RCPT, 452, "4.5.3", NULL, GW_VERDICT_NEXT, 0, NULL },
	{ GW_SMTP_AT_RCPT, 0, NULL, "too many recipients", GW_VERDICT_NEXT, 0, NULL },
	{ GW_SMTP_AT_RCPT, 552, "5.5.3", NULL, GW_VERDICT_NEXT, 0, NULL },
	{ GW_SMTP_AT_RCPT, 4, NULL, NULL, GW_VERDICT_LATER, 0, NULL },

	/* Sender not permitted. */
	{ ANY_STAGE, 5, "5.7.60", NULL, GW_VERDICT_NO, 0, NOT_YOURS },
	{ ANY_STAGE, 5, "5.2.252", NULL, GW_VERDICT_NO, 0, NOT_YOURS },
	{ ANY_STAGE, 5, NULL, "SendAsDenied", GW_VERDICT_NO, 0, NOT_YOURS },
	{ ANY_STAGE, 5, NULL, "send as this sender", GW_VERDICT_NO, 0, NOT_YOURS },
	{ ANY_STAGE, 553, NULL, "sender", GW_VERDICT_NO, 0, NOT_YOURS },
	{ ANY_STAGE, 5, NULL, "sender address rejected", GW_VERDICT_NO, 0, NOT_YOURS },
	{ ANY_STAGE, 5, "5.1.8", NULL, GW_VERDICT_NO, 0,
		"the provider keeps the account from sending: look there what happened" },

	/* Size. */
	{ ANY_STAGE, 5, "5.3.4", NULL, GW_VERDICT_NO, 0, "the mail is too big: send less at once" },
	{ ANY_STAGE, 5, "5.2.3", NULL, GW_VERDICT_NO, 0, "the mail is too big: send less at once" },
	{ GW_SMTP_AT_RCPT, 5, "5.1.", NULL, GW_VERDICT_NO, 0, "check the address" },

	{ ANY_STAGE, 2, NULL, NULL, GW_VERDICT_OK, 0, NULL },
	{ ANY_STAGE, 4, NULL, NULL, GW_VERDICT_LATER, 0, NULL },
	{ ANY_STAGE, 5, NULL, NULL, GW_VERDICT_NO, 0, NULL },
};

static bool has_words(const char *text, const char *words)
{
	char word[100];

	while (words != NULL && *words != '\0') {
		size_t n = strcspn(words, "&");

		snprintf(word, sizeof word, "%.*s", (int)n, words);
		if (strcasestr(text, word) == NULL)
			return false;
		words += n + (words[n] == '&');
	}
	return true;
}

struct gw_verdict gw_verdict_of(enum gw_smtp_stage stage, const struct gw_smtp_reply *r)
{
	char text[WORDS_MAX], status[24];

	snprintf(text, sizeof text, "%.*s",
		(int)(r->text.n < WORDS_MAX ? r->text.n : WORDS_MAX - 1), r->text.p);
	for (char *p = text; *p != '\0'; p++) /* words may stand on two lines */
		*p = *p == '\n' ? ' ' : *p;
	snprintf(status, sizeof status, "%u.%u.%u", r->status[0], r->status[1], r->status[2]);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		unsigned code = table[i].code;
		const char *want = table[i].status;
		size_t n = want == NULL ? 0 : strlen(want);

		if ((table[i].stage != ANY_STAGE && table[i].stage != (int)stage) ||
			(code != 0 && code != (code < 10 ? r->code / 100 : r->code)) ||
			(n > 0 && (want[n - 1] == '.' ? strncmp(status, want, n) != 0
						      : strcmp(status, want) != 0)) ||
			!has_words(text, table[i].words) ||
			(r->code / 100 == 2 && table[i].what != GW_VERDICT_OK))
			continue;
		return (struct gw_verdict){ table[i].what, table[i].wait_s, table[i].advice };
	}
	return (struct gw_verdict){ GW_VERDICT_LATER, 0, NULL };
}

const char *gw_verdict_advice(enum gw_smtp_stage stage, const struct gw_smtp_reply *r, bool token)
{
	const char *advice = gw_verdict_of(stage, r).advice;

	return token && advice != NULL && strcmp(advice, WRONG_PASSWORD) == 0 ? NULL : advice;
}

struct gw_verdict gw_verdict_lost(const struct gw_error *err)
{
	switch (err->code) {
	case GW_ERR_AUTH:   /* no way to sign in is offered: no password was refused */
	case GW_ERR_CONFIG: /* ehlo-name */
	case GW_ERR_SECURITY:
	case GW_ERR_TLS:
		return (struct gw_verdict){ GW_VERDICT_PAUSE, 15 * MINUTE, NULL };
	case GW_ERR_PROTOCOL:
	case GW_ERR_LIMIT:
		return (struct gw_verdict){ GW_VERDICT_PAUSE, 5 * MINUTE, NULL };
	case GW_OK:
	case GW_ERR_NOMEM:
	case GW_ERR_DISK:
	case GW_ERR_NET:
	case GW_ERR_TIMEOUT:
	case GW_ERR_SECRET:
	case GW_ERR_REFUSED:
	case GW_ERR_BYE:
	case GW_ERR_BUSY:
	case GW_ERR_STATE:
	case GW_ERR_CORRUPT:
	case GW_ERR_LOCKED:
	case GW_ERR_HELD:
	case GW_ERR_CANCELLED:
	case GW_ERR_BUG:
		break;
	}
	return (struct gw_verdict){ GW_VERDICT_PAUSE, MINUTE, NULL };
}

const char *gw_verdict_name(enum gw_verdict_class what)
{
	static const char *const names[] = { "ok", "later", "next", "pause", "sign-in", "no" };

	return names[what];
}
