#!/bin/bash
# SPDX-License-Identifier: ISC
# direction = "push": nothing is changed here, whatever is done on the server; what is done here goes there;
# what waits is told, and comes when it may.
. "$(dirname "$0")/lib.sh"

mkdir -p "$T/server/home/Maildir"
MAIL=$T/server/home/Maildir
"$TOOLS/mkmail" "$MAIL/INBOX" 30 500 1
"$TOOLS/mkmail" "$MAIL/Archive" 10 500 2
server_start full
write_config
sync_ok
assert_equal "before"
write_config 'direction = "push"'
here() { # all of it, with inodes and times: nothing is even renamed and named back
	find "$T/mail" -mindepth 1 ! -path "$T/mail/.godwit*" -type f -printf '%i %P\n' | sort
	find "$T/mail" -mindepth 1 -type d -printf '%P\n' | sort
}
cd "$T/mail/INBOX"
file() { # the file of a UID
	find cur new -name "*.$1.godwit*"
}
draft() { # UID: marks its file
	local f letters
	f=$(file "$1")
	letters=${f##*:2,}
	mv "$f" "cur/$(basename "${f%%:*}"):2,D${letters#D}"
}
there() { # MAILBOX UID
	adm fetch -u me "flags" mailbox "$1" uid "$2"
}

note "whatever is done there"
here > "$T/before"
adm flags add -u me '\Answered \Flagged' mailbox INBOX uid 1
adm flags remove -u me '\Seen' mailbox INBOX uid 2
adm expunge -u me mailbox INBOX uid 3
adm move -u me Archive mailbox INBOX uid 4
printf 'From: a@b\nMessage-ID: <later@x>\n\nlater\n' > "$T/m"
deliver INBOX "$T/m"
adm mailbox create -u me Fresh
deliver Fresh "$T/m"
for run in 1 2 3; do
	sync_ok --json
	expect_counts messages_downloaded=0 deleted=0 flags_changed=0 moved=0 messages_uploaded=0 flags_sent=0 deleted_there=0
	[ "$(json waiting_there)" -ge 6 ] || fail "run $run: $(json waiting_there) wait"
	here > "$T/after"
	cmp -s "$T/before" "$T/after" || fail "run $run: something was changed here: $(diff "$T/before" "$T/after")"
done
sync_ok --full --json
expect_counts messages_downloaded=0 deleted=0 flags_changed=0 messages_uploaded=0 flags_sent=0 deleted_there=0
godwit sync > "$T/out" || fail "sync: $?"
grep -q 'changes waiting on the server' "$T/out" || fail "$(cat "$T/out")"
here > "$T/after"
cmp -s "$T/before" "$T/after" || fail "--full changed something here: $(diff "$T/before" "$T/after")"
godwit status > "$T/out" || fail "status exited with $?"
grep -q 'waiting, as direction = "push": 2 on the server and not here, [34] deleted there or with other flags' "$T/out" || fail "$(cat "$T/out")"
godwit folders > "$T/out" || fail "folders exited with $?"
grep -q 'Archive  1 there only' "$T/out" && grep -q 'Fresh .*not here yet' "$T/out" || fail "$(cat "$T/out")"
godwit verify > "$T/out" || true
grep -q 'it waits, as direction = "push"' "$T/out" || fail "$(cat "$T/out")"
godwit sync -n > "$T/out" || fail "dry run: $?"
! grep -qi 'fetch\|delete\|gets' "$T/out" || fail "$(cat "$T/out")"

note "what is done here goes there, to what was changed there, too"
draft 1
rm "$(file 6)"
mv "$(file 7)" "$T/mail/Archive/cur/moved.7:2,S"
printf 'From: me\nMessage-ID: <draft@x>\n\nlocal\n' > cur/mine:2,DS
mkdir -p "$T/mail/New"/{cur,new,tmp}
cp cur/mine:2,DS "$T/mail/New/cur/mine2:2,S"
here > "$T/before"
sync_ok --json
expect_counts messages_uploaded=2 moved=1 deleted_there=1 messages_downloaded=0 deleted=0 flags_changed=0
here > "$T/after"
cmp -s "$T/before" "$T/after" || fail "something was changed here: $(diff "$T/before" "$T/after")"
there INBOX 1 | grep -q 'Answered' && there INBOX 1 | grep -q 'Flagged' && there INBOX 1 | grep -q 'Draft' || fail "flags: $(there INBOX 1)"
[ -d "$MAIL/New" ] || fail "the new mailbox is not there"
sync_ok --json
expect_counts messages_uploaded=0 moved=0 deleted_there=0 flags_sent=0 messages_downloaded=0

note "what is deleted here and was changed there stays there, and does not come back"
adm flags add -u me '\Flagged' mailbox INBOX uid 8
rm "$(file 8)"
# What is deleted there is not uploaded again for a flag here.
adm expunge -u me mailbox INBOX uid 9
draft 9
for run in 1 2; do
	sync_ok --json
	expect_counts messages_uploaded=0 deleted_there=0 messages_downloaded=0 deleted=0
done
[ -z "$(file 8)" ] && [ -n "$(file 9)" ] || fail "here: $(file 8) $(file 9)"
there INBOX 8 | grep -q Flagged || fail "it is not there any more"

note "an old copy of the Maildir: what it lacks is not taken for deleted, now or later"
cp -a "$T/mail" "$T/older"
printf 'From: me\nMessage-ID: <since@x>\n\nsince\n' > cur/since:2,S
sync_ok --json
expect_counts messages_uploaded=1
rm -rf "$T/mail"
cp -a "$T/older" "$T/mail"
cd "$T/mail/INBOX"
for run in 1 2; do
	sync_ok --json
	expect_counts deleted_there=0 messages_downloaded=0 messages_uploaded=0
done
adm search -u me mailbox INBOX header message-id since@x > "$T/out"
[ "$(wc -l < "$T/out")" = 1 ] || fail "what the copy lacked: $(cat "$T/out")"

note "a mailbox that is renamed there waits, and one that is deleted there"
adm mailbox create -u me Going
mkdir -p "$T/mail/Going"/{cur,new,tmp}
cp "$T/m" "$T/mail/Going/cur/going:2,S"
sync_ok
adm mailbox rename -u me Archive Old
status=0
godwit sync > "$T/out" || status=$?
[ $status = 1 ] || fail "exit status $status"
grep -q 'rename the directory to Old' "$T/err" || fail "$(cat "$T/err")"
[ -d "$T/mail/Archive" ] && [ ! -e "$T/mail/Old" ] || fail "it was renamed here"
adm mailbox rename -u me Old Archive
adm mailbox delete -u me Going
for run in 1 2 3; do godwit sync > "$T/out" || fail "run $run: $(cat "$T/err")"; done
[ -f "$T/mail/Going/cur/going:2,S" ] || fail "it was deleted here"

note "when it may, all of it comes"
write_config
godwit sync > "$T/out" || true
godwit sync > "$T/out" || true
status=0
godwit sync --accept-deletions > "$T/out" || status=$?
[ $status = 1 ] && grep -q 'Going: the mailbox is not on the server any more' "$T/err" || fail "exit $status: $(cat "$T/err")"
rm -rf "$T/mail/Going"
cd "$T"
sync_ok
sync_ok
assert_equal "at the end"
[ "$(grep -rl --exclude='dovecot*' 'draft@x' "$MAIL" "$T/mail" | wc -l)" = 4 ] || fail "doubled: $(grep -rl --exclude='dovecot*' 'draft@x' "$MAIL" "$T/mail")"
[ "$(grep -rl 'later@x' "$T/mail" | wc -l)" = 2 ] || fail "new mail: $(grep -rl 'later@x' "$T/mail")"

for dress in full noqresync plain; do
	note "a first run ($dress): what is here goes there, nothing comes, what is the same is joined"
	fresh "$dress"
	mkdir -p "$T/mail"
	"$TOOLS/mkmail" "$MAIL/INBOX" 12 500 1
	"$TOOLS/mkmail" "$T/mail/INBOX" 12 500 1
	rm "$(find "$T/mail/INBOX/cur" "$T/mail/INBOX/new" -type f | sort | head -1)"
	file=$(find "$T/mail/INBOX/cur" -type f | sort | head -1)
	mv "$file" "${file%%:*}:2,R"
	printf 'From: me\nMessage-ID: <first@x>\n\nfirst\n' > "$T/mail/INBOX/cur/first:2,S"
	server_start "$dress"
	write_config 'direction = "push"'
	here > "$T/before"
	for run in 1 2 3; do
		sync_ok --json
		[ $run != 1 ] || expect_counts messages_uploaded=1 paired=11
		[ $run = 1 ] || expect_counts messages_uploaded=0 flags_sent=0 messages_downloaded=0 # bodies are compared once
		expect_counts deleted_there=0 deleted=0
		here > "$T/after"
		cmp -s "$T/before" "$T/after" || fail "run $run: something was changed here: $(diff "$T/before" "$T/after")"
	done
	[ "$("$TOOLS/mdlist" "$MAIL" | wc -l)" = 13 ] || fail "there are $("$TOOLS/mdlist" "$MAIL" | wc -l)"
	write_config
	sync_ok --json
	expect_counts messages_downloaded=1 messages_uploaded=0 deleted_there=0 deleted=0
	sync_ok
	assert_equal "a first run, at the end"
done

note "the same header and another body: both stay, and the file goes there"
fresh full
server_start full
{ printf 'From: a@b\nMessage-ID: <twin@x>\nReceived: x\n\n'; printf 'one\n'; } > "$T/m"
deliver INBOX "$T/m"
mkdir -p "$T/mail/INBOX"/{cur,new,tmp}
sed 's/one/two/' "$T/m" > "$T/mail/INBOX/cur/two:2,S"
write_config 'direction = "push"'
sync_ok
sync_ok
sync_ok --json
expect_counts messages_uploaded=0 messages_downloaded=0
[ "$(find "$T/mail/INBOX/cur" "$T/mail/INBOX/new" -type f | wc -l)" = 1 ] || fail "it came here: $(ls "$T/mail/INBOX/cur")"
[ "$("$TOOLS/mdlist" "$MAIL" | wc -l)" = 2 ] || fail "there: $("$TOOLS/mdlist" "$MAIL")"
note ok
