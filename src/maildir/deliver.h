/* SPDX-License-Identifier: ISC */
/* maildir/deliver.h - a message on its way from the wire into tmp/, and from there into place.
 *
 * Nothing is held whole in memory: CR LF becomes LF, the fingerprint is computed and the file is
 * written as the bytes come.
 */
#pragma once

#include "maildir/crlf.h"
#include "maildir/fingerprint.h"
#include "maildir/folder.h"

#include <time.h>

#define GW_TMP_PREFIX "godwit."
enum { GW_TMP_NAME = 48 };

/* A whole message in tmp/.  The descriptor stays open until its bytes are flushed. */
struct gw_delivered {
	int fd; /* owned; -1: none */
	char tmp_name[GW_TMP_NAME];
	uint64_t wire_size; /* bytes of the literal */
	uint64_t file_size;
	struct gw_fingerprint print;
};

struct gw_deliver;

/* Makes a writer for one connection, which writes one message after another.  NULL: out of
 * memory. */
struct gw_deliver *gw_deliver_new(void);
void gw_deliver_free(struct gw_deliver *w); /* drops an unfinished message */

/* Begins a message in m's tmp/ (borrowed until finished or dropped). */
enum gw_code gw_deliver_begin(
	struct gw_deliver *w, const struct gw_maildir *m, struct gw_error *err);

/* Adds the next bytes.  gw_deliver_end() reports failures. */
void gw_deliver_data(struct gw_deliver *w, struct gw_slice wire);

/* Completes the message.  GW_ERR_DISK drops it. */
enum gw_code gw_deliver_end(struct gw_deliver *w, struct gw_error *err);

/* Takes over a whole message that something else wrote into m's tmp/, and names it as its own; it is to be
 * taken as if it had been ended.  GW_ERR_DISK drops it. */
enum gw_code gw_deliver_adopt(struct gw_deliver *w, const struct gw_maildir *m,
	struct gw_delivered *d, struct gw_error *err);

/* True if there is a whole message to take. */
bool gw_deliver_has(const struct gw_deliver *w);

/* Hands the whole message over. */
void gw_deliver_take(struct gw_deliver *w, struct gw_delivered *out);

/* Sets its mtime (RFC 9051 INTERNALDATE; 0: left alone). */
void gw_delivered_date(const struct gw_delivered *d, time_t date);

/* Drops the message begun or ended, if any. */
void gw_deliver_drop(struct gw_deliver *w);

/* Removes a delivered message that is not wanted; closes its descriptor. */
void gw_delivered_drop(struct gw_delivered *d, const struct gw_maildir *m);
