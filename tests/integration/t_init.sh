#!/bin/bash
# `godwit init`: by flags, and asked on a terminal; what does not work is not written.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"
. "$(dirname "$0")/gmaillib.sh"

init() { # ARG...: with a home of its own, without a terminal
	HOME=$T/home XDG_CONFIG_HOME= XDG_STATE_HOME= "$GODWIT" init "$@" < /dev/null > "$T/out" 2> "$T/err"
}
fails() { # STATUS TEXT ARG...
	local want=$1 text=$2 status=0
	shift 2
	init "$@" || status=$?
	[ $status = "$want" ] || fail "init $*: exit status $status, not $want: $(cat "$T/err" "$T/out")"
	grep -q -- "$text" "$T/err" "$T/out" || fail "\"$text\" is not in: $(cat "$T/err" "$T/out")"
}
account() { # NAME: a sync of it
	HOME=$T/home XDG_CONFIG_HOME= XDG_STATE_HOME= "$GODWIT" sync "$1" > "$T/out" 2> "$T/err" || fail "sync: $(cat "$T/err")"
}
CONFIG=$T/home/.config/godwit/config

mkdir -p "$T/home"
fresh full
"$TOOLS/mkmail" "$MAIL/INBOX" 20 600 1
server_start full
here="--set host=localhost --set port=$IMAPS_PORT --set tls-ca-file=$T/ca.pem --set user=me"

note "by flags"
fails 64 'wants an address'
fails 64 'wants an address' nobody
fails 78 'oauth2-client-id is missing' me@outlook.com
# shellcheck disable=SC2086
fails 69 'refused the login' me@example.org $here --set name=work "--set=password-command=echo wrong"
[ ! -e "$CONFIG" ] || fail "it was written although it does not work"
grep -q 'stays as it was' "$T/err" || fail "$(cat "$T/err")"
# shellcheck disable=SC2086
init me@example.org $here --set name=work "--set=password-command=echo secret" || fail "init: $(cat "$T/err" "$T/out")"
grep -q 'set folder = ".*/home/Mail/work"' "$T/out" || fail "$(cat "$T/out")"
[ "$(stat -c %a "$CONFIG")" = 600 ] || fail "others can read the configuration"
account work
[ "$(find "$T/home/Mail/work/INBOX/cur" "$T/home/Mail/work/INBOX/new" -type f | wc -l)" = 20 ] || fail "the mail is not there"

note "a second account goes behind the first"
cp "$CONFIG" "$T/before"
# shellcheck disable=SC2086
fails 78 'has an account "work" already' me@example.org $here --set name=work "--set=password-command=echo secret"
cmp -s "$CONFIG" "$T/before" || fail "the configuration was changed"
gmail_start
mail hello
web DELIVER INBOX "$T/m"
# shellcheck disable=SC2086
init somebody@gmail.com --set host=127.0.0.1 --set provider=gmail --set port="$GMAIL_PORT" --set tls=none \
	--set "password-command=echo 'app'" --set 'folders={"*", "![Gmail]/Spam"}' || fail "init: $(cat "$T/err" "$T/out")"
head -c "$(stat -c %s "$T/before")" "$CONFIG" | cmp -s - "$T/before" || fail "what was there is another"
account gmail
account work
[ -n "$(find "$T/home/Mail/gmail/INBOX/new" -type f)" ] || fail "Gmail's mail is not there"
rm -rf "$T/home"
mkdir -p "$T/home"

note "asked on a terminal"
tmux -f /dev/null -L "godwit$$" new-session -d -x 120 -y 60 \
	"env HOME=$T/home XDG_CONFIG_HOME= XDG_STATE_HOME= '$GODWIT' init --set port=$GMAIL_PORT --set tls=none --set host=127.0.0.1 --set provider=gmail; echo status \$?; sleep 1000"
screen() { tmux -L "godwit$$" capture-pane -p; }
shows() { screen | grep -q -- "$1"; }
type_in() { # WHAT-IS-ASKED ANSWER
	until_true "\"$1\" is asked" shows "$1"
	tmux -L "godwit$$" send-keys -l "$2"
	tmux -L "godwit$$" send-keys Enter
}
: > "$T/watch.err" # what until_true() shows
type_in 'Your address' 'somebody@gmail.com'
type_in 'name for the account \[gmail\]' 'private'
type_in 'name to sign in with \[somebody@gmail.com\]' ''
type_in '"password" or "oauth2" \[password\]' ''
type_in 'prints the password \[pass show mail/private\]' 'echo app'
type_in 'Which mailboxes, by patterns' ''
type_in 'directory for the mail \[~/Mail/private\]' ''
type_in 'a mailbox "Archive" (yes or no) \[no\]' 'yes'
until_true "it is done" shows 'status 0'
screen | grep -q 'ok    login: "somebody@gmail.com" is signed in' || fail "$(screen)"
tmux -L "godwit$$" kill-server
account private
grep -q 'archive = "yes"' "$T/home/.config/godwit/config" || fail "$(cat "$T/home/.config/godwit/config")"
note "what does not work is asked for again: the server, the sign-in, the directory"
tmux -f /dev/null -L "godwit$$" new-session -d -x 120 -y 60 \
	"env HOME=$T/home XDG_CONFIG_HOME= XDG_STATE_HOME= '$GODWIT' init --set port=$IMAPS_PORT --set tls-ca-file=$T/ca.pem; echo status \$?; sleep 1000"
type_in 'Your address' 'me@example.invalid'
type_in 'IMAP server \[imap.example.invalid\]' ''
type_in 'name for the account \[example\]' 'third'
until_true "the server is looked for" shows 'BAD  name: imap.example.invalid is not found'
type_in 'not found' 'localhost' # the question below it
until_true "the server is there" shows 'ok   connection: '
type_in 'name to sign in with' 'me'
type_in 'prints the password' 'echo wrong'
until_true "the login is tried" shows 'BAD  login: '
type_in 'name to sign in with \[me\]' ''
type_in 'prints the password \[echo wrong\]' 'echo secret'
until_true "the login is tried again" shows 'ok   login: "me" is signed in'
type_in 'Which mailboxes, by patterns' '*, !Spam'
type_in 'directory for the mail \[~/Mail/third\]' "$T/home/Mail/private/inside"
until_true "it is another account's" shows 'directory for the mail \[.*/home/Mail/private/inside\]'
type_in 'private/inside\]' "$T/home/Mail/third"
until_true "it is done" shows 'status 0'
tmux -L "godwit$$" kill-server
grep -q 'folders = {"\*", "!Spam"}' "$T/home/.config/godwit/config" || fail "$(cat "$T/home/.config/godwit/config")"
account third
[ -d "$T/home/Mail/private/Archive" ] || fail "the archive is not there"
[ -n "$(find "$T/home/Mail/private/INBOX/new" -type f)" ] || fail "the mail is not there"
note ok
