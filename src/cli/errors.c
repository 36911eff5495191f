/* SPDX-License-Identifier: ISC */
/* cli/errors.c - see errors.h. */
#include "cli/errors.h"

#include "cli/say.h"
#include "cli/systemd.h"
#include "godwit/log.h"

#include <stdio.h>
#include <sysexits.h>

int exit_status(const struct gw_error *err)
{
	switch (err->code) {
	case GW_OK:
		return 0;
	case GW_ERR_HELD:
		return 1;
	case GW_ERR_TLS:
	case GW_ERR_SECURITY:
	case GW_ERR_PROTOCOL:
	case GW_ERR_LIMIT:
	case GW_ERR_REFUSED:
		return EX_UNAVAILABLE;
	case GW_ERR_NOMEM:
	case GW_ERR_BUG:
		return EX_SOFTWARE;
	case GW_ERR_DISK:
	case GW_ERR_STATE:
	case GW_ERR_CORRUPT:
		return EX_IOERR;
	case GW_ERR_NET:
	case GW_ERR_TIMEOUT:
	case GW_ERR_BYE:
	case GW_ERR_BUSY:
	case GW_ERR_LOCKED:
	case GW_ERR_CANCELLED:
		return EX_TEMPFAIL;
	case GW_ERR_AUTH:
	case GW_ERR_SECRET:
		return EX_NOPERM;
	case GW_ERR_CONFIG:
		return EX_CONFIG;
	}
	return EX_SOFTWARE;
}

void complain(const char *account, const char *mailbox, const struct gw_error *err)
{
	say(stderr, "%sgodwit: %s%s%s%s%s\n", systemd_priority(GW_LOG_ERROR),
		account != NULL ? account : "", account != NULL ? ": " : "",
		mailbox != NULL ? mailbox : "", mailbox != NULL ? ": " : "", err->text);
}
