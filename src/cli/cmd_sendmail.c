/* SPDX-License-Identifier: ISC */
/* cli/cmd_sendmail.c - `godwit sendmail`, also under the names sendmail and mailq: takes a mail from
 * stdin as others' sendmail commands do, and queues it.
 *
 * Exit 0: it is on disk.  Anything else: nothing was queued.
 */
#include "cli/cli.h"
#include "cli/itself.h"
#include "cli/sandbox.h"

#include "godwit/outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

struct arguments {
	struct gw_submission s;
	const char *config_path;
	const char *request_id; /* -qIID */
	enum { SUBMIT, LIST, FLUSH } what;
	enum { AS_CONFIGURED, IN_BACKGROUND, WAIT, QUEUE_ONLY } delivery;
	bool verbose;
	const char **recipients; /* owned */
};

/* Options that take a value, glued or as the next word, and have no effect here; -A, -B and -X, too.
 * -o, -d and -b hold theirs. */
static const char without_effect[] = "BhLpXOAC";
static const char flags_without_effect[] = "GUmnx";

static int usage_error(const char *what, const char *arg)
{
	fprintf(stderr, "godwit sendmail: %s%s; see godwit-sendmail in godwit(1)\n", what, arg);
	return EX_USAGE;
}

/* -bX.  -1: go on. */
static int read_mode(struct arguments *a, const char *mode)
{
	if (strcmp(mode, "m") == 0 || strcmp(mode, "i") == 0)
		return -1;
	if (strcmp(mode, "p") == 0) {
		a->what = LIST;
		return -1;
	}
	return usage_error("this is no mail server: it does not do -b", mode);
}

static int read_o(struct arguments *a, const char *value)
{
	if (value[0] == 'd' && value[1] == 'b')
		a->delivery = IN_BACKGROUND;
	else if (value[0] == 'd' && value[1] == 'i')
		a->delivery = WAIT;
	else if (value[0] == 'd' && (value[1] == 'q' || value[1] == 'd'))
		a->delivery = QUEUE_ONLY;
	return -1; /* -oi, -oem and all the others */
}

static int read_q(struct arguments *a, const char *value)
{
	a->what = FLUSH;
	if (value[0] == 'I')
		a->request_id = value + 1;
	return -1;
}

/* -r and -f name the sender, and so on.  -1: go on. */
static int take_value(struct arguments *a, char letter, const char *value)
{
	switch (letter) {
	case 'f':
	case 'r':
		a->s.sender = value;
		break;
	case 'F':
		a->s.full_name = value;
		break;
	case 'N':
		a->s.notify = value;
		break;
	case 'R':
		if (strcasecmp(value, "full") != 0 && strcasecmp(value, "hdrs") != 0)
			return usage_error("-R is full or hdrs, not ", value);
		a->s.ret = value;
		break;
	case 'V':
		a->s.envid = value;
		break;
	case 'a':
		a->s.account = value;
		break;
	case 'o':
		return read_o(a, value);
	case 'c':
		a->config_path = value;
		break;
	}
	return -1;
}

/* Reads one word that begins with "-".  Returns -1 to go on. */
static int read_option(struct arguments *a, char **argv, int argc, int *at)
{
	const char *p = argv[*at] + 1;

	for (; *p != '\0'; p++) {
		bool valued = strchr("fFrNRVaoc", *p) != NULL || strchr(without_effect, *p) != NULL;

		if (*p == 't')
			a->s.from_header = true;
		else if (*p == 'v')
			a->verbose = true;
		else if (*p == 'i' || strchr(flags_without_effect, *p) != NULL)
			continue;
		else if (*p == 'b')
			return read_mode(a, p + 1);
		else if (*p == 'q')
			return read_q(a, p + 1);
		else if (*p == 'e')
			return -1; /* -em and the like */
		else if (valued && p[1] != '\0')
			return take_value(a, *p, p + 1);
		else if (valued && *at + 1 < argc)
			return take_value(a, *p, argv[++*at]);
		else if (valued)
			return usage_error("a value is missing behind ", argv[*at]);
		else
			return usage_error("there is no option ", argv[*at]);
	}
	return -1;
}

static int read_arguments(struct arguments *a, int argc, char **argv)
{
	bool options = true;
	int status = -1;

	a->recipients = calloc((size_t)argc + 1, sizeof *a->recipients);
	if (a->recipients == NULL)
		return EX_TEMPFAIL;
	for (int i = 1; i < argc && status < 0; i++) {
		if (options && strcmp(argv[i], "--") == 0)
			options = false;
		else if (options && argv[i][0] == '-' && argv[i][1] != '\0')
			status = read_option(a, argv, argc, &i);
		else
			a->recipients[a->s.recipient_count++] = argv[i];
	}
	a->s.recipients = a->recipients;
	return status;
}

