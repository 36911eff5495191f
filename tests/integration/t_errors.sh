#!/bin/bash
# SPDX-License-Identifier: ISC
# What a user sees when something is wrong: the message and the exit status.
. "$(dirname "$0")/lib.sh"

mkdir -p "$T/server/home/Maildir"
MAIL=$T/server/home/Maildir
"$TOOLS/mkmail" "$MAIL/INBOX" 5 500 1
certificate expired "DNS:localhost" expired
certificate other "DNS:imap.example.org"
server_start full

expect() { # STATUS TEXT COMMAND...
	local want=$1 text=$2 status=0
	shift 2
	"$@" > "$T/out" 2> "$T/err" || status=$?
	[ "$status" = "$want" ] || fail "exit $status instead of $want: $*"
	grep -q -- "$text" "$T/err" || fail "no \"$text\" in the message"
	[ "$(wc -l < "$T/err")" -le 2 ] || fail "more than one line for one problem"
	printf '%3d  %s\n' "$status" "$(sed "s|$T|/TMP|g" "$T/err" | head -1)"
}
run() {
	"$GODWIT" -c "$T/config" sync
}
edit() { # SED-EXPRESSION: a fresh configuration with one change
	write_config
	sed -i "$1" "$T/config"
}

edit 's/echo secret/echo wrong/'; expect 77 'refused the login of "me"' run
edit 's/echo secret/exit 3/'; expect 77 'exited with status 3' run
edit 's/echo secret/true/'; expect 77 'printed nothing' run
edit 's/"localhost"/"no-such-host.invalid"/'; expect 75 'cannot be resolved' run
edit 's|host = "localhost"|&\n  proxy = "socks5://no-such-host.invalid"|'; expect 75 'the proxy: the name of no-such-host.invalid .* check the name' run
# One that waits for TLS, and so for more than a proxy is told.
edit "s|host = \"localhost\"|&\n  timeout = 1\n  proxy = \"socks5://127.0.0.1:$IMAPS_PORT\"|"; expect 75 'the proxy 127.0.0.1 did not answer' run
edit "s/port = .*/port = $(free_port)/"; expect 75 'connection refused' run
edit "s/port = .*/port = $IMAP_PORT/"; expect 69 'did not answer in TLS' run
edit "s/port = .*/port = $IMAPS_PORT\n  tls = \"starttls\"\n  timeout = 2/"; expect 75 'did not answer for 2 seconds' run
edit '/tls-ca-file/d'; expect 69 'authority that is not trusted here' run
edit 's/ca.pem/nothing.pem/'; expect 78 'tls-ca-file .* cannot be used' run
edit 's/maildir = .*/maildir = "\/proc\/nowhere\/mail"/'; expect 74 'cannot make directory' run
edit 's/maildir =/mailbox =/'; expect 78 'config line 8: there is no key "mailbox"; did you mean "maildir"' run
edit 's/maildir =/xyzzyxyzzy =/'; expect 78 'there is no key "xyzzyxyzzy"' run
edit '/user =/d'; expect 78 '`user` is missing' run
edit 's/port = .*/port = 99999/'; expect 78 'port must be between' run
edit 's/"localhost"/"mail.example.org"\n  tls = "none"/'; expect 78 'in clear' run
edit 's/account/acount/'; expect 78 'did you mean "account"' run
edit 's/maildir =/labels = "tags"\n  maildir =/'; expect 78 '`labels` has to be "no", "keywords" or "notmuch"' run
note "the text of a configuration: the cause is named, where it is"
edit 's/user = "me"/user = "me/'; expect 78 'line 6: a quote (") is opened' run
edit '$d'; expect 78 'line 2: the section that begins here is not closed' run
edit "s/port = .*/port = $IMAPS_PORT;/"; expect 78 'line 4: lines do not end with ";"' run
edit 's/password-command = .*/password = "secret"/'; expect 78 'godwit keeps no password' run
edit 's/  user =/  max-age = 3\n  user =/'; expect 78 'belongs into a section folder' run
edit 's/  user =/  state-dir = "x"\n  user =/'; expect 78 'stands before the accounts' run
edit '1s/.*/host = "x"/'; expect 78 'belongs into a section account' run
edit 's/user = "me"/user = ""/'; expect 78 '`user` is empty' run
edit 's|maildir = .*|maildir = "$HOME/mail"|'; expect 78 'is replaced as ${HOME}' run
edit 's|maildir = .*|maildir = "~nobody-here/mail"|'; expect 78 'there is no such user' run
edit 's|maildir = .*|maildir = "${GODWIT_UNSET}/mail"|'; expect 78 'line 8: ${GODWIT_UNSET} is not set' run
edit 's|maildir = .*|maildir = "/"|'; expect 78 'the root of the file system' run
edit 's|maildir = .*|maildir = "."|'; expect 78 'the directory of the configuration' run
edit 's/  user =/  connections = 0\n  user =/'; expect 78 'connections must be between 1 and 16' run
edit 's/  user =/  poll = "5x"\n  user =/'; expect 78 'poll = "5x" is not a number of seconds, or such as 5m' run
edit 's/  user =/  guard-percent = 20 %\n  user =/'; expect 78 'stands in quotes' run
expect 78 'is a directory, and no file' "$GODWIT" -c "$T" sync
expect 78 'godwit init you@example.org' "$GODWIT" -c "$T/none" sync
write_config 'folders = {"!Junk"} poll = 5m attic = 2w guard-percent = "20 %" max-message-size = "25 MB"
  folder "*" { max-age = 90y }'
{ printf '\357\273\277'; cat "$T/config"; } > "$T/bom" && mv "$T/bom" "$T/config"
sync_ok --json
expect_counts mailboxes=1 messages_downloaded=5 # all but Junk
write_config 'folders = {"INBOX", "Arhcive"}'
sync_ok
grep -q 'has "Arhcive", which no mailbox of the server matches' "$T/err" || fail "$(cat "$T/err")"
rm -rf "$T/mail" "$T/state"

