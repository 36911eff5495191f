#!/bin/bash
# SPDX-License-Identifier: ISC
# Gmail's ways: one message in many mailboxes, stars and trash that are labels, uploads that merge.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"
. "$(dirname "$0")/gmaillib.sh"

where() { # ID: the mailboxes here, sorted, with commas between
	grep -rlF "<$1@x>" "$T/mail" | sed "s|^$T/mail/||; s|/[^/]*/[^/]*$||" | sort | paste -sd,
}
is_at() { # ID LABELS: on both sides
	[ "$(labels "$1")" = "$2" ] && [ "$(where "$1")" = "$2" ]
}
next_sync() { # WHAT COMMAND...: holds after it
	local what=$1
	shift
	godwit sync > "$T/out" || true
	"$@" || fail "not so: $what; the sync said: $(cat "$T/out")"
}
in_sync() { # ID LABELS
	next_sync "$1 is there in \"$(labels "$1")\" and here in \"$(where "$1")\", not in \"$2\"" is_at "$1" "$2"
}
flagged() { # ID FLAGS LETTERS N: there, and the files' letters here
	[ "$(flags_there "$1")" = "$2" ] && [ "$(grep -rlF "<$1@x>" "$T/mail" | grep -c ":2,$3\$")" = "$4" ]
}

gmail_start
gmail_config
for i in 1 2 3 4 5 6 7 8; do
	mail "m$i"
	web DELIVER INBOX "$T/m"
done
for i in 2 4 6; do web LABEL "$(web_id "m$i")" Work; done
web LABEL "$(web_id m4)" Travel/2026
web FLAGS "$(web_id m1)" '(\Seen \Flagged)'

note "the first sync: each message in its mailboxes"
sync_ok
[ "$(where m1)" = INBOX ] || fail "m1 is in $(where m1)"
in_sync m2 INBOX,Work
in_sync m3 INBOX
in_sync m4 INBOX,Travel/2026,Work
[ ! -e "$T/mail/[Gmail]/All Mail" ] || fail "All Mail is here"
at_rest "it comes to rest"

note "flags are the message's, in all its mailboxes"
f=$(file m4)
mv "$f" "$(dirname "$(dirname "$f")")/cur/$(basename "${f%%:2,*}"):2,FS" # wherever it was found first
sync_ok # what Gmail does to the others comes with the next one
next_sync "a star that was set here is in all three" flagged m4 '\Seen \Flagged' FS 3
web FLAGS "$(web_id m4)" '(\Seen)'
next_sync "and is taken off in all three" flagged m4 '\Seen' S 3

note "a label comes and goes there"
web LABEL "$(web_id m3)" Work
web UNLABEL "$(web_id m2)" Work
web UNLABEL "$(web_id m8)" INBOX # archived
in_sync m3 INBOX,Work
in_sync m2 INBOX
[ "$(where m8)" = "" ] || fail "m8 is in $(where m8)"

note "moved and copied here"
mv "$T/mail/INBOX"/*/"$(basename "$(grep -rlF '<m5@x>' "$T/mail/INBOX")")" "$T/mail/Travel/2026/cur/"
save "$(grep -rlF '<m7@x>' "$T/mail/INBOX")" Work
in_sync m5 Travel/2026
in_sync m7 INBOX,Work

note "deleted here: it goes to the trash, as with Gmail's own button"
rm "$(file m5)"
next_sync "m5 is in [Gmail]/Trash there" eval '[ "$(labels m5)" = "[Gmail]/Trash" ]'
rm "$(grep -rlF '<m7@x>' "$T/mail/INBOX")" # one of two: the label goes, and nothing else
in_sync m7 Work
rm "$(grep -rlF '<m5@x>' "$T/mail/[Gmail]/Trash")" # for good
next_sync "m5 is gone for good" eval '[ -z "$(web_id m5)" ]'

note "spam, and back from the trash, there"
web LABEL "$(web_id m6)" '[Gmail]/Spam'
web LABEL "$(web_id m7)" '[Gmail]/Trash'
in_sync m6 "[Gmail]/Spam"
in_sync m7 "[Gmail]/Trash"
web LABEL "$(web_id m7)" INBOX
in_sync m7 INBOX

note "new mail is told of in each of its mailboxes, once; a further label is no news"
mail fresh
web DELIVER INBOX "$T/m"
web LABEL "$(web_id fresh)" Work
web LABEL "$(web_id fresh)" Travel/2026
sync_ok --json
[ "$(grep '"event":"new"' "$T/out" | sed 's/.*"mailbox":"\([^"]*\)".*/\1/' | sort | paste -sd,)" = INBOX,Travel/2026,Work ] || fail "$(grep '"new"' "$T/out")"
web LABEL "$(web_id fresh)" Later
sync_ok --json
! grep -q '"event":"new"' "$T/out" || fail "a label is told of as new mail"
web LABEL "$(web_id fresh)" "[Gmail]/Trash"
in_sync fresh "[Gmail]/Trash"
rm "$(file fresh)"
next_sync "it is gone" eval '[ -z "$(web_id fresh)" ]'

