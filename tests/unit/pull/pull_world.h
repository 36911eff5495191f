/* SPDX-License-Identifier: ISC */
/* tests/unit/pull/pull_world.h - a POP3 account and a server that fails (pop3d), for whole runs.
 *
 * What must hold after any of them: each message is here once, byte for byte; nothing went on the
 * server that is not here.  Runs may fail; a good one afterwards brings what is missing.
 */
#pragma once

#include "test.h"

#include "godwit/sync.h"
#include "pop3_server.h"

extern struct pop3_server server;
extern struct gw_account account;
extern struct gw_sync_counts counts; /* of the last run */
extern char problem[700];            /* the last that it told of */
extern unsigned problems;
extern unsigned
	news_before_problem; /* messages that were told of as new before the first of them */

/* Of a group of tests. */
int start_server(void **state);
int stop_server(void **state);

/* A maildrop of n messages, and nothing here. */
void fresh(unsigned n);

/* In the server's directory. */
void __attribute__((format(printf, 1, 2))) shell(const char *fmt, ...);
void put_file(const char *name, const char *text);

/* How the server behaves from the next connection on; see pop3d.c. */
void rules(const char *text);

enum gw_code run_with(const struct gw_sync_options *options);
enum gw_code run(void);
void run_well(void); /* with a server that does */

/* Messages in the Maildir; files in a directory of the server's; lines in its log that begin so. */
unsigned count_files(void);
unsigned count_in(const char *sub);
unsigned logged(const char *word);

/* Each file of mail/ or gone/ is here as often as wanted. */
void check(const char *sub, unsigned wanted);

/* Runs of a few hundred octets are cut after each so-many-th. */
unsigned cut_step(void);
