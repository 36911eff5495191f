#!/bin/bash
# SPDX-License-Identifier: ISC
# What the big providers refuse, and what godwit makes of it: told with what to do, nothing lost, no hammering.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"
. "$(dirname "$0")/gmaillib.sh"

fails() { # STATUS TEXT: a sync
	local status=0
	godwit sync > "$T/out" || status=$?
	[ $status = "$1" ] || fail "exit status $status, not $1: $(cat "$T/err")"
	grep -q "$2" "$T/err" || fail "\"$2\" is not in: $(cat "$T/err")"
}
complete() { # every message is here, once
	[ "$(count_here INBOX)" = 40 ] && [ "$(count_here Work)" = 20 ] && [ "$(count_here Lists)" = 20 ]
}

gmail_start
gmail_config
for i in $(seq 40); do
	mail "m$i"
	head -c 2000 /dev/zero | tr '\0' y | fold -w 70 >> "$T/m"
	web DELIVER INBOX "$T/m"
	[ $((i % 2)) = 0 ] || web LABEL "$(web_id "m$i")" Work
	[ $((i % 2)) = 1 ] || web LABEL "$(web_id "m$i")" Lists
done

note "logins that are refused"
settings app-password
fails 77 'Application-specific password required.*apppasswords'
settings web-login
fails 77 'web browser.*open https:.* in a browser'
settings disabled
fails 77 'not enabled for IMAP.*turn IMAP on'
settings connections=0
fails 75 'Too many simultaneous connections.*close one'
echo password=other > "$T/gmail.settings"
fails 77 'Invalid credentials.*password-command'

note "a day's bandwidth is used up: what has arrived is kept, and nothing counts as unfetchable"
settings overquota
fails 75 'bandwidth limits.*within a day'
[ "$(grep -c 'bandwidth' "$T/err")" = 1 ] || fail "it is told $(grep -c 'bandwidth' "$T/err") times: $(cat "$T/err")"
settings connections=1 # more than one would be used
fails 75 'nothing is asked before .*sync --now'
[ ! -s "$T/out" ] || ! grep -q fetched "$T/out" || fail "it was asked before its time"
godwit status > "$T/out" && fail "nothing comes, and that is well: $(cat "$T/out")"
grep -q 'refused more for now; it is not asked before 20' "$T/out" || fail "status: $(cat "$T/out")"
sync_ok --now
sync_ok # it is over
complete || fail "not all is here"
godwit status > "$T/out" || fail "something is held: $(cat "$T/out")"

note "one message that the server cannot give"
rm -rf "$T/mail" "$T/state"
mail alone
web DELIVER INBOX "$T/m"
settings poison=41 # in no other mailbox
fails 1 'System Error'
complete || fail "what it can give is not here"
settings
sync_ok --full
here INBOX alone || fail "it is not here with --full"
rm -rf "$T/mail" "$T/state"
web UNLABEL "$(web_id alone)" INBOX
sync_ok
complete || fail "it is not here with --full"

note "what a day allows is nearly used up: bulk waits, INBOX and flags go on"
kill "$GMAIL_PID"
gmail_start fill=300
gmail_config "connections = 1
daily-download = 2
daily-upload = 1"
rm -rf "$T/mail" "$T/state"
fails 1 'nearly used up (. of 2 MB down.*messages wait for the first sync after 20..-'
[ "$(grep -c 'nearly used up' "$T/err")" = 1 ] || fail "told more than once: $(cat "$T/err")"
bytes=$(web BYTES | cut -d' ' -f1)
{ [ "$bytes" -gt 1600000 ] && [ "$bytes" -lt 2000000 ]; } || fail "$bytes bytes were fetched"
mail small
web DELIVER INBOX "$T/m"
fails 1 'nearly used up'
here INBOX small || fail "INBOX waits as well"
godwit status > "$T/out" || true
grep -q 'today: [12]\.[0-9] of 2 MB down' "$T/out" || fail "status: $(cat "$T/out")"
head -c 960000 /dev/zero | tr '\0' y | fold -w 70 > "$T/large"
{ mail large; cat "$T/m" "$T/large"; } > "$T/mail/Work/cur/large:2,S"
cp "$T/m" "$T/mail/Work/cur/little:2,S"
sed -i s/large/little/ "$T/mail/Work/cur/little:2,S"
fails 1 'nearly used up'
[ "$(labels large)" = "" ] || fail "the large one was uploaded"
[ "$(labels little)" = Work ] || fail "the little one was not uploaded"
rm "$T/mail/Work/cur/large:2,S"
for i in 1 2 3 4 5; do # days go by
	sqlite3 "$T/state/test.db" 'UPDATE budget SET day = day - 1'
	! godwit sync > "$T/out" || break