note "another language: special mailboxes get other names, and are the same ones"
bytes() { web BYTES | cut -d' ' -f1; }
in_sync m6 "[Gmail]/Spam"
before=$(bytes)
web RENAME "[Gmail]/Spam" "[Gmail]/Werbung"
web RENAME "[Gmail]/Trash" "[Gmail]/Papierkorb"
in_sync m6 "[Gmail]/Werbung"
[ ! -e "$T/mail/[Gmail]/Spam" ] || fail "the old one is still here"
[ $(($(bytes) - before)) -lt 1000 ] || fail "bodies came"
rm "$(file m6)"
next_sync "m6 is gone for good" eval '[ -z "$(web_id m6)" ]'
web RENAME "[Gmail]/Papierkorb" "[Gmail]/Trash"
web RENAME "[Gmail]/Werbung" "[Gmail]/Spam"

note "an upload; one that merges with what is there; an edit"
mail up
cp "$T/m" "$T/mail/Work/cur/up.1:2,S"
in_sync up Work
mail m3 # the same message, other bytes: another program fetched it, too
echo "and a footer" >> "$T/m"
cp "$T/m" "$T/mail/Travel/2026/cur/again.1:2,S"
godwit sync -vvvv > "$T/out" || true
! grep -q 'C: g[0-9]* APPEND' "$T/err" || fail "it was sent, only to be merged"
grep -q 'C: g[0-9]* UID COPY' "$T/err" || fail "it was not copied there"
in_sync m3 INBOX,Travel/2026,Work
f=$(grep -rlF '<up@x>' "$T/mail/Work")
{ cat "$f"; echo edited; } > "$T/m"
rm "$f"
cp "$T/m" "$T/mail/Work/cur/edited.1:2,S"
next_sync "it is told that the server keeps the old text" eval 'godwit status | grep -q "Work UID.*edited here"'
mv "$T/mail/Work/cur/edited.1:2,S" "$T/mail/Work/cur/edited.1:2,FS"
next_sync "it is still told when flags changed" eval 'godwit status | grep -q "Work UID.*edited here"'
mv "$T/mail/Work/cur/edited.1:2,FS" "$T/mail/Work/cur/edited.1:2,S"
sync_ok
at_rest "it comes to rest"
in_sync up Work
grep -q edited "$(file up)" || fail "the edit is gone"
{ cat "$(file up)"; echo twice; } > "$T/m" # edited and moved at once
rm "$(file up)"
cp "$T/m" "$T/mail/INBOX/cur/edited.2:2,S"
in_sync up INBOX
grep -q twice "$(file up)" || fail "the second edit is gone"
at_rest "it comes to rest"

note "two files of one Message-ID in one mailbox: the message is deleted with the last"
mail m3
echo "another footer" >> "$T/m"
cp "$T/m" "$T/mail/INBOX/cur/twin.1:2,S"
godwit sync > "$T/out" || true
grep -q 'merged it with a message' "$T/err" || fail "it is not told: $(cat "$T/err")"
sync_ok
rm "$(grep -rlF '<m3@x>' "$T/mail/INBOX" | grep -v twin)"
sync_ok
[ "$(labels m3)" = INBOX,Travel/2026,Work ] || fail "m3 is in $(labels m3)"
rm "$T/mail/INBOX/cur"/twin*
next_sync "m3 lost its label INBOX there" eval '[ "$(labels m3)" = "Travel/2026,Work" ]'

note "deleted in one of its mailboxes it loses that; in the last ones, at once, it goes to the trash"
in_sync m3 Travel/2026,Work
rm $(grep -rlF '<m3@x>' "$T/mail/Work") # again.1 in Travel/2026 has other bytes
in_sync m3 Travel/2026
web LABEL "$(web_id m3)" Work
in_sync m3 Travel/2026,Work
rm $(grep -rlF '<m3@x>' "$T/mail")
next_sync "m3 is in [Gmail]/Trash there" eval '[ "$(labels m3)" = "[Gmail]/Trash" ]'
in_sync m3 "[Gmail]/Trash"

