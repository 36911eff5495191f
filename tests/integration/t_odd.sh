#!/bin/bash
# SPDX-License-Identifier: ISC
# Odd messages arrive byte for byte; odd mailbox names neither escape nor collide.
. "$(dirname "$0")/lib.sh"

mkdir -p "$T/server/home/Maildir"/INBOX/{cur,new,tmp}
MAIL=$T/server/home/Maildir
put() { # NAME: a message from stdin
	cat > "$MAIL/INBOX/cur/1700000000.M1P1.$1:2,S"
}
header='From: a@b\nSubject: odd\nMessage-ID: <%s@odd>\n\n'
{ printf "$header" nul; printf 'a\0b\0\0c\n'; } | put nul
{ printf "$header" cr; printf 'a\rb\r\rc\n\r\n'; } | put barecr
{ printf "$header" crlf; printf 'a\r\nb\r\n'; } | put crlf
{ printf 'Subject: \xe4\xf6\xfc \xff\xfe\n'; printf "$header" bits; printf '\xe4\n'; } | put eightbit
printf '' | put empty
{ printf '\nonly a body\n'; } | put noheader
{ printf 'Subject: only a header\n'; } | put nobody
{ printf 'Subject: no newline at the end'; } | put unended
{ printf "$header" dots; printf '.\n..\n...\n'; } | put dots
{ printf "$header" long; head -c 5000000 /dev/zero | tr '\0' 'x'; printf '\n'; } | put longline
{ printf "$header" lit; printf '* 1 FETCH (UID 9 BODY[] {3}\nabc)\n{10}\n'; } | put looks.like.imap
{ printf 'Subject: folded\n'; for i in $(seq 3000); do printf ' line %d of a long folded header\n' "$i"; done; printf '\nx\n'; } | put folded
count=$(ls "$MAIL/INBOX/cur" | wc -l)

names=("with space" "a & b" 'quo"te' 'back\slash' "percent%41" "Ünïcödé" "日本語" "emoji 😀 box" "%2E." "{5}" "(paren)" "star*" "tilde~" "-dash")
long=$(head -c 200 /dev/zero | tr '\0' 'n')
SEPARATOR=/ server_start full
for name in "${names[@]}" "$long" "curx" "a.b.c"; do
	adm mailbox create -u me "$name" || note "the server refuses the name $name"
done
printf 'From: a@b\nMessage-ID: <in@box>\n\nx\n' > "$T/m"
write_config
sync_ok --json
[ "$(tail -1 "$T/out" | grep -o '"messages_downloaded":[0-9]*')" = "\"messages_downloaded\":$count" ] ||
	fail "not all odd messages came: $(tail -1 "$T/out")"

# The server's bytes, with CR LF made LF, are the file's.
"$TOOLS/mdlist" "$T/mail" | cut -f3 | sort > "$T/here"
for f in "$MAIL"/INBOX/cur/*; do
	case $f in
	*.crlf*) sed 's/\r$//' "$f" | sha256sum ;;
	*.barecr*) perl -pe 's/\r\n/\n/' "$f" | sha256sum ;;
	*.nul*) tr '\0' '\200' < "$f" | sha256sum ;; # what Dovecot makes of NUL (RFC 9051 forbids it)
	*) sha256sum < "$f" ;;
	esac
done | cut -c1-64 | sort > "$T/there"
cmp -s "$T/there" "$T/here" || fail "bytes differ: $(diff "$T/there" "$T/here")"
note "$count odd messages, byte for byte"

adm mailbox list -u me | sort > "$T/names.there"
n=$(wc -l < "$T/names.there")
[ "$(find "$T/mail" -name cur | wc -l)" = "$n" ] || fail "$n mailboxes, $(find "$T/mail" -name cur | wc -l) directories"
for name in "with space" "a & b" "Ünïcödé" "日本語" "emoji 😀 box" "$long"; do
	[ -d "$T/mail/$name/cur" ] || fail "no directory for $name"
done
[ -d "$T/mail/percent%2541/cur" ] || fail "% is not escaped"
[ -f "$T/mail/percent%2541/.godwit-name" ] || fail "no name beside an escaped directory"
sync_ok --json
tail -1 "$T/out" | grep -q '"mailboxes_changed":0' || fail "not stable"
note "$n mailbox names on a / server"
server_stop

note "a server whose separator is a dot, names that hold slashes"
rm -rf "$T/mail" "$T/state" "$MAIL"
mkdir -p "$MAIL/INBOX"/{cur,new,tmp}
SEPARATOR=. EXTRA_CONFIG='mail_location = maildir:~/Maildir:INBOX=~/Maildir/INBOX' server_start full
adm mailbox create -u me "Lists.godwit"
adm mailbox create -u me "tmp.new.cur"
deliver_to() {
	adm save -u me -m "$1" < "$T/m"
}
deliver_to Lists.godwit
deliver_to tmp.new.cur
write_config
sync_ok
[ -d "$T/mail/Lists/godwit/cur" ] || fail "Lists.godwit is not Lists/godwit"
[ -d "$T/mail/%74mp/%6Eew/%63ur/cur" ] || fail "reserved names are not escaped: $(find "$T/mail" -type d)"
[ "$(find "$T/mail" -type f -path '*/new/*' | wc -l)" = 2 ] || fail "mail is missing"

note "maildir++ layout"
rm -rf "$T/mail" "$T/state"
write_config 'layout = "maildir++"'
sync_ok
[ -d "$T/mail/cur" ] && [ -d "$T/mail/.Lists.godwit/cur" ] && [ -d "$T/mail/.%74mp.%6Eew.%63ur/cur" ] ||
	fail "maildir++: $(find "$T/mail" -type d)"
[ "$(find "$T/mail" -type f -path '*/new/*' | wc -l)" = 2 ] || fail "mail is missing"
[ -z "$(find "$T" -maxdepth 1 -newer "$T/config" -name 'cur')" ] || fail "something escaped the root"

note "patterns"
rm -rf "$T/mail" "$T/state"
write_config 'folders = {"*", "!Lists/*"}'
sync_ok
[ ! -d "$T/mail/Lists/godwit" ] && [ -d "$T/mail/INBOX" ] || fail "the pattern was not obeyed"
note ok
