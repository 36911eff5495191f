#!/bin/bash
# SPDX-License-Identifier: ISC
# What is done about mails that have left: those in doubt are looked for in \Sent, where the provider
# files, and what it does not file is.  Against tests/gmail/gmaild, into which tests/smtp/smtpd files.
. "$(dirname "$0")/outboxlib.sh"

web() { # see gmaillib.sh
	perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new("127.0.0.1:" . shift) or die; <$s>;
		print $s "a WEB " . join(" ", @ARGV) . "\r\n"; while (<$s>) { last if /^a /; s/^\* //; s/\r//; print }' \
		"$GMAIL" "$@"
}
there() { # how many messages with a Message-ID, in how many mailboxes of sent mail
	web DUMP | grep -F "$1" | grep -o '\[Gmail\]/Sent Mail' | wc -l
}
gmail() { # LINE...: its settings
	printf '%s\n' password=app "$@" > "$T/gmail"
}
tunnel() { # PORT: as a command
	echo "bash -c 'exec 3<>/dev/tcp/127.0.0.1/$1; exec 4<&0; cat <&4 >&3 & cat <&3'"
}
# account SMTP-HOST LINE...: by name of the server it is Gmail's, or nobody's
account() {
	local host=$1
	shift
	cat > "$T/config" <<-END
		state-dir = $T/state
		account "me" {
			host = "127.0.0.1" port = $GMAIL tls = "none" user = "me@x.test"
			password-command = "echo app" maildir = "$T/mail"
			smtp-host = "$host" smtp-user = ""
			smtp-tunnel-command = "$(tunnel "$(cat "$SRV/port")")"
			send = "manual"
			$(printf '%s\n' "$@")
		}
	END
	chmod 600 "$T/config"
}
later() { # SECONDS: that much later
	sqlite3 "$T/state/me.outbox.db" "UPDATE mail SET doubt_at = doubt_at - $1 WHERE doubt_at > 0;
		UPDATE mail SET sent_at = sent_at - $1 WHERE sent_at > 0"
}
id_of() { # the Message-ID of the last mail that was queued
	sed -n 's/^Message-ID: //p' "$Q"/*/*"$ID"* | head -1
}
message() { # TO: queued, with the text that readers write
	queue "$1"
	MID=$(id_of)
}
logins() {
	web COMMANDS
}

gmail
"$GODWIT_BUILD/gmaild" "$T/gmail" > "$T/gmail.out" &
PIDS="$PIDS $!"
until [ -s "$T/gmail.out" ]; do sleep 0.01; done
GMAIL=$(head -1 "$T/gmail.out")
server --caps PIPELINING,8BITMIME,SIZE_100000,ENHANCEDSTATUSCODES --helo-any
echo "$GMAIL [Gmail]/Sent Mail" > "$SRV/files-in"
account smtp.gmail.com
anew() {
	rm -rf "$T/state/me.outbox"* "$SRV"/msgs/* "$SRV"/{log,count,rules} "$SRV"/used.*
}
godwit sync > "$T/out" 2> "$T/err" || fail "sync"

note "found in \\Sent: it was sent, and is not sent again"
echo 'DOT * 1 accept-close' > "$SRV/rules"
message a@y
send 75
state_is in-doubt
later 15
send 0
[ "$(taken)" = 1 ] && [ "$(there "$MID")" = 1 ] || fail "taken $(taken) times"
godwit outbox log | grep -q 'found in Sent' || fail "the log does not say why"

note "not found, again and again: it was not sent, and is"
anew
rm "$SRV/files-in"
echo 'DOT * 1 rst' > "$SRV/rules"
message a@y
send 75
for s in 15 60 180; do
	later "$s"
	send 1
	state_is in-doubt
	[ "$(taken)" = 0 ] || fail "sent again after one look"
done
later 600
echo "$GMAIL [Gmail]/Sent Mail" > "$SRV/files-in"
send 0 --now
[ "$(taken)" = 1 ] && [ "$(there "$MID")" = 1 ] || fail "taken $(taken) times"

note "a server that shows it late"
anew
rm "$SRV/files-in"
echo 'DOT * 1 accept-close' > "$SRV/rules"
message a@y
send 75
later 15
send 1
sed '1,/^$/d' "$SRV/msgs/0" | perl -MIO::Socket::INET -e 'my $m = join "", <STDIN>;
	my $s = IO::Socket::INET->new("127.0.0.1:" . shift) or die; <$s>;
	print $s "a WEB DELIVER \"[Gmail]/Sent Mail\" {" . length($m) . "+}\r\n$m\r\n"; <$s>' "$GMAIL"
later 60
send 0
[ "$(taken)" = 1 ] || fail "taken $(taken) times"

note "no line to look through: it is not sent again, however long that lasts, and nothing storms"
anew
echo "$GMAIL [Gmail]/Sent Mail" > "$SRV/files-in"
echo 'DOT * 1 accept-close' > "$SRV/rules"
message a@y
send 75
later 50000
sed -i "s/port = $GMAIL tls/port = 1 tls/" "$T/config"
send 1
state_is in-doubt
[ "$(taken)" = 1 ] || fail "it was sent again without a look"
sed -i 's/port = 1 tls/port = '"$GMAIL"' tls/' "$T/config"
send 0
[ "$(taken)" = 1 ] || fail "taken $(taken) times"

note "a watcher without a line looks once a minute"
anew
echo 'DOT * 1 accept-close' > "$SRV/rules"
message a@y
send 75
later 50000
sqlite3 "$T/state/me.outbox.db" "UPDATE fact SET value = 0 WHERE name = 'pause_until'"
sed -i "s/port = $GMAIL tls/port = 1 tls/; s/send = \"manual\"/send = \"sync\"/" "$T/config"
"$GODWIT_BUILD/godwit" -v -c "$T/config" watch > "$T/watch.out" 2>&1 &
WATCHER=$!
PIDS="$PIDS $WATCHER"
for _ in $(seq 600); do
	grep -q 'looking into Sent' "$T/watch.out" && break
	sleep 0.05
done
message b@y # something else to do meanwhile
for _ in $(seq 600); do
	[ "$(taken)" = 2 ] && break
	sleep 0.05
done
[ "$(taken)" = 2 ] || fail "the other mail was not sent"
kill "$WATCHER"
wait "$WATCHER" || true
[ "$(grep -c 'looking into Sent' "$T/watch.out")" = 1 ] || fail "it looked $(grep -c 'looking into Sent' "$T/watch.out") times"

note "a sign-in that is refused is no evidence: then as without"
account smtp.gmail.com
anew
gmail app-password
echo 'DOT * 1 rst' > "$SRV/rules"
message a@y
send 75
later 15
send 1
state_is in-doubt
later 600
gmail app-password
send 0 --now
[ "$(taken)" = 1 ] || fail "taken $(taken) times"
gmail

note "what the provider files is filed by nobody else"
anew
message a@y
send 0
later 100
send 0
godwit sync > "$T/out" 2> "$T/err" || fail "sync"
[ "$(there "$MID")" = 1 ] && [ "$(grep -rlF "$MID" "$T/mail" | wc -l)" = 1 ] || fail "filed twice"
[ -z "$(ls "$Q/sent")" ] || fail "it is still in the outbox"

note "what it does not file goes to Sent, once, and the sync carries it there"
rm "$SRV/files-in"
account mail.x.test
anew
message a@y
send 0
[ ! -e "$T/mail/[Gmail]/Sent Mail/cur" ] || ! grep -rqF "$MID" "$T/mail/[Gmail]/Sent Mail" || fail "at once"
later 100
send 0
[ "$(grep -rlF "$MID" "$T/mail" | wc -l)" = 1 ] || fail "not filed"
godwit sync > "$T/out" 2> "$T/err" || fail "sync"
[ "$(there "$MID")" = 1 ] || fail "not carried there"
godwit sync > "$T/out" 2> "$T/err" || fail "sync"
[ "$(grep -rlF "$MID" "$T/mail" | wc -l)" = 1 ] || fail "there are two"

note "an unknown server that files, and nobody has seen it here yet"
echo "$GMAIL [Gmail]/Sent Mail" > "$SRV/files-in"
anew
message a@y
message2=$MID
message b@y
send 0
later 100
before=$(logins)
send 0
[ -z "$(ls "$Q/sent")" ] || fail "they are still in the outbox"
[ "$(grep -rlF -e "$MID" -e "$message2" "$T/mail" | wc -l)" = 0 ] || fail "filed although it is there"
[ $(($(logins) - before)) -le 8 ] || fail "one session would do for both"
godwit sync > "$T/out" 2> "$T/err" || fail "sync"
[ "$(there "$MID")" = 1 ] && [ "$(grep -rlF "$MID" "$T/mail" | wc -l)" = 1 ] || fail "filed twice"

note "a reader's own copy"
rm "$SRV/files-in"
anew
message a@y
send 0
sed '1,/^X-Godwit-To/d' "$Q"/sent/* > "$T/mail/[Gmail]/Sent Mail/cur/fcc:2,S"
later 100
send 0
[ "$(grep -rlF "$MID" "$T/mail" | wc -l)" = 1 ] || fail "filed twice"
