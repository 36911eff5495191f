/* SPDX-License-Identifier: ISC */
/* auth/scram.c - see scram.h.
 *
 *   FIRST --we named ourselves--> PROOF --the server's salt came--> VERDICT --its proof holds--> PROVEN
 *   any --an answer that is none, or proves nothing--> DISTRUSTED     VERDICT --"e="--> REFUSED
 *
 * I1  only a server that proved that it knows the password is PROVEN, and nothing else may be signed in to.
 * I2  nothing is computed of an answer that was not checked: the nonce begins with ours, the salt is base64,
 *     the rounds are within bounds.
 */
#include "auth/scram.h"

#include "base/locked.h"
#include "base/num.h"
#include "base/text.h"

#include <openssl/base64.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/mem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

/* Rounds: RFC 7677 wants the least; the most take about a second. */
enum { MESSAGE_MAX = 4096, NONCE_BYTES = 18, ROUNDS_LEAST = 4096, ROUNDS_MOST = 2000000 };

enum state { FIRST, PROOF, VERDICT, PROVEN, REFUSED, DISTRUSTED };

struct scram {
	struct gw_sasl base; /* first */
	enum state state;
	char *user, *password; /* owned; password: locked */
	struct gw_buf header;  /* the GS2 header and the binding: "c=" of the proof */
	struct gw_buf first;   /* our first message without its header */
	size_t header_n;       /* the header alone */
	char nonce[64];
	uint8_t verdict[SHA256_DIGEST_LENGTH]; /* what the server has to say */
	const char *why;                       /* static; DISTRUSTED */
};

static void free_scram(struct gw_sasl *self)
{
	struct scram *s = (struct scram *)self;

	gw_locked_free(s->password);
	free(s->user);
	gw_buf_wipe(&s->header);
	gw_buf_wipe(&s->first);
	OPENSSL_cleanse(s->verdict, sizeof s->verdict);
	free(s);
}

static enum gw_code put(struct gw_buf *out, const char *name, struct gw_slice value)
{
	enum gw_code code = gw_buf_puts(out, name);

	return code == GW_OK ? gw_buf_append(out, value.p, value.n) : code;
}

static enum gw_code put_base64(struct gw_buf *out, const char *name, struct gw_slice bytes)
{
	enum gw_code code = gw_buf_puts(out, name);

	return code == GW_OK ? gw_base64_put(out, bytes) : code;
}

/* RFC 5802 5.1: "," and "=" of a name have codes. */
static enum gw_code put_name(struct gw_buf *out, const char *name)
{
	enum gw_code code = gw_buf_puts(out, "n=");

	for (; *name != '\0' && code == GW_OK; name++) {
		if (*name == ',' || *name == '=')
			code = gw_buf_puts(out, *name == ',' ? "=2C" : "=3D");
		else
			code = gw_buf_append(out, name, 1);
	}
	return code;
}

/* Gives up without telling the server any more about us. */
static enum gw_code give_up(struct scram *s, const char *why, struct gw_buf *out)
{
	s->state = DISTRUSTED;
	s->why = why;
	return gw_buf_puts(out, "*");
}

static enum gw_code begin(struct scram *s, struct gw_buf *out)
{
	struct gw_buf message;
	enum gw_code code;

	gw_buf_init(&message, MESSAGE_MAX);
	code = gw_buf_append(&message, s->header.p, s->header_n);
	if (code == GW_OK)
		code = gw_buf_append(&message, s->first.p, s->first.n);
	if (code == GW_OK)
		code = gw_base64_put(out, (struct gw_slice){ message.p, message.n });
	gw_buf_deinit(&message);
	s->state = PROOF;
	return code;
}

/* The value of the attribute that comes next ("s=..."), without the comma behind it; .p NULL: another one, or
 * none, comes. */
static struct gw_slice take(struct gw_slice *rest, char name)
{
	struct gw_slice value = { NULL, 0 };
	const char *comma;

	if (rest->n < 2 || rest->p[0] != name || rest->p[1] != '=')
		return value;
	value = (struct gw_slice){ rest->p + 2, rest->n - 2 };
	comma = memchr(value.p, ',', value.n);
	if (comma != NULL)
		value.n = (size_t)(comma - value.p);
	rest->p = value.p + value.n + (comma != NULL);
	rest->n -= value.n + 2 + (comma != NULL);
	return value;
}

