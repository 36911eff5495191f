#!/bin/bash
# SPDX-License-Identifier: ISC
# Power cuts while mails end in all ways: sent, sent to some and refused for others, refused; and while the copy of what
# was sent is put into Sent.  Not every move of a file is flushed: what the state says makes up for that.  Nothing is
# lost, nothing is there twice that was not in doubt; each has its copy and its notice.  POWER_POINTS (default 5): cuts in each way and phase.
. "$(dirname "$0")/outboxlib.sh"

SANDBOX=no
POWER_POINTS=${POWER_POINTS:-5}
POWERCUT=$(dirname "$0")/../tools/powercut.pl
TREE=$T/tree
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 # the library is loaded before it
server --caps PIPELINING,CHUNKING,8BITMIME,SIZE_100000,AUTH_PLAIN
# The other side of the account is not there: nothing of it is looked at.
config "maildir = \"$TREE\" host = \"127.0.0.1\" port = 1 tls = \"none\" user = \"me\" password-command = \"cat $T/password\""

logged_at() { # N ARG...: killed before its N-th operation, 0: not at all
	local n=$1
	shift
	rm -rf "$T/grave" "$T/power" "$T/power.data"
	mkdir "$T/grave"
	status=0
	{
		POWER_AT=$n POWER_LOG=$T/power POWER_ROOTS=$T/state:$TREE POWER_GRAVE=$T/grave \
			LD_PRELOAD=$GODWIT_BUILD/tests/libpowerlog.so \
			"$GODWIT_BUILD/godwit" -c "$T/config" "$@" > "$T/out" 2> "$T/err" || status=$?
	} 2> /dev/null
}
cut() { # MODE SEED
	perl "$POWERCUT" "$T/power" "$T/grave" "$2" "$1" "$T/state" "$TREE" > "$T/luck" 2>&1 || fail "no cut: $(cat "$T/luck")"
	rm -f "$T"/state/*-shm # SQLite's; no disk has it
}
prepare() {
	fresh
	rm -rf "$TREE"
	mkdir -p "$TREE"/{INBOX,Sent}/{cur,new,tmp}
	echo 'RCPT bad@y * 550 5.1.1 no such user' > "$SRV/rules"
	for to in "all@y" "some@y, bad@y" "bad@y"; do
		printf 'From: me@x.test\nTo: %s\nSubject: to %s\nMessage-ID: <%s@x.test>\n\nbody\n' "$to" "${to%%@*}" "${to%%@*}" |
			godwit sendmail -t 2> "$T/err" || fail "sendmail: $?"
	done
}
later() {
	sql 'UPDATE mail SET doubt_at = doubt_at - 700 WHERE doubt_at > 0; UPDATE mail SET sent_at = sent_at - 100 WHERE sent_at > 0;
		UPDATE mail SET decided_at = decided_at - 100 WHERE decided_at > 0'
}
sql() {
	[ ! -f "$T/state/me.outbox.db" ] || sqlite3 "$T/state/me.outbox.db" "$1" 2> /dev/null || true
}
settle() { # further senders, half a minute and ten minutes later; sets $doubt
	doubt=0
	for _ in 1 2 3 4; do
		godwit outbox send --now > "$T/out" 2> "$T/err" || true
		! godwit outbox 2> /dev/null | grep -q in-doubt || doubt=1
		later
	done
}
copies() { # NAME DIR...
	grep -l "^Subject: to $1\$" "${@:2}" 2> /dev/null | wc -l
}
judge() { # WHAT
	local n to
	for to in all some; do
		n=$(cat "$SRV"/msgs/* 2> /dev/null | grep -c "^RCPT TO:<$to@y>" || true)
		[ "$n" -ge 1 ] || fail "$1: $to@y does not get it"
		[ "$n" = 1 ] || { [ "$doubt" = 1 ] && [ "$n" = 2 ]; } || fail "$1: $to@y gets it $n times"
		[ "$n" = 1 ] || twice=$((twice + 1))
		n=$(copies "$to" "$TREE"/Sent/cur/*)
		[ "$n" = 1 ] || fail "$1: $n copies of $to in Sent"
	done
	[ "$(copies all "$Q"/{cur,new,sent}/*)" = 0 ] || fail "$1: what was sent is still there"
	godwit outbox --json > "$T/out" 2> "$T/err" || true
	for to in some bad; do # the user's turn
		[ "$(copies "$to" "$Q"/new/*)" = 1 ] && [ "$(copies "$to" "$Q"/{cur,sent}/*)" = 0 ] ||
			fail "$1: what was refused is not there: $(ls "$Q"/*)"
		n=$(grep -l "^Subject: Not sent: to $to\$" "$TREE"/INBOX/new/* 2> /dev/null | wc -l)
		[ "$n" = 1 ] || fail "$1: $n notices about $to"
		grep "\"to $to\"" "$T/out" | grep -q '"state":"refused"' || fail "$1: $to is not told as refused"
	done
	doubts=$((doubts + doubt))
}

prepare
logged_at 0 outbox send
sending=$(wc -l < "$T/power")
later
logged_at 0 outbox send
filing=$(wc -l < "$T/power")
[ "$filing" -gt 10 ] || fail "nothing was filed"
cuts=0 doubts=0 twice=0
for mode in journal strict; do
	for phase in sending filing; do
		for i in $(seq "$POWER_POINTS"); do
			prepare
			# somewhere in the i-th part of it; the last one right after the run
			at=$((${!phase} * (i - 1) / POWER_POINTS + RANDOM % (${!phase} / POWER_POINTS + 1) + 1))
			[ "$i" -lt "$POWER_POINTS" ] || at=0
			if [ "$phase" = filing ]; then
				godwit outbox send > "$T/out" 2>&1 || true
				later
			fi
			logged_at "$at" outbox send
			cut "$mode" "$RANDOM"
			settle
			judge "$mode, $phase, operation $at, $(cat "$T/luck")"
			cuts=$((cuts + 1))
		done
	done
done
echo "$cuts cuts; $doubts left a doubt, $twice times something was sent twice"
note ok
