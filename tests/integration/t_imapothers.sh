#!/bin/bash
# SPDX-License-Identifier: ISC
# Cyrus and Courier over IMAP, unpacked by contrib/pops: the first sync, nothing new, both ways (flags, keywords, moves,
# deletions into the trash, mailboxes, uploads), random histories.  What differs between them is in docs/odd-servers.md.
# HISTORIES=N: for each server.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/otherlib.sh"
HISTORIES=${HISTORIES:-12}
. "$(dirname "$0")/historylib.sh"
SYSTEM=('\Seen' '\Flagged' '\Answered' '\Draft' Work Play '$Forwarded')

raw() {
	perl "$(dirname "$0")/../tools/rawimap.pl" "$PORT" "$@"
}
config() { # LINES...
	grep '[^ ]' > "$T/config" <<-END
		state-dir = "$T/state"
		account "test" {
		  host = "127.0.0.1"
		  port = $PORT
		  tls = "none"
		  user = "me"
		  password-command = "echo secret"
		  maildir = "$T/mail"
		  $(printf '%s\n' "$@")
		}
	END
}
list_both() { # in the place of lib.sh's
	raw list | sort > "$T/there"
	"$TOOLS/mdlist" "$T/mail" | sort > "$T/here"
}
ids_there() {
	raw ids | sort -u
}
sent() { # PATTERN: of the last sync -vvv; how often it was asked
	grep -q 'C: .* SELECT\|C: .* LIST' "$T/err" || fail "the log does not tell what was asked"
	grep -c "C: [^ ]* $1" "$T/err" || true
}
change_there() {
	local folder
	folder=$(some "${FOLDERS[@]}")
	case $((RANDOM % 7)) in
	0)
		message
		raw append "$folder" "$T/m" "$(letters | tr -d P)"
		;;
	1) raw flag "$folder" $((1 + RANDOM % 12)) + "$(some "${SYSTEM[@]}")" ;;
	2) raw flag "$folder" $((1 + RANDOM % 12)) - "$(some "${SYSTEM[@]}")" ;;
	3) raw expunge "$folder" $((1 + RANDOM % 12)) >> "$T/deleted" ;;
	4) raw flag "$folder" '*' + "$(some "${SYSTEM[@]}")" ;;
	5) raw move "$folder" $((1 + RANDOM % 12)) "$(some "${FOLDERS[@]}")" ;;
	6) raw copy "$folder" $((1 + RANDOM % 12)) "$(some "${FOLDERS[@]}")" ;;
	esac
}
nothing_new() { # WHEN
	sync_ok -vvv
	grep -q 'nothing new' "$T/out" || fail "$1: not \"nothing new\": $(cat "$T/out")"
}

both_ways() { # SERVER
	local n
	note "$1: the first sync, nothing new"
	FOLDERS=(INBOX Archive Lists/dev Trash)
	rm -rf "$T/mail" "$T/state"
	: > "$T/made"
	: > "$T/deleted"
	for n in "${FOLDERS[@]}"; do
		[ "$n" = INBOX ] || raw create "$n"
		for _ in 1 2 3 4 5 6; do
			message
			raw append "$n" "$T/m" "$(letters | tr -d P)"
		done
	done
	raw flag INBOX 1 + Work
	config 'guard = no' 'delete-folders = yes'
	sync_ok
	assert_equal "$1: the first sync"
	nothing_new "$1: the second run"
	nothing_new "$1: the third run"

	note "$1: flags and keywords, there and here"
	raw flag INBOX 2 + '\Flagged'
	raw flag INBOX 2 + Play
	raw flag INBOX 1 - Work
	rename_files 's{:2,.*}{:2,RS}' "$(nth Archive 1)"
	sync_ok
	assert_equal "$1: flags"
	nothing_new "$1: after the flags"

	note "$1: moves, copies and deletions"
	raw move INBOX 3 Archive
	mv "$(nth Lists/dev 2)" "$T/mail/Archive/cur/"
	save "$(nth INBOX 1)" Lists/dev
	rm "$(nth Archive 1)"
	raw expunge Lists/dev 1 >> "$T/deleted"
	sync_ok -vvv
	sync_ok # what went to the trash arrives there
	assert_equal "$1: moves"
	nothing_new "$1: after the moves"
	[ "$(count_here Trash)" = 7 ] || fail "$1: the trash has $(count_here Trash), not 7"

	note "$1: uploads, mailboxes on both sides"
	for n in INBOX New/deep; do
		[ -d "$T/mail/$n" ] || mkdir -p "$T/mail/$n"/{cur,new,tmp}
		message
		cp "$T/m" "$T/mail/$n/cur/$SEED.$number:2,FS"
	done
	raw create "Other box"
	message
	raw append "Other box" "$T/m" S
	ids "$T/m" >> "$T/deleted" # as its mailbox will be
	sync_ok -vvv
	sync_ok
	assert_equal "$1: mailboxes"
	nothing_new "$1: after the mailboxes"
	raw rename "Other box" Renamed
	mv "$T/mail/New/deep" "$T/mail/New/deeper"
	godwit sync > "$T/out" || true # without sound MAILBOXIDs it is one that went, and another that came
	sync_ok
	sync_ok
	assert_equal "$1: mailboxes with other names"
	[ -d "$T/mail/Renamed/cur" ] && [ ! -e "$T/mail/Other box" ] || fail "$1: a mailbox was renamed, and is not here"
	raw delete Renamed
	godwit sync > "$T/out" || true # one list without it proves nothing
	sync_ok
	[ ! -e "$T/mail/Renamed" ] || fail "$1: a mailbox was deleted, and is here"
	nothing_new "$1: after the deletion"
}
histories() { # SERVER
	local h
	note "$1: $HISTORIES histories"
	FOLDERS=(INBOX Archive Lists/dev Trash)
	for h in $(seq "$HISTORIES"); do
		history
		sync_ok
		sync_ok # what went to the trash arrives there
		sync_ok # and what seemed restless is done
		assert_equal "$1, history $h"
		all_ids "$T/mail" > /dev/null
		sort -u "$T/made" > "$T/created"
		assert_nothing_lost "$1, history $h"
		assert_stable "$1, history $h"
	done
}

# --- Cyrus: QRESYNC, names below INBOX or beside it
cyrus_serve imap
both_ways Cyrus
message
raw append Archive "$T/m"
sync_ok -vvv
[ "$(sent 'SELECT .*QRESYNC')" -gt 0 ] || fail "Cyrus: no QRESYNC"
histories Cyrus

note "Cyrus: names with dots, below INBOX"
server_stop
rm -rf "$T/cyrus"
cyrus_serve imap 'altnamespace: no' 'unixhierarchysep: no'
both_ways "Cyrus, below INBOX"

# --- Courier: Maildir++, no CONDSTORE
courier_serve imap
both_ways Courier
histories Courier

note "Courier: as plain as can be: no UIDPLUS, no keywords"
rm -rf "$T/home"
courier_serve imap 'IMAP_CAPABILITY="IMAP4rev1 NAMESPACE CHILDREN"'
both_ways "Courier without UIDPLUS"
note ok
