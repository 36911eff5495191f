#!/bin/bash
# SPDX-License-Identifier: ISC
# Files as other programs leave them: line ends, letters, names, things that are no files, and texts
# that were written anew.
. "$(dirname "$0")/lib.sh"

mkdir -p "$T/server/home/Maildir"
MAIL=$T/server/home/Maildir
"$TOOLS/mkmail" "$MAIL/INBOX" 8 500 1
"$TOOLS/mkmail" "$MAIL/Letters" 4 500 2
"$TOOLS/mkmail" "$MAIL/Edits" 6 500 3
mkdir -p "$T"/mail/{INBOX,Letters,Hostile,Long}/{cur,new,tmp}

# foreign FOLDER [FLAGS]: the server's messages are here, under names of another tool, with CR LF
foreign() {
	local f n=0
	for f in "$MAIL/$1"/{cur,new}/*; do
		[ -f "$f" ] || continue
		n=$((n + 1))
		sed 's/$/\r/' "$f" > "$T/mail/$1/cur/10000$n.other.host:2,${2:-}"
		touch -r "$f" "$T/mail/$1/cur/10000$n.other.host:2,${2:-}"
	done
}
foreign INBOX S
foreign Letters Sac

note "dovecot-keywords is no place for commands"
printf '0 x) (\\Deleted\n1 with blank\n2 $Work\n3 {5}\n4 a\033[31m\n5 %s\n' "$(printf '%0600d' 0)" > "$T/mail/Hostile/dovecot-keywords"
cp "$T/mail/Hostile/dovecot-keywords" "$T/keywords"
printf 'From: me\nMessage-ID: <hostile@x>\n\nhostile\n' > "$T/mail/Hostile/cur/1.host:2,FSabcdef"
long=$(printf '%0251d' 7)
printf 'From: me\nMessage-ID: <long@x>\n\nlong\n' > "$T/mail/Long/cur/$long"
server_start full
adm flags add -u me 'Junk' mailbox Letters uid 1
write_config 'delete = expunge'
sync_ok --json
expect_counts paired=12 messages_uploaded=2
[ "$(count_here INBOX)" = 8 ] && [ "$(count_there INBOX)" = 8 ] || fail "files with CR LF were doubled"
adm fetch -u me flags mailbox Hostile all > "$T/flags"
grep -q 'Work' "$T/flags" && ! grep -Eq 'Deleted|with|blank' "$T/flags" || fail "keywords: $(cat "$T/flags")"
cut -d' ' -f1 "$T/mail/Hostile/dovecot-keywords" | sort -n | tr '\n' ' ' | grep -q '^0 1 2 3 4 5 $' ||
	fail "lines of dovecot-keywords are gone"

note "a letter without a meaning keeps none"
sync_ok
[ "$(adm search -u me mailbox Letters KEYWORD Junk | wc -l)" = 1 ] || fail "Junk was set on others"
! grep -q '^[02] Junk' "$T/mail/Letters/dovecot-keywords" || fail "Junk took a letter that was in use"
! adm fetch -u me flags mailbox Letters all | grep -q ' [ac] ' || fail "letters became keywords"

note "a name without room for a flag is no change, and is told of in each run"
adm flags add -u me '\Flagged \Answered' mailbox Long uid 1
crowded() { # ARG...: a sync that changes no flag
	local status=0
	godwit sync --json "$@" > "$T/out" || status=$?
	[ $status = 1 ] && grep -q 'has no room for the flags' "$T/out" "$T/err" || fail "exit $status: $(cat "$T/err")"
	expect_counts flags_sent=0 flags_changed=0
}
godwit sync > "$T/out" || true
ls "$T/mail/Long/cur" > "$T/names"
crowded
crowded --full
[ "$(adm search -u me mailbox Long FLAGGED ANSWERED | wc -l)" = 1 ] || fail "flags were taken off"
[ "$(ls "$T/mail/Long/cur")" = "$(cat "$T/names")" ] || fail "a file was renamed"
adm expunge -u me mailbox Long uid 1
godwit sync > "$T/out" || true
sync_ok

note "what is no file any more is not gone"
one=$(nth INBOX 1) two=$(nth INBOX 2)
mv "$one" "$T/one"
ln -s "$T/one" "$one"
mv "$two" "$T/two"
mkfifo "$two"
for run in "" "" --full; do
	status=0
	# shellcheck disable=SC2086
	godwit sync $run > "$T/out" || status=$?
	[ $status = 1 ] && grep -q 'and of 1 others' "$T/err" || fail "exit $status with links"
	[ "$(count_there INBOX)" = 8 ] || fail "a link was a deletion"
done
rm "$one" "$two"
mv "$T/one" "$one"
mv "$T/two" "$two"
sync_ok

note "a text written anew outlives the deletion of the old one"
one=$(nth Edits 1) two=$(nth Edits 2)
uid() {
	basename "$1" | sed 's/^[0-9a-f]*\.\([0-9]*\)\..*/\1/'
}
printf 'more\n' >> "$one" # in place
sed 's/^Subject:.*/Subject: anew/' "$two" > "$T/mail/Edits/tmp/x"
mv "$T/mail/Edits/tmp/x" "$two" # under its name
touch "$(nth Edits 3)"          # as backups do: no new text
adm expunge -u me mailbox Edits uid "$(uid "$one"),$(uid "$two"),$(uid "$(nth Edits 3)")"
sync_ok
grep -q 'written anew' "$T/err" || fail "it is not said"
sync_ok
[ "$(count_here Edits)" = 5 ] && [ "$(count_there Edits)" = 5 ] || fail "$(count_here Edits) here, $(count_there Edits) there"
grep -qx more "$one" && grep -q 'Subject: anew' "$two" || fail "a text is gone"
[ "$(adm search -u me mailbox Edits SUBJECT anew | wc -l)" = 1 ] || fail "the new text did not go up"
sync_ok --json
expect_counts messages_downloaded=0 messages_uploaded=0
note "files as other programs leave them: ok"
