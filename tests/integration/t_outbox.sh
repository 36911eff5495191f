#!/bin/bash
# SPDX-License-Identifier: ISC
# The outbox: submitting, sending, refusals, doubts, pauses; against tests/smtp/smtpd.
. "$(dirname "$0")/outboxlib.sh"

CAPS=PIPELINING,8BITMIME,SIZE_100000,ENHANCEDSTATUSCODES,AUTH_PLAIN_LOGIN

note "what comes in is durable, and leaves without its Bcc"
server --caps $CAPS
config
fresh
printf 'From: me@x.test\nTo: a@y\nbcc :\n b@y\nSubject: s\n\n.\nx\n' > "$T/mail"
ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 strace -f -o "$T/trace" -e trace=fsync,fdatasync,connect,socket \
	"$GODWIT_BUILD/godwit" -c "$T/config" sendmail -t < "$T/mail" || fail "sendmail"
rm -rf "$T/state/me.outbox/cur/"*
ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 strace -f -o "$T/trace" -e trace=fsync,fdatasync,connect,socket \
	"$GODWIT_BUILD/godwit" -c "$T/config" sendmail -t < "$T/mail" || fail "sendmail"
[ "$(grep -c 'fsync\|fdatasync' "$T/trace")" = 2 ] || fail "not two flushes: $(cat "$T/trace")"
! grep -q 'connect\|socket' "$T/trace" || fail "submitting needs no network"
[ "$(stat -c %a "$Q")" = 700 ] || fail "others can look into the outbox"
send 0
[ "$(taken)" = 1 ] || fail "not taken"
grep -q 'RCPT TO:<b@y>' "$SRV/msgs/0" || fail "the Bcc recipient does not get it"
! sed '1,/^$/d' "$SRV/msgs/0" | grep -qi '^bcc\|b@y\|^x-godwit' || fail "the Bcc leaks"
[ "$(grep -c '^\.' "$SRV/msgs/0")" = 1 ] || fail "the dot is not what it was"
[ -z "$(ls "$Q/cur" "$Q/new" | grep '\.godwit')" ] || fail "it is still in the outbox"

note "nothing is queued when it is refused, and the status says why"
fresh
refused() { # STATUS WORDS ARG...
	local want=$1 words=$2 status=0
	shift 2
	godwit sendmail "$@" < "$T/mail" 2> "$T/err" || status=$?
	[ "$status" = "$want" ] || fail "status $status, not $want"
	grep -q -- "$words" "$T/err" || fail "it does not say \"$words\""
	[ "$(wc -l < "$T/err")" = 1 ] || fail "not one line"
	[ -z "$(ls "$Q"/{cur,new,tmp} 2> /dev/null | grep '\.godwit')" ] || fail "something was queued"
}
printf 'From: me@x.test\n\nx\n' > "$T/mail"
refused 65 nobody -t
refused 65 nobody
refused 65 'a@y>' -- 'a@y> SIZE=1'
refused 65 root -- root
refused 64 '-bs' -bs
refused 64 '-Y' -Y
refused 64 'behind -f' -f
refused 78 'no account' -a nobody -- a@y
printf 'From: me@x.test\nTo: a@y\n\nx\ry\n' > "$T/mail"
refused 65 'line 4' -t
printf 'From: me@x.test\nTo: a@y\n\nx\0y\n' > "$T/mail"
refused 65 'NUL' -t
{ printf 'From: me@x.test\nTo: a@y\n\n'; head -c 999 /dev/zero | tr '\0' x; echo; } > "$T/mail"
refused 65 'line 4' -t
printf 'From: me@x.test\n\nx\n' > "$T/mail"
refused 65 'without blanks' -V 'a b' a@y
refused 65 'without blanks' -V '' a@y
printf 'From: me@x.test\nTo: a@y, broken\n\nx\n' > "$T/mail"
refused 65 'To: "broken"' -t
: > "$T/mail"
refused 65 empty -- a@y
for args in "-i -fme@x.test" "-oi -f me@x.test" "-oem -odq -B8BITMIME -N never -R hdrs -V abc" \
	"-om -G -U -n -x -h 3 -L tag -p x -O k=v -A m -X /dev/null -o i"; do
	printf 'From: me@x.test\n\nx\n' > "$T/mail"
	# shellcheck disable=SC2086
	godwit sendmail $args -- a@y < "$T/mail" 2> "$T/err" || fail "sendmail $args"
