/* SPDX-License-Identifier: ISC */
/* outbox/provider.h - what a submission server is known for, by its host: whether it files what it is
 * given in \Sent itself, and its pace. */
#pragma once

#include "outbox/plan.h"

struct gw_submission_provider {
	const char *hosts; /* with blanks between */
	bool files;        /* in \Sent, by itself */
	struct gw_pace_limits limits;
};

/* Never NULL: an unknown host files nothing and has no limits. */
const struct gw_submission_provider *gw_submission_provider_of(const char *host);