note "a server's name stands alone; a number is none of others"
edit 's/host = .*/host = "imaps:\/\/localhost:993\/"/'; expect 78 'host = "imaps://localhost:993/": the name stands alone, "localhost"' run
edit 's/host = .*/host = "local host"/'; expect 78 "that is no server's name" run
edit 's/  user =/  connections = -1\n  user =/'; expect 78 'connections must be between 1 and 16' run
edit 's/  user =/  max-message-size = 2 M\n  user =/'; expect 78 'stands in quotes' run
edit 's/  user =/  folders = {"INBOX", ""}\n  user =/'; expect 78 'a pattern is empty' run
edit 's/  user = .*/  user =/'; expect 78 'config line 6: user = has no value' run
edit 's/  user =/  compress = maybe\n  user =/'; expect 78 'compress is yes or no' run

edit 's/port = .*/port = 0/'; expect 78 'port must be between 1 and 65535' run
edit 's/  user =/  server = "x"\n  user =/'; expect 78 'did you mean "host"' run
edit 's/  user =/  ssl = yes\n  user =/'; expect 78 'did you mean "tls"' run
edit 's/  user =/  folder "*" { size = 3 }\n  user =/'; expect 78 'did you mean "max-size"' run
edit 's/"localhost"/“localhost”/'; expect 78 'line 3: a value stands in straight quotes' run
write_config; iconv -f UTF-8 -t UTF-16 "$T/config" > "$T/wide"; chmod 600 "$T/wide"
expect 78 'has to be saved in UTF-8' "$GODWIT" -c "$T/wide" sync

note "an option that means nothing to the command is no silent one: a dry run above all"
write_config
for args in "watch -n" "verify -n" "outbox -n" "status --full" "sync --all" "restore --bodies" "doctor --set x=y"; do
	# shellcheck disable=SC2086
	expect 64 'means nothing to' "$GODWIT" -c "$T/config" $args
done
expect 64 'names no file' "$GODWIT" -c '' sync
expect 78 'no account "nope"; it has test' "$GODWIT" -c "$T/config" status nope
expect 78 'is a mailbox, and this command takes accounts: "test"' "$GODWIT" -c "$T/config" status test:INBOX

note "help, of all and of each command"
"$GODWIT" help | grep -q '^  import ' || fail "help"
for command in $("$GODWIT" help | sed -n 's/^  \([a-z]*\)[ ,].*/\1/p'); do
	"$GODWIT" help "$command" > "$T/help"
	grep -q '^Usage: godwit ' "$T/help" || fail "help $command"
	[ -z "$(awk 'length > 79' "$T/help")" ] || fail "help $command is too wide for a terminal"
