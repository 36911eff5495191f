#!/bin/bash
# SPDX-License-Identifier: ISC
# A week with mutt, driven by keys as a person presses them, with syncs in between and another client
# at the same account.  Each day ends with both sides equal, and every message where it was put.
. "$(dirname "$0")/lib.sh"
command -v tmux > /dev/null || { echo "no tmux here"; exit 77; }
DRESS=${DRESS:-full}

mail() { # SUBJECT [FLAGS]: arrives on the server
	printf 'From: Sender <s@example.org>\nTo: me@example.net\nSubject: %s\nDate: %s\nMessage-ID: <%s@example.org>\nReceived: by here\n\nbody of %s\n' \
		"$1" "$(date -R)" "$1" "$1" > "$T/m"
	deliver INBOX "$T/m" "${2:-}"
}

cat > "$T/muttrc" <<-EOF
	set folder = "$T/mail"
	set spoolfile = "$T/mail/INBOX"
	set postponed = "$T/mail/Drafts"
	set trash = "$T/mail/Trash"
	set mbox_type = Maildir
	set from = "me@example.net"
	set realname = "Me"
	set index_format = "[%Z] %s"
	set sort = subject
	set wait_key = no
	set mail_check = 1
	set timeout = 1
	set mark_old = no
	set pager_stop = yes
	set editor = "$T/editor"
	set confirmappend = no
	set delete = yes
	set recall = yes
	set sendmail = /bin/false
EOF
cat > "$T/editor" <<-'EOF'
	#!/bin/sh
	echo "written by hand" >> "$1"
	sleep 1.1 # so that mutt sees by its time that the file changed
EOF
chmod +x "$T/editor"

mux() {
	tmux -L "godwit$$" "$@"
}
keys() { # as tmux names them
	mux send-keys "$@"
}
shows() { # REGEX: waits until the screen does
	local i
	for i in $(seq 400); do
		mux capture-pane -p > "$T/screen" 2> /dev/null || true
		! grep -qE -- "$1" "$T/screen" || return 0
		sleep 0.05 # until mutt has drawn it
	done
	fail "mutt does not show \"$1\" but: $(cat "$T/screen")"
}
open_mutt() { # READER
	mux new-session -d -x 100 -y 30 "TERM=screen $1 -n -F $T/muttrc"
	PIDS="$PIDS $(mux display-message -p '#{pid}')"
	shows 'Msgs:|Mutt: |NeoMutt: '
}
quit_mutt() {
	local i
	keys q
	for i in $(seq 400); do
		mux has-session 2> /dev/null || return 0
		sleep 0.05
	done
	fail "mutt does not end: $(cat "$T/screen")"
}
at() { # SUBJECT: the cursor goes there
	keys / C-u "~s ^$1\$" Enter
	shows "^\[.*\] $1\$"
}
write_out() { # what was marked is done
	keys '$'
	shows '(kept|unchanged|deleted\.)'
}
save_to() { # FOLDER
	keys s
	shows 'Save .*mailbox'
	keys C-u "=$1" Enter
}
there() { # FOLDER SUBJECT [SEARCH...]: how many
	local folder=$1 subject=$2
	shift 2
	adm search -u me mailbox "$folder" HEADER Message-ID "<$subject@example.org>" "$@" | wc -l
}
expect() { # FOLDER SUBJECT [SEARCH...]: there once
	[ "$(there "$@")" = 1 ] || fail "$DAY: $(there "$@") of: $*"
}
expect_none() {
	[ "$(there "$@")" = 0 ] || fail "$DAY: there is still: $*"
}
# Lines "FOLDER SUBJECT FLAGS BODY": mutt adds fields of its own to the header of what it saves, and the
# server makes its copy of the message that it has.
list() { # DIR
	perl -e 'for (glob "$ARGV[0]/*/{cur,new}/*") {
		my ($folder) = m{([^/]+)/(?:cur|new)/}; my ($flags) = /:2,([A-Z]*)/; local $/;
		open my $f, "<", $_ or next; my ($header, $body) = split /\r?\n\r?\n/, <$f>, 2;
		my ($subject) = $header =~ /^Subject: (.*?)\r?$/m; $body =~ s/\s+/ /g;
		print "$folder $subject ", $flags // "", " $body\n" }' "$1" | sort
}
day_ends() {
	sync_ok
	sync_ok
	list "$MAIL" > "$T/there"
	list "$T/mail" > "$T/here"
	cmp -s "$T/there" "$T/here" || fail "$DAY: the sides differ: $(diff "$T/there" "$T/here")"
	note "$READER, $DAY"
}

