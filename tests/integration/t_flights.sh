#!/bin/bash
# SPDX-License-Identifier: ISC
# How often a sync waits: it sends while nothing is unanswered, or a body waits for the server's "+".  Counted in what it
# says of the wire, so that no clock is asked.
cd "$(dirname "$0")/../.."
. tests/integration/lib.sh

count_waits() { # LABEL: a sync, and its waits into n
	godwit sync -vvv > "$T/out" || fail "$1: sync exited with $?"
	n=$(awk '/ C: / { n += out == 0; out++ }
		/ S: g[0-9]+ (OK|NO|BAD)/ { out -= out > 0 }
		/ S: \+/ { n++ }
		END { print n + 0 }' "$T/err")
	grep -E ' C: | S: (g|\+)' "$T/err" | cut -c1-100 > "$T/talk"
	: > "$T/err"
}
waits() { # LABEL AT-MOST
	local n
	count_waits "$1"
	echo "$1: $n waits, at most $2"
	[ "$n" -le "$2" ] || fail "$1: $n waits: $(cat "$T/talk")"
}
new_here() { # N: files
	for i in $(seq "$1"); do
		printf 'Subject: %s\nMessage-ID: <%s.%s@here>\n\nhello\n' "$i" "$i" "$RANDOM$RANDOM" > "$T/letter"
		mv "$T/letter" "$T/mail/INBOX/cur/17000$i.$RANDOM.here:2,S"
	done
}

MAIL=$T/server/home/Maildir
mkdir -p "$MAIL"
"$TOOLS/mkmail" "$MAIL/INBOX" 60 500 1
server_start full
write_config 'guard = no connections = 1'
waits "first sync" 4
new_here 2
sync_ok
sync_ok
waits "nothing to do" 1

note "flags, deletions and new mail here"
ls "$T/mail/INBOX/cur" | grep ':2,S*$' > "$T/names"
sed -n 1,20p "$T/names" | while read -r f; do mv "$T/mail/INBOX/cur/$f" "$T/mail/INBOX/cur/${f%:*}:2,F${f##*,}"; done
sed -n 21,30p "$T/names" | while read -r f; do rm "$T/mail/INBOX/cur/$f"; done
new_here 20
waits "push" 4
sync_ok
assert_equal "push"

# Several mailboxes go in one flight as far as their directories were looked at when the answers come.  On a busy
# machine one may be late, so that the least of some tries counts; who asks one by one needs more in each.
least_waits() { # LABEL AT-MOST CHANGE
	local n least=999 try
	for try in 1 2 3 4 5; do
		"$3" "$try"
		count_waits "$1"
		least=$((n < least ? n : least))
		[ "$least" -gt "$2" ] || break
	done
	echo "$1: $least waits, at most $2"
	[ "$least" -le "$2" ] || fail "$1: $least waits: $(cat "$T/talk")"
	assert_equal "$1"
}
proxy_start delay=100
CLIENT_PORT=$PROXY_PORT write_config 'guard = no connections = 1'

note "messages moved to another mailbox here"
mkdir -p "$MAIL/Archive"
"$TOOLS/mkmail" "$MAIL/Archive" 5 500 2
server_own
move_some() {
	sync_ok
	sync_ok
	for name in $(ls "$T/mail/INBOX/cur" | head -5); do mv "$T/mail/INBOX/cur/$name" "$T/mail/Archive/cur/$name"; done
}
least_waits "moves" 3 move_some

note "one new message in each of many mailboxes there"
for i in $(seq 20); do "$TOOLS/mkmail" "$MAIL/F$i" 3 500 "$i"; done
server_own
sync_ok
deliver_some() { # TRY
	for i in $(seq 20); do
		printf 'Subject: new\nMessage-ID: <%s.%s@there>\n\nhello\n' "$1" "$i" > "$T/letter"
		deliver "F$i" "$T/letter"
	done
}
sync_ok
least_waits "20 mailboxes" 3 deliver_some

note "for which one connection is enough"
CLIENT_PORT=$PROXY_PORT write_config 'guard = no connections = 3'
deliver_some last
godwit sync -vvv > "$T/out" || fail "sync exited with $?"
n=$(grep -c ' connected to ' "$T/err")
[ "$n" = 1 ] || fail "$n connections for 20 new messages in 20 mailboxes"
: > "$T/err"

note "big messages there"
write_config 'guard = no connections = 1'
"$TOOLS/mkmail" "$MAIL/Big" 5 =5000000 3
server_own
waits "5 big messages" 3
assert_equal "big messages"
note ok
