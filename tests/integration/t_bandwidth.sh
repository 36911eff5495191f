#!/bin/bash
# SPDX-License-Identifier: ISC
# `bandwidth`: fetching and sending wait for their turn, over IMAP, POP3 and SMTP, and all of it arrives.
. "$(dirname "$0")/lib.sh"

RATE=60000
mkdir -p "$T/server/home/Maildir"
MAIL=$T/server/home/Maildir
mkdir -p "$MAIL/INBOX/cur" "$MAIL/INBOX/new" "$MAIL/INBOX/tmp"
big() { # NAME: 120 kB
	printf 'From: me@example.org\nTo: you@example.net\nSubject: %s\nMessage-ID: <%s@x>\n\n' "$1" "$1"
	head -c 120000 /dev/zero | tr '\0' x | fold -w 70
	echo
}
big theirs > "$MAIL/INBOX/cur/theirs:2,S"
if [ -x /usr/lib/dovecot/pop3 ] && [ "$DOVECOT" = 2.3 ]; then
	POP3S_PORT=$(free_port)
	EXTRA_CONFIG="protocols = imap pop3
		service pop3-login {
		  chroot =
		  inet_listener pop3 {
		    port = 0
		  }
		  inet_listener pop3s {
		    port = $POP3S_PORT
		    ssl = yes
		  }
		}"
fi
EXTRA_CONFIG=${EXTRA_CONFIG:-} server_start full
"$GODWIT_BUILD/smtpd" "$T/smtpd" &
PIDS="$PIDS $!"
until [ -s "$T/smtpd/port" ]; do sleep 0.01; done # it has written it

config() { # KEY...
	write_config "smtp-host = \"127.0.0.1\" smtp-port = $(cat "$T/smtpd/port") smtp-tls = none smtp-user = \"\"
		  from = \"me@example.org\" send = manual compress = no
		  $*"
}
waited() { # COMMAND...: it did, for a turn
	godwit -vv "$@" > "$T/out" || fail "$*: $?"
	grep -q 'ms were waited for bandwidth' "$T/err" || fail "$* did not wait"
}
note "IMAP, both ways"
config "bandwidth = $RATE"
waited sync
assert_equal "fetched"
big mine > "$T/mail/INBOX/cur/mine:2,S"
waited sync
assert_equal "sent"

note "SMTP"
big out | godwit sendmail you@example.net
waited outbox send
grep -q "Message-ID: <out@x>" -r "$T/smtpd" || fail "it did not arrive: $(ls -R "$T/smtpd")"

note "without it nothing waits"
config
rm -rf "$T/mail" "$T/state"
godwit -vv sync > "$T/out" || fail "sync: $?"
! grep -q 'waited for bandwidth' "$T/err" || fail "it waited"
assert_equal "at full speed"

if [ -n "${POP3S_PORT:-}" ]; then
	note "POP3"
	rm -rf "$T/mail" "$T/state"
	CLIENT_PORT=$POP3S_PORT write_config "protocol = \"pop3\" bandwidth = \"$((RATE / 1000))k\""
	waited sync
	[ "$(find "$T/mail" -type f -path '*/new/*' | wc -l)" = 2 ] || fail "$(find "$T/mail" -type f)"
fi

note "what it cannot be"
for wrong in 1 '"1023"' '"2 MB/s"' '"-1"'; do
	config "bandwidth = $wrong"
	status=0
	godwit status > "$T/out" || status=$?
	[ $status = 78 ] && grep -q 'bandwidth' "$T/err" || fail "$wrong: status $status: $(cat "$T/err")"
done
note ok
