/* SPDX-License-Identifier: ISC */
/* base/num.c - see num.h. */
#include "base/num.h"

bool gw_read_u64(struct gw_slice s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned)(unsigned char)s.p[i] - '0';

		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (value > max)
		return false;
	*out = value;
	return true;
}

bool gw_read_u32(struct gw_slice s, uint32_t *out)
{
	uint64_t value;

	if (!gw_read_u64(s, UINT32_MAX, &value))
		return false;
	*out = (uint32_t)value;
	return true;
}

bool gw_add_size(size_t a, size_t b, size_t *out)
{
	if (a > SIZE_MAX - b)
		return false;
	*out = a + b;
	return true;
}