struct salting {
	uint8_t salt[256];
	size_t salt_n;
	uint32_t rounds;
	struct gw_slice nonce;
};

/* "r=<ours and theirs>,s=<base64>,i=<rounds>"; what follows is for later versions.  Returns what is wrong. */
static const char *read_salting(const struct scram *s, struct gw_slice message, struct salting *out)
{
	struct gw_slice salt, rounds;

	out->nonce = take(&message, 'r');
	salt = take(&message, 's');
	rounds = take(&message, 'i');
	if (out->nonce.p == NULL || salt.p == NULL || !gw_read_u32(rounds, &out->rounds) ||
		!EVP_DecodeBase64(
			out->salt, &out->salt_n, sizeof out->salt, (const uint8_t *)salt.p, salt.n))
		return "does not answer as " GW_SCRAM " wants it";
	if (out->nonce.n <= strlen(s->nonce) ||
		memcmp(out->nonce.p, s->nonce, strlen(s->nonce)) != 0)
		return "answers a sign-in that is not ours";
	if (out->rounds < ROUNDS_LEAST)
		return "wants so few rounds of hashing that the password could be guessed from them";
	if (out->rounds > ROUNDS_MOST)
		return "wants more rounds of hashing than any server needs";
	return NULL;
}

static void hmac(const uint8_t *key, struct gw_slice data, uint8_t out[SHA256_DIGEST_LENGTH])
{
	unsigned n;

	HMAC(EVP_sha256(), key, SHA256_DIGEST_LENGTH, (const uint8_t *)data.p, data.n, out, &n);
}

/* RFC 5802 3.  what: AuthMessage. */
static bool compute(struct scram *s, const struct salting *salting, struct gw_slice what,
	uint8_t proof[SHA256_DIGEST_LENGTH])
{
	uint8_t salted[SHA256_DIGEST_LENGTH], client[SHA256_DIGEST_LENGTH];
	uint8_t stored[SHA256_DIGEST_LENGTH], server[SHA256_DIGEST_LENGTH];
	bool done =
		PKCS5_PBKDF2_HMAC(s->password, strlen(s->password), salting->salt, salting->salt_n,
			salting->rounds, EVP_sha256(), sizeof salted, salted) == 1;

	hmac(salted, gw_slice_str("Client Key"), client);
	SHA256(client, sizeof client, stored);
	hmac(stored, what, proof);
	for (size_t i = 0; i < sizeof client; i++)
		proof[i] ^= client[i];
	hmac(salted, gw_slice_str("Server Key"), server);
	hmac(server, what, s->verdict);
	OPENSSL_cleanse(salted, sizeof salted);
	OPENSSL_cleanse(client, sizeof client);
	OPENSSL_cleanse(server, sizeof server);
	return done;
}

static enum gw_code prove(struct scram *s, struct gw_slice challenge, struct gw_buf *out)
{
	struct salting salting = { .salt_n = 0 };
	const char *why = read_salting(s, challenge, &salting);
	uint8_t proof[SHA256_DIGEST_LENGTH];
	struct gw_buf last, all;
	enum gw_code code;

	if (why != NULL)
		return give_up(s, why, out);
	gw_buf_init(&last, MESSAGE_MAX);
	gw_buf_init(&all, (size_t)4 * MESSAGE_MAX);
	code = put_base64(&last, "c=", (struct gw_slice){ s->header.p, s->header.n });
	if (code == GW_OK)
		code = put(&last, ",r=", salting.nonce);
	if (code == GW_OK)
		code = gw_buf_append(&all, s->first.p, s->first.n);
	if (code == GW_OK)
		code = put(&all, ",", challenge);
	if (code == GW_OK)
		code = put(&all, ",", (struct gw_slice){ last.p, last.n });
	if (code == GW_OK && !compute(s, &salting, (struct gw_slice){ all.p, all.n }, proof))
		code = GW_ERR_NOMEM;
	if (code == GW_OK)
		code = put_base64(
			&last, ",p=", (struct gw_slice){ (const char *)proof, sizeof proof });
	if (code == GW_OK)
		code = gw_base64_put(out, (struct gw_slice){ last.p, last.n });
	gw_buf_deinit(&last);
	gw_buf_deinit(&all);
	s->state = VERDICT;
	return code;
}

