#!/bin/bash
# SPDX-License-Identifier: ISC
# `godwit init` asks the domain by HTTPS which servers it has, and believes it within bounds.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"

mkdir -p "$T/server/home/Maildir"
MAIL=$T/server/home/Maildir
"$TOOLS/mkmail" "$MAIL/INBOX" 3 600 1
certificate server "DNS:localhost,DNS:imap.example.org,DNS:mail.other.net"
server_start full
certificate web "DNS:autoconfig.example.org,DNS:example.org"
mkdir -p "$T/web/mail" "$T/web/.well-known/autoconfig/mail"
(cd "$T/web" && exec openssl s_server -accept 127.0.0.1:0 -cert "$T/web.pem" -key "$T/web.key" -WWW) > "$T/web.out" 2>&1 < /dev/null &
PIDS="$PIDS $!"
until_true "there is a web server" grep -q '^ACCEPT' "$T/web.out"
WEB_PORT=$(sed -n 's/^ACCEPT.*://p' "$T/web.out" | head -1)
AUTOCONFIG="$T/web/mail/config-v1.1.xml?emailaddress=me%40example.org"
WELL_KNOWN=$T/web/.well-known/autoconfig/mail/config-v1.1.xml
CONFIG=$T/home/.config/godwit/config
export ELSEWHERE="autoconfig.example.org example.org imap.example.org mail.other.net autoconfig.wrong.org"
export ELSEWHERE_PORTS="443=$WEB_PORT 993=$IMAPS_PORT 143=$IMAP_PORT"

xml() { # SERVER...: each TYPE,HOST,PORT,SOCKET-TYPE,NAME
	local server
	echo '<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="x"><domain>example.org</domain>'
	for server in "$@"; do
		IFS=, read -r type host port socket name <<< "$server"
		echo "<$type><hostname>$host</hostname><port>$port</port><socketType>$socket</socketType><username>$name</username></${type%% *}>"
	done
	echo '</emailProvider></clientConfig>'
}
IN='incomingServer type="imap"'
OUT='outgoingServer type="smtp"'
init() { # ARG...
	rm -rf "$T/home"
	mkdir -p "$T/home"
	LD_PRELOAD=$TOOLS/tests/libelsewhere.so ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 HOME=$T/home \
		XDG_CONFIG_HOME='' XDG_STATE_HOME='' "$GODWIT" init "$@" --set "tls-ca-file=$T/ca.pem" \
		--set "password-command=echo secret" < /dev/null > "$T/out" 2> "$T/err"
}
writes() { # LINE...: of the configuration
	local line
	init me@example.org || fail "init: $?"
	for line in "$@"; do
		grep -qxF "  $line" "$CONFIG" || fail "\"$line\" is not in: $(cat "$CONFIG")"
	done
}
fails() { # STATUS TEXT ADDRESS
	local status=0
	init "$3" || status=$?
	[ $status = "$1" ] && grep -qF "$2" "$T/err" "$T/out" || fail "status $status, and not: $2"
}

note "the domain names its server and the name to sign in with"
xml "$IN,imap.example.org,993,SSL,%EMAILLOCALPART%" > "$AUTOCONFIG"
xml "$IN,mail.other.net,993,SSL,nobody" > "$WELL_KNOWN" # whose word goes last
writes 'host = "imap.example.org"' 'user = "me"'
grep -qF 'https://autoconfig.example.org/mail/config-v1.1.xml?emailaddress=me%40example.org names the servers of example.org.' "$T/out" ||
	fail "the source is not told"

note "STARTTLS, at the other place; what is in clear, or no name, is passed over"
rm "$AUTOCONFIG"
xml "$IN,imap.example.org,143,plain,me" "$IN,127.0.0.1,993,SSL,me" "$IN,imap.example.org,143,STARTTLS,me" > "$WELL_KNOWN"
writes 'host = "imap.example.org"' 'port = "143"' 'tls = "starttls"' 'user = "me"'

note "a server of another domain is for a person to take; one of another name is not believed"
xml "$IN,mail.other.net,993,SSL,me" > "$WELL_KNOWN"
fails 78 "names the server mail.other.net, which is another domain's" me@example.org
xml "$IN,imap.example.org,993,SSL,me" > "$T/web/mail/config-v1.1.xml?emailaddress=me%40wrong.org"
fails 69 'imap.wrong.org' me@wrong.org # which is guessed
! grep -q 'names the servers' "$T/out" || fail "somebody else's certificate was taken"

note "what is no such file"
for text in '' '<html/>' '<clientConfig><emailProvider>' '<!DOCTYPE x [<!ENTITY a "a">]><clientConfig/>'; do
	printf %s "$text" > "$WELL_KNOWN"
	init me@example.org || true # by the name that is usual
	! grep -q 'names the servers' "$T/out" || fail "\"$text\" was believed"
done

note "on a terminal: where it comes from, what is foreign, and a name of its own for sending"
xml "$IN,mail.other.net,993,SSL,me" "$OUT,smtp.example.org,2465,SSL,sender" > "$AUTOCONFIG"
rm -rf "$T/home"
mkdir -p "$T/home"
tmux -f /dev/null -L "godwit$$" new-session -d -x 100 -y 80 \
	"env LD_PRELOAD=$TOOLS/tests/libelsewhere.so ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 ELSEWHERE='$ELSEWHERE' ELSEWHERE_PORTS='$ELSEWHERE_PORTS' HOME=$T/home XDG_CONFIG_HOME= XDG_STATE_HOME= '$GODWIT' init me@example.org --set tls-ca-file=$T/ca.pem; echo status \$?; sleep 1000"
screen() { tmux -L "godwit$$" capture-pane -p; }
shows() { screen | grep -q -- "$1"; }
type_in() { # WHAT-IS-ASKED ANSWER
	until_true "\"$1\" is asked" shows "$1"
	tmux -L "godwit$$" send-keys -l "$2"
	tmux -L "godwit$$" send-keys Enter
}
: > "$T/watch.err" # what until_true() shows
type_in 'as the domain names it \[mail.other.net\]: *$' ''
screen | grep -q "mail.other.net is another domain's server" || fail "no warning: $(screen)"
type_in 'name for the account' ''
type_in 'name to sign in with \[me\]: *$' ''
type_in 'prints the password' 'echo secret'
type_in '"none": do not send) \[smtp.example.org:2465\]: *$' ''
type_in '"none": do not send) \[smtp.example.org\]: *$' '' # nobody takes mail there; all the same
type_in 'Which mailboxes, by patterns' ''
type_in 'directory for the mail' ''
type_in 'Keep it all the same' 'yes'
until_true "it is done" shows 'status 0'
tmux -L "godwit$$" kill-server
for line in 'host = "mail.other.net"' 'smtp-host = "smtp.example.org"' 'smtp-port = "2465"' 'smtp-user = "sender"'; do
	grep -qxF "  $line" "$CONFIG" || fail "\"$line\" is not in: $(cat "$CONFIG")"
done
note ok
