/* auth/sasl.c - see sasl.h. */
#include "auth/sasl.h"

#include <openssl/base64.h>
#include <stdlib.h>

struct plain {
	struct gw_sasl base; /* first: a pointer to it is a pointer to the whole */
	char *user;          /* owned */
	char *password;      /* owned; wiped */
};

/* RFC 4616: authorization identity (empty) NUL user NUL password, in base64 */
static enum gw_code plain_next(struct gw_sasl *self, struct gw_slice challenge, struct gw_buf *out)
{
	struct plain *plain = (struct plain *)self;
	size_t user_n = strlen(plain->user), password_n = strlen(plain->password);
	size_t n = user_n + password_n + 2, encoded_n;
	enum gw_code code = GW_ERR_NOMEM;
	char *message;

	if (challenge.n > 0) /* PLAIN has no challenges: something else is asked for */
		return gw_buf_puts(out, "*");
	message = calloc(1, n);
	if (message == NULL)
		return code;
	memcpy(message + 1, plain->user, user_n);
	memcpy(message + 2 + user_n, plain->password, password_n);
	if (EVP_EncodedLength(&encoded_n, n) && (code = gw_buf_reserve(out, encoded_n)) == GW_OK)
		out->n += EVP_EncodeBlock((uint8_t *)out->p + out->n, (uint8_t *)message, n);
	explicit_bzero(message, n);
	free(message);
	return code;
}

static void plain_free(struct gw_sasl *self)
{
	struct plain *plain = (struct plain *)self;

	if (plain->password != NULL)
		explicit_bzero(plain->password, strlen(plain->password));
	free(plain->password);
	free(plain->user);
	free(plain);
}

struct gw_sasl *gw_sasl_plain_new(const char *user, const char *password)
{
	struct plain *plain = calloc(1, sizeof *plain);

	if (plain == NULL)
		return NULL;
	plain->user = strdup(user);
	plain->password = strdup(password);
	if (plain->user == NULL || plain->password == NULL) {
		plain_free(&plain->base);
		return NULL;
	}
	plain->base = (struct gw_sasl){ .mechanism = "PLAIN",
		.user = plain->user,
		.password = plain->password,
		.next = plain_next,
		.free = plain_free };
	return &plain->base;
}
