#!/bin/bash
# SPDX-License-Identifier: ISC
# Accidents, one by one: the outcome of each is what a person would expect, and no mail is lost.
. "$(dirname "$0")/lib.sh"
DRESS=full
PLACE_STEP=${PLACE_STEP:-4} # a run is killed at every so many of the places where it can be; 1: at all

places() { # FIRST LAST: some of them, by chance
	seq $(($1 + RANDOM % PLACE_STEP)) "$PLACE_STEP" "$2"
}
begin() { # MESSAGES [CONFIG]: an account in step
	fresh "$DRESS"
	"$TOOLS/mkmail" "$MAIL/INBOX" "$1" 600 1
	mkdir -p "$MAIL/Archive"/{cur,new,tmp}
	server_start "$DRESS"
	write_config "${2:-}"
	sync_ok
	assert_equal "before"
}
mail() { # ID: in $T/m
	printf 'From: a@b\nMessage-ID: <%s@x>\nSubject: %s\n\n%s\n' "$1" "$1" "$1" > "$T/m"
}
held() { # COMMAND...: exits 1
	local status=0
	godwit sync "$@" > "$T/out" || status=$?
	[ $status = 1 ] || fail "exit status $status, not 1: $(tail -1 "$T/out")"
}
id_of() { # FILE
	sed -n 's/^Message-ID: *//Ip' "$1" | tr -d '\r'
}
uidnext() {
	adm mailbox status -u me uidnext INBOX | sed 's/.*uidnext=//'
}

note "UIDVALIDITY changed while a delete, a flag and an upload wait here"
begin 200
gone=$(nth INBOX 1)
gone_id=$(id_of "$gone")
rm "$gone"
flagged=$(nth INBOX 2)
flagged_id=$(id_of "$flagged")
mv "$flagged" "$T/mail/INBOX/cur/$(basename "${flagged%%:2,*}"):2,F"
mail fresh
cp "$T/m" "$T/mail/INBOX/cur/fresh.1:2,S"
new_uidvalidity INBOX
sync_ok --json
expect_counts messages_downloaded=0
sync_ok
[ -z "$(adm search -u me mailbox INBOX HEADER Message-ID "$gone_id")" ] || fail "the delete was forgotten"
[ -n "$(adm search -u me mailbox INBOX HEADER Message-ID "$flagged_id" FLAGGED)" ] || fail "the flag was forgotten"
[ "$(adm search -u me mailbox INBOX HEADER Message-ID '<fresh@x>' | wc -l)" = 1 ] || fail "the upload was forgotten or doubled"
[ "$(count_there INBOX)" = 200 ] || fail "$(count_there INBOX) messages, not 200"
assert_equal "UIDVALIDITY changed with changes waiting"

note "a slow rm -r under many small runs: counted over ten minutes, not a run"
begin 60
runs=0
while [ $runs -lt 8 ]; do
	for i in 1 2 3 4 5 6; do
		f=$(nth INBOX 1)
		[ -z "$f" ] || rm "$f"
	done
	godwit sync > "$T/out" || true
	runs=$((runs + 1))
done
left=$(count_there INBOX)
[ "$left" -ge 38 ] || fail "48 of 60 were deleted here, and only $left are left there: the guard counted runs, not minutes"
held
"$GODWIT" -c "$T/config" status > "$T/out" || true
grep -q 'held: INBOX: .* messages are gone here' "$T/out" || fail "status does not tell: $(cat "$T/out")"
sync_ok --accept-deletions
[ "$(count_there INBOX)" = 12 ] || fail "accepted, and $(count_there INBOX) are left"

note "the clock was ahead and is set back: stamps from the future are not believed"
begin 20
touch -d '400 days' "$T/mail/INBOX/cur" "$T/mail/INBOX/new" # stamps from the future
rm "$(nth INBOX 1)"
mail later
cp "$T/m" "$T/mail/INBOX/cur/later.1:2,"
touch -d '400 days' "$T/mail/INBOX/cur"
sync_ok
sync_ok
assert_equal "stamps from the future"

note "edited here, and killed before the old one goes"
begin 20 'delete = "expunge"'
for at in $(places 1 12); do
	f=$(nth INBOX 2)
	id=$(id_of "$f")
	{ cat "$f"; echo "edit $at"; } > "$T/mail/INBOX/tmp/e"
	mv "$T/mail/INBOX/tmp/e" "$T/mail/INBOX/cur/edit.$at:2,S"
	rm "$f"
	killed_at s $at || true
	sync_ok
	sync_ok
	[ "$(adm search -u me mailbox INBOX HEADER Message-ID "$id" | wc -l)" = 1 ] || fail "killed at $at: an edit was doubled or lost"
	[ -n "$(adm search -u me mailbox INBOX HEADER Message-ID "$id" BODY "edit $at")" ] || fail "killed at $at: the old one stayed"
	assert_equal "an edit, killed at $at"
done

