#!/bin/bash
# SPDX-License-Identifier: ISC
# What a new user of Gmail's does, in a terminal: init, which signs in by a browser; sync; mutt; and at the
# end Gmail has what was done in mutt.
. "$(dirname "$0")/lib.sh"
command -v tmux > /dev/null || { echo "no tmux here"; exit 77; }
. "$(dirname "$0")/gmaillib.sh"
. "$(dirname "$0")/oauthlib.sh"

mux() { tmux -f /dev/null -L "godwit$$" "$@"; }
shows() { # REGEX: waits until the screen does
	local i
	for i in $(seq 400); do
		mux capture-pane -p > "$T/screen" 2> /dev/null || true
		! grep -qE -- "$1" "$T/screen" || return 0
		sleep 0.05 # until it is drawn
	done
	fail "there is no \"$1\" but: $(cat "$T/screen")"
}
type_in() { # WHAT-IS-ASKED ANSWER
	shows "$1"
	mux send-keys -l -- "$2"
	mux send-keys Enter
}
run() { # COMMAND: in the shell there
	mux send-keys -l -- "clear; $1; echo status \$?"
	mux send-keys Enter
}
letter() { # ID SUBJECT
	printf 'From: A Friend <friend@example.org>\nTo: somebody@gmail.com\nSubject: %s\nMessage-ID: <%s@x>\n\nHello!\n' "$2" "$1" > "$T/m"
	web DELIVER INBOX "$T/m"
}
END() { mux kill-server 2> /dev/null || true; }

gmail_start 'token=a*'
oauth_start
for id in invoice photos trip; do letter "$id" "About the $id"; done
web LABEL "$(web_id invoice)" Work
mkdir "$T/home"
cat > "$T/muttrc" <<-EOF
	set folder = "$T/home/Mail/gmail"
	set spoolfile = "+INBOX"
	set mbox_type = Maildir
	set index_format = "[%Z] %s"
	set sort = subject
	set wait_key = no
	set confirmappend = no
	set delete = yes
	set mark_old = no
EOF
mux new-session -d -x 130 -y 70 "env HOME=$T/home XDG_CONFIG_HOME= XDG_STATE_HOME= XDG_RUNTIME_DIR=$T/run BROWSER=$T/browser TERM=screen PATH=$GODWIT_BUILD:$PATH sh"
trap 'status=$?; END; (exit $status); cleanup' EXIT

note "godwit init, and the sign-in in the browser"
run "godwit init --set provider=gmail --set host=127.0.0.1 --set port=$GMAIL_PORT --set tls=none --set oauth2-auth-url=$OAUTH/auth --set oauth2-token-url=$OAUTH/token --set oauth2-scope=mail"
type_in 'Your address' 'somebody@gmail.com'
type_in 'name for the account \[gmail\]' ''
type_in 'name to sign in with \[somebody@gmail.com\]' ''
type_in '"password" or "oauth2" \[password\]' 'oauth2'
type_in 'client id' 'client'
type_in 'its secret' 's3cret'
type_in 'Which mailboxes, by patterns' ''
type_in 'directory for the mail \[~/Mail/gmail\]' ''
type_in '"Archive" \(yes or no\)' 'no'
shows 'status 0'
grep -q 'ok    login: "somebody@gmail.com" is signed in' "$T/screen" || fail "$(cat "$T/screen")"
[ "$(stat -c %a "$T/home/.local/state/godwit/gmail.token")" = 600 ] || fail "others can read the token"

note "godwit sync, and mutt: one is starred, one deleted, one moved"
run "godwit sync"
shows '4 messages fetched.*'
shows 'status 0'
run "mutt -n -F $T/muttrc"
shows 'About the trip'
mux send-keys / 'invoice' Enter F
shows '\[.*!.*\] About the invoice'
mux send-keys / 'photos' Enter d
mux send-keys / 'trip' Enter s
type_in 'Save to mailbox' '=Work'
mux send-keys q
shows 'status 0'
run "sleep 1.2; godwit sync; godwit sync"
shows 'status 0'
run "godwit sync"
shows 'nothing new'
[ "$(flags_there invoice)" = '\Seen \Flagged' ] || [ "$(flags_there invoice)" = '\Flagged' ] || fail "the invoice has $(flags_there invoice)"
[ "$(labels photos)" = "[Gmail]/Trash" ] || fail "the photos are in $(labels photos)"
[ "$(labels trip)" = Work ] || fail "the trip is in $(labels trip)"

note "godwit doctor"
run "godwit doctor"
shows 'status [01]'
grep -qE 'ok .*login' "$T/screen" || fail "$(cat "$T/screen")"
note ok
