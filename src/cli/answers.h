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

/* NULL: it was not answered. */
const char *answer_of(const struct answers *a, const char *key);
/* Was it given with --set? */
bool answer_is_given(const struct answers *a, const char *key);
/* In its old place, if there is one.  GW_ERR_CONFIG: too long, or too many. */
enum gw_code answer_set(
	struct answers *a, const char *key, const char *value, struct gw_error *err);

/* Asks for what has no answer yet; usual NULL: there is none.  Without a terminal the usual one is
 * taken.  GW_ERR_CONFIG: there is none; GW_ERR_CANCELLED: the input ended. */
enum gw_code answer_need(struct answers *a, const char *key, const char *question,
	const char *usual, struct gw_error *err);
/* Once more, with the present answer as the usual one.  *same: it stays. */
enum gw_code answer_again(
	struct answers *a, const char *key, const char *question, bool *same, struct gw_error *err);

/* Lines "key = value" of an account's section. */
enum gw_code answers_put(const struct answers *a, struct gw_buf *out);
