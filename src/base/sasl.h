/* base/sasl.h - the seam between IMAP and the ways to sign in: an interface only.
 *
 * auth/ implements it, imap/login.c uses it, sync/sync.c joins them.
 */
#pragma once

#include "base/buf.h"

#include <stdint.h>

struct gw_sasl {
	size_t refs; /* gw_sasl_ref() and gw_sasl_unref() only */
	const char *const
		*mechanisms;  /* as in AUTH=..., the preferred one first; NULL ends; static */
	const char *user;     /* owned by the implementation */
	const char *password; /* for the LOGIN command; NULL when there is none */
	int64_t expires_at;   /* seconds; 0: it does not */

	/* Appends the base64 answer of a mechanism to a challenge (base64, empty at first) to out;
	 * "*" to give up.  GW_ERR_NOMEM. */
	enum gw_code (*next)(struct gw_sasl *self, const char *mechanism, struct gw_slice challenge,
		struct gw_buf *out);

	/* What a person can do when the login was refused; owned by self.  NULL: nothing is known. */
	const char *(*advice)(struct gw_sasl *self);

	/* The server takes app passwords that are shown in groups of letters: takes the blanks out of
	 * one.  NULL: there is nothing to do. */
	void (*close_up)(struct gw_sasl *self);

	/* Wipes the secrets and frees self. */
	void (*free)(struct gw_sasl *self);
};

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
