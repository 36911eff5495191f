#!/bin/bash
# sendmail and the sender are killed at their system calls; nothing is lost, and sent twice is only what
# was in doubt.  STEP (default 5): every so many calls.
. "$(dirname "$0")/outboxlib.sh"

command -v strace > /dev/null || exit 77
STEP=${STEP:-5}
CALLS=write,pwrite64,writev,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir,openat
server --caps PIPELINING,CHUNKING,8BITMIME,SIZE_100000,AUTH_PLAIN
config

# killed_at N COMMAND...: true if it was killed
killed_at() {
	local n=$1
	shift
	{ strace -f -qq -o /dev/null -e trace=$CALLS -e inject=$CALLS:signal=KILL:when="$n" \
		"$GODWIT_BUILD/godwit" -c "$T/config" "$@" > "$T/out" 2> "$T/err"; } 2> /dev/null && return 1
	[ $? = 137 ]
}

note "sendmail"
n=1
queued=0
while :; do
	fresh
	printf 'From: me@x.test\n\nbody\n' > "$T/mail.in"
	killed_at "$n" sendmail a@y < "$T/mail.in" || break
	send 0
	queued=$((queued + $(taken)))
	[ "$(taken)" -le 1 ] || fail "sent $(taken) times (call $n)"
	n=$((n + STEP))
done
send 0
[ "$(taken)" = 1 ] || fail "accepted, and not sent"
echo "   killed at $n calls, queued all the same $queued times"

note "the sender"
n=1
doubts=0
twice=0
while :; do
	fresh
	queue a@y b@y
	killed_at "$n" outbox send || break
	doubt=0
	for _ in 1 2 3; do
		godwit outbox send --now > "$T/out" 2> "$T/err" || true
		! godwit outbox | grep -q in-doubt || doubt=1
		[ ! -f "$T/state/me.outbox.db" ] ||
			sqlite3 "$T/state/me.outbox.db" 'UPDATE mail SET doubt_at = doubt_at - 700 WHERE doubt_at > 0' 2> /dev/null || true
	done
	got=$(taken)
	[ "$got" -ge 1 ] || fail "lost (call $n)"
	[ "$got" = 1 ] || [ "$doubt" = 1 ] || fail "sent $got times without a doubt (call $n)"
	[ "$got" -le 2 ] || fail "sent $got times (call $n)"
	doubts=$((doubts + doubt))
	twice=$((twice + got - 1))
	n=$((n + STEP))
done
echo "   killed at $n calls, $doubts in doubt, $twice sent twice"
