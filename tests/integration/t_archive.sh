#!/bin/bash
# SPDX-License-Identifier: ISC
# All mail of Gmail's as an archive: of its messages only those are in it that no other mailbox has, and
# archiving is a move, here and there, without a body on the wire.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/gmaillib.sh"

# Message-ID and mailbox; All Mail is Archive for what is nowhere else
there() {
	web DUMP | sed 's/([^)]*)//' | awk -F'\t' '{split($1, a, " "); n = 0; for (i = 2; i <= NF; i++)
		if ($i !~ /All Mail|Starred|Important/) {print a[2], $i; n++}; if (n == 0) print a[2], "Archive"}' | sort
}
here() {
	(cd "$T/mail" && grep -rHm1 '^Message-ID:' .) |
		sed 's#^\./\(.*\)/\(cur\|new\)/.*Message-ID: \(.*\)$#\3 \1#' | sort
}
bytes() { web BYTES | cut -d' ' -f1; }
in_step() { # WHAT: with one sync; what Gmail makes of our changes comes with the next; then there is nothing; no body came
	local i before=$(bytes)
	for i in 1 2 3; do
		godwit sync -vvvv > "$T/out" || may_say || fail "$1: $(cat "$T/err")"; cat "$T/err" >> "$T/log"
	done
	diff <(there) <(here) > "$T/diff" || true
	[ ! -s "$T/diff" ] || fail "$1: $(cat "$T/diff")"
	grep -q 'nothing new' "$T/out" || fail "$1: it does not come to rest: $(cat "$T/out")"
	[ "$(bytes)" = "$before" ] || [ -n "${BYTES_MAY_COME:-}" ] || fail "$1: $(($(bytes) - before)) bytes came"
}
is() { # ID MAILBOXES: on the server
	local at=$(there | awk -v id="<$1@x>" '$1 == id {$1 = ""; print substr($0, 2)}' | paste -sd,)
	[ "$at" = "$2" ] || fail "$1 is in \"$at\", not in \"$2\""
}
mail() { printf 'From: a@b\nMessage-ID: <%s@x>\nReceived: by here\nSubject: %s\n\nhello %s\n' "$1" "$1" "$1" > "$T/m"; }
file_in() { # MAILBOX ID
	grep -rlF "<$2@x>" "$T/mail/$1" | head -1
}

gmail_start
gmail_config "archive = yes"
for i in $(seq 12); do
	mail "m$i"
	web DELIVER INBOX "$T/m"
	[ $((i % 3)) != 0 ] || web LABEL "$(web_id "m$i")" Work
	[ "$i" -le 9 ] || web UNLABEL "$(web_id "m$i")" INBOX
done
web UNLABEL "$(web_id m12)" Work

note "the first sync"
BYTES_MAY_COME=1 in_step "the first sync"
is m10 Archive
is m3 INBOX,Work
[ "$(bytes)" = "$(web BYTES | cut -d' ' -f2)" ] || fail "a body came twice"
[ "$(ls "$T/mail")" = "$(printf 'Archive\nINBOX\nWork\n[Gmail]')" ] || fail "$(ls "$T/mail")"

note "archived there: from one mailbox, and from two at once; and back"
web UNLABEL "$(web_id m1)" INBOX
web UNLABEL "$(web_id m3)" INBOX
web UNLABEL "$(web_id m3)" Work
in_step "archived there"
is m1 Archive
[ -n "$(file_in Archive m3)" ] || fail "m3 is not in the archive here"
web LABEL "$(web_id m1)" INBOX
web LABEL "$(web_id m10)" Work
web LABEL "$(web_id m3)" New
in_step "labelled there"

note "archived here, and back"
mv "$(file_in INBOX m2)" "$T/mail/Archive/cur/"
mv "$(file_in Work m10)" "$T/mail/Archive/cur/"
mv "$(file_in Archive m11)" "$T/mail/Work/cur/"
mv "$(file_in Archive m12)" "$T/mail/INBOX/cur/"
in_step "moved here"
is m2 Archive
is m10 Archive
is m11 Work
is m12 INBOX

note "as mutt saves: a copy now, and the old one goes later, with a sync in between"
cp "$(file_in INBOX m4)" "$T/mail/Archive/cur/saved.1:2,S"
sync_ok
sync_ok
[ -n "$(file_in Archive m4)" ] || fail "the copy was taken away"
rm "$(file_in INBOX m4)"
in_step "saved to the archive"
is m4 Archive

note "deleted: it goes to the trash, and not to the archive"
rm "$(file_in INBOX m5)" "$(file_in Archive m10)"
BYTES_MAY_COME=1 in_step "deleted here" # into the trash, whose mail is here, too
is m5 "[Gmail]/Trash"
is m10 "[Gmail]/Trash"
rm "$(file_in INBOX m6)" # its other label stays
in_step "deleted in one of two"
is m6 Work

