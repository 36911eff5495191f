#!/bin/bash
# SPDX-License-Identifier: ISC
# A POP3 account against Dovecot: TLS and STLS, UIDLs in three forms, what another client deletes meanwhile, everything
# numbered anew, and mail that does not stay there.
. "$(dirname "$0")/lib.sh"
[ -x /usr/lib/dovecot/pop3 ] || { echo "Dovecot has no POP3 here"; exit 77; }
[ "$DOVECOT" = 2.3 ] || { echo "written for Dovecot 2.3"; exit 77; }

serve() { # UIDL-FORMAT
	server_stop
	POP3_PORT=$(free_port)
	POP3S_PORT=$(free_port)
	EXTRA_CONFIG="protocols = imap pop3
		pop3_uidl_format = $1
		service pop3-login {
		  chroot =
		  inet_listener pop3 {
		    port = $POP3_PORT
		  }
		  inet_listener pop3s {
		    port = $POP3S_PORT
		    ssl = yes
		  }
		}" server_start full
}
config() { # TLS KEY...
	local port=$POP3S_PORT tls=$1
	shift
	[ "$tls" = implicit ] || port=$POP3_PORT
	CLIENT_PORT=$port write_config "protocol = \"pop3\"
		  tls = \"$tls\"
		  $(printf '%s\n		  ' "$@")"
}
hashes() { # of a Maildir's messages
	find "$@" \( -path '*/new/*' -o -path '*/cur/*' \) -type f -print0 | xargs -0r sha256sum | cut -c1-64 | sort
}
in_step() { # WHAT: each message there is here once
	hashes "$T/mail" > "$T/here"
	hashes "$MAIL/INBOX" > "$T/there"
	cmp -s "$T/here" "$T/there" || fail "$1: $(diff "$T/there" "$T/here" | head -3)"
}

# asked VERB: how often the last sync (-vvv, which logs what is said) asked so
asked() {
	grep -q 'C: UIDL' "$T/err" || fail "the log does not tell what was asked"
	grep -c "C: $1" "$T/err" || true
}

mkdir -p "$T/server/home/Maildir"
MAIL=$T/server/home/Maildir
"$TOOLS/mkmail" "$MAIL/INBOX" 30 4000 1

note "TLS, nothing new, one more"
serve %08Xu%08Xv
config implicit
sync_ok
in_step "the first sync"
find "$T/mail" -type f | sort > "$T/names"
sync_ok -vvv
[ "$(asked RETR) $(asked TOP) $(asked DELE)" = "0 0 0" ] || fail "asked for what it has: $(grep 'C: ' "$T/err")"
"$TOOLS/mkmail" "$MAIL/INBOX" 1 4000 2
sync_ok
in_step "one more"

note "STLS; a wrong password"
config starttls
: > "$T/dovecot.log"
sync_ok
grep -q 'pop3-login: .*Login: .*TLS' "$T/dovecot.log" || fail "not under TLS: $(tail -2 "$T/dovecot.log")"
config starttls 'password-command = "echo wrong"'
status=0
godwit sync > "$T/out" || status=$?
[ $status = 77 ] || fail "status $status: $(cat "$T/err")"
config implicit
godwit doctor > "$T/out" || fail "doctor: $(cat "$T/out" "$T/err")"

note "a password that is proven, not said; and one that is said, where the server takes no other way"
AUTH_MECHANISMS='scram-sha-256' serve %08Xu%08Xv
config implicit
sync_ok
grep -q 'pop3-login: .*Login: .*method=SCRAM-SHA-256' "$T/dovecot.log" || fail "not by SCRAM: $(grep -o 'method=[^,]*' "$T/dovecot.log" | tail -1)"
config implicit 'password-command = "echo wrong"'
status=0
godwit sync > "$T/out" || status=$?
[ $status = 77 ] || fail "status $status: $(cat "$T/err")"
config implicit 'auth-mechanisms = {"PLAIN"}'
status=0
godwit sync > "$T/out" || status=$?
[ $status = 77 ] || fail "it was told the password: status $status: $(cat "$T/err")"
AUTH_MECHANISMS='plain login scram-sha-256' serve %08Xu%08Xv
config implicit
sync_ok
grep -q 'pop3-login: .*Login: .*method=SCRAM-SHA-256' "$T/dovecot.log" || fail "not by SCRAM, beside others"

