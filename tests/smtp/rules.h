/* SPDX-License-Identifier: ISC */
/* tests/smtp/rules.h - what a server says instead of the usual; smtpd.c describes DIR/rules. */
#pragma once

#include <stdbool.h>

void read_rules(void);

/* Says what a rule wants said; take: accepts the present message, for "accept-close".  false: none holds, or the
 * usual is to be done as well. */
bool obey(const char *where, const char *line, void (*take)(void));
