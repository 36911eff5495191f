/* SPDX-License-Identifier: ISC */
/* cli/config_pop3.h - an account's keys for POP3, by godwit(5). */
#pragma once

#include "cli/provider.h"
#include "godwit/error.h"

#include <confuse.h>

/* In a table of keys. */
#define CONFIG_POP3_KEYS                                                                  \
	CFG_STR("protocol", NULL, CFGF_NODEFAULT), CFG_STR("keep", NULL, CFGF_NODEFAULT), \
		CFG_STR("max-size", NULL, CFGF_NODEFAULT),                                \
		CFG_STR("deliver-to", NULL, CFGF_NODEFAULT),                              \
		CFG_BOOL("recent", cfg_false, CFGF_NONE)

/* Reads `protocol`, and for POP3 what belongs to it.  A key that means nothing there is an error, and so
 * is one of POP3's elsewhere.  a->host is the provider's if it was not set.  GW_ERR_CONFIG: err says
 * what is wrong, without naming the account; GW_ERR_NOMEM. */
enum gw_code config_read_pop3(
	cfg_t *sec, const struct provider *p, struct gw_account *a, struct gw_error *err);
