/* SPDX-License-Identifier: ISC */
/* maildir/fingerprint.h - what makes two copies of a message the same message (docs/design.md P3).
 *
 * Over LF line ends.  Header fields that mail readers and synchronizers add, drop or recompute do
 * not count.
 */
#pragma once

#include "base/buf.h"

#include <openssl/sha.h>
#include <time.h>

enum { GW_HASH_BYTES = 16 }; /* of SHA-256 */

struct gw_fingerprint {
	uint8_t header[GW_HASH_BYTES];
	uint8_t body[GW_HASH_BYTES];
	uint8_t msgid[GW_HASH_BYTES]; /* of the Message-ID; all zero: none */
	uint64_t about; /* of Date, From and Subject, however they are folded and quoted; 0: none */
	uint64_t left_out; /* bytes of the fields that do not count, with CR LF line ends */
	bool has_received; /* some server passed it on */
};

/* True if both are of one message, whatever readers added to its header. */
bool gw_fingerprint_same(const struct gw_fingerprint *a, const struct gw_fingerprint *b);

enum { GW_MSGID_MAX = 512 }; /* bytes that count of a longer one */
enum gw_print_state { GW_PRINT_NAME, GW_PRINT_KEEP, GW_PRINT_SKIP, GW_PRINT_MSGID, GW_PRINT_BODY };

/* A running computation; the caller's storage. */
struct gw_printer {
	SHA256_CTX header, body;
	enum gw_print_state state;
	enum gw_print_state field; /* what is done with the current field's lines */
	char name[32];             /* the beginning of the line, until it is clear what it is */
	size_t name_n;
	uint64_t left_out; /* bytes of the fields that do not count, with CR LF line ends */
	uint64_t crs;      /* seen last; whether an LF follows is still open */
	bool has_received;
	uint64_t about;    /* of the fields before it */
	uint64_t about_of; /* of the current field; 0: not one of these */
	char msgid[GW_MSGID_MAX];
	size_t msgid_n;
};

void gw_printer_init(struct gw_printer *p);
void gw_printer_update(struct gw_printer *p, const char *bytes, size_t n);
void gw_printer_final(struct gw_printer *p, struct gw_fingerprint *out);

/* Facts about a file besides its fingerprint. */
struct gw_file_facts {
	uint64_t crlf_size; /* with every line end as CR LF */
	time_t mtime;
	bool has_nul; /* holds NUL bytes, which no IMAP literal may (RFC 9051 section 9) */
};

/* GW_ERR_DISK. */
enum gw_code gw_fingerprint_file(int dirfd, const char *name, struct gw_fingerprint *out,
	struct gw_file_facts *facts, struct gw_error *err);

/* Computes only what the header tells, without reading further.  false: unreadable. */
bool gw_fingerprint_head(int dirfd, const char *name, struct gw_fingerprint *out);

/* The Message-ID of a file, without white space; heap.  NULL: it has none, or one that is too long
 * or not ASCII, or cannot be read. */
char *gw_message_id(int dirfd, const char *name);
