/* SPDX-License-Identifier: ISC */
/* cli/main.c - arguments, exit statuses. */
#include "cli/amount.h"
#include "cli/cli.h"
#include "cli/errors.h"
#include "cli/help.h"
#include "cli/option_use.h"
#include "cli/sandbox.h"
#include "cli/say.h"
#include "cli/systemd.h"

#include "base/sanitized.h"
#include "base/text.h"
#include "version.h"

#include <getopt.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#ifdef __linux__
#include <malloc.h>
#include <sys/prctl.h>
#endif

static void log_line(void *ctx, enum gw_log_level level, const char *text)
{
	static const char *const names[] = { "error", "warning", "info", "debug", "wire" };

	(void)ctx;
	say(stderr, "%sgodwit: %s: %s\n", systemd_priority(level), names[level], text);
}

enum { DEADLINE_MAX_S = 366 * 86400 };

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "dry-run", no_argument, NULL, 'n' },
	{ "full", no_argument, NULL, OPT_FULL },
	{ "now", no_argument, NULL, OPT_NOW },
	{ "accept-deletions", no_argument, NULL, OPT_ACCEPT },
	{ "restore-deletions", no_argument, NULL, OPT_RESTORE },
	{ "accept-uploads", no_argument, NULL, OPT_ACCEPT_UPLOADS },
	{ "deadline", required_argument, NULL, OPT_DEADLINE },
	{ "same-account", no_argument, NULL, OPT_SAME_ACCOUNT },
	{ "bodies", no_argument, NULL, OPT_BODIES },
	{ "repair", no_argument, NULL, OPT_REPAIR },
	{ "all", no_argument, NULL, OPT_ALL },
	{ "device", no_argument, NULL, OPT_DEVICE },
	{ "no-browser", no_argument, NULL, OPT_NO_BROWSER },
	{ "set", required_argument, NULL, OPT_SET },
	{ "follow", no_argument, NULL, OPT_FOLLOW },
	{ "background", no_argument, NULL, OPT_BACKGROUND },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static bool read_deadline(const char *text, struct options *o)
{
	unsigned long long seconds;

	if (amount_read(text, AMOUNT_SECONDS, &seconds) && seconds > 0 &&
		seconds <= DEADLINE_MAX_S) {
		o->deadline_s = seconds;
		return true;
	}
	say(stderr, "godwit: --deadline=%s: it takes %s, at most a year\n", text,
		amount_words(AMOUNT_SECONDS));
	return false;
}

/* Of an option that has one.  false: it is wrong, which was said. */
static bool take_value(int c, struct options *o)
{
	if (c == OPT_DEADLINE)
		return read_deadline(optarg, o);
	if (c == 'c' ? *optarg == '\0' : o->set_count == sizeof o->sets / sizeof *o->sets) {
		say(stderr, "godwit: %s", c == 'c' ? "-c names no file" : "too many --set");
		return false;
	}
	if (c == 'c')
		o->config_path = optarg;
	else
		o->sets[o->set_count++] = optarg;
	return true;
}

/* Returns -1 to go on, or an exit status. */
static int parse_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "c:nqvh", long_options, NULL)) != -1) {
		o->given |= option_use_bit(c);
		switch (c) {
		case 'c':
		case OPT_DEADLINE:
		case OPT_SET:
			if (!take_value(c, o))
				return EX_USAGE;
			break;
		case 'n':
			o->dry_run = true;
			break;
		case OPT_FULL:
			o->full = true;
			break;
		case OPT_NOW:
			o->now = true;
			break;
		case OPT_ACCEPT:
			o->accept_deletions = true;
			break;
		case OPT_RESTORE:
			o->restore_deletions = true;
			break;
		case OPT_ACCEPT_UPLOADS:
			o->accept_uploads = true;
			break;
		case OPT_SAME_ACCOUNT:
			o->same_account = true;
			break;
		case OPT_BODIES:
			o->bodies = true;
			break;
		case OPT_REPAIR:
			o->repair = true;
			break;
		case OPT_ALL:
			o->all = true;
			break;
		case OPT_DEVICE:
			o->device = true;
			break;
		case OPT_NO_BROWSER:
			o->no_browser = true;
			break;
		case OPT_BACKGROUND:
			o->background = true;
			break;
		case OPT_FOLLOW:
			o->follow = true;
			break;
		case 'q':
			o->quiet = true;
			break;
		case 'v':
			o->verbose++;
			break;
		case OPT_JSON:
			o->json = true;
			break;
		case 'h':
			o->help = true;
			break;
		case OPT_VERSION:
			puts("godwit " GODWIT_VERSION);
			return 0;
		default:
			fputs("Try `godwit --help`.\n", stderr);
			return EX_USAGE;
		}
	}
	if (o->accept_deletions && o->restore_deletions) {
		fputs("godwit: --accept-deletions and --restore-deletions exclude each other\n",
			stderr);
		return EX_USAGE;
	}
	o->args = argv + optind;
	o->arg_count = argc - optind;
	return -1;
}

