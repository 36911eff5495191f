#!/bin/bash
# SPDX-License-Identifier: ISC
# Mail in bulk comes under DEFLATE where the server offers it; cut anywhere it goes on.
. "$(dirname "$0")/lib.sh"
CUTS=${CUTS:-12}
SEED=${SEED:-$(date +%s)}
RANDOM=$((SEED % 32768))
echo "seed: $SEED (SEED=$SEED replays the choices)"

fresh full
"$TOOLS/mkmail" "$MAIL/INBOX" "${MESSAGES:-3000}" 9000 1
mkdir -p "$MAIL"/{Archive,Trash}/{cur,new,tmp}
head -c 4000000 /dev/zero | tr '\0' y | fold -w 70 > "$T/long"
{ printf 'From: a@b\nMessage-ID: <long@x>\nSubject: long\n\n'; cat "$T/long"; } > "$T/m"
deliver Archive "$T/m"
EXTRA_CONFIG='protocol imap {
  mail_plugins = imap_zlib
}' server_start full
begin() { # [LINES]: nothing is here
	rm -rf "$T/mail" "$T/state"
	write_config "${1:-}"
}

note "the first sync"
begin
godwit sync --json -vvv > "$T/out" || fail "sync: $(tail -3 "$T/err")"
grep -q 'S: .* OK .*[Cc]ompress\|login: .* -> compress' "$T/err" || fail "it is not compressed"
assert_equal "compressed"
bytes=$(json bytes_downloaded) wire=$(json wire_received)
[ "$wire" -lt $((bytes * 3 / 4)) ] || fail "$bytes bytes of mail took $wire on the wire"
echo "$bytes bytes of mail, $wire on the wire"

note "what comes and goes afterwards needs no compressing"
godwit sync -vvv > "$T/out" || fail "$(tail -1 "$T/err")"
! grep -q -- '-> compress' "$T/err" || fail "it asked for it"
cp "$T/long" "$T/body"
{ printf 'From: a@b\nMessage-ID: <up@x>\nSubject: up\n\n'; cat "$T/body"; } > "$T/mail/INBOX/cur/up.1:2,S"
sync_ok
assert_equal "an upload"

note "not wanted"
begin 'compress = no'
godwit sync -vvv > "$T/out" || fail "$(tail -1 "$T/err")"
! grep -q -- '-> compress' "$T/err" || fail "it asked for it"
assert_equal "not compressed"

note "cut anywhere"
for i in $(seq "$CUTS"); do
	[ $((i % 4)) != 1 ] || begin
	proxy_start "down=$(((RANDOM * 32768 + RANDOM) % wire))"
	port=$IMAPS_PORT
	sed -i "s/port = .*/port = $PROXY_PORT/" "$T/config"
	status=0
	godwit sync -q > "$T/out" || status=$?
	[ $status = 0 ] || [ $status = 75 ] || fail "cut: $status: $(cat "$T/err")"
	proxy_stop
	sed -i "s/port = .*/port = $port/" "$T/config"
done
sync_ok
assert_equal "after $CUTS cuts"
note ok