done

note "one who is refused never keeps the others from it"
fresh
echo 'RCPT b@y * 550 5.1.1 no such user' > "$SRV/rules"
queue a@y b@y c@y
send 1
[ "$(taken)" = 1 ] || fail "the others did not get it"
grep -q 'no such user' "$T/out" || fail "the server's words are missing"
state_is refused
ls "$Q/new" | grep -q "$ID" || fail "it is not where readers show it"
send 1
[ "$(count 'RCPT TO:<b@y>')" = 1 ] || fail "it was tried again by itself"
rm "$SRV/rules"
send 0 "$ID"
[ "$(taken)" = 2 ] && grep -q "RCPT TO:<b@y>" "$SRV/msgs/1" && ! grep -q "RCPT TO:<a@y>" "$SRV/msgs/1" ||
	fail "asked for, it goes to him alone"

note "greylisted: again later, to him alone"
fresh
echo 'RCPT b@y 1 451 4.7.1 greylisted' > "$SRV/rules"
queue a@y b@y
send 1
state_is waiting
send 1
[ "$(taken)" = 1 ] || fail "it is not due"
send 0 --now
[ "$(taken)" = 2 ] || fail "not sent"
[ "$(cat "$SRV"/msgs/* | grep -c 'RCPT TO:<a@y>')" = 1 ] || fail "a@y has it twice"

note "a fate of which this godwit knows nothing is a doubt"
fresh
echo 'RCPT a@y 1 451 4.7.1 greylisted' > "$SRV/rules"
queue a@y
send 1
sqlite3 "$T/state/me.outbox.db" 'UPDATE fate SET fate = 77'
send 1 --now
state_is in-doubt
[ "$(taken)" = 0 ] || fail "it was sent once more"

note "more recipients than the server takes at once"
fresh
echo 'RCPT c@y 1 452 4.5.3 too many recipients' > "$SRV/rules"
queue a@y b@y c@y
send 0
[ "$(cat "$SRV"/msgs/* | grep -c '^RCPT')" = 3 ] || fail "not everyone has it"

note "a daily limit is a pause, and no refusal"
fresh
echo 'DOT * * 550-5.4.5 Daily user\n550 5.4.5 sending limit exceeded' > "$SRV/rules"
queue a@y
send 1 me
state_is queued
godwit outbox | grep -q 'pauses until' || fail "the pause is not told"
godwit outbox --background send me || true
[ "$(count '^connect')" = 1 ] || fail "it did not pause"

note "a refused sign-in returns nothing, and is not tried over and over"
fresh
echo wrong > "$T/password"
queue a@y
send 77
state_is queued
send 77
[ "$(count 'C: AUTH')" = 1 ] || fail "the same password was tried again"
echo secret > "$T/password"
send 0
[ "$(taken)" = 1 ] || fail "not sent"

note "the line is gone"
fresh
queue a@y
kill "$SERVER"
wait "$SERVER" 2> /dev/null || true
send 75
state_is queued
server --caps $CAPS
config
send 1
send 0 --now
[ "$(taken)" = 1 ] || fail "not sent"

