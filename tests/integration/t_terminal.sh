#!/bin/bash
# SPDX-License-Identifier: ISC
# What a sync draws on terminals of 80 and 40 columns and on a dumb one: in its place, never over a prompt, and nothing
# that a Ctrl-C, a resize or two accounts that ask leave askew; and how much there is to fetch is told at once.
. "$(dirname "$0")/lib.sh"
command -v tmux > /dev/null || { echo "no tmux here"; exit 77; }

terminals=0 # a server that was ended is still there for a moment: each has a name of its own
mux() { tmux -f /dev/null -L "terminal$$.$terminals" "$@"; }
screen() { mux capture-pane -p > "$T/screen" 2> /dev/null || true; }
shows() { # REGEX: waits until the screen does
	local i
	for i in $(seq 600); do
		screen
		! grep -qE -- "$1" "$T/screen" || return 0
		sleep 0.05 # until it is drawn
	done
	fail "there is no \"$1\" but: $(cat "$T/screen")"
}
lacks() { # REGEX
	screen
	! grep -qE -- "$1" "$T/screen" || fail "there is \"$1\": $(cat "$T/screen")"
}
terminal() { # COLUMNS TERM COMMAND
	terminals=$((terminals + 1))
	mux new-session -d -x "$1" -y 30 "trap : INT; env TERM=$2 '$GODWIT' -c '$T/config' $3; echo status \$?; sleep 1000"
}
over() { mux kill-server 2> /dev/null || true; }
trap 'status=$?; over; (exit $status); cleanup' EXIT

mkdir -p "$T/server/home/Maildir"
MAIL=$T/server/home/Maildir
"$TOOLS/mkmail" "$MAIL/INBOX" 60 30000 1
"$TOOLS/mkmail" "$MAIL/Small" 400 300 2
"$TOOLS/mkmail" "$MAIL/Big" 30 60000 3
server_start full

note "how much there is to fetch is known before the first mailbox was looked at, where the server tells it"
write_config 'bandwidth = 600k compress = no connections = 1'
sync_ok --json
last=$(json bytes_to_download)
perl -ne 'if (/"event":"progress"/ && /"bytes_expected":([1-9]\d*).*"bytes_to_download":(\d+)/) { print $1 + $2, "\n"; exit }' "$T/out" > "$T/first"
[ -s "$T/first" ] || fail "no progress says what is expected: $(grep -c '"progress"' "$T/out")"
first=$(cat "$T/first")
[ "$first" -gt $((last * 95 / 100)) ] && [ "$first" -lt $((last * 105 / 100)) ] || fail "$first bytes were expected, and it were $last"
sync_ok -vvv
! grep -q 'C: .* SIZE))' "$T/err" || fail "a later sync asks for sizes"

note "40 columns, made narrower and wider, and interrupted: the message stands where a line begins"
for width in 40 80; do
	rm -rf "$T/mail" "$T/state"
	write_config 'bandwidth = 60k compress = no'
	terminal $width screen sync
	shows '[0-9]+/~?490.* left$'
	mux resize-window -x $((width - 12))
	shows '[0-9]+/~?490'
	mux resize-window -x $((width + 12))
	mux resize-window -x $width
	shows '[0-9]+/~?490.* left$'
	[ "$(grep -cE '[0-9]+/~?490' "$T/screen")" = 1 ] || fail "it stands there twice: $(cat "$T/screen")"
	mux send-keys C-c
	shows 'status 75'
	grep -q '^godwit: finishing the batch' "$T/screen" || fail "it is askew: $(cat "$T/screen")"
	lacks '490'
	over
done

note "a terminal on which nothing can be taken back gets a line now and then"
terminal 80 dumb sync
shows '^test  [0-9]+ %  [0-9]+/~?[0-9]+ messages'
mux send-keys C-c
shows 'status 75'
over

note "two accounts that ask at once ask in turn, and nothing is drawn over what they ask"
rm -rf "$T/mail" "$T/state"
{
	echo "state-dir = \"$T/state\""
	for name in one two; do
		write_config 'bandwidth = 200k compress = no'
		sed "1d; s/account \"test\"/account \"$name\"/; s|$T/mail|$T/mail/$name|; s|echo secret|printf 'key of $name? ' > /dev/tty; read x < /dev/tty; echo \$x|" "$T/config"
	done
} > "$T/both"
mv "$T/both" "$T/config"
chmod 600 "$T/config"
terminal 40 screen sync
shows '^(one|two): waiting for password-command$'
shows '^key of (one|two)\?$'
[ "$(grep -c 'key of' "$T/screen")" = 1 ] || fail "both ask: $(cat "$T/screen")"
sleep 1.1 # what is answered within a second was answered by no person, and its line goes
mux send-keys secret Enter
shows '^key of (one|two)\? secret$'
shows '^key of (one|two)\?$'
shows '^(one|two): 490 messages fetched' # on a line of its own
shows '^key of (one|two)\?$'
mux send-keys secret Enter
shows '[0-9]+/~?490.* left$'

mux send-keys C-c
shows 'status 75'
over

note "what doctor says is folded between words"
write_config
terminal 40 screen doctor
shows 'status [01]'
grep -qE '^      [a-z]' "$T/screen" || fail "it is not: $(cat "$T/screen")"
note ok
