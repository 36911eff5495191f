# SPDX-License-Identifier: ISC
# tests/integration/mailset.sh - what mail there should be, and where; sourced after lib.sh.
#
# $T/expected has a line "ID FOLDER LAST-LINE" for each message.  change() changes both sides and
# it; the sides are compared with it.  SEED decides.
SEED=${SEED:-$(date +%s)}
RANDOM=$((SEED % 32768))
echo "seed: $SEED (SEED=$SEED replays the choices)"
FOLDERS=(INBOX Archive Lists)
number=0

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

third() { # FOLDER FOLDER: neither
	local f
	for f in "${FOLDERS[@]}"; do
		[ "$f" = "$1" ] || [ "$f" = "$2" ] || echo "$f"
	done
}

# user COMMAND...: a person's program, here; a test may wrap it
user() {
	"$@"
}
user_save() { # as mutt saves a message: a copy under a name of its own
	SAVED=$((SAVED + 1))
	cp "$1" "$T/m"
	user mv "$T/m" "$T/mail/$2/cur/17000000$SAVED.1_$SAVED.host:2,S"
}

# One of everything, each on a message of its own.
change() {
	local file to
	echo none > "$T/picked"
	cut -d' ' -f1 "$T/expected" | sort | uniq -d | sed 's/$/ /' >> "$T/picked" # which of the two?
	: > "$T/last"
	: > "$T/third" # where the server had what was moved on both sides
	: > "$T/renamed" # here, of what was moved there
	for size in 200 60000; do # new here
		new_message $size
		folder=${FOLDERS[RANDOM % 3]}
		user mv "$T/m" "$T/mail/$folder/cur/$id.here:2,S"
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
		user mv "$(path_of "$id" "$folder")" "$T/mail/$to/cur/"
		set_expected "$id" "$to" "$line"
	}
	pick && { # moved here, as mutt does it
		to=$(other "$folder")
		file=$(path_of "$id" "$folder")
		user_save "$file" "$to"
		user rm "$file"
		set_expected "$id" "$to" "$line"
	}
	pick && { # edited here
		file=$(path_of "$id" "$folder")
		number=$((number + 1))
		{ cat "$file"; echo "line $number"; } > "$T/m"
		user mv "$T/m" "$T/mail/$folder/cur/$SEED.$number.edit:2,S"
		user rm "$file"
		set_expected "$id" "$folder" "line $number"
	}
	pick && { # deleted here
		user rm "$(path_of "$id" "$folder")"
		set_expected "$id"
	}
	pick && { # flagged here
		file=$(path_of "$id" "$folder")
		user mv -T "$file" "$T/mail/$folder/cur/$(basename "${file%%:*}"):2,FS" 2> /dev/null || true # as it is
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
	pick && { # moved on both sides, to two places: it goes where it was put here
		to=$(other "$folder")
		third=$(third "$folder" "$to")
		echo "$id $third $line" > "$T/third"
		adm move -u me "$third" mailbox "$folder" HEADER Message-ID "<$id>"
		user mv "$(path_of "$id" "$folder")" "$T/mail/$to/cur/"
		set_expected "$id" "$to" "$line"
	}
	pick && { # moved there, only renamed here
		to=$(other "$folder")
		echo "$id $folder $line" > "$T/renamed"
		adm move -u me "$to" mailbox "$folder" HEADER Message-ID "<$id>"
		file=$(path_of "$id" "$folder")
		user_save "$file" "$folder"
		user rm "$file"
		set_expected "$id" "$to" "$line"
	}
	pick && adm flags add -u me '\Answered' mailbox "$folder" HEADER Message-ID "<$id>"
	true
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
