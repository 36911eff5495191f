#!/bin/bash
# SPDX-License-Identifier: ISC
# A dry run tells what the run then does, whatever was done on either side and whatever the configuration says: each step
# by its mailbox and UID or file, mailboxes as a whole, sums, problems and the exit status; and it changes nothing.
# ROUNDS=n: so many rounds, each with a configuration and changes by chance; without it none (contrib/check --long).
# KILLS=1: runs are killed, too (what came of them may need a third look, and then some sums differ).
[ -n "${ROUNDS:-}" ] || exit 77
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/historylib.sh"
FOLDERS=(INBOX Archive Lists/dev Trash)
FLAGS=('\Seen' '\Flagged' '\Answered' '\Draft' Work Play)

change_there() {
	local folder
	folder=$(some "${FOLDERS[@]}")
	case $((RANDOM % 6)) in
	0) message && deliver "$folder" "$T/m" "$(letters | tr -d P)" ;;
	1) adm flags add -u me "$(some "${FLAGS[@]}")" mailbox "$folder" $((1 + RANDOM % 12)) ;;
	2) adm flags remove -u me "$(some "${FLAGS[@]}")" mailbox "$folder" $((1 + RANDOM % 12)) ;;
	3) adm expunge -u me mailbox "$folder" $((1 + RANDOM % 12)) ;;
	4) adm move -u me "$(some "${FOLDERS[@]}")" mailbox "$folder" $((1 + RANDOM % 12)) ;;
	5) adm copy -u me "$(some "${FOLDERS[@]}")" mailbox "$folder" $((1 + RANDOM % 12)) ;;
	esac || true # a number beyond the end
}
# What is done to a mailbox as a whole.
change_mailbox() {
	local name new
	number=$((number + 1))
	name=${FOLDERS[1 + RANDOM % (${#FOLDERS[@]} - 1)]}
	new=${name%%.*}.$number
	case $((RANDOM % 8)) in
	0) mkdir -p "$T/mail/Made.$number"/{cur,new,tmp} && FOLDERS+=("Made.$number") && message && cp "$T/m" "$T/mail/Made.$number/cur/$number.x:2,S" ;;
	1) adm mailbox create -u me "There.$number" && FOLDERS+=("There.$number") && message && deliver "There.$number" "$T/m" ;;
	2) mv -T "$T/mail/$name" "$T/mail/$new" ;;
	3) adm mailbox rename -u me "$name" "$new" ;;
	4) rm -rf "${T:?}/mail/$name" ;;
	5) adm mailbox delete -u me "$name" ;;
	6) new_uidvalidity "$name" && write_config "$LINES_OF_CONFIG" ;;
	7) adm expunge -u me mailbox "$name" all ;;
	esac 2> /dev/null || true # not there any more
}
# Much at once, which the guard may hold.
change_much() {
	local folder=$T/mail/$(some "${FOLDERS[@]}") i
	[ -d "$folder/cur" ] || return 0
	case $((RANDOM % 4)) in
	0) find "$folder/cur" "$folder/new" -type f -delete ;;
	1) adm expunge -u me mailbox "${folder#"$T/mail/"}" 1:30 || true ;;
	2)
		for i in $(seq 5); do
			message
			cp "$T/m" "$folder/cur/much.$number.$i:2,"
		done
		;;
	3) # not fit to be sent
		number=$((number + 1))
		printf 'From: a@b\nMessage-ID: <nul%d@x>\n\na\0b\n' "$number" > "$folder/cur/nul.$number:2,"
		;;
	esac
}
kill_one() {
	local pid
	"$GODWIT" -c "$T/config" sync -q 2> "$T/err" &
	pid=$!
	sleep "0.0$((RANDOM % 10))$((RANDOM % 10))" # the moment that this run is about
	kill -KILL "$pid" 2> /dev/null || true
	wait "$pid" 2> /dev/null || true
}
change() {
	case $((RANDOM % 12)) in
	[0-3]) change_here ;;
	[4-7]) change_there ;;
	8 | 9) change_mailbox ;;
	10) change_much ;;
	11) [ -z "${KILLS:-}" ] || kill_one ;;
	esac
}

