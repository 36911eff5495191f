#!/bin/bash
# SPDX-License-Identifier: ISC
# What is marked T here, or removed, goes to the trash on both sides, once.  The run is killed before its n-th
# write, rename, flush, unlink or send, or the disk is full from there on; the next ones end as if
# nothing had happened.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mailset.sh"
KILL_POINTS=${KILL_POINTS:-4} # of each kind of call
FOLDERS=(Box Sent Trash)
killed=0

compare() { # WHAT
	local side
	for side in "$MAIL" "$T/mail"; do
		present "$side" > "$T/present"
		expected | diff - "$T/present" > "$T/diff" || fail "$1: $side is not as it should be: $(head -6 "$T/diff")"
	done
	assert_equal "$1"
}

sent() { # in $T/m: mail that was written here
	new_message 100
	sed -i '/^Received/d' "$T/m"
}

delete() { # two by a mark, of which one has no Received, and one by its file
	local file
	echo none > "$T/picked"
	pick Trash && {
		file=$(path_of "$id" "$folder")
		mv "$file" "$T/mail/$folder/cur/$(basename "${file%%:*}"):2,ST"
		set_expected "$id" Trash "$line"
	}
	pick Trash && {
		file=$(path_of "$id" "$folder")
		mv "$file" "$T/mail/$folder/cur/$(basename "${file%%:*}"):2,T"
		set_expected "$id" Trash "$line"
	}
	pick Trash && {
		rm "$(path_of "$id" "$folder")"
		set_expected "$id" Trash "$line"
	}
}

refill() {
	local i
	for i in 1 2 3; do
		if [ $((RANDOM % 2)) = 0 ]; then sent; else new_message 400; fi
		folder=${FOLDERS[RANDOM % 2]}
		deliver "$folder" "$T/m"
		set_expected "$id" "$folder" "line 0"
	done
	sync_ok
}

recover() { # WHAT
	sync_ok
	sync_ok
	sync_ok # what seemed restless is done
	compare "$1"
}

for dress in ${DRESSES:-full plain}; do
	note "$dress"
	fresh "$dress"
	: > "$T/expected"
	for folder in "${FOLDERS[@]}"; do
		mkdir -p "$MAIL/$folder"/{cur,new,tmp}
	done
	server_start "$dress"
	write_config 'guard = no'
	refill
	refill
	compare "$dress: before"
	rm -rf "$T/state/test.attic"
	delete
	sync_ok --json
	expect_counts deleted_there=3 messages_downloaded=1 messages_uploaded=0 # that whose file is nowhere here
	[ -z "$(find "$T/state/test.attic" -type f 2> /dev/null)" ] || fail "$dress: the attic has it, too"
	recover "$dress: deleted"
	for kinds in s W N F U C; do # see tools/powerlog.c
		n=1
		for _ in $(seq "$KILL_POINTS"); do
			refill
			delete
			status=0
			killed_at $kinds $n || status=$?
			recover "$DRESS: killed before $kinds number $n"
			if [ "$status" = 137 ]; then
				killed=$((killed + 1))
				n=$((n + 1 + RANDOM % (2 + n / 4)))
			else # there were not as many
				n=$((1 + RANDOM % n))
			fi
		done
	done
	refill
	delete
	failing_at 28 CMWLN 2 || true # ENOSPC
	recover "$DRESS: a full disk"
done
echo "$killed runs were killed; each message is in the trash once, on both sides"
note ok
