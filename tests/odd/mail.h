/* SPDX-License-Identifier: ISC */
/* tests/odd/mail.h - what the server holds, and the letters that a case knows. */
#pragma once

#include "text.h"

enum {
	SEEN = 1,
	ANSWERED = 2,
	FLAGGED = 4,
	DRAFT = 8,
	DELETED = 16,
	SYSTEM_FLAGS = 5, /* so many bits; keywords follow */
	KEYWORDS_MAX = 48
};

/* One content of a letter, with CR LF; never freed. */
struct version {
	char *p;
	size_t n;
	uint64_t print; /* of the content with LF */
	struct letter *letter;
	bool altered; /* by the server, as it stored it */
	struct version *next;
};

/* What a person would call one message.  Never freed. */
struct letter {
	char *name; /* "INBOX:7" */
	const char *home;
	unsigned number;
	unsigned rewritten;
	struct version *current;
	struct letter *next;
};

struct message {
	uint32_t uid;
	uint64_t flags, modseq;
	int64_t date;
	struct version *version;
};

struct gone {
	uint32_t uid;
	uint64_t modseq;
};

struct mailbox {
	char *name;   /* as on the wire; owned */
	char use[32]; /* "\Sent", or "" */
	bool noselect, unsubscribed, readonly;
	uint32_t uidvalidity, uidnext;
	uint64_t modseq;
	unsigned view;            /* 0, or how many of the newest it shows */
	struct message *messages; /* by UID */
	size_t count, cap;
	struct gone *gone;
	size_t gone_count;
	struct mailbox *next;
};

struct mail {
	struct mailbox *boxes;
	char delimiter;
	char *keywords[KEYWORDS_MAX];
	size_t keyword_count;
	uint32_t uidvalidity; /* of the next mailbox */
	struct letter *letters;
	struct version *versions;
	bool uidnext_follows; /* UIDNEXT is the highest UID + 1, whatever was deleted */
};

/* --- letters --- */
struct letter *mail_letter(struct mail *m, const char *home); /* the next one, without content */
struct letter *mail_find_letter(struct mail *m, const char *home, unsigned number);
/* Content for a letter, taken over if it is known already.  LF or CR LF. */
struct version *mail_version(struct mail *m, struct letter *letter, const char *p, size_t n);
/* Whose content that is, line ends aside; NULL: nobody's. */
struct version *mail_identify(struct mail *m, const char *p, size_t n);
/* A made-up message of about size bytes. */
struct text mail_compose(const struct letter *letter, size_t size);

/* --- mailboxes --- */
struct mailbox *mail_box(struct mail *m, const char *name); /* NULL: there is none */
struct mailbox *mail_create(struct mail *m, const char *name);
void mail_remove(struct mail *m, struct mailbox *box);
struct mailbox *mail_copy(const struct mailbox *box);
size_t mail_first(const struct mailbox *box); /* index of the first that it shows */
uint32_t mail_uidnext(const struct mail *m, const struct mailbox *box);
struct message *mail_store(struct mailbox *box, struct version *v, uint64_t flags, int64_t date);
struct message *mail_message(struct mailbox *box, uint32_t uid);
void mail_expunge(struct mailbox *box, struct message *message);
void mail_flag(struct mailbox *box, struct message *message, uint64_t flags);

/* --- flags --- */
uint64_t mail_flag_bit(struct mail *m, const char *name, bool make); /* 0: unknown */
void mail_put_flags(struct text *t, const struct mail *m, uint64_t flags);
