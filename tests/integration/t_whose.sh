#!/bin/bash
# Whose mail is this?  Another user or host in a block, or another account behind the same name, is told of and asked
# for before anything moves; many files that nobody knows do not go up unasked.
. "$(dirname "$0")/lib.sh"

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
note ok
