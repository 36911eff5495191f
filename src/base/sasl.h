/* SPDX-License-Identifier: ISC */
/* base/sasl.h - the interface between the protocols and the SASL mechanisms.
 *
 * auth/ implements it, imap/login.c uses it, sync/sync.c joins them.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>
#include <string.h>

/* Ties a sign-in to the connection on which it happens (RFC 5056). */
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
	bool takes_login;     /* the LOGIN command, which sends the password, is allowed */
	int64_t expires_at;   /* seconds; 0: never */

	/* Appends the base64 answer of a mechanism to a challenge (base64, empty at first) to out;
	 * "*" to give up.  GW_ERR_NOMEM. */
	enum gw_code (*next)(struct gw_sasl *self, const char *mechanism, struct gw_slice challenge,
		struct gw_buf *out);

	/* Begins a dialogue for one connection, for mechanisms whose name begins with "SCRAM-":
	 * their next() and distrust() must be called on the result.  binding NULL: the connection
	 * has none.  The caller owns the reference; NULL: out of memory.  Member NULL: none of
	 * `mechanisms` is such a one. */
	struct gw_sasl *(*begin)(
		struct gw_sasl *self, const char *mechanism, const struct gw_sasl_binding *binding);
	/* Returns why the server may be an impostor, as the end of "HOST ..."; over: it claims that
	 * we are signed in.  NULL: no doubts.  Member NULL: cannot be told. */
	const char *(*distrust)(struct gw_sasl *self, bool over);

	/* Returns what the user can do about a refused login; owned by self.  NULL: unknown. */
	const char *(*advice)(struct gw_sasl *self);

	/* Removes the spaces from an app password that is shown in groups of letters.  Member NULL:
	 * nothing to remove. */
	void (*close_up)(struct gw_sasl *self);

	/* Wipes the secrets and frees self. */
	void (*free)(struct gw_sasl *self);
};

/* True if sasl is a token, which can expire and be renewed.  NULL: false. */
static inline bool gw_sasl_is_token(const struct gw_sasl *sasl)
{
	return sasl != NULL && sasl->kind == GW_SASL_TOKEN;
}

/* Adds a reference, for each pointer that is kept.  NULL is accepted. */
static inline struct gw_sasl *gw_sasl_ref(struct gw_sasl *sasl)
{
	if (sasl != NULL)
		sasl->refs++;
	return sasl;
}

/* Drops a reference and sets the pointer to NULL. */
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

/* A mechanism and the capability bit with which a server offers it. */
struct gw_sasl_offer {
	const char *name; /* static; NULL ends a list */
	uint32_t cap;
};

/* Returns the preferred mechanism that the server offers, as named in offers; NULL: none. */
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

/* Calls next() of the exchange if there is one, otherwise of sasl. */
static inline enum gw_code gw_sasl_answer(struct gw_sasl *sasl, struct gw_sasl *exchange,
	const char *mechanism, struct gw_slice challenge, struct gw_buf *out)
{
	struct gw_sasl *who = exchange != NULL ? exchange : sasl;

	return who->next(who, mechanism, challenge, out);
}
