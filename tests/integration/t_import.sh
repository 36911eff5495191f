#!/bin/bash
# SPDX-License-Identifier: ISC
# `godwit import`: who comes from mbsync or offlineimap keeps the tree as it is. Nothing is fetched, doubled or made anew.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"
MESSAGES=${MESSAGES:-300}
command -v mbsync > /dev/null || { echo "SKIP: there is no mbsync"; exit 77; }
mkdir -p "$T/home" "$T/bin"
printf '#!/bin/sh\nexit 1\n' > "$T/bin/crontab" # nobody's
chmod +x "$T/bin/crontab"
export HOME=$T/home XDG_CONFIG_HOME=$T/home/.config XDG_STATE_HOME=$T/home/.local/state

g() { # ARG...: as somebody at home
	PATH=$T/bin:$PATH "$GODWIT" "$@" < /dev/null > "$T/out" 2> "$T/err"
}
import_ok() {
	g import "$@" || fail "import exited with $?: $(cat "$T/out")"
}
screen() { tmux -L "godwit$$" capture-pane -p; }
shows() { screen | grep -q -- "$1"; }
: > "$T/watch.err" # what until_true() shows
says() { # TEXT
	grep -qF -- "$1" "$T/out" "$T/err" || fail "\"$1\" is not in: $(cat "$T/out" "$T/err")"
}
CONFIG=$XDG_CONFIG_HOME/godwit/config
start_anew() {
	rm -rf "$T/home"
	mkdir -p "$T/home"
}
old_sync() { # what the old program makes of it
	mbsync -c "$HOME/.mbsyncrc" -a > "$T/old.out" 2>&1 || fail "mbsync: $(cat "$T/old.out")"
}
# Files of the tree: mailbox, flags and content, whatever the names; and the names.
tree() { "$TOOLS/mdlist" "$1" | sort; }
names() { (cd "$1" && find . -type f \( -path '*/cur/*' -o -path '*/new/*' \) | sort); }
dirs() { (cd "$1" && find . -type d | sort); }
# ACCOUNT ROOT: a sync changes nothing here, and nothing there
keeps_all() {
	names "$2" > "$T/names.before"
	dirs "$2" > "$T/dirs.before"
	"$TOOLS/mdlist" "$MAIL" | sort > "$T/there.before"
	g sync --json "$1" || fail "sync exited with $?: $(tail -3 "$T/out")"
	names "$2" > "$T/names.after"
	dirs "$2" > "$T/dirs.after"
	"$TOOLS/mdlist" "$MAIL" | sort > "$T/there.after"
	cmp -s "$T/names.before" "$T/names.after" || fail "$1: files differ: $(diff "$T/names.before" "$T/names.after" | head -5)"
	cmp -s "$T/dirs.before" "$T/dirs.after" || fail "$1: directories differ: $(diff "$T/dirs.before" "$T/dirs.after" | head -5)"
	cmp -s "$T/there.before" "$T/there.after" || fail "$1: the server's mail differs: $(diff "$T/there.before" "$T/there.after" | head -5)"
	[ "$(json messages_uploaded)" = 0 ] || fail "$1: $(json messages_uploaded) sent"
	[ "$(json messages_downloaded)" -le "${SAMPLES:-80}" ] || fail "$1: $(json messages_downloaded) fetched"
	g sync --json "$1" || fail "a second sync exited with $?"
	expect_counts messages_downloaded=0 messages_uploaded=0 paired=0
}

fresh full
"$TOOLS/mkmail" "$MAIL/INBOX" "$MESSAGES" 800 1
"$TOOLS/mkmail" "$MAIL/Archive" 30 800 2
"$TOOLS/mkmail" "$MAIL/Archive/2024" 20 800 3
"$TOOLS/mkmail" "$MAIL/Sent Items" 10 800 4
"$TOOLS/mkmail" "$MAIL/Spam" 5 800 5
"$TOOLS/mkmail" "$MAIL/Entwürfe" 5 800 6
server_start full
account="IMAPAccount work
Host localhost
Port $IMAPS_PORT
User me
PassCmd \"+echo sec\\\\\\\"ret | tr -d '\\\"'\"
SSLType IMAPS
CertificateFile $T/ca.pem
SystemCertificates no

