#!/bin/bash
# SPDX-License-Identifier: ISC
# Where secrets stand in memory: a password and a token of random text, after the sign-in of a watcher, are nowhere but in
# memory that is locked and in no core.  Wants root, as nobody else may look.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"
[ -n "$RUN_AS_ROOT" ] || { echo "only root may look into a process that is not dumpable"; exit 77; }

random() {
	head -c 15 /dev/urandom | base64 | tr '+/' 'xy'
}
# What nobody but the process may know, and what it looks like on the way: the middle of the SASL message.
words() { # MESSAGE SECRET
	printf '%s\n' "$2"
	printf "$1" "$2" | base64 -w0 | cut -c13-32
}
look() { # WHAT PID
	perl "$(dirname "$0")/../tools/findsecret.pl" "$2" "${WORDS[@]}" > "$T/found" || fail "$1: $(cat "$T/found")"
	! grep -v ' locked$' "$T/found" || fail "$1: in memory that is not locked"
	echo "$1: $(wc -l < "$T/found") places, all locked"
}

PASSWORD=$(random)
fresh full
"$TOOLS/mkmail" "$MAIL/INBOX" 5 600 1
server_start full
printf '%s\n' "$PASSWORD" > "$T/password"
mapfile -t WORDS < <(words '\0me\0%s' "$PASSWORD")

for how in PLAIN SCRAM-SHA-256; do
	note "a password, by $how"
	rm -rf "$T/mail" "$T/state"
	write_config "auth-mechanisms = {\"$how\"}"
	[ "$how" = PLAIN ] || { AUTH_MECHANISMS="plain scram-sha-256" server_restart full; write_config "auth-mechanisms = {\"$how\"}"; }
	sed -i "s|echo secret|cat $T/password|" "$T/config"
	watch_start
	look "the watcher" "$(worker)"
	look "its keeper" "$WATCHER"
	watch_stop
done
note ok
