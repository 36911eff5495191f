#!/bin/bash
# SPDX-License-Identifier: ISC
# Mailboxes made, renamed and deleted, on either side: done as such on the other, no body fetched or sent.
. "$(dirname "$0")/lib.sh"

names_there() {
	adm mailbox list -u me | sort | tr '\n' ' '
}
stable() {
	sync_ok --json
	expect_counts messages_downloaded=0 messages_uploaded=0 flags_changed=0 flags_sent=0 deleted=0 \
		deleted_there=0 moved=0 copied=0 held=0
	assert_equal "$DRESS: $1"
}

left_here() { # WHAT is said of Listen/devel, which is gone there
	local status=0
	godwit sync > "$T/out" || status=$?
	[ $status = 1 ] && grep -q "Listen/devel: .*$1" "$T/err" || fail "exit $status: $(cat "$T/out" "$T/err")"
}

for dress in full noqresync plain; do
	fresh "$dress"
	mkdir -p "$MAIL/Lists"
	"$TOOLS/mkmail" "$MAIL/INBOX" 10 400 1
	"$TOOLS/mkmail" "$MAIL/Box" 30 400 2
	"$TOOLS/mkmail" "$MAIL/Lists/dev" 10 400 3
	server_start "$dress"
	write_config
	sync_ok

	note "$dress: made here"
	mkdir -p "$T/mail/Archiv/Für mich"/{cur,new,tmp} "$T/mail/Empty"/{cur,new,tmp}
	mv "$(nth Box 1)" "$T/mail/Archiv/Für mich/cur/"
	printf 'Message-ID: <n@x>\n\nnew\n' > "$T/mail/Empty/new/n"
	sync_ok --json
	expect_counts moved=1 messages_uploaded=1 messages_downloaded=0
	[ "$(count_there 'Archiv/Für mich')" = 1 ] || fail "not made: $(names_there)"
	[ "$dress" = plain ] || adm mailbox list -s -u me | grep -q Empty || fail "not subscribed"
	stable "made here"

	note "$dress: renamed here, a parent and a mailbox with umlauts"
	mv "$T/mail/Lists" "$T/mail/Listen"
	mv "$T/mail/Box" "$T/mail/Schächtelchen"
	sync_ok --json
	expect_counts messages_uploaded=0 messages_downloaded=0 moved=0
	names_there | grep -q 'Listen/dev' && names_there | grep -q Schächtelchen || fail "not renamed: $(names_there)"
	! names_there | grep -q Box || fail "the old one is still there"
	stable "renamed here"
	note "$dress: renamed there, with changes on both sides"
	adm mailbox rename -u me Schächtelchen Kiste/alt
	adm mailbox rename -u me Listen/dev Listen/devel
	adm flags add -u me Odd mailbox Kiste/alt 3
	printf 'Message-ID: <m@x>\n\nnew\n' > "$T/mail/Schächtelchen/new/m"
	sync_ok --json
	expect_counts messages_uploaded=1 messages_downloaded=0 moved=0
	[ -d "$T/mail/Kiste/alt/cur" ] && [ ! -e "$T/mail/Schächtelchen" ] || fail "not renamed here"
	stable "renamed there"

	note "$dress: deleted there: left here, and told of in each run"
	adm mailbox delete -u me Listen/devel
	left_here 'list of mailboxes lacks it'
	left_here 'not on the server any more'
	[ "$(count_here Listen/devel)" = 10 ] || fail "something is gone here"
	"$GODWIT" -c "$T/config" status > "$T/out" || true
	grep -q 'Listen/devel.*not on the server' "$T/out" || fail "status: $(cat "$T/out")"
	note "$dress: deleted there, new mail here: that makes it again, and only that goes there"
	file=$(nth Listen/devel 1) # known, and changed: no reason
	base=$(basename "${file%%:*}")
	mv "$file" "$T/mail/Listen/devel/cur/$base:2,DF"
	left_here 'not on the server any more'
	! names_there | grep -q Listen/devel || fail "made for old mail: $(names_there)"
	printf 'Message-ID: <again@x>\n\nnew\n' > "$T/mail/Listen/devel/new/again"
	sync_ok -n
	grep -q 'Listen/devel: it would be made on the server, as the mailbox Listen/devel' "$T/out" || fail "dry run: $(cat "$T/out")"
	for n in 1 2 3 4 5 6 7 8; do killed_at s $n || true; done 2> /dev/null # also between state and server
	MAY_SAY='it is kept here, and `sync --restore-deletions` uploads it again'
	sync_ok
	sync_ok --full
	may_say || fail "what is kept here is not reported: $(cat "$T/err")"
	[ "$(count_there Listen/devel)" = 1 ] && [ "$(count_here Listen/devel)" = 11 ] || fail "$(count_there Listen/devel) there, $(count_here Listen/devel) here"
	"$GODWIT" -c "$T/config" status > "$T/out" || true
	[ "$(grep -c '^  held: .*when that was deleted on the server' "$T/out")" = 10 ] || fail "status: $(cat "$T/out")"
	sync_ok
	grep -q 'nothing new' "$T/out" || fail "not at rest: $(cat "$T/out")"
	may_say || fail "what is kept here is not reported: $(cat "$T/err")"
	MAY_SAY=
	sync_ok --restore-deletions
	assert_equal "$dress: uploaded again"
	adm mailbox delete -u me Listen/devel
	left_here 'list of mailboxes lacks it'
	left_here 'not on the server any more'

	note "$dress: delete-folders: held back, also for mail that was never there, then accepted"
	write_config 'delete-folders = yes'
	printf 'Message-ID: <never@x>\n\nnew\n' > "$T/mail/Listen/devel/new/never"
	godwit sync --accept-deletions > "$T/out" && fail "deleted what was never there"
	grep -q 'holds mail that was never there' "$T/err" || fail "$(cat "$T/err")"
	mv "$T/mail/Listen/devel/new/never" "$T/mail/INBOX/new/"
	godwit sync > "$T/out" && fail "deleted without a word"
	grep -q 'since it is not empty it stays here' "$T/err" || fail "$(cat "$T/err")"
	sync_ok --accept-deletions
	[ ! -e "$T/mail/Listen/devel" ] && [ "$(find "$T/state/test.attic/Listen/devel" -type f | wc -l)" = 11 ] || fail "not in the attic"
	assert_equal "$dress: deleted there"
	note "$dress: deleted here: held back; restored; deleted"
	rm -r "$T/mail/Kiste"
	godwit sync > "$T/out" && fail "nothing was said"
	godwit sync > "$T/out" && fail "deleted without a word"
	names_there | grep -q Kiste/alt || fail "deleted without a word"
	sync_ok --restore-deletions
	[ "$(count_here Kiste/alt)" = 30 ] || fail "$(count_here Kiste/alt) messages came back"
	assert_equal "$dress: restored"
	rm -r "$T/mail/Kiste"
	godwit sync > "$T/out" && fail "nothing was said"
	sync_ok --accept-deletions
	! names_there | grep -q Kiste/alt || fail "still there: $(names_there)"
	sync_ok
	stable "deleted here"
