#!/bin/bash
# SPDX-License-Identifier: ISC
# The disk refuses while a watcher sends: full, read-only, at the worst moment; the state is removed, moved or replaced
# under it.  Told once, nothing is lost or sent twice, and it goes on when the disk is back.
. "$(dirname "$0")/outboxlib.sh"

export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 # the library is loaded before the sanitizer
server --caps PIPELINING,8BITMIME,SIZE_100000,ENHANCEDSTATUSCODES,AUTH_PLAIN
mkdir -p "$T/run"

# watch_with ERRNO: a watcher to which the disk gives that error as long as $T/bad is there
watch_with() {
	config
	sed -i 's/send = "manual"/send = "sync"/' "$T/config" # by the watcher alone
	fresh
	rm -f "$T/bad" "$T/go"
	POWER_WHILE=$T/bad POWER_ERROR=$1 POWER_KINDS=CMULNWF LD_PRELOAD=$GODWIT_BUILD/tests/libpowerlog.so \
		"$GODWIT_BUILD/godwit" -c "$T/config" watch > "$T/watch.out" 2>&1 &
	WATCHER=$!
	PIDS="$PIDS $WATCHER"
	await_that "the watcher has the outbox" [ -e "$T/state/me.outbox.db" ]
}
await_that() { # WHAT COMMAND...: until it is true
	local what=$1
	shift
	SECONDS=0
	until "$@" 2> /dev/null; do
		[ "$SECONDS" -lt 90 ] || fail "$what: never; $(cat "$T/watch.out")"
		sleep 0.05
	done
}
arrived() { [ "$(taken)" -ge "$1" ]; }
seen_in_log() { grep -q "$1" "$SRV/log"; }
told() { grep -q "$1" "$T/watch.out"; }
end_watch() { # COUNT WORDS: so many mails have left, and that was told once
	kill "$WATCHER"
	wait "$WATCHER" || [ "$?" = 1 ] || fail "watch: $?"
	[ "$(taken)" = "$1" ] || fail "$(taken) instead of $1: $(cat "$T/watch.out")"
	[ "$(grep -c "$2" "$T/watch.out")" = 1 ] || fail "\"$2\" is not told once: $(cat "$T/watch.out")"
	send 0 --now # nothing is in doubt or queued any more
	[ "$(taken)" = "$1" ] || fail "sent again: $(taken) instead of $1"
	! godwit outbox log | grep -q in-doubt || fail "a doubt: $(godwit outbox log)"
}

for error in "28 No space left" "30 disk I/O\|Read-only\|read-only\|readonly"; do
	note "a disk that refuses everything (${error#* }) before a mail leaves"
	watch_with "${error%% *}"
	queue a@y
	await_that "the first one" arrived 1
	touch "$T/bad"
	queue b@y
	await_that "told" told 'sending: '
	queue c@y # and tried again
	rm "$T/bad"
	queue d@y # or half a minute
	await_that "all" arrived 4
	end_watch 4 'sending: '

	note "the same between the text and its answer: it is known that it was sent"
	watch_with "${error%% *}"
	echo "DOT * 1 wait-for $T/go" > "$SRV/rules"
	queue a@y
	await_that "the dot" seen_in_log 'rule DOT'
	touch "$T/bad" "$T/go"
	await_that "told" told 'sending: '
	queue b@y
	[ "$(taken)" = 1 ] || fail "another one leaves although that cannot go on record"
	rm "$T/bad"
	queue c@y
	await_that "all" arrived 3
	end_watch 3 'sending: '
done

note "killed while that lasts: where the mail lies tells that it was sent"
config
sed -i 's/send = "manual"/send = "sync"/' "$T/config"
fresh
echo "DOT * 1 wait-for $T/go" > "$SRV/rules"
rm -f "$T/go" "$T/bad"
POWER_WHILE=$T/bad POWER_ERROR=28 POWER_KINDS=W LD_PRELOAD=$GODWIT_BUILD/tests/libpowerlog.so \
	"$GODWIT_BUILD/godwit" -c "$T/config" watch > "$T/watch.out" 2>&1 &
WATCHER=$!
PIDS="$PIDS $WATCHER"
queue a@y
await_that "the dot" seen_in_log 'rule DOT'
touch "$T/bad" "$T/go"
await_that "told" told 'sending: '
kill -9 "$WATCHER"
{ wait "$WATCHER" || true; } 2> /dev/null
send 0 --now
[ "$(taken)" = 1 ] || fail "sent $(taken) times"

note "the state is removed, the outbox with it, and the state's database alone"
watch_with 28
for what in "$T/state" "$T/state/me.outbox.db"; do
	n=$(taken)
	queue a@y
	await_that "one" arrived $((n + 1))
	await_that "at rest" [ -z "$(ls "$Q/cur")" ]
	rm -rf "$what"
	queue b@y
	await_that "the next" arrived $((n + 2))
done
queue c@y
await_that "the last" arrived 5
kill "$WATCHER"
wait "$WATCHER" || [ "$?" = 1 ] || fail "watch: $?"
[ "$(taken)" = 5 ] || fail "$(taken) instead of 5"
[ "$(grep -c 'another one stands' "$T/watch.out")" = 2 ] || fail "not told twice: $(cat "$T/watch.out")"

note "the state is moved away, which no directory of the outbox notices"
watch_with 28
queue a@y
await_that "one" arrived 1
mv "$T/state" "$T/elsewhere"
queue b@y
await_that "the next" arrived 2
queue c@y
await_that "the last" arrived 3
rm -rf "$T/state"
mv "$T/elsewhere" "$T/state"
queue d@y
await_that "back" arrived 4
kill "$WATCHER"
wait "$WATCHER" || [ "$?" = 1 ] || fail "watch: $?"
[ "$(taken)" = 4 ] || fail "$(taken) instead of 4"
note ok
