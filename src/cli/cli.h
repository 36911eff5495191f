/* SPDX-License-Identifier: ISC */
/* cli/cli.h - what the commands share. */
#pragma once

#include "cli/config.h"
#include "cli/errors.h"
#include "godwit/log.h"

struct options {
	const char *config_path; /* NULL: the usual place */
	bool quiet, json, dry_run, full, now, accept_deletions, restore_deletions;
	bool accept_uploads, same_account;
	bool help;
	bool all;                    /* restore */
	bool follow;                 /* status */
	bool no_browser, device;     /* auth */
	bool background;             /* outbox send: nobody looks */
	bool verify, bodies, repair; /* verify */
	uint64_t deadline_s;         /* sync: the time allowed; 0: no limit */
	unsigned verbose;
	unsigned given;       /* options, see option_use.h */
	const char *sets[32]; /* init: KEY=VALUE */
	size_t set_count;
	char **args; /* behind the command */
	int arg_count;
};

/* True if the arguments, names of accounts, include this one.  No arguments: all. */
bool account_is_chosen(const struct options *o, const struct gw_account *account);
/* Calls one() for each account named by the arguments, and returns the worst exit status.
 * Complains of unknown names.  senders: include accounts that only send. */
int accounts_each(const struct options *o, const struct config *config, bool senders,
	int (*one)(void *ctx, size_t account), void *ctx);
/* GW_ERR_CONFIG: an argument is no account's name, or one's that only sends. */
enum gw_code accounts_check(
	const struct options *o, const struct config *config, struct gw_error *err);
/* Names the accounts that there are. */
enum gw_code accounts_unknown(
	const struct config *config, const char *name, size_t length, struct gw_error *err);
/* Checks the names for commands that accept accounts that only send, too. */
enum gw_code accounts_check_all(
	const struct options *o, const struct config *config, struct gw_error *err);

int cmd_sync(const struct options *o, const struct config *config, const struct gw_log *log);
/* Takes config over. */
int cmd_watch(const struct options *o, struct config *config, const struct gw_log *log);
int cmd_restore(const struct options *o, const struct config *config, const struct gw_log *log);
/* Restores mail of a POP3 account from its server. */
int restore_pop3(const struct options *o, const struct gw_account *account, char *const *ids,
	int id_count, const struct gw_log *log);
/* A person's part of signing an account in.  GW_ERR_CANCELLED: Ctrl-C; it may have been too late,
 * and the tokens be kept. */
enum gw_code auth_person(const struct options *o, const struct gw_account *account,
	const struct gw_log *log, struct gw_error *err);
/* Deletes what a sign-in left; reports failures. */
void auth_forget(const struct gw_account *account);
int cmd_auth(const struct options *o, const struct config *config, const struct gw_log *log);
int cmd_doctor(const struct options *o, const struct config *config, const struct gw_log *log);
/* Reads the configuration itself. */
int cmd_init(const struct options *o, const struct gw_log *log);
/* Reads the configuration itself.  The argument: another program's configuration. */
int cmd_import(const struct options *o, const struct gw_log *log);
/* Reads the configuration itself. */
int cmd_complete(const struct options *o);
int cmd_pause(const struct options *o, const struct config *config, bool pause);
int cmd_follow(const struct options *o, const struct config *config);
/* The argument: a file, a Message-ID, or ACCOUNT:FOLDER:UID. */
int cmd_why(const struct options *o, const struct config *config, const struct gw_log *log);
int cmd_outbox(const struct options *o, const struct config *config, const struct gw_log *log);
/* Sends this one mail now, in the foreground; account is one of config's. */
int outbox_send_one(const struct options *o, const struct config *config,
	const struct gw_account *account, const char *id);
/* argv[0]: the name it was called by; options are sendmail's. */
int cmd_sendmail(const char *config_path, int argc, char **argv);
int cmd_folders(const struct options *o, const struct config *config, const struct gw_log *log);
int cmd_status(const struct options *o, const struct config *config);
