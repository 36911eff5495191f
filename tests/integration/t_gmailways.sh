#!/bin/bash
# SPDX-License-Identifier: ISC
# Gmail with settings that few have, and while others are at it: Trash or All Mail hidden, MOVE refused, a
# label that comes or goes between two commands, mail archived in bulk.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"
. "$(dirname "$0")/gmaillib.sh"

begin() { # SETTING...: a fresh account and a fresh tree, in step
	[ -z "${GMAIL_PID:-}" ] || { kill "$GMAIL_PID"; wait "$GMAIL_PID" 2> /dev/null || true; }
	rm -rf "$T/mail" "$T/state"
	gmail_start "$@"
	gmail_config "${CONFIG:-}"
	for i in 1 2 3 4; do
		mail "m$i"
		web DELIVER INBOX "$T/m"
		web LABEL "$(web_id "m$i")" Work
	done
	sync_ok
	sync_ok
}
# Several syncs, as it takes for looks that a change here makes doubtful.
syncs() {
	for i in 1 2 3; do
		sleep 0.03 # for the directory's times to grow old
		godwit sync > "$T/out" || status=$?
	done
}
there_is() { # ID LABELS
	[ "$(labels "$1")" = "$2" ] || fail "$1 is in \"$(labels "$1")\" there, not in \"$2\"; here in \"$(where "$1")\": $(cat "$T/out")"
}
here_is() { # ID MAILBOXES
	[ "$(where "$1")" = "$2" ] || fail "$1 is in \"$(where "$1")\" here, not in \"$2\"; there in \"$(labels "$1")\": $(cat "$T/out")"
}
at_rest() {
	sync_ok
	grep -q 'nothing new' "$T/out" || fail "it does not come to rest: $(cat "$T/out")"
}
exists() { # ID
	[ -n "$(web_id "$1")" ] || fail "$1 is gone from Gmail"
}
file_in() { # MAILBOX ID
	grep -rlF "<$2@x>" "$T/mail/$1"
}

for settings in "move=missing hidden=\All" "move=refused" "move=refused hidden=\All expunge=forever"; do
	note "moved and deleted here, with $settings"
	# shellcheck disable=SC2086
	begin $settings
	mkdir -p "$T/mail/Later"/{cur,new,tmp}
	mv "$(file_in Work m1)" "$T/mail/Later/cur/"
	syncs
	there_is m1 INBOX,Later
	here_is m1 INBOX,Later
	mv "$(file_in INBOX m1)" "$T/mail/Work/cur/"
	syncs
	there_is m1 Later,Work
	rm "$(file_in Work m2)"
	syncs
	there_is m2 INBOX
	rm "$(file_in INBOX m2)"
	syncs
	there_is m2 "[Gmail]/Trash"
	here_is m2 "[Gmail]/Trash"
	at_rest
done

note "deleted here while the other label goes there; all mail is hidden, and the last expunge is for ever"
begin "hidden=\All" "expunge=forever"
for n in $(seq 7 13); do
	mail "at$n"
	web DELIVER INBOX "$T/m"
	web LABEL "$(web_id "at$n")" Work
done
sync_ok
for n in $(seq 7 13); do
	web NEVER > /dev/null
	web AT "$n" UNLABEL "$(web_id "at$n")" INBOX
	rm "$(file_in Work "at$n")"
	syncs
	exists "at$n" # archived there, or in the trash, as the one or the other came first
done

note "the trash is hidden: deleted mail is archived, and no label Trash is made; the last expunge would be for ever"
begin "hidden=\Trash" reserved "expunge=forever"
rm "$(file_in Work m1)" "$(file_in INBOX m1)"
rm "$(file_in Work m2)"
syncs
there_is m1 ""
exists m1
there_is m2 INBOX
at_rest
! web DUMP | grep -q "	Trash" || fail "a label was made"

note "trash and all mail are hidden: what has no other label stays there, and status says so"
begin "hidden=\Trash \All" "expunge=forever"
rm "$(file_in Work m1)"
syncs
there_is m1 INBOX
rm "$(file_in INBOX m1)"
syncs
there_is m1 INBOX
here_is m1 ""
godwit status | grep -q 'the server keeps it, since neither its trash' || fail "$(godwit status)"

note "most of a mailbox is archived there: no accident, and said"
begin
for i in $(seq 60); do
	mail "b$i"
	web DELIVER INBOX "$T/m"
