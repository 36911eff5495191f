/* SPDX-License-Identifier: ISC */
/* tests/gmail/session.h - what the parts of gmaild share. */
#pragma once

#include "serve.h"
#include "store.h"

#include <uv.h>
#include <zlib.h>

struct text {
	char *p;
	size_t n, cap;
};

struct session {
	uv_tcp_t tcp;
	struct session *next;
	struct text in; /* a command, literals included, as far as it came */
	size_t scanned; /* up to where lines were looked at for literals */
	size_t literal; /* bytes of one that are still to come */
	struct text out;
	char tag[40];
	bool signed_in, condstore, idling, closing;
	char challenge[20]; /* AUTHENTICATE waits for an answer: the mechanism */
	struct box *box;    /* selected */
	uint32_t *uids;     /* owned; by sequence number */
	size_t uid_count;
	z_stream *inflate, *deflate; /* owned; once COMPRESS was asked for */
	bool compress_next;          /* behind the answer that goes out now */
	uint64_t seen_modseq;
	uv_timer_t deaf; /* until it ends, what comes is dropped */
	bool is_deaf;
	int handles;                    /* that are open */
	long bodies;                    /* sent in this session */
	uint64_t asked_at, answered_at; /* the present command, the one before; ms */
};

extern struct store store;
extern struct session *sessions;
extern uint64_t body_bytes, answers, slow_answers, commands;
extern char last_id[300];

/* gmaild.c */
void flush_out(struct session *s);

/* signin.c */
void put_caps(struct session *s);
void do_authenticate(struct session *s, char *p);
void do_login(struct session *s, char *p);
/* The answer to a mechanism's challenge. */
void take_answer(struct session *s, const char *mechanism, const char *base64);
/* What comes before AUTHENTICATE is answered gets a BAD, and is not just lost. */
bool refuses_early(void);

/* wire.c: output, arguments */
void put_bytes(struct text *t, const void *p, size_t n);
void put(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void done(struct session *s, const char *status, const char *text);
void put_flags(struct text *t, uint32_t flags, bool deleted);
void put_name(struct text *t, const char *name);
void skip_space(char **p);
bool word(char **p, char *out, size_t size);
bool in_set(const char *set, uint32_t uid, uint32_t last);
uint32_t flags_in(char **p);

bool has_word(const char *name, const char *word);
bool hidden(const struct box *b);

/* later.c */
void later_add(long commands, const char *text, size_t n);
void later_drop(void);
void later_now(struct session *s);
void later_command(struct session *s);

/* messages.c */
void tell_changes(struct session *s);
void do_fetch(struct session *s, char *p);
void do_search(struct session *s, char *p);
void do_store(struct session *s, char *p);
void do_expunge(struct session *s, const char *set);
void do_copy(struct session *s, char *p, bool move);
void do_append(struct session *s, char *p);
void do_web(struct session *s, char *p);
size_t first_shown(const struct box *b);
void snapshot(struct session *s);
