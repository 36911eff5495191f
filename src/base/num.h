/* SPDX-License-Identifier: ISC */
/* base/num.h - checked reading of numbers from bytes, checked arithmetic. */
#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* Reads the whole slice as a decimal number; false when empty, not digits, or above max. */
bool gw_read_u64(struct gw_slice s, uint64_t max, uint64_t *out);
bool gw_read_u32(struct gw_slice s, uint32_t *out);

/* a + b, or false when it does not fit. */
bool gw_add_size(size_t a, size_t b, size_t *out);
