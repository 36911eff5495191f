#!/bin/bash
# SPDX-License-Identifier: ISC
# A dry run names what the real run then does, message by message, and does nothing itself.
. "$(dirname "$0")/lib.sh"
DRESS=full

fresh full
"$TOOLS/mkmail" "$MAIL/INBOX" 12 600 1
mkdir -p "$MAIL"/{Archive,Trash}/{cur,new,tmp}
mail() { # ID: in $T/m
	printf 'From: a@b\nMessage-ID: <%s@x>\nReceived: by here\nSubject: %s\n\nhello %s\n' "$1" "$1" "$1" > "$T/m"
}
for i in there here back; do
	mail $i
	deliver INBOX "$T/m"
done
server_start full
write_config
godwit sync -n -v > "$T/out" || fail "exit status $?"
grep -q 'INBOX: UID 1 would be fetched' "$T/out" || fail "fetches are not named: $(cat "$T/out")"
[ ! -e "$T/mail/INBOX" ] || fail "a first dry run made a mailbox"
sync_ok

of() { # ID: its file
	grep -rlF "<$1@x>" "$T/mail"
}
uid() { # FOLDER ID
	adm fetch -u me uid mailbox "$1" HEADER Message-ID "<$2@x>" | sed 's/.*: //'
}
INBOX=$T/mail/INBOX
mail new
cp "$T/m" "$INBOX/cur/new.1:2,S"
mail arrives
deliver INBOX "$T/m"
new_there=13
adm move -u me Archive mailbox INBOX HEADER Message-ID "<there@x>"
mv "$(of here)" "$T/mail/Archive/cur/"
f=$(nth INBOX 1) first=$(basename "$f" | sed 's/.*\.\([0-9]*\)\.godwit.*/\1/')
mv "$f" "$INBOX/cur/$(basename "${f%%:2,*}"):2,T" # a wish
f=$(nth INBOX 2) second=$(basename "$f" | sed 's/.*\.\([0-9]*\)\.godwit.*/\1/')
adm expunge -u me mailbox INBOX uid "$second"
adm flags replace -u me '\Flagged work' mailbox INBOX HEADER Message-ID '<back@x>'
f=$(nth INBOX 3) edited=$(basename "$f" | sed 's/.*\.\([0-9]*\)\.godwit.*/\1/')
{ cat "$f"; echo more; } > "$INBOX/cur/edit.1:2,S"
rm "$f"

before() {
	(cd "$T/mail" && find . -type f -printf '%p %T@ %s\n' | sort)
	"$TOOLS/mdlist" "$MAIL" | sort
}
before > "$T/before"
sleep 1.1 # stamps of this second are not believed
godwit sync -n > "$T/plain" || fail "exit status $?: $(cat "$T/err")"
godwit sync -n --json > "$T/json" || fail "exit status $?"
before | cmp -s - "$T/before" || fail "a dry run changed something"

sed 's/^/     /' "$T/plain"
told() { # TEXT-IN-WORDS WHAT UID-OR-FILE
	grep -qF "$1" "$T/plain" || fail "not told: $1"
	grep '"event":"step"' "$T/json" | grep -F "\"what\":\"$2\"" | grep -qF "$3" || fail "not in JSON: $2 $3"
}
told "new.1:2,S would be uploaded (" upload new.1
told "UID $(uid Archive there) was moved here on the server" move-here '"from":"INBOX"'
told "would follow from INBOX on the server" move-there '"mailbox":"Archive"'
told "UID $first was deleted here: on the server it would go to the trash" delete-there "\"uid\":$first"
told "UID $second is gone on the server" delete-here "\"uid\":$second"
told "UID $(uid INBOX back) would get +\\Flagged +work here" flags-here '"flags":"+\\Flagged +work"'
told "UID $edited was edited here: edit.1:2,S would take its place" replace-there edit.1
grep -qF '"what":"fetch"' "$T/json" && ! grep -qF 'be fetched' "$T/plain" || fail "fetches: counted in words, named in JSON"

sync_ok
log=$T/state/test.log
[ "$(stat -c %a "$log")" = 600 ] || fail "the log is for the owner alone"
logged() { # WHAT UID-OR-FILE: in a line of its own
	awk -F'\t' -v what="$1" -v which="$2" '$3 == what && ($4 == which || $5 == which) && NF == 7 { n++ } END { exit n != 1 }' "$log" ||
		fail "not in the log, or twice: $1 $2: $(cat "$log")"
}
logged upload new.1
logged move-here "$(uid Archive there)"
logged delete-there "$first"
logged delete-here "$second"
logged replace-there "$edited"
! grep -q 'flags-\|fetch' "$log" || fail "flags and fetches are not kept: $(cat "$log")"