IMAPStore work-remote
Account work"

note "Verbatim, and what was left out stays out"
cat > "$HOME/.mbsyncrc" <<-EOF2
	$account

	# a comment
	MaildirStore work-local
	SubFolders Verbatim
	Path ~/Mail/
	Inbox ~/Mail/Inbox

	Channel work
	Master :work-remote:
	Slave :work-local:
	Patterns * !Spam
	Create Both
	Expunge Both
	SyncState *

	Group everything work
EOF2
sed -i 's/^\t//' "$HOME/.mbsyncrc"
mkdir -p "$HOME/Mail"
old_sync
[ -d "$HOME/Mail/Archive/2024/cur" ] || fail "$(find "$HOME/Mail" -type d)"
import_ok
says 'Expunge Both: delete = "expunge"'
says "0 would be sent"
grep -q 'folders = {"\*", "!Spam"}' "$CONFIG" || fail "$(cat "$CONFIG")"
! grep -q 'local =' "$CONFIG" || fail "$(cat "$CONFIG")"
[ ! -e "$XDG_STATE_HOME" ] || fail "it left a trace: $(find "$XDG_STATE_HOME")"
keeps_all work "$HOME/Mail"

note "a second import of the same account is refused; -n writes nothing"
cp "$CONFIG" "$T/before"
! g import || fail "it was taken over twice"
says 'has an account "work" already'
cmp -s "$CONFIG" "$T/before" || fail "the configuration was changed"
rm "$CONFIG"
import_ok -n
[ ! -e "$CONFIG" ] || fail "-n wrote"
says 'account "work" {'

note "Maildir++"
start_anew
printf '%s\n\n' "$account" > "$HOME/.mbsyncrc"
cat >> "$HOME/.mbsyncrc" <<-'EOF2'
	MaildirStore work-local
	SubFolders Maildir++
	Inbox ~/Maildir

	Channel work
	Far :work-remote:
	Near :work-local:
	Patterns *
	Create Near
	Sync Pull New Flags
EOF2
old_sync
[ -d "$HOME/Maildir/.Archive.2024/cur" ] || fail "$(find "$HOME/Maildir" -type d)"
import_ok
says 'godwit carries over all that changed'
says 'without Expunge: delete = "never"'
grep -q 'direction = "pull"' "$CONFIG" || fail "$(cat "$CONFIG")"
grep -q 'layout = "maildir++"' "$CONFIG" || fail "$(cat "$CONFIG")"
! grep -q 'local =\|folders =' "$CONFIG" || fail "$(cat "$CONFIG")"
keeps_all work "$HOME/Maildir"

note "Flatten, near names, several channels of one account, limits, and a name with a quote"
start_anew
"$TOOLS/mkmail" "$MAIL/it's" 3 500 7
server_own
printf '%s\n\n' "$account" > "$HOME/.mbsyncrc"
cat >> "$HOME/.mbsyncrc" <<-'EOF2'
	MaildirStore work-local
	Path "~/Mail/"
	Inbox ~/Mail/inbox
	Flatten .

	Channel work-inbox
	Far :work-remote:
	Near :work-local:
	Expunge Both

	Channel work-sent
	Far ":work-remote:Sent Items"
	Near :work-local:sent
	Create Near
	Expunge Both

	Channel work-rest
	Far :work-remote:
	Near :work-local:
	Pattern Archive* "it's"
	Pattern Entw&APw-rfe
	Create Near
	Expunge Both
	MaxMessages 1000
