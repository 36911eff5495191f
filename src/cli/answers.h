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

/* Judges what was typed, and may put it into its usual form.  What is wrong with it, static; NULL:
 * nothing. */
typedef const char *answer_check(const void *ctx, char value[static ANSWER_SIZE]);

struct question {
	const char *key, *text;
	const char *usual;   /* the answer of who presses Enter alone; NULL: there is none */
	answer_check *check; /* NULL: any answer will do */
	const void *ctx;     /* of check */
};

/* NULL: it was not answered. */
const char *answer_of(const struct answers *a, const char *key);
/* In its old place, if there is one.  GW_ERR_CONFIG: too long, or too many. */
enum gw_code answer_set(
	struct answers *a, const char *key, const char *value, struct gw_error *err);

/* As if it had never been answered; what came with --set stays. */
void answer_drop(struct answers *a, const char *key);

/* Asks at the terminal until the answer is a good one; nothing that was mistyped ends it. out: what
 * was answered.  GW_ERR_CANCELLED: the input ended, or Ctrl-C. */
enum gw_code answer_ask(
	const struct question *q, char out[static ANSWER_SIZE], struct gw_error *err);
/* Asks for what has no answer yet.  Without a terminal the usual one is taken.  GW_ERR_CONFIG:
 * there is none; GW_ERR_CANCELLED. */
enum gw_code answer_need(struct answers *a, const struct question *q, struct gw_error *err);
/* Once more, with the present answer as the usual one; not what came with --set.  *same: it stays.
 */
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
