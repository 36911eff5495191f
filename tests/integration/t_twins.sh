#!/bin/bash
# SPDX-License-Identifier: ISC
# Two files of one base name, in cur/ and new/: one message stays one, two messages become two.
. "$(dirname "$0")/lib.sh"
DRESS=full

begin() {
	fresh full
	"$TOOLS/mkmail" "$MAIL/INBOX" 5 600 1
	mkdir -p "$MAIL/Archive"/{cur,new,tmp}
	server_start full
	write_config "${1:-}"
	sync_ok
	assert_equal "before"
	INBOX=$T/mail/INBOX
}
mail() { # ID: to stdout
	printf 'From: a@b\nMessage-ID: <%s@x>\nReceived: by here\nSubject: %s\n\nhello\n' "$1" "$1"
}
there() { # ID: how often
	adm search -u me header Message-ID "<$1@x>" | wc -l
}
known() { # ID: a message of both sides; sets file, base
	mail "$1" > "$T/m"
	deliver INBOX "$T/m"
	sync_ok
	file=$(grep -rlF "<$1@x>" "$INBOX")
	base=$(basename "${file%%:2,*}")
}

note "of a known message, with the same bytes: told, and left"
begin
known same
cp "$file" "$INBOX/cur/$base:2,S"
touch "$INBOX/new" "$INBOX/cur"
sync_ok -v
grep -q "$base.* second file of one message" "$T/err" || fail "it is not told: $(cat "$T/err")"
[ "$(there same)" = 1 ] && [ "$(count_here INBOX)" = 7 ] || fail "it was not left alone"

note "and goes with it"
adm expunge -u me mailbox INBOX HEADER Message-ID "<same@x>"
sync_ok
sync_ok
[ "$(there same)" = 0 ] && [ "$(count_here INBOX)" = 5 ] || fail "what was deleted there came back"
known moved
cp "$file" "$INBOX/cur/$base:2,S"
adm move -u me Archive mailbox INBOX HEADER Message-ID "<moved@x>"
sync_ok
sync_ok
[ "$(there moved)" = 1 ] && [ "$(count_here INBOX)" = 5 ] || fail "what was moved there came back"
assert_equal "after it went"

note "of a known message, with other bytes: a message of its own"
known mine
mail other > "$T/m"
cp "$T/m" "$INBOX/cur/$base:2,S" # which a listing shows first
sync_ok
sync_ok
[ "$(there mine)$(there other)" = 11 ] || fail "$(there mine) and $(there other), not one of each"
[ "$(grep -rlF '<mine@x>' "$INBOX")" = "$file" ] || fail "the known one got another name"
assert_equal "two of one name"

note "of no known message: one if they are the same, two if not"
mail once > "$INBOX/new/foo.1"
cp "$INBOX/new/foo.1" "$INBOX/cur/foo.1:2,S"
mail first > "$INBOX/new/foo.2"
mail second > "$INBOX/cur/foo.2:2,S"
sync_ok
sync_ok
[ "$(there once)$(there first)$(there second)" = 111 ] || fail "$(there once), $(there first), $(there second), not one of each"
rm "$INBOX/new/foo.1"
sync_ok
assert_equal "new ones of one name"
note ok
