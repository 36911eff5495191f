#!/bin/bash
# SPDX-License-Identifier: ISC
# sendmail and the sender are killed before each of their operations, of all threads together; the power is
# cut there, and the disk is full from there on.  What was accepted is not lost, and what was sent
# twice was in doubt.  KILL_STEP (default 11): every so many operations; 1 takes some ten minutes.
. "$(dirname "$0")/outboxlib.sh"

SANDBOX=no
KILL_STEP=${KILL_STEP:-11}
POWERCUT=$(dirname "$0")/../tools/powercut.pl
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 # the library is loaded before it
server --caps PIPELINING,CHUNKING,8BITMIME,SIZE_100000,AUTH_PLAIN
config

# at N COMMAND...: killed before its N-th operation, 0: not at all; what it does is written down
at() {
	local n=$1
	shift
	rm -rf "$T/grave" "$T/power" "$T/power.data"
	mkdir "$T/grave"
	status=0
	{ # nor does the shell tell of each that it was killed
		POWER_AT=$n POWER_LOG=$T/power POWER_ROOTS=$T/state POWER_GRAVE=$T/grave \
			LD_PRELOAD=$GODWIT_BUILD/tests/libpowerlog.so \
			"$GODWIT_BUILD/godwit" -c "$T/config" "$@" > "$T/out" 2> "$T/err" || status=$?
	} 2> /dev/null
}
full_at() { # N COMMAND...: from its N-th operation on the disk is full; sockets are not
	local n=$1
	shift
	status=0
	POWER_AT=$n POWER_ERROR=28 POWER_KINDS=CMULNWF LD_PRELOAD=$GODWIT_BUILD/tests/libpowerlog.so \
		"$GODWIT_BUILD/godwit" -c "$T/config" "$@" > "$T/out" 2> "$T/err" || status=$?
}
cut() { # MODE SEED: what was not flushed may be gone
	perl "$POWERCUT" "$T/power" "$T/grave" "$2" "$1" "$T/state" > "$T/luck" 2>&1 || fail "no cut: $(cat "$T/luck")"
	rm -f "$T"/state/*-shm # SQLite's; no disk has it
}
none() { # MODE SEED: no cut
	:
}
# after: the next senders, in time; sets $doubt
after() {
	doubt=0
	for _ in 1 2 3; do
		godwit outbox send --now > "$T/out" 2> "$T/err" || true
		! godwit outbox 2> /dev/null | grep -q in-doubt || doubt=1
		[ ! -f "$T/state/me.outbox.db" ] || sqlite3 "$T/state/me.outbox.db" \
			'UPDATE mail SET doubt_at = doubt_at - 700 WHERE doubt_at > 0' 2> /dev/null || true
		[ -n "$(ls "$Q"/cur "$Q"/new 2> /dev/null | grep '\.godwit')" ] || break
	done
}
printf 'From: me@x.test\nSubject: s\n\nbody\n' > "$T/mail"

for way in none "cut journal" "cut strict"; do
	note "sendmail: $way"
	n=1
	queued=0
	while :; do
		fresh
		at "$n" sendmail a@y < "$T/mail"
		$way "$n"
		after
		[ "$status" = 137 ] || break
		[ "$(taken)" -le 1 ] || fail "sent $(taken) times (operation $n)"
		[ -z "$(ls "$Q"/cur "$Q"/new 2> /dev/null | grep '\.godwit')" ] || fail "something is left (operation $n)"
		queued=$((queued + $(taken)))
		n=$((n + KILL_STEP))
	done
	[ "$status" = 0 ] && [ "$(taken)" = 1 ] || fail "accepted, and not sent"
	for seed in $(seq $((20 / KILL_STEP + 1))); do
		fresh
		at 0 sendmail a@y < "$T/mail"
		$way "$seed"
		after
		[ "$status" = 0 ] && [ "$(taken)" = 1 ] || fail "accepted, and not sent after a power cut ($seed)"
	done
	echo "   $n operations; queued all the same $queued times"

	note "the sender: $way"
	n=1
	doubts=0
	twice=0
	while :; do
		fresh
		queue a@y b@y
		at "$n" outbox send
		killed=$status
		$way "$n"
		after
		got=$(taken)
		[ "$got" -ge 1 ] || fail "lost (operation $n)"
		[ "$got" = 1 ] || [ "$doubt" = 1 ] || fail "sent $got times without a doubt (operation $n)"
		[ "$got" -le 2 ] || fail "sent $got times (operation $n)"
		doubts=$((doubts + doubt))
		twice=$((twice + got - 1))
		[ "$killed" = 137 ] || break
		n=$((n + KILL_STEP))
	done
	[ "$got" = 1 ] && [ "$doubt" = 0 ] || fail "a run that nobody killed left a doubt"
	echo "   $n operations; $doubts in doubt, $twice sent twice"
done

note "the disk is full"
n=1
while :; do
	fresh
	full_at "$n" sendmail a@y < "$T/mail"
	left=$(ls "$Q"/cur 2> /dev/null | grep -c '\.godwit' || true)
	[ "$status" != 0 ] || break
	case $status in 73 | 74 | 75) ;; *) fail "status $status (operation $n)" ;; esac
	[ "$left" = 0 ] || fail "refused, and queued (operation $n)"
	grep -q 'nothing was queued' "$T/err" || fail "not told (operation $n)"
	n=$((n + KILL_STEP))
done
[ "$left" = 1 ] || fail "accepted, and not queued"
n=1
while :; do
	fresh
	queue a@y
	full_at "$n" outbox send
	first=$status
	after
	got=$(taken)
	[ "$got" -ge 1 ] || fail "lost (operation $n, full)"
	[ "$got" = 1 ] || [ "$doubt" = 1 ] || fail "sent $got times without a doubt (operation $n, full)"
	[ "$first" != 0 ] || break
	n=$((n + KILL_STEP))
done

note "the clock goes back by a year, and forth again"
fresh
echo 'RCPT a@y 1 451 4.7.1 greylisted' > "$SRV/rules"
clock() { # SECONDS COMMAND...
	echo "$1" > "$T/clock"
	shift
	POWER_CLOCK=$T/clock LD_PRELOAD=$GODWIT_BUILD/tests/libpowerlog.so "$GODWIT_BUILD/godwit" -c "$T/config" "$@"
}
queue a@y
send 1
clock -31536000 outbox send > "$T/out" 2> "$T/err" || fail "it waits for a year"
[ "$(taken)" = 1 ] || fail "not sent"
fresh
echo 'DOT * 1 accept-close' > "$SRV/rules"
queue a@y
send 75
for _ in 1 2 3; do clock -31536000 outbox send > "$T/out" 2> "$T/err" || true; done
[ "$(taken)" = 2 ] || fail "a doubt of the future is none ($(taken))"
fresh
clock -31536000 sendmail a@y < "$T/mail"
send 0
[ "$(taken)" = 1 ] || fail "not sent"
note ok
