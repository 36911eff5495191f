#!/bin/bash
# SPDX-License-Identifier: ISC
# `labels = "notmuch"`: Gmail's labels are notmuch's tags, and the reverse.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"
. "$(dirname "$0")/gmaillib.sh"
command -v notmuch > /dev/null || { echo "no notmuch here"; exit 77; }

export NOTMUCH_CONFIG=$T/notmuch-config
tags() { # ID: its tags that are labels, with commas between
	notmuch search --output=tags "id:$1@x" | grep -vxE 'inbox|unread|attachment|flagged|replied' | paste -sd,
}
has_tags() { # ID TAGS
	[ "$(tags "$1")" = "$2" ] || fail "$1 is tagged \"$(tags "$1")\", not \"$2\""
}
index() { notmuch new --quiet; }
leaves_the_state() {
	cp "$T/state/test.db" "$T/before.db"
	sync_ok
	cmp -s "$T/state/test.db" "$T/before.db"
}
stays_at_rest() { # WHAT: when the directories' times are old enough to be believed, nothing is written any more
	at_rest "$1"
	until_true "$1: a run without changes leaves the state alone" leaves_the_state
}

mkdir -p "$T/mail"
cat > "$NOTMUCH_CONFIG" <<-EOF
	[database]
	path=$T/mail
	[user]
	name=somebody
	primary_email=somebody@gmail.com
	[new]
	tags=unread;inbox
	ignore=.godwit;.godwit-name;dovecot-keywords
	[maildir]
	synchronize_flags=true
EOF

gmail_start
for id in bill plan note; do
	mail "$id"
	web DELIVER INBOX "$T/m"
done
web LABEL "$(web_id bill)" Work
web LABEL "$(web_id plan)" 'Caf&AOk-'
mail only
web DELIVER Work "$T/m"
gmail_config 'labels = "notmuch"'

if ! grep -q libnotmuch.so "$GODWIT"; then
	godwit sync && fail "it says nothing"
	grep -q 'built without it' "$T/err" || fail "$(cat "$T/err")"
	echo "built without libnotmuch"
	exit 77
fi

note "a database that cannot be opened is told, and mail is fetched all the same"
status=0
godwit sync > "$T/out" || status=$?
[ $status = 1 ] && grep -q "notmuch's database cannot be opened" "$T/err" || fail "exit $status: $(cat "$T/err")"
[ "$(count_here INBOX)" = 3 ] || fail "the mail is not here"

note "labels become tags when notmuch knows the messages"
index
sync_ok
has_tags bill Work
has_tags plan 'Café'
has_tags note ''
has_tags only Work
[ -z "$(find "$T/mail" -name '*:2,*[a-z]*')" ] || fail "labels are in file names, too"
stays_at_rest "at first"

note "put on and taken off there"
web LABEL "$(web_id note)" Work
web UNLABEL "$(web_id plan)" 'Caf&AOk-'
sync_ok
has_tags note Work
sync_ok
has_tags plan ''
index
stays_at_rest "there"

note "put on and taken off in notmuch; other tags are nobody's business"
notmuch tag +Café +private -inbox -- id:note@x
notmuch tag -Work -- id:bill@x
sync_ok --json
expect_counts messages_uploaded=0
sync_ok
[ "$(labels note)" = 'Caf&AOk-,INBOX,Work' ] || fail "note: $(labels note)"
[ "$(labels bill)" = INBOX ] || fail "bill: $(labels bill)"
has_tags note 'Café,Work,private'
[ -z "$(grep -rlF '<bill@x>' "$T/mail/Work")" ] || fail "it is still in Work"
grep -rqF '<note@x>' "$T/mail/Café" || fail "it does not come to its new mailbox"
index
stays_at_rest "here"
has_tags note 'Café,Work,private'

note "on both sides; new mail that is tagged before the next sync, here and there"
web LABEL "$(web_id bill)" 'Caf&AOk-'
notmuch tag +Work -- id:bill@x
mail fresh
web DELIVER INBOX "$T/m"
web LABEL "$(web_id fresh)" 'Caf&AOk-'
sync_ok
index
notmuch tag +Work -- id:fresh@x # notmuch did not have its label yet
sync_ok
case "$(labels fresh)" in Caf*Work) ;; *) fail "fresh: $(labels fresh)" ;; esac
sync_ok
sync_ok
[ "$(labels bill)" = 'Caf&AOk-,INBOX,Work' ] || fail "bill: $(labels bill)"
has_tags fresh 'Café,Work'
has_tags bill 'Café,Work'
index
stays_at_rest "both"

