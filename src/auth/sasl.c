/* SPDX-License-Identifier: ISC */
/* auth/sasl.c - see sasl.h. */
#include "auth/sasl.h"

#include "auth/scram.h"
#include "base/locked.h"
#include "base/text.h"

#include <jansson.h>
#include <openssl/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct credentials {
	struct gw_sasl base; /* first: a pointer to it is a pointer to the whole */
	char *user;          /* owned */
	char *secret;        /* owned; locked */
	const char *ways[4]; /* of a password: the mechanisms; static */
	/* For a token; owned, NULL: unknown. */
	char *name;    /* of the account */
	char *address; /* who signed in */
	char *scope;   /* what it is good for */
	char *needed;  /* what the account asks for by now */
	char *wanted; /* what it would have to be good for, as the server said when it refused it */
	bool command; /* it is from `token-command` */
	char text[500];
};

static void free_credentials(struct gw_sasl *self)
{
	struct credentials *c = (struct credentials *)self;

	gw_locked_free(c->secret);
	free(c->user);
	free(c->name);
	free(c->address);
	free(c->scope);
	free(c->needed);
	free(c->wanted);
	free(c);
}

static struct credentials *new_credentials(const char *user, const char *secret)
{
	struct credentials *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->user = strdup(user);
	c->secret = gw_locked_str(secret);
	c->base.refs = 1;
	c->base.user = c->user;
	c->base.free = free_credentials;
	if (c->user != NULL && c->secret != NULL)
		return c;
	free_credentials(&c->base);
	return NULL;
}

/* RFC 4616: authorization identity (empty) NUL user NUL password */
static enum gw_code plain_next(
	struct gw_sasl *self, const char *mechanism, struct gw_slice challenge, struct gw_buf *out)
{
	struct credentials *c = (struct credentials *)self;
	size_t user_n = strlen(c->user), password_n = strlen(c->secret),
	       n = user_n + password_n + 2;
	char *message;
	enum gw_code code;

	(void)mechanism;
	if (challenge.n > 0) /* PLAIN has no challenges: something else is asked for */
		return gw_buf_puts(out, "*");
	message = gw_locked_alloc(n);
	if (message == NULL)
		return GW_ERR_NOMEM;
	memcpy(message + 1, c->user, user_n);
	memcpy(message + 2 + user_n, c->secret, password_n);
	code = gw_base64_put(out, (struct gw_slice){ message, n });
	gw_locked_free(message);
	return code;
}

/* The bytes of a blank at p: those of ASCII, and what pages and word processors make of them. */
static size_t blank_at(const char *p)
{
	static const char *const wide[] = { "\xc2\xa0", "\xe2\x80\x80", "\xe2\x80\x81",
		"\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
		"\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\x8b",
		"\xe2\x80\xaf", "\xe2\x81\xa0", "\xe3\x80\x80", "\xef\xbb\xbf" };

	if (*p == ' ' || *p == '\t')
		return 1;
	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
		if (strncmp(p, wide[i], strlen(wide[i])) == 0)
			return strlen(wide[i]);
	}
	return 0;
}

/* Closes up only sixteen letters: another password may have blanks of its own. */
static void plain_close_up(struct gw_sasl *self)
{
	enum { LETTERS = 16 };
	struct credentials *c = (struct credentials *)self;
	char letters[LETTERS + 1];
	size_t n = 0, blank;

	for (const char *p = c->secret; *p != '\0'; p += blank > 0 ? blank : 1) {
		blank = blank_at(p);
		if (blank == 0 && (*p < 'a' || *p > 'z' || n == LETTERS))
			return;
		if (blank == 0)
			letters[n++] = *p;
	}
	if (n == LETTERS) {
		letters[n] = '\0';
		memcpy(c->secret, letters, sizeof letters); /* it is no longer than it was */
	}
	explicit_bzero(letters, sizeof letters);
}