enum command {
	CMD_SYNC,
	CMD_WATCH,
	CMD_STATUS,
	CMD_INIT,
	CMD_IMPORT,
	CMD_AUTH,
	CMD_DOCTOR,
	CMD_PAUSE,
	CMD_RESUME,
	CMD_VERIFY,
	CMD_RESTORE,
	CMD_OUTBOX,
	CMD_WHY,
	CMD_FOLDERS,
	CMD_COMPLETE,
	COMMANDS
};

static const char *const commands[COMMANDS] = { "sync", "watch", "status", "init", "import", "auth",
	"doctor", "pause", "resume", "verify", "restore", "outbox", "why", "folders", "complete" };

static enum command find_command(const char *word)
{
	int i = 0;

	while (i < COMMANDS && strcmp(commands[i], word) != 0)
		i++;
	return (enum command)i;
}

/* What other programs call it; NULL: nothing of ours. */
static const char *called_otherwise(const char *word)
{
	static const struct {
		const char *theirs, *ours;
	} words[] = { { "version", "--version" }, { "login", "auth" }, { "check", "doctor" },
		{ "list", "folders" }, { "mailboxes", "folders" }, { "log", "why" },
		{ "idle", "watch" }, { "daemon", "watch" }, { "pull", "sync" }, { "push", "sync" },
		{ "fetch", "sync" }, { "send", "outbox send" }, { "queue", "outbox" },
		{ "setup", "init" }, { "config", "init" }, { "undelete", "restore" } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(words[i].theirs, word) == 0)
			return words[i].ours;
	}
	return NULL;
}

/* Misspelled: of few letters hardly any may differ, or each is like any other. */
static const char *meant_command(const char *word)
{
	size_t length = strlen(word);
	unsigned best_distance = length < 4 ? 2 : length < 6 ? 3 : 4;
	const char *best = NULL;

	for (size_t i = 0; i < COMMANDS; i++) {
		unsigned d = gw_edit_distance(commands[i], word);

		if (d < best_distance) {
			best = commands[i];
			best_distance = d;
		}
	}
	return best;
}

static int unknown_command(const char *word)
{
	const char *best = called_otherwise(word);

	if (best == NULL)
		best = meant_command(word);
	if (best != NULL)
		say(stderr, "godwit: there is no command \"%s\"; did you mean \"%s\"?\n", word,
			best);
	else
		say(stderr, "godwit: there is no command \"%s\"; try `godwit --help`\n", word);
	return EX_USAGE;
}

/* "help COMMAND" or "COMMAND --help"; "help" alone: all of it. */
static int help(const struct options *o)
{
	bool word = strcmp(o->args[0], "help") == 0;
	const char *about = word && o->arg_count > 1 ? o->args[1] : word ? NULL : o->args[0];

	if (about == NULL || strcmp(about, "help") == 0) {
		fputs(help_usage, stdout);
		return 0;
	}
	return help_print(about) ? 0 : unknown_command(about);
}

static int run(
	enum command command, struct options *o, struct config *config, const struct gw_log *log)
{
	switch (command) {
	case CMD_SYNC:
		return cmd_sync(o, config, log);
	case CMD_WATCH:
		return cmd_watch(o, config, log);
	case CMD_VERIFY:
		o->verify = true;
		return cmd_sync(o, config, log);
	case CMD_STATUS:
		return cmd_status(o, config);
	case CMD_INIT: /* main() */
	case CMD_IMPORT:
	case CMD_COMPLETE:
		break;
	case CMD_AUTH:
		return cmd_auth(o, config, log);
	case CMD_DOCTOR:
		return cmd_doctor(o, config, log);
	case CMD_PAUSE:
		return cmd_pause(o, config, true);
	case CMD_RESUME:
		return cmd_pause(o, config, false);
	case CMD_RESTORE:
		return cmd_restore(o, config, log);
	case CMD_WHY:
		return cmd_why(o, config, log);
	case CMD_FOLDERS:
		return cmd_folders(o, config, log);
	case CMD_OUTBOX:
		return cmd_outbox(o, config, log);
	case COMMANDS:
		break;
	}
	return EX_SOFTWARE;
}

