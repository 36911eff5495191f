# SPDX-License-Identifier: ISC
# tests/integration/meanwhile.sh - what is done on the server between two commands of a sync; sourced after
# lib.sh.  Wants change_there.

# A proxy before the server's port in clear, which can hold a command back (tools/proxy.c).
meanwhile_start() {
	[ -z "${AT_PID:-}" ] || { kill "$AT_PID" 2> /dev/null; wait "$AT_PID" 2> /dev/null || true; }
	rm -f "$T/at" "$T/at.now"
	: > "$T/at.out"
	"$TOOLS/proxy" "$IMAP_PORT" at="$T/at" > "$T/at.out" &
	AT_PID=$!
	PIDS="$PIDS $AT_PID"
	while [ ! -s "$T/at.out" ]; do
		kill -0 "$AT_PID" || fail "the proxy does not start"
		sleep 0.01 # until it has printed its port
	done
	AT_PORT=$(head -1 "$T/at.out")
}
# The account goes through it from now on.
meanwhile_config() {
	sed -i "s/port = .*/port = $AT_PORT/; s/host = .*/&\n  tls = \"none\"/; /tls-ca-file/d" "$T/config"
}
meanwhile() { # N: a sync while so many things happen there, each before a random command
	local left=$1 pid
	echo $((4 + RANDOM % 12)) > "$T/at"
	"$GODWIT" -c "$T/config" sync -q > "$T/out" 2> "$T/err" &
	pid=$!
	while kill -0 "$pid" 2> /dev/null; do
		if [ -e "$T/at.now" ]; then
			change_there
			left=$((left - 1))
			[ "$left" = 0 ] || echo $((1 + RANDOM % 4)) > "$T/at"
			rm "$T/at.now"
		fi
		sleep 0.005 # for the sync to come to that command
	done
	wait "$pid" || true
	rm -f "$T/at" "$T/at.now"
}
