/* base/sasl.h - the seam between IMAP and the ways to sign in: an interface only.
 *
 * auth/ implements it, imap/login.c uses it, sync/sync.c joins them.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>
#include <string.h>

/* What ties a sign-in to the connection that it happens on (RFC 5056). */
struct gw_sasl_binding {
	const char *type; /* static: "tls-exporter" (RFC 9266), "tls-server-end-point" (RFC 5929) */
	uint8_t data[64];
	size_t n;
};

enum gw_sasl_kind { GW_SASL_PASSWORD, GW_SASL_TOKEN, GW_SASL_CERTIFICATE };

struct gw_sasl {
	enum gw_sasl_kind kind;
	size_t refs; /* gw_sasl_ref() and gw_sasl_unref() only */
	const char *const
		*mechanisms;  /* as in AUTH=..., the preferred one first; NULL ends; static */
	const char *user;     /* owned by the implementation */
	const char *password; /* for the LOGIN command; NULL when there is none */
	bool takes_login;     /* and LOGIN, which says it, may be used */
	int64_t expires_at;   /* seconds; 0: it does not */

	/* Appends the base64 answer of a mechanism to a challenge (base64, empty at first) to out;
	 * "*" to give up.  GW_ERR_NOMEM. */
	enum gw_code (*next)(struct gw_sasl *self, const char *mechanism, struct gw_slice challenge,
		struct gw_buf *out);

	/* Mechanisms whose name begins with "SCRAM-" are a dialogue with a memory: this begins one, for one
	 * connection, whose next() and distrust() are to be called instead.  binding NULL: the connection has
	 * none.  The caller has the reference; NULL: out of memory.  NULL itself: none is among `mechanisms`. */
	struct gw_sasl *(*begin)(
		struct gw_sasl *self, const char *mechanism, const struct gw_sasl_binding *binding);
	/* Why the server may not be who it says it is, as the end of "HOST ..."; over: it says that we are
	 * signed in.  NULL: nothing speaks against it.  NULL itself: nobody can tell. */
	const char *(*distrust)(struct gw_sasl *self, bool over);

	/* What a person can do when the login was refused; owned by self.  NULL: nothing is known. */
	const char *(*advice)(struct gw_sasl *self);

	/* The server takes app passwords that are shown in groups of letters: takes the blanks out of
	 * one.  NULL: there is nothing to do. */
	void (*close_up)(struct gw_sasl *self);

	/* Wipes the secrets and frees self. */
	void (*free)(struct gw_sasl *self);
};

/* Is it one that can be over, and be renewed?  NULL: no. */
static inline bool gw_sasl_is_token(const struct gw_sasl *sasl)
{
	return sasl != NULL && sasl->kind == GW_SASL_TOKEN;
}

/* Whoever keeps a pointer has a reference.  NULL is accepted. */
static inline struct gw_sasl *gw_sasl_ref(struct gw_sasl *sasl)
{
	if (sasl != NULL)
		sasl->refs++;
	return sasl;
}

/* Gives the reference up, and sets the pointer to NULL. */
static inline void gw_sasl_unref(struct gw_sasl **at)
{
	struct gw_sasl *sasl = *at;

	*at = NULL;
	if (sasl != NULL && --sasl->refs == 0)
		sasl->free(sasl);
}

static inline bool gw_sasl_has_dialogue(const char *mechanism)
{
	return strncmp(mechanism, "SCRAM-", 6) == 0;
}

/* A mechanism, and the bit by which a protocol's capabilities say that a server offers it. */
struct gw_sasl_offer {
	const char *name; /* static; NULL ends a list */
	uint32_t cap;
};

/* The preferred one of those that the server offers, as named in offers; NULL: there is none. */
static inline const char *gw_sasl_choose(
	const struct gw_sasl *sasl, const struct gw_sasl_offer *offers, uint32_t caps)
{
	for (const char *const *m = sasl->mechanisms; *m != NULL; m++) {
		for (const struct gw_sasl_offer *o = offers; o->name != NULL; o++) {
			if ((caps & o->cap) && strcmp(o->name, *m) == 0)
				return o->name;
		}
	}
	return NULL;
}

/* next() of the exchange, if there is one, else of sasl. */
static inline enum gw_code gw_sasl_answer(struct gw_sasl *sasl, struct gw_sasl *exchange,
	const char *mechanism, struct gw_slice challenge, struct gw_buf *out)
{
	struct gw_sasl *who = exchange != NULL ? exchange : sasl;

	return who->next(who, mechanism, challenge, out);
}