done
sync_ok
for i in $(seq 45); do web UNLABEL "$(web_id "b$i")" INBOX; done
sync_ok
grep -q '45 messages left it on the server and are still among all mail' "$T/err" || fail "$(cat "$T/err")"
[ "$(find "$T/mail/INBOX" -type f -path '*/cur/*' -o -type f -path '*/INBOX/new/*' | wc -l)" = 19 ] || fail "$(ls "$T/mail/INBOX/"*)"
[ "$(find "$T/state/test.attic" -type f | wc -l)" -ge 45 ] || fail "the attic has not all"
for i in $(seq 46 60) 1 2 3 4; do web UNLABEL "$(web_id "b$i")" INBOX; done
for i in 1 2 3 4; do web UNLABEL "$(web_id "m$i")" INBOX; done # the rest: the mailbox is empty
sync_ok
[ "$(find "$T/mail/INBOX/cur" "$T/mail/INBOX/new" -type f | wc -l)" = 0 ] || fail "something is left"
for i in 1 2 3 4; do exists "m$i"; done
at_rest
note "deleted there for good it is still an accident"
begin
for i in $(seq 60); do
	mail "b$i"
	web DELIVER INBOX "$T/m"
done
sync_ok
for i in $(seq 45); do
	web LABEL "$(web_id "b$i")" "[Gmail]/Trash"
	web UNLABEL "$(web_id "b$i")" "[Gmail]/Trash"
done
! godwit sync > "$T/out" || fail "it was not held"
grep -q 'looks like an accident' "$T/err" || fail "$(cat "$T/err")"

# What SEARCH does not find yet is neither gone nor unknown: messages count, and can be fetched.
for settings in "search-lag-all=40" "search-lag=40" "search-lag=40 hidden=\All"; do
	note "SEARCH lags behind: $settings"
	# shellcheck disable=SC2086
	begin $settings
	mail new
	web DELIVER INBOX "$T/m"
	web LABEL "$(web_id new)" Work
	web UNLABEL "$(web_id m1)" Work
	sync_ok
	here_is new INBOX,Work
	syncs
	here_is m1 INBOX
	for id in m2 m3 m4 new; do here_is "$id" INBOX,Work; done

	# moved, deleted, copied, edited and made here: all of it as fresh as can be
	mkdir -p "$T/mail/Later"/{cur,new,tmp}
	mv "$(file_in Work m2)" "$T/mail/Later/cur/"
	rm "$(file_in INBOX m3)"
	cp "$(file_in Work m4)" "$T/mail/Later/cur/copy:2,S"
	mail made
	cp "$T/m" "$T/mail/Work/cur/made:2,F"
	syncs
	mv "$(file_in Work made)" "$T/mail/Later/cur/made2:2,F"
	cp "$(file_in Later made)" "$T/mail/INBOX/cur/again:2,F"
	syncs
	there_is m2 INBOX,Later
	there_is m3 Work
	there_is m4 INBOX,Later,Work
	there_is made INBOX,Later,'[Gmail]/Starred'
	for id in m2 m3 m4; do here_is "$id" "$(labels "$id")"; done
	here_is made INBOX,Later
	at_rest
	[ "$(web DUMP | wc -l)" = 6 ] || fail "doubled: $(web DUMP)"
	case $settings in *All*) continue ;; esac

	# archived in bulk: until all mail shows them it may have been an accident
	for i in $(seq 25); do
		mail "b$i"
		web DELIVER INBOX "$T/m"
	done
	sync_ok
	for i in $(seq 25); do web UNLABEL "$(web_id "b$i")" INBOX; done
	! godwit sync > "$T/out" || fail "it was not held"
	for i in 1 12 25; do here_is "b$i" INBOX; done
	settings # SEARCH has caught up
	sync_ok
	sync_ok
	for i in 1 12 25; do here_is "b$i" ""; done
	for id in m2 m4 new; do here_is "$id" "$(labels "$id")"; done
	at_rest
done