static enum gw_code judge(struct scram *s, struct gw_slice challenge, struct gw_buf *out)
{
	uint8_t said[SHA256_DIGEST_LENGTH + 3];
	struct gw_slice verdict, rest = challenge;
	size_t n = 0;

	if (take(&rest, 'e').p != NULL) { /* it says no, and the tagged answer will say it, too */
		s->state = REFUSED;
		return GW_OK;
	}
	verdict = take(&rest, 'v');
	if (verdict.p == NULL ||
		!EVP_DecodeBase64(said, &n, sizeof said, (const uint8_t *)verdict.p, verdict.n) ||
		n != sizeof s->verdict || CRYPTO_memcmp(said, s->verdict, n) != 0)
		return give_up(s, "does not know the password itself", out);
	s->state = PROVEN;
	return GW_OK;
}

static enum gw_code scram_next(
	struct gw_sasl *self, const char *mechanism, struct gw_slice challenge, struct gw_buf *out)
{
	struct scram *s = (struct scram *)self;
	char decoded[MESSAGE_MAX];
	struct gw_slice message = { decoded, 0 };

	(void)mechanism;
	if (s->state == FIRST && challenge.n == 0)
		return begin(s, out);
	if (!EVP_DecodeBase64((uint8_t *)decoded, &message.n, sizeof decoded,
		    (const uint8_t *)challenge.p, challenge.n))
		return give_up(s, "does not answer as " GW_SCRAM " wants it", out);
	switch (s->state) {
	case PROOF:
		return prove(s, message, out);
	case VERDICT:
		return judge(s, message, out);
	case FIRST:
	case PROVEN:
	case REFUSED:
	case DISTRUSTED:
		break;
	}
	return give_up(s, "asks for more than " GW_SCRAM " has", out);
}

static const char *scram_distrust(struct gw_sasl *self, bool over)
{
	const struct scram *s = (const struct scram *)self;

	if (s->state == DISTRUSTED)
		return s->why;
	return over && s->state != PROVEN ? "did not prove that it knows the password" : NULL;
}

/* "n": we cannot bind; "y": we could, and the server did not offer it; "p=": this is bound. */
static enum gw_code put_header(struct scram *s, const struct gw_sasl_binding *binding, bool plus)
{
	enum gw_code code = gw_buf_puts(&s->header, plus ? "p=" : binding != NULL ? "y" : "n");

	if (code == GW_OK && plus)
		code = gw_buf_puts(&s->header, binding->type);
	if (code == GW_OK)
		code = gw_buf_puts(&s->header, ",,");
	s->header_n = s->header.n;
	if (code == GW_OK && plus)
		code = gw_buf_append(&s->header, (const char *)binding->data, binding->n);
	return code;
}

static enum gw_code put_first(struct scram *s, const char *nonce)
{
	uint8_t random[NONCE_BYTES];
	struct gw_buf text;
	enum gw_code code = GW_OK;

	gw_buf_init(&text, sizeof s->nonce);
	if (nonce == NULL)
		RAND_bytes(random, sizeof random);
	code = nonce != NULL ? gw_buf_puts(&text, nonce)
			     : gw_base64_put(&text,
				       (struct gw_slice){ (const char *)random, sizeof random });
	if (code == GW_OK) {
		snprintf(s->nonce, sizeof s->nonce, "%.*s", (int)text.n, text.p);
		code = put_name(&s->first, s->user);
	}
	if (code == GW_OK)
		code = put(&s->first, ",r=", gw_slice_str(s->nonce));
	gw_buf_deinit(&text);
	return code;
}

struct gw_sasl *gw_scram_new(const char *user, const char *password,
	const struct gw_sasl_binding *binding, bool plus, const char *nonce)
{
	struct scram *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	gw_buf_init(&s->header, MESSAGE_MAX);
	gw_buf_init(&s->first, MESSAGE_MAX);
	s->base.refs = 1;
	s->base.next = scram_next;
	s->base.distrust = scram_distrust;
	s->base.free = free_scram;
	s->user = strdup(user);
	s->password = gw_locked_str(password);
	if (s->user != NULL && s->password != NULL && put_header(s, binding, plus) == GW_OK &&
		put_first(s, nonce) == GW_OK)
		return &s->base;
	free_scram(&s->base);
	return NULL;
}
