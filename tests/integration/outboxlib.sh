# SPDX-License-Identifier: ISC
# tests/integration/outboxlib.sh - an account that sends to tests/smtp/smtpd; sourced by bash scripts.
#
# Everything lives in $T and on 127.0.0.1; what was started is ended by pid.

set -eu
: "${GODWIT_BUILD:?}"
export LC_ALL=C.UTF-8
T=$(mktemp -d "${TMPDIR:-/tmp}/godwit-outbox.XXXXXX")
export XDG_RUNTIME_DIR=$T/run
PIDS=

cleanup() {
	status=$?
	for pid in $PIDS; do
		kill "$pid" 2> /dev/null || true
	done
	if [ "$status" != 0 ] && [ -n "${KEEP_FAILED:-}" ]; then
		echo "kept: $T"
	else
		rm -rf "$T"
	fi
	exit "$status"
}
trap cleanup EXIT

await_ports() { # PORT...: until somebody listens at each; half a minute at most
	local port
	for port in "$@"; do
		for _ in $(seq 600); do
			! (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null || break
			sleep 0.05
		done
	done
}

fail() {
	echo "FAILED: $*" >&2
	[ ! -s "$T/err" ] || sed 's/^/  stderr: /' "$T/err" >&2
	[ ! -s "$T/out" ] || sed 's/^/  stdout: /' "$T/out" >&2
	exit 1
}

note() {
	printf '%s\n' "-- $*"
}

SRV=$T/srv
Q=$T/state/me.outbox

# server OPTION...: a fresh one
server() {
	[ -z "${SERVER:-}" ] || { kill "$SERVER" 2> /dev/null; wait "$SERVER" 2> /dev/null; } || true
	rm -rf "$SRV"
	mkdir "$SRV"
	"$GODWIT_BUILD/smtpd" --user me --password secret "$@" "$SRV" &
	SERVER=$!
	PIDS="$PIDS $SERVER"
	until [ -s "$SRV/port" ]; do sleep 0.01; done
}

# reach MS: the server's port is one behind so much delay, there and back, from here on
reach() {
	[ -z "${PROXY:-}" ] || { kill "$PROXY" && wait "$PROXY"; } 2> /dev/null || true # it tells its counts at the end
	: > "$T/proxy.out"
	"$GODWIT_BUILD/proxy" "$(cat "$SRV/port")" "delay=$(($1 / 2))" > "$T/proxy.out" &
	PROXY=$!
	PIDS="$PIDS $PROXY"
	until [ -s "$T/proxy.out" ]; do sleep 0.01; done
	head -1 "$T/proxy.out" > "$SRV/port"
}

# config LINE...: an account that sends to the server; send = "manual"
config() {
	cat > "$T/config" <<-END
		state-dir = $T/state
		${SANDBOX:+sandbox = $SANDBOX}
		account "me" {
			smtp-host = "127.0.0.1"
			smtp-port = $(cat "$SRV/port")
			smtp-tls = "none"
			smtp-user = "me"
			smtp-password-command = "cat $T/password"
			from = {"me@x.test"}
			send = "manual"
			$(printf '%s\n' "$@")
		}
	END
	chmod 600 "$T/config"
	echo secret > "$T/password"
}

# fresh: an empty outbox, and nothing taken
fresh() {
	rm -rf "$T/state" "$SRV"/msgs/* "$SRV"/{log,count,rules,cut,cuts} "$SRV"/used.*
	mkdir -p "$T/state"
}

godwit() {
	"$GODWIT_BUILD/godwit" -c "$T/config" "$@"
}

# queue TO...: a small mail; leaves its id in $ID
queue() {
	printf 'From: me@x.test\nTo: %s\nSubject: hello\n\n.body\n' "$1" |
		godwit sendmail -v -oi -- "$@" 2> "$T/err" || fail "sendmail: $?"
	ID=$(sed -n 's/.*queued as \([0-9a-f]*\),.*/\1/p' "$T/err")
	[ -n "$ID" ] || fail "no id"
}

# send STATUS ARG...: `outbox send`, in time
send() {
	local want=$1 status=0
	shift
	timeout 60 "$GODWIT_BUILD/godwit" -c "$T/config" outbox send "$@" > "$T/out" 2> "$T/err" ||
		status=$?
	[ "$status" = "$want" ] || fail "outbox send $*: status $status, not $want"
}

# state_is STATE: of the one mail in the outbox
state_is() {
	godwit outbox --json > "$T/out" || true
	grep -q "\"state\":\"$1\"" "$T/out" || fail "the mail is not $1"
}

taken() { # how many messages the server has
	ls "$SRV/msgs" | wc -l
}

count() { # of lines with a word in the server's log
	grep -c "$1" "$SRV/log" || true
}
