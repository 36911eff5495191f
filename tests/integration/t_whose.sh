#!/bin/bash
# SPDX-License-Identifier: ISC
# Whose mail is this?  Another user or host in a block, or another account behind the same name, is told of and asked
# for before anything moves; many files that nobody knows do not go up unasked.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/gmaillib.sh"

fresh full
"$TOOLS/mkmail" "$MAIL/INBOX" 12 300 1
"$TOOLS/mkmail" "$MAIL/Work" 5 300 2
server_start full
write_config
sync_ok

is_asked() { # WORDS: exit 1, and nothing moves on either side
	local status=0 option
	for option in --dry-run --json; do
		status=0
		godwit sync $option > "$T/out" || status=$?
		[ $status = 1 ] && cat "$T/err" "$T/out" | grep -q -- "$1.*--same-account" || fail "exit $status: $(cat "$T/err")"
	done
	cmp -s <(list_all) "$T/before" || fail "something moved"
}
list_all() { list_both; cat "$T/there" "$T/here"; }
change() { # SED-SCRIPT: of the configuration
	sed -i "$1" "$T/config"
}
list_all > "$T/before"

note "another user: asked, on every run, and with changes to be carried out, too"
change 's/user = "me"/user = "you"/'
is_asked 'belongs to me at localhost, and the configuration now says you at localhost'
rm "$(nth INBOX 1)"
list_all > "$T/before"
is_asked 'belongs to me at localhost'
change 's/user = "you"/user = "me"/'
sync_ok
[ "$(count_there INBOX)" = 11 ] || fail "it does not go on"
sync_ok
list_all > "$T/before"

note "a host that was renamed: said once, also when there is nothing to do"
change 's/host = "localhost"/host = "127.0.0.1"/'
is_asked 'at localhost, and the configuration now says me at 127.0.0.1'
sync_ok --same-account
grep -q 'nothing new' "$T/out" || fail "$(cat "$T/out")"
sync_ok
sync_ok --full

note "the state is lost, and the user is another: the tree knows"
mv "$T/state" "$T/state.away"
change 's/user = "me"/user = "you"/'
is_asked "mail belongs to me at"
[ ! -e "$T/state/test.db" ] || fail "a state was made"

note "another block with the tree of the first: likewise"
change 's/account "test"/account "second"/'
is_asked "mail belongs to me at"
change 's/account "second"/account "test"/; s/user = "you"/user = "ME"/' # as an address it is the same
sync_ok

held() { # N: so many are held back, on each run, by name in the status, and nothing went up
	local status=0 run
	for run in 1 2; do
		status=0
		godwit sync > "$T/out" || status=$?
		[ $status = 1 ] && grep -q "$1 messages that are here are not known.*--accept-uploads" "$T/err" || fail "exit $status: $(cat "$T/err")"
	done
	godwit status > "$T/out" || true
	[ "$(grep -c 'held back: one of many' "$T/out")" = "$1" ] || fail "status: $(cat "$T/out")"
}
note "more than a hundred files that nobody knows, in a tree that was in step; copies of what is known are no such files"
write_config
"$TOOLS/mkmail" "$MAIL/Big" 120 200 7
server_own
sync_ok --same-account
mkdir -p "$T/mail/Copies/cur" "$T/mail/Copies/new" "$T/mail/Copies/tmp"
for f in "$T/mail/Big"/*/*godwit*; do
	f=${f##*/}
	cp "$T/mail/Big"/*/"$f" "$T/mail/Copies/cur/copy.${f%%:2,*}:2,S"
done
sync_ok
[ "$(count_there Copies)" = 120 ] || fail "$(count_there Copies) copies are there"
"$TOOLS/mkmail" "$T/mail/Strange" 110 200 8
godwit sync -n > "$T/out" || true
[ "$(grep -c 'would not be uploaded until you decide' "$T/out")" = 110 ] || fail "the dry run says: $(head -3 "$T/out")"
held 110
[ "$(count_there Strange)" = 0 ] || fail "they went up"
"$TOOLS/mkmail" "$T/mail/Strange" 1 300 9 # one that comes later, as any
rm "$(nth Strange 1)"
godwit sync > "$T/out" || true
[ "$(count_there Strange)" = 1 ] || fail "$(count_there Strange) went up"
held "$(($(count_here Strange) - 1))"
sync_ok --accept-uploads
sync_ok
assert_equal "accepted"

note "a new UIDVALIDITY, and other mail"
rm -r "$MAIL/Work"
"$TOOLS/mkmail" "$MAIL/Work" 6 300 12
new_uidvalidity Work
server_own
held 5
[ "$(count_there Work)" = 6 ] || fail "$(count_there Work) are there"
sync_ok --accept-uploads
sync_ok
assert_equal "accepted after a new UIDVALIDITY"

note "a lost state, a mark that names nobody, and another account's mail"
rm -r "$T/state"
sed -i '/^user\|^host/d' "$T/mail/.godwit"
n=$(find "$T/mail" -path '*/cur/*' -o -path '*/new/*' | grep -c .)
rm -r "$MAIL"
mkdir -p "$MAIL"
"$TOOLS/mkmail" "$MAIL/INBOX" 9 300 22
server_own
status=0
godwit sync > "$T/out" || status=$?
[ $status = 1 ] || fail "exit $status"
there=0
for folder in INBOX Work Big Copies Strange; do there=$((there + $(count_there $folder))); done
[ $there -le 13 ] || fail "$there messages are there of 9: $(cat "$T/out")"

note "Gmail's accounts have equal UIDVALIDITYs: what is another user's is not taken for the first one's"
letter() { printf 'From: a@b\nMessage-ID: <%s@x>\nSubject: %s\n\nhello %s\n' "$1" "$1" "$1" > "$T/m"; }
gmail_of() { # ID...: an account with these messages
	[ -z "${GMAIL_PID:-}" ] || { kill "$GMAIL_PID"; wait "$GMAIL_PID" 2> /dev/null || true; }
	gmail_start
	for id in "$@"; do
		letter "$id"
		web DELIVER INBOX "$T/m"
	done
	gmail_config
}
nothing_moves() { # exit 1 whatever is asked for, and both sides as they were
	local status option
	web DUMP > "$T/before"
	(cd "$T/mail" && find . -type f | sort) > "$T/before.here"
	for option in --dry-run --json --full; do
		status=0
		godwit sync $option > "$T/out" || status=$?
		[ $status = 1 ] && cat "$T/err" "$T/out" | grep -q 'somebody@gmail.com .*other@gmail.com .*--same-account' ||
			fail "exit $status: $(cat "$T/err")"
	done
	web DUMP | cmp -s - "$T/before" || fail "something was done there"
	(cd "$T/mail" && find . -type f | sort) | cmp -s - "$T/before.here" || fail "something was done here"
}
rm -r "$T/mail" "$T/state"
gmail_of old1 old2 old3
sync_ok
gmail_of new1 new2 new3 new4 # under the same UIDs and UIDVALIDITYs
change 's/somebody@gmail.com/other@gmail.com/'
rm "$(find "$T/mail/INBOX" -path '*/new/*' -type f | head -1)"
nothing_moves
rm -r "$T/state" # a new account on an old tree
nothing_moves
change "s|$T/mail|$T/other|"
sync_ok
[ "$(find "$T/other/INBOX/new" -type f | wc -l)" = 4 ] || fail "a tree of its own does not do: $(cat "$T/out")"
note ok
