/* SPDX-License-Identifier: ISC */
/* tests/gmail/signin.c - what gmaild offers, and who may come in. */
#include "session.h"

#include <openssl/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEAF_MS = 30 };

static const char before[] =
	"IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 XYZZY "
	"SASL-IR AUTH=XOAUTH2 AUTH=PLAIN AUTH=PLAIN-CLIENTTOKEN AUTH=OAUTHBEARER";
static const char plain[] = /* another server, with the same mail */
	"IMAP4rev1 UNSELECT IDLE NAMESPACE ID SASL-IR AUTH=PLAIN UIDPLUS ENABLE MOVE CONDSTORE "
	"ESEARCH LIST-EXTENDED LIST-STATUS LITERAL- SPECIAL-USE OBJECTID";
static const char after[] =
	"IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1 UIDPLUS "
	"COMPRESS=DEFLATE ENABLE MOVE CONDSTORE ESEARCH LIST-EXTENDED LIST-STATUS LITERAL- "
	"SPECIAL-USE APPENDLIMIT=35651584";

bool refuses_early(void)
{
	char how[20] = "";

	return setting("drop-pipeline", how, sizeof how) && strcmp(how, "bad") == 0;
}

static void on_hearing(uv_timer_t *timer)
{
	struct session *s = timer->data;

	s->is_deaf = false;
	flush_out(s);
}

void put_caps(struct session *s)
{
	const char *list = setting("objectid", NULL, 0) ? plain : s->signed_in ? after : before;
	const char *move = strstr(list, " MOVE");
	char mode[20] = "";

	setting("move", mode, sizeof mode);
	if (move != NULL && strcmp(mode, "missing") == 0)
		put(&s->out, "* CAPABILITY %.*s%s\r\n", (int)(move - list), list, move + 5);
	else
		put(&s->out, "* CAPABILITY %s\r\n", list);
}

static void sign_in(struct session *s, bool right)
{
	long used = 0;

	for (struct session *x = sessions; x != NULL; x = x->next)
		used += x->signed_in;
	if (setting("app-password", NULL, 0))
		done(s, "NO",
			"[ALERT] Application-specific password required: "
			"https://support.google.com/accounts/answer/185833 (Failure)");
	else if (setting("web-login", NULL, 0)) {
		put(&s->out,
			"* NO [WEBALERT https://accounts.google.com/signin/continue?x=1] Web login "
			"required.\r\n");
		done(s, "NO",
			"[ALERT] Please log in via your web browser: "
			"https://support.google.com/mail/accounts/answer/78754 (Failure)");
	} else if (setting("disabled", NULL, 0))
		done(s, "NO",
			"[ALERT] Your account is not enabled for IMAP use. Please visit your "
			"Gmail settings page and enable your account for IMAP access. (Failure)");
	else if (setting("lookup-failed", NULL, 0))
		done(s, "NO",
			"[AUTHENTICATIONFAILED] Lookup failed e9e14a558f8ab-95d69c (Failure)");
	else if (!right)
		done(s, "NO", "[AUTHENTICATIONFAILED] Invalid credentials (Failure)");
	else if (used >= number("connections", 15))
		done(s, "NO", "[ALERT] Too many simultaneous connections. (Failure)");
	else {
		s->signed_in = true;
		put_caps(s);
		done(s, "OK", "somebody@gmail.com authenticated (Success)");
	}
	if (setting("drop-pipeline", NULL, 0)) { /* the answer comes when nothing does any more */
		s->is_deaf = true;
		uv_timer_start(&s->deaf, on_hearing, DEAF_MS, 0);
	}
}

/* PLAIN (RFC 4616): NUL user NUL password. */
static bool right_password(const char *plain, size_t n)
{
	const char *user = plain + strlen(plain) + 1;
	char want[300] = "";

	setting("password", want, sizeof want);
	return n > 2 && user < plain + n && *want != '\0' &&
	       strcmp(user + strlen(user) + 1, want) == 0;
}

/* "user=U^Aauth=Bearer T^A^A", or (RFC 7628) "n,a=U,^A[host=...^A][port=...^A]auth=Bearer T^A^A". */
static bool right_token(const char *mechanism, const char *said)
{
	const char *begin = strcasecmp(mechanism, "OAUTHBEARER") == 0 ? "n,a=" : "user=";
	const char *at = strstr(said, "auth=Bearer "), *user = said + strlen(begin);
	const char *end = *begin == 'n' ? ",\001" : "\001";
	size_t user_n, length;
	char want[300] = "", owner[200];

	if (at == NULL || at[-1] != 1 || strncmp(said, begin, strlen(begin)) != 0 ||
		strstr(user, end) == NULL || strlen(said) < 2 ||
		strcmp(said + strlen(said) - 2, "\001\001") != 0)
		return false;
	user_n = (size_t)(strstr(user, end) - user);
	if (setting("token-user", owner, sizeof owner) &&
		(strlen(owner) != user_n || strncasecmp(owner, user, user_n) != 0))
		return false;
	if (setting("token-scope", NULL, 0) || !setting("token", want, sizeof want))
		return false;
	length = strcspn(want, "*");
	return length > 0 && strncmp(at + 12, want, length) == 0 &&
	       (want[length] == '*' || at[12 + length] == 1);
}

/* The answer to a mechanism, or to what was said when the token was refused: then an empty line
 * (XOAUTH2) or a lone ^A (RFC 7628 3.2.3) is due. */
void take_answer(struct session *s, const char *mechanism, const char *base64)
{
	char plain[4096] = "", status[4] = "400", json[200], text[300];
	size_t n = 0;

	if (strncmp(mechanism, "refused", 7) == 0) {
		if (strcmp(base64, strcmp(mechanism, "refused-7628") == 0 ? "AQ==" : "") == 0)
			sign_in(s, false);
		else
			done(s, "BAD", "Invalid SASL argument");
		return;
	}
	if (strlen(base64) > 5000 || !EVP_DecodeBase64((uint8_t *)plain, &n, sizeof plain - 1,
					     (const uint8_t *)base64, strlen(base64)))
		n = 0;
	plain[n] = '\0';
	if (strcasecmp(mechanism, "PLAIN") == 0) {
		sign_in(s, right_password(plain, n));
		return;
	}
	if (right_token(mechanism, plain)) {
		sign_in(s, true);
		return;
	}
	setting("token-status", status, sizeof status);
	n = (size_t)snprintf(json, sizeof json,
		"{\"status\":\"%s\",\"schemes\":\"Bearer\",\"scope\":\"https://mail.google.com/\"}",
		status);
	EVP_EncodeBlock((uint8_t *)text, (const uint8_t *)json, n);
	put(&s->out, "+ %s\r\n", text);
	snprintf(s->challenge, sizeof s->challenge, "%s",
		strcasecmp(mechanism, "OAUTHBEARER") == 0 ? "refused-7628" : "refused");
}

void do_authenticate(struct session *s, char *p)
{
	char mechanism[20], initial[6000];

	word(&p, mechanism, sizeof mechanism);
	if (word(&p, initial, sizeof initial)) {
		take_answer(s, mechanism, initial);
	} else {
		put(&s->out, "+ \r\n");
		snprintf(s->challenge, sizeof s->challenge, "%s", mechanism);
	}
}

void do_login(struct session *s, char *p)
{
	char user[200], password[200], want[300] = "";

	word(&p, user, sizeof user);
	word(&p, password, sizeof password);
	setting("password", want, sizeof want);
	sign_in(s, *want != '\0' && strcmp(password, want) == 0);
}
