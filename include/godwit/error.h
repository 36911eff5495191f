/* SPDX-License-Identifier: ISC */
/* godwit/error.h - what went wrong, how far it reaches, and what to do about it.
 *
 * Functions that can fail return `enum gw_code` and fill a `struct gw_error` that the caller
 * owns.  The first failure is kept: a later gw_fail() on a filled error changes nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum gw_code {
	GW_OK = 0,
	GW_ERR_NOMEM,     /* out of memory */
	GW_ERR_DISK,      /* the local disk: full, read-only, unreadable */
	GW_ERR_NET,       /* network: name, connection, cut */
	GW_ERR_TIMEOUT,   /* no byte within the deadline */
	GW_ERR_TLS,       /* handshake or certificate */
	GW_ERR_SECURITY,  /* going on would expose a secret or believe an attacker */
	GW_ERR_PROTOCOL,  /* the peer does not speak IMAP as we know it */
	GW_ERR_LIMIT,     /* a bound on what a peer may make us hold was passed */
	GW_ERR_AUTH,      /* login refused */
	GW_ERR_SECRET,    /* the command that knows the password gave none: locked, or put off */
	GW_ERR_REFUSED,   /* the server said NO or BAD */
	GW_ERR_BYE,       /* the server closed the session */
	GW_ERR_BUSY,      /* the server wants to be left alone for a while: wait_s */
	GW_ERR_CONFIG,    /* configuration or arguments */
	GW_ERR_STATE,     /* the state database */
	GW_ERR_CORRUPT,   /* the state database is damaged */
	GW_ERR_LOCKED,    /* another godwit works on the account */
	GW_ERR_HELD,      /* not done, because it looks like an accident */
	GW_ERR_CANCELLED, /* stopped by the user */
	GW_ERR_BUG,       /* an assumption of ours did not hold */
};

/* How far the damage reaches; each level stops only its own work. */
enum gw_scope {
	GW_SCOPE_MESSAGE, /* skip this message, report, go on */
	GW_SCOPE_MAILBOX, /* abandon this mailbox, go on with the next */
	GW_SCOPE_ACCOUNT, /* close the account's sessions; other accounts go on */
	GW_SCOPE_PROCESS, /* stop cleanly now */
};

struct gw_error {
	enum gw_code code;
	enum gw_scope scope;
	int sys;         /* errno or a libuv code; 0 = none */
	unsigned wait_s; /* BUSY: for so many seconds at least; 0: it did not say */
	char text[600];  /* for people: what, where, what to do; never a secret */
};

/* Fills err unless it is filled already.  Returns code, so that `return gw_fail(...)` works.
 * err may be NULL.  fmt is as for printf and gives one line without a final period. */
enum gw_code gw_fail(struct gw_error *err, enum gw_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a failed system call: appends ": " and the text of errno_value. */
enum gw_code gw_fail_sys(struct gw_error *err, enum gw_code code, int errno_value, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));

/* Puts "context: " in front of the text of a filled error. */
void gw_error_context(struct gw_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Empties err. */
void gw_error_clear(struct gw_error *err);

/* A stable one-word name for logs and JSON, such as "network".  Static storage. */
const char *gw_code_name(enum gw_code code);
/* The code of that name; GW_ERR_BUG for one that is not known. */
enum gw_code gw_code_named(const char *name);