/* Talks the command to a server?  A watcher is confined by its keeper (keeper.h). */
static bool is_confined(enum command command, const struct options *o)
{
	return command == CMD_SYNC || command == CMD_VERIFY || command == CMD_RESTORE ||
	       command == CMD_FOLDERS ||
	       (command == CMD_OUTBOX && o->arg_count > 0 && strcmp(o->args[0], "send") == 0);
}

static int run_confined(
	enum command command, struct options *o, struct config *config, const struct gw_log *log)
{
	bool makes = (command == CMD_SYNC && !o->dry_run) || command == CMD_RESTORE;
	struct sandbox s;
	struct gw_error err = { 0 };
	int status;

	if (!is_confined(command, o) || !sandbox_is_possible(config))
		return run(command, o, config, log);
	if (sandbox_begin(&s, o, config, makes ? SANDBOX_SYNC : SANDBOX_LOOK, log, &err) == GW_OK) {
		status = run(command, o, config, log);
	} else {
		complain(NULL, NULL, &err);
		status = exit_status(&err);
	}
	sandbox_end(&s);
	return status;
}

#ifdef __linux__
/* Tokens pass through JSON. */
static void free_wiped(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}
#endif

/* Descriptors for a whole batch, no core with secrets in it, files for the owner alone, signals as usual.
 * Linux passes over a core limit of 0 where core_pattern names a program, and gives it nothing where it is 1
 * (core(5)). */
static void set_limits(void)
{
	struct rlimit files, core = { 1, 1 };
	sigset_t none;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max < 8192 ? files.rlim_max : 8192;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	setrlimit(RLIMIT_CORE, &core);
#ifdef __linux__
	if (!GW_SANITIZED) /* nobody looks into this process, not even another of the same user */
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	json_set_alloc_funcs(malloc, free_wiped);
#endif
	umask(077);
	/* mutt starts its sendmail with SIGCHLD blocked: no end of a password command would ever be seen. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* it is EFBIG, and told like any other failure of the disk */
	setenv("UV_THREADPOOL_SIZE", "4", 0);
}

/* `godwit [-c FILE] sendmail ...`, or the name of a link: its options are not ours.  0: neither. */
static int sendmail_at(int argc, char **argv, const char **config_path)
{
	const char *slash = strrchr(argv[0], '/'), *name = slash != NULL ? slash + 1 : argv[0];
	int at = 1;

	if (strcmp(name, "sendmail") == 0 || strcmp(name, "mailq") == 0)
		return -1;
	if (at + 1 < argc && (strcmp(argv[at], "-c") == 0 || strcmp(argv[at], "--config") == 0)) {
		*config_path = argv[at + 1];
		at += 2;
	} else if (at < argc && strncmp(argv[at], "--config=", 9) == 0) {
		*config_path = argv[at++] + 9;
	}
	return at < argc && strcmp(argv[at], "sendmail") == 0 ? at : 0;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	struct gw_log log = { .sink = log_line };
	struct config config;
	struct gw_error err = { 0 };
	enum command command;
	const char *config_path = NULL;
	int at = sendmail_at(argc, argv, &config_path), status;

	if (at != 0) {
		set_limits();
		at = at < 0 ? 0 : at;
		return cmd_sendmail(config_path, argc - at, argv + at);
	}
	status = parse_options(argc, argv, &o);
	if (status >= 0)
		return status;
	if (o.arg_count == 0) {
		fputs(help_usage, o.help ? stdout : stderr);
		return o.help ? 0 : EX_USAGE;
	}
	if (o.help || strcmp(o.args[0], "help") == 0)
		return help(&o);
	command = find_command(o.args[0]);
	if (command == COMMANDS)
		return unknown_command(o.args[0]);
	if (!option_use_check(o.given, commands[command]))
		return EX_USAGE;
	o.args++;
	o.arg_count--;
	log.level = GW_LOG_WARN + o.verbose > GW_LOG_WIRE
			    ? GW_LOG_WIRE
			    : (enum gw_log_level)(GW_LOG_WARN + o.verbose);
	set_limits();
	if (command == CMD_INIT) /* there is no configuration yet */
		return cmd_init(&o, &log);
	if (command == CMD_COMPLETE)
		return cmd_complete(&o);
	if (command == CMD_IMPORT)
		return cmd_import(&o, &log);
	if (config_read(o.config_path, &config, &err) != GW_OK) {
		complain(NULL, NULL, &err);
		return exit_status(&err);
	}
	status = run_confined(command, &o, &config, &log);
	config_free(&config);
	return status;
}