done

note "names that cannot be, or are another's"
fresh full
"$TOOLS/mkmail" "$MAIL/INBOX" 5 400 1
"$TOOLS/mkmail" "$MAIL/Entwürfe" 5 400 2
server_start full
write_config
mkdir -p "$T/mail"/{cur,new,tmp} "$T/mail/%41"/{cur,new,tmp} "$T/mail/50%"/{cur,new,tmp} "$T/mail/Entw&APw-rfe"/{cur,new,tmp}
printf 'Message-ID: <o@x>\n\nold\n' > "$T/mail/Entw&APw-rfe/cur/o:2,S"
printf 'Message-ID: <r@x>\n\nroot\n' > "$T/mail/cur/r:2,S"
status=0
godwit sync > "$T/out" || status=$?
[ $status = 1 ] && grep -q '^godwit: test: %41: .*cannot be a mailbox' "$T/err" && grep -q '50%' "$T/err" && grep -q '^godwit: test: \.: there is mail in the directory of the account itself' "$T/err" || fail "exit $status: $(cat "$T/err")"
[ "$(count_here 'Entw&APw-rfe')" = 6 ] && [ "$(count_there Entwürfe)" = 6 ] && [ ! -e "$T/mail/Entwürfe" ] || fail "a directory in modified UTF-7 was not adopted"
note "a dry run tells, and does nothing"
rm "$T/mail/cur/r:2,S"
rmdir "$T/mail"/{cur,new,tmp} "$T/mail/%41"/* "$T/mail/%41" "$T/mail/50%"/* "$T/mail/50%"
mkdir -p "$T/mail/Fresh"/{cur,new,tmp}
sync_ok -n
grep -q 'Fresh: it would be made on the server, as the mailbox Fresh' "$T/out" || fail "$(cat "$T/out")"
! names_there | grep -q Fresh || fail "made in a dry run"
note ok
