#!/bin/bash
# SPDX-License-Identifier: ISC
# The line is cut after each byte of a dialogue, either way, by FIN and RST, with DATA and BDAT, through the
# whole outbox.  0 lost; sent twice only where the server took it and its answer did not arrive, and then
# by in-doubt = "resend" alone: with "hold", and with evidence in \Sent, never.
# CUT_STEP (default 200): every so many bytes; 1 takes an hour.  See test_smtp_session for silence and TLS.
. "$(dirname "$0")/outboxlib.sh"

CUT_STEP=${CUT_STEP:-200}
DATA=PIPELINING,8BITMIME,SIZE_1000000,ENHANCEDSTATUSCODES
printf 'password=app\n' > "$T/gmail"
"$GODWIT_BUILD/gmaild" "$T/gmail" > "$T/gmail.out" &
PIDS="$PIDS $!"
until [ -s "$T/gmail.out" ]; do sleep 0.01; done
GMAIL=$(head -1 "$T/gmail.out")

account() { # WAY: resend, hold, evidence
	config 'smtp-user = ""' "in-doubt = \"${1/evidence/resend}\""
	[ "$1" = evidence ] || return 0
	cat > "$T/config" <<-END
		state-dir = $T/state
		account "me" {
			host = "127.0.0.1" port = $GMAIL tls = "none" user = "me@x.test"
			password-command = "echo app" maildir = "$T/mail" smtp-host = "smtp.gmail.com" smtp-user = ""
			smtp-tunnel-command = "bash -c 'exec 3<>/dev/tcp/127.0.0.1/$(cat "$SRV/port"); exec 4<&0; cat <&4 >&3 & cat <&3'"
			send = "manual"
		}
	END
	echo "$GMAIL [Gmail]/Sent Mail" > "$SRV/files-in"
	[ -d "$T/mail" ] || godwit sync > "$T/out" 2> "$T/err" || fail "sync"
}

# try WAY CUT: one mail, one cut; counts
try() {
	rm -rf "$Q" "$T/state/me.outbox"* "$SRV"/msgs/* "$SRV"/{log,count,cut,cuts} "$SRV"/used.*
	echo "$2" > "$SRV/cut"
	# shellcheck disable=SC2086
	queue $TO
	doubt=0
	for _ in 1 2 3 4 5 6; do
		timeout 60 "$GODWIT_BUILD/godwit" -c "$T/config" outbox send --now > "$T/out" 2> "$T/err" || true
		[ -n "$(ls "$Q"/cur "$Q"/new | grep '\.godwit')" ] || break
		sqlite3 "$T/state/me.outbox.db" 'UPDATE mail SET doubt_at = doubt_at - 700 WHERE doubt_at > 0;
			SELECT count(*) FROM mail WHERE doubts > 0' > "$T/doubts"
		[ "$(cat "$T/doubts")" = 0 ] || doubt=1
	done
	got=$(taken)
	cuts=$((cuts + 1))
	doubts=$((doubts + doubt))
	[ "$got" -le 1 ] || twice=$((twice + 1))
	[ "$got" -le 1 ] || [ "$1" = resend ] || fail "$1, cut at $2: sent $got times"
	[ "$got" -le 2 ] || fail "$1, cut at $2: sent $got times"
	if [ "$got" = 0 ]; then # it may be held, in sight, and only then
		[ "$1" = hold ] && godwit outbox --json | grep -q '"state":"held"' || fail "$1, cut at $2: lost"
		held=$((held + 1))
	fi
}

# points WAY: after which bytes: the whole of it in steps, and finely where the text and its answer go
points() {
	local all fine=$(((CUT_STEP + 19) / 20))
	rm -f "$SRV/cut"
	rm -rf "$Q" "$T/state/me.outbox"* "$SRV"/msgs/* "$SRV/log"
	# shellcheck disable=SC2086
	queue $TO
	godwit outbox send > "$T/out" 2> "$T/err" || fail "send"
	until grep -q '^end' "$SRV/log"; do sleep 0.01; done
	all=$(sed -n 's/^end [a-z]* \([0-9]*\) \([0-9]*\)$/\1 \2/p' "$SRV/log" | tail -1)
	[ "$1" = in ] && all=${all% *} || all=${all#* }
	{ seq 1 "$CUT_STEP" "$all"; seq $((all - 45)) "$fine" "$all"; } | sort -nu
}

for caps in $DATA $DATA,CHUNKING; do
	server --caps $caps --helo-any
	for way in resend hold evidence; do
		account $way
		for class in "in rst" "in fin" "out rst" "out fin"; do
			for TO in a@y "a@y b@y c@y"; do
				[ "$CUT_STEP" -lt 50 ] || case $class,$TO in "in rst,a@y" | "out fin,a@y b@y c@y") ;; *) continue ;; esac
				cuts=0 doubts=0 twice=0 held=0
				for n in $(points "${class% *}"); do
					try $way "${class% *} $n ${class#* } 1"
				done
				printf '   %-8s %-7s %s to, %s: %d cuts, %d in doubt, %d sent twice, %d held unsent\n' \
					$way "$class" "$(echo "$TO" | wc -w)" "$(case $caps in *CHUNK*) echo BDAT ;; *) echo DATA ;; esac)" \
					$cuts $doubts $twice $held
			done
		done
	done
done

note "the moment itself: it has all of it, and its answer is lost"
for caps in $DATA $DATA,CHUNKING; do
	server --caps $caps --helo-any
	for way in resend hold evidence; do
		account $way
		TO=a@y cuts=0 doubts=0 twice=0 held=0
		rm -f "$SRV/rules"
		echo 'DOT * 1 accept-close' > "$SRV/rules"
		try $way "in 1000000 rst 1"
		[ $twice = "$([ $way = resend ] && echo 1 || echo 0)" ] || fail "$way: sent twice: $twice"
		echo "   $way: in doubt $doubts, sent twice $twice"
	done
done
