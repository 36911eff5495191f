/* SPDX-License-Identifier: ISC */
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
	"  folders [ACCOUNT]...         each mailbox, its directory and counts\n"
	"  init [ADDRESS]               set an account up: asks, tries, writes it down\n"
	"  import [FILE]                take over from mbsync or offlineimap\n"
	"  auth ACCOUNT                 sign in with OAuth 2.0\n"
	"  doctor [ACCOUNT]...          what keeps it from working, and what to do\n"
	"  outbox [list|show|send|hold|release|drop|log]  mail that waits to be sent\n"
	"  sendmail [OPTION]... [ADDRESS]...  take a mail from stdin, as sendmail does\n"
	"  pause, resume [ACCOUNT]...   have the watcher wait, and go on\n"
	"  verify [ACCOUNT[:FOLDER]]... compare server, Maildir and state\n"
	"  why FILE|MESSAGE-ID|ACCOUNT:FOLDER:UID  what was done with a message, and why\n"
	"  restore [ACCOUNT[:FOLDER] [ID]...]  what was deleted here, and back again\n"
	"\n"
	"  -c, --config=FILE   another configuration than ~/.config/godwit/config\n"
	"  -n, --dry-run       sync, import, restore: say what would be done, do nothing\n"
	"      --full          sync: read everything, whatever was remembered\n"
	"      --now           sync: even if the provider asked for a pause\n"
	"      --deadline=TIME sync: leave after so long (20m), and say what is to come\n"
	"      --accept-deletions   sync: carry out deletions that were held back\n"
	"      --restore-deletions  sync: take them back instead\n"
	"      --accept-uploads     sync: send mail that was held back\n"
	"      --same-account       sync: the account has a new user name or host\n"
	"      --bodies        verify: compare contents too (fetches everything)\n"
	"      --repair        verify: forget what does not agree, so that the next sync\n"
	"                      joins it anew; deletes no mail\n"
	"      --set=KEY=VALUE init, import: a key of the account in advance; also name\n"
	"      --device        auth: with another device, where the provider offers that\n"
	"      --no-browser    auth: only print the address to be opened\n"
	"      --follow        status: what the watchers do, as it happens\n"
	"      --all           restore: everything that would be listed\n"
	"  -q, --quiet         say nothing when all is well\n"
	"  -v, --verbose       say more; -vv, -vvv: more still (the protocol)\n"
	"      --json          one JSON object a line\n"
	"  -h, --help          this text\n"
	"      --version       the version\n"
	"\n"
	"Exit status: 0 all in step, 1 something was held back or skipped, 64 usage,\n"
	"69 the server refused, 70 a bug, 74 disk, 75 try again later, 77 login refused,\n"
	"78 configuration.\n"
	"`godwit help COMMAND` says more; so do godwit(1) and godwit(5).\n";

