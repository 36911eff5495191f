#!/bin/bash
# Random histories: both sides change at random, runs are killed at random, and in the end both sides
# are equal, and stay so.  Messages come, change, are moved, copied, edited and deleted, here and there.
. "$(dirname "$0")/lib.sh"
HISTORIES=${HISTORIES:-60} # over the three dresses
SEED=${SEED:-$(date +%s)}
RANDOM=$((SEED % 32768))
echo "seed: $SEED (SEED=$SEED replays the choices)"
FOLDERS=(INBOX Archive "Lists/dev" Trash)
SYSTEM=('\Seen' '\Flagged' '\Answered' '\Draft' Work Play '$Forwarded')
number=0

ids() { # FILE...: their Message-IDs
	[ $# = 0 ] || grep -hi -m1 '^Message-ID:' "$@" 2> /dev/null | tr -d '\r' | sed 's/^[^<]*//'
}
all_ids() { # DIR: of all messages in it
	find "$1" -type f \( -path '*/cur/*' -o -path '*/new/*' \) -exec grep -hi -m1 '^Message-ID:' {} + |
		tr -d '\r' | sed 's/^[^<]*//' | sort -u
}
remove_here() { # FILE: as a person deletes it
	[ -f "$1" ] || return 0
	ids "$1" >> "$T/deleted"
	rm -f "$1"
}
remove_there() { # FOLDER NUMBER
	local uid
	uid=$(adm fetch -u me uid mailbox "$1" "$2" | sed -n 's/^uid: //p')
	[ -n "$uid" ] || return 0
	adm fetch -u me hdr.message-id mailbox "$1" uid "$uid" | sed -n 's/^hdr.message-id: //p' >> "$T/deleted"
	adm expunge -u me mailbox "$1" uid "$uid"
}
# What nobody deleted is there, on both sides.
assert_nothing_lost() {
	local side
	for side in "$MAIL" "$T/mail"; do
		all_ids "$side" > "$T/present"
		sort -u "$T/deleted" | comm -13 - "$T/created" | comm -23 - "$T/present" > "$T/lost"
		[ ! -s "$T/lost" ] || fail "$1: lost: $(head -3 "$T/lost" | tr '\n' ' ')"
	done
}
message() { # a new message in $T/m
	number=$((number + 1))
	{
		printf 'From: somebody@example.org\nMessage-ID: <h%d.%d@x>\nSubject: %d\n\n' "$SEED" "$number" "$number"
		[ $((RANDOM % 8)) != 0 ] || head -c $((RANDOM * 8)) /dev/zero | tr '\0' y
		echo
	} > "$T/m"
	ids "$T/m" >> "$T/made"
}
some() { # ARRAY...: one of them
	local all=("$@")
	echo "${all[RANDOM % ${#all[@]}]}"
}
letters() { # some flags, sorted as they stand in names
	local out=
	for letter in D F P R S; do
		[ $((RANDOM % 3)) != 0 ] || out=$out$letter
	done
	echo "$out"
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
change_here() {
	local folder file base to
	folder=$T/mail/$(some "${FOLDERS[@]}")
	to=$T/mail/$(some "${FOLDERS[@]}")
	number=$((number + 1))
	file=$(find "$folder/cur" "$folder/new" -type f | sort | sed -n "$((1 + RANDOM % 12))p")
	base=$(basename "${file:-none}")
	case $((RANDOM % 9)) in
	4) remove_here "$file" ;;
	5) # as mutt saves: a copy under a name of its own, then the old one goes
		cp "$file" "$to/tmp/x" 2> /dev/null && mv "$to/tmp/x" "$to/cur/$SEED.$number:2,$(letters)" && rm -f "$file"
		;;
	6) # Not with keywords: their letters mean something in the old mailbox only, and if its message is gone
		# there as well, nobody knows any more what.  (t_accidents moves such files under kills.)
		[[ "$base" =~ :2,[A-Z]*[a-z] ]] || mv "$file" "$to/cur/" 2> /dev/null || true
		;;
	7) cp "$file" "$to/tmp/x" 2> /dev/null && mv "$to/tmp/x" "$to/new/$SEED.$number" ;;
	8) # an edit
		{ cat "$file" && echo "edited $number"; } > "$folder/tmp/x" 2> /dev/null && mv "$folder/tmp/x" "$folder/cur/$SEED.$number:2,S" && rm -f "$file"
		;;
	0)
		message
		if [ $((RANDOM % 2)) = 0 ]; then
			cp "$T/m" "$folder/tmp/x" && mv "$folder/tmp/x" "$folder/new/$SEED.$number"
		else
			cp "$T/m" "$folder/tmp/x" && mv "$folder/tmp/x" "$folder/cur/$SEED.$number:2,$(letters)"
		fi
		;;
	*) # as a reader does it: from new/ to cur/, flags changed, keywords kept
		[ -n "$file" ] || return 0
		mv "$file" "$folder/cur/${base%%:*}:2,$(letters)$(sed -n 's/.*:2,[A-Z]*\([a-z]*\)$/\1/p' <<< "$base")" 2> /dev/null || true
		;;
	esac || true # nothing there
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

history() { # both sides change, some runs are killed
	local i pid
	for i in $(seq $((3 + RANDOM % 8))); do
		one_change
		[ $((RANDOM % 4)) = 0 ] || continue
		"$GODWIT" -c "$T/config" sync -q 2> "$T/err" &
		pid=$!
		if [ $((RANDOM % 2)) = 0 ]; then
			change_here # while it looks
			change_there
		else
			sleep "0.0$((RANDOM % 6))$((RANDOM % 10))" # the moment that this run is about
			kill -KILL "$pid" 2> /dev/null || true
		fi
		wait "$pid" 2> /dev/null || true
	done
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
	write_config "guard = no"
	sync_ok
	for h in $(seq $((HISTORIES / 3))); do
		history
		sync_ok
		sync_ok # what went to the trash arrives there
		sync_ok # and what seemed restless is done
		assert_equal "$dress, history $h"
		sort -u "$T/made" > "$T/created"
		assert_nothing_lost "$dress, history $h"
		sync_ok --json
		for count in messages_downloaded messages_uploaded flags_changed flags_sent deleted deleted_there moved copied kept; do
			[ "$(json $count)" = 0 ] || fail "$dress, history $h: not stable: $(tail -1 "$T/out")"
		done
	done
done
echo "$HISTORIES histories, $number messages: equal in the end, and stable"
note ok
