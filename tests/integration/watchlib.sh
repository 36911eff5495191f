# SPDX-License-Identifier: ISC
# tests/integration/watchlib.sh - a watcher and what is done around it; sourced after lib.sh.

mail() { # ID: in $T/m
	printf 'From: a@b\nMessage-ID: <%s@x>\nReceived: by here\nSubject: %s\n\nhello %s\n' "$1" "$1" "$1" > "$T/m"
}
arrive() { # FOLDER: as a delivery agent does it, so that the server knows at once
	adm save -u me -m "$1" "$T/m"
}
until_true() { # WHAT COMMAND...: within half a minute, or UNTIL twentieths of a second
	local what=$1 i
	shift
	for i in $(seq "${UNTIL:-600}"); do
		! "$@" 2> /dev/null || return 0
		sleep 0.05 # for the other process to do it
	done
	fail "$what: it did not happen; the watcher said: $(tail -n 3 "$T/watch.err")"
}
here() { # FOLDER ID: delivered, not in tmp/, from where the watcher is about to move it
	[ -n "$(grep -rlF --exclude-dir=tmp "<$2@x>" "$T/mail/$1")" ]
}
there() { # FOLDER ID [SEARCH...]
	local folder=$1 id=$2
	shift 2
	[ "$(adm search -u me mailbox "$folder" HEADER Message-ID "<$id@x>" "$@" | wc -l)" = 1 ]
}
gone_here() { ! here "$@"; }
gone_there() { ! there "$@"; }
file() { # ID
	grep -rlF --exclude-dir=tmp "<$1@x>" "$T/mail" | head -1
}
stands() { # N: so many times it said that it waits
	[ "$(grep -c 'watching;' "$T/watch.err")" -ge "$1" ]
}
rests() { # the last that was said is that the server tells from now on
	tail -n 1 "$T/watch.err" | grep -qE 'OK NOTIFY completed|[+] idling|Still here'
}
watch_start() {
	rm -f "$T/notify"
	perl -MSocket -e '$| = 1; socket S, AF_UNIX, SOCK_DGRAM, 0; bind S, sockaddr_un($ARGV[0]) or die;
		while (defined recv S, $_, 4096, 0) { print }' "$T/notify" > "$T/notified" &
	PIDS="$PIDS $!"
	until_true "a service manager" test -S "$T/notify"
	: > "$T/watch.err" # or what the one before said counts for this one
	NOTIFY_SOCKET=$T/notify WATCHDOG_USEC=200000 LD_PRELOAD=${WATCH_PRELOAD:-} ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 ${WATCH_WITH:-} "$GODWIT" -c "$T/config" watch -vvv > "$T/watch.out" 2> "$T/watch.err" &
	WATCHER=$!
	PIDS="$PIDS $WATCHER"
	until_true "watching" stands 1
}
worker() { # the watcher itself, below its keeper where there is a sandbox
	local child=
	read -r child _ < "/proc/$WATCHER/task/$WATCHER/children" || true # there is no end of a line
	echo "${child:-$WATCHER}"
}
watch_stop() {
	local status=0
	kill -TERM "$WATCHER"
	wait "$WATCHER" || status=$?
	until_true "STOPPING=1" grep -q STOPPING=1 "$T/notified"
	[ $status = 0 ] || fail "the watcher ended with $status: $(tail -n 3 "$T/watch.err")"
}
syncs() {
	grep -c 'C: g[0-9]* LIST ' "$T/watch.err" || true
}

