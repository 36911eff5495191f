#!/bin/bash
# SPDX-License-Identifier: ISC
# Memory does not grow with a message's size, and little with their number.
. "$(dirname "$0")/lib.sh"
MANY=${MANY:-20000}

# Peak RSS as the kernel saw it: /proc/PID/status is read until the process is gone.
measure() {
	local pid peak_kib=0 now
	"$GODWIT" -c "$T/config" sync > "$T/out" 2> "$T/err" &
	pid=$!
	while now=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$pid/status" 2> /dev/null) && [ -n "$now" ]; do
		peak_kib=$now
	done
	wait "$pid" || fail "sync exited with $?"
	PEAK=$peak_kib
}

mkdir -p "$T/server/home/Maildir"/INBOX/{cur,new,tmp}
MAIL=$T/server/home/Maildir
server_start full
write_config
"$TOOLS/mkmail" "$MAIL/INBOX" 10 1000
server_own
measure
base=$PEAK
{ printf 'Subject: big\nMessage-ID: <big@x>\n\n'; head -c 37500000 /dev/urandom | base64; } > "$T/big"
deliver INBOX "$T/big" S
measure
assert_equal "a 50 MB message"
echo "a few messages: $base KiB; a message of $(stat -c %s "$T/big") bytes: $PEAK KiB"
case $GODWIT_BUILD in
*asan*) ;; # its shadow memory is counted, too
*) [ "$PEAK" -le $((base + 4096)) ] || fail "memory grew with the message" ;;
esac

"$TOOLS/mkmail" "$MAIL/Many" "$MANY" =2000 5
server_own
measure
assert_equal "$MANY messages"
echo "$MANY messages of 2 KB: $PEAK KiB"
case $GODWIT_BUILD in
*asan*) ;;
*) [ "$PEAK" -le $((16384 + MANY * 64 / 1024)) ] || fail "$PEAK KiB for $MANY messages" ;;
esac
note ok
