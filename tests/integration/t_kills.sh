#!/bin/bash
# SPDX-License-Identifier: ISC
# Both sides changed, with uploads, moves, edits and deletions; the run is killed before its n-th write,
# rename, flush, unlink or send, or the disk is full from there on, or it fails, or the connection is cut
# after some byte.  The next run ends as if nothing had happened: every message is where it was put last,
# once, on both sides.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mailset.sh"
KILL_POINTS=${KILL_POINTS:-2} # of each kind of call
CUT_POINTS=${CUT_POINTS:-2}
DRESSES=${DRESSES:-full plain}
FAIL_POINTS=${FAIL_POINTS:-2} # of a full disk, and of one that cannot be flushed
points=0 killed=0 failed=0

compare() { # WHAT
	local side
	points=$((points + 1))
	for side in "$MAIL" "$T/mail"; do
		present "$side" > "$T/present"
		expected | cmp -s - "$T/present" && continue
		expected | diff - "$T/present" > "$T/diff" || true
		cut -d' ' -f2 "$T/diff" | sort -u | grep -F "$SEED" |
			grep -hF -f - "$T/expected" "$T/present" > "$T/about" || true
		fail "$1: $side is not as it should be: $(head -6 "$T/diff"); of these (expected, then present): $(cat "$T/about"); done: $(cat "$T/last")"
	done
	assert_equal "$1"
}

recover() { # WHAT
	sync_ok
	sync_ok
	sync_ok # what seemed restless is done
	compare "$1"
}

killed() { # KINDS: killed before one of the operations of them, and then another; by chance at an early one
	local n=$((1 + RANDOM % 6)) left=$KILL_POINTS status
	while [ $left -gt 0 ]; do
		change
		left=$((left - 1))
		status=0
		killed_at "$1" $n || status=$?
		recover "$DRESS: killed before $1 number $n"
		if [ "$status" = 137 ]; then
			killed=$((killed + 1))
			n=$((n + 1 + RANDOM % (2 + n / 4)))
		else # there were not as many
			n=$((1 + RANDOM % n))
		fi
	done
}

failing() { # ERRNO KINDS: likewise, from the n-th operation of them on
	local n=1 status left=$FAIL_POINTS
	while [ $left -gt 0 ]; do
		change
		left=$((left - 1))
		status=0
		failing_at "$1" "$2" $n || status=$?
		case $status in
		0) ;; # there were not as many
		74 | 1) failed=$((failed + 1)) ;;
		*) fail "$DRESS: error $1 from $2 number $n on: exit status $status: $(tail -3 "$T/err")" ;;
		esac
		recover "$DRESS: error $1 from $2 number $n on"
		n=$([ $status = 0 ] && echo 1 || echo $((n + 1 + RANDOM % 4)))
	done
}

for dress in $DRESSES; do
	note "$dress"
	setup "$dress"
	for kinds in s W N F U C; do # see tools/powerlog.c
		killed $kinds
	done
	failing 28 CMWLN # ENOSPC
	failing 5 F      # EIO
	proxy_start
	CLIENT_PORT=$PROXY_PORT write_config 'guard = no
		delete = "expunge"'
	change
	sync_ok
	proxy_stop
	set -- $PROXY_COUNTS
	up=$4 down=$6
	for i in $(seq "$CUT_POINTS"); do
		if [ $((i % 2)) = 0 ]; then max=$up; way=up; else max=$down; way=down; fi
		limit=$way=$(((RANDOM * 32768 + RANDOM) % max + 1))
		change
		proxy_start "$limit"
		CLIENT_PORT=$PROXY_PORT write_config 'guard = no
			delete = "expunge"'
		status=0
		timeout 120 "$GODWIT" -c "$T/config" sync -q > "$T/out" 2> "$T/err" || status=$?
		[ $status != 124 ] || fail "$dress: cut at $limit: hangs"
		proxy_stop
		write_config 'guard = no
			delete = "expunge"'
		recover "$dress: cut at $limit"
	done
done
[ "$killed" -gt 0 ] || [ "$KILL_POINTS" = 0 ] || fail "nothing was killed"
[ "$failed" -gt 0 ] || [ "$FAIL_POINTS" = 0 ] || fail "nothing failed"
echo "$points points, $killed kills, $failed failures of the disk, $number messages: lost 0, doubled 0, brought back 0"
note ok
