#!/bin/bash
# SPDX-License-Identifier: ISC
# Killed at random moments and cut at random byte counts: nothing lost, doubled, or fetched again.
. "$(dirname "$0")/lib.sh"
KILLS=${KILLS:-30}
CUTS=${CUTS:-30}
SEED=${SEED:-$(date +%s)}
RANDOM=$((SEED % 32768))
echo "seed: $SEED (SEED=$SEED replays the choices)"

mkdir -p "$T/server/home/Maildir"
MAIL=$T/server/home/Maildir
"$TOOLS/mkmail" "$MAIL/INBOX" 150 40000 1
"$TOOLS/mkmail" "$MAIL/Archive" 100 20000 2
"$TOOLS/mkmail" "$MAIL/Empty" 0
"$TOOLS/mkmail" "$MAIL/Small" 60 500 3
server_start full
write_config
TOTAL=$(find "$MAIL" -path '*/cur/*' -o -path '*/new/*' | wc -l)


here() {
	[ ! -d "$T/mail" ] || find "$T/mail" -type f \( -path '*/cur/*' -o -path '*/new/*' \) | wc -l
}

# kill_after MS: a run, killed then; returns when its process, and with it its lock, is gone
kill_after() {
	"$GODWIT" -c "$T/config" sync -q 2> "$T/err" &
	local pid=$!
	sleep "$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))" # the moment that this run is about
	kill -KILL "$pid" 2> /dev/null || true
	wait "$pid" 2> /dev/null || true
}

# Runs to the end: equal to the server, and only what was not in place was fetched.
recover() {
	local present
	present=$(here)
	sync_ok --json
	[ "$(json messages_downloaded)" = $((TOTAL - ${present:-0})) ] ||
		fail "$1: $present messages were in place, $(json messages_downloaded) of $TOTAL fetched"
	assert_equal "$1"
	[ -z "$(find "$T/mail" -path "$T/mail/*/tmp/*")" ] || [ "$present" = "$TOTAL" ] || fail "$1: litter in tmp"
}

sync_ok
wait_ms=$( { TIMEFORMAT=%R; time (rm -rf "$T/mail" "$T/state"; sync_ok) ; } 2>&1 | tr -d . | sed 's/^0*//')
echo "one whole run: ${wait_ms:-1} ms"

partial=0
for i in $(seq "$KILLS"); do
	rm -rf "$T/mail" "$T/state"
	ms=$((RANDOM % (wait_ms + wait_ms / 8 + 1)))
	kill_after "$((ms + 1))"
	n=$(here)
	[ "${n:-0}" = 0 ] || [ "$n" = "$TOTAL" ] || partial=$((partial + 1))
	recover "kill $i after $ms ms"
done
echo "$KILLS kills, $partial of them with part of the mail in place: lost 0, doubled 0, fetched again 0"

rm -rf "$T/mail" "$T/state"
proxy_start
CLIENT_PORT=$PROXY_PORT write_config
sync_ok
proxy_stop
set -- $PROXY_COUNTS
up=$4 down=$6
for i in $(seq "$CUTS"); do
	rm -rf "$T/mail" "$T/state"
	if [ $((i % 4)) = 0 ]; then
		limit=up=$((RANDOM * 32768 + RANDOM)) max=$up
	else
		limit=down=$((RANDOM * 32768 + RANDOM)) max=$down
	fi
	limit=${limit%%=*}=$((${limit#*=} % max + 1))
	proxy_start "$limit"
	CLIENT_PORT=$PROXY_PORT write_config
	status=0
	timeout 120 "$GODWIT" -c "$T/config" sync -q > "$T/out" 2> "$T/err" || status=$?
	[ $status != 124 ] || fail "cut at $limit: hangs"
	[ $status != 0 ] || assert_equal "cut at $limit: exit 0" # another connection did the rest
	proxy_stop
	write_config
	recover "cut at $limit"
done
echo "$CUTS cuts: lost 0, doubled 0, fetched again 0"
note ok
