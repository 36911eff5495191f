#!/bin/bash
# SPDX-License-Identifier: ISC
# Flags and keywords that change here reach the server, in few commands; in three dresses.
. "$(dirname "$0")/lib.sh"
MESSAGES=${MESSAGES:-600}

file() { # FOLDER UID
	find "$T/mail/$1/cur" "$T/mail/$1/new" -name "*.$2.godwit*"
}
flags() { # FOLDER UID FLAGS: as a reader does it
	local f
	f=$(file "$1" "$2")
	mv "$f" "$T/mail/$1/cur/$(basename "${f%%:*}"):2,$3"
}
on_server() { # FOLDER UID: its flags, sorted
	adm fetch -u me flags mailbox "$1" uid "$2" | sed 's/^flags: //' | tr ' ' '\n' | grep -v Recent | sort | tr '\n' ' '
}
expect() { # FOLDER UID FLAGS...
	local folder=$1 uid=$2
	shift 2
	[ "$(on_server "$folder" "$uid")" = "$(printf '%s\n' "$@" | sort | tr '\n' ' ')" ] ||
		fail "$folder $uid: the server has $(on_server "$folder" "$uid"), expected $*"
}

for dress in full noqresync plain; do
	note "$dress"
	rm -rf "$T/mail" "$T/state" "$T/server/home"
	mkdir -p "$T/server/home/Maildir/Lists"
	MAIL=$T/server/home/Maildir
	"$TOOLS/mkmail" "$MAIL/INBOX" "$MESSAGES" 300 1
	"$TOOLS/mkmail" "$MAIL/Lists/dev" 20 300 2
	server_start "$dress"
	write_config
	sync_ok
	adm flags replace -u me '' mailbox INBOX all
	adm flags replace -u me '' mailbox Lists/dev all
	adm flags replace -u me 'Work' mailbox INBOX uid 20
	sync_ok
	flags INBOX 1 S
	flags INBOX 2 FRS
	flags INBOX 3 P
	flags Lists/dev 1 T # a wish to delete, no flag to be told
	letter=$(awk '$2 == "Work" {printf "%c", 97 + $1}' "$T/mail/INBOX/dovecot-keywords")
	flags INBOX 4 "S$letter"
	flags INBOX 20 S # the keyword is taken off
	sync_ok --json
	[ "$(json flags_sent)" = 5 ] || fail "$(json flags_sent) changes sent"
	expect INBOX 1 '\Seen'
	expect INBOX 2 '\Seen' '\Flagged' '\Answered'
	expect INBOX 3 '$Forwarded'
	expect INBOX 4 '\Seen' Work
	expect INBOX 20 '\Seen'
	case $(on_server Lists/dev 1) in *Deleted*) fail "T was told as a flag" ;; esac

	note "both sides change one message: every flag on its own"
	adm flags add -u me '\Flagged Play' mailbox INBOX uid 1
	adm flags remove -u me '\Answered' mailbox INBOX uid 2
	flags INBOX 1 RS
	flags INBOX 2 FR
	sync_ok
	expect INBOX 1 '\Seen' '\Flagged' '\Answered' Play
	expect INBOX 2 '\Flagged'
	case $(file INBOX 1) in *:2,FRS?) ;; *) fail "UID 1 is $(file INBOX 1)" ;; esac
	case $(file INBOX 2) in *:2,F) ;; *) fail "UID 2 is $(file INBOX 2)" ;; esac
	sync_ok --json
	[ "$(json flags_sent)$(json flags_changed)" = 00 ] || fail "not stable"

	note "more keywords than letters: the 27th lives on the server, and is not taken off there"
MAY_SAY='keywords that are on the server only'
for i in $(seq 30); do adm flags add -u me "kw$i" mailbox INBOX uid $((100 + i)); done
sync_ok
(cd "$T/mail/INBOX" && # each is read here
	rename_files 's{^(?:new|cur)/([^:]*)(?::2,[A-Z]*([a-z]*))?$}{"cur/$1:2,S" . ($2 // "")}e' \
		{new,cur}/*.10[1-9].godwit* {new,cur}/*.1[12]?.godwit* {new,cur}/*.130.godwit*)
rm "$T/mail/INBOX/dovecot-keywords" # by some program's mistake
sync_ok
sync_ok
adm fetch -u me 'uid flags' mailbox INBOX uid 101:130 | sed 's/\\Recent//' | awk '$1 == "uid:" { uid = $2 }
	$1 == "flags:" && NF == 3 && / \\Seen/ && (" " $0 " ") ~ (" kw" uid - 100 " ") { n++ } END { exit n != 30 }' ||
	fail "on the server: $(adm fetch -u me 'uid flags' mailbox INBOX uid 101:130)"
[ "$(find "$T/mail/INBOX" -name '*:2,*[a-z]*' | grep -c ':2,[A-Z]*[a-z]')" -ge 20 ] || fail "the letters were lost"
adm flags remove -u me kw30 mailbox INBOX uid 130
adm flags remove -u me kw1 mailbox INBOX uid 101
sync_ok
expect INBOX 130 '\Seen'
expect INBOX 101 '\Seen'
sync_ok --json
[ "$(json flags_sent)$(json flags_changed)" = 00 ] || fail "not stable with 30 keywords"

note "500 messages are read at once"
	(cd "$T/mail/INBOX" && rename_files 's{^new/(.*)}{cur/$1:2,}' new/*)
	(cd "$T/mail/INBOX/cur" && rename_files 's/$/S/' $(find . -name '*:2,' | head -500))
	"$GODWIT" -c "$T/config" sync -vvv --json > "$T/out" 2> "$T/err" || may_say || fail "sync: $(tail -1 "$T/err")"
	[ "$(json flags_sent)" = 500 ] || fail "$(json flags_sent) of 500 sent"
	stores=$(grep -c 'C: .*UID STORE' "$T/err")
	[ "$stores" -le 2 ] || fail "$stores STORE commands"
	find "$T/mail/INBOX/cur" -name '*S' -o -name '*S[a-z]' | wc -l > "$T/here"
	adm search -u me mailbox INBOX SEEN | wc -l > "$T/there"
	cmp -s "$T/here" "$T/there" || fail "$(cat "$T/there") are read on the server, $(cat "$T/here") here"

	note "a flag changes while nothing does on the server; a message that is gone meanwhile"
	flags Lists/dev 2 FS
	sync_ok
	expect Lists/dev 2 '\Seen' '\Flagged'
	flags Lists/dev 3 F
	adm expunge -u me mailbox Lists/dev uid 3
	sync_ok
	[ -f "$(file Lists/dev 3)" ] || fail "changed here and gone there: the file went"
	server_stop
done

note "killed after the server was told, before that was recorded"
server_start full
write_config
sync_ok
proxy_start
CLIENT_PORT=$PROXY_PORT write_config
sync_ok
proxy_stop
set -- $PROXY_COUNTS
down=$6
flags INBOX 5 FS
for cut in $(seq $((down - 200)) 10 $((down + 700))); do
	proxy_start down="$cut"
	CLIENT_PORT=$PROXY_PORT write_config
	godwit sync -q > "$T/out" || true
	proxy_stop
done
write_config
sync_ok
expect INBOX 5 '\Seen' '\Flagged'
case $(file INBOX 5) in *:2,FS) ;; *) fail "UID 5 is $(file INBOX 5)" ;; esac
note ok
