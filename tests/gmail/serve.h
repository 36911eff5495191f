/* SPDX-License-Identifier: ISC */
/* tests/gmail/serve.h - what the test servers share: a port, and settings that a test may change.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

/* Before anything else; path is borrowed. */
void settings_from(const char *path);

/* A line "NAME" or "NAME=VALUE" of the settings, which are read anew each time.  value may be NULL.
 */
bool setting(const char *name, char *value, size_t size);
long number(const char *name, long otherwise); /* likewise; a bare NAME is 1 */

/* Listens on a free port of 127.0.0.1, prints it, and serves until it is killed. */
int serve(uv_connection_cb on_connection);
