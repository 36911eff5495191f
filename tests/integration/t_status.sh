#!/bin/bash
# SPDX-License-Identifier: ISC
# `status` says how the last syncs went without a watcher, and what --json prints is as docs/json.schema.json says.
. "$(dirname "$0")/lib.sh"

SCHEMA_DIR=$(cd "$(dirname "$0")/../../docs" && pwd)
mkdir -p "$T/server/home/Maildir"
MAIL=$T/server/home/Maildir
"$TOOLS/mkmail" "$MAIL/INBOX" 40 20000 1
server_start full
write_config

status() { # STATUS TEXT...: what status says, and how it ends
	local want=$1 text status=0
	shift
	godwit status > "$T/out" || status=$?
	[ $status = "$want" ] || fail "exit status $status, not $want: $(cat "$T/out" "$T/err")"
	for text in "$@"; do
		grep -q -- "$text" "$T/out" || fail "\"$text\" is not in: $(cat "$T/out")"
	done
}
json_holds() { # COMMAND...: what it prints with --json
	local status=0
	godwit "$@" --json > "$T/json" || status=$?
	[ $status -le 1 ] || fail "$*: exit status $status: $(cat "$T/err")"
	"$TOOLS/jsonschema" "$SCHEMA_DIR/json.schema.json" < "$T/json" > "$T/verdict" || fail "$*: $(cat "$T/verdict")"
}

note "never; refused; interrupted; well again"
status 0 'never synchronized'
sed -i 's/echo secret/echo wrong/' "$T/config"
! godwit sync > /dev/null || fail "it was let in"
status 1 'never synchronized' 'failed: .*refused the login'
write_config
proxy_start down=300000
sed "s/port = .*/port = $PROXY_PORT/" "$T/config" > "$T/config2" && mv "$T/config2" "$T/config"
godwit sync > /dev/null && fail "the connection held"
proxy_stop
status 1 'messages are to come' 'failed: '
have=$(find "$T/mail" -name '*godwit*' -path '*/INBOX/*' -type f | wc -l)
grep -q "  $((40 - have)) messages are to come" "$T/out" || fail "$have are here: $(cat "$T/out")"
write_config
sync_ok
status 0 'last good sync 20.*, just now'
! grep -q 'to come\|failed' "$T/out" || fail "$(cat "$T/out")"
godwit status -v > "$T/out"
grep -q 'test: 40 messages ([1-9][0-9]* unread) in 1 mailbox' "$T/out" || fail "$(cat "$T/out")"

note "what was noted of the last sync is no reason to fail"
head -c 10000 /dev/zero > "$T/state/test.last"
status 0 'test: 40 messages'
sync_ok
status 0 'last good sync'
printf 'good 99999999999999999999\ntried x\nproblems 2\nfailed \377\033[2J\n' > "$T/state/test.last"
status 1 'failed: '
! grep -q "$(printf '\033')" "$T/out" || fail "control characters: $(cat -v "$T/out")"
json_holds status
rm "$T/state/test.last"
mkdir "$T/state/test.last"
status 0 'test: 40 messages'
sync_ok
rmdir "$T/state/test.last"
sync_ok

note "one thing is left out: it is named, until a sync is well again; names as sync takes them"
mkdir -p "$T/mail/$(printf 'Entw\303\274rfe')/new" "$T/mail/$(printf 'Entw\303\274rfe')/tmp"
cp "$(find "$T/mail/INBOX/cur" "$T/mail/INBOX/new" -type f | head -n 1)" "$T/mail/$(printf 'Entw\303\274rfe')/new/x"
godwit sync > /dev/null && fail "nothing is wrong with it"
status 1 'left something out: Entwürfe: it has mail in new/ and no cur/' 'held: Entwürfe: '
mkdir "$T/mail/$(printf 'Entw\303\274rfe')/cur"
sync_ok
status 0 'last good sync'

note "what is printed with --json holds to the schema"
printf 'From: a@b\nMessage-ID: <later@x>\nSubject: \303\344\n\nlater\n' > "$T/m"
deliver INBOX "$T/m"
json_holds sync -n
json_holds sync
json_holds sync --full
rm "$(find "$T/mail/INBOX" -name '*.3.godwit*')"
json_holds sync -n
json_holds verify
json_holds sync
adm expunge -u me mailbox INBOX uid 5
json_holds sync
json_holds restore
json_holds status
json_holds status -v
json_holds folders
json_holds doctor
json_holds why test:INBOX:1
sed -i 's/echo secret/echo wrong/' "$T/config"
godwit sync --json > "$T/json" && fail "it was let in"
"$TOOLS/jsonschema" "$SCHEMA_DIR/json.schema.json" < "$T/json" > "$T/verdict" || fail "$(cat "$T/verdict")"
json_holds status
grep -q '"failed":true' "$T/json" || fail "$(cat "$T/json")"
echo '{"account":"a","event":"stage","stage":"x","more":1}' | "$TOOLS/jsonschema" "$SCHEMA_DIR/json.schema.json" > /dev/null &&
	fail "the schema lets everything through"
note ok
