#!/bin/bash
# SPDX-License-Identifier: ISC
# Servers, files, clocks and disks that misbehave: each is told, nothing is lost, nothing is sent twice that was
# not in doubt, and one bad mail does not keep the others.
. "$(dirname "$0")/outboxlib.sh"

CAPS=8BITMIME,SIZE_100000,ENHANCEDSTATUSCODES,DSN,AUTH_PLAIN_LOGIN

# later: what is in doubt is due
later() {
	[ ! -f "$T/state/me.outbox.db" ] ||
		sqlite3 "$T/state/me.outbox.db" 'UPDATE mail SET doubt_at = doubt_at - 700 WHERE doubt_at > 0'
}

# has N ADDRESS: the server has so many mails for it
has() {
	local n
	n=$(cat "$SRV"/msgs/* 2> /dev/null | grep -c "^RCPT TO:<$2>" || true)
	[ "$n" = "$1" ] || fail "$NAME: $2 has it $n times, not $1: $(cat "$T/told" "$SRV/log")"
}

# row NAME SCOPE END WORDS RULE...: of two mails the first one meets the rules (SCOPE mail) or both do (all); what
# is said has WORDS; once the rules are gone the first one is sent, refused, or sent twice after a doubt (END)
row() {
	local scope=$2 end=$3 words=$4 i
	NAME=$1
	shift 4
	fresh
	printf '%s\n' "$@" > "$SRV/rules"
	queue bad@y
	queue good@y
	: > "$T/told"
	for i in 1 2 3; do
		timeout 60 "$GODWIT_BUILD/godwit" -c "$T/config" outbox send --now >> "$T/told" 2>&1 ||
			[ $? -lt 100 ] || fail "$NAME: it did not end well: $(cat "$T/told")"
	done
	grep -q -- "$words" "$T/told" || fail "$NAME: it does not say \"$words\": $(cat "$T/told")"
	[ "$(wc -c < "$T/told")" -lt 20000 ] || fail "$NAME: it says too much"
	[ "$scope" = all ] || has 1 good@y
	: > "$SRV/rules"
	for i in 1 2 3; do
		later
		godwit outbox send --now >> "$T/told" 2>&1 || true
	done
	has 1 good@y
	case $end in
	sent) has 1 bad@y ;;
	twice) has 2 bad@y ;;
	refused)
		has 0 bad@y
		godwit outbox | grep -q refused || fail "$NAME: not refused: $(cat "$T/told")"
		;;
	esac
}

note "answers that are none, and those that end the connection"
server --caps "PIPELINING,$CAPS"
config
row "a long reply" all sent 'does not end' 'MAIL * * huge'
row "an endless reply" all sent 'does not end' 'EHLO * * endless'
row "an endless reply to one" mail sent 'does not end' 'RCPT bad@y * endless'
row "a reply with NUL" mail refused '550 a?b' 'RCPT bad@y * nul'
row "10,000 lines of EHLO" all sent ' sent ' 'EHLO * * many'
row "no SMTP at all" all sent 'no SMTP reply' 'greeting * * HTTP/1.1 400 Bad Request'
row "a code of another class" mail sent 'no SMTP reply' 'RCPT bad@y * 199 hm'
for at in greeting EHLO AUTH MAIL; do
	row "421 at $at" all sent '421' "$at * * 421 4.3.2 not now"
done
for at in RCPT DATA DOT; do
	row "421 at $at" mail sent '421' "$at bad@y * 421 4.3.2 not now"
	row "closed at $at" mail sent 'closed the connection\|reset\|pipe' "$at bad@y * close"
done
row "250 for 354" mail sent 'answered DATA with 250' 'DATA bad@y * 250 ok'
row "354 for 250" mail sent 'answered RCPT with 354' 'RCPT bad@y * 354 go on'
row "two answers to one" all sent 'no way to sign in' 'greeting * * 220 a\n220 b'
row "SIZE= is not known" all sent ' sent ' 'MAIL SIZE= * 555 5.5.4 what is SIZE?'
row "nor is AUTH PLAIN" all sent ' sent ' 'AUTH PLAIN * 504 5.5.4 what is PLAIN?'
row "taken, and closed" mail twice 'closed\|reset\|pipe' 'DOT bad@y 1 accept-close'
for more in PIPELINING,CHUNKING, ""; do
	note "some of them, with ${more:-no pipelines}"
	server --caps "$more$CAPS"
	config
	for at in RCPT DOT; do
		row "421 at $at" mail sent '421' "$at bad@y * 421 4.3.2 not now"
		row "closed at $at" mail sent \
			'closed the connection\|reset\|pipe' "$at bad@y * close"
	done
	row "taken, and closed" mail twice 'closed\|reset\|pipe' 'DOT bad@y 1 accept-close'
done

note "it offers BDAT, and does not know it; its answers have no text"
server --caps "PIPELINING,CHUNKING,$CAPS" --no-bdat
config
row "no BDAT" all sent ' sent '
[ "$(count 'C: BDAT')" -le 2 ] || fail "it is tried over and over"
server --caps "PIPELINING,$CAPS" --terse
config
row "no text" all sent ' sent: *250$\| sent .*250$'

note "an answer too many, in a flight with the text"
for caps in PIPELINING PIPELINING,CHUNKING; do
	server --caps "$caps,$CAPS"
	config
	for at in MAIL RCPT; do
		fresh
		printf '%s\n' "$at bad@y * 250 2.0.0 ok\n250 2.0.0 and again" 'DOT * * 550 5.7.1 no' > "$SRV/rules"
		[ $at = RCPT ] || sed -i '1s/bad@y/*/' "$SRV/rules"
		queue bad@y
		godwit outbox send --now > "$T/told" 2>&1 || true
		! grep -q " sent " "$T/told" || fail "$caps, $at: it takes what it wants for a yes: $(cat "$T/told")"
		godwit outbox | grep -q hello || fail "$caps, $at: the mail is gone"
	done
done
