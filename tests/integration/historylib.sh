# SPDX-License-Identifier: ISC
# tests/integration/historylib.sh - random histories: what people do in a Maildir; sourced after lib.sh.
# Wants FOLDERS, and change_there, which does something on the server.

HISTORIES=${HISTORIES:-30}
SEED=${SEED:-$(date +%s)}
RANDOM=$((SEED % 32768))
echo "seed: $SEED (SEED=$SEED replays the choices)"
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
	6) # Not with keywords: their letters mean something in the old mailbox only, and there are orders of events in
		# which nobody knows any more what.  (t_accidents and t_both move such files.)
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
	if [ $((RANDOM % 2)) = 0 ]; then
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
			kill -$([ $((RANDOM % 3)) = 0 ] && echo INT || echo KILL) "$pid" 2> /dev/null || true # Ctrl-C, or worse
		fi
		wait "$pid" 2> /dev/null || true
	done
}
# What a dry run names is what the real run then does: message by message, by the log.  (Mail that is
# fetched or joined, and flags, are not compared; what is kept is uploaded in this run or the next.)
rehearse() { # WHEN
	local log=$T/state/test.log before=0
	sync_ok -n -v --json
	grep '"event":"step"' "$T/out" | steps > "$T/rehearsed" || true
	[ ! -f "$log" ] || before=$(wc -l < "$log")
	sync_ok
	tail -n +$((before + 1)) "$log" 2> /dev/null |
		awk -F'\t' '$3 == "keep" { kept[$5] }
			$3 ~ /^(fetch|join|flags-here|flags-there)$/ || ($3 == "upload" && $5 in kept) { next }
			{ print $2 "\t" $3 "\t" ($3 == "upload" ? $5 : $4) }' | sort -u > "$T/done"
	diff "$T/rehearsed" "$T/done" > "$T/diff" || fail "$1: the dry run (<) and the run (>) differ: $(cat "$T/diff")"
	rehearsed=$((${rehearsed:-0} + $(wc -l < "$T/done")))
}
steps() { # as JSON: mailbox, what, UID or file
	awk 'function of(key) {
		if (!match($0, "\"" key "\":(\"[^\"]*\"|[0-9]+)"))
			return "-"
		value = substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
		gsub("\"", "", value)
		return value
	}
	of("what") !~ /^(fetch|join|flags-here|flags-there)$/ {
		name = of("file")
		sub(/:.*/, "", name)
		print of("mailbox") "\t" of("what") "\t" (of("what") == "upload" ? name : of("uid"))
	}' | sort -u
}
ids_there() { # of all messages on the server
	all_ids "$MAIL"
}
# What nobody deleted is there, on both sides.
assert_nothing_lost() {
	local side
	for side in ids_there "all_ids $T/mail"; do
		$side > "$T/present"
		sort -u "$T/deleted" | comm -13 - "$T/created" | comm -23 - "$T/present" > "$T/lost"
		[ ! -s "$T/lost" ] || fail "$1: lost: $(head -3 "$T/lost" | tr '\n' ' ')"
	done
}
# One more run changes nothing.
assert_stable() { # WHEN
	sync_ok --json
	for count in messages_downloaded messages_uploaded flags_changed flags_sent deleted deleted_there moved copied kept; do
		read_json $count
		[ "$VALUE" = 0 ] || fail "$1: not stable: $(tail -1 "$T/out")"
	done
}
