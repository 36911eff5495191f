/* SPDX-License-Identifier: ISC */
/* outbox/provider.c - see provider.h. */
#include "outbox/provider.h"

#include <string.h>
#include <strings.h>

static const struct gw_submission_provider known[] = {
	{ .hosts = "smtp.gmail.com smtp.googlemail.com smtp-relay.gmail.com",
		.files = true,
		.limits = { .per_day = 500, .per_message = 100 } },
	{ .hosts = "smtp.office365.com smtp-mail.outlook.com outlook.office365.com",
		.files = true,
		.limits = { .per_minute = 30, .per_day = 10000, .per_message = 500 } },
	{ .hosts = "smtp.mail.me.com", .limits = { .per_day = 1000, .per_message = 500 } },
	{ .hosts = "smtp.mail.yahoo.com smtp.aol.com",
		.limits = { .per_day = 500, .per_message = 100, .per_connection = 20 } },
	{ .hosts = "smtp.163.com", .files = true, .limits = { .per_message = 100 } },
	{ .hosts = "", .limits = { .per_message = 100 } }, /* RFC 5321 4.5.3.1.8 */
};

enum { KNOWN = sizeof known / sizeof *known };

const struct gw_submission_provider *gw_submission_provider_of(const char *host)
{
	for (size_t i = 0; i + 1 < KNOWN; i++) {
		for (const char *p = known[i].hosts; *p != '\0'; p += strspn(p, " ")) {
			size_t n = strcspn(p, " ");

			if (strlen(host) == n && strncasecmp(host, p, n) == 0)
				return &known[i];
			p += n;
		}
	}
	return &known[KNOWN - 1];
}
