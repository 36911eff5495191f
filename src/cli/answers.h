/* SPDX-License-Identifier: ISC */
/* cli/answers.h - what a user answered: keys of an account's section, and their values. */
#pragma once

#include "base/buf.h"
#include "godwit/error.h"

enum { ANSWERS = 40, ANSWER_SIZE = 1000 };

struct answer {
	char key[40];
	char value[ANSWER_SIZE];
	bool given; /* with --set: it is not asked for */
};

struct answers {
	struct answer list[ANSWERS]; /* in the order in which they are written */
	size_t count;
	bool asks; /* there is a terminal */
};

/* Checks, and may normalize, what was typed.  Returns what is wrong with it, static; NULL:
 * nothing. */
typedef const char *answer_check(const void *ctx, char value[static ANSWER_SIZE]);

struct question {
	const char *key, *text;
	const char *usual;   /* the answer if the user presses Enter alone; NULL: none */
	answer_check *check; /* NULL: any answer will do */
	const void *ctx;     /* of check */
};

/* Returns an answer; NULL: not given. */
const char *answer_of(const struct answers *a, const char *key);
/* Stores an answer, replacing an earlier one.  GW_ERR_CONFIG: too long, or too many. */
enum gw_code answer_set(
	struct answers *a, const char *key, const char *value, struct gw_error *err);

/* Removes an answer, unless it came with --set. */
void answer_drop(struct answers *a, const char *key);

/* Asks at the terminal until the answer is a good one; nothing that was mistyped ends it. out: what
 * was answered.  GW_ERR_CANCELLED: the input ended, or Ctrl-C. */
enum gw_code answer_ask(
	const struct question *q, char out[static ANSWER_SIZE], struct gw_error *err);
/* Asks unless there is an answer.  Without a terminal, takes the usual one.  GW_ERR_CONFIG: there
 * is none; GW_ERR_CANCELLED. */
enum gw_code answer_need(struct answers *a, const struct question *q, struct gw_error *err);
/* Asks once more, with the present answer as the usual one, unless it came with --set.  *same: it
 * stays. */
enum gw_code answer_again(
	struct answers *a, const struct question *q, bool *same, struct gw_error *err);

answer_check answer_yes_no;   /* "yes" or "no" */
answer_check answer_auth;     /* "password" or "oauth2" */
answer_check answer_address;  /* somebody@somewhere */
answer_check answer_host;     /* a server, as server_name.h has it */
answer_check answer_patterns; /* names with * and !, and commas between them */

/* "*, !Spam" as a list of the configuration, {"*", "!Spam"}.  GW_ERR_LIMIT. */
enum gw_code answer_pattern_list(const char *line, struct gw_buf *out);

/* Lines "key = value" of an account's section. */
enum gw_code answers_put(const struct answers *a, struct gw_buf *out);
