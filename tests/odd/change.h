/* SPDX-License-Identifier: ISC */
/* tests/odd/change.h - what a case changes on either side, and words of its lines. */
#pragma once

#include "run.h"

struct words {
	char **w;
	size_t n;
};

/* The value of "name=..." among the words, which is taken out; NULL: it is not there. */
char *option(struct words *words, const char *name);
bool flag_word(struct words *words, const char *word); /* likewise, without a value */
bool is_number(const char *s);

/* Calls back for each letter of "INBOX:3-5,8". */
void each_letter(struct run *r, const char *which,
	void (*cb)(struct run *, struct letter *, void *), void *ctx);
struct message *find_there(struct mailbox *b, const struct letter *l);
struct file *find_here(
	struct run *r, const struct tree *t, const struct letter *l, const char *box);

/* The steps of these names; see README.md. */
void step_box(struct run *r, struct words words);
void step_boxes(struct run *r, struct words words);
void step_deliver(struct run *r, struct words words);
void step_account(struct run *r, struct words words);
void step_there(struct run *r, struct words words);
void step_here(struct run *r, struct words words);
void step_want(struct run *r, struct words words);
