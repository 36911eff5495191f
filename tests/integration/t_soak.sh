#!/bin/bash
# SPDX-License-Identifier: ISC
# A watcher for a while, with changes on both sides and everything that can go wrong in between.  In the
# end both sides are equal, nothing is lost or doubled, and the watcher holds no more than in the beginning.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"
SOAK_SECONDS=${SOAK_SECONDS:-60}
SEED=${SEED:-$(date +%s)}
RANDOM=$((SEED % 32768))
echo "seed: $SEED (SEED=$SEED replays the choices)"
FOLDERS=(INBOX Archive "Lists/dev" Trash)
number=0

some() {
	local all=("$@")
	echo "${all[RANDOM % ${#all[@]}]}"
}
message() { # a new message in $T/m
	number=$((number + 1))
	printf 'From: a@b\nMessage-ID: <s%d.%d@x>\nReceived: by here\nSubject: %d\n\nhello\n' "$SEED" "$number" "$number" > "$T/m"
	[ $((RANDOM % 6)) != 0 ] || head -c $((RANDOM * 4)) /dev/zero | tr '\0' y | fold -w 70 >> "$T/m"
	echo "<s$SEED.$number@x>" >> "$T/created"
}
ids_in() { # DIR: one line a message
	find "$1" -type f \( -path '*/cur/*' -o -path '*/new/*' \) -exec grep -hi -m1 '^Message-ID:' {} + | tr -d '\r' | sed 's/^[^<]*//' | sort
}
did() { # for the reader of a failure: what was tried, and when
	echo "$(date +%T.%N) $*" >> "$T/did"
}
letters() {
	local out=
	for letter in D F R S; do [ $((RANDOM % 3)) != 0 ] || out=$out$letter; done
	echo "$out"
}
change_there() {
	local folder uid to
	folder=$(some "${FOLDERS[@]}")
	case $((RANDOM % 6)) in
	0 | 1) message && did "there: new $number $folder" && arrive "$folder" ;;
	2) adm flags add -u me "$(some '\Seen' '\Flagged' Work)" mailbox "$folder" $((1 + RANDOM % 9)) ;;
	3) adm flags remove -u me "$(some '\Seen' '\Flagged' Work)" mailbox "$folder" $((1 + RANDOM % 9)) ;;
	4) # by UID: the watcher may be at the same mailbox
		uid=$(adm fetch -u me uid mailbox "$folder" 1 | sed -n 's/^uid: //p')
		adm fetch -u me hdr.message-id mailbox "$folder" uid "$uid" | sed -n 's/^hdr.message-id: //p' >> "$T/deleted"
		adm expunge -u me mailbox "$folder" uid "$uid"
		;;
	5)
		to=$(some "${FOLDERS[@]}")
		uid=$(adm fetch -u me uid mailbox "$folder" $((1 + RANDOM % 9)) | sed -n 's/^uid: //p')
		did "there: move uid $uid of $folder to $to: $(adm fetch -u me hdr.message-id mailbox "$folder" uid "$uid")"
		adm move -u me "$to" mailbox "$folder" uid "$uid"
		;;
	esac || true # no such message; the server is away
}
change_here() {
	local folder file base to
	folder=$T/mail/$(some "${FOLDERS[@]}")
	to=$T/mail/$(some "${FOLDERS[@]}")
	file=$(find "$folder/cur" "$folder/new" -type f | sort | sed -n "$((1 + RANDOM % 9))p")
	base=$(basename "${file:-none}")
	case $((RANDOM % 5)) in
	0)
		message
		did "here: new $number $folder"
		mv "$T/m" "$folder/cur/$SEED.$number:2,$(letters)"
		;;
	1)
		did "here: rm $file"
		[ -z "$file" ] || grep -hi -m1 '^Message-ID:' "$file" | tr -d '\r' | sed 's/^[^<]*//' >> "$T/deleted"
		rm "$file"
		;;
	2)
		number=$((number + 1))
		did "here: cp $file $to $SEED.$number, rm"
		cp "$file" "$T/m" && mv "$T/m" "$to/cur/$SEED.$number:2,$(letters)" && rm -f "$file"
		;;
	3)
		did "here: mv $file $to"
		[[ "$base" =~ :2,[A-Z]*[a-z] ]] || mv "$file" "$to/cur/"
		;;
	4)
		did "here: flags $file"
		mv "$file" "$folder/cur/${base%%:*}:2,$(letters)"
		;;
	esac 2> /dev/null || true # nothing there; the watcher was quicker
}

