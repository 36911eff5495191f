#!/bin/bash
# SPDX-License-Identifier: ISC
# Changes made here and there at once: nobody's change is undone, and nothing is fetched again.
. "$(dirname "$0")/lib.sh"

mkdir -p "$T/server/home/Maildir"
MAIL=$T/server/home/Maildir
"$TOOLS/mkmail" "$MAIL/INBOX" 40 500 1
server_start full
write_config
sync_ok
assert_equal


cd "$T/mail/INBOX"
file() { # the file of a UID
	find cur new -name "*.$1.godwit*"
}
flags() { # UID FLAGS
	local f
	f=$(file "$1")
	mv "$f" "cur/$(basename "${f%%:*}"):2,$2"
}

note "a changed flag, a deleted file, a new file"
flags 1 DFS
flags 2 DRS
rm "$(file 3)"
printf 'From: me\nMessage-ID: <draft@x>\n\nlocal\n' > cur/mine:2,DS
sync_ok --json
[ "$(json messages_downloaded)" = 0 ] || fail "something was fetched again"
[ "$(file 1)" = "$(ls cur/*.1.godwit:2,DFS)" ] || fail "a local flag was undone"
[ "$(json flags_sent)" = 2 ] || fail "$(json flags_sent) changes of flags were sent"
[ -z "$(file 3)" ] || fail "a local deletion was undone"
[ "$(json deleted_there)" = 1 ] || fail "$(json deleted_there) messages were deleted on the server"
[ -f cur/mine:2,DS ] || fail "a local message was touched"

note "changes on the server meet them"
flags 1 DF
flags 2 R
adm flags add -u me '\Answered' mailbox INBOX uid 1
rm "$(file 4)" "$(file 8)"
adm flags add -u me 'Important' mailbox INBOX uid 4
adm flags add -u me '\Seen' mailbox INBOX uid 8
adm expunge -u me mailbox INBOX uid 2
adm expunge -u me mailbox INBOX uid 5
sync_ok --json
[ -f "$(ls cur/*.1.godwit:2,DFR)" ] || fail "flags of both sides were not merged: $(file 1)"
[ -f "$(ls cur/*.2.godwit:2,R)" ] || fail "a message changed here was deleted"
[ -n "$(file 4)" ] || fail "a message that was changed there after it was deleted here did not come back"
[ -z "$(file 8)" ] || fail "a local deletion was undone since the message was read there"
[ -z "$(file 5)" ] || fail "a deletion on the server did not arrive"
sync_ok # what went to the trash arrives there
sync_ok --full --json
[ "$(json messages_downloaded)" = 0 ] || fail "--full fetched something again"

note "a full look notices nothing else; \\Deleted is not written as T"
adm flags add -u me '\Deleted' mailbox INBOX uid 6
sync_ok
case $(file 6) in *:2,*T*) fail "T was written" ;; esac
cd "$T"
write_config 'mirror-deleted = yes'
adm flags add -u me '\Deleted' mailbox INBOX uid 7
sync_ok
case $(cd mail/INBOX; file 7) in *:2,*T*) ;; *) fail "mirror-deleted: no T" ;; esac
write_config

note "the directory is gone: nothing is done in its place"
mv mail/INBOX away
status=0
godwit sync > out || status=$?
[ $status = 1 ] && grep -q 'is gone, so nothing was done' err || fail "exit $status"
[ ! -e mail/INBOX ] || fail "something was made in its place"
mv away mail/INBOX
note "the root is gone, or empty as an unmounted disk's mount point"
mv mail away
godwit sync > out && fail "exit 0 without the root"
grep -q 'is a disk not mounted' err && [ ! -e mail ] || fail "root gone"
mkdir mail
status=0
godwit sync > out || status=$?
[ $status = 1 ] && grep -q 'lacks the mark' err || fail "empty root: exit $status"
rmdir mail
mv away mail
sync_ok

note "a keyword that a reader's dovecot-keywords file lost is not lost"
adm flags add -u me 'Work' mailbox INBOX uid 10
sync_ok
rm mail/INBOX/dovecot-keywords
adm flags add -u me 'Play' mailbox INBOX uid 11
sync_ok
grep -q Work mail/INBOX/dovecot-keywords && grep -q Play mail/INBOX/dovecot-keywords || fail "keywords file"
note ok
