#!/bin/bash
# SPDX-License-Identifier: ISC
# `godwit init`: by flags, and asked on a terminal; what does not work is not written.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"
. "$(dirname "$0")/gmaillib.sh"
. "$(dirname "$0")/oauthlib.sh"

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
# shellcheck disable=SC2086
fails 78 'a port is a number between 1 and 65535' me@example.org $here --set host=localhost:99999 "--set=password-command=echo secret"
# shellcheck disable=SC2086
fails 78 'no address of a mail server' me@example.org $here --set host=ftp://localhost "--set=password-command=echo secret"
# shellcheck disable=SC2086
init me@example.org --set "host=imaps://me@localhost:$IMAPS_PORT/INBOX" --set "tls-ca-file=$T/ca.pem" --set user=me --set name=url "--set=password-command=echo secret" ||
	fail "init: $(cat "$T/err" "$T/out")"
grep -q "port = \"$IMAPS_PORT\"" "$CONFIG" && grep -q 'host = "localhost"' "$CONFIG" || fail "$(cat "$CONFIG")"
rm -rf "$T/home"
mkdir -p "$T/home"
fails 64 'wants an address'
fails 64 'wants an address' nobody
for address in me@ @x me@@example.org me@-x.org me@x..org me@.org me@a,b@c https://me@example.org me@example.org:993 "me@$(printf 'a%.0s' {1..64}).org"; do
	fails 64 'wants an address' "$address"
done
fails 78 'oauth2-client-id is missing' me@outlook.com
# shellcheck disable=SC2086
init ' Me <mailto:me@exämple.invalid.?subject=x> ' $here "--set=password-command=echo secret" || fail "init: $(cat "$T/err" "$T/out")"
grep -q '# me@exämple.invalid; ' "$CONFIG" && grep -q 'account "mail"' "$CONFIG" || fail "$(cat "$CONFIG")"
# shellcheck disable=SC2086
init me@mail.invalid $here "--set=password-command=echo secret" "--set=maildir=$T/home/second" || fail "init: $(cat "$T/err" "$T/out")"
grep -q 'account "mail2"' "$CONFIG" || fail "the name is taken: $(cat "$CONFIG")"
rm -rf "$T/home"
mkdir -p "$T/home"
# shellcheck disable=SC2086
fails 69 'refused the login' me@example.org $here --set name=work "--set=password-command=echo wrong"
[ ! -e "$CONFIG" ] || fail "it was written although it does not work"
grep -q 'stays as it was' "$T/err" || fail "$(cat "$T/err")"
# shellcheck disable=SC2086
init me@example.org $here --set name=work "--set=password-command=echo . >> $T/asked; echo secret" || fail "init: $(cat "$T/err" "$T/out")"
[ "$(wc -l < "$T/asked")" = 1 ] || fail "the password was asked for $(wc -l < "$T/asked") times"
grep -q 'The first sync fetches 20 messages (0.0 MB) in 1 mailbox\.' "$T/out" || fail "$(cat "$T/out")"
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

screens=0 # a server that was killed is still there for a moment: each has a name of its own
note "asked on a terminal"
tmux -f /dev/null -L "godwit$$.$((screens += 1))" new-session -d -x 120 -y 60 \
	"env HOME=$T/home XDG_CONFIG_HOME= XDG_STATE_HOME= '$GODWIT' init --set port=$GMAIL_PORT --set tls=none --set host=127.0.0.1 --set provider=gmail; echo status \$?; sleep 1000"
