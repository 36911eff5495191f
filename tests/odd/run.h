/* SPDX-License-Identifier: ISC */
/* tests/odd/run.h - one case being run: steps.c carries its lines out, judge.c looks at both sides.
 */
#pragma once

#include "script.h"
#include "serve.h"
#include "tree.h"

/* That a letter stands in a mailbox, by what the case did. */
struct want {
	struct letter *letter;
	char *box;
	unsigned copies;
	bool there, here;         /* on which sides it has to be in the end */
	bool was_there, was_here; /* where it was seen: it may not be lost from there */
	struct want *next;
};

struct alias {
	char *box, *dir;
	struct alias *next;
};

struct run {
	const struct script *script;
	const char *godwit;
	char *dir;  /* of this case, owned */
	char *root; /* of the Maildir */
	struct server server;
	struct want *wants;
	struct alias *aliases; /* mailboxes whose directory is called otherwise */
	struct text config;    /* lines of the account's block */
	struct text disk;      /* what the disk refuses, as tools/odddisk.c has it */
	char *user;
	struct mailbox *saved; /* as "there save" found it */
	bool caps_set, odd_in_the_end, no_end, may_double, may_lose, may_differ;
	unsigned max_commands, max_logins;
	unsigned max_memory, max_disk; /* MB; max_disk 0: not looked at */
	int end_status;

	/* The last run of the program. */
	int status;
	bool of_all;            /* it was not told which mailboxes */
	long memory_kb;         /* that it had at most */
	struct text output;     /* stdout, then stderr */
	struct text odd_output; /* of all runs while something was odd */
	char *stamps_before;    /* of the tree, when it began */

	unsigned line;     /* of the case file, where we are */
	struct text wrong; /* why the case failed; empty: it did not */
	unsigned wrong_count;
	bool is_unclear; /* it is the case that is wrong: also if it is known-red */
};

/* Notes that the case fails. */
void wrong(struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Notes that the case says something that cannot be done. */
void unclear(struct run *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- steps.c --- */
void run_case(struct run *r); /* script, godwit and dir are set */

/* --- program.c --- */
/* Runs the program and serves it until it ends; term_ms > 0: it is told to end after that. expected
 * < 0: any status will do. */
void run_program(struct run *r, char **args, size_t count, int expected, unsigned term_ms);

/* --- judge.c --- */
const char *dir_of(const struct run *r, const char *box);
struct want *want_of(struct run *r, const struct letter *letter, const char *box, bool make);
void judge_run(struct run *r);   /* nothing lost, doubled or short */
bool was_quiet(struct run *r);   /* the last run changed nothing */
void judge_quiet(struct run *r); /* the last run changed nothing */
void judge_end(struct run *r);   /* both sides hold what they should */
