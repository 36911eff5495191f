/* base/sasl.h - the seam between IMAP and the ways to sign in: an interface only.
 *
 * auth/ implements it, imap/login.c uses it, sync/account.c joins them.
 */
#pragma once

#include "base/buf.h"

struct gw_sasl {
	const char *mechanism; /* as in AUTH=..., static */
	const char *user;      /* owned by the implementation */
	const char *password;  /* for the LOGIN command; NULL when there is none */

	/* Appends the base64 answer to a challenge (base64, empty at first) to out; "*" to give
	 * up.  GW_ERR_NOMEM. */
	enum gw_code (*next)(struct gw_sasl *self, struct gw_slice challenge, struct gw_buf *out);

	/* Wipes the secrets and frees self. */
	void (*free)(struct gw_sasl *self);
};
