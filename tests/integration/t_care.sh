#!/bin/bash
# SPDX-License-Identifier: ISC
# verify finds each disagreement, repair mends the state and no mail, restore brings back what was deleted.
. "$(dirname "$0")/lib.sh"

verify() { # EXPECTED-STATUS ARG...
	local want=$1 status=0
	shift
	godwit verify "$@" > "$T/out" || status=$?
	[ $status = "$want" ] || fail "verify exited with $status: $(cat "$T/out")"
}
found() {
	grep -q "$1" "$T/out" || fail "not found: $1: $(cat "$T/out")"
}

for dress in full plain; do
	fresh "$dress"
	"$TOOLS/mkmail" "$MAIL/INBOX" 20 400 1
	"$TOOLS/mkmail" "$MAIL/Box" 20 400 2
	server_start "$dress"
	write_config
	verify 0
	found 'INBOX: never synchronized; the next sync begins with it'
	found '^test: [0-9]* changes for the next sync'
	sync_ok
	note "$dress: everything agrees"
	verify 0
	found 'everything agrees'
	verify 0 --bodies
	found 'everything agrees'

	note "$dress: what is merely new is no disagreement, whose exit status is 1"
	printf 'Message-ID: <n@x>\n\nnew\n' > "$T/mail/INBOX/cur/new:2,"
	deliver Box "$T/mail/INBOX/cur/new:2,"
	adm flags add -u me Odd mailbox INBOX uid 7
	verify 0
	found 'INBOX: file new:2,: new here; the next sync sends it'
	found 'Box: UID 21: new on the server; the next sync fetches it'
	found '^test: [0-9]* changes for the next sync; 2 mailboxes'
	sync_ok
	verify 0
	found 'everything agrees'
	rm "$T/mail/INBOX"/cur/new:* "$(grep -l '^new$' "$T/mail/Box"/*/*)"
	sync_ok
	verify 0
	sync_ok # the trash, which was made for it

	note "$dress: each kind of disagreement"
	rm "$T/mail/INBOX"/*/*.1.godwit*
	adm expunge -u me mailbox INBOX uid 2
	printf 'Message-ID: <u@x>\n\nunknown\n' > "$T/mail/INBOX/cur/unknown:2,"
	deliver INBOX "$T/mail/INBOX/cur/unknown:2,"
	adm flags add -u me Odd mailbox INBOX uid 3
	file=$(ls "$T/mail/INBOX"/*/*.4.godwit*)
	mv "$file" "$T/mail/INBOX/cur/$(basename "${file%%:*}"):2,DFRS"
	sed -i 's/^Subject:.*/Subject: tampered/' "$T/mail/INBOX"/*/*.5.godwit*
	echo tampered >> "$(ls "$T/mail/Box"/*/*.6.godwit*)"
	cp "$T/state/test.db" "$T/before.db"
	verify 1 --bodies
	found 'INBOX: UID 1: on the server and in the state, but its file is gone'
	found 'INBOX: UID 2 (.*): in the state, and not on the server'
	found 'INBOX: file unknown:2,: new here'
	found 'INBOX: UID 22: new on the server'
	found 'INBOX: UID 3 (.*): its flags on the server changed'
	found 'INBOX: UID 4 (.*): the flags of the file'
	found 'INBOX: UID 5 (.*): the header of the file is not that of the state'
	found 'INBOX: UID 5 (.*): the file holds other content'
	found 'Box: UID 6 (.*): the file holds other content'
	cmp "$T/state/test.db" "$T/before.db" || fail "verify changed the state"

	note "$dress: repair deletes nothing, here or there; the next sync joins"
	verify 1 --repair --bodies
	[ "$(count_here INBOX)" = 20 ] && [ "$(count_there INBOX)" = 20 ] && [ "$(count_there Box)" = 20 ] || fail "repair touched mail"
	sync_ok
	sync_ok --json
	expect_counts deleted=0 deleted_there=0
	ls "$T/mail/INBOX"/*/*.1.godwit* > "$T/out" || fail "UID 1 was not fetched again"
	verify 0 --bodies
	assert_equal "$dress: repaired"

	note "$dress: restore says where to look"
	godwit restore test > "$T/out"
	[ ! -s "$T/out" ] || fail "something is in the attic: $(cat "$T/out")"
	grep -q 'test: the attic has what was deleted on the server and then here, for 30 days; nothing of this account' "$T/err" &&
		grep -q "what was deleted here is in the trash, the mailbox \"Trash\" ($T/mail/Trash)" "$T/err" || fail "no hint: $(cat "$T/err")"

	note "$dress: restore lists and brings back, with words that people read"
	encoded=$(ls "$T/mail/Box"/*/*.7.godwit*)
	printf 'From: =?iso-8859-1?Q?J=FCrgen?= <j@x>\nSubject: =?utf-8?B?R3LDvMOf?=\n =?utf-8?Q?e?= an\n alle\nMessage-ID: <enc@x>\n\nx\n' > "$T/encoded"
	deliver Box "$T/encoded"
	sync_ok
	adm expunge -u me mailbox Box header message-id '<enc@x>'
	sync_ok
	godwit restore test:Box > "$T/out"
	grep -q 'Jürgen <j@x> *Grüße an alle$' "$T/out" || fail "not readable: $(cat "$T/out")"
	rm -rf "$T/state/test.attic"
	adm expunge -u me mailbox Box uid 3
	sync_ok
	[ "$(count_here Box)" = 20 ] || fail "$(count_here Box) files"
	godwit restore test:Box > "$T/out"
	id=$(cut -d' ' -f1 < "$T/out")
	[ "$(wc -l < "$T/out")" = 1 ] || fail "not one message: $(cat "$T/out")"
	godwit --json restore test | grep -q "\"id\":\"$id\".*\"folder\":\"Box\"" || fail "JSON: $(godwit --json restore test)"
	status=0
	godwit restore test 000000000000 > "$T/out" || status=$?
	[ $status = 1 ] && grep -q 'there is no message 000000000000' "$T/err" || fail "exit $status: $(cat "$T/err")"
	godwit restore -n test "$id" > "$T/out" || fail "$(cat "$T/err")"
	grep -q "^$id " "$T/out" && [ "$(count_here Box)" = 20 ] || fail "restore -n: $(count_here Box) files, $(cat "$T/out")"
	godwit restore test "$id" > "$T/out" || fail "$(cat "$T/err")"
	[ "$(count_here Box)" = 21 ] || fail "not restored"
	sync_ok --json
	expect_counts messages_uploaded=1
	assert_equal "$dress: restored"
	rm -r "$T/mail/Box"
	sync_ok test:INBOX
	godwit restore test:Box > "$T/out" && [ ! -s "$T/out" ] || fail "still in the attic: $(cat "$T/out")"
	sync_ok --restore-deletions
	assert_equal "$dress: the folder is back"
done
note ok
