#!/bin/bash
# SPDX-License-Identifier: ISC
# Deletions that look like an accident are held back until a person decides.
. "$(dirname "$0")/lib.sh"

here() {
	find "$T/mail/Box/cur" "$T/mail/Box/new" -type f | wc -l
}
there() {
	adm search -u me mailbox Box all | wc -l
}
sync_held() { # exit 1, and it says what to do
	local status=0
	godwit sync > "$T/out" || status=$?
	[ $status = 1 ] && grep -q "$1 messages are gone on the server.*--accept-deletions" "$T/err" || fail "exit $status: $(cat "$T/err")"
}

for dress in full plain; do
	server_stop
	rm -rf "$T/mail" "$T/state" "$T/server/home"
	mkdir -p "$T/server/home/Maildir"
	MAIL=$T/server/home/Maildir
	"$TOOLS/mkmail" "$MAIL/INBOX" 5 300 1
	"$TOOLS/mkmail" "$MAIL/Box" 100 300 2
	server_start "$dress"
	write_config
	sync_ok

	note "$dress: 60 of 100 are gone on the server"
	adm expunge -u me mailbox Box 1:60
	sync_held 60
	[ "$(here)" = 100 ] || fail "$(here) files are left of 100"
	sync_held 60 # told again, on every run
	adm flags add -u me '\Flagged' mailbox Box 1:3
	sync_held 60
	[ "$(here)" = 100 ] || fail "$(here) files are left of 100"
	"$GODWIT" -c "$T/config" status > "$T/out" || true
	grep -q 'held: Box: 60 messages' "$T/out" || fail "status does not list them: $(cat "$T/out")"
	adm expunge -u me mailbox Box 1:10 # ten more, within the limit, are carried out
	sync_held 60
	[ "$(here)" = 90 ] || fail "$(here) files, not 90"
	sync_ok --accept-deletions
	[ "$(here)" = 30 ] && [ "$(find "$T/state/test.attic" -type f | wc -l)" = 70 ] || fail "$(here) files, not 30"
	assert_equal "$dress: accepted"
	# The log has the Message-ID of each: held ones do not shift those that went before them.
	[ "$(awk -F'\t' '$3 == "delete-here" { print $6 }' "$T/state/test.log" | sort -u | wc -l)" = 70 ] || fail "the log mixes up Message-IDs"
	sync_ok --json
	[ "$(json deleted)$(json held)" = 00 ] || fail "not stable"

	note "$dress: the mailbox is empty; taken back"
	rm -rf "$T/state" "$T/mail" # so that nothing counts as deleted lately
	sync_ok
	adm expunge -u me mailbox Box all
	sync_held 30
	[ "$(here)" = 30 ] || fail "$(here) files, not 30"
	sync_ok --restore-deletions --json
	[ "$(json messages_uploaded)" = 30 ] && [ "$(there)" = 30 ] || fail "$(there) came back"
	assert_equal "$dress: restored"
	sync_ok --json
	[ "$(json messages_uploaded)$(json held)" = 00 ] || fail "not stable"

	note "$dress: a few at a time, many times"
	adm expunge -u me mailbox Box 1:12
	sync_ok
	[ "$(here)" = 18 ] || fail "$(here) files, not 18"
	adm expunge -u me mailbox Box 1:12
	sync_held 12
	[ "$(here)" = 18 ] || fail "$(here) files, not 18"

	note "$dress: no guard"
	write_config 'guard = no'
	sync_ok --accept-deletions
	adm expunge -u me mailbox Box all
	sync_ok
	assert_equal "$dress: without a guard"
done
status=0
godwit --accept-deletions --restore-deletions sync > "$T/out" || status=$?
[ $status = 64 ] || fail "both at once: exit $status"
note ok
