#!/bin/bash
# SPDX-License-Identifier: ISC
# A POP3 account: godwit is killed before each of its operations, the power is cut there, and the disk is
# full from there on, with `keep = "no"`, at a server that shows nothing twice, and with `delete = "expunge"`; then
# commands and messages as a user meets them.  Whatever happened, each message is here once, and nothing went on
# the server that is not, or was not deleted here.  (Cuts of the connection: unit/pull.)  KILL_STEP (default 17):
# every so many operations; a quarter of them of a deletion, which has fewer.
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
		echo "sandbox = no" # for tools/powerlog.c
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
copies() { # FILE: how often it is here
	files | while read -r f; do ! cmp -s "$f" "$1" || echo; done | wc -l
}
# once DIRECTORY WHAT: each message of it is here once
once() {
	local m
	for m in "$D/$1"/*; do
		[ ! -f "$m" ] || [ "$(copies "$m")" = 1 ] || fail "$2: $m is here $(copies "$m") times"
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
full_at() { # N [KINDS]
	status=0
	POWER_AT=$1 POWER_ERROR=28 POWER_KINDS=${2:-CMULNWF} LD_PRELOAD=$GODWIT_BUILD/tests/libpowerlog.so \
		"$GODWIT" -c "$T/config" sync > "$T/out" 2> "$T/err" || status=$?
}
placed_at() { full_at "$1" LNF; } # only flushes and new names fail, of which there are few
cut_at() {
	at "$1"
	[ "$status" = 0 ] || perl "$POWERCUT" "$T/power" "$T/grave" "$1" journal "$T/state" "$M" > "$T/luck" 2>&1 ||
		fail "no cut: $(cat "$T/luck")"
	rm -f "$T"/state/*-shm
}

# everywhere WHAT STEP: before, checked and settled are WHAT's; before makes the world, checked is what must hold after a run
# that ended badly, settled after a good one.
everywhere() {
	local way n over step
	for way in at cut_at full_at placed_at; do
		note "$1, $way"
		step=$2
		[ $way != placed_at ] || step=1
		n=1
		while :; do
			"before_$1"
			$way "$n"
			over=$status
			"checked_$1" "$way $n"
			[ "$over" != 0 ] || ! "is_settled_$1" || break
			run sync
			[ "$status" = 0 ] || fail "$way $n: the next sync ended with $status"
			"checked_$1" "$way $n, afterwards"
			"is_settled_$1" || fail "$way $n: there $(ls "$D/mail"), deleted $(ls "$D/gone"), here $(files)"
			n=$((n + step))
			[ "$n" -lt 2000 ] || fail "$way never ends"
		done
		note "$1, $way: up to operation $n"
	done
}

before_keep() { fresh; }
checked_keep() { once gone "$1"; }
is_settled_keep() { [ -z "$(ls "$D/mail")" ] && [ "$(files | wc -l)" = 3 ]; }

# As at Gmail: what was fetched is not shown any more once QUIT was said.
before_marks() {
	fresh
	echo expire0 > "$D/rules"
}
checked_marks() {
	local m
	for m in "$D"/popped/*; do
		m=$D/mail/${m##*/}
		[ ! -f "$m" ] || [ "$(copies "$m")" = 1 ] || fail "$1: $m is not shown any more, and here $(copies "$m") times"
	done
}
is_settled_marks() { [ "$(ls "$D/popped" | wc -l) $(files | wc -l)" = "3 3" ] && once mail "the end"; }

# One was deleted here, and one is new.
before_deletion() {
	fresh
	run sync
	[ "$status" = 0 ] && [ "$(files | wc -l)" = 3 ] || fail "the first sync: $status"
	rm "$(grep -l '^Subject: 2' "$M"/INBOX/new/*)" "$D/log"
	printf 'Received: by x id 4\nMessage-ID: <4@x>\nSubject: 4\n\nbody 4\n' > "$D/mail/m4"
}
# Nothing else went there; and a wish to delete is in the state, durably, before the server is asked to.
checked_deletion() {
	local m n wishes
	for m in m1 m3 m4; do
		[ -f "$D/mail/$m" ] || fail "$1: $m was deleted there"
		n=$(copies "$D/mail/$m")
		[ "$n" = 1 ] || [ "$m$n" = m40 ] || fail "$1: $m is here $n times"
	done
	grep -qs '^DELE' "$D/log" || return 0
	! grep -q '^DELE m[134]' "$D/log" || fail "$1: $(cat "$D/log")"
	[ "$over" = 0 ] || wishes=$(sqlite3 "$T/state/p.db" 'SELECT count(*) FROM pulled WHERE state IN (1, 4)')
	[ "${wishes:-1}" = 1 ] || fail "$1: m2 was to be deleted there, and the state has $wishes that are"
}
is_settled_deletion() {
	[ "$(ls "$D/gone")" = m2 ] && [ "$(files | wc -l)" = 3 ] && [ "$(copies "$D/mail/m4")" = 1 ]
}

