#!/bin/bash
# SPDX-License-Identifier: ISC
# Marked T here, a message of Gmail's goes to [Gmail]/Trash on both sides with its file: nothing is fetched again, nothing is in the
# attic.  One that has another mailbox loses the label instead.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"
. "$(dirname "$0")/gmaillib.sh"

TRASH='[Gmail]/Trash'
mark() { # ID FOLDER LETTERS
	local f
	f=$(grep -rlF --exclude-dir=tmp "<$1@x>" "$T/mail/$2") || fail "$1 is not in $2"
	mv "$f" "$T/mail/$2/cur/$(basename "${f%%:2,*}"):2,$3"
}
inode() { # ID
	stat -c %i "$(file "$1")"
}
is_at() { # ID LABELS
	[ "$(labels "$1")" = "$2" ] && [ "$(where "$1")" = "$2" ] || fail "$1 is there in \"$(labels "$1")\", here in \"$(where "$1")\", not in \"$2\""
}
attic() { find "$T/state/test.attic" -type f 2> /dev/null; }
fetches_nothing() { # WHAT
	sync_ok --json
	expect_counts messages_downloaded=0 messages_uploaded=0
	[ -z "$(attic)" ] || fail "$1: in the attic: $(attic)"
}

for way in "" "no-trash-yet"; do
	for setting in "" move=missing move=refused; do
		note "the trash ${way:-has mail}, ${setting:-all extensions}"
		rm -rf "$T/mail" "$T/state"
		# shellcheck disable=SC2086
		gmail_start $setting
		gmail_config
		for i in read unread star both sent; do
			mail "$i"
			web DELIVER INBOX "$T/m"
		done
		[ -n "$way" ] || {
			mail old
			web DELIVER "$TRASH" "$T/m"
		}
		web LABEL "$(web_id both)" Work
		sync_ok
		read=$(inode read) unread=$(inode unread) star=$(inode star)
		mark read INBOX ST
		mark unread INBOX T
		mark star INBOX FST
		fetches_nothing "marked"
		fetches_nothing "the sync behind it"
		for id in read unread star; do is_at "$id" "$TRASH"; done
		is_at sent INBOX
		[ "$(inode read) $(inode unread) $(inode star)" = "$read $unread $star" ] || fail "they are other files"
		[ -z "$(find "$T/mail" -name '*:2,*T*')" ] || fail "T is left: $(find "$T/mail" -name '*:2,*T*')"
		sync_ok
		sync_ok
		grep -q 'nothing new' "$T/out" || fail "not at rest: $(cat "$T/out")"
		for id in read unread star; do is_at "$id" "$TRASH"; done

		note "... one of two mailboxes, then the last; and the trash, where it is for good"
		mark both INBOX ST
		sync_ok --json
		expect_counts messages_downloaded=0
		sync_ok
		is_at both Work
		[ "$(attic | grep -c /INBOX/)" = 1 ] && rm -r "$T/state/test.attic" || fail "not its file alone is in the attic: $(attic)"
		both=$(inode both)
		mark both Work ST
		fetches_nothing "the last mailbox"
		is_at both "$TRASH"
		[ "$(inode both)" = "$both" ] || fail "it is another file"
		mark read "$TRASH" ST
		sync_ok --json
		expect_counts messages_downloaded=0
		sync_ok
		[ -z "$(labels read)" ] && [ -z "$(where read)" ] || fail "it is still in $(labels read), $(where read)"
		kill "$GMAIL_PID"
	done
done

note "a trash that is not synchronized: the file goes to the attic"
rm -rf "$T/mail" "$T/state"
gmail_start
gmail_config "folders = {\"*\", \"!$TRASH\"}"
mail away
web DELIVER INBOX "$T/m"
sync_ok
mark away INBOX ST
sync_ok --json
expect_counts messages_downloaded=0
[ "$(labels away)" = "$TRASH" ] && [ -z "$(where away)" ] && [ "$(attic | wc -l)" = 1 ] || fail "it is in $(labels away), $(where away), $(attic)"
note ok
