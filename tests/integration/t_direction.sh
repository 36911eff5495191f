#!/bin/bash
# SPDX-License-Identifier: ISC
# direction = "pull": the server is left alone, whatever is done here; what waits is told, and goes when it may.
. "$(dirname "$0")/lib.sh"

mkdir -p "$T/server/home/Maildir"
MAIL=$T/server/home/Maildir
"$TOOLS/mkmail" "$MAIL/INBOX" 30 500 1
"$TOOLS/mkmail" "$MAIL/Archive" 10 500 2
server_start full
write_config 'direction = "pull"'
sync_ok
assert_equal "pulled"
there() { # its mail, and its mailboxes
	"$TOOLS/mdlist" "$MAIL" | sort
	adm mailbox list -u me | sort
}
cd "$T/mail/INBOX"
file() { # the file of a UID
	find cur new -name "*.$1.godwit*"
}
flags() { # UID FLAGS
	local f
	f=$(file "$1")
	mv "$f" "cur/$(basename "${f%%:*}"):2,$2"
}

note "whatever is done here"
there > "$T/before"
flags 1 DFS
flags 2 ST # a wish to delete
rm "$(file 3)"
mv "$(file 4)" "$T/mail/Archive/cur/moved.4:2,S"
printf 'From: me\nMessage-ID: <draft@x>\n\nlocal\n' > cur/mine:2,DS
mkdir -p "$T/mail/New"/{cur,new,tmp}
cp cur/mine:2,DS "$T/mail/New/cur/mine2:2,S"
for run in 1 2 3; do
	sync_ok --json
	expect_counts messages_uploaded=0 flags_sent=0 deleted_there=0 moved=0 messages_downloaded=0
	[ "$(json waiting)" -ge 6 ] || fail "run $run: $(json waiting) wait"
done
there > "$T/after"
cmp -s "$T/before" "$T/after" || fail "the server was changed: $(diff "$T/before" "$T/after")"
[ -f cur/mine:2,DS ] && [ -z "$(file 3)" ] && [ -f "$T/mail/Archive/cur/moved.4:2,S" ] || fail "what was done here was undone"
godwit status > "$T/out" || fail "status exited with $?"
grep -q 'waiting, as direction = "pull": 2 new here, 2 deleted here, 2 with other flags' "$T/out" || fail "$(cat "$T/out")"
godwit folders > "$T/out" || fail "folders exited with $?"
grep -q 'INBOX  +1 -2, 2 flags' "$T/out" || fail "$(cat "$T/out")"
godwit sync -n > "$T/out" || fail "dry run: $?"
! grep -qi 'upload\|delete' "$T/out" || fail "$(cat "$T/out")"

note "the server's changes come all the same, to changed messages, too"
adm flags add -u me '\Answered' mailbox INBOX uid 1
adm expunge -u me mailbox INBOX uid 5
printf 'From: a@b\nMessage-ID: <later@x>\n\nlater\n' > "$T/m"
deliver INBOX "$T/m"
sync_ok --json
expect_counts messages_downloaded=1 deleted=1 messages_uploaded=0 flags_sent=0
[ -f "$(ls cur/*.1.godwit*:2,DFRS)" ] || fail "flags were not merged: $(file 1)"
[ -z "$(file 5)" ] || fail "a deletion did not come"
sync_ok --full --json
expect_counts messages_downloaded=0 messages_uploaded=0 flags_sent=0

note "a directory that is gone is not fetched anew, nor deleted there"
mv "$T/mail/Archive" "$T/mail/Elsewhere"
there > "$T/before"
status=0
godwit sync > "$T/out" || status=$?
[ $status = 1 ] || fail "exit status $status"
grep -q 'rename it back' "$T/err" || fail "$(cat "$T/err")"
[ ! -e "$T/mail/Archive" ] || fail "it was made anew"
there > "$T/after"
cmp -s "$T/before" "$T/after" || fail "the server was changed: $(diff "$T/before" "$T/after")"
mv "$T/mail/Elsewhere" "$T/mail/Archive"
sync_ok

note "when it may, all of it goes"
write_config
sync_ok --json
[ "$(json messages_uploaded)" = 2 ] || fail "$(json messages_uploaded) uploaded: $(cat "$T/out")"
[ "$(json moved)" = 1 ] || fail "$(json moved) moved"
[ "$(json deleted_there)" = 2 ] || fail "$(json deleted_there) deleted"
sync_ok
cd "$T"
assert_equal "at the end"
[ -d "$MAIL/New" ] || fail "the new mailbox is not there"

note "a word that it is not"
write_config 'direction = "up"'
! godwit sync > "$T/out" || fail "it was taken"
grep -q 'direction = "up" is not one of both, pull, push' "$T/err" || fail "$(cat "$T/err")"
note ok
