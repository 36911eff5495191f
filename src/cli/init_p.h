/* SPDX-License-Identifier: ISC */
/* cli/init_p.h - what the parts of `godwit init` share: cmd_init.c (the course of it), init_server.c (which
 * servers), init_advice.c (what the domain publishes), init_password.c (where the password comes from), init_look.c (what is there, and what to do next). */
#pragma once

#include "cli/answers.h"
#include "cli/cli.h"
#include "cli/config_file.h"
#include "cli/typed_password.h"
#include "godwit/autoconfig.h"

struct provider;

struct init_box {
	char *name, *dir; /* owned; dir: here */
	char *use;        /* owned; "\\Sent" and the like; NULL */
	bool wanted, counted;
	uint32_t messages;
};

struct init {
	const struct options *options;
	const struct gw_log *log;
	struct config_file file; /* the configuration that is there */
	char address[ANSWER_SIZE];
	const char *domain;              /* in address */
	const struct provider *provider; /* NULL: none of ours */
	struct gw_advice advice;         /* imap.host "": none was published */
	char name[64];
	struct answers answers;
	char *password;         /* output of password_of, which runs only once; owned */
	char *password_of;      /* a command; owned */
	bool kept[STORES];      /* a password was put there, and may be replaced */
	struct init_box *boxes; /* at the server, once it was asked; owned */
	size_t box_count, box_cap;
	bool works;       /* the sign-in does */
	bool signed_in;   /* a person's part is done */
	bool left_tokens; /* and may have left some, which go if nothing is written */
	struct gw_error err;
};

/* NULL: it was not answered. */
const char *init_given(const struct init *in, const char *key);
/* True if mail is fetched over POP3. */
bool init_is_pop3(const struct init *in);
/* Each false: in->err. */
bool init_set(struct init *in, const char *key, const char *value);
bool init_need(struct init *in, struct question q);
bool init_again(struct init *in, struct question q, bool *same);

/* The provider, or the IMAP server.  false: in->err. */
bool init_ask_server(struct init *in);
bool init_ask_server_again(struct init *in, bool *same);
/* Asks the domain, by HTTPS, for in->advice, and says who gave it.  false: in->err, somebody stopped it. */
bool init_take_advice(struct init *in);
/* Asks for the submission server.  A provider of ours has its own; without a terminal, asks
 * nothing. */
bool init_ask_sending(struct init *in);
bool init_ask_sending_again(struct init *in, bool *same);

/* A command that prints the password; one that was typed is put where a command finds it.  false: in->err. */
bool init_ask_password(struct init *in);
/* Asks for the password again, if the account signs in with one. */
bool init_ask_password_again(struct init *in, bool *same);
/* Gives account the password, so that its command runs only once.  false: the command failed, which
 * was reported. */
bool init_know_password(struct init *in, struct gw_account *account);
void init_forget_password(struct init *in);

/* Asks the server for its mailboxes and renews in->boxes; reports failures. */
void init_look(struct init *in, const struct gw_account *account);
/* The names, as patterns see them. */
void init_print_names(const struct init *in);
/* Prints settings for mail readers, and what the first sync would fetch. */
void init_print_next(const struct init *in, const struct gw_account *account);
void init_drop_boxes(struct init *in);