note "sent by a reader that kept a copy, and by Gmail, which kept its own: one message, no body crosses"
mail sent
web DELIVER "[Gmail]/Sent Mail" "$T/m"
{ printf 'X-Mailer: here\n' && grep -v Received "$T/m"; } > "$T/mail/[Gmail]/Sent Mail/cur/copy:2,S"
sync_ok --json
expect_counts messages_downloaded=0 messages_uploaded=0
sync_ok
[ "$(grep -rlF '<sent@x>' "$T/mail" | wc -l)" = 1 ] || fail "it stands twice: $(grep -rlF '<sent@x>' "$T/mail")"
at_rest "it comes to rest"

note "what is only in all mail is labelled, not sent again; what is nowhere is sent"
mail archived
web DELIVER Work "$T/m"
web UNLABEL "$(web_id archived)" Work
sync_ok
printf 'X-From: a backup\n' | cat - "$T/m" > "$T/mail/Work/cur/archived:2,F"
mail nowhere
cp "$T/m" "$T/mail/Work/cur/nowhere:2,S"
sync_ok --json
expect_counts messages_uploaded=1 copied=1 messages_downloaded=0
at_rest "it comes to rest"
[ "$(labels archived)" = "Work,[Gmail]/Starred" ] && [ "$(labels nowhere)" = Work ] || fail "archived: $(labels archived); nowhere: $(labels nowhere)"
flags_there archived | grep -q Flagged || fail "its flags are $(flags_there archived)"
[ "$(grep -rlF '<archived@x>' "$T/mail" | wc -l)" = 1 ] || fail "it stands twice"
godwit verify > "$T/out" || true
! grep 'by the state' "$T/out" || fail "a size that base never knew is no finding"

note "archived there while it is starred here; a server without \\*"
settings no-star
web UNLABEL "$(web_id m2)" INBOX
web LABEL "$(web_id m2)" Work
in_sync m2 Work
f=$(file m2)
mv "$f" "$T/mail/Work/cur/$(basename "${f%%:2,*}"):2,Fa" # a keyword that the server cannot store
echo "0 Later" > "$T/mail/Work/dovecot-keywords"
next_sync "the star is set" flagged m2 '\Flagged' Fa 1
case $(file m2) in *:2,Fa) ;; *) fail "the keyword is gone here: $(file m2)" ;; esac
for i in 1 2; do
	status=0
	godwit sync -vvv > "$T/out" || status=$?
	[ $status = 1 ] && grep -q '1 message has other flags here' "$T/err" || fail "a keyword that is not stored is not told of: $status, $(cat "$T/out")"
done
! grep -q 'C: .*UID STORE' "$T/err" || fail "it is fought over"
settings
sync_ok --full
next_sync "now it is stored" flagged m2 '\Flagged Later' Fa 1
note "the server shows fewer messages of a mailbox: they stay here"
for i in $(seq 40); do
	mail "many$i"
	web DELIVER Many "$T/m"
done
sync_ok
shown() { grep -rlF -- "many" "$T/mail/Many" | grep -c .; }
[ "$(shown)" = 40 ] || fail "$(shown) are here"
before=$(bytes)
for settings in "limit=10" "limit=10 all-limit=10"; do
	settings $settings
	sync_ok
	[ "$(shown)" = 40 ] || fail "$settings: $(shown) are left"
	godwit status > "$T/out" || fail "$settings: something is held: $(cat "$T/out")"
	sync_ok
	at_rest "$settings"
	mail "many$settings" # which pushes another out of sight
	web DELIVER Many "$T/m"
	sync_ok
	[ "$(shown)" = 41 ] || fail "$settings: $(shown) are left after another came"
	web UNLABEL "$(web_id many40)" Many # one that is in sight
	next_sync "$settings: a label that was taken off is taken off here" eval '[ "$(shown)" = 40 ]'
	web LABEL "$(web_id many40)" Many
	settings
	next_sync "$settings: it comes back" eval '[ "$(shown)" = 41 ]'
	sync_ok --full
	[ "$(shown)" = 41 ] || fail "$settings: $(shown) at the end"
	at_rest "$settings: it comes to rest"
	f=$(grep -rlF "<many40@x>" "$T/mail/Many")
	web UNLABEL "$(web_id "many$settings")" Many
	next_sync "$settings: and without the last" eval '[ "$(shown)" = 40 ]'
done
[ $(($(bytes) - before)) -lt 2000 ] || fail "$(($(bytes) - before)) bytes of bodies came"
note ok
