#!/bin/bash
# SPDX-License-Identifier: ISC
# First sync, increments and no-op against a server with all extensions, without QRESYNC, and bare.
. "$(dirname "$0")/lib.sh"
MESSAGES=${MESSAGES:-2000}

fill_server() {
	rm -rf "$T/server/home" "$T/mail" "$T/state"
	mkdir -p "$T/server/home/Maildir/Lists"
	"$TOOLS/mkmail" "$MAIL/INBOX" $((MESSAGES - 700)) 1500 1
	"$TOOLS/mkmail" "$MAIL/Archive" 500 1500 2
	"$TOOLS/mkmail" "$MAIL/Lists/c" 200 1500 3
}

changes() {
	printf 'From: a@b\nSubject: x\nMessage-ID: <n1@x>\n\nhello\n' > "$T/m1"
	deliver INBOX "$T/m1"
	deliver Archive "$T/m1" FS
	adm flags add -u me '\Flagged' mailbox INBOX uid 1:100
	adm flags add -u me 'Work $Forwarded' mailbox INBOX uid 50:80
	adm flags remove -u me '\Seen' mailbox Archive 1:50
	adm expunge -u me mailbox INBOX uid "200:$((199 + MESSAGES / 50))" # less than the guard holds back
	adm expunge -u me mailbox Archive uid 500
	adm mailbox create -u me 'New one/Deep'
	deliver 'New one/Deep' "$T/m1"
}

files() { # NAME.last, the note of when the last sync was and how it went, is what each run writes
	find "$T/mail" "$T/state" -type f -not -name '*.last' -printf '%p %i %T@ %C@ %s\n' | sort
}

# Nothing is written, and nothing asked with FETCH where CONDSTORE tells, once it has come to rest: a look that was too close to
# our own writing may be made once more.
no_op() {
	local left=4
	sync_ok --json
	[ "$(json messages_downloaded)" = 0 ] || fail "a message was fetched again"
	files > "$T/before"
	sync_ok -vvv
	files > "$T/after"
	until cmp -s "$T/before" "$T/after"; do
		[ $((left -= 1)) -gt 0 ] || fail "a no-op changed a file: $(diff "$T/before" "$T/after")"
		files > "$T/before"
		sync_ok -vvv
		files > "$T/after"
	done
	[ "$1" = plain ] || ! grep -q 'C: g[0-9]* \(UID FETCH\|SELECT\)' "$T/err" || fail "a no-op sent FETCH or SELECT"
}

# Likewise: of a few runs, one writes nothing.
no_op_strace() {
	command -v strace > /dev/null || return 0
	local left=4
	until ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o "$T/strace" \
		-e trace=rename,renameat,renameat2,unlink,unlinkat,fsync,fdatasync,syncfs,pwrite64,ftruncate,mkdirat,link,linkat,sync_file_range \
		"$GODWIT" -c "$T/config" sync -q 2> "$T/err" || return 0 # no ptrace here
		! grep -qvE 'EEXIST|exited|SIG|\.last' "$T/strace"; do
		[ $((left -= 1)) -gt 0 ] || fail "a no-op wrote: $(cat "$T/strace")"
	done
}

MAIL=$T/server/home/Maildir
for dress in full noqresync plain; do
	note "$dress: first sync of $MESSAGES messages"
	fill_server
	server_start "$dress"
	write_config
	sync_ok --json
	[ "$(json messages_downloaded)" = "$MESSAGES" ] || fail "downloaded $(json messages_downloaded)"
	assert_equal "$dress: after the first sync"
	note "$dress: increments"
	changes
	sync_ok --json
	assert_equal "$dress: after changes"
	[ "$(json messages_downloaded)" = 3 ] || fail "$dress: $(json messages_downloaded) fetched, not 3"
	[ "$(find "$T/state/test.attic" -type f | wc -l)" = $((MESSAGES / 50 + 1)) ] || fail "the attic holds something else"
	note "$dress: nothing to do"
	no_op "$dress"
	no_op_strace
	server_stop
done

note "200 folders: round trips of a no-op"
rm -rf "$T/server/home" "$T/mail" "$T/state"
mkdir -p "$MAIL"
for i in $(seq 200); do
	"$TOOLS/mkmail" "$MAIL/F$i" 1 100 "$i"
done
server_start full
write_config
sync_ok
assert_equal "200 folders"
proxy_start
CLIENT_PORT=$PROXY_PORT write_config
sync_ok
proxy_stop
# A burst is counted when the client sends after it has received; the ClientHello comes before any.
# The last burst is the LOGOUT, which is not waited for.
set -- $PROXY_COUNTS
trips=$((2 + $8 - 1))
echo "no-op over 200 folders: $trips round trips (TCP, TLS, $(($8 - 1)) for IMAP); $4 bytes up, $6 down"
[ "$trips" -le 4 ] || fail "a no-op took $trips round trips"
note ok
