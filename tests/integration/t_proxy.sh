#!/bin/bash
# SPDX-License-Identifier: ISC
# `proxy`: every connection goes through a SOCKS5 proxy, which resolves the name; what it refuses is told.
. "$(dirname "$0")/lib.sh"

mkdir -p "$T/server/home/Maildir"
MAIL=$T/server/home/Maildir
"$TOOLS/mkmail" "$MAIL/INBOX" 20 2000 1
server_start full

socks_start() { # ARG...: its port is SOCKS
	: > "$T/socks"
	"$TOOLS/socksd" "$@" > "$T/socks" &
	SOCKSD=$!
	PIDS="$PIDS $SOCKSD"
	while [ ! -s "$T/socks" ]; do
		kill -0 "$SOCKSD" || fail "the proxy does not start"
		sleep 0.01 # until it has printed its port
	done
	SOCKS=$(head -n 1 "$T/socks")
}
through() { # PROXY: a configuration whose server is to be found by the proxy alone
	write_config "proxy = \"$1\""
	sed "s/port = .*/port = 1/" "$T/config" > "$T/config2" && mv "$T/config2" "$T/config"
}
refused() { # STATUS TEXT
	local status=0
	godwit sync > "$T/out" || status=$?
	[ $status = "$1" ] && grep -q -- "$2" "$T/err" || fail "status $status: $(cat "$T/err")"
}

note "a sync, both ways; the doctor"
socks_start "$IMAPS_PORT"
through "socks5://127.0.0.1:$SOCKS"
sync_ok
printf 'From: me\nMessage-ID: <mine@x>\n\nmine\n' > "$T/mail/INBOX/cur/mine:2,S"
sync_ok
assert_equal "through the proxy"
[ "$(sed 1d "$T/socks" | sort -u)" = "name localhost 1" ] || fail "it was asked for: $(cat "$T/socks")"
godwit doctor > "$T/out" || fail "doctor: $(cat "$T/out")"
grep -q "through the proxy 127.0.0.1 port $SOCKS" "$T/out" || fail "$(cat "$T/out")"

note "what is refused"
through "socks5://127.0.0.1:$(free_port)"
refused 75 'the proxy: cannot connect to 127.0.0.1'
through "socks5://127.0.0.1:$IMAP_PORT" # a server that is none
refused 75 'is no SOCKS5'
through "socks5h://me:p%40w@127.0.0.1:$SOCKS"
sync_ok # it wants no name, and takes none
kill "$SOCKSD"
socks_start "$IMAPS_PORT" me p@w
through "socks5h://me:p%40w@127.0.0.1:$SOCKS"
sync_ok
through "socks5h://me:wrong@127.0.0.1:$SOCKS"
refused 75 'refuses the name and password'
through "socks5://127.0.0.1:$SOCKS"
refused 75 'wants a name and a password'
kill "$SOCKSD"
socks_start "$(free_port)"
through "socks5://127.0.0.1:$SOCKS"
refused 75 'does not connect to localhost port 1: connection refused'
write_config 'proxy = "http://127.0.0.1:1"'
refused 78 'it is written as "socks5://host:port"'
write_config 'proxy = "socks5://127.0.0.1:1" tls = "none"'
refused 78 'in clear'
note ok
