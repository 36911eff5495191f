/* base/text.h - small text helpers: UTF-8 checks, glob patterns, edit distance, digests. */
#pragma once

#include "base/buf.h"

/* FNV-1a: for comparing many names at once, beside something else. */
uint64_t gw_hash_bytes(struct gw_slice bytes);

/* Two upper-case hexadecimal digits. */
bool gw_read_hex(const char *digits, unsigned *out);

/* Is s well-formed UTF-8 (RFC 3629), without NUL? */
bool gw_utf8_valid(struct gw_slice s);

/* The code point at *p, which moves on; 0xFFFFFFFF when the bytes are not UTF-8. */
uint32_t gw_utf8_next(const char **p, const char *end);

/* Appends a code point as UTF-8. */
enum gw_code gw_utf8_put(struct gw_buf *b, uint32_t cp);

/* Does name match the folder pattern?  '*' stands for anything, '%' for anything without '/';
 * the rest is compared by byte. */
bool gw_glob_match(const char *pattern, const char *name);

/* Levenshtein distance, for "did you mean"; strings beyond 63 bytes count as far. */
unsigned gw_edit_distance(const char *a, const char *b);

/* The first `bytes` (at most 32) of the SHA-256 of data, in lower-case hex, NUL-terminated.
 * out holds 2 * bytes + 1. */
void gw_sha256_hex(struct gw_slice data, size_t bytes, char *out);

/* Do two addresses reach one person?  Compared without case; at Gmail dots, "+words" and the domain's
 * two names make no difference. */
bool gw_same_address(const char *a, const char *b);

/* Is each word of wanted, those with "://" in them, one of granted?  Both are lists with blanks. */
bool gw_scope_covers(const char *granted, const char *wanted);

/* Appends bytes in base64 (RFC 4648 4). */
enum gw_code gw_base64_put(struct gw_buf *out, struct gw_slice bytes);

/* Does the host name stand for this machine, whatever a name server says? */
bool gw_is_loopback(const char *host);

enum { GW_LOCAL_TIME = 32 };

/* "2026-11-26 14:03", on this machine's clock; empty when there is no such time. */
void gw_local_time(int64_t at, char out[static GW_LOCAL_TIME]);
