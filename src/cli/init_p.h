/* cli/init_p.h - what the parts of `godwit init` share: cmd_init.c (the course of it), init_server.c (which
 * servers), init_password.c (where the password comes from). */
#pragma once

#include "cli/answers.h"
#include "cli/cli.h"
#include "cli/config_file.h"

struct provider;

struct init {
	const struct options *options;
	const struct gw_log *log;
	struct config_file file; /* the configuration that is there */
	char address[ANSWER_SIZE];
	const char *domain;              /* in address */
	const struct provider *provider; /* NULL: none of ours */
	char name[64];
	struct answers answers;
	bool signed_in;   /* a person's part is done */
	bool left_tokens; /* and may have left some, which go if nothing is written */
	struct gw_error err;
};

/* NULL: it was not answered. */
const char *init_given(const struct init *in, const char *key);
/* Each false: in->err. */
bool init_set(struct init *in, const char *key, const char *value);
bool init_need(struct init *in, struct question q);
bool init_again(struct init *in, struct question q, bool *same);

/* The provider, or the IMAP server.  false: in->err. */
bool init_ask_server(struct init *in);
bool init_ask_server_again(struct init *in, bool *same);
/* Which server takes mail.  A provider of ours has its own; without a terminal nothing is asked. */
bool init_ask_sending(struct init *in);
