/* SPDX-License-Identifier: ISC */
/* tests/unit/outbox/test_verdict.c - what servers say, and what it means for the queue. */
#include "test.h"

#include "outbox/verdict.h"

static const struct {
	enum gw_smtp_stage at;
	unsigned code;
	unsigned short status[3];
	const char *text;
	enum gw_verdict_class want;
} replies[] = {
	{ GW_SMTP_AT_DOT, 250, { 2, 0, 0 }, "Ok: queued", GW_VERDICT_OK },
	{ GW_SMTP_AT_GREETING, 421, { 0 }, "too many connections", GW_VERDICT_PAUSE },
	{ GW_SMTP_AT_GREETING, 554, { 5, 7, 1 }, "no", GW_VERDICT_PAUSE },
	{ GW_SMTP_AT_EHLO, 421, { 4, 7, 0 }, "Try again later, closing connection. (EHLO)",
		GW_VERDICT_PAUSE },
	{ GW_SMTP_AT_AUTH, 454, { 4, 7, 0 }, "Temporary authentication failure", GW_VERDICT_PAUSE },
	{ GW_SMTP_AT_AUTH, 454, { 4, 7, 0 }, "Too many login attempts, please try again later",
		GW_VERDICT_PAUSE },
	{ GW_SMTP_AT_AUTH, 535, { 5, 7, 8 }, "Username and Password not accepted",
		GW_VERDICT_SIGN_IN },
	{ GW_SMTP_AT_AUTH, 534, { 5, 7, 9 }, "Application-specific password required",
		GW_VERDICT_SIGN_IN },
	{ GW_SMTP_AT_AUTH, 534, { 5, 7, 14 }, "Please log in via your web browser",
		GW_VERDICT_SIGN_IN },
	{ GW_SMTP_AT_MAIL, 530, { 5, 7, 0 }, "Authentication Required", GW_VERDICT_SIGN_IN },
	{ GW_SMTP_AT_AUTH, 535, { 5, 7, 139 },
		"Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant",
		GW_VERDICT_SIGN_IN },
	{ GW_SMTP_AT_AUTH, 535, { 5, 7, 139 }, "basic authentication is disabled",
		GW_VERDICT_SIGN_IN },
	{ GW_SMTP_AT_MAIL, 550, { 5, 7, 30 },
		"Basic authentication is not supported for Client Submission", GW_VERDICT_SIGN_IN },
	{ GW_SMTP_AT_DOT, 432, { 4, 3, 2 }, "STOREDRV.ClientSubmit; sender thread limit exceeded",
		GW_VERDICT_PAUSE },
	{ GW_SMTP_AT_DOT, 432, { 4, 3, 2 }, "concurrent connection limit exceeded",
		GW_VERDICT_PAUSE },
	{ GW_SMTP_AT_DOT, 554, { 5, 2, 0 }, "STOREDRV; SubmissionQuotaExceededException",
		GW_VERDICT_PAUSE },
	{ GW_SMTP_AT_RCPT, 550, { 5, 1, 90 }, "exceeded your daily limit for message recipients",
		GW_VERDICT_PAUSE },
	{ GW_SMTP_AT_MAIL, 550, { 5, 4, 5 }, "Daily user\nsending limit exceeded",
		GW_VERDICT_PAUSE },
	{ GW_SMTP_AT_DOT, 550, { 5, 4, 5 }, "Daily sending quota exceeded", GW_VERDICT_PAUSE },
	{ GW_SMTP_AT_DOT, 550, { 5, 7, 1 }, "exceeded your daily sending limit", GW_VERDICT_PAUSE },
	{ GW_SMTP_AT_RCPT, 450, { 4, 2, 1 }, "receiving mail too quickly", GW_VERDICT_LATER },
	{ GW_SMTP_AT_RCPT, 451, { 4, 7, 1 }, "greylisted", GW_VERDICT_LATER },
	{ GW_SMTP_AT_RCPT, 452, { 4, 2, 2 }, "mailbox full", GW_VERDICT_LATER },
	{ GW_SMTP_AT_RCPT, 452, { 4, 5, 3 }, "too many recipients", GW_VERDICT_NEXT },
	{ GW_SMTP_AT_RCPT, 552, { 5, 5, 3 }, "too many recipients", GW_VERDICT_NEXT },
	{ GW_SMTP_AT_RCPT, 452, { 0 }, "Too many recipients", GW_VERDICT_NEXT },
	{ GW_SMTP_AT_MAIL, 451, { 0 }, "later", GW_VERDICT_LATER },
	{ GW_SMTP_AT_DATA, 452, { 0 }, "no room", GW_VERDICT_LATER },
	{ GW_SMTP_AT_RCPT, 550, { 5, 1, 1 }, "no such user", GW_VERDICT_NO },
	{ GW_SMTP_AT_RCPT, 550, { 5, 7, 1 }, "relaying denied", GW_VERDICT_NO },
	{ GW_SMTP_AT_RCPT, 553, { 0 }, "mailbox name not allowed", GW_VERDICT_NO },
	{ GW_SMTP_AT_MAIL, 550, { 5, 7, 60 },
		"Client does not have permissions to send as this sender", GW_VERDICT_NO },
	{ GW_SMTP_AT_DOT, 554, { 5, 2, 252 }, "SendAsDenied", GW_VERDICT_NO },
	{ GW_SMTP_AT_MAIL, 553, { 5, 7, 1 }, "sender address rejected", GW_VERDICT_NO },
	{ GW_SMTP_AT_MAIL, 550, { 5, 1, 8 }, "bad outbound sender", GW_VERDICT_NO },
	{ GW_SMTP_AT_MAIL, 552, { 5, 3, 4 }, "too big", GW_VERDICT_NO },
	{ GW_SMTP_AT_DOT, 552, { 5, 7, 0 }, "This message was blocked", GW_VERDICT_NO },
	{ GW_SMTP_AT_MAIL, 421, { 0 }, "", GW_VERDICT_PAUSE },
	{ GW_SMTP_AT_DOT, 421, { 0 }, "shutting down", GW_VERDICT_PAUSE },
};

static void verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
		struct gw_smtp_reply r = { .code = replies[i].code,
			.text = gw_slice_str(replies[i].text) };
		struct gw_verdict v;

		memcpy(r.status, replies[i].status, sizeof r.status);
		v = gw_verdict_of(replies[i].at, &r);
		if (v.what != replies[i].want)
			fail_msg("%u %s at %s: %s", r.code, replies[i].text,
				gw_smtp_stage_name(replies[i].at), gw_verdict_name(v.what));
		if (v.what == GW_VERDICT_PAUSE)
			assert_true(v.wait_s >= 60);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(verdicts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