screen() { tmux -L "godwit$$.$screens" capture-pane -p; }
shows() { screen | grep -q -- "$1"; }
type_in() { # WHAT-IS-ASKED ANSWER
	until_true "\"$1\" is asked" shows "$1"
	tmux -L "godwit$$.$screens" send-keys -l "$2"
	tmux -L "godwit$$.$screens" send-keys Enter
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
tmux -L "godwit$$.$screens" kill-server
account private
grep -q 'archive = "yes"' "$T/home/.config/godwit/config" || fail "$(cat "$T/home/.config/godwit/config")"
CLOSED=$(free_port)
note "what does not work is asked for again: the server, the sign-in, the directory"
tmux -f /dev/null -L "godwit$$.$((screens += 1))" new-session -d -x 120 -y 60 \
	"env HOME=$T/home XDG_CONFIG_HOME= XDG_STATE_HOME= '$GODWIT' init --set tls-ca-file=$T/ca.pem; echo status \$?; sleep 1000"
type_in 'Your address' 'me@example.invalid'
type_in 'IMAP server \[imap.example.invalid\]' ''
type_in 'name for the account \[example\]' 'third'
until_true "the server is looked for" shows 'BAD   name: imap.example.invalid is not found'
type_in 'not found' 'me@localhost' # the question below it
until_true "that is an address" shows 'that is no server'
type_in 'The IMAP server \[imap.example.invalid\]: *$' "imap://localhost:$CLOSED/"
until_true "nobody is there" shows 'BAD   connection: '
type_in 'The IMAP server \[localhost\]: *$' "localhost:$IMAPS_PORT"
until_true "the server is there" shows 'ok    connection: '
type_in 'name to sign in with' 'me'
type_in 'prints the password' 'echo wrong'
until_true "the login is tried" shows 'BAD   login: '
type_in 'name to sign in with \[me\]' ''
type_in 'prints the password \[echo wrong\]' 'wrong&hunter2'
until_true "that is a password" shows 'That looks like a password'
type_in 'Where to keep it \[.*\]: *$' 'file'
until_true "the wrong one is refused, too" shows 'It is kept'
type_in 'name to sign in with \[me\]: *$' ''
type_in 'prints the password \[cat ' 'secret'
type_in 'Where to keep it \[.*\]: *$' 'file'
until_true "the login is tried again" shows 'ok    login: "me" is signed in'
type_in '"none": do not send) \[smtp.example.invalid\]: *$' '' # which is a guess
until_true "it is tried" shows 'BAD   sending: '
type_in '"none": do not send) \[smtp.example.invalid\]: *$' "localhost:$CLOSED"
until_true "so is this" shows 'BAD   sending: cannot connect'
type_in '"none": do not send) \[localhost\]: *$' 'none'
until_true "the mailboxes are shown" shows '      20  INBOX'
type_in 'Which mailboxes, by patterns' '*, !Spam'
type_in 'directory for the mail \[~/Mail/third\]' "$T/home/Mail/private/inside"
until_true "it is another account's" shows 'directory for the mail \[.*/home/Mail/private/inside\]'
type_in 'private/inside\]' "$T/home/Mail/third"
until_true "it is done" shows 'status 0'
tmux -L "godwit$$.$screens" kill-server
[ "$(cat "$T/home/.config/godwit/third.password") $(stat -c %a "$T/home/.config/godwit/third.password")" = 'secret 600' ] || fail "the password is not kept"
grep -q 'folders = {"\*", "!Spam"}' "$T/home/.config/godwit/config" || fail "$(cat "$T/home/.config/godwit/config")"
account third
[ -d "$T/home/Mail/private/Archive" ] || fail "the archive is not there"
[ -n "$(find "$T/home/Mail/private/INBOX/new" -type f)" ] || fail "the mail is not there"

terminal() { # ARG...: init on a terminal of 80 columns, which asks for everything that ARGs do not give
	tmux -f /dev/null -L "godwit$$.$((screens += 1))" new-session -d -x 80 -y 100 \
		"trap : INT; env HOME=$T/home BROWSER=$T/nobrowser XDG_CONFIG_HOME= XDG_STATE_HOME= '$GODWIT' init $*; echo status \$?; sleep 1000"
}
terminal_end() {
	until_true "it ends" shows 'status [0-9]'
	screen > "$T/screen"
	tmux -L "godwit$$.$screens" kill-server
}
key() { tmux -L "godwit$$.$screens" send-keys "$@"; }
last_is() { [ "$(screen | grep -v '^$' | tail -n 1 | grep -c -- "$1")" = 1 ]; }
printf '#!/bin/sh\nexit 0\n' > "$T/nobrowser"
chmod +x "$T/nobrowser"

note "typed badly on purpose: each question is asked again, and no answer is lost"
rm -rf "$T/home"
mkdir -p "$T/home/dotfiles" "$T/home/.config/godwit"
printf '# nothing yet' > "$T/home/dotfiles/godwit.conf" # only a comment, no end of line, behind links
ln -s ../../dotfiles/link "$CONFIG"
ln -s godwit.conf "$T/home/dotfiles/link"
terminal --set port="$GMAIL_PORT" --set tls=none --set host=127.0.0.1 --set provider=gmail
type_in 'Your address: *$' 'nobody'
until_true "an address" shows 'that is no address'
type_in 'Your address: *$' 'somebody@gmail.com  '
type_in 'name for the account \[gmail\]: *$' 'my mail'
type_in 'name for the account \[gmail\]: *$' "$(head -c 1500 /dev/zero | tr '\0' x)"
until_true "that is too long" shows 'that is too long'
type_in 'name for the account \[gmail\]: *$' ''
type_in 'sign in with \[somebody@gmail.com\]: *$' ''
type_in '"oauth2" \[password\]: *$' 'app pasword'
until_true "which of the two" shows 'please answer with password or oauth2'
type_in '"oauth2" \[password\]: *$' 'OAuth'
type_in 'client id that the provider gave you: *$' ''
until_true "it needs one" shows 'this needs an answer'
type_in 'client id that the provider gave you: *$' ''
key C-c
terminal_end
grep -q 'stopped; nothing was written' "$T/screen" || fail "$(cat "$T/screen")"
grep -q 'status 75' "$T/screen" || fail "$(cat "$T/screen")"
[ "$(cat "$T/home/dotfiles/godwit.conf")" = '# nothing yet' ] || fail "it was changed"
terminal somebody@ --set port="$GMAIL_PORT" --set tls=none --set host=127.0.0.1 --set provider=gmail
type_in 'Your address: *$' 'somebody@gmail.com'
type_in 'name for the account \[gmail\]: *$' ''
type_in 'sign in with \[somebody@gmail.com\]: *$' ''
type_in '"oauth2" \[password\]: *$' 'App Password'
until_true "a password is kept" shows 'secret-tool store'
type_in 'prints the password' 'x="$"; echo "app${x#?}"' # an editor of configurations would read ${}
type_in 'Which mailboxes' '{everything}'
until_true "patterns" shows 'patterns are names'
key -l "*, !Sp"
key Left
key Enter
until_true "an arrow key" shows 'there is a control character in it'
key -l ' *,!Spam , '
key Enter
type_in 'directory for the mail' ''
type_in '(yes or no) \[no\]: *$' 'maybe'
type_in 'please answer with yes or no' 'Y'
terminal_end
grep -q 'status 0' "$T/screen" || fail "$(cat "$T/screen")"
grep -q 'stays at Gmail' "$T/screen" || fail "what \"no\" leaves out is not said: $(cat "$T/screen")"
[ -L "$CONFIG" ] && [ -L "$T/home/dotfiles/link" ] || fail "the symbolic link became a file"
grep -q '^# nothing yet$' "$T/home/dotfiles/godwit.conf" || fail "$(cat "$T/home/dotfiles/godwit.conf")"
grep -q 'archive = "yes"' "$T/home/dotfiles/godwit.conf" || fail "$(cat "$T/home/dotfiles/godwit.conf")"
account gmail

note "a link that leads nowhere yet; an empty configuration; what cannot be"
rm -rf "$T/home"
mkdir -p "$T/home/.config/godwit"
ln -s "$T/home/other/place/conf" "$CONFIG"
# shellcheck disable=SC2086
init me@example.org $here --set name=work "--set=password-command=echo secret" || fail "init: $(cat "$T/err" "$T/out")"
[ -L "$CONFIG" ] && [ -f "$T/home/other/place/conf" ] || fail "$(ls -l "$CONFIG")"
account work
rm "$CONFIG"
: > "$CONFIG"
# shellcheck disable=SC2086
init me@example.org $here --set name=work "--set=password-command=echo secret" || fail "init: $(cat "$T/err" "$T/out")"
ln -sf config "$CONFIG"
fails 74 'symbolic link' me@example.org
rm "$CONFIG"
# shellcheck disable=SC2086
fails 78 '^godwit: --set: account "work": delete = "maybe" is not one of' me@example.org $here --set name=work "--set=password-command=x" --set delete=maybe
# shellcheck disable=SC2086
fails 78 '^godwit: --set line [0-9]*: there is no key "colour"' me@example.org $here --set colour=red "--set=password-command=x"
! ls "$T/home/.config/godwit/" | grep -q . || fail "left behind: $(ls "$T/home/.config/godwit/")"

note "Ctrl-C during the sign-in ends it, and leaves no token"
oauth_start
oauth="--set provider=outlook --set host=localhost --set port=$IMAPS_PORT --set tls-ca-file=$T/ca.pem --set oauth2-auth-url=$OAUTH/auth --set oauth2-token-url=$OAUTH/token"
terminal me@outlook.com "$oauth"
type_in 'name for the account' ''
type_in 'name to sign in with' ''
type_in 'client id' 'client'
until_true "the browser is waited for" shows 'Sign in to outlook in the browser'
sleep 0.1 # for the page of the browser
key C-c
terminal_end
grep -q 'status 75' "$T/screen" || fail "$(cat "$T/screen")"
ln -sf browser "$T/nobrowser" # from here on somebody clicks
terminal me@outlook.com "$oauth" --set oauth2-client-secret=s3cret
type_in 'name for the account' ''
type_in 'name to sign in with' ''
type_in 'client id' 'client'
until_true "it is signed in, which does not help with this server" shows 'outlook: signed in'
until_true "the name is asked for again" last_is 'name to sign in with'
[ -e "$T/home/.local/state/godwit/outlook.token" ] || fail "there is no token"
key C-c
terminal_end
[ ! -e "$T/home/.local/state/godwit/outlook.token" ] || fail "a token is left"
[ ! -e "$CONFIG" ] || fail "it was written"
note ok