done
[ $i -lt 5 ] || fail "it still waits on the fifth day: $(cat "$T/err")"
[ "$(web DUMP | grep -c .)" = "$(grep -rhm1 '^Message-ID' "$T/mail" | sort -u | grep -c .)" ] || fail "not all is here"
kill "$GMAIL_PID"
gmail_start
gmail_config
for i in $(seq 40); do
	mail "m$i"
	web DELIVER INBOX "$T/m"
	[ $((i % 2)) = 0 ] || web LABEL "$(web_id "m$i")" Work
	[ $((i % 2)) = 1 ] || web LABEL "$(web_id "m$i")" Lists
done

note "sizes that are wrong"
rm -rf "$T/mail" "$T/state"
settings size-off
sync_ok
complete || fail "not all is here"

note "a server that is asked too much at once: it is asked more slowly"
rm -rf "$T/mail" "$T/state"
settings throttled=100
read -r all slow < <(web PACE)
sync_ok
read -r all2 slow2 < <(web PACE)
complete || fail "not all is here"
[ "$(grep -c 'going on more slowly' "$T/err")" = 1 ] || fail "told: $(cat "$T/err")"
awk -v a=$((all2 - all)) -v s=$((slow2 - slow)) 'BEGIN {exit !(s > 0 && s * 10 < a * 7)}' ||
	fail "$((slow2 - slow)) of $((all2 - all)) answers were [THROTTLED]"
settings

note "sessions that end in the middle of it (a token that is over), and one connection too many"
for connections in 3 1; do
	rm -rf "$T/mail" "$T/state"
	gmail_config "connections = $connections"
	settings session-bodies=9
	before=$(web BYTES | cut -d' ' -f1)
	sync_ok
	complete || fail "not all is here"
	after=$(web BYTES | cut -d' ' -f1)
	[ $((after - before)) -le "$(web BYTES | cut -d' ' -f2)" ] || fail "bodies came twice"
done
rm -rf "$T/mail" "$T/state"
gmail_config
settings connections=1
sync_ok
complete || fail "not all is here"
settings

note "a watcher is patient, and a session that ends is no trouble"
watch_start
mail later
web DELIVER INBOX "$T/m"
until_true "new mail (IDLE)" here INBOX later
grep -q 'watching; .*INBOX (IDLE)' "$T/watch.err" || fail "$(grep watching "$T/watch.err")"
settings expired
kill -USR1 "$WATCHER"
until_true "the session ends" grep -q 'Session expired' "$T/watch.err"
settings
mail again
web DELIVER INBOX "$T/m"
until_true "mail in the next session" here INBOX again
settings throttled=100
mail slowly
web DELIVER INBOX "$T/m"
for i in 1 2 3 4 5 6; do
	echo "Message-ID: <up$i@x>" > "$T/mail/Work/cur/up.$i:2,S"
	until_true "it is there" eval '[ "$(labels up'$i')" = Work ]'
done
until_true "mail of a slow server" here INBOX slowly
until_true "it is told" grep -q 'going on more slowly' "$T/watch.err"
settings expired connections=0 # the session ends, and then there is no place left
kill -USR1 "$WATCHER"
until_true "it waits for a place" grep -q 'simultaneous connections.*trying again in' "$T/watch.err"
settings
kill -USR1 "$WATCHER"
mail place
web DELIVER INBOX "$T/m"
until_true "mail when there is a place" here INBOX place
settings overquota
mail blocked
web DELIVER INBOX "$T/m"
until_true "it waits" grep -q 'bandwidth.*trying again in [34][0-9][0-9][0-9] s' "$T/watch.err"
settings
sync_ok # whoever asks does not have to wait
here INBOX blocked || fail "it is not here"
watch_stop
note ok