static struct gw_sasl *begin_scram(
	struct gw_sasl *self, const char *mechanism, const struct gw_sasl_binding *binding)
{
	const struct credentials *c = (const struct credentials *)self;

	return gw_scram_new(
		c->user, c->secret, binding, strcmp(mechanism, GW_SCRAM_PLUS) == 0, NULL);
}

static bool is_ascii(const char *text)
{
	while (*text >= ' ' && *text < 0x7f)
		text++;
	return *text == '\0';
}

/* Mechanisms for a password; NULL ends. */
static const char *const by_password[] = { GW_SCRAM_PLUS, GW_SCRAM, "PLAIN", NULL };

bool gw_is_mechanism(const char *name)
{
	for (const char *const *m = by_password; *m != NULL; m++) {
		if (strcmp(*m, name) == 0)
			return true;
	}
	return false;
}

void gw_sasl_restrict(struct gw_sasl *sasl, char *const *names, size_t count)
{
	struct credentials *c = (struct credentials *)sasl;
	size_t n = 0, most = sizeof c->ways / sizeof *c->ways - 1;

	if (count == 0 || sasl->password == NULL)
		return;
	sasl->takes_login = false;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], GW_SCRAM) == 0 && n < most)
			c->ways[n++] = GW_SCRAM_PLUS;
		for (const char *const *m = by_password; *m != NULL; m++) {
			if (strcmp(*m, names[i]) == 0 && n < most)
				c->ways[n++] = *m;
		}
		sasl->takes_login |= strcmp(names[i], "PLAIN") == 0;
	}
	c->ways[n] = NULL;
}

struct gw_sasl *gw_sasl_password_new(const char *user, const char *password)
{
	struct credentials *c = new_credentials(user, password);
	size_t first;

	if (c == NULL)
		return NULL;
	first = is_ascii(user) && is_ascii(password) ? 0 : 2;
	for (size_t i = 0; i < 3; i++)
		c->ways[i] = by_password[(first + i) % 3];
	c->base.mechanisms = c->ways;
	c->base.password = c->secret;
	c->base.takes_login = true;
	c->base.begin = begin_scram;
	c->base.next = plain_next;
	c->base.close_up = plain_close_up;
	return &c->base;
}

static enum gw_code external_next(
	struct gw_sasl *self, const char *mechanism, struct gw_slice challenge, struct gw_buf *out)
{
	(void)mechanism;
	if (challenge.n > 0) /* EXTERNAL has no challenges */
		return gw_buf_puts(out, "*");
	return gw_base64_put(out, gw_slice_str(self->user));
}

static const char *external_advice(struct gw_sasl *self)
{
	(void)self;
	return "check that `tls-client-cert` is a certificate that the server knows, and that `user` is whom it "
	       "stands for";
}

struct gw_sasl *gw_sasl_external_new(const char *user)
{
	static const char *const mechanisms[] = { "EXTERNAL", NULL };
	struct credentials *c = new_credentials(user, "");

	if (c == NULL)
		return NULL;
	c->base.kind = GW_SASL_CERTIFICATE;
	c->base.mechanisms = mechanisms;
	c->base.next = external_next;
	c->base.advice = external_advice;
	return &c->base;
}

/* {"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"} (RFC 7628 3.2.2) */
static void note_refusal(struct credentials *c, struct gw_slice challenge)
{
	char decoded[2048];
	size_t n = 0;
	json_error_t ignored;
	json_t *o;
	const char *scope;

	if (challenge.n > sizeof decoded ||
		!EVP_DecodeBase64((uint8_t *)decoded, &n, sizeof decoded,
			(const uint8_t *)challenge.p, challenge.n))
		return;
	o = json_loadb(decoded, n, 0, &ignored);
	scope = json_string_value(json_object_get(o, "scope"));
	if (scope != NULL && c->wanted == NULL)
		c->wanted = strdup(scope);
	json_decref(o);
}

