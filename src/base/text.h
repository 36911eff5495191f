/* SPDX-License-Identifier: ISC */
/* base/text.h - small text helpers: UTF-8 checks, glob patterns, edit distance, digests. */
#pragma once

#include "base/buf.h"

/* Hashes with FNV-1a, for comparing many names quickly; never as the only evidence. */
uint64_t gw_hash_bytes(struct gw_slice bytes);

/* Reads two upper-case hexadecimal digits. */
bool gw_read_hex(const char *digits, unsigned *out);

/* True if s is well-formed UTF-8 (RFC 3629) without NUL. */
bool gw_utf8_valid(struct gw_slice s);

/* Returns the code point at *p and advances; 0xFFFFFFFF if the bytes are not UTF-8. */
uint32_t gw_utf8_next(const char **p, const char *end);

/* Appends a code point as UTF-8. */
enum gw_code gw_utf8_put(struct gw_buf *b, uint32_t cp);

/* True if name matches the folder pattern: '*' matches anything, '%' anything without '/'; the rest
 * is compared by byte. */
bool gw_glob_match(const char *pattern, const char *name);

/* Levenshtein distance, for "did you mean"; strings beyond 63 bytes count as far. */
unsigned gw_edit_distance(const char *a, const char *b);

/* The first `bytes` (at most 32) of the SHA-256 of data, in lower-case hex, NUL-terminated.
 * out holds 2 * bytes + 1. */
void gw_sha256_hex(struct gw_slice data, size_t bytes, char *out);

/* True if two addresses reach one person.  Ignores case, and at Gmail dots, "+words" and which of
 * the two domains is used. */
bool gw_same_address(const char *a, const char *b);

/* True if granted contains each word of wanted that has "://" in it.  Both are lists separated by
 * spaces. */
bool gw_scope_covers(const char *granted, const char *wanted);

/* Appends bytes in base64 (RFC 4648 4). */
enum gw_code gw_base64_put(struct gw_buf *out, struct gw_slice bytes);

/* True if the host name means this machine, whatever a name server says. */
bool gw_is_loopback(const char *host);

enum { GW_LOCAL_TIME = 32 };

/* Formats "2026-11-26 14:03" in local time; empty if there is no such time. */
void gw_local_time(int64_t at, char out[static GW_LOCAL_TIME]);