sides() {
	(cd "$T" && find mail state -type f -not -name '*.db*' -not -name '*.last' -printf '%p %i %T@ %s\n' 2> /dev/null | sort)
	sqlite3 "$T/state/test.db" .dump
	"$TOOLS/mdlist" "$MAIL" | sort
}
# What a run told as JSON: "step mailbox what UID-or-file", "problem mailbox text", "sum what number", one a line.
# What is fetched, joined and flagged is not in the log, and compared by its sums.  Problems are told in the conditional.
told() { # JSON [LOG]
	perl -MJSON::PP -lne 'BEGIN { binmode STDOUT, ":utf8" }
		next unless /^\{/;
		my $e = decode_json($_);
		if ($e->{event} eq "step" && $e->{what} !~ /^(fetch|join|flags-.*)$/) {
			my $what = $e->{what} eq "keep" ? "upload" : $e->{what}; # in that run, or the next
			my $of = $what =~ /upload|refuse/ ? $e->{file} =~ s/:2,.*//r : $e->{uid};
			print "step $e->{mailbox} $what $of";
		}
		print "sum fetched ?" if ($e->{text} // "") =~ /if their bodies are the same$/; # or both counts
		print "problem " . ($e->{mailbox} // "-") . " " . $e->{text} =~ s/ (would be|are|is)( not)? / /gr =~ s/ would not be / /r
			if $e->{event} eq "problem";
		if ($e->{event} eq "done") {
			my $dry = $ENV{DRY};
			print "sum fetched ", $e->{paired} + $e->{$dry ? "messages_to_download" : "messages_downloaded"};
			my $kept = $ENV{PULLS} ? 0 : $e->{kept};
			print "sum sent ", $e->{copied} + ($dry ? $e->{messages_to_upload} + $kept : $e->{messages_uploaded});
			print "sum $_ $e->{$_}" for qw(flags_changed deleted deleted_there moved held expired kept
				mailboxes_made mailboxes_renamed mailboxes_deleted);
			# what is copied there may get flags besides
			print "sum flags_sent ", $e->{copied} ? "?" : $e->{flags_sent};
			print "sum error ", $e->{error} // "none";
		}' "$1"
	[ $# = 1 ] || awk -F"\t" '$3 !~ /^(fetch|join)$/ {
		sub("keep", "upload", $3); print "step", $2, $3, ($3 ~ /upload|refuse/ ? $5 : $4) }' "$2"
}
# What a run does after its own changes: a copy made there gets flags, more leaves the window, and what was
# refused is named once more.
allow_for_second_looks() {
	! grep -q 'flags_sent ?' "$T/real" || sed -i '/^sum flags_sent/d' "$T/dry" "$T/real"
	! grep -q 'fetched ?' "$T/dry" || sed -i '/^sum fetched/d' "$T/dry" "$T/real"
	grep ' expire ' "$T/real" | comm -13 "$T/dry" - > "$T/later"
	[ ! -s "$T/later" ] || sed -i '/^sum expired/d' "$T/dry" "$T/real"
	comm -23 "$T/real" "$T/later" > "$T/rest" && mv "$T/rest" "$T/real"
	sed -i '/uploaded (`godwit status`/d' "$T/dry" "$T/real"
	! tail -1 "$T/real.json" | grep -q '"unsettled":[1-9]' || sed -i '/^sum /d' "$T/dry" "$T/real"
	# what was never here is found when the mailbox is emptied
	! grep -q 'unless it holds mail' "$T/dry.json" || sed -i '/mailboxes_deleted/d; /mail that was never here/d' "$T/dry" "$T/real"
}
rehearsal() { # WHEN
	local log=$T/state/test.log before=0 dry=0 real=0 how
	how=$(some '' '' '' --accept-deletions --restore-deletions --full)
	sides > "$T/before"
	[ ! -f "$log" ] || before=$(wc -l < "$log")
	godwit sync -n -v --json $how > "$T/dry.json" || dry=$?
	sides > "$T/after"
	diff "$T/before" "$T/after" > "$T/diff" || fail "$1: the dry run changed something: $(head -20 "$T/diff")"
	godwit sync -vv --json $how > "$T/real.json" || real=$?
	tail -n +$((before + 1)) "$log" > "$T/log" 2> /dev/null || true
	export PULLS=$(grep direction "$T/config")
	DRY=1 told "$T/dry.json" | sort -u > "$T/dry"
	DRY= told "$T/real.json" "$T/log" | sort -u > "$T/real"
	allow_for_second_looks
	diff "$T/dry" "$T/real" > "$T/diff" || fail "$1 $how: the dry run (<) and the run (>) differ: $(cat "$T/diff")"
	[ $dry = $real ] || fail "$1 $how: the dry run ends with $dry, and the run with $real"
	told=$((${told:-0} + $(grep -c ^step "$T/dry" || true)))
}

for round in $(seq "$ROUNDS"); do
	dress=$(some full noqresync plain)
	LINES_OF_CONFIG=$(printf '%s\n' 'compress = no' "delete = \"$(some trash trash expunge never)\"" "delete-folders = $(some yes no)" \
		"guard = $(some yes no)" "$(some '' '' 'direction = "pull"' 'direction = "push"')" "folder \"*\" { $(some '' '' 'max-messages = 6') }")
	note "round $round: $dress, $(tr '\n' ' ' <<< "$LINES_OF_CONFIG")"
	FOLDERS=(INBOX Archive Lists/dev Trash)
	fresh "$dress"
	mkdir -p "$MAIL/Lists"
	for folder in "${FOLDERS[@]}"; do
		"$TOOLS/mkmail" "$MAIL/$folder" 8 400 "$number"
		number=$((number + 1))
	done
	server_start "$dress"
	write_config "${LINES_OF_CONFIG/direction = \"push\"/}" # which makes no directories
	sync_ok
	sync_ok
	write_config "$LINES_OF_CONFIG"
	for turn in 1 2 3 4; do
		for i in $(seq $((RANDOM % 10))); do
			change
		done
		rehearsal "round $round, turn $turn"
		[ $((RANDOM % 3)) = 0 ] || godwit sync -q || true
	done
done
echo "$ROUNDS rounds: dry runs told ${told:-0} steps as they were done"
note ok
