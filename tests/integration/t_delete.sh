#!/bin/bash
# SPDX-License-Identifier: ISC
# What is deleted, moved, copied or edited here reaches the server, without a body that is there already,
# and with nothing lost, doubled or brought back.
. "$(dirname "$0")/lib.sh"

stable() { # nothing is sent, nothing is fetched
	sync_ok --json
	expect_counts messages_downloaded=0 messages_uploaded=0 flags_changed=0 flags_sent=0 deleted=0 \
		deleted_there=0 moved=0 copied=0 kept=0 held=0
	assert_equal "$DRESS: $1"
}

deletions() {
	note "$DRESS: deleted here: to the trash, which is made; in the trash, for good"
	rm "$(nth Box 1)" "$(nth Box 2)"
	sync_ok --json
	expect_counts deleted_there=2 messages_downloaded=0
	[ "$(count_there Box)" = 18 ] && [ "$(count_there Trash)" = 2 ] || fail "not in the trash"
	sync_ok
	stable deleted
	rm "$(nth Trash 1)"
	sync_ok --json
	expect_counts deleted_there=1
	[ "$(count_there Trash)" = 1 ] || fail "delete in the trash: $(count_there Trash) are there"
	stable "deleted in the trash"

	note "$DRESS: T on a known file is a wish, on a new one nothing"
	mv "$(nth Box 1)" "$T/mail/Box/cur/$(basename "$(nth Box 1)" | sed 's/:2,.*//'):2,ST"
	printf 'Message-ID: <t@x>\n\nnew\n' > "$T/mail/Box/cur/new-with-t:2,T"
	sync_ok --json
	expect_counts deleted_there=1 messages_uploaded=0
	[ "$(count_there Box)" = 17 ] && [ "$(count_here Box)" = 18 ] || fail "T: $(count_there Box) there, $(count_here Box) here"
	rm "$T/mail/Box/cur/new-with-t:2,T"
	sync_ok
	stable T

	note "$DRESS: changed there meanwhile: it comes back"
	rm "$T/mail/Box"/*/*.5.godwit*
	adm flags add -u me Odd mailbox Box uid 5
	sync_ok --json
	expect_counts messages_downloaded=1 deleted_there=0
	stable "came back"
}

moves() {
	note "$DRESS: moved here: by mv, as mutt saves, and within the mailbox"
	mv "$(nth Box 1)" "$T/mail/INBOX/cur/"
	file=$(nth Box 1)
	save "$file" INBOX
	rm "$file"
	mv "$(nth Box 2)" "$T/mail/Box/cur/renamed.by.somebody:2,S"
	sync_ok --json
	expect_counts moved=2 messages_uploaded=0 messages_downloaded=0 deleted_there=0
	stable moved
	note "$DRESS: the copy of mutt's save is seen first, the deletion later"
	file=$(nth Box 1)
	save "$file" INBOX
	sync_ok --json
	expect_counts copied=1 messages_uploaded=0
	stable "half of a save"
	trash=$(count_there Trash)
	rm "$file"
	sync_ok --json
	expect_counts deleted_there=1
	[ "$(count_there Trash)" = "$trash" ] || fail "what was only moved went to the trash"
	stable "a save in two halves"
	note "$DRESS: moved to the trash folder here"
	file=$(nth INBOX 1)
	save "$file" Trash
	rm "$file"
	sync_ok --json
	expect_counts moved=1 messages_uploaded=0
	stable "moved to the trash"

	note "$DRESS: a keyword goes along, whatever its letter in either folder"
	adm flags add -u me 'Other' mailbox INBOX 1
	adm flags add -u me 'Work' mailbox Box 1
	sync_ok
	file=$(find "$T/mail/Box/cur" -name '*:2,*b' | head -1)
	mv "$file" "$T/mail/INBOX/cur/"
	sync_ok --json
	expect_counts moved=1 messages_uploaded=0
	stable "a keyword moved here"
	[ "$(adm search -u me mailbox INBOX KEYWORD Work | wc -l)" = 1 ] && [ "$(adm search -u me mailbox INBOX KEYWORD Other | wc -l)" = 1 ] || fail "the keyword was lost, or became another"

	note "$DRESS: moved there, with a flag set here at the same time"
	uid=$(adm search -u me mailbox Box all | sort -k2n | sed -n '2s/.* //p')
	file=$(find "$T/mail/Box" -name "*.$uid.godwit*")
	mv "$file" "$T/mail/Box/cur/$(basename "${file%%:*}"):2,FS"
	adm move -u me INBOX mailbox Box uid "$uid"
	sync_ok --json
	expect_counts moved=1 messages_downloaded=0 messages_uploaded=0
	stable "moved there, flagged here"
	note "$DRESS: two equal messages, one of them moved"
	printf 'Message-ID: <twin@x>\nReceived: by here\n\ntwin\n' > "$T/m"
	deliver Box "$T/m"
	deliver Box "$T/m"
	sync_ok
	mv "$(grep -l twin@x "$T/mail/Box"/*/* | head -1)" "$T/mail/INBOX/cur/"
	sync_ok --json
	expect_counts moved=1 messages_uploaded=0 deleted_there=0
	stable twins
	rm "$(grep -l twin@x "$T/mail/Box"/*/* | head -1)"
	sync_ok --json
	expect_counts deleted_there=1
	[ "$(grep -l twin@x "$T/mail/INBOX"/*/* | wc -l)" = 1 ] || fail "a twin was lost"
	sync_ok
	stable "one of two equal messages deleted"
}

