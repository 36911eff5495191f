/* SPDX-License-Identifier: ISC */
/* plan/body.h - judges whether what came for a message is its body, by the size that the server
 * announced (RFC822.SIZE), which some servers count wrongly, and hostile ones make up.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Bytes that are taken for a message at most.  told: 0, not told; max: of any message, 0: no limit. */
uint64_t gw_body_most(uint64_t told, uint64_t max);

/* True if a body is so much shorter than announced that a part may be missing. */
bool gw_body_is_short(uint64_t told, uint64_t came);

/* True if a body is empty although its message is not. */
bool gw_body_is_empty(uint64_t told, uint64_t came);
