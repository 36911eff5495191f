#!/bin/bash
# SPDX-License-Identifier: ISC
# What others ask of a running watcher, the commands that it runs, and the mailboxes that it idles on.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"

state() { # of the account, as `status` tells it
	godwit status --json | sed -n 's/.*"state":"\([a-z ]*\)".*/\1/p'
}
is_state() {
	[ "$(state)" = "$1" ]
}

fresh full
"$TOOLS/mkmail" "$MAIL/INBOX" 20 600 1
mkdir -p "$MAIL"/{Archive,Trash,lists,quiet}/{cur,new,tmp}
server_start noqresync
cat > "$T/hook" <<-'EOF'
	#!/bin/sh
	echo "$GODWIT_EVENT|$GODWIT_ACCOUNT|$GODWIT_FOLDER|$GODWIT_COUNT|$GODWIT_RECEIVED|$GODWIT_ERROR_KIND" >> "$HOOKED"
	[ -z "$GODWIT_FROM" ] || echo "$GODWIT_FROM|$GODWIT_SUBJECTS" >> "$HOOKED"
	[ -z "$GODWIT_FILES" ] || printf '%s\n' "$GODWIT_FILES" | while read -r f; do
		[ -f "$f" ] || echo "missing: $f" >> "$HOOKED"
	done
EOF
chmod +x "$T/hook"
export HOOKED=$T/hooked
hooks="on-new-mail = \"$T/hook\" on-sync = \"$T/hook\" on-error = \"$T/hook\""
write_config "poll = 86400 watch = {INBOX, lists} $hooks"

note "without a watcher"
sync_ok
! grep -q '^new-mail' "$HOOKED" || fail "a hook for old mail: $(cat "$HOOKED")"
grep -q '^sync|test|||20|$' "$HOOKED" || fail "no hook for the sync: $(cat "$HOOKED")"
mail hello
sed -i 's/^From: .*/From: =?utf-8?q?J=C3=BCrgen?= <j@x>/; s/^Subject: .*/Subject: =?utf-8?b?R3LDvMOfZQ==?=\n $(reboot)/' "$T/m"
arrive INBOX
sync_ok
grep -q '^new-mail|test|INBOX|1||$' "$HOOKED" || fail "no hook for new mail: $(cat "$HOOKED")"
grep -q '^Jürgen <j@x>|Grüße $(reboot)$' "$HOOKED" || fail "no headers: $(cat "$HOOKED")"
! grep -q missing "$HOOKED" || fail "$(cat "$HOOKED")"
: > "$HOOKED"
sync_ok
[ ! -s "$HOOKED" ] || fail "a hook for nothing: $(cat "$HOOKED")"
status=0
godwit pause > "$T/out" || status=$?
[ $status = 75 ] || fail "pause without a watcher exits with $status"
godwit status > "$T/out"
! grep -q watched "$T/out" || fail "$(cat "$T/out")"

note "a watcher answers; others follow it"
watch_start
until_true "in step" is_state "in step"
[ "$(stat -c %a "$XDG_RUNTIME_DIR"/godwit/test-*)" = 600 ] || fail "the socket is open to others"
godwit status > "$T/out"
grep -q "watched by process $(worker): in step" "$T/out" || fail "$(cat "$T/out")"
grep -q 'INBOX and 1 of 1 others (IDLE)\|INBOX and 0 of 1 others (IDLE)' "$T/out" || fail "$(cat "$T/out")"
"$GODWIT" -c "$T/config" status --follow --json > "$T/followed" 2>&1 &
PIDS="$PIDS $!"
until_true "the follower" grep -q '"state":"in step"' "$T/followed"

note "two mailboxes, one connection each; the hooks"
until_true "idle on lists" grep -q 'EXAMINE "\?lists' "$T/watch.err"
mail one
arrive lists
until_true "new mail in lists" here lists one
until_true "its hook" grep -q '^new-mail|test|lists|1||$' "$HOOKED"
until_true "the sync's hook" grep -q '^sync|test|||1|$' "$HOOKED"
until_true "followed" grep -q '"event":"new","mailbox":"lists","file":"/' "$T/followed"
godwit status -v > "$T/out"
grep -q 'lists  changed' "$T/out" || fail "$(cat "$T/out")"
! grep -q missing "$HOOKED" || fail "$(cat "$HOOKED")"

note "a sync is handed over, and shows what it does"
mail two
arrive quiet # nothing tells of that
godwit sync --json > "$T/out" || fail "sync: $(cat "$T/err")"
grep -q '"event":"mailbox","mailbox":"quiet"' "$T/out" || fail "$(tail -n 3 "$T/out")"
tail -n 1 "$T/out" | grep -q '"event":"done".*"messages_downloaded":1' || fail "$(tail -n 1 "$T/out")"
here quiet two || fail "it is not here"
godwit sync -n > "$T/out" || fail "dry run: $(cat "$T/err")"
godwit verify > "$T/out" || fail "verify: $(cat "$T/out" "$T/err")"
grep -q 'everything agrees' "$T/out" || fail "$(cat "$T/out")"
status=0
godwit sync test:none > "$T/out" || status=$?
[ $status = 78 ] || fail "a mailbox that is not there: $status"
sync_ok test:quiet
until_true "in step again" is_state "in step"

note "pause and resume"
godwit pause > "$T/out" || fail "$(cat "$T/err")"
until_true "paused" is_state paused
mail three
arrive INBOX
sync_ok # is done all the same
here INBOX three || fail "the sync did not bring it"
until_true "paused again" is_state paused
mail four
arrive INBOX
mv "$(file three)" "$T/mail/INBOX/cur/three:2,S"
is_state paused || fail "it is $(state)"
godwit resume > "$T/out"
until_true "mail after the pause" here INBOX four
until_true "a flag after the pause" there INBOX three SEEN

note "SIGHUP: the socket and the lock are the new one's"
told=$(grep -c 'watching;' "$T/watch.err")
kill -HUP "$WATCHER"
until_true "it watches again" stands $((told + 1))
until_true "and answers" is_state "in step"
sync_ok
until_true "in step" is_state "in step"

note "a second watcher; one that was killed"
status=0
"$GODWIT" -c "$T/config" watch > "$T/out" 2> "$T/err" || status=$?
[ $status = 75 ] || fail "a second watcher exits with $status"
grep -q "process $(worker)) is watching" "$T/err" || fail "$(cat "$T/err")"
kill -KILL "$WATCHER"
wait "$WATCHER" 2> /dev/null || true
[ -S "$(echo "$XDG_RUNTIME_DIR"/godwit/test-*)" ] || fail "no stale socket"
sync_ok # alone
godwit status > "$T/out"
! grep -q watched "$T/out" || fail "$(cat "$T/out")"
watch_start
until_true "the follower finds the new one" eval 'grep -q "\"process\":$(worker)" "$T/followed"'

note "errors are told once"
: > "$HOOKED"
server_stop
until_true "trouble" is_state trouble
until_true "its hook" grep -q '^error|test||||\(network\|bye\)$' "$HOOKED"
status=0
godwit sync > "$T/out" || status=$?
[ $status = 75 ] || fail "sync through a watcher without a server: $status"
[ "$(grep -c '^error' "$HOOKED")" -le 2 ] || fail "$(cat "$HOOKED")"
watch_stop
[ ! -e "$(echo "$XDG_RUNTIME_DIR"/godwit/test-*)" ] || fail "the socket is left"
note ok