note "held, released, dropped, edited"
fresh
queue a@y
godwit outbox hold "$ID"
state_is held
send 1 me
[ "$(taken)" = 0 ] || fail "it was held"
godwit outbox release "$ID"
state_is queued
sed -i 's/body/other/' "$Q"/cur/*
send 0
grep -q '^\.other' "$SRV/msgs/0" || fail "the edit is not what was sent"
queue a@y
godwit outbox drop "$ID"
send 0
[ "$(taken)" = 1 ] || fail "it was dropped"

note "files that are none of ours are never sent, and told"
fresh
queue a@y
cp "$Q"/cur/* "$Q/cur/copy:2,S"
mkdir "$Q/cur/directory"
mkfifo "$Q/new/pipe"
ln -s /etc/passwd "$Q/new/link"
printf 'From: me@x.test\n\nx\n' > "$Q/new/foreign"
printf 'X-Godwit-Outbox: 1 000000000000\nX-Godwit-From: <me@x.test>\nX-Godwit-To: <a@y\n\nx\n' > "$Q/new/nonsense"
send 1
[ "$(taken)" = 1 ] || fail "not sent once"
godwit outbox --json > "$T/out" || true
[ "$(grep -c '"state":"broken"' "$T/out")" = 6 ] || fail "not all are told"

note "in doubt: the server took it, and its answer did not arrive"
fresh
echo 'DOT * 1 accept-close' > "$SRV/rules"
queue a@y
send 75
state_is in-doubt
send 1
[ "$(taken)" = 1 ] || fail "it was sent again at once"
sqlite3 "$T/state/me.outbox.db" 'UPDATE mail SET doubt_at = doubt_at - 700'
send 0 --now
[ "$(taken)" = 2 ] || fail "it was not sent once more"
[ "$(cat "$SRV"/msgs/* | grep -c '^Message-ID')" = 2 ] &&
	[ "$(cat "$SRV"/msgs/* | grep '^Message-ID' | sort -u | wc -l)" = 1 ] || fail "another Message-ID"

note "in doubt, and the user decides"
config 'in-doubt = "hold"'
fresh
echo 'DOT * 1 accept-close' > "$SRV/rules"
queue a@y
send 75
sqlite3 "$T/state/me.outbox.db" 'UPDATE mail SET doubt_at = doubt_at - 700'
send 1
state_is held
[ "$(taken)" = 1 ] || fail "it was sent again"

note "a state that is lost or damaged: what is queued is sent as new"
config
fresh
queue a@y
echo 'RCPT * 1 451 4.7.1 later' > "$SRV/rules"
send 1
echo nonsense-nonsense-nonsense-nonsense-nonsense > "$T/state/me.outbox.db"
rm -f "$T"/state/me.outbox.db-*
send 0 --now
[ "$(taken)" = 1 ] || fail "not sent"

note "the account is chosen by the From"
cat >> "$T/config" <<-END
	account "other" {
		smtp-host = "127.0.0.1"
		smtp-port = $(cat "$SRV/port")
		smtp-tls = "none"
		smtp-user = ""
		from = {"*@z.test", "me@x.test.not"}
		send = "manual"
	}
END
fresh
printf 'From: Me <me@z.test>\nTo: a@y\n\nx\n' | godwit sendmail -t -v 2> "$T/err" || fail "sendmail"
grep -q 'account "other"' "$T/err" || fail "by the wrong account"
printf 'From: Me <me@q.test>\nTo: a@y\n\nx\n' > "$T/mail"
refused 78 'from = {"me@q.test"}' -t

note "a process of its own sends at once; a watcher and a sync send, too"
server --caps $CAPS
cat > "$T/hook" <<-END
	#!/bin/sh
	echo "\$GODWIT_EVENT|\$GODWIT_ACCOUNT|\${GODWIT_MAILDIR-none}|\$GODWIT_COUNT|\$GODWIT_MAILS" >> "$T/hooked"
END
chmod 755 "$T/hook"
config "on-sent = \"$T/hook\""
sed -i 's/send = "manual"/send = "at-once"/' "$T/config"
fresh
: > "$T/hooked"
hooked() { # the command was told of $ID as the last one
	for _ in $(seq 600); do
		[ "$(tail -n 1 "$T/hooked")" != "sent|me|none|1|$ID hello" ] || return 0
		sleep 0.05
	done
	fail "on-sent: $(cat "$T/hooked")"
}
until_taken() {
	for _ in $(seq 600); do
		[ "$(taken)" -lt "$1" ] || return 0
		sleep 0.05
	done
	fail "not sent"
}
end_other() { # the sender that holds the lock, if there is one
	local pid
	pid=$(timeout 20 "$GODWIT_BUILD/godwit" -c "$T/config" outbox send 2>&1 |
		sed -n 's/.*process \([0-9]*\)).*/\1/p')
	[ -z "$pid" ] || kill "$pid"
}
queue a@y
until_taken 1
hooked
end_other
mkdir -p "$T/tree"
sed -i 's/send = "at-once"/send = "sync"/' "$T/config"
cat >> "$T/config" <<-END
	account "imap" {
		host = "127.0.0.1" port = 1 tls = "none" user = "u" password-command = "echo x"
		maildir = "$T/tree"
	}
