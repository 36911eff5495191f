#!/bin/bash
# SPDX-License-Identifier: ISC
# `godwit doctor` against set-ups that are broken, each in its way: it names the cause.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/gmaillib.sh"

doctor() { # STATUS: with that exit status
	local status=0
	godwit doctor > "$T/out" || status=$?
	[ $status = "$1" ] || fail "exit status $status, not $1: $(cat "$T/out" "$T/err")"
}
finds() { # STATUS PATTERN [ADVICE]: a finding that is not good
	doctor "$1"
	grep -v '^ok' "$T/out" | grep -qE "$2" || fail "\"$2\" is not in: $(cat "$T/out")"
	[ -z "${3:-}" ] || grep -qE -- "-> .*$3" "$T/out" || fail "\"$3\" is not in: $(cat "$T/out")"
}
edit() { # SED-SCRIPT: of a good configuration
	write_config 'connections = 2'
	sed -i "$1" "$T/config"
}
words() { # a password of Gmail's, with blanks as pages have them
	printf '#!/bin/sh\nprintf "%s"\n' "$1" > "$T/password"
	chmod +x "$T/password"
	gmail_config
	sed -i "s|echo app|$T/password|" "$T/config"
}
hello() { # LINE...: a server that says this, in clear, whatever it is asked; its port is PORT
	rm -f "$T/port"
	perl -MIO::Socket::INET -e '$| = 1; my $l = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1");
		open my $f, ">", shift; print $f $l->sockport; close $f;
		while (my $s = $l->accept) { $s->autoflush(1); for (@ARGV) { print $s "$_\r\n"; <$s> } sleep 3 unless @ARGV; close $s }' \
		"$T/port" "$@" &
	PIDS="$PIDS $!"
	while [ ! -s "$T/port" ]; do sleep 0.01; done # until it listens
	PORT=$(cat "$T/port")
}
silent_at() { # COMMAND: an IMAP server in clear that greets, and never answers this
	rm -f "$T/port"
	perl -MIO::Socket::INET -e '$| = 1; my $l = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1");
		open my $f, ">", shift; print $f $l->sockport; close $f;
		while (my $s = $l->accept) { $s->autoflush(1); print $s "* OK ready\r\n"; my $mute;
			while (my $line = <$s>) { my ($tag, $what) = split " ", $line; $mute ||= $what =~ /^$ARGV[0]/i; next if $mute;
				print $s "* CAPABILITY IMAP4rev1\r\n" if uc $what eq "CAPABILITY"; print $s "$tag OK done\r\n" } close $s }' \
		"$T/port" "$1" &
	PIDS="$PIDS $!"
	while [ ! -s "$T/port" ]; do sleep 0.01; done # until it listens
	PORT=$(cat "$T/port")
}

fresh full
"$TOOLS/mkmail" "$MAIL/INBOX" 30 9000 1
server_start full

note "all is well"
write_config "connections = 2 also-check = {\"localhost:$IMAPS_PORT\"}"
doctor 69 # that is no mail server's port that it knows, and TLS is spoken at once there
grep -q "^BAD   localhost:$IMAPS_PORT" "$T/out" || fail "$(cat "$T/out")"
edit ''
sync_ok
doctor 0
for what in maildir state watching name connection tls login server speed mailboxes connections; do
	grep -qE "^(ok|note) +$what: " "$T/out" || fail "nothing about $what: $(cat "$T/out")"
done
! grep -q '^BAD' "$T/out" || fail "$(cat "$T/out")"
godwit doctor --json > "$T/out" || true
[ "$(grep -c '^{"account":"test","what":"' "$T/out")" = "$(wc -l < "$T/out")" ] || fail "$(cat "$T/out")"

note "the way to the server"
edit 's/host = .*/host = "no-such-host.invalid"/'
finds 69 'BAD +name: no-such-host.invalid is not found' 'is .host. right'
edit "s/port = .*/port = $(free_port)/"
finds 69 'BAD +connection: no address' 'firewall'
hello
edit "s/port = .*/port = $PORT\n  timeout = 2/"
finds 69 'BAD +tls: .*(answer|TLS|connection)' 'did not begin TLS.*starttls'
hello '* OK ready'
edit "s/port = .*/port = $PORT/"
finds 69 'BAD +tls: .*did not answer in TLS.*starttls'
edit "s/port = .*/port = $PORT\n  tls = \"starttls\"\n  timeout = 1/"
finds 69 'BAD +'
hello # it is silent
edit "s/port = .*/port = $PORT\n  tls = \"starttls\"\n  timeout = 1/"
finds 69 'BAD +server: .*(did not answer|ended the connection)' 'begins with TLS at once.*implicit.*993'
edit "s/port = .*/port = $IMAPS_PORT\n  tls = \"starttls\"\n  timeout = 1/"
finds 69 'BAD +server: ' 'begins with TLS at once.*implicit.*993'
for greeting in 'HTTP/1.1 400 Bad Request' '220 mail.example.org ESMTP' '+OK POP3 ready'; do
	hello "$greeting" # another service
	edit "s/port = .*/port = $PORT/"
	finds 69 'BAD +tls: .*did not answer in TLS'
	edit "s/port = .*/port = $PORT\n  tls = \"starttls\"/"
	finds 69 'BAD +server: .*'"${greeting:0:4}" 'something else answers there.*993'
done
silent_at CAPABILITY
edit "s/port = .*/port = $PORT\n  tls = \"starttls\"\n  timeout = 1/"
finds 69 'BAD +server: .*did not answer' 'greeted and then fell silent'
silent_at 'LOGIN|AUTHENTICATE'
edit "s/port = .*/port = $PORT\n  tls = \"none\"\n  timeout = 1/"
finds 69 'BAD +login: .*did not answer' 'has the name and the password'
hello '* BYE too many connections'
edit "s/port = .*/port = $PORT\n  tls = \"starttls\"/"
finds 69 'BAD +server: .*too many connections'
edit "s/port = .*/port = $IMAP_PORT/"
finds 69 'BAD +tls: .*did not answer in TLS.*starttls'

note "certificates"
edit '/tls-ca-file/d'
finds 69 'BAD +tls: .*authority that is not trusted.*tls-ca-file'
edit ''
doctor 0
grep -qF "its key is sha256/$(openssl x509 -in "$T/server.pem" -pubkey -noout | openssl pkey -pubin -outform der |
	openssl dgst -sha256 -binary | base64)" "$T/out" || fail "the server's key is not in: $(cat "$T/out")"
