/* SPDX-License-Identifier: ISC */
/* cli/config_smtp.h - the keys of an account that say how it sends. */
#pragma once

#include "cli/provider.h"
#include "godwit/error.h"

#include <confuse.h>

/* Rows for the table of keys. */
#define CONFIG_SMTP_KEYS                                                                           \
	CFG_STR("smtp-host", NULL, CFGF_NODEFAULT), CFG_INT("smtp-port", 0, CFGF_NONE),            \
		CFG_STR("smtp-tls", NULL, CFGF_NODEFAULT),                                         \
		CFG_STR_LIST("smtp-tls-pin", NULL, CFGF_NODEFAULT),                                \
		CFG_STR("smtp-user", NULL, CFGF_NODEFAULT),                                        \
		CFG_STR("smtp-password-command", NULL, CFGF_NODEFAULT),                            \
		CFG_STR("smtp-tunnel-command", NULL, CFGF_NODEFAULT),                              \
		CFG_STR("ehlo-name", NULL, CFGF_NODEFAULT),                                        \
		CFG_STR_LIST("from", NULL, CFGF_NODEFAULT), CFG_STR("send", "at-once", CFGF_NONE), \
		CFG_STR("send-delay", "0", CFGF_NONE), CFG_STR("sent", "auto", CFGF_NONE),         \
		CFG_BOOL("bounce", cfg_true, CFGF_NONE), CFG_STR("in-doubt", "resend", CFGF_NONE), \
		CFG_STR("long-lines", "refuse", CFGF_NONE)

/* user, tunnel_command and the like of the account are read before.  err: without the account's name. */
enum gw_code config_read_smtp(
	cfg_t *sec, const struct provider *p, struct gw_account *a, struct gw_error *err);
void config_free_smtp(struct gw_smtp_account *smtp);
