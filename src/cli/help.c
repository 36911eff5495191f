/* cli/help.c - see help.h. */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

const char help_usage[] =
	"Usage: godwit [OPTION]... COMMAND [ARGUMENT]...\n"
	"\n"
	"  sync [ACCOUNT[:FOLDER]]...   bring the Maildir in step with the server, once\n"
	"  watch [ACCOUNT]...           keep it in step, until stopped\n"
	"  status [ACCOUNT]...          what is here, and what is held back and why\n"
	"  folders [ACCOUNT]...         each mailbox, its directory, its counts, and why it is here\n"
	"  init [ADDRESS]               set an account up: asks, tries, writes the configuration\n"
	"  import [FILE]                take mbsync's or offlineimap's configuration over\n"
	"  auth ACCOUNT                 sign in with OAuth 2.0\n"
	"  doctor [ACCOUNT]...          what keeps it from working, and what to do\n"
	"  outbox [list|show|send|hold|release|drop|log]  mail that waits to be sent\n"
	"  sendmail [OPTION]... [ADDRESS]...  take a mail from stdin, as sendmail does\n"
	"  pause, resume [ACCOUNT]...   have the watcher wait, and go on\n"
	"  verify [ACCOUNT[:FOLDER]]... compare server, Maildir and state, message by message\n"
	"  why FILE|MESSAGE-ID|ACCOUNT:FOLDER:UID  what was done with a message, and why\n"
	"  restore [ACCOUNT[:FOLDER] [ID]...]  what was deleted here lately, and back again\n"
	"\n"
	"  -c, --config=FILE   another configuration than ~/.config/godwit/config\n"
	"  -n, --dry-run       sync: say what would be done, and do nothing\n"
	"      --full          sync: read everything, whatever was remembered\n"
	"      --now           sync: even if the provider asked for a pause that is not over\n"
	"      --deadline=TIME sync: leave after so long (20m), and say what is still to come\n"
	"      --accept-deletions   sync: carry out deletions that were held back\n"
	"      --restore-deletions  sync: take them back instead\n"
	"      --accept-uploads     sync: send mail that was held back\n"
	"      --same-account       sync: the account has a new user name or host\n"
	"      --bodies        verify: compare contents too (fetches everything)\n"
	"      --repair        verify: forget what does not agree, so that the next sync joins it\n"
	"                      anew; deletes no mail\n"
	"      --set=KEY=VALUE init, import: a key of the account, instead of being asked; also name\n"
	"      --device        auth: with another device, where the provider offers that\n"
	"      --no-browser    auth: only print the address to be opened\n"
	"      --follow        status: what the watchers do, as it happens\n"
	"      --all           restore: everything that would be listed\n"
	"  -q, --quiet         say nothing when all is well\n"
	"  -v, --verbose       say more; -vv, -vvv: more still (the protocol, without secrets)\n"
	"      --json          one JSON object a line\n"
	"  -h, --help          this text\n"
	"      --version       the version\n"
	"\n"
	"Exit status: 0 all in step, 1 something was held back or skipped, 64 usage, 69 the "
	"server\n"
	"refused, 70 a bug, 74 disk, 75 try again later, 77 login refused, 78 configuration.\n"
	"`godwit help COMMAND` says more; so do godwit(1) and godwit(5).\n";

