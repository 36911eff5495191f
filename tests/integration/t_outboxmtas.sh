#!/bin/bash
# SPDX-License-Identifier: ISC
# Real submission servers, private ones on loopback: Postfix, and Dovecot's relay in front of it.  STARTTLS and
# TLS from the first byte, AUTH, DSN, SIZE, SMTPUTF8, a greylisting.  Left out (77) where they are not installed.
. "$(dirname "$0")/outboxlib.sh"

PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || { echo "Postfix wants root"; exit 77; }
for program in postfix dovecot openssl /usr/lib/dovecot/submission; do
	command -v "$program" > /dev/null || { echo "no $program"; exit 77; }
done
case $(dovecot --version) in 2.[0-3].*) ;; *) echo "written for Dovecot 2.3"; exit 77 ;; esac

ports() { # N: free ones
	perl -MIO::Socket::INET -e 'my @s = map { IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") } 1 .. shift;
		print join(" ", map { $_->sockport } @s), "\n"' "$1"
}
read -r STARTTLS IMPLICIT PLAIN AUTH RELAY <<< "$(ports 5)"
P=$T/postfix
chmod 755 "$T"
mkdir -p "$P"/{etc,spool,data,mail}
chown postfix "$P/data"
chown nobody "$P/mail"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/key.pem" -out "$T/cert.pem" -days 30 \
	-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 2> /dev/null
cat > "$P/etc/main.cf" <<END
compatibility_level = 3.6
config_directory = $P/etc
queue_directory = $P/spool
data_directory = $P/data
maillog_file = $P/log
maillog_file_prefixes = $T
myhostname = mx.y.test
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
message_size_limit = 20000
smtputf8_enable = yes
virtual_mailbox_domains = y.test
virtual_mailbox_base = $P/mail
virtual_mailbox_maps = texthash:$P/etc/users
virtual_uid_maps = static:$(id -u nobody)
virtual_gid_maps = static:$(id -g nobody)
smtpd_tls_cert_file = $T/cert.pem
smtpd_tls_key_file = $T/key.pem
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:$AUTH
smtpd_sasl_local_domain =
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access texthash:$P/etc/access, reject_unlisted_recipient, permit_sasl_authenticated, reject
END
for user in me ann bob grey jürgen; do echo "$user@y.test $user/"; done > "$P/etc/users"
echo 'grey@y.test 450 4.2.0 greylisted, come back' > "$P/etc/access"
cat > "$P/etc/master.cf" <<END
127.0.0.1:$STARTTLS inet n - n - - smtpd -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_auth_only=yes -o max_use=1
127.0.0.1:$IMPLICIT inet n - n - - smtpd -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes -o max_use=1
127.0.0.1:$PLAIN inet n - n - - smtpd -o smtpd_relay_restrictions=permit_mynetworks -o mynetworks=127.0.0.0/8
  -o smtpd_recipient_restrictions=reject_unlisted_recipient,permit_mynetworks,reject -o smtpd_authorized_xclient_hosts=127.0.0.1
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
END
cat > "$T/dovecot.conf" <<END
base_dir = $T/dovecot
log_path = $T/dovecot.log
listen = 127.0.0.1
protocols = submission
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login scram-sha-256
mail_location = maildir:$T/home
first_valid_uid = 1
passdb {
  driver = static
  args = password=secret
}
userdb {
  driver = static
  args = uid=nobody gid=$(id -gn nobody) home=$T/home
}
service auth {
  inet_listener {
    address = 127.0.0.1
    port = $AUTH
  }
}
service submission-login {
  inet_listener submission {
    port = $RELAY
  }
}
submission_relay_host = 127.0.0.1
submission_relay_port = $PLAIN
END
mkdir "$T/home"
chown nobody "$T/home"
postfix -c "$P/etc" start > "$T/out" 2>&1 || fail "Postfix does not start: $(cat "$P/log" 2> /dev/null)"
dovecot -F -c "$T/dovecot.conf" > "$T/out" 2>&1 &
DOVECOT=$!
stop_postfix() {
	postfix -c "$P/etc" stop > /dev/null 2>&1 || true
	kill "$DOVECOT" 2> /dev/null || true
}
trap 'status=$?; stop_postfix; (exit $status); cleanup' EXIT
await_ports $STARTTLS $IMPLICIT $AUTH $RELAY

mta() { # PORT TLS LINE...
	local port=$1 tls=$2
	shift 2
	cat > "$T/config" <<-END
		state-dir = $T/state
		account "me" {
			smtp-host = "127.0.0.1" smtp-port = $port smtp-tls = "$tls" smtp-user = "me"
			smtp-password-command = "echo secret" tls-ca-file = "$T/cert.pem"
			from = {"me@y.test"} send = "manual"
			$(printf '%s\n' "$@")
		}
	END
}
SENT=0
deliver() { # TO...: queued; by Postfix it is to come into the first one's mailbox
	SENT=$((SENT + 1))
	printf 'From: me@y.test\nSubject: no %d\n\n.dot\nbody\n' "$SENT" |
		godwit sendmail -v -oi "${WISHES[@]}" -- "$@" 2> "$T/err" || fail "sendmail: $?"
	ID=$(sed -n 's/.*queued as \([0-9a-f]*\),.*/\1/p' "$T/err")
}
WISHES=()
arrives() { # USER PATTERN
	for _ in $(seq 600); do
		! grep -rq -- "$2" "$P/mail/$1" 2> /dev/null || return 0
		sleep 0.05
	done
	fail "$1 does not get \"$2\": $(tail -5 "$P/log")"
}

for way in "$STARTTLS starttls" "$IMPLICIT implicit" "$RELAY none"; do
	note "$way"
	mta ${way}
	rm -rf "$T/state"
	godwit doctor > "$T/out" 2> "$T/err" || fail "doctor"
	grep 'submission:' "$T/out"
	deliver ann@y.test bob@y.test
	send 0
	arrives ann "no $SENT"
	arrives bob "no $SENT"
	grep -rq '^\.dot$' "$P/mail/ann" || fail "the dot is not what it was"
	deliver ann@y.test nobody@y.test
	send 1
	state_is refused
	arrives ann "no $SENT"
	grep -q 'nobody@y.test.*550 5.1.1' "$T/out" || fail "not told why"
done

note "greylisted, then let in"
mta "$STARTTLS" starttls
rm -rf "$T/state"
deliver grey@y.test
send 1
state_is waiting
: > "$P/etc/access"
send 0 --now
arrives grey "no $SENT"

note "addresses beyond ASCII"
deliver jürgen@y.test
send 0
arrives jürgen "no $SENT"

note "it is told of a delivery"
WISHES=(-N success,failure -R hdrs -V env=id+1)
deliver ann@y.test
send 0
arrives me 'Successful Mail Delivery Report'
arrives me 'Original-Envelope-Id: env=id+1'
WISHES=()

note "too big: refused here by what it announces"
{ printf 'From: me@y.test\n\n'; head -c 30000 /dev/zero | tr '\0' x | fold; } > "$T/mail"
status=0
godwit sendmail ann@y.test < "$T/mail" 2> "$T/err" || status=$?
[ "$status" = 65 ] && grep -q '20000' "$T/err" || fail "status $status"

note "a wrong password"
sed -i 's/echo secret/echo wrong/' "$T/config"
deliver ann@y.test
send 77
state_is queued