note "UIDLs of another form, twice: headers, no bodies, no second files"
find "$T/mail" -type f | sort > "$T/names"
for form in %f '%Xv.%u'; do
	serve "$form"
	config implicit
	sync_ok -vvv
	[ "$(asked RETR) $(asked TOP)" = "0 31" ] || fail "$form: $(asked RETR) bodies, $(asked TOP) headers were fetched"
	find "$T/mail" -type f | sort | cmp -s - "$T/names" || fail "$form: other files"
done
in_step "renumbered"

note "another client deletes; what is here stays here"
adm expunge -u me mailbox INBOX 1:5
sync_ok
[ "$(hashes "$T/mail" | wc -l)" = 31 ] || fail "it went here"

note "it does not stay there"
config implicit 'keep = "no"'
godwit sync -n > "$T/out" || fail "dry run: $(cat "$T/err")"
[ "$(count_there INBOX)" = 26 ] || fail "the dry run deleted"
sync_ok
[ "$(count_there INBOX)" = 0 ] || fail "$(count_there INBOX) are still there"
[ "$(hashes "$T/mail" | uniq | wc -l)" = 31 ] || fail "not all is here"
"$TOOLS/mkmail" "$MAIL/INBOX" 3 4000 3
sync_ok
[ "$(count_there INBOX)" = 0 ] && [ "$(hashes "$T/mail" | uniq | wc -l)" = 34 ] || fail "new mail did not come, or stayed"

note "init: where the domain names a server for POP3 and none for IMAP"
mkdir -p "$T/home"
init() { # ARG...
	status=0
	ELSEWHERE=localhost ELSEWHERE_SRV="_pop3s._tcp.$1 localhost $POP3S_PORT" LD_PRELOAD=$TOOLS/tests/libelsewhere.so \
		ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 HOME=$T/home XDG_CONFIG_HOME= XDG_STATE_HOME= "$GODWIT" init "me@$1" \
		--set tls-ca-file="$T/ca.pem" --set user=me --set "password-command=echo secret" --set name=drop "${@:2}" < /dev/null > "$T/out" 2> "$T/err" || status=$?
}
"$TOOLS/mkmail" "$MAIL/INBOX" 4 4000 9
init example.org
[ $status = 78 ] || fail "another domain's server was taken: $(cat "$T/out")"
grep -q 'names a server for POP3, localhost, and none for IMAP' "$T/out" || fail "not offered: $(cat "$T/out" "$T/err")"
init example.org --set host=localhost --set "port=$POP3S_PORT" --set protocol=pop3
[ $status = 0 ] || fail "init: $(cat "$T/err" "$T/out")"
grep -q 'protocol = "pop3"' "$T/home/.config/godwit/config" && grep -q '# keep' "$T/home/.config/godwit/config" || fail "$(cat "$T/home/.config/godwit/config")"
grep -q 'The first sync fetches 4 messages' "$T/out" || fail "$(cat "$T/out" "$T/err")"
! grep -q 'names a server' "$T/out" || fail "offered where it was said: $(cat "$T/out")"
HOME=$T/home XDG_CONFIG_HOME= XDG_STATE_HOME= "$GODWIT" sync drop > "$T/out" 2> "$T/err" || fail "sync: $(cat "$T/err")"
[ "$(find "$T/home/Mail/drop/INBOX/new" -type f | wc -l)" = 4 ] || fail "the mail is not there"
rm -rf "$T/home"
mkdir -p "$T/home"
init localhost.localdomain --set host=localhost # what is said goes before what is published
[ $status != 0 ] && ! grep -q 'names a server' "$T/out" || fail "$status: $(cat "$T/out")"
