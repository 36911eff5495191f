#!/bin/bash
# A POP3 account: godwit is killed before each of its operations, the power is cut there, and the disk is
# full from there on, with `keep = "no"`; then commands and messages as a user meets them.  Whatever
# happened, each message is here once, and nothing went on the server that is not.  (Cuts of the
# connection: unit/pull.)  KILL_STEP (default 17): every so many operations.
. "$(dirname "$0")/lib.sh"

KILL_STEP=${KILL_STEP:-17}
POWERCUT=$(dirname "$0")/../tools/powercut.pl
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 # the library is loaded before it
D=$T/srv M=$T/Mail
mkdir -p "$D" "$T/state"
"$TOOLS/pop3d" "$D" &
PIDS="$PIDS $!"
until [ -s "$D/port" ]; do sleep 0.05; done
PORT=$(cat "$D/port")

config() { # KEYS...
	{
		echo "state-dir = \"$T/state\""
		echo 'account "p" {'
		printf '  protocol = "pop3"\n  host = "127.0.0.1"\n  port = %s\n  tls = "none"\n' "$PORT"
		printf '  user = "me"\n  password-command = "echo secret"\n  maildir = "%s"\n' "$M"
		printf '  %s\n' "$@"
		echo '}'
	} > "$T/config"
	chmod 600 "$T/config"
}
fresh() {
	rm -rf "$M" "$T/state" "$D"/mail/* "$D"/gone/* "$D"/popped/* "$D/log"
	mkdir -p "$T/state"
	: > "$D/rules"
	for i in 1 2 3; do
		printf 'Received: by x id %s\nMessage-ID: <%s@x>\nSubject: %s\n\n.\nbody %s\n' $i $i $i $i > "$D/mail/m$i"
	done
}
run() { # ARGUMENTS...: sets $status
	status=0
	"$GODWIT" -c "$T/config" "$@" > "$T/out" 2> "$T/err" || status=$?
}
files() { find "$M" \( -path '*/new/*' -o -path '*/cur/*' \) -type f 2> /dev/null; }
# once DIRECTORY WHAT: each message of it is here once
once() {
	local m n
	for m in "$D/$1"/*; do
		[ -f "$m" ] || continue
		n=$(files | while read -r f; do ! cmp -s "$f" "$m" || echo; done | wc -l)
		[ "$n" = 1 ] || fail "$2: $m is here $n times"
	done
}
at() { # N: a sync that is killed before its N-th operation
	rm -rf "$T/grave" "$T/power" "$T/power.data"
	mkdir "$T/grave"
	status=0
	{
		POWER_AT=$1 POWER_LOG=$T/power POWER_ROOTS=$T/state:$M POWER_GRAVE=$T/grave \
			LD_PRELOAD=$GODWIT_BUILD/tests/libpowerlog.so "$GODWIT" -c "$T/config" sync > "$T/out" 2> "$T/err" || status=$?
	} 2> /dev/null
}
full_at() {
	status=0
	POWER_AT=$1 POWER_ERROR=28 POWER_KINDS=CMULNWF LD_PRELOAD=$GODWIT_BUILD/tests/libpowerlog.so \
		"$GODWIT" -c "$T/config" sync > "$T/out" 2> "$T/err" || status=$?
}
cut_at() {
	at "$1"
	[ "$status" = 0 ] || perl "$POWERCUT" "$T/power" "$T/grave" "$1" journal "$T/state" "$M" > "$T/luck" 2>&1 ||
		fail "no cut: $(cat "$T/luck")"
	rm -f "$T"/state/*-shm
}

config 'keep = "no"'
for way in at cut_at full_at; do
	note "$way"
	n=1
	while :; do
		fresh
		$way "$n"
		over=$status
		once gone "$way $n"
		[ "$over" = 0 ] && [ -z "$(ls "$D/mail")" ] && break
		run sync
		[ "$status" = 0 ] || fail "$way $n: the next sync ended with $status"
		once gone "$way $n, afterwards"
		[ -z "$(ls "$D/mail")" ] || fail "$way $n: left there: $(ls "$D/mail")"
		[ "$(files | wc -l)" = 3 ] || fail "$way $n: $(files | wc -l) files"
		n=$((n + KILL_STEP))
		[ "$n" -lt 2000 ] || fail "$way never ends"
	done
	note "$way: up to operation $n"
done

note "what a user is told"
fresh
config 'keep = "14 days"'
run sync
[ "$status" = 0 ] || fail "sync"
grep -q '3 messages fetched' "$T/out" || fail "$(cat "$T/out")"
run status
grep -q '3' "$T/out" || fail "status: $(cat "$T/out")"
echo 'refuse PASS [AUTH] wrong' > "$D/rules"
run sync
[ "$status" = 77 ] || fail "a wrong password: $status"
echo 'refuse PASS [IN-USE] locked' > "$D/rules"
run sync
[ "$status" = 75 ] || fail "in use: $status"
: > "$D/rules"
run sync --now
[ "$status" = 0 ] || fail "after the pause: $status"
run doctor
grep -q 'signed in' "$T/out" || fail "doctor: $(cat "$T/out")"
run folders
[ "$status" = 78 ] || fail "folders: $status"
run verify
[ "$status" = 0 ] || fail "verify: $status"
for key in 'folders = {"*"}' 'archive = yes' 'delete = "trash"' 'keep = "0"' 'keep = "soon"' 'watch = {"INBOX"}' \
	'folder "x" { max-size = "1k" }' 'connections = 2' 'attic = 3' 'deliver-to = "/x"'; do
	config "$key"
	run sync
	[ "$status" = 78 ] || fail "$key: $status"
done
config 'deliver-to = "Old/Home"'
fresh
run sync
[ "$(find "$M/Old/Home/new" -type f | wc -l)" = 3 ] || fail "deliver-to: $(find "$M")"

note "a watcher"
fresh
config 'poll = 1'
"$GODWIT" -c "$T/config" watch > "$T/out" 2> "$T/err" &
watcher=$!
PIDS="$PIDS $watcher"
wait_files() { # N
	local i
	for i in $(seq 600); do
		[ "$(files | wc -l)" = "$1" ] && return
		kill -0 "$watcher" || fail "the watcher ended"
		sleep 0.1
	done
	fail "the watcher did not bring $1 messages"
}
wait_files 3
printf 'Subject: later\n\nlate\n' > "$T/late"
mv "$T/late" "$D/mail/m9"
wait_files 4
kill -TERM "$watcher"
wait "$watcher" || true
once mail watch
