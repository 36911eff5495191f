#!/bin/bash
# SPDX-License-Identifier: ISC
# max-age, max-messages and max-size: what is outside leaves this side only, comes back when the window
# grows, and is never taken for deleted.
. "$(dirname "$0")/lib.sh"

stable() {
	sync_ok --json
	expect_counts messages_downloaded=0 messages_uploaded=0 deleted=0 deleted_there=0 expired=0
}

for dress in full plain; do
	fresh "$dress"
	"$TOOLS/mkmail" "$MAIL/INBOX" 30 400 1
	printf 'From: a@b\nMessage-ID: <big@x>\n\n' > "$T/big"
	head -c 300000 /dev/zero | tr '\0' x | fold -w 70 >> "$T/big"
	server_start "$dress"
	adm flags add -u me '\Seen' mailbox INBOX all
	adm flags remove -u me '\Flagged' mailbox INBOX all
	adm flags add -u me '\Flagged' mailbox INBOX uid 2
	adm flags remove -u me '\Seen' mailbox INBOX uid 3
	adm save -u me -m INBOX < "$T/big" # now: the newest
	adm flags add -u me '\Seen' mailbox INBOX uid 31

	note "$dress: by count and size, from the first sync on"
	write_config 'folder "INBOX" { max-messages = 10 max-size = "100k" }'
	sync_ok --json
	expect_counts messages_downloaded=11 # 22 to 30; 2 is flagged, 3 is unread; the big one is not here
	stable
	note "$dress: a change of something outside fetches nothing, a flag brings it in"
	adm flags add -u me '\Answered' mailbox INBOX uid 5
	sync_ok --json
	expect_counts messages_downloaded=0
	adm flags add -u me '\Flagged' mailbox INBOX uid 6
	sync_ok --json
	expect_counts messages_downloaded=1
	note "$dress: new mail pushes the oldest out"
	printf 'From: a@b\nMessage-ID: <new@x>\n\nnew\n' | adm save -u me -m INBOX
	sync_ok --json
	expect_counts messages_downloaded=1 expired=1 deleted_there=0 deleted=0
	[ "$(find "$T/state/test.attic/INBOX" -type f | wc -l)" = 1 ] || fail "what left is not in the attic"
	stable
	[ "$(count_there INBOX)" = 32 ] || fail "something left the server"
	note "$dress: the window grows, shrinks, and is gone; killed in between"
	write_config 'folder "*" { max-messages = 20 max-size = "1M" }'
	for at in 3 6 9; do # between a file and its row, which there is already, without one
		killed_at N $at || true
	done
	sync_ok --json
	expect_counts messages_uploaded=0
	[ "$(count_there INBOX)" = 32 ] && [ "$(count_here INBOX)" = 23 ] || fail "$(count_there INBOX) there, $(count_here INBOX) here"
	write_config 'folder "INBOX" { max-messages = 5 }'
	for at in 1 2 3 4; do
		killed_at U $at || true
	done
	sync_ok --json
	expect_counts deleted_there=0 messages_uploaded=0
	sync_ok --json
	expect_counts deleted_there=0 messages_uploaded=0 messages_downloaded=0
	[ "$(count_there INBOX)" = 32 ] && [ "$(count_here INBOX)" = 8 ] || fail "$(count_there INBOX) there, $(count_here INBOX) here"
	write_config
	sync_ok
	assert_equal "$dress: no window"
	note "$dress: by age"
	write_config 'folder "INBOX" { max-age = 30 }'
	sync_ok --json
	expect_counts deleted_there=0 # the samples are of 2020; two came today
	[ "$(count_there INBOX)" = 32 ] && [ "$(count_here INBOX)" = 2 ] || fail "$(count_there INBOX) there, $(count_here INBOX) here"
	stable
	note "$dress: by date, which is another way to say so: nothing comes or goes"
	write_config 'folder "INBOX" { since = "2021-01-01" }'
	sync_ok --json
	expect_counts deleted_there=0 deleted=0 expired=0 messages_downloaded=0
	stable
	write_config 'folder "INBOX" { since = "2019-12-31" }'
	sync_ok
	[ "$(count_there INBOX)" = 32 ] && [ "$(count_here INBOX)" = 32 ] || fail "$(count_there INBOX) there, $(count_here INBOX) here"
	note "$dress: of a date and an age the later counts; what leaves goes to the attic"
	write_config 'folder "INBOX" { since = "2019-12-31" max-age = 30 }'
	sync_ok
	sync_ok
	[ "$(count_there INBOX)" = 32 ] && [ "$(count_here INBOX)" = 2 ] || fail "$(count_there INBOX) there, $(count_here INBOX) here"
	note "$dress: what is deleted there while it is outside is forgotten"
	adm expunge -u me mailbox INBOX uid 9
	rm "$(nth INBOX 1)"
	sync_ok --json
	expect_counts deleted=0 deleted_there=1
	write_config
	sync_ok
	sync_ok
	assert_equal "$dress: no window"
done
note ok
