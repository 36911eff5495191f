/* SPDX-License-Identifier: ISC */
/* tests/gmail/store.h - an account as Gmail keeps it: messages that exist once, and labels, each of
 * which shows as a mailbox with UIDs of its own.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { KEYWORDS_MAX = 26 };

enum flag { SEEN = 1, ANSWERED = 2, FLAGGED = 4, DRAFT = 8, DELETED = 16, KEYWORD = 32 };

struct message {
	uint64_t msgid, thrid;
	char *bytes; /* owned; CRLF */
	size_t n;
	char *id; /* owned; Message-ID, or "" */
	time_t date;
	uint32_t flags; /* shared by all its mailboxes; keyword k is KEYWORD << k */
	uint64_t modseq;
	size_t places; /* entries that show it */
};

struct entry {
	uint32_t uid;
	bool deleted; /* only where auto-expunge is off */
	struct message *message;
};

struct box {
	char *name;        /* owned; modified UTF-7 */
	const char *attrs; /* static: "\\Trash" ...; "" */
	bool noselect, subscribed;
	uint32_t uidvalidity, uidnext;
	uint32_t serial; /* stands for it whatever it is called */
	uint64_t modseq;
	struct entry *entries; /* owned; by UID */
	size_t count, cap;
};

struct store {
	struct box **boxes; /* owned */
	size_t box_count;
	char *keywords[KEYWORDS_MAX]; /* owned */
	size_t keyword_count;
	uint64_t modseq, next_msgid;
	uint32_t next_uidvalidity;
	bool twice; /* two messages may have one Message-ID */
};

/* localised: the special mailboxes have German names. */
void store_init(struct store *s, bool localised);
struct box *store_box(const struct store *s, const char *name); /* INBOX in any case; or NULL */
struct box *store_special(const struct store *s, const char *attr);
struct box *store_create(struct store *s, const char *name, const char *attrs);
void store_delete_box(struct store *s, struct box *b);
struct entry *box_entry(const struct box *b, uint32_t uid);
struct entry *box_showing(const struct box *b, const struct message *m);

/* A message that is already there by its Message-ID is merged, unless s->twice: it gets the label,
 * and keeps its first bytes, date and flags.  Returns the UID in b. */
uint32_t store_append(
	struct store *s, struct box *b, const char *bytes, size_t n, uint32_t flags, time_t date);
/* Puts a label on; the trash and spam take all others off.  Returns the UID. */
uint32_t store_label(struct store *s, struct box *b, struct message *m);
/* Takes it off; from the trash and spam it goes for good.  In All Mail nothing happens. */
void store_unlabel(struct store *s, struct box *b, struct message *m);
void store_flags(struct store *s, struct message *m, uint32_t flags);
/* count messages, the same each time, with 2.2 labels on average. */
void store_fill(struct store *s, unsigned count);
uint32_t store_keyword(struct store *s, const char *name); /* its bit; 0: there are too many */