week() {
	READER=$1
	fresh "$DRESS"
	mkdir -p "$MAIL"/{INBOX,Archive,Trash,Drafts}/{cur,new,tmp}
	server_start "$DRESS"
	write_config
	DAY=Monday # new mail is read and flagged
	for i in one two three four five six seven eight; do mail "$READER-$i"; done
	sync_ok
	open_mutt "$READER"
	at "$READER-one"
	keys Enter
	shows "body of $READER-one"
	keys i
	at "$READER-two"
	keys F
	shows "^\[..!\] $READER-two"
	write_out
	sync_ok
	expect INBOX "$READER-one" SEEN
	expect INBOX "$READER-two" FLAGGED
	expect INBOX "$READER-three" UNSEEN
	day_ends

	DAY=Tuesday # saved: the copy is made at once, the original goes later; a sync sees one, then both
	at "$READER-three"
	save_to Archive
	shows "^\[.D.\] $READER-three"
	sync_ok
	write_out
	sync_ok
	expect Archive "$READER-three"
	expect_none INBOX "$READER-three"
	day_ends

	DAY=Wednesday # deleted, while the other client flags one and moves another
	at "$READER-four"
	keys d
	shows "^\[.D.\] $READER-four"
	adm flags add -u me '\Flagged' mailbox INBOX HEADER Message-ID "<$READER-five@example.org>"
	adm move -u me Archive mailbox INBOX HEADER Message-ID "<$READER-six@example.org>"
	sync_ok
	shows "^\[..!\] $READER-five"
	write_out
	sync_ok
	expect_none INBOX "$READER-four"
	expect Trash "$READER-four"
	expect Archive "$READER-six"
	expect INBOX "$READER-five" FLAGGED
	day_ends

	DAY=Thursday # deleted and taken back; the same message is deleted there meanwhile
	at "$READER-seven"
	keys d
	shows "^\[.D.\] $READER-seven"
	sync_ok
	at "$READER-seven"
	keys u
	shows "^\[[^D]*\] $READER-seven"
	at "$READER-eight"
	keys N
	adm expunge -u me mailbox INBOX HEADER Message-ID "<$READER-eight@example.org>"
	write_out
	sync_ok
	expect INBOX "$READER-seven"
	expect_none INBOX "$READER-eight"
	day_ends

	DAY=Friday # a draft is put aside, taken up, changed, and put aside again
	keys m
	shows '^To:'
	keys "you@example.org" Enter
	shows '^Subject:'
	keys "$READER-draft" Enter
	shows 'y:Send'
	keys P
	shows 'postponed'
	sync_ok
	[ "$(adm search -u me mailbox Drafts SUBJECT "$READER-draft" | wc -l)" = 1 ] || fail "$DAY: the draft is not there"
	keys m
	shows 'y:Send|Postponed'
	! grep -q Postponed "$T/screen" || keys Enter # it is the only one
	shows 'y:Send'
	keys e
	sleep 1.5 # the editor's own pause
	shows 'y:Send'
	keys P
	shows 'postponed'
	sync_ok
	[ "$(adm search -u me mailbox Drafts SUBJECT "$READER-draft" | wc -l)" = 1 ] || fail "$DAY: the draft was doubled or lost"
	day_ends

	DAY=Saturday # a folder is looked through and thinned out, while new mail comes and a sync runs
	keys c
	shows 'Open mailbox'
	keys C-u =Archive Enter
	at "$READER-six"
	keys d
	shows "^\[.D.\] $READER-six"
	mail "$READER-nine"
	sync_ok &
	write_out
	wait $! || fail "$DAY: the sync beside mutt failed"
	sync_ok
	expect_none Archive "$READER-six"
	expect Trash "$READER-six"
	expect INBOX "$READER-nine" UNSEEN
	day_ends

	DAY=Sunday # nothing is left of the week but what was meant
	quit_mutt
	day_ends
	"$GODWIT" -c "$T/config" verify --bodies > "$T/out" 2> "$T/err" || fail "verify: $(cat "$T/out")"
}

for reader in mutt neomutt; do
	command -v $reader > /dev/null || { note "no $reader here"; continue; }
	week $reader
done
note ok
