#!/bin/bash
# SPDX-License-Identifier: ISC
# The same mail is recognised: new UIDVALIDITY, lost and damaged state, a restored server, a Maildir
# that another tool made.
. "$(dirname "$0")/lib.sh"
MESSAGES=${MESSAGES:-1500}


no_body() {
	[ "$(json messages_downloaded)" = 0 ] || fail "$1: $(json messages_downloaded) bodies fetched"
	assert_equal "$1"
}

mkdir -p "$T/server/home/Maildir"
MAIL=$T/server/home/Maildir
"$TOOLS/mkmail" "$MAIL/INBOX" "$MESSAGES" 1000 1
"$TOOLS/mkmail" "$MAIL/Archive" 50 1000 2
server_start full
write_config
sync_ok
assert_equal

note "UIDVALIDITY changed under $MESSAGES messages, with a change on each side"
printf 'From: a@b\nMessage-ID: <later@x>\n\nlater\n' > "$T/m"
f=$(ls "$T/mail/INBOX/cur" | head -1)
mv "$T/mail/INBOX/cur/$f" "$T/mail/INBOX/cur/${f%%:*}:2,DFS"
deliver INBOX "$T/m"
new_uidvalidity INBOX
sync_ok --json
[ "$(json messages_downloaded)" = 1 ] || fail "$(json messages_downloaded) bodies fetched, not 1"
echo "UIDVALIDITY changed: $(json messages_downloaded) body fetched (the new message), $(json paired) recognised, $(json wire_received) bytes received"
[ -e "$T/mail/INBOX/cur/${f%%:*}:2,DFS" ] || fail "a local change of flags was undone"
assert_equal "after a new UIDVALIDITY"
sync_ok --json
no_body "after that"
adm flags add -u me '\Answered' mailbox INBOX 1:50
sync_ok --json
no_body "flags still find their files"

note "state lost"
rm -rf "$T/state"
sync_ok --json
no_body "state lost"

note "state damaged in the middle of a page"
size=$(stat -c %s "$T/state/test.db")
dd if=/dev/urandom of="$T/state/test.db" bs=1 seek=$((size / 2)) count=3000 conv=notrunc 2> /dev/null
dd if=/dev/urandom of="$T/state/test.db" bs=1 seek=4100 count=2000 conv=notrunc 2> /dev/null
adm flags add -u me '\Flagged' mailbox INBOX 1:20
godwit sync > "$T/out" || true
godwit sync > "$T/out" || true
sync_ok --json
no_body "state damaged"
ls "$T/state" | grep -q corrupt || fail "the damaged state was not set aside"

note "state damaged where it names its account, which SQLite does not notice"
rm -f "$T"/state/*corrupt*
id=$(grep -oE '[0-9a-f]{32}' "$T/mail/.godwit" | head -1)
grep -qF "$id" "$T/state/test.db" || fail "the state does not hold the id of the mark"
perl -pi -e "s/$id/'?' x 32/ge" "$T/state/test.db"
godwit sync > "$T/out" || true
sync_ok --json
no_body "account's name damaged"
ls "$T/state" | grep -q corrupt || fail "the damaged state was not set aside"

note "server restored from an older copy"
cp -a "$MAIL" "$T/older"
deliver Archive "$T/m" S
"$TOOLS/mkmail" "$T/lost" 2 300 78
for f in "$T"/lost/cur/* "$T"/lost/new/*; do
	[ ! -f "$f" ] || deliver Archive "$f" S
done
sync_ok
server_stop
rm -rf "$MAIL"
cp -a "$T/older" "$MAIL"
server_start full
write_config
"$TOOLS/mkmail" "$T/other" 1 300 77
deliver Archive "$(find "$T/other" -type f)" S # takes the UID that the lost one had
sync_ok --json
grep -rlq later@x "$T/mail/Archive" || fail "a message that the server lost was deleted here"
[ "$(json messages_downloaded)" = 1 ] || fail "restored: $(json messages_downloaded) fetched"
[ "$(find "$T/mail/Archive" -type f -path '*/[cn]*/*' -not -name 'dovecot*' | wc -l)" = 54 ] ||
	fail "restored: wrong count"

note "a Maildir that another tool made"
rm -rf "$T/mail" "$T/state"
mkdir -p "$T/mail"
for box in INBOX Archive; do
	mkdir -p "$T/mail/$box"/{cur,new,tmp}
	n=0
	for f in "$MAIL/$box"/cur/* "$MAIL/$box"/new/*; do
		[ -f "$f" ] || continue
		n=$((n + 1))
		info=${f##*:2,}
		[ "$info" != "$f" ] || info=
		{ printf 'X-TUID: abcdefghijkl\n'; cat "$f"; } > "$T/mail/$box/cur/foreign$n,U=$n:2,$info"
	done
done
find "$T/mail" -type f | sort > "$T/names.before"
sync_ok --json
find "$T/mail" -type f -not -name '.godwit' -not -name 'dovecot-keywords' | sort > "$T/names.after"
cmp -s "$T/names.before" "$T/names.after" || fail "adoption renamed or doubled files: $(diff "$T/names.before" "$T/names.after" | head -3)"
echo "adopted: $(json paired) recognised, $(json messages_downloaded) fetched to be compared"
[ "$(json messages_downloaded)" -le 54 ] || fail "adoption fetched known bodies" # 54: a small folder
sync_ok --json
[ "$(json messages_downloaded)" = 0 ] || fail "adoption is not stable"

note "yesterday's Maildir under today's state: what is missing is fetched, nothing is deleted"
rm -rf "$T/mail" "$T/state"
sync_ok
cp -a "$T/mail" "$T/yesterday"
deliver INBOX "$T/m"
sync_ok
deliver Archive "$T/m"
sync_ok
rm -rf "$T/mail"
cp -a "$T/yesterday" "$T/mail"
sync_ok
assert_equal "yesterday's Maildir"
sync_ok --json
no_body "and then"
note "what could not be decided under an old copy is found again by the next run"
sync_ok
printf 'From: a@b\nSubject: soon gone\nMessage-ID: <soon@gone>\n\nx\n' > "$T/soon"
deliver Archive "$T/soon"
sync_ok
rm -rf "$T/mail"
cp -a "$T/yesterday" "$T/mail"
deliver Archive "$T/soon" # so that the number of messages stays equal
adm expunge -u me mailbox Archive 1:3
sync_ok
sync_ok
assert_equal "a message expunged while the Maildir was an old copy"

note ok
