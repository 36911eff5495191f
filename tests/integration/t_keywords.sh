#!/bin/bash
# SPDX-License-Identifier: ISC
# `labels = "keywords"`: Gmail's labels are keywords of the files here, and the reverse.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"
. "$(dirname "$0")/gmaillib.sh"

keywords_here() { # FOLDER ID: by name, sorted, with commas between
	local f
	f=$(grep -rlF "<$2@x>" "$T/mail/$1")
	perl -e 'open F, "<", "$ARGV[0]/dovecot-keywords"; while (<F>) { chomp; my ($i, $n) = split / /, $_, 2; $n{chr(97 + $i)} = $n }
		print join(",", sort map { $n{$_} // "?$_" } ($ARGV[1] =~ /:2,[A-Z]*([a-z]*)$/ ? split(//, $1) : ()))' "$T/mail/$1" "$f"
}
has_here() { # FOLDER ID KEYWORDS
	[ "$(keywords_here "$1" "$2")" = "$3" ] || fail "$2 in $1 has \"$(keywords_here "$1" "$2")\", not \"$3\""
}
put_on_here() { # FOLDER ID KEYWORD: as a reader does it that knows dovecot-keywords
	local f letter
	f=$(grep -rlF "<$2@x>" "$T/mail/$1")
	letter=$(perl -e 'open F, "<", "$ARGV[0]/dovecot-keywords"; my $n = 0; while (<F>) { chomp; my ($i, $k) = split / /, $_, 2; $n = $i + 1 if $i >= $n; print(chr(97 + $i)), exit if $k eq $ARGV[1] }
		close F; open F, ">>", "$ARGV[0]/dovecot-keywords"; print F "$n $ARGV[1]\n"; print chr(97 + $n)' "$T/mail/$1" "$3")
	mv "$f" "$(perl -e '$_ = $ARGV[0]; s{/new/}{/cur/}; $_ .= ":2," unless /:2,/; my ($b, $f, $k) = /^(.*:2,)([A-Z]*)([a-z]*)$/;
		print $b, $f, sort(split(//, $k . $ARGV[1]))' "$f" "$letter")"
}
take_off_here() { # FOLDER ID KEYWORD
	local f letter
	f=$(grep -rlF "<$2@x>" "$T/mail/$1")
	letter=$(perl -e 'open F, "<", "$ARGV[0]/dovecot-keywords"; while (<F>) { chomp; my ($i, $k) = split / /, $_, 2; print(chr(97 + $i)), exit if $k eq $ARGV[1] }' "$T/mail/$1" "$3")
	mv "$f" "$(perl -e '$_ = $ARGV[0]; s/(:2,[A-Z]*[a-z]*)$ARGV[1]/$1/; print' "$f" "$letter")"
}

LATE_CLOCK=1 # what was waited for is carried out by the next sync, whatever stamps can tell
gmail_start
for id in bill plan note; do
	mail "$id"
	web DELIVER INBOX "$T/m"
done
web LABEL "$(web_id bill)" Work
web LABEL "$(web_id bill)" 'To do'
web LABEL "$(web_id plan)" 'Caf&AOk-'
gmail_config 'labels = "keywords"'

note "labels are keywords, but for that of the mailbox itself"
sync_ok
has_here INBOX bill 'To do,Work'
has_here INBOX plan 'Café'
has_here INBOX note ''
has_here Work bill 'To do'
has_here 'To do' bill Work
at_rest "at first"

note "put on and taken off there"
web LABEL "$(web_id note)" Work
web UNLABEL "$(web_id bill)" 'To do'
sync_ok
has_here INBOX note Work
has_here INBOX bill Work
has_here Work bill ''
[ -z "$(grep -rlF '<bill@x>' "$T/mail/To do")" ] || fail "it is still in its old mailbox"
at_rest "there"

note "put on and taken off here, a new one among them; flags go their own way"
put_on_here INBOX note 'Café'
put_on_here INBOX plan 'New one'
put_on_here INBOX plan '$Forwarded'
take_off_here INBOX bill Work
sync_ok --json
expect_counts messages_uploaded=0 deleted_there=0
sync_ok
[ "$(labels note)" = 'Caf&AOk-,INBOX,Work' ] || fail "note: $(labels note)"
[ "$(labels plan)" = 'Caf&AOk-,INBOX,New one' ] || fail "plan: $(labels plan)"
[ "$(labels bill)" = INBOX ] || fail "bill: $(labels bill)"
flags_there plan | grep -qF '$Forwarded' || fail "plan has $(flags_there plan)"
grep -rqF '<note@x>' "$T/mail/Café" || fail "it does not come to its new mailbox"
grep -rqF '<plan@x>' "$T/mail/New one" || fail "the new mailbox has not come"
[ -z "$(grep -rlF '<bill@x>' "$T/mail/Work")" ] || fail "it is still in Work"
at_rest "here"

note "one label is taken off and another put on, one here and one there; the mailbox or the file goes meanwhile"
for id in off-here off-there left moved alone deleted; do
	mail "$id"
	web DELIVER INBOX "$T/m"
	[ $id = alone ] || web LABEL "$(web_id $id)" Work
done
sync_ok
for id in off-here moved; do take_off_here INBOX $id Work; done
for id in off-there left alone; do put_on_here INBOX $id 'Café'; done
for id in off-here moved deleted; do web LABEL "$(web_id $id)" 'Caf&AOk-'; done
for id in left moved alone; do web UNLABEL "$(web_id $id)" INBOX; done
web UNLABEL "$(web_id off-there)" Work
rm "$(grep -rlF '<deleted@x>' "$T/mail/INBOX")"
for i in 1 2 3 4; do sync_ok; done
for case in off-here:Café,INBOX off-there:Café,INBOX left:Café,Work moved:Café alone:Café deleted:Café,Work; do
	id=${case%:*} want=${case#*:}
	[ "$(labels $id)" = "${want/é/\&AOk-}" ] || fail "$id: $(labels $id), not $want"
	[ "$(where $id)" = "$want" ] || fail "$id is in $(where $id) here, not in $want"
done
at_rest "on one side and on the other"

note "on both sides; an upload with a keyword; the label of the mailbox itself is let be"
web LABEL "$(web_id bill)" Work
put_on_here INBOX bill 'Café'
mail fresh
cp "$T/m" "$T/mail/INBOX/cur/fresh:2,S"
put_on_here INBOX fresh Work
put_on_here Work note Work
sync_ok
sync_ok
[ "$(labels bill)" = 'Caf&AOk-,INBOX,Work' ] || fail "bill: $(labels bill)"
[ "$(labels fresh)" = 'INBOX,Work' ] || fail "fresh: $(labels fresh)"
! flags_there fresh | grep -q Work || fail "a label went out as a flag: $(flags_there fresh)"
[ "$(labels note)" = 'Caf&AOk-,INBOX,Work' ] || fail "note: $(labels note)"
at_rest "both"

note "a keyword that stays here keeps nothing from going: the label of the mailbox itself"
web UNLABEL "$(web_id note)" Work
sync_ok
[ -z "$(grep -rlF '<note@x>' "$T/mail/Work")" ] || fail "it is still in Work"
[ "$(labels note)" = 'Caf&AOk-,INBOX' ] || fail "note: $(labels note)"
at_rest "gone"

note "the state is lost; it is switched off: the keywords go, the labels stay"
rm -r "$T/state"
sync_ok
has_here INBOX bill 'Café,Work'
at_rest "after the state was lost"
gmail_config
sync_ok
[ "$(labels bill)" = 'Caf&AOk-,INBOX,Work' ] || fail "bill: $(labels bill)"
at_rest "switched off"
has_here INBOX bill ''

note "all mail is hidden: the labels of the mailboxes in sight are kept in step; what both sides changed stays"
kill "$GMAIL_PID"
wait "$GMAIL_PID" 2> /dev/null || true
rm -rf "$T/state" "$T/mail"
gmail_start 'hidden=\All'
for id in there here off both left; do
	mail "$id"
	web DELIVER INBOX "$T/m"
done
for id in off both left; do web LABEL "$(web_id $id)" Work; done
gmail_config 'labels = "keywords"'
sync_ok
web LABEL "$(web_id there)" Work
put_on_here INBOX here 'New one'
take_off_here INBOX off Work
take_off_here INBOX both Work
web LABEL "$(web_id both)" Lists
put_on_here INBOX left Lists
web UNLABEL "$(web_id left)" INBOX # nobody can tell whether it was archived: it is kept, as it was changed here
for i in 1 2 3 4; do godwit sync > "$T/out" || [ $? = 1 ] || fail "$(cat "$T/err")"; done
for case in there:INBOX,Work here:INBOX,New\ one off:INBOX both:INBOX,Lists left:INBOX,Lists,Work; do
	id=${case%%:*}
	[ "$(labels "$id")" = "${case#*:}" ] || fail "$id: $(labels "$id"), not ${case#*:}"
	[ "$(where "$id")" = "${case#*:}" ] || fail "$id is in $(where "$id") here, not in ${case#*:}"
done
has_here INBOX there Work
has_here INBOX here 'New one'
has_here INBOX off ''
has_here INBOX both Lists
at_rest "all mail is hidden"

note "another server: it is told"
fresh full
"$TOOLS/mkmail" "$MAIL/INBOX" 3 600 1
server_start full
write_config 'labels = "keywords"'
sync_ok
grep -q 'has no labels' "$T/err" || fail "$(cat "$T/err")"
note ok