# Only once the capabilities are remembered something is sent there, so that the first sync works in any case.
for how in drop-pipeline drop-pipeline=bad; do
	for first in sync watch; do
		note "what is pipelined behind the login is not heard, which the first to find out is a $first: $how"
		begin
		before=$(web COMMANDS)
		sync_ok
		quiet=$(($(web COMMANDS) - before))
		settings "$how"
		mail late
		web DELIVER INBOX "$T/m"
		if [ $first = watch ]; then
			watch_start
			until_true "the mail comes" here INBOX late
			mail later
			web DELIVER INBOX "$T/m"
			until_true "and what comes then" here INBOX later
			watch_stop
		fi
		sync_ok
		here_is late INBOX
		sync_ok -v
		[ "$(grep -c ': connected to ' "$T/err")" = 1 ] || fail "it was not remembered: $(cat "$T/err")"
		before=$(web COMMANDS)
		sync_ok
		used=$(($(web COMMANDS) - before))
		[ "$used" -le "$quiet" ] || fail "$used commands, and $quiet where all is heard"
		rm "$(file_in INBOX m1)" "$(file_in Work m1)"
		syncs
		at_rest
		there_is m1 "[Gmail]/Trash"
	done
done

note "what is pipelined behind the login is dropped; special uses are told only where asked for; who is it?"
begin drop-pipeline special-asked line-limit=16384
for i in 1 2 3; do sync_ok; done
rm "$(file_in INBOX m1)" "$(file_in Work m1)"
syncs
there_is m1 "[Gmail]/Trash"
web ID | grep -q '"name" "godwit" "version" "[0-9].*" "contact"' || fail "it said: $(web ID)"

note "long lines are refused: what many messages want is asked in several"
begin line-limit=16384 fill=1200
web DUMP | awk -F'\t' '/\tLists(\t|$)/ {split($1, a, " "); print a[1]}' > "$T/ids"
[ "$(wc -l < "$T/ids")" -gt 500 ] || fail "$(wc -l < "$T/ids") messages"
# shellcheck disable=SC2016
perl -MIO::Socket::INET -ne 'BEGIN { $s = IO::Socket::INET->new("127.0.0.1:" . shift) or die; <$s> }
	chomp; print $s "a WEB UNLABEL $_ Lists\r\n"; while (<$s>) { last if /^a / }' "$GMAIL_PORT" "$T/ids"
sync_ok # all mail is asked for each
[ "$(find "$T/mail/Lists" -path '*/cur/*' -type f -o -path '*/Lists/new/*' -type f | wc -l)" = 0 ] || fail "$(cat "$T/out" "$T/err")"
! grep -q 'too long' "$T/err" || fail "$(cat "$T/err")"

note "a directory here has a name of Gmail's own: it is told, and its mail stays"
begin reserved
mkdir -p "$T/mail/Important"/{cur,new,tmp}
mail kept
cp "$T/m" "$T/mail/Important/new/kept"
for i in 1 2; do
	! godwit sync > "$T/out" || fail "it says nothing: $(cat "$T/out")"
	grep -q 'Important: the server did not make this mailbox' "$T/err" || fail "$(cat "$T/err")"
done
here_is kept Important

note "the account has one HIGHESTMODSEQ: one new mail in 60 labels costs few commands"
begin modseq=account
for i in $(seq 60); do web LABEL "$(web_id m1)" "L$i"; done
sync_ok
sync_ok
mail new
web DELIVER INBOX "$T/m"
before=$(web COMMANDS)
sync_ok --json
expect_counts messages_downloaded=1
used=$(($(web COMMANDS) - before))
[ "$used" -le 10 ] || fail "$used commands"
web FLAGS "$(web_id m2)" '(\Answered)' # in INBOX and Work
web LABEL "$(web_id m3)" L7
sync_ok --json
expect_counts flags_changed=2 messages_downloaded=1 bytes_downloaded=0 mailboxes_changed=3 # its file is copied here
here_is m3 INBOX,L7,Work
syncs # the trash and spam have their turns
at_rest
web LABEL "$(web_id m4)" "[Gmail]/Trash"
sync_ok
web FLAGS "$(web_id m4)" '(\Flagged)' # all mail does not hold it
syncs
case $(file_in "[Gmail]/Trash" m4) in *:2,F) ;; *) fail "a flag in the trash did not come: $(file_in "[Gmail]/Trash" m4)" ;; esac

note "what was labelled instead of sent is nothing that verify finds fault with"
begin
mail archived
web DELIVER Work "$T/m"
web UNLABEL "$(web_id archived)" Work
sync_ok
cp "$T/m" "$T/mail/Work/cur/archived:2,S"
syncs
there_is archived Work
godwit verify > "$T/out" || fail "verify: $(cat "$T/out" "$T/err")"
! grep -q 'by the state' "$T/out" || fail "verify: $(cat "$T/out")"
note ok