edits() {
	note "$DRESS: edited here"
	file=$(nth INBOX 1)
	{ cat "$file"; echo edited; } > "$T/mail/INBOX/tmp/e"
	mv "$T/mail/INBOX/tmp/e" "$T/mail/INBOX/cur/edited.1:2,FS"
	rm "$file"
	before=$(count_there INBOX)
	sync_ok --json
	expect_counts messages_uploaded=1 messages_downloaded=0
	[ "$(count_there INBOX)" = "$before" ] || fail "an edit changed the number of messages"
	sync_ok
	stable edited
	note "$DRESS: edited here and answered there; then deleted there"
	file=$(nth INBOX 2)
	id=$(sed -n 's/^Message-ID: *//Ip' "$file" | tr -d '\r')
	{ cat "$file"; echo edited; } > "$T/mail/INBOX/tmp/e"
	mv "$T/mail/INBOX/tmp/e" "$T/mail/INBOX/cur/edited.2:2,"
	rm "$file"
	adm flags add -u me '\Answered' mailbox INBOX HEADER Message-ID "$id"
	sync_ok --json
	expect_counts messages_uploaded=1
	[ -n "$(find "$T/mail/INBOX/cur" -name 'edited.2:2,*R*')" ] || fail "an edit lost \\Answered"
	sync_ok
	stable "edited and answered"
	adm expunge -u me mailbox INBOX HEADER Message-ID "$id"
	sync_ok --json
	expect_counts deleted=1 messages_uploaded=0
	stable "edited, answered, deleted"
	note "$DRESS: a filter rewrites a file under the same name in another folder"
	file=$(nth Box 1)
	sed 's/^Subject:/Subject: [filtered]/' "$file" > "$T/mail/INBOX/tmp/f"
	mv "$T/mail/INBOX/tmp/f" "$T/mail/INBOX/cur/$(basename "$file")"
	rm "$file"
	sync_ok --json
	expect_counts messages_uploaded=1 deleted_there=1 moved=0
	sync_ok
	stable filtered
}

for dress in full noqresync plain; do
	fresh "$dress"
	"$TOOLS/mkmail" "$MAIL/INBOX" 20 400 1
	"$TOOLS/mkmail" "$MAIL/Box" 20 400 2
	server_start "$dress"
	write_config
	sync_ok
	deletions
	moves
	edits