note "one label is taken off and another put on, one here and one there; the mailbox or the file goes meanwhile"
for id in off-here off-there both left moved alone deleted; do
	mail "$id"
	web DELIVER INBOX "$T/m"
	[ $id = alone ] || web LABEL "$(web_id $id)" Work
done
for i in 1 2; do sync_ok && index; done
notmuch tag -Work -- id:off-here@x or id:both@x or id:moved@x
notmuch tag +Café -- id:off-there@x or id:both@x or id:left@x or id:alone@x
for id in off-here moved deleted; do web LABEL "$(web_id $id)" 'Caf&AOk-'; done
for id in left moved alone; do web UNLABEL "$(web_id $id)" INBOX; done
web UNLABEL "$(web_id off-there)" Work
rm "$(grep -rlF '<deleted@x>' "$T/mail/INBOX")"
for i in 1 2 3 4; do sync_ok && index; done
for case in off-here:Café,INBOX off-there:Café,INBOX both:Café,INBOX left:Café,Work moved:Café alone:Café deleted:Café,Work; do
	id=${case%:*} want=${case#*:}
	[ "$(labels $id)" = "${want/é/\&AOk-}" ] || fail "$id: $(labels $id), not $want"
	has_tags $id "${want/,INBOX/}"
	[ "$(where $id)" = "$want" ] || fail "$id is in $(where $id) here, not in $want"
done
stays_at_rest "on one side and on the other"

# One message for each command of a sync: before that one it leaves the mailboxes that had it, and its labels are others.
# Those that get it are told something else than those that had it, which are not told any more.
note "labels come and go between two looks of one sync"
for n in $(seq 14); do
	mail "gap$n"
	web DELIVER INBOX "$T/m"
	web LABEL "$(web_id "gap$n")" Old
done
for i in 1 2; do sync_ok && index; done
for n in $(seq 14); do
	id=$(web_id "gap$n")
	web LABEL "$id" Work
	web AT "$n" LABEL "$id" 'Caf&AOk-'
	web AT "$n" UNLABEL "$id" Old
	web AT "$n" UNLABEL "$id" INBOX
done
sync_ok
web NOW
for i in 1 2 3 4; do index && sync_ok; done
for n in $(seq 14); do
	[ "$(labels "gap$n")" = 'Caf&AOk-,Work' ] || fail "gap$n: $(labels "gap$n")"
	has_tags "gap$n" 'Café,Work'
done
stays_at_rest "between two looks"

note "while another program writes to notmuch's database nobody waits"
mkfifo "$T/fifo"
notmuch tag --batch < "$T/fifo" &
WRITER=$!
PIDS="$PIDS $WRITER"
exec 9> "$T/fifo"
locks() { [ -n "$(find "/proc/$WRITER/fd" -lname '*/xapian/*')" ]; }
until_true "it writes" locks
web LABEL "$(web_id plan)" 'Caf&AOk-'
timeout 60 "$GODWIT" -c "$T/config" sync > "$T/out" 2> "$T/err" || fail "exit status $?: $(cat "$T/err")"
grep -q "another program writes to notmuch's database; the next sync" "$T/err" || fail "$(cat "$T/err")"
exec 9>&-
wait "$WRITER" || true
sync_ok
has_tags plan 'Café'
web UNLABEL "$(web_id plan)" 'Caf&AOk-'
sync_ok
sync_ok
has_tags plan ''
index
stays_at_rest "locked"

note "moved here, flagged, while notmuch's paths are old: the labels stay"
f=$(grep -rlF '<plan@x>' "$T/mail/INBOX")
web LABEL "$(web_id plan)" Work
sync_ok
mv "$f" "$T/mail/Café/cur/$(basename "${f%%:*}"):2,FS"
sync_ok
sync_ok
[ "$(labels plan)" = 'Caf&AOk-,Work,[Gmail]/Starred' ] || fail "plan: $(labels plan)"
index
sync_ok
sync_ok
has_tags plan 'Café,Work'
stays_at_rest "moved"

note "notmuch's database is made anew: the labels become tags again"
rm -r "$T/mail/.notmuch"
index
has_tags bill ''
sync_ok
has_tags bill 'Café,Work'
has_tags only Work
[ "$(labels bill)" = 'Caf&AOk-,INBOX,Work' ] || fail "bill: $(labels bill)"
stays_at_rest "made anew"
note ok