EOF2
mkdir -p "$HOME/Mail"
old_sync
[ -d "$HOME/Mail/Archive.2024/cur" ] && [ -d "$HOME/Mail/sent/cur" ] || fail "$(find "$HOME/Mail" -type d)"
import_ok
grep -q 'local = "Archive.2024"' "$CONFIG" || fail "$(cat "$CONFIG")"
grep -q 'local = "sent"' "$CONFIG" || fail "$(cat "$CONFIG")"
! grep -q 'Spam' "$CONFIG" || fail "$(cat "$CONFIG")"
grep -q 'max-messages = 1000' "$CONFIG" || fail "$(cat "$CONFIG")"
keeps_all work "$HOME/Mail"

note "INBOX outside of the tree has to be moved first, which is said; then it is taken"
start_anew
printf '%s\n\n' "$account" > "$HOME/.mbsyncrc"
cat >> "$HOME/.mbsyncrc" <<-'EOF2'
	MaildirStore work-local
	Path ~/Mail/
	Inbox ~/Inbox
	SubFolders Verbatim

	Channel work
	Far :work-remote:
	Near :work-local:
	Patterns INBOX Archive
	Create Near
	Expunge Both
EOF2
mkdir -p "$HOME/Mail"
old_sync
! g import || fail "it was taken over as it is"
says "mv '$HOME/Inbox' '$HOME/Mail/INBOX'"
says 'Nothing was written'
[ ! -e "$CONFIG" ] || fail "it was written"
sh -c "$(grep -F "mv '" "$T/out")"
import_ok
keeps_all work "$HOME/Mail"

note "what the old program would do beside it is told"
mkdir -p "$XDG_CONFIG_HOME/systemd/user/timers.target.wants"
printf '[Timer]\nOnCalendar=*:0/5\n' > "$XDG_CONFIG_HOME/systemd/user/mbsync.timer"
ln -s ../mbsync.timer "$XDG_CONFIG_HOME/systemd/user/timers.target.wants/mbsync.timer"
printf '#!/bin/sh\necho "# mbsync -a"\necho "*/5 * * * * /usr/bin/mbsync -a"\n' > "$T/bin/crontab"
rm "$CONFIG"
import_ok
says 'the unit mbsync.timer starts mbsync'
says 'systemctl --user disable --now mbsync.timer'
says 'a line of your crontab: */5 * * * * /usr/bin/mbsync -a'
[ "$(grep -c 'your crontab' "$T/out")" = 1 ] || fail "a comment counted: $(cat "$T/out")"
g doctor work || [ $? = 1 ] || fail "doctor: $(cat "$T/out")"
says 'the unit mbsync.timer starts mbsync'
printf '#!/bin/sh\nexit 1\n' > "$T/bin/crontab"

note "one account of two that cannot be reached costs that one alone"
rm "$CONFIG"
cat >> "$HOME/.mbsyncrc" <<-'EOF2'

	IMAPStore gone
	Host 127.0.0.1
	Port 1
	User nobody
	PassCmd "echo x"

	MaildirStore gone-local
	Path ~/Gone/
	Inbox ~/Gone/INBOX

	Channel gone
	Far :gone:
	Near :gone-local:
EOF2
status=0
g import || status=$?
[ $status = 75 ] || fail "exit status $status: $(cat "$T/out" "$T/err")"
says '"gone" is left out'
grep -q 'account "work"' "$CONFIG" && ! grep -q gone "$CONFIG" || fail "$(cat "$CONFIG")"
sed -i '/^IMAPStore gone/,$d' "$HOME/.mbsyncrc"

note "init offers it"
rm "$CONFIG"
tmux -f /dev/null -L "godwit$$" new-session -d -x 100 -y 80 \
	"env HOME=$HOME XDG_CONFIG_HOME=$XDG_CONFIG_HOME XDG_STATE_HOME=$XDG_STATE_HOME PATH=$T/bin:$PATH '$GODWIT' init; echo status \$?; sleep 1000"