done
[ "$("$GODWIT" help help)" = "$("$GODWIT" help)" ] || fail "help help"
[ -z "$("$GODWIT" help | awk 'length > 79')" ] || fail "help is too wide for a terminal"
[ "$("$GODWIT" sync --help)" = "$("$GODWIT" help sync)" ] || fail "sync --help is not help sync"
expect 64 'did you mean "sync"' "$GODWIT" help snc

write_config; expect 78 'no account "nobody"; it has test' "$GODWIT" -c "$T/config" sync nobody
expect 78 'no account "nobody"; it has test' "$GODWIT" -c "$T/config" restore nobody:INBOX
expect 78 'there is no mailbox "Nope"; `godwit folders test` lists them' "$GODWIT" -c "$T/config" sync test:Nope
expect 78 'there is no mailbox "Nope" and none of the others named' "$GODWIT" -c "$T/config" sync test:Nope test:Nor
expect 78 'there is no configuration' "$GODWIT" -c "$T/none" sync
expect 64 'did you mean "sync"' "$GODWIT" -c "$T/config" snc
expect 64 'unrecognized option' "$GODWIT" --frobnicate
write_config; run > "$T/out"
expect 78 'test: Nope: there is no mailbox of this name' "$GODWIT" -c "$T/config" restore test:Nope
expect 0 'nothing of INBOX is in it' "$GODWIT" -c "$T/config" restore test:INBOX
expect 64 'no command "statsu"; did you mean "status"' "$GODWIT" statsu
expect 64 'no command "login"; did you mean "auth"' "$GODWIT" login
expect 64 'no command "version"; did you mean "--version"' "$GODWIT" version
expect 64 'no command "foo"; try' "$GODWIT" foo # of three letters each is like any other
chmod o+w "$T/config"; expect 78 'can be written by others' run; chmod o-w "$T/config"
{ cat "$T/config"; sed -n '/account/,$p' "$T/config" | sed 's/"test"/"two"/; s|/mail"|/mail/sub"|'; } > "$T/two"
expect 78 'one is inside the other' "$GODWIT" -c "$T/two" sync

note "a watcher asks a keyring that was locked again after half a minute, a server that refused after five"
watch_until_trouble() { # PATTERN
	local pid
	: > "$T/err" # what the one before said is none of this one's
	"$GODWIT" -c "$T/config" watch > "$T/out" 2>> "$T/err" &
	pid=$!
	until grep -q 'trying again' "$T/err"; do
		kill -0 "$pid" 2> /dev/null || fail "the watcher has ended"
		sleep 0.05
	done
	kill "$pid"
	wait "$pid" || true
	grep -qE "$1" "$T/err" || fail "no \"$1\" in the message"
}
edit 's/echo secret/exit 3/'; watch_until_trouble 'password-command gave nothing: .*trying again in 3[0-9] s'
edit 's/echo secret/echo wrong/'; watch_until_trouble 'refused the login.*trying again in 3[0-9][0-9] s'

note "certificates"
server_stop
SERVER_CERT=expired server_start full; write_config; expect 69 'has expired' run; server_stop
SERVER_CERT=other server_start full; write_config; expect 69 'is not for localhost' run; server_stop

note "the server's own certificate is trusted, signed by another or by itself, and no other one is"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/self.key" -out "$T/self.pem" -days 30 \
	-subj "/CN=localhost" -addext "subjectAltName=DNS:localhost" 2> /dev/null
server_start full; edit 's/ca.pem/server.pem/'; sync_ok; edit 's/ca.pem/self.pem/'; expect 69 'not trusted here' run; server_stop
SERVER_CERT=self server_start full; edit 's/ca.pem/self.pem/'; sync_ok; edit 's/ca.pem/server.pem/'; expect 69 'certificate' run; server_stop
SERVER_CERT=other server_start full; edit 's/ca.pem/other.pem/'; expect 69 'is not for localhost' run; server_stop
SERVER_CERT=expired server_start full; edit 's/ca.pem/expired.pem/'; expect 69 'has expired' run; server_stop
rm -rf "$T/mail" "$T/state"

note "a key that is pinned: the error has the line to write, which then works, whatever name and time it has; another key does not"
SERVER_CERT=self server_start full
write_config
expect 69 'not trusted here .*its operator can tell by its key' run
pin=$(sed -n 's/.*write \(tls-pin = "sha256[^"]*"\).*/\1/p' "$T/err")
[ "$pin" = "tls-pin = \"sha256/$(openssl x509 -in "$T/self.pem" -pubkey -noout | openssl pkey -pubin -outform der |
	openssl dgst -sha256 -binary | base64)\"" ] || fail "the pin is $pin"