static const char *bearer_advice(struct gw_sasl *self)
{
	struct credentials *c = (struct credentials *)self;

	if (c->command)
		snprintf(c->text, sizeof c->text,
			"check that what `token-command` prints is a token of \"%s\", not over, and "
			"good for %s",
			c->user, c->wanted != NULL ? c->wanted : "mail");
	else if (c->address != NULL && !gw_same_address(c->address, c->user))
		snprintf(c->text, sizeof c->text,
			"it is a token of \"%s\", who was signed in to in the browser: run `godwit "
			"auth %s` again and choose \"%s\" there, or set user = \"%s\"",
			c->address, c->name, c->user, c->address);
	else if (c->scope != NULL && c->wanted != NULL && !gw_scope_covers(c->scope, c->wanted))
		snprintf(c->text, sizeof c->text,
			"the sign-in does not give access to mail (%s): run `godwit auth %s` again "
			"and allow it there",
			c->wanted, c->name);
	else if (c->scope != NULL && c->needed != NULL && !gw_scope_covers(c->scope, c->needed))
		snprintf(c->text, sizeof c->text,
			"the sign-in was for less than the account needs by now (%s): run `godwit auth "
			"%s` again",
			c->needed, c->name);
	else
		snprintf(c->text, sizeof c->text,
			"was the browser signed in to another account than \"%s\", or access to "
			"mail not allowed there? Run `godwit auth %s` again and choose \"%s\"",
			c->user, c->name, c->user);
	return c->text;
}

/* A challenge tells why the token was refused; the answer that says "understood" brings the NO. */
static enum gw_code bearer_next(
	struct gw_sasl *self, const char *mechanism, struct gw_slice challenge, struct gw_buf *out)
{
	struct credentials *c = (struct credentials *)self;
	bool standard = strcmp(mechanism, "OAUTHBEARER") == 0;
	struct gw_buf message;
	enum gw_code code;

	if (challenge.n > 0)
		note_refusal(c, challenge);
	if (challenge.n > 0)
		return standard ? gw_buf_puts(out, "AQ==") : GW_OK;
	gw_buf_init_locked(&message, 1 << 20);
	code = gw_buf_puts(&message, standard ? "n,a=" : "user=");
	for (const char *p = c->user; *p != '\0' && code == GW_OK; p++) {
		if (standard && (*p == ',' || *p == '=')) /* RFC 5801 4 */
			code = gw_buf_puts(&message, *p == ',' ? "=2C" : "=3D");
		else
			code = gw_buf_append(&message, p, 1);
	}
	if (code == GW_OK)
		code = gw_buf_puts(&message, standard ? ",\001auth=Bearer " : "\001auth=Bearer ");
	if (code == GW_OK)
		code = gw_buf_puts(&message, c->secret);
	if (code == GW_OK)
		code = gw_buf_puts(&message, "\001\001");
	if (code == GW_OK)
		code = gw_base64_put(out, (struct gw_slice){ message.p, message.n });
	gw_buf_deinit(&message);
	return code;
}

struct gw_sasl *gw_sasl_bearer_new(const struct gw_account *account, const struct gw_tokens *tokens)
{
	static const char *const mechanisms[] = { "OAUTHBEARER", "XOAUTH2", NULL };
	struct credentials *c = new_credentials(account->user, tokens->access);

	if (c == NULL)
		return NULL;
	c->base.kind = GW_SASL_TOKEN;
	c->base.mechanisms = mechanisms;
	c->base.expires_at = tokens->expires_at;
	c->base.next = bearer_next;
	c->base.advice = bearer_advice;
	c->name = strdup(account->name);
	c->address = gw_copy_str(tokens->address);
	c->scope = gw_copy_str(tokens->scope);
	c->needed = gw_copy_str(account->oauth2.scope);
	c->command = account->token_command != NULL;
	if (c->name != NULL)
		return &c->base;
	free_credentials(&c->base);
	return NULL;
}
