/* SPDX-License-Identifier: ISC */
/* tests/odd/imap.h - what imap.c, which takes commands, boxes.c and fetch.c share.
 */
#pragma once

#include "serve.h"

enum { TOKENS_MAX = 4096 };

struct token {
	char kind; /* '(' ')' 'w' (a word: atom, quoted string or literal) or 0: the end */
	char *p;   /* a word, ended by NUL */
	size_t n;
};

struct request {
	struct token *t; /* behind the command's own words */
	struct command c;
	bool uid; /* UID FETCH and so on */
};

/* A line of the answer. */
void answer_line(struct conn *c, uint32_t uid, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
struct text *answer_text(struct conn *c, uint32_t uid); /* without its end */
void answer_done(struct conn *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The view of a connection. */
size_t view_find(const struct conn *c, uint32_t uid); /* view_count: it is not there */
bool view_has(const struct conn *c, const struct request *r, const char *set, size_t at);

void put_name(struct text *t, const char *name);

void view_look(struct conn *c);        /* at all that the selected mailbox shows now */
void view_add_changes(struct conn *c); /* likewise, and tells what others did */

/* --- boxes.c --- */
void do_list(struct server *s, struct conn *c, struct request *r);
void do_lsub(struct server *s, struct conn *c, struct request *r);
void do_status(struct server *s, struct conn *c, struct request *r);
void do_select(struct server *s, struct conn *c, struct request *r);
void do_unselect(struct server *s, struct conn *c, struct request *r);
void do_create(struct server *s, struct conn *c, struct request *r);
void do_delete(struct server *s, struct conn *c, struct request *r);
void do_rename(struct server *s, struct conn *c, struct request *r);
void do_subscribe(struct server *s, struct conn *c, struct request *r);
void do_append(struct server *s, struct conn *c, struct request *r);
void do_copy(struct server *s, struct conn *c, struct request *r);
void do_expunge(struct server *s, struct conn *c, struct request *r);

/* --- fetch.c --- */
void do_fetch(struct server *s, struct conn *c, struct request *r);
void do_store(struct server *s, struct conn *c, struct request *r);
void do_search(struct server *s, struct conn *c, struct request *r);
void answer_flags(struct server *s, struct conn *c, const struct message *m, bool uid);
