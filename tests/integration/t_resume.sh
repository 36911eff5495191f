#!/bin/bash
# SPDX-License-Identifier: ISC
# A big message whose fetch is cut off is gone on with where it ended, and small ones come first.
. "$(dirname "$0")/lib.sh"

down() { # bytes from the server since the proxy began
	sed 's/.* down \([0-9]*\).*/\1/' <<< "$PROXY_COUNTS"
}
kept() { find "$T/mail" -name 'godwit.part.*' | wc -l; }
config() { CLIENT_PORT=$PROXY_PORT write_config "compress = no
	connections = 1
	${1:-}"; }
whole() { # WHAT
	assert_equal "$1"
	[ "$(kept)" = 0 ] || fail "$1: something is left in tmp/"
	[ -z "$(find "$T/mail" -path "$T/mail/*/tmp/*" -type f)" ] || fail "$1: litter in tmp/"
}

mkdir -p "$T/server/home/Maildir"/INBOX/{cur,new,tmp}
MAIL=$T/server/home/Maildir
server_start full
"$TOOLS/mkmail" "$MAIL/INBOX" 20 1000
{ printf 'Subject: big\nMessage-ID: <big@x>\n\n'; head -c 12000000 /dev/urandom | base64; } > "$T/big" # 16.4 MB on the wire
deliver INBOX "$T/big" S
BIG=$(sed 's/$/\r/' "$T/big" | wc -c)
{ printf 'Subject: small\nMessage-ID: <small@x>\n\nhello\n'; } > "$T/small"
deliver INBOX "$T/small" ""

note "cut in the middle, twice: small ones are here, and each time the rest is fetched"
got=0
for limit in 6000000 5000000; do
	proxy_start down=$limit
	config
	status=0
	godwit sync -q > "$T/out" || status=$?
	proxy_stop
	[ $status = 75 ] || fail "exit status $status"
	[ "$(find "$T/mail/INBOX" -path '*/tmp' -prune -o -type f -name '*godwit*' -print | wc -l)" = 21 ] || fail "the small ones are not here"
	[ "$(kept)" = 1 ] || fail "nothing was kept"
	size=$(find "$T/mail" -name 'godwit.part.*' -printf %s)
	[ "$size" -gt $((got + 3000000)) ] || fail "only $size bytes were kept, after $got"
	got=$size
done
proxy_start
config
sync_ok
proxy_stop
[ "$(down)" -lt $((BIG - got + 300000)) ] || fail "$(down) bytes came, and $((BIG - got)) were missing"
whole "a message in three parts"
rm -r "$T/mail" "$T/state"

note "a line that is dead, and Ctrl-C"
proxy_start down=5000000 stall
config "attic = 0"
"$GODWIT" -c "$T/config" sync -q 2> "$T/err" &
pid=$!
until [ -n "$(find "$T/mail" -name 'godwit.*.part.*' -size +3000k 2> /dev/null)" ]; do sleep 0.05; done # until it has come so far
kill -INT $pid
wait $pid || true
proxy_stop
[ "$(kept)" = 1 ] || fail "nothing was kept at Ctrl-C"
proxy_start down=3000000 stall
config "timeout = 2"
status=0
godwit sync -q > "$T/out" || status=$?
proxy_stop
[ $status = 75 ] || fail "exit status $status"
[ "$(kept)" = 1 ] || fail "nothing was kept of a dead line"
proxy_start
config
sync_ok
proxy_stop
[ "$(down)" -lt $((BIG - 5000000)) ] || fail "$(down) bytes came"
whole "after a dead line"
rm -r "$T/mail" "$T/state"

note "a time that is over, on a line that is dead: what came stays, and is told of"
for time in 1 4 16 64; do # on a slow machine less comes in a second
	rm -rf "$T/mail" "$T/state"
	proxy_start down=5000000 stall
	config "timeout = 600"
	status=0
	godwit sync -q --deadline=${time}s > "$T/out" 2> "$T/err" || status=$?
	proxy_stop
	[ $status = 1 ] || fail "exit status $status"
	grep -q "the time is over: .* still to come; the next sync goes on" "$T/err" || fail "it says: $(cat "$T/err")"
	! grep -q "the time is over: 21 messages (.*) came, \(about \)\{0,1\}1 is still to come;" "$T/err" || break
done
grep -q "the time is over: 21 messages" "$T/err" || fail "it says: $(cat "$T/err")"
proxy_start
config
sync_ok
proxy_stop
whole "after a time that was over"
rm -r "$T/mail" "$T/state"

note "with little time the newest mail of all mailboxes comes before the rest of one"
for folder in Lists Work; do
	"$TOOLS/mkmail" "$MAIL/$folder" 300 8000
done
[ -z "$RUN_AS_ROOT" ] || chown -R "$MAIL_USER" "$MAIL"
for time in 2 8 32; do
	rm -rf "$T/mail" "$T/state"
	proxy_start down=4000000 stall # a hundred of each, and not all of two
	config 'timeout = 600
		folders = {"*", "!INBOX"}'
	status=0
	godwit sync -q --deadline=${time}s > "$T/out" 2> "$T/err" || status=$?
	proxy_stop
	[ $status = 1 ] || fail "exit status $status"
	! grep -q ": 0 messages" "$T/err" || continue
	[ "$(find "$T/mail/Lists" "$T/mail/Work" -path '*/cur/*' -o -path '*/new/*' | wc -l)" -lt 200 ] || break
done
for folder in Lists Work; do
	n=$(find "$T/mail/$folder" -name '*.godwit*' -path '*/cur/*' -o -name '*.godwit*' -path '*/new/*' | wc -l)
	[ "$n" -ge 100 ] && [ "$n" -lt 300 ] || fail "$n of $folder are here"
	for uid in $(seq 201 300); do
		ls "$T/mail/$folder"/*/*."$uid".godwit* > "$T/found" 2>&1 || fail "$folder: UID $uid is not here"
	done
done
grep -q "still to come" "$T/err" || fail "it says: $(cat "$T/err")"
proxy_start
config
sync_ok
proxy_stop
whole "the rest"
rm -r "$T/mail" "$T/state"
proxy_start
config
sync_ok --deadline=10m --json # there is time enough
[ "$(json messages_downloaded) $(json messages_to_download)" = "622 622" ] || fail "$(json messages_downloaded) of $(json messages_to_download)"
sync_ok
proxy_stop
whole "in two parts"

note "then the small ones of all come before the big ones of one"
small=$(find "$MAIL/Lists" "$MAIL/Work" -type f -path '*/cur/*' -printf '%s\n' | awk '{ n += $1 } END { print n }')
for folder in Lists Work; do # the newest of each are big ones
	for i in 1 2 3; do
		{ printf 'Subject: big\nMessage-ID: <%s.%s@x>\n\n' "$folder" "$i"; head -c 3000000 /dev/urandom | base64; } > "$T/big2"
		deliver "$folder" "$T/big2" ""
	done
done
for time in 4 16 64; do
	rm -rf "$T/mail" "$T/state"
	proxy_start down=$((small + small / 5)) stall # a third of the big ones' at most
	config 'timeout = 600
		folders = {"*", "!INBOX"}'
	status=0
	godwit sync -q --deadline=${time}s > "$T/out" 2> "$T/err" || status=$?
	proxy_stop
	[ $status = 1 ] || fail "exit status $status"
	n=$(find "$T/mail/Lists" "$T/mail/Work" -name '*.godwit*' \( -path '*/cur/*' -o -path '*/new/*' \) -size -1000k | wc -l)
	[ "$n" -lt 600 ] || break
done
[ "$n" = 600 ] || fail "$n small ones of 600 are here"
proxy_start
config
sync_ok
proxy_stop
whole "small and big"
rm -r "$T/mail" "$T/state" "$MAIL/Lists" "$MAIL/Work"

status=0
godwit status --deadline=1m > "$T/out" 2>&1 || status=$?
[ $status = 64 ] || fail "status takes --deadline"
for time in 0 -1 2y 20x ''; do
	status=0
	godwit sync --deadline="$time" > "$T/out" 2>&1 || status=$?
	[ $status = 64 ] || fail "--deadline=$time ends with $status"
done

note "killed, it is fetched anew; and what is of another UIDVALIDITY is not gone on with"
proxy_start down=5000000 stall
config
"$GODWIT" -c "$T/config" sync -q 2> "$T/err" &
pid=$!
until [ -n "$(find "$T/mail" -name 'godwit.*.part.*' -size +3000k 2> /dev/null)" ]; do sleep 0.05; done
kill -KILL $pid
wait $pid 2> /dev/null || true
proxy_stop
[ "$(kept)" = 0 ] || fail "what was not flushed was kept"
proxy_start down=5000000
config
godwit sync -q > "$T/out" || true
proxy_stop
[ "$(kept)" = 1 ] || fail "nothing was kept"
server_stop
rm -f "$MAIL/INBOX"/dovecot* "$MAIL/INBOX"/cur/*
"$TOOLS/mkmail" "$MAIL/INBOX" 5 1000 77
{ printf 'Subject: other\nMessage-ID: <other@x>\n\n'; head -c 9000000 /dev/urandom | base64; } > "$T/big"
server_start full
for i in $(seq 25); do deliver INBOX "$T/small" S; done # the same UIDs as before
deliver INBOX "$T/big" S
proxy_start
config "guard = no"
sync_ok
sync_ok
proxy_stop
find "$T/mail" -name 'godwit.part.*' -exec touch -d '8 days ago' {} +
config "guard = no"
CLIENT_PORT=$IMAPS_PORT write_config "guard = no"
deliver INBOX "$T/small" ""
sync_ok
whole "another UIDVALIDITY"
note "as large as so many whole pieces; and servers that do not know pieces"
. "$(dirname "$0")/gmaillib.sh"
gmail_start
gmail_config "compress = no"
for id in one two; do
	printf 'Subject: %s\nMessage-ID: <%s@x>\n\n' $id $id > "$T/head"
	size=$((5 * 1048576 - $(sed 's/$/\r/' "$T/head" | wc -c) - 2))
	{ cat "$T/head"; head -c $size /dev/zero | tr '\0' $id; echo; } > "$T/m.$id"
	web DELIVER INBOX "$T/m.$id"
done
for pieces in "" pieces=ignored pieces=refused; do
	rm -rf "$T/mail" "$T/state"
	# shellcheck disable=SC2086
	settings $pieces
	sync_ok
	for id in one two; do
		cmp -s "$T/m.$id" "$(grep -rlF "<$id@x>" "$T/mail/INBOX")" || fail "$pieces: $id is another here"
	done
	[ -z "$(find "$T/mail" -path "$T/mail/*/tmp/*" -type f)" ] || fail "$pieces: litter in tmp/"
done
note ok