note "an interrupted upload, and its file is deleted, edited, moved or renamed before the next run"
begin 20 'delete = "expunge"'
for what in deleted edited moved renamed; do
	for at in $(places 8 28); do # writes to the state: announced, sent, recorded
		mail "$what$at"
		cp "$T/m" "$T/mail/INBOX/cur/$what.$at:2,S"
		uidnext=$(uidnext)
		killed_at W $at || true
		f=$(echo "$T/mail/INBOX/cur/$what.$at:"*)
		case $what in
		deleted) rm "$f" ;;
		edited)
			{ cat "$f"; echo more; } > "$T/mail/INBOX/tmp/e"
			mv "$T/mail/INBOX/tmp/e" "$T/mail/INBOX/cur/$what.$at.e:2,S"
			rm "$f"
			;;
		moved) mv "$f" "$T/mail/Archive/cur/" ;;
		renamed) mv "$f" "$T/mail/INBOX/cur/renamed.$at.again:2,S" ;;
		esac
		sync_ok
		sync_ok
		sync_ok
		assert_equal "$what after a kill at $at"
		here=$(grep -l "<$what$at@x>" -r "$T/mail" | wc -l)
		case $what in
		deleted) [ "$here" = 0 ] || fail "what was deleted after a kill at $at came back" ;;
		renamed) [ $(($(uidnext) - uidnext)) = 1 ] || fail "$what after a kill at $at: sent twice" ;;&
		*) [ "$here" = 1 ] || fail "$what after a kill at $at: $here files" ;;
		esac
	done
done
note "deleted here, on a server without MOVE, and killed between COPY and EXPUNGE"
DRESS=plain
begin 30 'guard = no'
mkdir -p "$MAIL/Trash"/{cur,new,tmp}
server_own
sync_ok
killed=0
for at in $(places 1 22); do
	f=$(nth INBOX 1)
	id=$(id_of "$f")
	rm "$f"
	status=0
	killed_at s $at || status=$?
	[ $status != 137 ] || killed=$((killed + 1))
	sync_ok
	sync_ok
	sync_ok
	n=$(adm search -u me mailbox Trash HEADER Message-ID "$id" | wc -l)
	[ "$n" = 1 ] || fail "killed at $at: $n copies in the trash"
	[ -z "$(adm search -u me mailbox INBOX HEADER Message-ID "$id")" ] || fail "killed at $at: it is still there"
	assert_equal "a deletion, killed at $at"
done
[ $killed -gt 0 ] || fail "no run was killed"
DRESS=full

note "moved here by name, where its keyword has another letter, and killed anywhere"
begin 4 'delete = "expunge"'
keywords() { # FOLDER ID
	adm fetch -u me flags mailbox "$1" HEADER Message-ID "$2" | sed 's/^flags: *//; s/\\\\[A-Za-z]* *//g'
}
for i in 1 2; do # $one has letter a in INBOX and b in Archive, $two the other way round
	for folder in INBOX Archive; do
		mail "letters$i$folder"
		deliver "$folder" "$T/m"
		[ "$folder$i" = INBOX1 ] || [ "$folder$i" = Archive2 ] && keyword=one || keyword=two
		adm flags add -u me "$keyword" mailbox "$folder" HEADER Message-ID "<letters$i$folder@x>"
		sync_ok
	done
done
f=$(nth INBOX 1)
id=$(id_of "$f")
mv "$f" "$T/mail/INBOX/cur/$(basename "${f%%:2,*}"):2,a"
sync_ok
[ "$(keywords INBOX "$id")" = one ] || fail "the keyword is \"$(keywords INBOX "$id")\", not one"
keyword_moves() { # LAST WHAT [deleted]: back and forth, each time killed elsewhere
	local kinds at x status
	for kinds in s W N F; do
		for at in $(places 1 "$1"); do
			[ -z "${3:-}" ] || adm expunge -u me mailbox "$from" HEADER Message-ID "$id"
			mv "$(grep -rlF "Message-ID: $id" "$T/mail/$from")" "$T/mail/$to/cur/"
			status=0
			killed_at $kinds $at || status=$?
			sync_ok
			sync_ok
			[ "$(keywords $to "$id")" = one ] || fail "killed at $kinds $at: the keyword in $to is \"$(keywords $to "$id")\", not one"
			assert_equal "$2, killed at $kinds $at"
			x=$from from=$to to=$x
			[ $status = 137 ] || break
		done
	done
}
from=INBOX to=Archive
keyword_moves 29 'a keyword moved'
note "and deleted there meanwhile: it is new, with its keyword"
keyword_moves 15 'moved here, deleted there' deleted
note "yesterday's state under today's Maildir, with deletions here and there since"
begin 30
cp -r "$T/state" "$T/yesterday"
first=$(id_of "$(nth INBOX 1)")
rm "$(nth INBOX 1)" # deleted today, and carried over
mail today
deliver INBOX "$T/m"
mail mine
cp "$T/m" "$T/mail/INBOX/cur/mine.1:2,S"
sync_ok
adm expunge -u me mailbox INBOX HEADER Message-ID "$(id_of "$(nth INBOX 2)")"
sync_ok
assert_equal "today"
unsaid=$(id_of "$(nth INBOX 3)")
rm "$(nth INBOX 3)" # deleted today, and not carried over yet
rm -rf "$T/state"
mv "$T/yesterday" "$T/state"
for i in 1 2 3 4; do godwit sync --json > "$T/out.$i" || true; done
! grep -q '"deleted_there":[1-9]' "$T"/out.[1-4] || fail "an old state deleted on the server: $(grep -h '"done"' "$T"/out.[1-4])"
[ -z "$(adm search -u me mailbox INBOX HEADER Message-ID "$first")" ] || fail "what was deleted on both sides is back there"
[ -z "$(grep -rlF "$first" "$T/mail/INBOX")" ] || fail "what was deleted on both sides is back here"
[ "$(adm search -u me mailbox INBOX HEADER Message-ID "$unsaid" | wc -l)" = 1 ] || fail "nobody told of that deletion, and it is gone there"
[ "$(adm search -u me mailbox INBOX HEADER Message-ID '<mine@x>' | wc -l)" = 1 ] || fail "an upload of today is doubled or gone"
[ "$(count_there INBOX)" = 30 ] || fail "$(count_there INBOX) there, not 30"
assert_equal "yesterday's state"

note ok