certificate other "DNS:somewhere.example"
SERVER_CERT=other server_restart full
edit ''
finds 69 'BAD +tls: .*not for localhost'
certificate old "DNS:localhost" expired
SERVER_CERT=old server_restart full
edit ''
finds 69 'BAD +tls: .*has expired.*clock'
server_restart full

note "the login"
edit 's/echo secret/echo wrong/'
finds 69 'BAD +login: .*refused the login.*password-command'
edit 's/echo secret/false/'
finds 69 'BAD +login: password-command gave nothing.*status 1'
edit '/password-command/d; s/user = .*/&\n  auth = "oauth2"\n  oauth2-client-id = "x"\n  provider = "gmail"/'
finds 69 'BAD +login: nobody has signed in yet.*godwit auth test'
gmail_start app-password
gmail_config
finds 69 'BAD +login: .*Application-specific password required.*apppasswords'
settings web-login
finds 69 'BAD +login: .*open https://accounts.google.com/signin/continue.x=1 in a browser'
settings lookup-failed
finds 69 'BAD +login: .*is .user. its whole address'
settings
gmail_config
sed -i 's/echo app/echo my-own-password/' "$T/config"
finds 69 'BAD +login: .*Gmail does not take the account.s own password.*apppasswords'
printf 'password=abcdefghijklmnop\n' > "$T/gmail.settings"
for password in 'abcdefghijklmnop' 'abcd efgh ijkl mnop' 'abcd\302\240efgh\302\240ijkl\302\240mnop' \
	'\342\200\257 abcd\342\200\211efgh\tijkl\343\200\200mnop\342\200\213'; do
	words "$password"
	doctor 0
done
printf 'password=abcd efgh ijkl mno\n' > "$T/gmail.settings"
words 'abcd efgh ijkl mno' # this one is not of sixteen letters
doctor 0
gmail_config
settings disabled
finds 69 'BAD +login: .*turn IMAP on'
settings 'hidden=\Trash'
finds 1 'note +hidden: Trash is hidden: mail that is deleted here is archived' 'Show in IMAP'
settings 'hidden=\All \Trash' special-asked
finds 1 'note +hidden: Trash and All Mail are hidden: mail .* stays there' 'Show in IMAP'
settings special-asked
doctor 0
settings connections=2
finds 1 'note +connections: 2 of 3' 'connections. lower'
settings

note "this machine"
edit ''
chmod 000 "$T/mail"
if [ "$(id -u)" = 0 ]; then # who may read everything
	note "as root a directory without permissions is no obstacle"
else
	finds 69 'BAD +maildir: .*(Permission denied|cannot)'
fi
chmod 700 "$T/mail"
mv "$T/mail" "$T/mail.away"
touch "$T/mail"
finds 69 'BAD +maildir: .*not a directory'
rm "$T/mail"
mv "$T/mail.away" "$T/mail"
cp "$T/state/test.db" "$T/kept"
head -c 4096 /dev/urandom > "$T/state/test.db"
finds 69 'BAD +state: ' 'no mail is lost'
mv "$T/kept" "$T/state/test.db"

note "others of the provider"
hello '220 smtp ready' '250 STARTTLS' '454 TLS not available'
write_config "also-check = {\"127.0.0.1:$PORT\", \"localhost:$(free_port)\", \"nonsense\"}"
doctor 69
grep -q "^BAD   127.0.0.1:$PORT: 454 TLS not available" "$T/out" || fail "$(cat "$T/out")"
grep -q '^BAD   localhost:.*refused' "$T/out" || fail "$(cat "$T/out")"
grep -q '^BAD   nonsense: it is not a host and a port' "$T/out" || fail "$(cat "$T/out")"
note ok
