/* auth/sasl.h - SASL mechanisms (RFC 4616) behind base/sasl.h. */
#pragma once

#include "base/sasl.h"

/* PLAIN: user and password are copied and wiped when freed.  NULL when out of memory. */
struct gw_sasl *gw_sasl_plain_new(const char *user, const char *password);
