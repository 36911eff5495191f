#!/bin/bash
# SPDX-License-Identifier: ISC
# A message is moved on both sides at once, to two places: it stands in one of them in the end, on both
# sides, and its body does not cross the network.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"
. "$(dirname "$0")/gmaillib.sh"

where() { # ROOT ID: its mailboxes
	(cd "$1" && grep -rlF "<$2@x>" --include='*[:.]*' . | grep '/cur/\|/new/') | sed 's#^\./\(.*\)/\(cur\|new\)/.*#\1#' | sort | paste -sd,
}
stands_in() { # ID MAILBOX
	[ "$(where "$MAIL" "$1")" = "$2" ] || fail "$DRESS: $1 is in $(where "$MAIL" "$1") on the server, not in $2"
	[ "$(where "$T/mail" "$1")" = "$2" ] || fail "$DRESS: $1 is in $(where "$T/mail" "$1") here, not in $2"
}
move_there() { # ID MAILBOX
	adm move -u me "$2" mailbox INBOX HEADER Message-ID "<$1@x>"
}
move_here() { # ID MAILBOX
	mv "$(file "$1")" "$T/mail/$2/cur/"
}

for dress in full plain; do
	fresh "$dress"
	for folder in Archive Work Trash; do mkdir -p "$MAIL/$folder"/{cur,new,tmp}; done
	for id in two-places renamed-here renumbered-there trash-here trash-there flags one-place letters; do
		mail "$id"
		deliver INBOX "$T/m"
	done
	server_start "$dress"
	write_config
	sync_ok
	adm flags add -u me 'first other' mailbox INBOX HEADER Message-ID '<flags@x>'
	sync_ok
	adm flags add -u me second mailbox INBOX HEADER Message-ID '<letters@x>'
	sync_ok
	adm flags remove -u me 'first other' mailbox INBOX HEADER Message-ID '<flags@x>'
	sync_ok
	assert_equal "$dress: before"

	move_there two-places Archive
	move_here two-places Work
	move_there renamed-here Archive
	save "$(file renamed-here)" INBOX
	rm "$(grep -rlF '<renamed-here@x>' "$T/mail" | grep "[.]godwit")"
	move_there renumbered-there INBOX
	move_here renumbered-there Work
	move_there trash-here Archive
	move_here trash-here Trash
	move_there trash-there Trash
	move_here trash-there Work
	adm flags add -u me '\Answered tagged' mailbox INBOX HEADER Message-ID '<flags@x>'
	move_there flags Archive
	mv "$(file flags)" "$T/mail/Work/cur/renamed.flags:2,F"
	move_there one-place Work
	move_here one-place Work
	move_there letters Work # its keyword has another letter there, or none
	move_here letters Work

	note "$dress: a dry run tells, and changes nothing"
	list_both
	cp "$T/here" "$T/here.before"
	godwit sync -n > "$T/out"
	grep -q 'Work: .* was moved here: UID [0-9]* would follow from Archive on the server' "$T/out" || fail "$(cat "$T/out")"
	grep -q 'Archive: UID [0-9]* was moved here on the server: .* would follow from INBOX' "$T/out" || fail "$(cat "$T/out")"
	! grep -q 'uploaded\|fetched' "$T/out" || fail "a body is to cross: $(cat "$T/out")"
	list_both
	cmp "$T/here" "$T/here.before" || fail "the dry run changed something"

	note "$dress: each has one place, on both sides"
	sync_ok --json # what came to one place is looked at: is it the same?
	expect_counts messages_downloaded=2 messages_uploaded=0 deleted=0 deleted_there=0
	stands_in two-places Work
	stands_in renamed-here Archive
	stands_in renumbered-there Work
	stands_in trash-here Archive
	stands_in trash-there Work
	stands_in one-place Work
	stands_in flags Work
	stands_in letters Work
	sync_ok # flags that the first one merged
	assert_equal "$dress: after"
	grep -q ' F.*tagged\|FR' <(grep Work "$T/here") || fail "flags of both sides: $(cat "$T/here")"
	sync_ok
	grep -q 'nothing new' "$T/out" || fail "the next sync found something: $(cat "$T/out")"
done
server_stop

note "Gmail: they are labels, and both stand; what was only renamed here is not labelled again"
fresh gmail
gmail_start
for id in two-labels renamed-here; do
	mail "$id"
	web DELIVER INBOX "$T/m"
done
for folder in Archive Work; do
	mail "$folder"
	web DELIVER "$folder" "$T/m"
done
gmail_config
sync_ok
for id in two-labels renamed-here; do
	web LABEL "$(web_id "$id")" Archive
	web UNLABEL "$(web_id "$id")" INBOX
done
move_here two-labels Work
save "$(file renamed-here)" INBOX
rm "$(grep -rlF '<renamed-here@x>' "$T/mail" | grep "[.]godwit")"
sync_ok
sync_ok
[ "$(labels two-labels)" = Archive,Work ] || fail "$(labels two-labels)"
[ "$(where "$T/mail" two-labels)" = Archive,Work ] || fail "$(where "$T/mail" two-labels)"
[ "$(labels renamed-here)" = Archive ] || fail "$(labels renamed-here)"
[ "$(where "$T/mail" renamed-here)" = Archive ] || fail "$(where "$T/mail" renamed-here)"
note ok