edit "/tls-ca-file/d; s#user =#$pin user =#"; sync_ok; server_stop
SERVER_CERT=other server_start full; edit "/tls-ca-file/d; s#user =#$pin user =#"
expect 69 'another key than `tls-pin` says: .*ask the operator whether the new one is sha256/' run
pins="{\"$(sed -n 's/.* the new one is \([^ ]*\).*/\1/p' "$T/err")\", ${pin#*= }}"
edit "/tls-ca-file/d; s#user =#tls-pin = $pins user =#"; sync_ok; server_stop
SERVER_CERT=expired server_start full; edit "/tls-ca-file/d; s#user =#tls-pin = $pins user =#"; expect 69 'another key' run; server_stop
edit 's/user =/tls-pin = "sha1\/abc" user =/'; expect 78 'tls-pin: "sha1/abc" is not "sha256/" and 44 characters' run
rm -rf "$T/mail" "$T/state"

note "STARTTLS"
server_start full
edit "s/port = .*/port = $IMAP_PORT\n  tls = \"starttls\"/"
sync_ok
assert_equal "STARTTLS"
server_stop

note "disk full, Maildir not writable, state not writable"
server_start full
write_config
if [ -n "$RUN_AS_ROOT" ] && mkdir "$T/small" && mount -t tmpfs -o size=600k tmpfs "$T/small" 2> /dev/null; then
	"$TOOLS/mkmail" "$MAIL/Big" 40 30000 5
	server_own
	edit "s|maildir = .*|maildir = \"$T/small/mail\"|"
	rm -rf "$T/state"
	expect 74 'min-free-space keeps 64 MB' run
	[ "$(find "$T/small/mail" -name '[0-9a-f]*.godwit' | wc -l)" = 0 ] || fail "the reserve was touched"
	edit "s|maildir = .*|maildir = \"$T/small/mail\" min-free-space = \"0\"|"
	expect 74 'No space left on device' run
	mount -o remount,size=64m "$T/small"
	sync_ok
	"$TOOLS/mdlist" "$MAIL" | sort > "$T/there"
	"$TOOLS/mdlist" "$T/small/mail" | sort > "$T/here"
	cmp "$T/there" "$T/here" || fail "after the disk was full"
	printf 'From: a\n\nx\n' > "$T/m"
	deliver INBOX "$T/m"
	mount -o remount,ro "$T/small"
	expect 74 'Read-only file system' run
	mount -o remount,rw "$T/small"
	sync_ok
	umount "$T/small"
else
	note "(no mount here: disk full is not tried)"
fi

note "two at once"
rm -rf "$T/state" "$T/mail"
edit 's|echo secret|touch started; read x < fifo; echo secret|'
cd "$T"
mkfifo fifo
"$GODWIT" -c "$T/config" sync > "$T/out2" 2>&1 &
first=$!
PIDS="$PIDS $first"
while [ ! -e started ]; do sleep 0.01; done # until the first has its lock
expect 75 "process $first" run
echo > fifo
wait "$first" || fail "the first one failed: $(cat "$T/out2")"
cd /

note "a tunnel"
rm -rf "$T/state" "$T/mail"
write_config "tls = \"none\" tunnel-command = \"exec 3<>/dev/tcp/127.0.0.1/$IMAP_PORT; cat <&3 & cat >&3\""
sed -i 's|tunnel-command = "\(.*\)"|tunnel-command = "bash -c '"'\1'"'"|' "$T/config"
sync_ok
assert_equal "tunnel"

note "interrupted, and quiet when all is well"
rm -rf "$T/state" "$T/mail"
write_config
"$GODWIT" -c "$T/config" sync -q > "$T/out" 2> "$T/err"
[ ! -s "$T/out" ] && [ ! -s "$T/err" ] || fail "-q was not quiet"
# Its parent is what runs commands for godwit, whose child that is.
cat > "$T/interrupt" <<-'EOF'
	kill -INT "$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$1/status")"
	sleep 1
	echo secret
EOF
edit "s|echo secret|sh $T/interrupt \$PPID|"
rm -rf "$T/state" "$T/mail"
status=0
run > "$T/out" 2> "$T/err" || status=$?
[ $status = 75 ] && grep -q 'finishing the batch' "$T/err" || fail "SIGINT: exit $status"
sed 's/^/     /' "$T/err"
note ok
