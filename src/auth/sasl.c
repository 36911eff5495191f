/* auth/sasl.c - see sasl.h. */
#include "auth/sasl.h"

#include <openssl/base64.h>
#include <stdlib.h>

struct credentials {
	struct gw_sasl base; /* first: a pointer to it is a pointer to the whole */
	char *user;          /* owned */
	char *secret;        /* owned; wiped */
};

static void free_credentials(struct gw_sasl *self)
{
	struct credentials *c = (struct credentials *)self;

	gw_wipe(c->secret, c->secret == NULL ? 0 : strlen(c->secret));
	free(c->user);
	free(c);
}

static struct credentials *new_credentials(const char *user, const char *secret)
{
	struct credentials *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->user = strdup(user);
	c->secret = strdup(secret);
	c->base.refs = 1;
	c->base.user = c->user;
	c->base.free = free_credentials;
	if (c->user != NULL && c->secret != NULL)
		return c;
	free_credentials(&c->base);
	return NULL;
}

static enum gw_code put_base64(struct gw_buf *out, const char *message, size_t n)
{
	size_t encoded_n;
	enum gw_code code = GW_ERR_NOMEM;

	if (EVP_EncodedLength(&encoded_n, n) && (code = gw_buf_reserve(out, encoded_n)) == GW_OK)
		out->n += EVP_EncodeBlock((uint8_t *)out->p + out->n, (const uint8_t *)message, n);
	return code;
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
	message = calloc(1, n);
	if (message == NULL)
		return GW_ERR_NOMEM;
	memcpy(message + 1, c->user, user_n);
	memcpy(message + 2 + user_n, c->secret, password_n);
	code = put_base64(out, message, n);
	gw_wipe(message, n);
	return code;
}

struct gw_sasl *gw_sasl_plain_new(const char *user, const char *password)
{
	static const char *const mechanisms[] = { "PLAIN", NULL };
	struct credentials *c = new_credentials(user, password);

	if (c == NULL)
		return NULL;
	c->base.mechanisms = mechanisms;
	c->base.password = c->secret;
	c->base.next = plain_next;
	return &c->base;
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
		return standard ? gw_buf_puts(out, "AQ==") : GW_OK;
	gw_buf_init(&message, 1 << 20);
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
		code = put_base64(out, message.p, message.n);
	gw_buf_wipe(&message);
	return code;
}

struct gw_sasl *gw_sasl_bearer_new(const char *user, const char *token, int64_t expires_at)
{
	static const char *const mechanisms[] = { "OAUTHBEARER", "XOAUTH2", NULL };
	struct credentials *c = new_credentials(user, token);

	if (c == NULL)
		return NULL;
	c->base.mechanisms = mechanisms;
	c->base.expires_at = expires_at;
	c->base.next = bearer_next;
	return &c->base;
}