until_true "it is offered" shows 'Take its accounts over'
tmux -L "godwit$$" send-keys Enter
until_true "it is done" shows 'status 0'
tmux -L "godwit$$" kill-server
grep -q 'account "work"' "$CONFIG" || fail "$(cat "$CONFIG")"

note "what cannot be taken over is an error that says why"
start_anew
printf 'IMAPAccount x\nHost "unclosed\n' > "$HOME/.mbsyncrc"
! g import || fail "it was taken"
says 'line 2: a quote (") is not closed'
printf 'Channel x\nFar :a:\nNear :b:\n' > "$HOME/.mbsyncrc"
! g import || fail "it was taken"
says 'no account in it can be taken over'
printf '%s\n\n' "$account" | sed 's/^PassCmd.*/Pass se\\"cret/' > "$HOME/.mbsyncrc"
cat >> "$HOME/.mbsyncrc" <<-'EOF2'
	MaildirStore work-local
	Path ~/Mail/
	Inbox ~/Mail/INBOX
	SubFolders Verbatim

	Channel work
	Far :work-remote:
	Near :work-local:
EOF2
! g import || fail "a wrong password was accepted"
says 'refused the login'
! grep -q 'se."cret' "$T/out" "$T/err" || fail "the password was shown: $(cat "$T/out")"
sed -i 's/^Pass .*/Pass "secret"/' "$HOME/.mbsyncrc"
import_ok
! grep -q '"secret"' "$CONFIG" "$T/out" || fail "the password was copied: $(cat "$CONFIG")"

if command -v offlineimap > /dev/null; then
	note "offlineimap with sep = ., % and Python of the user's"
	start_anew
	cat > "$HOME/.offlineimap.py" <<-'EOF2'
		import subprocess
		def get_pass(account):
		    return subprocess.check_output("echo secret", shell=True).splitlines()[0]
		def wanted(name):
		    return name not in ['Spam']
	EOF2
	cat > "$HOME/.offlineimaprc" <<-EOF2
		[general]
		accounts = work
		pythonfile = ~/.offlineimap.py
		metadata = $T/home/.offlineimap

		[DEFAULT]
		root = $T/home/Mail

		[Account work]
		localrepository = here
		remoterepository = there

		[Repository here]
		type = Maildir
		localfolders = %(root)s/work
		# sep = . is usual

		[Repository there]
		type = IMAP
		remotehost = localhost
		remoteport = $IMAPS_PORT
		remoteuser: me
		remotepasseval = get_pass("work")
		sslcacertfile = $T/ca.pem
		folderfilter = lambda name: wanted(
		    name)
		nametrans = lambda name: {'Sent Items': 'sent'}.get(name,
		    name)
	EOF2
	mkdir -p "$HOME/Mail"
	offlineimap -c "$HOME/.offlineimaprc" -o -u quiet > "$T/old.out" 2>&1 || fail "offlineimap: $(cat "$T/old.out")"
	[ -d "$HOME/Mail/work/Archive.2024/cur" ] || fail "$(find "$HOME/Mail" -type d)"
	import_ok
	grep -q 'local = "Archive.2024"' "$CONFIG" || fail "$(cat "$CONFIG")"
	grep -q 'local = "sent"' "$CONFIG" || fail "$(cat "$CONFIG")"
	grep -q '"!Spam"' "$CONFIG" || fail "$(cat "$CONFIG")"
	keeps_all work "$HOME/Mail/work"
	note "without Python nobody guesses"
	rm "$CONFIG"
	printf '#!/bin/sh\nexit 127\n' > "$T/bin/python3"
	chmod +x "$T/bin/python3"
	sed -i 's/^remotepasseval.*/remotepassfile = ~\/.pw/' "$HOME/.offlineimaprc"
	echo secret > "$HOME/.pw"
	! g import || fail "it was taken over without Python"
	says 'cannot be tried on the server'
	[ ! -e "$CONFIG" ] || fail "it was written"
	rm "$T/bin/python3"
fi
note ok