END
"$GODWIT_BUILD/godwit" -c "$T/config" watch > "$T/watch.out" 2>&1 &
WATCHER=$!
PIDS="$PIDS $WATCHER"
queue a@y
until_taken 2
queue b@y
until_taken 3
hooked
kill "$WATCHER"
wait "$WATCHER" || true
queue a@y
godwit sync > "$T/out" 2> "$T/err" || true
[ "$(taken)" = 4 ] || fail "sync did not send"
hooked
queue a@y
send 0 "$ID"
hooked
HOOKED=$(wc -l < "$T/hooked")
echo 'RCPT a@y * 550 5.1.1 no' > "$SRV/rules"
queue a@y
godwit sync > "$T/out" 2> "$T/err" || true
state_is refused
[ "$(wc -l < "$T/hooked")" = "$HOOKED" ] || fail "on-sent ran for a mail that was refused"

note "a watcher that has nothing to do says so, and one that only sends is ready"
config
fresh
status=0
timeout 60 "$GODWIT_BUILD/godwit" -c "$T/config" watch > "$T/out" 2> "$T/err" || status=$?
[ "$status" = 78 ] && grep -q 'nothing to watch' "$T/err" || fail "status $status"
rm -f "$SRV/rules"
sed -i 's/send = "manual"/send = "sync"/' "$T/config"
perl -MIO::Socket::UNIX -e '
	my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die;
	open(my $up, ">", $ARGV[1]); close($up);
	while ($s->recv(my $line, 4096) // 1) { exit 0 if $line =~ /^READY=1/m }' "$T/notify" "$T/notify.up" &
NOTIFIED=$!
PIDS="$PIDS $NOTIFIED"
until [ -e "$T/notify.up" ]; do sleep 0.01; done
NOTIFY_SOCKET=$T/notify "$GODWIT_BUILD/godwit" -c "$T/config" watch > "$T/watch.out" 2>&1 &
WATCHER=$!
PIDS="$PIDS $WATCHER"
for _ in $(seq 600); do
	kill -0 "$NOTIFIED" 2> /dev/null || break
	sleep 0.05
done
! kill -0 "$NOTIFIED" 2> /dev/null || fail "it does not say READY=1"
kill "$WATCHER"
wait "$WATCHER" || fail "watch: $?"

note "the doctor signs in, says what the server offers, and sends nothing"
config
fresh
status=0
godwit doctor me > "$T/out" 2> "$T/err" || status=$?
[ "$status" = 0 ] || fail "doctor: status $status"
grep -q 'sending: 127.0.0.1 port [0-9]*: "me" is signed in' "$T/out" || fail "it does not say that it signed in"
grep -q 'submission: mails of up to 100 KB; to 100 recipients at once; it has .*PIPELINING' "$T/out" || fail "no offers"
[ "$(count 'C: MAIL')" = 0 ] || fail "it sent something"
echo wrong > "$T/password"
status=0
godwit doctor me > "$T/out" 2> "$T/err" || status=$?
[ "$status" = 69 ] && grep -q 'BAD .*sending.*535' "$T/out" && grep -q -- '-> check .smtp-user' "$T/out" ||
	fail "doctor: status $status"
echo secret > "$T/password"
sed -i 's/smtp-port = .*/smtp-port = 1/' "$T/config"
status=0
godwit doctor > "$T/out" 2> "$T/err" || status=$?
[ "$status" = 69 ] || fail "doctor: status $status"

note "status counts and follows it"
config
fresh
"$GODWIT_BUILD/godwit" -c "$T/config" status --follow > "$T/followed" 2>&1 &
FOLLOWER=$!
PIDS="$PIDS $FOLLOWER"
followed() { # PATTERN
	for _ in $(seq 600); do
		grep -q "$1" "$T/followed" && return 0
		sleep 0.05
	done
	fail "not followed: $1 in $(cat "$T/followed")"
}
echo 'RCPT a@y * 550 5.1.1 no such user' > "$SRV/rules"
queue a@y
followed 'me: outbox: 1 queued'
send 1
followed "mail $ID refused a@y: 550 5.1.1 no such user"
followed 'me: outbox: 1 refused'
kill "$FOLLOWER"
status=0
godwit status > "$T/out" 2> "$T/err" || status=$?
[ "$status" = 1 ] && grep -q 'outbox: 1 refused' "$T/out" || fail "status: $status"
godwit status --json > "$T/out" || true
grep -q '"outbox":{.*"refused":1' "$T/out" || fail "no JSON"

note "the notice of a refusal, and the copy in Sent"
config "maildir = \"$T/tree\" host = \"127.0.0.1\" port = 1 tls = \"none\" user = \"me\" password-command = \"cat $T/password\""
fresh
mkdir -p "$T/tree"/{INBOX,Sent}/{cur,new,tmp}
echo 'RCPT b@y * 550 5.1.1 no such user' > "$SRV/rules"
printf 'From: me@x.test\nTo: a@y\nBcc: c@y, b@y\nSubject: secret plan\n\nbody\n' | godwit sendmail -t || fail "sendmail"
send 1
grep -q 'no such user' "$T/tree/INBOX/new"/* || fail "no notice"
grep -q 'Auto-Submitted: auto-replied' "$T/tree/INBOX/new"/* || fail "no proper notice"
[ -z "$(ls "$T/tree/Sent/cur")" ] || fail "a copy at once: its reader may put one there"
later() {
	sqlite3 "$T/state/me.outbox.db" "UPDATE mail SET sent_at = sent_at - 100 WHERE sent_at > 0;
		UPDATE mail SET decided_at = decided_at - 100, left_at = 0"
}
later
send 1
grep -q '^Bcc: c@y, b@y' "$T/tree/Sent/cur"/* || fail "no copy with its Bcc"
! grep -q X-Godwit "$T/tree/Sent/cur"/* "$T/tree/INBOX/new"/* || fail "our lines are in a copy"

fresh
rm -rf "$T/tree"/{INBOX,Sent}/{cur,new}/*
echo 'RCPT b@y * 550 5.1.1 no such user' > "$SRV/rules"
queue a@y b@y
send 1
godwit outbox drop "$ID" || fail "drop: $?"
send 0
[ "$(ls "$T/tree/Sent/cur" | wc -l) $(ls "$Q/sent" | wc -l)" = "0 1" ] || fail "dropped for those who were refused, it is not to be filed"
mv "$Q"/sent/* "$Q/sent/1.$ID.godwit:2,S" # queued long ago
send 0
[ "$(ls "$T/tree/Sent/cur" | wc -l) $(ls "$Q/sent" | wc -l)" = "1 0" ] || fail "who got it has no copy in Sent"

note "a disk that is full from any operation on while a copy is filed: one copy in the end, as a whole"
rm -f "$SRV/rules"
for kinds in W F CMLNWF; do # bytes do not fit; they are not on the disk; nothing is
	full=0
	for n in $(seq 200); do
		fresh
		rm -f "$T/tree/Sent/cur"/*
		queue a@y
		send 0
		later
		status=0
		POWER_KINDS=$kinds POWER_AT=$n POWER_ERROR=28 LD_PRELOAD=$GODWIT_BUILD/tests/libpowerlog.so \
			ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 \
			timeout 60 "$GODWIT_BUILD/godwit" -c "$T/config" outbox send > "$T/out" 2> "$T/err" || status=$?
		[ $status -lt 124 ] || fail "$n: status $status"
		[ $(($(ls "$T/tree/Sent/cur" | wc -l) + $(ls "$Q/sent" | wc -l))) -ge 1 ] || fail "$n: neither the mail nor a copy is there"
		[ $status != 0 ] || [ -s "$T/err" ] || [ -n "$(ls "$Q/sent")" ] || break # nothing was refused
		full=$((full + 1))
		later
		send 0
		[ "$(ls "$T/tree/Sent/cur" | wc -l) $(ls "$Q/sent" | wc -l)" = "1 0" ] || fail "$n: $(ls "$T/tree/Sent/cur" "$Q/sent")"
		grep -q '^\.body$' "$T/tree/Sent/cur"/* || fail "$n: it is not whole"
		[ -z "$(ls "$T/tree/Sent/tmp")" ] || fail "$n: litter"
	done
	[ "$full" -gt 1 ] && [ "$n" -lt 200 ] || fail "$kinds: $full of $n"
done

note "a copy or a notice that cannot be written: told once, tried again, longer each time, and the mail stays meanwhile"
fresh
rm -rf "$T/tree"/{INBOX,Sent}/{cur,new}/*
echo 'RCPT b@y * 550 5.1.1 no such user' > "$SRV/rules"
for dir in INBOX Sent; do # no directory: nobody can write in it, not even root
	rmdir "$T/tree/$dir/tmp"
	touch "$T/tree/$dir/tmp"
done
queue a@y
send 0
queue b@y
send 1
grep -q 'the notice about mail .* cannot be written: Not a directory; it is tried again' "$T/err" || fail "the notice is not told"
later
send 1
grep -q 'the copy in Sent of mail .* cannot be written: Not a directory; it is tried again' "$T/err" || fail "the copy is not told"
! grep -q 'the notice' "$T/err" || fail "told twice"
send 1 # that soon it is not tried again
later
send 1
[ ! -s "$T/err" ] || fail "told again"
[ "$(godwit outbox log | grep -c 'not-filed\|no-notice')" = 2 ] || fail "logged: $(godwit outbox log)"
[ "$(ls "$Q/sent" | wc -l)" = 1 ] || fail "the mail is gone without a copy"
for command in outbox status; do
	! godwit "$command" > "$T/out" 2> "$T/err" && grep -q '2 without a copy in Sent, or a notice' "$T/out" || fail "$command says nothing"
done
rm "$T/tree"/{INBOX,Sent}/tmp
mkdir "$T/tree"/{INBOX,Sent}/tmp
send 1
[ "$(ls "$Q/sent" | wc -l)" = 1 ] || fail "no back-off"
later
send 1
[ "$(ls "$T/tree/Sent/cur" | wc -l)" = 1 ] && [ "$(ls "$T/tree/INBOX/new" | wc -l)" = 1 ] || fail "not written when it could be"
[ -z "$(ls "$Q/sent")" ] || fail "it is filed, and still there"

note "a tree that is not there may come back; one without Sent gets no copy, and that is told"
mv "$T/tree" "$T/away"
queue a@y
send 1
later
send 1
grep -q 'the directory of sent mail is not there; it is tried again' "$T/err" || fail "not told"
[ "$(ls "$Q/sent" | wc -l)" = 1 ] || fail "the mail is gone without a copy"
mv "$T/away" "$T/tree"
later
send 1
[ "$(ls "$T/tree/Sent/cur" | wc -l)" = 2 ] && [ -z "$(ls "$Q/sent")" ] || fail "not filed when it could be"
rm -r "$T/tree/Sent"
queue a@y
send 1
later
send 1
grep -q 'there is no mailbox for sent mail here' "$T/err" && [ -z "$(ls "$Q/sent")" ] || fail "not told, or kept"
