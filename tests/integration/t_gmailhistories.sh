#!/bin/bash
# SPDX-License-Identifier: ISC
# Random histories on labels: a person at Gmail's page and a reader here, runs that are killed; in the end
# each message is in the same mailboxes on both sides (and has the same tags in notmuch), and nothing is lost.  MEANWHILE=1: something happens there
# between the commands of a sync in every history, not in every other one.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/gmaillib.sh"
HISTORIES=${HISTORIES:-8}
. "$(dirname "$0")/historylib.sh"
FOLDERS=(INBOX Work Travel/2026 Lists "[Gmail]/Trash" "[Gmail]/Spam")
ARCHIVE=${ARCHIVE:-$((SEED % 2))} # the one day with all mail as an archive, the other without
[ "$ARCHIVE" = 0 ] || FOLDERS+=(Archive)
# Likewise what labels are here.
LABELS=${LABELS:-$(some no keywords notmuch)}
ways() { # which of them nobody knows
	[ $((SEED / 4 % 2)) = 0 ] || echo modseq=account
	[ "$ARCHIVE" = 1 ] || [ $((SEED / 8 % 2)) = 0 ] || echo 'hidden=\All'
}
GMAIL_WAYS=${GMAIL_WAYS-$(ways)}
# Where nobody can tell what changed each mailbox has its turn, so that one quiet run means little.
REST=$(case $GMAIL_WAYS in *modseq=account*hidden=*) echo 9 ;; *) echo 1 ;; esac)
[ "$LABELS" != notmuch ] || { command -v notmuch > /dev/null && grep -q libnotmuch.so "$GODWIT"; } || LABELS=keywords
echo "archive: $ARCHIVE, labels: $LABELS, ways:" $GMAIL_WAYS
FLAGS=('(\Seen)' '(\Flagged)' '(\Seen \Flagged)' '(\Answered)' '()' '(\Seen Later)')

some_message() { # one of the newest, mostly
	web DUMP | tail -n $((1 + RANDOM % 30)) | head -1 | cut -d' ' -f1
}
dump() { # lines "Message-ID mailbox", All Mail and the views on it left out
	web DUMP | sed 's/([^)]*)//' | awk -F'\t' -v archive="$ARCHIVE" '{split($1, a, " "); n = 0; for (i = 2; i <= NF; i++)
		if ($i !~ /All Mail|Starred|Important/) {print a[2], $i; n++}
		if (n == 0 && archive) print a[2], "Archive"}' | sort -u
}
here_all() { # likewise; of two files of one Message-ID in a mailbox one counts
	(cd "$T/mail" && grep -rHm1 '^Message-ID:' .) |
		sed 's#^\./\(.*\)/\(cur\|new\)/.*Message-ID: \(.*\)$#\3 \1#' | sort -u |
		awk '{line[NR] = $0; id[NR] = $1; n[$1]++} # what somebody copied into the archive may be elsewhere, too
			END {for (i = 1; i <= NR; i++) if (line[i] !~ / Archive$/ || n[id[i]] == 1) print line[i]}'
}
there() { # VERB ARG...: at once, or before a command of the run that is about to begin
	# shellcheck disable=SC2086
	web ${AT:+AT $AT} "$@"
}
change_there() {
	local folder=${FOLDERS[RANDOM % 6]} id # Archive is none there
	id=$(some_message)
	case $((RANDOM % 6)) in
	0)
		message
		there DELIVER "${FOLDERS[RANDOM % 4]}" "$T/m"
		;;
	1 | 2) there LABEL "$id" "$folder" ;;
	3 | 4) # from the trash and from spam it would be deleted for good
		there UNLABEL "$id" "${FOLDERS[RANDOM % 4]}"
		;;
	5) there FLAGS "$id" "${FLAGS[RANDOM % 6]}" ;;
	esac || true
}
# notmuch: finds what is new; a tag that is called like a label comes or goes.
index() {
	[ "$LABELS" != notmuch ] || notmuch new --quiet
}
tag_here() {
	local id
	[ "$LABELS" = notmuch ] || return 0
	[ $((RANDOM % 2)) = 0 ] || index
	id=$(notmuch search --output=messages '*' | sort | shuf -n 1 --random-source=<(yes $RANDOM))
	[ -z "$id" ] || notmuch tag "$(some + -)$(some Work Travel/2026 Lists)" -- "$id"
}
one_change() { # instead of historylib.sh's
	case $((RANDOM % 5)) in
	0 | 1) change_there ;;
	2 | 3) change_here ;;
	4) if [ "$LABELS" = notmuch ]; then tag_here; else change_here; fi ;;
	esac
}
# The tags are the labels.  Not that of the only mailbox which a message is in: it is not told there.
same_tags() { # WHEN
	local tag
	[ "$LABELS" = notmuch ] || return 0
	for tag in Work Travel/2026 Lists; do
		notmuch search --output=messages "tag:\"$tag\"" | sed 's/^id:\(.*\)$/<\1>/' | sort > "$T/tagged"
		awk -v tag="$tag" '$2 == tag {print $1}' "$T/there" | sort > "$T/labelled"
		awk '{n[$1]++} END {for (id in n) if (n[id] == 1) print id}' "$T/there" | sort > "$T/alone"
		comm -3 "$T/tagged" "$T/labelled" | tr -d '\t' | sort | comm -23 - "$T/alone" > "$T/diff"
		[ ! -s "$T/diff" ] || fail "$1: tag or label $tag: $(head -5 "$T/diff" | tr '\n' ' ')"
	done
}
# Everything that was ever made is there, unless it was deleted here: in the trash that is for good.
nothing_lost() { # WHEN
	web DUMP | awk '{for (i = 2; i <= NF; i++) if ($i ~ /^</) {print $i; break}}' | sort -u > "$T/present"
	sort -u "$T/deleted" | comm -23 <(sort -u "$T/made") - | comm -23 - "$T/present" > "$T/lost"
	[ ! -s "$T/lost" ] || fail "$1: lost: $(head -3 "$T/lost" | tr '\n' ' ')"
	# What was neither deleted here nor put into the trash by anybody is among all mail.
	dump > "$T/there"
	here_all > "$T/here"
	diff "$T/there" "$T/here" > "$T/diff" || fail "$1: $(head -8 "$T/diff")"
}

