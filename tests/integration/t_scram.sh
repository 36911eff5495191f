#!/bin/bash
# SPDX-License-Identifier: ISC
# A password is proven to Dovecot (SCRAM-SHA-256) where it offers that, and said only where that is allowed; or
# a certificate signs in (EXTERNAL).
. "$(dirname "$0")/lib.sh"

restart() { # MECHANISMS
	server_stop
	AUTH_MECHANISMS=$1 server_start full
}
signs_in_by() { # MECHANISM: each connection since the last look
	grep -q "method=$1," "$T/dovecot.log" || fail "not by $1: $(grep method= "$T/dovecot.log" | tail -1)"
	[ "$(grep -o 'method=[A-Z0-9-]*' "$T/dovecot.log" | sort -u)" = "method=$1" ] || fail "not by $1 alone"
	: > "$T/dovecot.log"
}
fails() { # STATUS WORDS [ARGUMENT...]
	local status=0 want=$1 words=$2
	shift 2
	godwit sync "$@" > "$T/out" || status=$?
	[ $status = "$want" ] || fail "status $status, not $want: $(cat "$T/err")"
	grep -q "$words" "$T/err" || fail "it says: $(cat "$T/err")"
}

mkdir -p "$T/server/home/Maildir"
MAIL=$T/server/home/Maildir
"$TOOLS/mkmail" "$MAIL/INBOX" 3 600 1
AUTH_MECHANISMS='scram-sha-256' server_start full

note "the only way"
write_config
sync_ok
sync_ok
assert_equal "by SCRAM"
signs_in_by SCRAM-SHA-256
! grep -q secret "$T/err" || fail "the password is shown"

note "a wrong password, and mechanisms that the server has not"
write_config 'password-command = "echo wrong"'
fails 77 'auth-mechanisms = {"PLAIN"}'
write_config 'auth-mechanisms = {"PLAIN"}'
fails 77 'no way to sign in\|none of'
: > "$T/dovecot.log"

note "the safest way first, or the one that is wanted"
restart 'plain login scram-sha-256'
write_config
sync_ok
signs_in_by SCRAM-SHA-256
write_config 'auth-mechanisms = {"PLAIN"}'
sync_ok
signs_in_by PLAIN
write_config 'password-command = "echo pässword"'
fails 77 'refused the login'
: > "$T/dovecot.log"

note "it is not offered any more: told, or refused"
restart 'plain login'
write_config 'auth-mechanisms = {"SCRAM-SHA-256"}'
fails 77 'none of .auth-mechanisms.'
! grep -q 'method=' "$T/dovecot.log" || fail "it signed in"
write_config
sync_ok
grep -q 'took SCRAM-SHA-256 before' "$T/err" || fail "not told: $(cat "$T/err")"
sync_ok --full
sync_ok
! grep -q 'took SCRAM-SHA-256 before' "$T/err" || fail "it does not get used to it"
assert_equal "in the end"

if [ "$DOVECOT" = 2.3 ]; then
	note "a certificate alone"
	certificate me DNS:me
	certificate other DNS:other
	server_stop
	# Whoever has a certificate needs no password, and is whom it names.
	AUTH_MECHANISMS='plain external' EXTRA_CONFIG="
		ssl_ca = <$T/ca.pem
		ssl_require_crl = no
		ssl_verify_client_cert = yes
		ssl_cert_username_field = commonName
		auth_ssl_username_from_cert = yes
		passdb {
		  driver = static
		  args = nopassword=y
		  mechanisms = external
		}" server_start full
	: > "$T/dovecot.log"
	write_config "auth = \"certificate\" password-command = false
		tls-client-cert = $T/me.pem tls-client-key = $T/me.key"
	sync_ok
	signs_in_by EXTERNAL
	grep -q 'auth = \"certificate\"' "$T/config" || fail "not as it is written here"
	assert_equal "by certificate"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/self.key" -out "$T/self.pem" \
		-days 30 -subj /CN=me 2> "$T/openssl"
	write_config "auth = \"certificate\" tls-client-cert = $T/self.pem tls-client-key = $T/self.key"
	fails 77 "check that .tls-client-cert. is a certificate that the server knows"
	restart 'plain login'
	: > "$T/dovecot.log"
	write_config "auth = \"certificate\" tls-client-cert = $T/me.pem tls-client-key = $T/me.key"
	fails 77 'no way to sign in with a certificate'
	! grep -q 'method=' "$T/dovecot.log" || fail "it signed in"
fi

note "the configuration"
write_config 'auth = "certificate"'
fails 78 'tls-client-cert. is missing'
write_config "auth = \"certificate\" tls = \"none\" tls-client-cert = $T/me.pem"
fails 78 'wants TLS'
write_config "auth = \"certificate\" tls-client-cert = $T/me.pem auth-mechanisms = {\"PLAIN\"}"
fails 78 'auth = "certificate" has none'
write_config 'auth = "face"'
fails 78 'not one of password, oauth2, certificate'
write_config 'auth-mechanisms = {"CRAM-MD5"}'
fails 78 'CRAM-MD5.*is not one of'
write_config 'auth-mechanisms = {"PLAIN"} auth = "oauth2" token-command = "echo x"'
fails 78 'auth-mechanisms are of passwords'
