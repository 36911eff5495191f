#!/bin/bash
# SPDX-License-Identifier: ISC
# Random histories with direction = "push": both sides change at random and runs are killed at random; no run that is
# left in peace touches a file here; and when both directions are on again nothing is lost, and both sides are equal.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/historylib.sh" # HISTORIES are over the three dresses
FOLDERS=(INBOX Archive Trash)
SYSTEM=('\Seen' '\Flagged' '\Answered' '\Draft' Work)

remove_there() { # FOLDER NUMBER
	local uid
	uid=$(adm fetch -u me uid mailbox "$1" "$2" | sed -n 's/^uid: //p')
	[ -n "$uid" ] || return 0
	adm fetch -u me hdr.message-id mailbox "$1" uid "$uid" | sed -n 's/^hdr.message-id: //p' >> "$T/deleted"
	adm expunge -u me mailbox "$1" uid "$uid"
}
change_there() {
	local folder
	folder=$(some "${FOLDERS[@]}")
	case $((RANDOM % 6)) in
	0)
		message
		deliver "$folder" "$T/m" "$(letters | tr -d P)"
		;;
	1) adm flags add -u me "$(some "${SYSTEM[@]}")" mailbox "$folder" $((1 + RANDOM % 12)) ;;
	2) adm flags remove -u me "$(some "${SYSTEM[@]}")" mailbox "$folder" $((1 + RANDOM % 12)) ;;
	3) remove_there "$folder" $((1 + RANDOM % 12)) ;;
	4) adm move -u me "$(some "${FOLDERS[@]}")" mailbox "$folder" $((1 + RANDOM % 12)) ;;
	5) adm copy -u me "$(some "${FOLDERS[@]}")" mailbox "$folder" $((1 + RANDOM % 12)) ;;
	esac || true # a number beyond the end
}
assert_nothing_lost() { # WHEN SIDE...
	local when=$1 side
	shift
	sort -u "$T/made" > "$T/created"
	for side; do
		all_ids "$side" > "$T/present"
		sort -u "$T/deleted" | comm -13 - "$T/created" | comm -23 - "$T/present" > "$T/lost"
		[ ! -s "$T/lost" ] || fail "$when: lost in $side: $(head -3 "$T/lost" | tr '\n' ' ')"
	done
}
here() {
	find "$T/mail" -type f -path '*/[cn][ue][rw]/*' -printf '%i %P\n' | sort
}
pushes() { # WHEN: a run that is left in peace
	here > "$T/before"
	sync_ok
	here > "$T/after"
	cmp -s "$T/before" "$T/after" || fail "$1: something was changed here: $(diff "$T/before" "$T/after")"
}

for dress in full noqresync plain; do
	note "$dress"
	fresh "$dress"
	for folder in "${FOLDERS[@]}"; do
		"$TOOLS/mkmail" "$MAIL/$folder" 8 400 "$number"
		number=$((number + 1))
	done
	all_ids "$MAIL" > "$T/made"
	: > "$T/deleted"
	server_start "$dress"
	write_config "guard = no"
	sync_ok
	for h in $(seq $((HISTORIES / 3))); do
		write_config "guard = no
			direction = \"push\""
		for _ in 1 2; do
			history
			pushes "$dress, history $h"
			# What was made here is there; what is gone there may stand here alone.
			assert_nothing_lost "$dress, history $h" "$MAIL"
		done
		pushes "$dress, history $h"
		sync_ok --json
		expect_counts messages_uploaded=0 flags_sent=0 deleted_there=0 moved=0 copied=0 messages_downloaded=0
		write_config "guard = no"
		for _ in 1 2 3 4; do sync_ok; done
		assert_equal "$dress, history $h"
		assert_nothing_lost "$dress, history $h, at the end" "$MAIL" "$T/mail"
		assert_stable "$dress, history $h"
	done
done
echo "$HISTORIES histories, $number messages: equal in the end, and stable"
note ok