static int status_of(const struct gw_error *err)
{
	switch (err->code) {
	case GW_ERR_REFUSED:
		return EX_DATAERR;
	case GW_ERR_DISK:
		return err->sys == ENOSPC || err->sys == EDQUOT ? EX_TEMPFAIL : EX_IOERR;
	case GW_ERR_NOMEM:
		return EX_TEMPFAIL;
	case GW_OK:
	case GW_ERR_NET:
	case GW_ERR_TIMEOUT:
	case GW_ERR_TLS:
	case GW_ERR_SECURITY:
	case GW_ERR_PROTOCOL:
	case GW_ERR_LIMIT:
	case GW_ERR_AUTH:
	case GW_ERR_SECRET:
	case GW_ERR_BYE:
	case GW_ERR_BUSY:
	case GW_ERR_CONFIG:
	case GW_ERR_STATE:
	case GW_ERR_CORRUPT:
	case GW_ERR_LOCKED:
	case GW_ERR_HELD:
	case GW_ERR_CANCELLED:
	case GW_ERR_BUG:
		break;
	}
	return exit_status(err);
}

/* A process of its own, in a session of its own, that holds nothing of ours. */
static void start_sender(const char *config_path, const char *account)
{
	char *argv[] = { (char *)(uintptr_t) "godwit", (char *)(uintptr_t) "-c",
		(char *)(uintptr_t)config_path, (char *)(uintptr_t) "--background",
		(char *)(uintptr_t) "outbox", (char *)(uintptr_t) "send",
		(char *)(uintptr_t)account, NULL };
	char **from = argv;
	int null;

	if (config_path == NULL) {
		from = argv + 2;
		from[0] = argv[0];
	}
	if (fork() != 0)
		return;
	setsid();
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd <= 2 && null >= 0; fd++)
		dup2(null, fd);
	for (int fd = 3; fd < 256; fd++)
		close(fd);
	if (chdir("/") == 0)
		itself_run(from);
	_exit(EX_OSERR);
}

/* What becomes of it is told; that it is queued stays true. */
static void send_now(
	const struct options *o, struct config *config, const struct gw_submitted *done)
{
	const struct gw_log log = { .level = GW_LOG_WARN };
	struct gw_error err = { 0 };
	struct sandbox s = { .server = -1 };

	if (!sandbox_is_possible(config) ||
		sandbox_begin(&s, o, config, SANDBOX_LOOK, &log, &err) == GW_OK)
		outbox_send_one(o, config, done->account, done->id);
	else
		complain(NULL, NULL, &err);
	sandbox_end(&s);
}

static int submit(struct arguments *a, struct config *config, char *config_path)
{
	struct gw_submitted done;
	struct gw_error err = { 0 };
	enum gw_send_mode mode;

	a->s.fd = STDIN_FILENO;
	if (gw_outbox_submit(config->accounts, config->count, &a->s, &done, &err) != GW_OK) {
		fprintf(stderr, "godwit sendmail: %s; nothing was queued\n", err.text);
		return status_of(&err);
	}
	if (done.note[0] != '\0')
		fprintf(stderr, "godwit sendmail: note: %s\n", done.note);
	if (a->verbose)
		fprintf(stderr, "godwit sendmail: queued as %s, by account \"%s\"\n", done.id,
			done.account->name);
	mode = a->delivery == IN_BACKGROUND ? GW_SEND_AT_ONCE
	       : a->delivery == QUEUE_ONLY  ? GW_SEND_MANUAL
					    : done.account->smtp.send;
	if (a->delivery == WAIT) {
		struct options o = { .config_path = config_path, .quiet = true };

		send_now(&o, config, &done);
	} else if (mode == GW_SEND_AT_ONCE) {
		start_sender(config_path, done.account->name);
	}
	return 0;
}

int cmd_sendmail(const char *config_path, int argc, char **argv)
{
	struct arguments a = { .config_path = config_path };
	const char *slash = strrchr(argv[0], '/'), *name = slash != NULL ? slash + 1 : argv[0];
	struct config config = { 0 };
	struct gw_error err = { 0 };
	char *path = NULL;
	int status = read_arguments(&a, argc, argv);

	if (strcmp(name, "mailq") == 0)
		a.what = LIST;
	if (status < 0 && config_read(a.config_path, &config, &err) != GW_OK) {
		fprintf(stderr, "godwit sendmail: %s; nothing was queued\n", err.text);
		status = EX_CONFIG;
	}
	path = a.config_path == NULL ? NULL : realpath(a.config_path, NULL);
	if (status < 0) {
		char *list[] = { (char *)(uintptr_t) "list", NULL };
		char *send[] = { (char *)(uintptr_t) "send", (char *)(uintptr_t)a.request_id,
			NULL };
		struct options o = { .config_path = path, .args = list, .arg_count = 1 };
		const struct gw_log log = { .level = GW_LOG_WARN };

		if (a.what == FLUSH) {
			o.args = send;
			o.arg_count = a.request_id != NULL ? 2 : 1;
		}
		status = a.what == SUBMIT ? submit(&a, &config, path)
					  : cmd_outbox(&o, &config, &log);
	}
	config_free(&config);
	free(a.recipients);
	free(path);
	return status;
}