if [ "$LABELS" = notmuch ]; then
	export NOTMUCH_CONFIG=$T/notmuch-config
	mkdir -p "$T/mail"
	printf '%s\n' '[database]' "path=$T/mail" '[user]' name=somebody primary_email=somebody@gmail.com '[new]' \
		'tags=unread;inbox' 'ignore=.godwit;.godwit-name;dovecot-keywords' '[maildir]' synchronize_flags=false > "$NOTMUCH_CONFIG"
	index
fi
gmail_start
gmail_config "guard = no
$([ "$ARCHIVE" = 0 ] || echo 'archive = yes')
$([ "$LABELS" = no ] || echo "labels = \"$LABELS\"")"
: > "$T/deleted"
: > "$T/made"
for i in $(seq 12); do
	message
	web DELIVER "${FOLDERS[i % 4]}" "$T/m"
	[ $((i % 2)) = 0 ] || web LABEL "$(web DUMP | tail -1 | cut -d' ' -f1)" "${FOLDERS[(i + 1) % 4]}"
done
for folder in "${FOLDERS[@]}"; do mkdir -p "$T/mail/$folder"/{cur,new,tmp}; done
sync_ok
for h in $(seq "$HISTORIES"); do
	index
	history
	tag_here
	if [ $((h % 2)) = 0 ] || [ -n "${MEANWHILE:-}" ]; then # while it syncs
		change_here
		tag_here
		for i in 1 2 3; do
			AT=$((3 + RANDOM % 25)) change_there
		done
		godwit sync > "$T/out" || true
		web NOW
	fi
	# What was merged is told once, and the exit status with it.  What one mailbox does may be news in the next.
	quiet=0
	for i in $(seq $((8 + 2 * REST))); do
		godwit sync > "$T/out" || true
		index
		quiet=$(grep -q 'nothing new' "$T/out" && echo $((quiet + 1)) || echo 0)
		[ "$i" -lt 4 ] || [ "$quiet" -lt "$REST" ] || break
	done
	nothing_lost "history $h"
	same_tags "history $h"
	assert_stable "history $h"
done
echo "$HISTORIES histories, $number messages and files: equal in the end, and stable"
note ok
