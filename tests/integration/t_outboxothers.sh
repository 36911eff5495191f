#!/bin/bash
# SPDX-License-Identifier: ISC
# Real submission servers: Exim and OpenSMTPD, unpacked by contrib/mtas into $GODWIT_MTAS, private ones on loopback
# with their users in a namespace of their own.  STARTTLS and TLS from the first byte, AUTH, a recipient refused,
# SIZE, a greylisting, SMTPUTF8, DSN offered.  Left out (77) where they are not unpacked.
. "$(dirname "$0")/outboxlib.sh"

MTAS=${GODWIT_MTAS:-}
EXIM=$MTAS/exim4-daemon-light/usr/sbin/exim4
SMTPD=$MTAS/opensmtpd
[ -n "$MTAS" ] && [ -x "$EXIM" ] && [ -x "$SMTPD/usr/sbin/smtpd" ] || { echo "no GODWIT_MTAS: see contrib/mtas"; exit 77; }
[ "$(id -u)" = 0 ] && unshare -m true 2> /dev/null || { echo "they want root and namespaces"; exit 77; }

read -r STARTTLS IMPLICIT OTHERS OTHERI OTHERP <<< "$(perl -MIO::Socket::INET -e '
	my @s = map { IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") } 1 .. 5;
	print join(" ", map { $_->sockport } @s), "\n"')"
chmod 755 "$T"
mkdir -p "$T"/{spool,log,mail,mail-exim}
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/key.pem" -out "$T/cert.pem" -days 30 \
	-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2> /dev/null
cp "$T/key.pem" "$T/exim.key"
USERS="Debian-exim:65533 opensmtpd:65531 opensmtpq:65532 vmail:65530"
cp /etc/passwd "$T/passwd"
cp /etc/group "$T/group"
for user in $USERS; do
	echo "${user%:*}:x:${user#*:}:${user#*:}::/var/lib/opensmtpd/empty:/bin/false" >> "$T/passwd"
	echo "${user%:*}:x:${user#*:}:" >> "$T/group"
done
chown 65533:65533 "$T"/{spool,log,exim.key}
chmod 777 "$T"/mail*
cat > "$T/exim.conf" <<END
primary_hostname = mx.y.test
exim_path = $EXIM
spool_directory = $T/spool
log_file_path = $T/log/%s
pid_file_path = $T/spool/pid
daemon_smtp_ports = $STARTTLS : $IMPLICIT
tls_on_connect_ports = $IMPLICIT
local_interfaces = 127.0.0.1
tls_advertise_hosts = *
tls_certificate = $T/cert.pem
tls_privatekey = $T/exim.key
auth_advertise_hosts = \${if eq{\$tls_in_cipher}{}{}{*}}
message_size_limit = 20000
smtputf8_advertise_hosts = *
dsn_advertise_hosts = *
keep_environment =
acl_smtp_rcpt = rcpt
domainlist local_domains = y.test
never_users =
begin acl
rcpt:
  deny !authenticated = *
  defer message = greylisted, come back
    local_parts = grey
    condition = \${if exists{$T/open}{no}{yes}}
  deny message = no such user
    local_parts = nobody
  accept
begin routers
all:
  driver = accept
  domains = y.test
  transport = file
begin transports
file:
  driver = appendfile
  directory = $T/mail-exim/all
  envelope_to_add = true
  create_directory
  maildir_format
  user = Debian-exim
  group = Debian-exim
begin retry
* * F,1h,1m
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = \${if and{{eq{\$auth2}{me}}{eq{\$auth3}{secret}}}}
  server_set_id = \$auth2
END
cat > "$T/smtpd.conf" <<END
pki me cert "$T/cert.pem"
pki me key "$T/key.pem"
table creds { "me" = "$(perl -e 'print crypt("secret", q($6$abcdefgh$))')" }
table users { "ann" = "vmail", "bob" = "vmail", "me" = "vmail" }
smtp max-message-size 20000
listen on lo port $OTHERS tls-require pki me auth <creds> hostname mx.y.test
listen on lo port $OTHERP hostname mx.y.test
listen on lo port $OTHERI smtps pki me auth <creds> hostname mx.y.test
action "deliver" maildir "$T/mail/%{rcpt.user}" virtual <users>
match from any for domain "y.test" action "deliver"
END
cat > "$T/start" <<END
set -e
mount --bind "$T/passwd" /etc/passwd
mount --bind "$T/group" /etc/group
[ "\$1" = smtpd ] || exec "$EXIM" -C "$T/exim.conf" -bdf
for dir in spool lib; do mount -t tmpfs none /var/\$dir; done
mount -t tmpfs none /run
mount -t tmpfs none /usr/libexec
mkdir -m 711 /var/spool/smtpd
mkdir -p /var/lib/opensmtpd/empty /usr/libexec/opensmtpd
mount --bind "$SMTPD/usr/libexec/opensmtpd" /usr/libexec/opensmtpd
exec "$SMTPD/usr/sbin/smtpd" -d -f "$T/smtpd.conf"
END
unshare -m sh "$T/start" exim > "$T/exim.out" 2>&1 &
PIDS="$PIDS $!"
unshare -m sh "$T/start" smtpd > "$T/smtpd.out" 2>&1 &
PIDS="$PIDS $!"
await_ports $STARTTLS $IMPLICIT $OTHERS $OTHERI

account() { # PORT TLS
	cat > "$T/config" <<-END
		state-dir = $T/state
		account "me" {
			smtp-host = "127.0.0.1" smtp-port = $1 smtp-tls = "$2" smtp-user = "me"
			smtp-password-command = "echo secret" tls-ca-file = "$T/cert.pem"
			from = {"me@y.test"} send = "manual"
		}
	END
}
SENT=0
deliver() { # TO...
	SENT=$((SENT + 1))
	printf 'From: me@y.test\nSubject: no %d\n\n.dot\nbody\n' "$SENT" |
		godwit sendmail -v -oi -N failure -- "$@" 2> "$T/err" || fail "sendmail: $?"
}
arrives() { # USER: by the name of his directory, or by what Exim adds
	local f
	for _ in $(seq 600); do
		for f in $(grep -rl -- "^Subject: no $SENT\$" "$T"/mail* 2> /dev/null); do
			case $f in "$T/mail/$1/"*) return 0 ;; esac
			! grep -qs "^Envelope-to:.*$1@" "$f" || return 0
		done
		sleep 0.05
	done
	fail "$1 does not get no $SENT: $(tail -n 5 "$T"/log/* "$T"/*.out)"
}

