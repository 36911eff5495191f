#!/bin/bash
# SPDX-License-Identifier: ISC
# What a server says, end to end: the class of each reply, the exit status of `outbox send`, and what it tells, as a
# table: docs/outbox-replies.md is what this prints.  With "write" as argument it is written anew.
. "$(dirname "$0")/outboxlib.sh"

HERE=$(cd "$(dirname "$0")" && pwd)
TABLE=$HERE/../../docs/outbox-replies.md
WRITE=${1:-}
server --caps PIPELINING,8BITMIME,ENHANCEDSTATUSCODES,AUTH_PLAIN
config

class_of() { # STATUS
	local pause
	pause=$(sqlite3 "$T/state/me.outbox.db" "SELECT (value - strftime('%s', 'now') + 30) / 60 FROM fact WHERE name = 'pause_until'")
	if [ "$1" = 77 ]; then
		echo "sign-in"
	elif [ "${pause:-0}" -gt 0 ]; then
		echo "pause, $pause min$(! godwit outbox --json | grep -q in-doubt || echo '; doubt')"
	else
		godwit outbox --json | sed -n 's/^{"account":"me","id":"[^"]*","state":"\([a-z-]*\)".*/\1/p' |
			sed 's/waiting/later/; s/refused/no/; s/in-doubt/doubt/'
	fi
}

{
	cat <<-END
		# What servers say to mail, and what godwit does

		Each reply was given by a server of the tests at this point of a dialogue. *later*: tried again after 1, 2, 5, 15, 30
		minutes, and so on; *pause*: nothing of the account leaves before then, and it is no try; *sign-in*: the account waits for
		other credentials; *no*: the mail stays in the outbox, refused, for the recipients concerned; *doubt*: the server may have
		taken it. The status is that of \`godwit outbox send\`. Where a reply means a pause and a doubt, both hold.
		Written by \`tests/integration/t_outboxreplies.sh write\`.

		| at | reply | class | status | told |
		|---|---|---|---|---|
	END
	grep -v '^#' "$HERE/../smtp/replies" | while read -r at reply; do
		fresh
		printf '%s * * %s\n' "$at" "$reply" > "$SRV/rules"
		queue a@y
		status=0
		timeout 60 "$GODWIT_BUILD/godwit" -c "$T/config" outbox send > "$T/out" 2> "$T/err" || status=$?
		told=$(cat "$T/err" "$T/out" | grep -v '^[0-9a-f]\{12\}  sending ' | head -1 |
			sed "s/^godwit: me: //; s/^[0-9a-f]\{12\} *//; s/127\.0\.0\.1/HOST/g; s/|/\\\\|/g; s/  */ /g")
		[ "$status" -gt 0 ] && [ "$status" -lt 80 ] || fail "$at $reply: status $status"
		[ "$(taken)" = 0 ] || fail "$at $reply: it was taken"
		echo "| $at | \`${reply//\\n/\` \`}\` | $(class_of "$status") | $status | $told |"
	done
} > "$T/table"
[ "$(grep -c '^| ' "$T/table")" -gt 45 ] || fail "not all were said: $(tail -2 "$T/table")"
if [ "$WRITE" = write ]; then
	cp "$T/table" "$TABLE"
else
	diff "$TABLE" "$T/table" || fail "docs/outbox-replies.md is not what is done"
fi
