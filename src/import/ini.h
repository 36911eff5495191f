/* SPDX-License-Identifier: ISC */
/* import/ini.h - a file as Python's configparser reads it: sections, continued lines, "%(x)s"; pure. */
#pragma once

#include "base/buf.h"

struct gw_ini_item {
	unsigned line;
	char *key, *value; /* owned; the key in lower case, the value as it stands there */
};

struct gw_ini_section {
	char *name; /* owned */
	unsigned line;
	struct gw_ini_item *items; /* owned */
	size_t count, cap;
};

struct gw_ini {
	struct gw_ini_section *list; /* owned; the first is [DEFAULT] */
	size_t count, cap;
};

/* GW_ERR_CONFIG: a line that configparser does not take; GW_ERR_NOMEM. */
enum gw_code gw_ini_read(
	struct gw_slice text, const char *file, struct gw_ini *out, struct gw_error *err);
void gw_ini_deinit(struct gw_ini *ini);

const struct gw_ini_section *gw_ini_find(const struct gw_ini *ini, const char *name);

/* Returns a value of the section, or of [DEFAULT], with references replaced; heap.  NULL: none, or
 * it refers to a missing value or to itself. */
char *gw_ini_get(const struct gw_ini *ini, const struct gw_ini_section *s, const char *key);
