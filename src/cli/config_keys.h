/* SPDX-License-Identifier: ISC */
/* cli/config_keys.h - the keys of a configuration, and what an unknown word may have meant. */
#pragma once

#include <confuse.h>

/* Returns the keys, for cfg_init(). */
cfg_opt_t *config_keys(void);
/* The key of the section that is written nearly like that; NULL: none is. */
const char *config_nearest_key(const cfg_t *section, const char *word);
/* Suggests a key for an unknown one, as the rest of a sentence; NULL: no idea. */
const char *config_meant_key(const char *word);
