#!/bin/bash
# SPDX-License-Identifier: ISC
# Random histories: both sides change at random, runs are killed at random, and in the end both sides
# are equal, and stay so.  Messages come, change, are moved, copied, edited and deleted, here and there.
# MEANWHILE=1: something happens there between the commands of a sync in every history, not in every other one.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/meanwhile.sh"
. "$(dirname "$0")/historylib.sh" # HISTORIES are over the three dresses
FOLDERS=(INBOX Archive "Lists/dev" Trash)
SYSTEM=('\Seen' '\Flagged' '\Answered' '\Draft' Work Play '$Forwarded')

remove_there() { # FOLDER NUMBER
	local uid
	uid=$(adm fetch -u me uid mailbox "$1" "$2" | sed -n 's/^uid: //p')
	[ -n "$uid" ] || return 0
	adm fetch -u me hdr.message-id mailbox "$1" uid "$uid" | sed -n 's/^hdr.message-id: //p' >> "$T/deleted"
	adm expunge -u me mailbox "$1" uid "$uid"
}
# A mailbox gets another name, here or there; FOLDERS follows.
rename_folder() {
	local i=$((1 + RANDOM % 2)) new
	number=$((number + 1))
	new=${FOLDERS[i]%%.*}.$number
	if [ $((RANDOM % 2)) = 0 ]; then
		mv -T "$T/mail/${FOLDERS[i]}" "$T/mail/$new" 2> /dev/null || return 0
	else
		adm mailbox rename -u me "${FOLDERS[i]}" "$new" || return 0
	fi
	FOLDERS[i]=$new
	sync_ok # a folder that is renamed on both sides at once is a matter of its own
}
change_there() {
	local folder uid
	folder=$(some "${FOLDERS[@]}")
	case $((RANDOM % 7)) in
	5) adm move -u me "$(some "${FOLDERS[@]}")" mailbox "$folder" $((1 + RANDOM % 12)) ;;
	6) adm copy -u me "$(some "${FOLDERS[@]}")" mailbox "$folder" $((1 + RANDOM % 12)) ;;
	0)
		message
		deliver "$folder" "$T/m" "$(letters | tr -d P)" # which is not a flag to Dovecot
		;;
	1) adm flags add -u me "$(some "${SYSTEM[@]}")" mailbox "$folder" $((1 + RANDOM % 12)) ;;
	2) adm flags remove -u me "$(some "${SYSTEM[@]}")" mailbox "$folder" $((1 + RANDOM % 12)) ;;
	3) remove_there "$folder" $((1 + RANDOM % 12)) ;;
	4) adm flags add -u me "$(some "${SYSTEM[@]}")" mailbox "$folder" all ;;
	esac || true # a number beyond the end
}
one_change() {
	if [ $((RANDOM % 25)) = 0 ]; then
		rename_folder
	elif [ $((RANDOM % 2)) = 0 ]; then
		change_there
	else
		change_here
	fi
}

for dress in full noqresync plain; do
	note "$dress"
	FOLDERS=(INBOX Archive "Lists/dev" Trash)
	server_stop
	rm -rf "$T/mail" "$T/state" "$T/server/home"
	mkdir -p "$T/server/home/Maildir/Lists"
	MAIL=$T/server/home/Maildir
	for folder in "${FOLDERS[@]}"; do
		"$TOOLS/mkmail" "$MAIL/$folder" 8 400 "$number"
		number=$((number + 1))
	done
	all_ids "$MAIL" > "$T/made"
	: > "$T/deleted"
	server_start "$dress"
	meanwhile_start
	write_config "guard = no
		compress = no"
	meanwhile_config
	sync_ok
	for h in $(seq $((HISTORIES / 3))); do
		history
		if [ $((h % 2)) = 0 ] && [ -z "${MEANWHILE:-}" ]; then
			rehearse "$dress, history $h"
		else
			meanwhile 3
			sync_ok
		fi
		sync_ok # what went to the trash arrives there
		sync_ok # and what seemed restless is done
		assert_equal "$dress, history $h"
		sort -u "$T/made" > "$T/created"
		assert_nothing_lost "$dress, history $h"
		assert_stable "$dress, history $h"
	done
done
echo "$HISTORIES histories, $number messages: equal in the end, and stable; dry runs told ${rehearsed:-0} steps as they were done"
note ok
