#!/bin/bash
# SPDX-License-Identifier: ISC
# One message, many labels: it crosses the wire once, and stands in each of its mailboxes here.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/gmaillib.sh"

MESSAGES=${MESSAGES:-600} # for figures: MESSAGES=5000
there() { # Message-ID and mailbox of everything there but All Mail
	web DUMP | sed 's/([^)]*)//' | awk -F'\t' '{split($1, a, " "); for (i = 2; i <= NF; i++)
		if ($i != "[Gmail]/All Mail" && $i != "[Gmail]/Starred") print a[2], $i}' | sort
}
here() {
	(cd "$T/mail" && grep -rHm1 '^Message-ID:' .) |
		sed 's#^\./\(.*\)/\(cur\|new\)/.*Message-ID: \(.*\)$#\3 \1#' | sort
}
equal() { # WHAT
	diff <(there) <(here) > "$T/diff" || fail "$1: $(head -5 "$T/diff")"
}
bytes() { web BYTES | cut -d' ' -f1; }

gmail_start fill="$MESSAGES"
gmail_config "connections = ${CONNECTIONS:-3}
compress = no" # for what comes beside bodies

note "the first sync of $MESSAGES messages"
sync_ok --json
equal "after the first sync"
read -r body distinct < <(web BYTES)
wire=$(json wire_received)
labels=$(there | wc -l)
awk -v b="$body" -v d="$distinct" -v l="$labels" -v m="$MESSAGES" -v w="$wire" 'BEGIN {
	printf "%d messages, %.2f labels each: bodies %.3f times the distinct mail, %.3f with all that comes beside them\n", m, l / m, b / d, w / d
	exit b != d || w > 1.05 * d }' || fail "a body came twice, or too much beside"
sync_ok
grep -q 'nothing new' "$T/out" || sync_ok
before=$(bytes)

note "a label put on there: the message is here already"
web LABEL "$(web_id fill3)" Archive/2020
sync_ok
equal "after a label"
[ "$(bytes)" = "$before" ] || fail "a body came for a label"

note "a file that is not what it was is not copied"
f=$(grep -rlF '<fill7@x>' "$T/mail" | head -1)
for f in $(grep -rlF '<fill7@x>' "$T/mail"); do # in place, which no reader does
	sed 's/sea/SEA/' "$f" > "$T/changed"
	cat "$T/changed" > "$f"
done
web LABEL "$(web_id fill7)" Archive/2020
sync_ok
! grep -q SEA "$(grep -rlF '<fill7@x>' "$T/mail/Archive/2020")" || fail "a changed file was copied"
[ "$(bytes)" -gt "$before" ] || fail "nothing was fetched"

note "the state is lost: nothing is fetched"
sync_ok
before=$(bytes)
rm -r "$T/state"
sync_ok
sync_ok
equal "after the state was lost"
[ $(($(bytes) - before)) -lt $((distinct / 10)) ] || fail "$(($(bytes) - before)) bytes of bodies came"

note "the state was lost, and then a label is put on: the ids are known again"
before=$(bytes)
web LABEL "$(web_id fill9)" Archive/2021
sync_ok
equal "after a label"
[ "$(bytes)" = "$before" ] || fail "a body came for a label"
note ok
