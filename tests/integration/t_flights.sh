#!/bin/bash
# How often a sync waits: it sends while nothing is unanswered, or a body waits for the server's "+".  Counted in what it
# says of the wire, so that no clock is asked.
cd "$(dirname "$0")/../.."
. tests/integration/lib.sh

waits() { # LABEL AT-MOST: a sync, and its waits
	local n
	godwit sync -vvv > "$T/out" || fail "$1: sync exited with $?"
	n=$(awk '/ C: / { n += out == 0; out++ }
		/ S: g[0-9]+ (OK|NO|BAD)/ { out -= out > 0 }
		/ S: \+/ { n++ }
		END { print n + 0 }' "$T/err")
	echo "$1: $n waits, at most $2"
	grep -E ' C: | S: (g|\+)' "$T/err" | cut -c1-100 > "$T/talk"
	: > "$T/err"
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
note ok