# With OpenSSL 3 the one of Debian 12 fails at every handshake, whoever asks: then in clear, without signing in.
if timeout 10 openssl s_client -connect "127.0.0.1:$OTHERI" < /dev/null 2>&1 | grep -qi 'alert internal error'; then
	OTHERWAYS=("OpenSMTPD $OTHERP none")
else
	OTHERWAYS=("OpenSMTPD $OTHERS starttls" "OpenSMTPD $OTHERI implicit")
fi
for way in "Exim $STARTTLS starttls" "Exim $IMPLICIT implicit" "${OTHERWAYS[@]}"; do
	note "$way"
	# shellcheck disable=SC2086
	account ${way#* }
	[ "${way##* }" != none ] || sed -i 's/smtp-user = "me"/smtp-user = ""/' "$T/config"
	rm -rf "$T/state"
	godwit doctor > "$T/out" 2> "$T/err" || fail "doctor: $(tail -n 5 "$T"/*.out)"
	grep 'submission:' "$T/out"
	for _ in 1 2 3; do deliver ann@y.test bob@y.test; done
	send 0
	arrives ann
	arrives bob
	grep -rq '^\.dot$' "$T"/mail* || fail "the dot is not what it was"
	deliver ann@y.test nobody@y.test
	send 1
	state_is refused
	arrives ann
	grep -q 'nobody@y.test.*5[25][04] ' "$T/out" || fail "not told why"
	{ printf 'From: me@y.test\n\n'; head -c 30000 /dev/zero | tr '\0' x | fold; } > "$T/mail.big"
	status=0
	godwit sendmail ann@y.test < "$T/mail.big" 2> "$T/err" || status=$?
	[ "$status" = 65 ] && grep -q 20000 "$T/err" || fail "too big: status $status"
	[ "${way##* }" != none ] || continue
	sed -i 's/echo secret/echo wrong/' "$T/config"
	rm -rf "$T/state"
	deliver ann@y.test
	send 77
	state_is queued
done

note "Exim: greylisted, then let in; addresses beyond ASCII"
account "$IMPLICIT" implicit
rm -rf "$T/state"
deliver grey@y.test
send 1
state_is waiting
touch "$T/open"
send 0 --now
arrives grey
deliver jürgen@y.test
send 0
arrives jürgen