server_back() {
	dovecot -F -c "$S/dovecot.conf" 2>> "$T/dovecot.out" &
	SERVER_PID=$!
	server_wait || fail "Dovecot does not come back"
}
is_listed() {
	adm mailbox list -u me | grep -qxF "$1"
}
pause_ms() { # 0 to N ms: a fault lasts for a while
	sleep "$(printf '%d.%03d' $((RANDOM % $1 / 1000)) $((RANDOM % 1000)))"
}
fault() {
	local new
	did "fault: $1"
	case $1 in
	restart) server_stop && pause_ms 2000 && server_back ;;
	cut) kill -USR1 "$PROXY_PID" ;;
	hole) kill -USR2 "$PROXY_PID" && pause_ms 6000 && kill -USR2 "$PROXY_PID" ;;
	stop) kill -STOP "$(worker)" && pause_ms 4000 && change_here && change_there && kill -CONT "$(worker)" ;;
	clock) # forwards and back; never to before the certificate
		echo $((RANDOM % 20000)) > "$T/clock" ;;
	full) touch "$T/full" && pause_ms 4000 && change_there && pause_ms 2000 && rm "$T/full" ;;
	overflow)
		kill -STOP "$(worker)"
		perl -e 'chdir $ARGV[0]; open F, ">", "x:2,S"; close F; for (1 .. 6000) { rename "x:2,S", "y:2,S"; rename "y:2,S", "x:2,S" } unlink "x:2,S"' "$T/mail/INBOX/cur"
		change_here
		kill -CONT "$(worker)"
		;;
	recreate) # what was in it there is here still, and goes there again, also if it was moved a moment ago
		ids_in "$T/mail/${FOLDERS[2]}" >> "$T/maybe"
		ids_in "$MAIL/${FOLDERS[2]}" >> "$T/deleted" # what is not here yet
		adm mailbox delete -u me "${FOLDERS[2]}" && adm mailbox create -u me "${FOLDERS[2]}" || true
		;;
	rename)
		number=$((number + 1))
		new=${FOLDERS[1]%%.*}.$number
		mv -T "$T/mail/${FOLDERS[1]}" "$T/mail/$new"
		until_true "renamed there, too" is_listed "$new"
		FOLDERS[1]=$new
		;;
	esac
}

tell_all() { # WHAT: fails, with what was done
	sed 's/^/  /' "$T/did" >&2
	fail "$@"
}
descriptors() { find "/proc/$(worker)/fd" -mindepth 1 | wc -l; }
resident() { awk '/VmRSS/ {print $2}' "/proc/$(worker)/status"; }
is_quiet() { # both sides equal, and the watcher says so
	godwit status --json | grep -q '"state":"in step"' || return 1
	list_both
	cmp -s "$T/there" "$T/here"
}

fresh full
for folder in "${FOLDERS[@]}"; do mkdir -p "$MAIL/$folder"/{cur,new,tmp}; done
: > "$T/created"
: > "$T/deleted"
: > "$T/maybe"
echo 0 > "$T/clock"
for i in $(seq 24); do
	message
	deliver "$(some "${FOLDERS[@]}")" "$T/m"
done
server_start "${DRESS:-full}"
proxy_start
CLIENT_PORT=$PROXY_PORT write_config 'poll = 5 timeout = 3 guard = no delete = "expunge"'
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:quarantine_size_mb=1 # or the sanitizer keeps what was freed
export POWER_WHILE=$T/full POWER_ERROR=28 POWER_KINDS=CWMNL POWER_CLOCK=$T/clock
WATCH_PRELOAD=$TOOLS/tests/libpowerlog.so watch_start
unset POWER_WHILE POWER_ERROR POWER_KINDS POWER_CLOCK
until_true "in step" is_quiet
fds=$(descriptors) rss=$(resident)
faults=(restart cut hole stop clock full overflow recreate rename)
counts=
end=$((SECONDS + SOAK_SECONDS)) turn=0
while [ $SECONDS -lt $end ]; do
	for i in $(seq $((1 + RANDOM % 8))); do
		change_there
		change_here
		pause_ms 300
	done
	# Each of them in turn, so that a short run has seen them all.
	fault "${faults[turn++ % ${#faults[@]}]}"
	kill -0 "$WATCHER" || fail "the watcher ended: $(tail -n 3 "$T/watch.err")"
done
echo 0 > "$T/clock"
rm -f "$T/full"
kill -USR1 "$WATCHER"
UNTIL=2400 until_true "both sides equal" is_quiet
fds_after=$(descriptors) rss_after=$(resident)
for side in "$MAIL" "$T/mail"; do
	ids_in "$side" > "$T/present"
	sort -u "$T/deleted" | comm -13 - <(sort -u "$T/created") | comm -23 - <(sort -u "$T/present") > "$T/lost"
	[ ! -s "$T/lost" ] || tell_all "lost: $(head -3 "$T/lost" | tr '\n' ' ')"
	uniq -d "$T/present" | comm -23 - <(sort -u "$T/maybe") > "$T/doubled"
	[ ! -s "$T/doubled" ] || tell_all "doubled: $(head -3 "$T/doubled" | tr '\n' ' ')"
done
[ "$fds_after" -le "$((fds + 2))" ] || fail "$fds descriptors in the beginning, $fds_after in the end: $(ls -l "/proc/$(worker)/fd")"
[ "$rss_after" -le $((rss * 2 + 8192)) ] || fail "$rss KB in the beginning, $rss_after KB in the end"
watch_stop
godwit sync > "$T/out" || fail "the next sync: $(cat "$T/err")"
grep -q 'nothing new' "$T/out" || fail "the next sync found something: $(cat "$T/out")"
echo "$turn faults, $(wc -l < "$T/created") messages, $(grep -c . "$T/deleted") deletions; $fds descriptors before, $fds_after after; $rss KB before, $rss_after KB after"
note ok
