/* SPDX-License-Identifier: ISC */
/* base/text.c - see text.h. */
#include "base/text.h"

#include <openssl/base64.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

uint32_t gw_utf8_next(const char **p, const char *end)
{
	const unsigned char *s = (const unsigned char *)*p;
	size_t left = (size_t)(end - *p), need;
	uint32_t cp, low;

	if (left == 0)
		return UINT32_MAX;
	if (s[0] < 0x80) {
		*p += 1;
		return s[0];
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		need = 2, cp = s[0] & 0x1fu, low = 0x80;
	} else if ((s[0] & 0xf0) == 0xe0) {
		need = 3, cp = s[0] & 0x0fu, low = 0x800;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		need = 4, cp = s[0] & 0x07u, low = 0x10000;
	} else {
		return UINT32_MAX;
	}
	if (left < need)
		return UINT32_MAX;
	for (size_t i = 1; i < need; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return UINT32_MAX;
		cp = cp << 6 | (s[i] & 0x3fu);
	}
	if (cp < low || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return UINT32_MAX;
	*p += need;
	return cp;
}

bool gw_utf8_valid(struct gw_slice s)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end) {
		uint32_t cp = gw_utf8_next(&p, end);

		if (cp == UINT32_MAX || cp == 0)
			return false;
	}
	return true;
}

enum gw_code gw_utf8_put(struct gw_buf *b, uint32_t cp)
{
	char out[4];
	size_t n;

	if (cp < 0x80) {
		out[0] = (char)cp, n = 1;
	} else if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6), n = 2;
	} else if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12), n = 3;
	} else {
		out[0] = (char)(0xf0 | cp >> 18), n = 4;
	}
	for (size_t i = n; i-- > 1; cp >>= 6)
		out[i] = (char)(0x80 | (cp & 0x3f));
	return gw_buf_append(b, out, n);
}

/* Iterative with one point to go back to: linear in practice, never exponential.  A star of the
 * other kind further left cannot be needed again once a later one has matched up to here. */
bool gw_glob_match(const char *pattern, const char *name)
{
	const char *star = NULL, *mark = NULL, *outer = NULL, *outer_mark = NULL;

	for (;;) {
		if (*pattern == '*' || *pattern == '%') {
			if (*pattern == '*')
				outer = pattern, outer_mark = name;
			star = pattern++;
			mark = name;
		} else if (*pattern == *name && *name != '\0') {
			pattern++, name++;
		} else if (*pattern == '\0' && *name == '\0') {
			return true;
		} else if (star != NULL && *mark != '\0' && !(*star == '%' && *mark == '/')) {
			name = ++mark;
			pattern = star + 1;
		} else if (outer != NULL && star != outer && *outer_mark != '\0') {
			name = ++outer_mark;
			star = outer;
			mark = outer_mark;
			pattern = outer + 1;
		} else {
			return false;
		}
	}
}

unsigned gw_edit_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	unsigned row[64];

	if (n > 63 || m > 63)
		return 64;
	for (unsigned j = 0; j <= m; j++)
		row[j] = j;
	for (unsigned i = 1; i <= n; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= m; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[m];
}

void gw_sha256_hex(struct gw_slice data, size_t bytes, char *out)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	SHA256((const uint8_t *)data.p, data.n, digest);
	for (size_t i = 0; i < bytes && i < sizeof digest; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool gw_read_hex(const char *digits, unsigned *out)
{
	int high = hex_digit(digits[0]), low = high < 0 ? -1 : hex_digit(digits[1]);

	if (low < 0)
		return false;
	*out = (unsigned)high << 4 | (unsigned)low;
	return true;
}

uint64_t gw_hash_bytes(struct gw_slice bytes)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < bytes.n; i++)
		h = (h ^ (unsigned char)bytes.p[i]) * UINT64_C(1099511628211);
	return h;
}

bool gw_is_loopback(const char *host)
{
	return strcasecmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
	       (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == strlen(host));
}

void gw_local_time(int64_t at, char out[static GW_LOCAL_TIME])
{
	time_t t = (time_t)at;
	struct tm tm;

	out[0] = '\0';
	if (localtime_r(&t, &tm) != NULL)
		strftime(out, GW_LOCAL_TIME, "%Y-%m-%d %H:%M", &tm);
}

/* Writes to out what distinguishes the address from others; false: too long. */
static bool plain_address(const char *address, char *out, size_t size)
{
	const char *at = strrchr(address, '@');
	size_t n = at == NULL ? strlen(address) : (size_t)(at - address), used = 0;
	bool gmail = at != NULL && (strcasecmp(at + 1, "gmail.com") == 0 ||
					   strcasecmp(at + 1, "googlemail.com") == 0);
	const char *domain = gmail ? "@gmail.com" : at == NULL ? "" : at;

	for (size_t i = 0; i < n && !(gmail && address[i] == '+'); i++) {
		if (gmail && address[i] == '.')
			continue;
		if (used + 1 >= size)
			return false;
		out[used++] = address[i];
	}
	return (size_t)snprintf(out + used, size - used, "%s", domain) < size - used;
}

bool gw_same_address(const char *a, const char *b)
{
	char one[320], two[320];

	return plain_address(a, one, sizeof one) && plain_address(b, two, sizeof two) &&
	       strcasecmp(one, two) == 0;
}

bool gw_scope_covers(const char *granted, const char *wanted)
{
	for (const char *w = wanted; *w != '\0'; w += strspn(w, " ")) {
		size_t n = strcspn(w, " ");
		const char *g = granted;

		while (*g != '\0' && (strcspn(g, " ") != n || strncasecmp(g, w, n) != 0)) {
			g += strcspn(g, " ");
			g += strspn(g, " ");
		}
		if (*g == '\0' && memmem(w, n, "://", 3) != NULL)
			return false;
		w += n;
	}
	return true;
}

enum gw_code gw_base64_put(struct gw_buf *out, struct gw_slice bytes)
{
	size_t n;
	enum gw_code code = GW_ERR_NOMEM;

	if (EVP_EncodedLength(&n, bytes.n) && (code = gw_buf_reserve(out, n)) == GW_OK)
		out->n += EVP_EncodeBlock(
			(uint8_t *)out->p + out->n, (const uint8_t *)bytes.p, bytes.n);
	return code;
}