static const struct {
	const char *command, *synopsis, *text;
} pages[] = {
	{ "sync", "[OPTION]... sync [ACCOUNT[:FOLDER]]...",
		"Brings the accounts (all, if none is named) in step, once, then exits. FOLDER\n"
		"is a name as `godwit folders` shows it, or a pattern.\n"
		"\n"
		"  -n, --dry-run        says what would be done, and does nothing\n"
		"      --full           reads everything, whatever was remembered\n"
		"      --now            even if the provider asked for a pause\n"
		"      --deadline=TIME  leaves after so long (20m), and says what is to come\n"
		"      --accept-deletions, --restore-deletions\n"
		"                       what becomes of deletions that were held back\n"
		"      --accept-uploads sends mail that was held back\n"
		"      --same-account   the account has a new user name or host\n"
		"  -q, -v, --json       less, more, or one JSON object a line\n"
		"\n"
		"Exit status: 0 all in step, 1 something was held back or skipped, 75 try\n"
		"again later, 77 login refused, others as in godwit(1).\n"
		"\n"
		"Examples:\n"
		"  godwit sync                   everything\n"
		"  godwit sync work:INBOX        one mailbox\n"
		"  godwit sync -n work           what would be done\n" },
	{ "watch", "watch [ACCOUNT]...",
		"Keeps the accounts in step until it is stopped: the server tells what changes\n"
		"there, the system what changes here; `poll` says how often else it looks.\n"
		"SIGUSR1 syncs now, SIGHUP reads the configuration again.\n"
		"\n"
		"Examples:\n"
		"  systemctl --user enable --now godwit     as a service\n"
		"  godwit status --follow                   what it does\n" },
	{ "status", "status [ACCOUNT]... [-v] [--json] [--follow]",
		"Says what is here, when a sync last went well, what is held back and why, what\n"
		"waits, and how the watcher is; connects to no server.\n"
		"\n"
		"  -v                   each mailbox, and its unread messages\n"
		"      --follow         what the watchers do, as it happens\n"
		"      --json           one JSON object a line, for status bars\n"
		"\n"
		"Exit status: 0 all is well, 1 something wants a look.\n" },
	{ "folders", "folders [ACCOUNT]... [--json]",
		"Lists each mailbox of the server: messages and unread ones here, its\n"
		"directory, the pattern of `folders` that decided about it, and what was\n"
		"changed here since the last sync (+new -gone, flags).\n" },
	{ "init", "init [ADDRESS] [--set=KEY=VALUE]...",
		"Sets an account up: finds its servers by the address, asks for the rest on a\n"
		"terminal, tries each answer, and writes the configuration when all of it\n"
		"works. Without a terminal nothing is asked.\n"
		"\n"
		"      --set=KEY=VALUE  an answer in advance: any key of an account, and name\n"
		"\n"
		"Examples:\n"
		"  godwit init me@example.org\n"
		"  godwit init me@example.org --set host=mail.example.org:1993 \\\n"
		"      --set \"password-command=pass show mail\"\n" },
	{ "import", "import [FILE] [-n] [--set=KEY=VALUE]...",
		"Takes over what ~/.mbsyncrc or ~/.offlineimaprc says, with the tree as it is:\n"
		"says line by line what became what, which directory is which mailbox, and what\n"
		"the first sync would do; never syncs.\n"
		"\n"
		"  -n                   writes nothing\n"
		"      --set=KEY=VALUE  sets a key of the accounts, or name\n"
		"\n"
		"Examples:\n"
		"  godwit import -n\n"
		"  godwit import ~/.offlineimaprc --set name=work\n" },
	{ "auth", "auth ACCOUNT [--device] [--no-browser]",
		"Signs in with OAuth 2.0, in the browser, and keeps the tokens in the keyring,\n"
		"or in a file where there is none.\n"
		"\n"
		"      --device         with a code on another device, where the provider\n"
		"                       offers that\n"
		"      --no-browser     only prints the address to be opened\n" },
	{ "doctor", "doctor [ACCOUNT]...",
		"Looks for what keeps accounts from working, from the name of the server to the\n"
		"Maildir, and says what to do; changes and sends nothing.\n"
		"\n"
		"Exit status: 0 all is well, 1 something could be better, 69 something is\n"
		"wrong.\n" },
	{ "outbox", "outbox [list|show|log|send|hold|release|drop] [ACCOUNT|ID]...",
		"Shows mail that waits to be sent, and decides about it.\n"
		"\n"
		"  list [ACCOUNT]...    what waits, and why (also without a word)\n"
		"  show ID              one mail and its file\n"
		"  log                  what became of which mail, for 30 days\n"
		"  send [ACCOUNT|ID]... sends what is due; --now: also what is to wait\n"
		"  hold ID...           keeps a mail back\n"
		"  release ID...        lets it go again\n"
		"  drop ID...           gives it up\n"
		"\n"
		"Examples:\n"
		"  godwit outbox\n"
		"  godwit outbox send --now\n"
		"  godwit outbox hold 1a2b\n" },
	{ "sendmail", "sendmail [OPTION]... [ADDRESS]...",
		"Takes a mail from standard input, as other programs' sendmail does, and queues\n"
		"it. It needs no network.\n"
		"\n"
		"  -t                   takes the recipients from To, Cc and Bcc\n"
		"  -f ADDRESS           the envelope's sender\n"
		"  -a ACCOUNT           the account that sends\n"
		"  -od b|i|q            sends in the background, waits for it, only queues\n"
		"  -i, -oi and others   are accepted, see the manual\n"
		"\n"
		"Example:\n"
		"  set sendmail = \"godwit sendmail -oi\"     in muttrc\n" },
	{ "pause", "pause [ACCOUNT]...",
		"The watcher ends its sync, closes its connections, and waits for\n"
		"`godwit resume`. Exit status 75: no watcher runs.\n" },
	{ "resume", "resume [ACCOUNT]...",
		"The watcher goes on after `godwit pause`. Exit status 75: no watcher runs.\n" },
	{ "verify", "verify [ACCOUNT[:FOLDER]]... [--bodies] [--repair]",
		"Compares server, Maildir and state message by message, and changes nothing.\n"
		"\n"
		"      --bodies         contents, too (fetches everything)\n"
		"      --repair         forgets what does not agree, so that the next sync\n"
		"                       joins it anew; deletes no mail\n"
		"\n"
		"Exit status: 0 they agree, 1 they do not.\n" },
	{ "why", "why FILE|MESSAGE-ID|ACCOUNT:FOLDER:UID",
		"Says what was done with a message and why, where it stands, and what the next\n"
		"sync would do with it.\n"
		"\n"
		"Examples:\n"
		"  godwit why ~/Mail/work/INBOX/cur/1700000000.1.host:2,S\n"
		"  godwit why \"<20240131.1@example.org>\"\n"
		"  godwit why work:INBOX:4711\n" },
	{ "restore", "restore [ACCOUNT[:FOLDER] [ID]...] [--all]",
		"Lists what was deleted here lately; with IDs, or --all, puts it back. The next\n"
		"sync uploads it. Of an account over POP3 it lists what the server still has,\n"
		"and fetches it again.\n"
		"\n"
		"      --all            everything that would be listed\n"
		"  -n, --dry-run        lists what would come back, and does nothing\n"
		"\n"
		"Examples:\n"
		"  godwit restore work:INBOX\n"
		"  godwit restore work:INBOX 1a2b\n" },
	{ "complete", "complete accounts|mailboxes|keys",
		"Prints words for the completion of shells, one a line; connects to nothing.\n" },
};

/* A page of the manual of its own, docs/godwit-COMMAND.1.scd. */
static bool has_page(const char *command)
{
	static const char *const with[] = { "sync", "watch", "init", "import", "restore", "why",
		"outbox", "sendmail" };

	for (size_t i = 0; i < sizeof with / sizeof *with; i++) {
		if (strcmp(with[i], command) == 0)
			return true;
	}
	return false;
}

bool help_print(const char *command)
{
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		if (strcmp(pages[i].command, command) != 0)
			continue;
		printf("Usage: godwit %s\n\n%s\nMore: man godwit%s%s; the configuration: man 5 godwit\n",
			pages[i].synopsis, pages[i].text, has_page(command) ? "-" : "",
			has_page(command) ? command : "");
		return true;
	}
	return false;
}