note "archived on both sides at once: moved, saved as a copy, edited, with flags, from two labels, or trashed there"
ways="moved saved edited flags-here flags-there labels labels-saved trashed"
for id in $ways; do
	mail "$id"
	web DELIVER INBOX "$T/m"
	[[ "$id" != labels* ]] || web LABEL "$(web_id "$id")" Work
done
BYTES_MAY_COME=1 in_step "what is to be archived"
for id in $ways; do
	f=$(file_in INBOX "$id")
	case $id in
	*saved) cp "$f" "$T/mail/Archive/cur/saved.$id:2,S" ;;
	edited) { cat "$f" && echo more; } > "$T/mail/Archive/cur/edited:2,S" ;;
	flags-here) cp "$f" "$T/mail/Archive/cur/flags.here:2,RS" ;;
	*) cp "$f" "$T/mail/Archive/cur/$(basename "$f")" ;;
	esac
	rm "$f"
	[ $id != flags-there ] || web FLAGS "$(web_id $id)" '(\Flagged)'
	[ $id != trashed ] || web LABEL "$(web_id $id)" "[Gmail]/Trash"
	[ $id = trashed ] || web UNLABEL "$(web_id $id)" INBOX
done
BYTES_MAY_COME=1 in_step "archived on both sides" # of one that was trashed
for id in $ways; do
	[[ $id = labels* ]] && is $id Work || is $id Archive
done
[ "$(flags_there flags-here)" = '\Seen \Answered' ] || fail "flags-here has $(flags_there flags-here)"
case $(file_in Archive flags-there) in *:2,F) ;; *) fail "$(file_in Archive flags-there)" ;; esac
for id in moved saved flags-there; do web LABEL "$(web_id $id)" INBOX; done
in_step "and back"

note "flags, an upload, and what comes while a sync was killed"
f=$(file_in Archive m2)
mv "$f" "$T/mail/Archive/cur/$(basename "${f%%:2,*}"):2,FS"
mail up
cp "$T/m" "$T/mail/Archive/cur/up:2,S"
mail to-work
cp "$T/m" "$T/mail/Work/cur/to-work:2,S"
in_step "flags and uploads"
[ "$(flags_there m2)" = '\Seen \Flagged' ] || fail "m2 has $(flags_there m2)"
is up Archive
is to-work Work
for at in 1 2 3 4 5; do # what is to leave the archive is marked so, and its file is still there
	for id in m7 m8 m9; do web UNLABEL "$(web_id $id)" INBOX; done
	BYTES_MAY_COME=1 in_step "archived there"
	for id in m7 m8 m9; do web LABEL "$(web_id $id)" INBOX; done
	killed_at U $at || true
	BYTES_MAY_COME=1 in_step "labelled there, and killed before file $at was removed"
done
# In the foreground: else timeout ends itself with the same signal, before godwit and its lock are gone.
for at in 5 15 25 40 60; do
	for id in m7 m8 m9; do web UNLABEL "$(web_id $id)" INBOX; done
	timeout --foreground -s KILL "0.0$at" "$GODWIT" -c "$T/config" sync -q 2> /dev/null || true
	BYTES_MAY_COME=1 in_step "archived there, and killed after $at ms"
	for id in m7 m8 m9; do web LABEL "$(web_id $id)" INBOX; done
	timeout --foreground -s KILL "0.0$at" "$GODWIT" -c "$T/config" sync -q 2> /dev/null || true
	BYTES_MAY_COME=1 in_step "labelled there, and killed after $at ms"
done

note "deleted here in both its mailboxes, while there it loses both labels: it is in the archive, or in the trash"
for at in 4 5 6 7 8; do
	id=both$at
	mail "$id"
	web DELIVER INBOX "$T/m"
	web LABEL "$(web_id "$id")" Work
	BYTES_MAY_COME=1 in_step "$id comes"
	rm "$(file_in INBOX "$id")" "$(file_in Work "$id")"
	for label in INBOX Work; do web AT "$at" UNLABEL "$(web_id "$id")" "$label"; done
	godwit sync > "$T/out" || may_say || fail "$id: exit status $?: $(cat "$T/err")"
	web NOW
	BYTES_MAY_COME=1 in_step "$id: both labels went before command $at"
done

note "everything is looked at; the state is lost"
sync_ok --full
in_step "--full"
godwit verify > "$T/out" || fail "verify: $(cat "$T/out")"
rm -r "$T/state"
BYTES_MAY_COME=1 in_step "the state was lost" # headers
web UNLABEL "$(web_id m8)" INBOX
in_step "and archived afterwards"

note "it is switched off: the archive stays as it is"
gmail_config
sync_ok
[ -n "$(file_in Archive m8)" ] || fail "it was taken away"
[ "$(labels m8)" = "" ] || fail "m8 is in $(labels m8)"
note ok
