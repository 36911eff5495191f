#!/bin/bash
# SPDX-License-Identifier: ISC
# The outbox in a bad world: odd files, a state that is gone or read-only, another user, other clocks, passwords that
# do not come, servers that say nothing at each step, many at once; and what must never be seen is not.
. "$(dirname "$0")/outboxlib.sh"

CAPS=PIPELINING,8BITMIME,SIZE_100000,ENHANCEDSTATUSCODES,AUTH_PLAIN
FAST=$GODWIT_BUILD/tests/libfastclock.so
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 # it is loaded before the sanitizer
server --caps $CAPS
config

odd() { # what `outbox` says of the one mail that is not sent
	godwit outbox --json > "$T/out" || true
	grep '"state":"broken"' "$T/out" | grep -q "$1" || fail "it does not say \"$1\""
}

note "files that are cut short, huge, or edited into nonsense are told, and the others leave"
fresh
queue a@y
file=$(ls "$Q"/cur/*)
head -c 60 "$file" > "$Q/new/short"
{ sed 's/^X-Godwit-Outbox: 1 .*/X-Godwit-Outbox: 1 0123456789ab/' "$file"; } > "$Q/new/sparse"
truncate -s 2G "$Q/new/sparse"
{ sed 's/^X-Godwit-Outbox: 1 .*/X-Godwit-Outbox: 1 0123456789ac/; s/^X-Godwit-To:.*/X-Godwit-To: <b@y> <c@y>/' "$file"; } > "$Q/new/edited"
{ sed 's/^X-Godwit-Outbox: 1 .*/X-Godwit-Outbox: 9 0123456789ad/' "$file"; } > "$Q/new/version"
: > "$Q/new/empty"
head -c 5000000 /dev/zero | tr '\0' x > "$Q/new/headless"
send 1
[ "$(taken)" = 1 ] || fail "not sent once"
godwit outbox > "$T/out" || true
[ "$(grep -c ' broken ' "$T/out")" = 5 ] || fail "not all are told"
grep -q 'refused.*' "$T/out" && grep -q 'NUL\|100000' "$T/out" || fail "two gigabytes of nothing are not told"

note "the state cannot be written, or is another user's"
fresh
if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
	chmod 755 "$T"
	as_nobody() { # STATUS WORDS ARG...
		local want=$1 words=$2 status=0
		shift 2
		setpriv --reuid=65534 --regid=65534 --clear-groups "$GODWIT_BUILD/godwit" -c "$T/config" "$@" \
			< "$T/mail" > "$T/out" 2> "$T/err" || status=$?
		[ "$status" = "$want" ] && { [ -z "$words" ] || grep -q -- "$words" "$T/err"; } || fail "$*: $status"
	}
	printf 'From: me@x.test\n\nx\n' > "$T/mail"
	as_nobody 78 "$T/config" sendmail a@y
	chown 65534 "$T/config"
	mkdir -m 500 "$T/state/x"
	chown 65534 "$T/state/x"
	sed -i "s|state-dir = .*|state-dir = $T/state/x|" "$T/config"
	as_nobody 74 "$T/state/x" sendmail a@y
	as_nobody 74 "$T/state/x" outbox send
	config
	chown 65534 "$T/config" "$T/password"
	chown 65534 "$T/state"
	as_nobody 0 '' sendmail a@y
	chmod 000 "$Q"/cur/*
	as_nobody 1 '' outbox send
	chown -R 0 "$T/config" "$T/password" "$T/state"
	[ "$(taken)" = 0 ] || fail "it was sent"
fi

note "a clock that is a year back, or ahead"
for shift in -31536000 31536000; do
	fresh
	echo 'RCPT a@y 1 451 4.7.1 greylisted' > "$SRV/rules"
	queue a@y
	send 1
	echo 'DOT * 1 421 4.3.2 later' > "$SRV/rules"
	rm -f "$SRV"/used.*
	queue b@y
	send 1
	echo 'DOT * 1 accept-close' > "$SRV/rules"
	rm -f "$SRV"/used.*
	queue c@y
	for _ in 1 2 3 4; do
		LD_PRELOAD=$FAST FASTCLOCK_SHIFT=$shift godwit outbox send --now > "$T/out" 2>&1 || true
		sqlite3 "$T/state/me.outbox.db" 'UPDATE mail SET doubt_at = doubt_at - 700 WHERE doubt_at > 0'
	done
	for to in a b c; do
		grep -q "TO:<$to@y>" "$SRV"/msgs/* || fail "$shift: $to@y does not get it: $(cat "$T/out")"
	done
	[ -z "$(find "$Q/cur" "$Q/new" -type f)" ] || fail "something is left: $(godwit outbox; cat "$T/out")"
done

note "a password command that fails, says nothing, or hangs"
for command in false true 'echo wrong; exit 1' 'sleep 1000'; do
	fresh
	rm -f "$SRV/log"
	config
	sed -i "s/smtp-password-command = .*/smtp-password-command = \"$command\"/" "$T/config"
	queue a@y
	status=0
	LD_PRELOAD=$FAST FASTCLOCK=60 FASTCLOCK_FROM=$(date +%s) timeout 60 "$GODWIT_BUILD/godwit" -c "$T/config" outbox send \
		> "$T/out" 2> "$T/err" || status=$?
	[ "$status" = 75 ] || [ "$status" = 77 ] || [ "$status" = 78 ] || fail "\"$command\": status $status"
	grep -q 'password' "$T/err" || fail "\"$command\" is not told"
	state_is queued
	[ ! -s "$SRV/log" ] || fail "\"$command\": it connected"
	config
	send 0 --now
	[ "$(taken)" = 1 ] || fail "not sent"
done

note "a server that says nothing, at each step; ten minutes for the answer to the dot"
SILENT=
silent() { # NAME SECONDS WORDS TAKEN RULE: beside the others, with a clock that runs sixty times as fast
	(
		PIDS=
		trap - EXIT
		T=$T/$1
		SRV=$T/srv Q=$T/state/me.outbox
		mkdir -p "$T/state"
		server --caps $CAPS
		trap 'kill $SERVER' EXIT
		config
		echo "$5" > "$SRV/rules"
		queue a@y
		status=0
		LD_PRELOAD=$FAST FASTCLOCK=60 FASTCLOCK_FROM=$(date +%s) timeout 60 "$GODWIT_BUILD/godwit" -c "$T/config" outbox send \
			> "$T/out" 2> "$T/err" || status=$?
		cat "$T/out" "$T/err" | grep -q -- "$3" || fail "silence at $1: $status: $(cat "$T/out" "$T/err")"
		[ "$(taken)" = "$4" ] || fail "$1: taken $(taken) times"
		echo "$1: status $status, $(cat "$T/out" "$T/err" | grep -v sending | tail -1)"
	) &
	SILENT="$SILENT $!"
}
silent greeting 300 'did not answer for 300' 0 'greeting * * silence'
silent EHLO 300 'did not answer for 300' 0 'EHLO * * silence'
silent AUTH 300 'did not answer for 300' 0 'AUTH * * silence'
silent MAIL 300 'did not answer for 300' 0 'MAIL * * silence'
silent RCPT 300 'did not answer for 300' 0 'RCPT * * silence'
silent DATA 120 'did not answer for 120' 0 'DATA * * silence'
silent DOT 600 'did not answer for 600' 0 'DOT * * silence'
silent slow 540 ' sent ' 1 'DOT * * wait 8'
silent slower 600 'in-doubt' 0 'DOT * * wait 14'
silent deaf 300 ' sent ' 1 'MAIL PIPE * deaf'
for pid in $SILENT; do
	wait "$pid" || fail "a silent server"
done

note "a token of 4 KB that expires in the middle of the queue: renewed once, nothing lost, nothing twice"
server --caps PIPELINING,8BITMIME,AUTH_XOAUTH2 --token-file "$T/theirs"
token() { head -c 4100 /dev/zero | tr '\0' "$1"; echo; }
token A > "$T/theirs"
cat > "$T/hook" <<-END
	#!/bin/sh
	[ ! -e "$T/expired" ] || exit 0
	cp "$T/B" "$T/theirs.new" && mv "$T/theirs.new" "$T/theirs"
	touch "$T/expired"
END
cat > "$T/ours" <<-END
	#!/bin/sh
	echo asked >> "$T/asked"
	[ "\$(wc -l < "$T/asked")" -le 2 ] && cat "$T/A" || cat "$T/B"
END
chmod 755 "$T/hook" "$T/ours"
token A > "$T/A"
token B > "$T/B"
config 'auth = "oauth2"' "token-command = \"$T/ours\"" "on-sent = \"$T/hook\""
sed -i '/smtp-password-command/d' "$T/config"
fresh
for i in 1 2 3 4 5 6 7 8 9; do queue "to$i@y"; done
printf 'RCPT to%d@y 1 hangup-when %s\n' 6 "$T/expired" > "$SRV/rules"
send 1
send 0 --now
[ "$(taken)" = 9 ] || fail "$(taken) of 9"
for i in 1 2 3 4 5 6 7 8 9; do [ "$(cat "$SRV"/msgs/* | grep -c "TO:<to$i@y>")" = 1 ] || fail "to$i@y"; done
[ "$(count 'C: AUTH')" = 4 ] || fail "$(count 'C: AUTH') sign-ins; not old, refused, new, and the second run's"

await_taken() { # COUNT: until so many have left, by the watcher
	for _ in $(seq 600); do [ "$(taken)" -lt "$1" ] || return 0; sleep 0.05; done
	fail "$(taken) of $1 left: $(cat "$T/watch.out")"
}

note "a watcher's mail by itself goes in three round trips; of those behind it the first connects, and the rest find it there"
server --caps "PIPELINING,CHUNKING,8BITMIME,AUTH_PLAIN"
reach 50 # meanwhile the outbox has been looked at
config
sed -i 's/send = "manual"/send = "sync"/' "$T/config"
mkdir -p "$T/run"
for _ in $(seq 10); do # on a slow machine it may be looked at once more, since another mail may have come
	fresh
	"$GODWIT_BUILD/godwit" -c "$T/config" watch > "$T/watch.out" 2>&1 &
	WATCHER=$!
	PIDS="$PIDS $WATCHER"
	for i in 1 2 3 4; do
		queue "to$i@y"
		await_taken $i
	done
	kill "$WATCHER"
	wait "$WATCHER" || fail "watch: $?"
	[ "$(count 'C: BDAT .* LAST')" = 0 ] || break
done
[ "$(count 'C: BDAT .* LAST') $(count 'C: DATA') $(count 'C: EHLO')" = "1 3 2" ] ||
	fail "$(count 'C: BDAT') BDAT, $(count 'C: DATA') DATA, $(count 'C: EHLO') connections"

note "the outbox is moved away under a watcher, and comes back: told, and each mail leaves once"
server --caps $CAPS
config
sed -i 's/send = "manual"/send = "sync"/' "$T/config" # by the watcher alone
fresh
mkdir -p "$T/run"
"$GODWIT_BUILD/godwit" -c "$T/config" watch > "$T/watch.out" 2>&1 &
WATCHER=$!
PIDS="$PIDS $WATCHER"
queue a@y
await_taken 1
mv "$Q" "$T/away"
queue b@y
await_taken 2
mv "$Q" "$T/away2"
mv "$T/away" "$Q"
queue c@y
await_taken 3
kill "$WATCHER"
wait "$WATCHER" || fail "watch: $?"
grep -q 'another one stands in its place' "$T/watch.out" || fail "it is not told"
[ "$(taken)" = 3 ] || fail "$(taken) instead of 3"

note "many at once, with two senders, a sync, and a reader that holds, edits and deletes"
N=${N:-20}
server --caps $CAPS
config
sed -i 's/send = "manual"/send = "sync"/' "$T/config"
fresh
cat > "$T/reader.pl" <<'END'
use strict;
my ($q, $out, $stop) = @ARGV;
srand 7;
open(my $log, ">", $out) or die;
while (!-e $stop) {
	opendir(my $d, "$q/cur") or next;
	my @f = grep { /godwit/ && !/F/ } readdir $d;
	select(undef, undef, undef, 0.05), next if !@f || rand() < 0.6;
	my $f = $f[rand @f];
	my $what = int rand 3;
	open(my $in, "<", "$q/cur/$f") or next;
	my $text = join "", <$in>;
	my ($id) = $text =~ /^Subject: no (\d+)/m or next;
	if ($what == 0) {
		rename("$q/cur/$f", "$q/cur/$f" =~ s/:2,S/:2,FS/r) and print $log "held $id\n";
	} elsif ($what == 1) {
		next if $text =~ /edited/;
		open(my $e, ">", "$q/tmp/edit") or next;
		print $e $text . "edited\n";
		close $e;
		my $new = "$q/cur/" . ($f =~ s/^\d+/1700000000/r) . "S";
		rename("$q/cur/$f", "$q/tmp/old") or next;
		rename("$q/tmp/edit", $new);
		unlink "$q/tmp/old";
		print $log "edited $id\n";
	} else {
		unlink("$q/cur/$f") and print $log "deleted $id\n";
	}
}
END
mkdir -p "$Q"/{cur,new,tmp}
perl "$T/reader.pl" "$Q" "$T/did" "$T/stop" &
READER=$!
PIDS="$PIDS $READER"
: > "$T/others"
( while [ ! -e "$T/stop" ]; do godwit outbox send; done >> "$T/others" 2>&1 || true ) &
A=$!
( while [ ! -e "$T/stop" ]; do godwit outbox send --now; sleep 0.1; done >> "$T/others" 2>&1 || true ) &
B=$!
( while [ ! -e "$T/stop" ]; do godwit sync; sleep 0.2; done >> "$T/others" 2>&1 || true ) &
C=$!
WRITERS=
for i in $(seq "$N"); do
	printf 'From: me@x.test\nSubject: no %d\n\nbody\n' "$i" |
		godwit sendmail "to$i@y" 2> "$T/err.$i" &
	WRITERS="$WRITERS $!"
done
for pid in $WRITERS; do wait "$pid" || fail "a submission failed"; done
touch "$T/stop"
wait "$A" "$B" "$C" "$READER" || true
for _ in 1 2 3; do godwit outbox send --now > "$T/out" 2>&1 || true; done
for i in $(seq "$N"); do
	n=$(cat "$SRV"/msgs/* | grep -c "TO:<to$i@y>" || true)
	here=$(grep -l "^Subject: no $i$" "$Q"/{cur,new}/* 2> /dev/null | wc -l)
	case "$n $here $(sed -n "s/ $i\$//p" "$T/did" | tr '\n' ' ')" in
	"1 0 "*) ;;                 # sent
	"0 0 "*deleted*) ;;         # as the reader wants it
	"0 1 "*held*) ;;
	*) fail "no $i: $n times there, $here here; $(grep " $i\$" "$T/did"); $(ls "$Q"/*)" ;;
	esac
done
echo "$(taken) sent; $(cut -d' ' -f1 "$T/did" | sort | uniq -c | tr '\n' ' ')"

note "no password, token or Bcc address is seen in logs, in ps, or in what leaves"
config
fresh
echo 'DOT * 1 wait 1' > "$SRV/rules"
printf 'From: me@x.test\nTo: a@y\nBcc: hidden@y\nSubject: s\n\nbody\n' | godwit sendmail -v -t > "$T/log" 2>&1 || fail "sendmail"
"$GODWIT_BUILD/godwit" -c "$T/config" -v outbox send >> "$T/log" 2>&1 &
pid=$!
until grep -q 'C: DATA' "$SRV/log" 2> /dev/null; do sleep 0.02; done
tr '\0' ' ' < "/proc/$pid/cmdline" > "$T/ps"
tr '\0' ' ' < "/proc/$pid/environ" >> "$T/ps"
wait "$pid" || fail "not sent"
! grep -q 'secret\|AG1lAHNlY3JldA' "$T/log" "$T/ps" || fail "the password is seen"
! grep -qi hidden "$T/ps" "$T/log" || fail "the Bcc is seen"
! sed '1,/^$/d' "$SRV/msgs/0" | grep -qi 'hidden\|^bcc\|x-godwit' || fail "the Bcc leaves"