static const struct {
	const char *command, *synopsis, *text;
} pages[] = {
	{ "sync", "[OPTION]... sync [ACCOUNT[:FOLDER]]...",
		"Brings the accounts (all, if none is named) in step, once, then exits. FOLDER is a name as\n"
		"`godwit folders` shows it, or a pattern.\n"
		"\n"
		"  -n, --dry-run        says what would be done, and does nothing\n"
		"      --full           reads everything, whatever was remembered\n"
		"      --now            even if the provider asked for a pause that is not over\n"
		"      --deadline=20m   leaves after so long, newest mail first, and says what is still to come\n"
		"      --accept-deletions, --restore-deletions   what becomes of deletions that were held back\n"
		"      --accept-uploads sends mail that was held back\n"
		"      --same-account   the account has a new user name or host\n"
		"  -q, -v, --json       less, more, or one JSON object a line\n"
		"\n"
		"Examples:\n"
		"  godwit sync                   everything\n"
		"  godwit sync work:INBOX        one mailbox\n"
		"  godwit sync -n work           what would be done\n" },
	{ "watch", "watch [ACCOUNT]...",
		"Keeps the accounts in step until it is stopped: the server tells what changes there, the system what\n"
		"changes here. SIGUSR1 syncs now, SIGHUP reads the configuration again.\n"
		"\n"
		"As a service:  systemctl --user enable --now godwit\n" },
	{ "status", "status [ACCOUNT]... [-v] [--json] [--follow]",
		"Says what is here, what is held back and why, what waits, and how the watcher is; connects to no server.\n"
		"-v: each mailbox. --follow: what the watchers do, as it happens. Exit status 1: something wants a look.\n" },
	{ "folders", "folders [ACCOUNT]... [--json]",
		"Lists each mailbox of the server: messages and unread ones here, its directory, the pattern of `folders`\n"
		"that decided about it, and what was changed here since the last sync (+new -gone, flags).\n" },
	{ "init", "init [ADDRESS] [--set=KEY=VALUE]...",
		"Sets an account up: asks, tries each answer, and writes the configuration when all of it works.\n"
		"\n"
		"Examples:\n"
		"  godwit init me@example.org\n"
		"  godwit init me@example.org --set host=mail.example.org --set \"password-command=pass show mail\"\n" },
	{ "import", "import [FILE] [-n] [--set=KEY=VALUE]...",
		"Takes over what ~/.mbsyncrc or ~/.offlineimaprc says, with the tree as it is: says line by line what became\n"
		"what, which directory is which mailbox, and what the first sync would do; never syncs. -n writes nothing.\n"
		"\n"
		"Examples:\n"
		"  godwit import -n\n"
		"  godwit import ~/.offlineimaprc --set name=work\n" },
	{ "auth", "auth ACCOUNT [--device] [--no-browser]",
		"Signs in with OAuth 2.0, in the browser; with --device on another device, where the provider offers that.\n" },
	{ "doctor", "doctor [ACCOUNT]...",
		"Looks for what keeps accounts from working, from the name of the server to the Maildir, and says what to\n"
		"do. Exit status: 0 all is well, 1 something could be better, 69 something is wrong.\n" },
	{ "outbox", "outbox [list|show|send|hold|release|drop|log] [ACCOUNT|ID]...",
		"Shows mail that waits to be sent, and decides about it.\n"
		"\n"
		"  list             what waits, and why (also without a word)\n"
		"  show ID          one mail          log   what became of which mail\n"
		"  send [ID]...     now               hold, release, drop ID...\n" },
	{ "sendmail", "sendmail [OPTION]... [ADDRESS]...",
		"Takes a mail from standard input, as other programs' sendmail does, and queues it. Options are those of\n"
		"sendmail: -t, -f ADDRESS, -i, -a ACCOUNT and so on; see godwit(1).\n"
		"\n"
		"  set sendmail = \"godwit sendmail -oi\"     in muttrc\n" },
	{ "pause", "pause [ACCOUNT]...",
		"The watcher ends its sync, closes its connections, and waits for `godwit resume`.\n" },
	{ "resume", "resume [ACCOUNT]...", "The watcher goes on after `godwit pause`.\n" },
	{ "verify", "verify [ACCOUNT[:FOLDER]]... [--bodies] [--repair]",
		"Compares server, Maildir and state message by message, and changes nothing. --bodies: contents, too (fetches\n"
		"everything). --repair: forgets what does not agree, so that the next sync joins it anew; deletes no mail.\n" },
	{ "why", "why FILE|MESSAGE-ID|ACCOUNT:FOLDER:UID",
		"Says what was done with a message and why, where it stands, and what the next sync would do with it.\n" },
	{ "restore", "restore [ACCOUNT[:FOLDER] [ID]...] [--all]",
		"Lists what was deleted here lately; with IDs, or --all, puts it back. The next sync uploads it.\n" },
};

bool help_print(const char *command)
{
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		if (strcmp(pages[i].command, command) != 0)
			continue;
		printf("Usage: godwit %s\n\n%s\nMore: man godwit; the configuration: man 5 godwit\n",
			pages[i].synopsis, pages[i].text);
		return true;
	}
	return false;
}
