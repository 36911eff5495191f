/* SPDX-License-Identifier: ISC */
/* cli/config_text.h - what is wrong with the text of a configuration, before it has a meaning; pure.
 *
 * A parser tells where it gave up, which is often far from the cause: a quote that is missing swallows
 * the lines up to the next one.
 */
#pragma once

#include "base/buf.h"

/* Names the first thing that is wrong with quotes, braces or ";"; GW_OK: nothing of the kind.  parsed: the
 * parser was content, so only what it does not mind is left, a brace that is missing at the end.  name:
 * what the text is called.  GW_ERR_CONFIG. */
enum gw_code config_text_blame(
	const char *text, const char *name, bool parsed, struct gw_error *err);

/* "${NAME}" in a string, and NAME is not set: an empty word in its place would be another command, or
 * another path.  GW_ERR_CONFIG. */
enum gw_code config_text_variables(const char *text, const char *name, struct gw_error *err);
/* Puts libconfuse's complaint into our words.  false: unknown, and out is unchanged. */
bool config_text_in_words(const char *said, char *out, size_t size);