config 'keep = "no"'
everywhere keep "$KILL_STEP"
config 'keep = "forever"'
everywhere marks "$KILL_STEP"
config 'delete = "expunge"'
everywhere deletion $(((KILL_STEP + 3) / 4))

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

note "restore: what was deleted here, from the server"
fresh
config 'keep = "forever"'
echo 'badmail m3' > "$D/rules"
run sync
: > "$D/rules"
rm "$(grep -l '^Subject: 1' "$M"/INBOX/new/*)" "$(grep -l '^Subject: 2' "$M"/INBOX/new/*)" "$D/mail/m1" "$D/log"
cp -r "$M" "$T/Mail.before"
run restore p
[ "$status" = 0 ] || fail "restore: $status"
id_of() { sed -n "s/^ *\([0-9]*\) .* $1\$/\1/p" "$T/out"; }
[ "$(id_of 2)$(id_of 3)" -gt 0 ] && [ -z "$(id_of 1)" ] && grep -q 'could not be fetched' "$T/out" || fail "listed: $(cat "$T/out")"
grep -q '1 message was deleted here that the server does not list' "$T/err" || fail "what cannot come back"
! grep -qE '^(RETR|DELE)' "$D/log" || fail "a listing fetched: $(cat "$D/log")"
diff -r "$M" "$T/Mail.before" > "$T/diff" || fail "a listing changed something: $(cat "$T/diff")"
id=$(id_of 2)
run restore p --json
"$TOOLS/jsonschema" "$(dirname "$0")/../../docs/json.schema.json" < "$T/out" > "$T/diff" || fail "$(cat "$T/diff")"
gone=$(sed -n 's/.*"id":"\([0-9]*\)".*"gone".*/\1/p' "$T/out")
run restore p "$gone" 77
[ "$status" = 1 ] && grep -q "does not list message $gone" "$T/err" && grep -q 'no message 77' "$T/err" || fail "what is gone: $status"
[ -z "$(files)" ] || fail "something came: $(files)"
printf 'Subject: new\n\nnew\n' > "$D/mail/m5"
run restore p "$id"
[ "$status" = 0 ] && [ "$(files | wc -l) $(copies "$D/mail/m2")" = "1 1" ] || fail "restore $id: $status, $(files)"
run restore p --all
[ "$status" = 0 ] && [ "$(files | wc -l) $(copies "$D/mail/m3")" = "2 1" ] || fail "restore --all: $status, $(files)"
run sync
[ "$status" = 0 ] && [ "$(files | wc -l) $(copies "$D/mail/m5")" = "3 1" ] || fail "the next sync: $status"
# All was deleted here, by accident; and one that is to go there, and cannot yet.
fresh
config 'delete = "expunge"'
run sync
rm "$M"/INBOX/new/*
run sync
[ "$status" = 1 ] || fail "not held: $status"
run restore p --all
[ "$status" = 0 ] || fail "restore --all: $status"
once mail "restore --all"
run sync
[ "$status" = 0 ] && ! grep -q '^DELE' "$D/log" || fail "what was restored: $status"
rm "$(grep -l '^Subject: 2' "$M"/INBOX/new/*)"
echo 'refuse DELE no' > "$D/rules"
run sync
: > "$D/rules"
run restore p --all
run sync
once mail "what was to go there"
[ -z "$(ls "$D/gone")" ] || fail "it went: $(ls "$D/gone")"
run restore p:Sent
[ "$status" = 78 ] || fail "a folder: $status"

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