note "why: by UID, Message-ID and file; what is next"
godwit why "test:INBOX:$second" > "$T/why" || fail "why: exit status $?"
grep -q "delete-here: UID $second is gone on the server" "$T/why" || fail "why by UID: $(cat "$T/why")"
godwit why '<new@x>' > "$T/why" || fail "why: exit status $?"
grep -q 'upload: new.1:2,S' "$T/why" && grep -q 'here and on the server' "$T/why" || fail "why by Message-ID: $(cat "$T/why")"
grep -q 'nothing would be done' "$T/why" || fail "why: what is next: $(cat "$T/why")"
rm "$(of here)"
godwit why 'here@x' > "$T/why" || fail "why: exit status $?"
grep -q 'move-there' "$T/why" && grep -q 'next sync .* delete-there' "$T/why" || fail "why, of what was deleted since: $(cat "$T/why")"
godwit why "$(of new)" | grep -q 'upload: new.1' || fail "why by file"
status=0
godwit why nobody@nowhere || status=$?
[ $status = 1 ] && grep -q 'neither log nor state' "$T/err" || fail "why: what nobody knows: $status"

sync_ok
sync_ok
assert_equal "after the real run"

# the cursors of two mailboxes lie behind their rows, as after a kill: that is not unrest in a third one
sqlite3 "$T/state/test.db" "UPDATE mailbox SET uidnext = uidnext - 1, highestmodseq = 1 WHERE local_dir != 'Archive'"
rm "$(nth Archive 1)"
godwit sync -n > "$T/plain" || fail "exit status $?"
grep -q "Archive: UID [0-9]* was deleted here" "$T/plain" || fail "not told: a deletion: $(cat "$T/plain")"
sync_ok --json
expect_counts deleted_there=1
sync_ok
assert_equal "after the cursors that lay behind"

# what the real run then does: mail for a mailbox yet to be made; new UIDs, and a deletion besides
mkdir -p "$T/mail/Made/cur" "$T/mail/Made/new" "$T/mail/Made/tmp"
mail made
cp "$T/m" "$T/mail/Made/cur/made.1:2,S"
mail more
cp "$T/m" "$T/mail/INBOX/cur/more.1:2,S"
rm "$(nth INBOX 4)"
new_uidvalidity INBOX
godwit sync -n > "$T/plain" || fail "exit status $?"
for told in 'Made: made.1:2,S would be uploaded' 'INBOX: more.1:2,S would be uploaded' 'INBOX: UID [0-9]* was deleted here'; do
	grep -q "$told" "$T/plain" || fail "not told: $told; but $(cat "$T/plain")"
done
sync_ok --json
expect_counts messages_uploaded=2 deleted_there=1 messages_downloaded=0
sync_ok
assert_equal "after that"
note "mailboxes as a whole: what is done in them is told, too"
adm mailbox create -u me Theirs
sync_ok
mv "$T/mail/Made" "$T/mail/Ours"
mail inside
cp "$T/m" "$T/mail/Ours/cur/inside.1:2,S"
adm mailbox rename -u me Theirs Named
mail within
deliver Named "$T/m"
printf 'From: a@b\nMessage-ID: <nul@x>\n\na\0b\n' > "$T/mail/INBOX/cur/nul.1:2,"
status=0
godwit sync -n > "$T/plain" || status=$?
[ $status = 1 ] && grep -q 'nul.1:2, would not be uploaded: it holds NUL bytes' "$T/err" || fail "not told: NUL bytes: $status"
for told in 'Ours: inside.1:2,S would be uploaded' 'Named: would fetch 1 message' \
	'test: would rename 2 mailboxes, fetch 1 message ([0-9]* B), upload 1 message; '; do
	grep -q "$told" "$T/plain" || fail "not told: $told; but $(cat "$T/plain" "$T/err")"
done
! grep -q 'gone' "$T/err" || fail "a mailbox that was renamed is not gone"
rm "$T/mail/INBOX/cur/nul.1:2,"
sync_ok --json
expect_counts mailboxes_renamed=2 messages_uploaded=1 messages_downloaded=1
sync_ok
assert_equal "after the mailboxes"
godwit sync -n | grep -q '^test: nothing would be done; ' || fail "not told: nothing"
note ok
