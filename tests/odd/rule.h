/* SPDX-License-Identifier: ISC */
/* tests/odd/rule.h - what is odd about an answer: the lines "odd ..." of a case (see README.md). */
#pragma once

#include "stream.h"

/* One line of an answer, with its literals and its CR LF. */
struct unit {
	struct text text;
	uint32_t uid; /* of a FETCH line, 0: none */
	bool tagged;
};

struct answer {
	struct unit *units;
	size_t count;
	struct stream *stream; /* what comes before it; owned; NULL: nothing */
};

/* What is sent and what happens then. */
enum and_then {
	THEN_GO_ON,
	THEN_CLOSE,
	THEN_HANG /* the connection stays and is silent */
};

/* A command as rules see it. */
struct command {
	const char *kind;    /* listing, bodies, ...: see command_kind */
	const char *line;    /* all of it, without the tag */
	const char *mailbox; /* selected or named; "" if none */
	const char *set;     /* of UIDs that it asks for; "" if none */
	size_t asked;        /* how many messages that are */
	size_t exists;       /* of so many in the selected mailbox */
	const char *whole;   /* with its literals; NULL: they have not come yet */
	size_t whole_length;
};

enum stage {
	BEFORE_LITERAL, /* a command whose literal has not been asked for yet */
	BEFORE,         /* complete, not carried out */
	STORING,        /* a mailbox or message is about to be made: as, stores */
	ANSWERED_STAGE  /* carried out, not yet answered */
};

struct rule;

/* words: what stands behind "odd"; optional: it need not come to pass.  NULL: why is what is wrong with it. */
struct rule *rule_parse(char **words, size_t count, bool optional, char **why);
void rule_free_all(struct rule *rules);
void rule_append(struct rule **rules, struct rule *rule);
bool rule_fired(const struct rule *rules, const char **which); /* false: *which never did */

/* Decides which rules are about a command, and counts it.  again: its literals have come since; only
 * rules that look into them are asked. */
void rules_begin(struct rule *rules, const struct command *c, bool again);

/* Instead of carrying it out: what to send (appended to out, after the tag) and what then.  false:
 * carry it out. */
bool rules_refuse(struct rule *rules, enum stage stage, const char *tag, struct text *out,
	enum and_then *then);

/* Is this flag left out, this message, or this half of a move? */
bool rules_skip(struct rule *rules, const char *what);
bool rules_skip_uid(struct rule *rules, uint32_t uid);

/* What to store instead of p.  false: nothing, and say OK. */
bool rules_store(struct rule *rules, struct text *p);
const char *rules_created_as(struct rule *rules, const char *name);

/* Changes the answer; delay_ms is what to wait for before it goes out. */
enum and_then rules_apply(
	struct rule *rules, struct answer *a, struct text *out, unsigned *delay_ms);

struct unit *answer_add(struct answer *a, size_t at);
void answer_free(struct answer *a);
