#!/bin/bash
# SPDX-License-Identifier: ISC
# OBJECTID (RFC 8474): mailboxes and messages are known by ids that names, UIDs and UIDVALIDITY have no part in.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/gmaillib.sh"

where() { # ID: the mailboxes here, sorted, with commas between
	grep -rlF "<$1@x>" "$T/mail" | sed "s|^$T/mail/||; s|/[^/]*/[^/]*$||" | sort | paste -sd,
}
mail() { printf 'From: a@b\nMessage-ID: <%s@x>\nSubject: %s\n\nhello %s\n' "$1" "$1" "$1" > "$T/m"; }
synced() { # a sync that is logged
	godwit sync -vvvv > "$T/out" || fail "$(tail -3 "$T/err")"
	cat "$T/err" >> "$T/log"
}
bytes() { web BYTES | cut -d' ' -f1; }

gmail_start objectid
cat > "$T/config" <<-EOF
	state-dir = "$T/state"
	account "test" {
	  host = "127.0.0.1"
	  port = $GMAIL_PORT
	  tls = "none"
	  user = "somebody"
	  password-command = "echo app"
	  maildir = "$T/mail"
	}
EOF
for i in $(seq 8); do
	mail "m$i"
	web DELIVER INBOX "$T/m"
done
web LABEL "$(web_id m2)" Work
synced
synced
[ "$(where m2)" = INBOX,Work ] || fail "m2 is in $(where m2)"
[ "$(bytes)" = "$(web BYTES | cut -d' ' -f2)" ] || fail "a body came twice"

note "copied and moved there: neither body nor header"
before=$(bytes)
web LABEL "$(web_id m3)" Work
web LABEL "$(web_id m4)" Work
web UNLABEL "$(web_id m4)" INBOX
synced
synced
[ "$(where m3)" = INBOX,Work ] || fail "m3 is in $(where m3)"
[ "$(where m4)" = Work ] || fail "m4 is in $(where m4)"
[ -z "$(find "$T/state" -path '*.attic/*' -type f)" ] || fail "it was copied and deleted, not moved"
[ "$(bytes)" = "$before" ] || fail "$(($(bytes) - before)) bytes came"

note "a mailbox under another name, with another UIDVALIDITY: the same one"
web RENAME Work Office
synced
synced
[ "$(where m4)" = Office ] || fail "m4 is in $(where m4)"
[ ! -e "$T/mail/Work" ] || fail "the old directory is still here"
[ "$(grep -c 'BODY.PEEK\[\]' "$T/log")" -le 2 ] || fail "bodies were asked for again"
synced
grep -q 'nothing new' "$T/out" || fail "it does not come to rest: $(cat "$T/out")"

note "and nothing of Gmail's was asked for"
! grep -q 'C: .*X-GM' "$T/log" || fail "$(grep 'C: .*X-GM' "$T/log" | head -1)"
note ok