done

note "delete = expunge, delete = never"
fresh full
"$TOOLS/mkmail" "$MAIL/INBOX" 20 400 1
server_start full
write_config 'delete = "expunge"'
sync_ok
rm "$(nth INBOX 1)"
sync_ok --json
expect_counts deleted_there=1
[ "$(count_there INBOX)" = 19 ] && [ ! -e "$MAIL/Trash" ] || fail "not expunged"
write_config 'delete = "never"'
rm "$(nth INBOX 1)"
mv "$(nth INBOX 2)" "$T/mail/INBOX/cur/$(basename "$(nth INBOX 2)" | sed 's/:2,.*//'):2,ST"
sync_ok --json
expect_counts deleted_there=0
adm flags add -u me '\Answered' mailbox INBOX all
sync_ok --json --full
expect_counts messages_downloaded=0 deleted_there=0
[ "$(count_there INBOX)" = 19 ] && [ "$(count_here INBOX)" = 18 ] || fail "never: $(count_there INBOX) there, $(count_here INBOX) here"

note "plain: others' \\Deleted are not expunged along"
fresh plain
"$TOOLS/mkmail" "$MAIL/INBOX" 20 400 1
server_start plain
write_config 'delete = "expunge"'
sync_ok
adm flags add -u me '\Deleted' mailbox INBOX 20
rm "$(nth INBOX 1)"
MAY_SAY='EXPUNGE would take messages along'
sync_ok --json
[ "$(count_there INBOX)" = 20 ] || fail "a foreign \\Deleted was expunged"
"$GODWIT" -c "$T/config" status > "$T/out" || true
grep -q 'held: INBOX UID .*EXPUNGE would take messages along' "$T/out" || fail "status does not tell: $(cat "$T/out")"
sync_ok --json --full
expect_counts messages_downloaded=0 deleted_there=0
MAY_SAY=

note "a deletion here that looks like an accident is held back, until a person decides"
fresh full
"$TOOLS/mkmail" "$MAIL/INBOX" 60 400 1
server_start full
write_config
sync_ok
find "$T/mail/INBOX" -path '*/cur/*' -o -path '*/new/*' | head -30 | xargs rm
for i in 1 2; do
	status=0
	godwit sync --json > "$T/out" || status=$?
	[ $status = 1 ] && grep -q '30 messages are gone here.*--accept-deletions' "$T/out" || fail "exit $status: $(cat "$T/out")"
	[ "$(count_there INBOX)" = 60 ] || fail "deleted all the same"
done
"$GODWIT" -c "$T/config" status > "$T/out" || true
grep -q 'held: INBOX: 30 messages are gone here' "$T/out" || fail "status: $(cat "$T/out")"
sync_ok --restore-deletions --json
expect_counts messages_downloaded=30
stable restored
rm -f "$T/mail/INBOX"/cur/* "$T/mail/INBOX"/new/*
godwit sync > "$T/out" && fail "an empty Maildir was believed"
[ "$(count_there INBOX)" = 60 ] || fail "deleted all the same"
deliver INBOX "$T/m"
godwit sync > "$T/out" && fail "held, and exit 0"
sync_ok --accept-deletions
[ "$(count_there INBOX)" = 1 ] || fail "not accepted: $(count_there INBOX) are left"
sync_ok
stable accepted

note "a Maildir that is not there any more while deletions are held"
"$TOOLS/mkmail" "$MAIL/Box" 50 400 3
server_own
sync_ok
rm "$T/mail/Box"/*/*
godwit sync > "$T/out" && fail "an empty Maildir was believed"
mv "$T/mail" "$T/away"
mkdir "$T/mail"
godwit sync --accept-deletions > "$T/out" && fail "accepted in an unmounted Maildir"
[ "$(count_there Box)" = 50 ] || fail "deleted all the same"
rmdir "$T/mail"
mv "$T/away" "$T/mail"
sync_ok --restore-deletions
stable "mounted again"
note ok
