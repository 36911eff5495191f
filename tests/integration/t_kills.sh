#!/bin/bash
# Both sides changed, with uploads, moves, edits and deletions; the run is killed before its n-th write,
# rename, flush, unlink or send, or its connection is cut after some byte.  The next run ends as if nothing
# had happened: every message is where it was put last, once, on both sides.
. "$(dirname "$0")/lib.sh"
KILL_POINTS=${KILL_POINTS:-5} # of each kind of call
CUT_POINTS=${CUT_POINTS:-4}
DRESSES=${DRESSES:-full plain}
SEED=${SEED:-$(date +%s)}
RANDOM=$((SEED % 32768))
echo "seed: $SEED (SEED=$SEED replays the choices)"
FOLDERS=(INBOX Archive Lists)
number=0 lost=0 doubled=0 back=0 points=0

# What there should be: lines "ID FOLDER LAST-LINE".
expected() {
	sort "$T/expected"
}
present() { # DIR
	perl -e 'for (glob "$ARGV[0]/*/{cur,new}/*") {
		my ($folder) = m{([^/]+)/(?:cur|new)/}; my ($id, $last);
		open my $f, "<", $_ or next;
		while (<$f>) { s/\r?\n//; $id //= $1 if /^Message-ID: <(.*)>/; $last = $_ }
		print "$id $folder $last\n" }' "$1" | sort
}
new_message() { # BYTES: in $T/m
	number=$((number + 1))
	id=$SEED.$number
	{
		printf 'From: a@b\nMessage-ID: <%s>\nReceived: by here\nSubject: %s\n\n' "$id" "$number"
		[ "$1" = 0 ] || head -c "$1" /dev/zero | tr '\0' y | fold -w 70
		printf '\nline 0\n'
	} > "$T/m"
}
pick() { # FOLDER-TO-AVOID: a random line of what there should be, not picked before; sets id, folder, line
	local all n
	mapfile -t all < <(grep -vFf "$T/picked" "$T/expected" | grep -v "^[^ ]* ${1:-none} " | sort)
	n=${#all[@]}
	[ "$n" -gt 0 ] || return 1
	read -r id folder line <<< "${all[RANDOM % n]}"
	echo "$id " >> "$T/picked"
}
path_of() { # ID FOLDER
	grep -lF "Message-ID: <$1>" "$T/mail/$2"/cur/* "$T/mail/$2"/new/* 2> /dev/null | head -1
}
set_expected() { # ID FOLDER LINE; without FOLDER: gone
	echo "${1#*.}: ${2:-gone} ${3:-}" >> "$T/last"
	grep -vF "$1 " "$T/expected" > "$T/expected.new" || true
	[ $# = 1 ] || echo "$1 $2 $3" >> "$T/expected.new"
	mv "$T/expected.new" "$T/expected"
}
other() { # FOLDER: another one
	local f=$1
	while [ "$f" = "$1" ]; do f=${FOLDERS[RANDOM % 3]}; done
	echo "$f"
}

# One of everything, each on a message of its own.
change() {
	local file to
	echo none > "$T/picked"
	: > "$T/last"
	for size in 200 60000; do # new here
		new_message $size
		folder=${FOLDERS[RANDOM % 3]}
		mv "$T/m" "$T/mail/$folder/cur/$id.here:2,S"
		set_expected "$id" "$folder" "line 0"
		echo "$id " >> "$T/picked"
	done
	new_message 300 # new there
	folder=${FOLDERS[RANDOM % 3]}
	deliver "$folder" "$T/m"
	set_expected "$id" "$folder" "line 0"
	echo "$id " >> "$T/picked"
	pick && { # moved here, by name
		to=$(other "$folder")
		mv "$(path_of "$id" "$folder")" "$T/mail/$to/cur/"
		set_expected "$id" "$to" "$line"
	}
	pick && { # moved here, as mutt does it
		to=$(other "$folder")
		file=$(path_of "$id" "$folder")
		save "$file" "$to"
		rm "$file"
		set_expected "$id" "$to" "$line"
	}
	pick && { # edited here
		file=$(path_of "$id" "$folder")
		number=$((number + 1))
		{ cat "$file"; echo "line $number"; } > "$T/mail/$folder/tmp/edit"
		mv "$T/mail/$folder/tmp/edit" "$T/mail/$folder/cur/$SEED.$number.edit:2,S"
		rm "$file"
		set_expected "$id" "$folder" "line $number"
	}
	pick && { # deleted here
		rm "$(path_of "$id" "$folder")"
		set_expected "$id"
	}
	pick && { # flagged here
		file=$(path_of "$id" "$folder")
		mv -T "$file" "$T/mail/$folder/cur/$(basename "${file%%:*}"):2,FS" 2> /dev/null || true # as it is
	}
	pick && { # deleted there
		adm expunge -u me mailbox "$folder" HEADER Message-ID "<$id>"
		set_expected "$id"
	}
	pick && { # moved there
		to=$(other "$folder")
		adm move -u me "$to" mailbox "$folder" HEADER Message-ID "<$id>"
		set_expected "$id" "$to" "$line"
	}
	pick && adm flags add -u me '\Answered' mailbox "$folder" HEADER Message-ID "<$id>"
	true
}

compare() { # WHAT
	local side
	points=$((points + 1))
	for side in "$MAIL" "$T/mail"; do
		present "$side" > "$T/present"
		expected | cmp -s - "$T/present" && continue
		expected | diff - "$T/present" > "$T/diff" || true
		cut -d' ' -f2 "$T/diff" | sort -u | grep -F "$SEED" |
			grep -hF -f - "$T/expected" "$T/present" > "$T/about" || true
		fail "$1: $side is not as it should be: $(head -6 "$T/diff"); of these (expected, then present): $(cat "$T/about"); done: $(cat "$T/last")"
	done
	assert_equal "$1"
}

recover() { # WHAT
	sync_ok
	sync_ok
	sync_ok # what seemed restless is done
	compare "$1"
}

setup() { # DRESS
	fresh "$1"
	: > "$T/expected"
	for folder in "${FOLDERS[@]}"; do
		mkdir -p "$MAIL/$folder"/{cur,new,tmp}
		for i in $(seq 12); do
			new_message 500
			deliver "$folder" "$T/m"
			set_expected "$id" "$folder" "line 0"
		done
	done
	server_start "$1"
	write_config 'guard = no
		delete = "expunge"'
	sync_ok
	compare "$1: before"
}

killed() { # SYSCALLS: killed before the n-th of them, n = 1, 2, ... until a run is not
	local n=1 step=1 pid status
	while [ $kills -gt 0 ]; do
		change
		kills=$((kills - 1))
		strace -f -qq -o /dev/null -e "trace=$1" -e "inject=$1:signal=KILL:when=$n" \
			"$GODWIT" -c "$T/config" sync -q > "$T/out" 2> "$T/err" &
		pid=$!
		status=0
		wait $pid 2> /dev/null || status=$?
		recover "$DRESS: killed before $1 number $n"
		[ $status != 0 ] || break
		n=$((n + step))
		[ $n -lt 12 ] || step=$((1 + n / 6))
	done
}

for dress in $DRESSES; do
	note "$dress"
	setup "$dress"
	for calls in write,writev,sendmsg pwrite64 renameat2 fsync,fdatasync,syncfs unlinkat linkat; do
		kills=$KILL_POINTS
		killed "$calls"
	done
	proxy_start
	CLIENT_PORT=$PROXY_PORT write_config 'guard = no
		delete = "expunge"'
	change
	sync_ok
	proxy_stop
	set -- $PROXY_COUNTS
	up=$4 down=$6
	for i in $(seq "$CUT_POINTS"); do
		if [ $((i % 2)) = 0 ]; then max=$up; way=up; else max=$down; way=down; fi
		limit=$way=$(((RANDOM * 32768 + RANDOM) % max + 1))
		change
		proxy_start "$limit"
		CLIENT_PORT=$PROXY_PORT write_config 'guard = no
			delete = "expunge"'
		status=0
		timeout 120 "$GODWIT" -c "$T/config" sync -q > "$T/out" 2> "$T/err" || status=$?
		[ $status != 124 ] || fail "$dress: cut at $limit: hangs"
		proxy_stop
		write_config 'guard = no
			delete = "expunge"'
		recover "$dress: cut at $limit"
	done
done
echo "$points points, $number messages: lost $lost, doubled $doubled, brought back $back"
note ok
