#!/bin/bash
# SPDX-License-Identifier: ISC
# Signing in with OAuth 2.0: by a browser, by another device, by a command; tokens that are over, rotated,
# refused, revoked; servers that are away.  A real Dovecot takes the tokens, and asks the OAuth server.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"

. "$(dirname "$0")/oauthlib.sh"

settings() { # LINE...: how the OAuth server behaves
	oauth_settings "$@"
}
config_oauth() { # [LINES]
	write_config "auth = \"oauth2\"
		oauth2-client-id = \"client\"
		oauth2-client-secret = \"${SECRET:-s3cret}\"
		oauth2-scope = \"mail\"
		oauth2-auth-url = \"$OAUTH/auth\"
		oauth2-token-url = \"$OAUTH/token\"
		oauth2-device-url = \"$OAUTH/device\"
		${1:-}"
	sed -i '/password-command/d' "$T/config"
}
auth() { # ARG...: `godwit auth`, with the browser
	BROWSER=$T/browser godwit auth "$@" < /dev/null > "$T/out"
}
fails() { # STATUS TEXT COMMAND...
	local want=$1 text=$2 status=0
	shift 2
	"$@" > "$T/out" || status=$?
	[ $status = "$want" ] || fail "$*: exit status $status, not $want: $(cat "$T/err")"
	grep -q "$text" "$T/err" || fail "$*: \"$text\" is not in: $(cat "$T/err")"
}
no_secrets() { # FILE...
	! grep -nE '[arcd][0-9]+-[0-9a-f]{16}|s3cret' "$@" || fail "a secret was told"
}

oauth_start
fresh full
"$TOOLS/mkmail" "$MAIL/INBOX" 20 600 1
mkdir -p "$MAIL"/{Archive,Trash}/{cur,new,tmp}
cat > "$T/dovecot-oauth2" <<-EOF
	tokeninfo_url = $OAUTH/info/
	username_attribute = user
EOF
EXTRA_CONFIG="auth_mechanisms = plain xoauth2 oauthbearer
auth_cache_size = 0
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = $T/dovecot-oauth2
}" server_start full
config_oauth

note "without a sign-in, and signed in by a browser"
fails 77 'run `godwit auth test`' godwit sync
auth || fail "auth: $(cat "$T/err")"
grep -q '^test: signed in' "$T/out" || fail "$(cat "$T/out")"
[ "$(stat -c %a "$T/state/test.token")" = 600 ] || fail "others can read the token"
sync_ok
assert_equal "with a token"
godwit sync -vvv > "$T/out" || fail "$(cat "$T/err")"
grep -q 'AUTHENTICATE' "$T/err" && grep -q method=OAUTHBEARER "$T/dovecot.log" || fail "it signed in otherwise: $(grep AUTHENTICATE "$T/err")"
no_secrets "$T/err" "$T/out"

note "an access token that is over, or refused, is renewed"
granted=$(asked granted)
sync_ok
[ "$(asked granted)" = "$granted" ] || fail "a good token was renewed"
sed -i 's/"expires_at":[0-9]*/"expires_at":1000/' "$T/state/test.token"
sync_ok
[ "$(asked granted)" = $((granted + 1)) ] || fail "it was renewed $(($(asked granted) - granted)) times"
sed -i 's/"access_token":"[^"]*"/"access_token":"stale"/' "$T/state/test.token"
sync_ok # the server refuses it
[ "$(asked granted)" = $((granted + 2)) ] || fail "it was renewed $(($(asked granted) - granted)) times"
sync_ok
[ "$(asked granted)" = $((granted + 2)) ] || fail "the renewed one was not kept"

note "each refresh token works once: none is lost, and two at once do not take it twice"
settings rotate expires=100 # within the margin: every sync renews
sed -i 's/"expires_at":[0-9]*/"expires_at":1000/' "$T/state/test.token"
granted=$(asked granted)
sync_ok
sync_ok
[ "$(asked granted)" = $((granted + 2)) ] || fail "it was renewed $(($(asked granted) - granted)) times, not twice"
for i in 1 2 3 4; do
	"$GODWIT" -c "$T/config" sync -q 2> "$T/err.$i" &
	pids="${pids:-} $!"
done
for pid in $pids; do
	status=0
	wait "$pid" || status=$?
	[ $status = 0 ] || [ $status = 75 ] || fail "one of several at once: $status: $(cat "$T"/err.*)" # 75: the lock
done
sync_ok
settings

note "what is wrong is told"
settings revoked
sed -i 's/"expires_at":[0-9]*/"expires_at":1000/' "$T/state/test.token"
fails 77 'has expired or was revoked.*godwit auth test' godwit sync
settings revoked skew=7200 # this machine's clock is two hours behind
fails 77 'has expired or was revoked' godwit sync
grep -q 'clock of this machine is \(119\|120\) minutes behind that of 127.0.0.1: set it right' "$T/err" || fail "$(cat "$T/err")"
settings skew=-7200
sed -i 's/"expires_at":[0-9]*/"expires_at":1000/' "$T/state/test.token"
sync_ok # and yet it works
grep -q 'minutes ahead of' "$T/err" || fail "$(cat "$T/err")"
sed -i 's/"expires_at":[0-9]*/"expires_at":1000/' "$T/state/test.token"
settings down
fails 75 'token server answers with 503' godwit sync
settings
SECRET=wrong config_oauth
fails 78 'oauth2-client-id and oauth2-client-secret' godwit sync
config_oauth
kill "$OAUTH_PID"
wait "$OAUTH_PID" 2> /dev/null || true
fails 75 'refused\|cannot connect' godwit sync
oauth_start
config_oauth
sed -i "s|^tokeninfo_url.*|tokeninfo_url = $OAUTH/info/|" "$T/dovecot-oauth2"
adm reload
settings deny
fails 77 'declined in the browser' auth
settings wrong-state
BROWSER=$T/browser timeout -s INT 2 "$GODWIT" -c "$T/config" auth < /dev/null > "$T/out" 2> "$T/err" || true
grep -q 'wrong `state`' "$T/err" || fail "a wrong state was not told: $(cat "$T/err")"
grep -q 'sign-in was stopped' "$T/err" || fail "Ctrl-C: $(cat "$T/err")"
settings
status=0
godwit auth nobody > "$T/out" || status=$?
[ $status = 78 ] || fail "an account that is none: $status"

note "by hand: the address alone, and what the browser ended at pasted"
mkfifo "$T/typed"
"$GODWIT" -c "$T/config" auth --no-browser < "$T/typed" > "$T/url" 2> "$T/err" &
pid=$!
exec 9> "$T/typed"
until_true "the address" test -s "$T/url"
[ "$(wc -l < "$T/url")" = 1 ] || fail "more than the address: $(cat "$T/url")"
answer=$(perl -MIO::Socket::INET -e '$ARGV[0] =~ m{^http://([^/]+)(/.*)}; my $s = IO::Socket::INET->new($1);
	print $s "GET $2 HTTP/1.1\r\nHost: x\r\n\r\n"; local $/; print <$s> =~ /^Location: (.*?)\r/mi' "$(cat "$T/url")")
echo "$answer" >&9
wait "$pid" || fail "pasted: $(cat "$T/err")"
exec 9>&-
sync_ok

note "with another device"
settings pending=2
godwit auth --device > "$T/out" < /dev/null || fail "device: $(cat "$T/err")"
grep -q 'http://127.0.0.1/device.*WDJB-MJHT' "$T/out" || fail "$(cat "$T/out")"
sync_ok
settings deny
fails 77 'declined' godwit auth --device

note "a token from a command"
settings
cp "$T/state/test.token" "$T/kept"
rm "$T/state/test.token"
config_oauth "token-command = \"sed 's/.*access_token\\\":\\\"//; s/\\\".*//' $T/kept\""
sync_ok
config_oauth 'token-command = "false"'
fails 77 'token-command gave nothing' godwit sync
mv "$T/kept" "$T/state/test.token"

note "in a keyring"
mkdir -p "$T/bin"
cat > "$T/bin/secret-tool" <<-EOF
	#!/bin/sh
	case "\$*" in
	"store --label=godwit application godwit account test") cat > "$T/keyring" ;;
	"lookup application godwit account test") cat "$T/keyring" ;;
	*) exit 1 ;;
	esac
EOF
chmod +x "$T/bin/secret-tool"
rm "$T/state/test.token"
config_oauth
(
	export PATH=$T/bin:$PATH DBUS_SESSION_BUS_ADDRESS=unix:path=/none
	auth || fail "$(cat "$T/err")"
	[ ! -e "$T/state/test.token" ] || fail "the token is in a file as well"
	sed -i 's/"expires_at":[0-9]*/"expires_at":1000/' "$T/keyring"
	sync_ok
	! grep -q '"expires_at":1000' "$T/keyring" || fail "what was renewed was not stored"
	printf '#!/bin/sh\nexit 1\n' > "$T/bin/secret-tool" # locked
	auth || fail "$(cat "$T/err")"
	[ -e "$T/state/test.token" ] || fail "the token is lost"
)
sync_ok

note "XOAUTH2 alone"
server_stop
sed -i 's/^auth_mechanisms = plain xoauth2 oauthbearer/auth_mechanisms = xoauth2/' "$S/dovecot.conf"
dovecot -F -c "$S/dovecot.conf" 2>> "$T/dovecot.out" &
SERVER_PID=$!
server_wait || fail "Dovecot does not come back"
sync_ok
grep -q method=XOAUTH2 "$T/dovecot.log" || fail "it did not use it"
sed -i 's/"access_token":"[^"]*"/"access_token":"stale"/' "$T/state/test.token"
sync_ok

note "a watcher whose token ends"
settings expires=302 # good for two seconds beyond the margin
config_oauth 'poll = 1'
auth || fail "$(cat "$T/err")"
granted=$(asked granted)
watch_start
until_true "renewals" eval '[ "$(asked granted)" -gt $((granted + 1)) ]'
mail one
arrive INBOX
until_true "mail afterwards" here INBOX one
! grep -q 'trying again in' "$T/watch.err" || fail "$(grep 'trying again' "$T/watch.err")"
settings revoked
until_true "trouble" grep -q 'godwit auth test.*trying again in [3-9][0-9][0-9]' "$T/watch.err"
settings
auth || fail "$(cat "$T/err")"
sync_ok # brings the watcher back at once
mail two
arrive INBOX
until_true "mail after another sign-in" here INBOX two

note "no secret among the processes, nor in a core file"
for pid in "$WATCHER" $(cat "/proc/$WATCHER/task/$WATCHER/children"); do
	tr '\0' '\n' < "/proc/$pid/cmdline"
	tr '\0' '\n' < "/proc/$pid/environ"
done > "$T/processes"
no_secrets "$T/processes"
watch_stop
(
	mkdir "$T/core"
	cd "$T/core"
	ulimit -c unlimited
	"$GODWIT" -c "$T/config" watch -q 2> "$T/err" &
	pid=$!
	until_true "no core" grep -q 'Max core file size *1 ' "/proc/$pid/limits"
	kill -ABRT $pid
	wait $pid || true
) || fail "it did not run"
[ -z "$(ls "$T/core")" ] || fail "it left a core file"
no_secrets "$T/watch.err" "$T/watch.out" "$T/err"

note "at Gmail a token is refused without a reason: each has its sentence"
gmail_token() { # [LINES]: an account at the emulator that signs in by the OAuth server
	gmail_config "auth = \"oauth2\"
		oauth2-client-id = \"client\"
		oauth2-client-secret = \"s3cret\"
		oauth2-auth-url = \"$OAUTH/auth\"
		oauth2-token-url = \"$OAUTH/token\"
		oauth2-userinfo-url = \"$OAUTH/userinfo\"
		${1:-}"
	sed -i '/password-command/d' "$T/config"
}
gmail_settings() { # LINE...
	printf '%s\n' "token=a*" "$@" > "$T/gmail.settings"
}
. "$(dirname "$0")/gmaillib.sh"
settings() { oauth_settings "$@"; }
rm -rf "$T/state" "$T/mail"
: > "$T/gmail.settings"
"$TOOLS/gmaild" "$T/gmail.settings" > "$T/gmail.out" 2> "$T/gmail.err" &
PIDS="$PIDS $!"
until_true "the emulator" test -s "$T/gmail.out"
GMAIL_PORT=$(head -1 "$T/gmail.out")
gmail_token
gmail_settings token-user=somebody@gmail.com
settings email=some.body+tag@googlemail.com "scope=openid https://mail.google.com/"
auth || fail "auth: $(cat "$T/err")"
[ ! -s "$T/err" ] || fail "it is the same account: $(cat "$T/err")"
sync_ok
settings email=else@gmail.com
gmail_settings token-user=else@gmail.com
auth || fail "auth: $(cat "$T/err")"
grep -q 'signed in to "else@gmail.com", and `user` is "somebody@gmail.com".*godwit auth test' "$T/err" || fail "$(cat "$T/err")"
fails 77 'refused the token of "somebody@gmail.com".*it is a token of "else@gmail.com".*godwit auth test.*or set user = "else@gmail.com"' godwit sync
settings # no id token: nobody knows
auth || fail "auth: $(cat "$T/err")"
[ ! -s "$T/err" ] || fail "it says $(cat "$T/err")"
settings userinfo=else@gmail.com "scope=https://mail.google.com/ email"
auth || fail "auth: $(cat "$T/err")"
grep -q 'signed in to "else@gmail.com", and `user` is "somebody@gmail.com"' "$T/err" || fail "$(cat "$T/err")"
no_secrets "$T/err" "$T/out" "$T/oauth.out"
fails 77 'it is a token of "else@gmail.com"' godwit sync
settings userinfo=somebody@googlemail.com "scope=https://mail.google.com/ https://www.googleapis.com/auth/userinfo.email"
auth || fail "auth: $(cat "$T/err")"
[ ! -s "$T/err" ] || fail "it is the same account: $(cat "$T/err")"
settings userinfo=else@gmail.com "scope=https://mail.google.com/" # not allowed to ask
asks=$(asked userinfo)
auth || fail "auth: $(cat "$T/err")"
[ "$(asked userinfo)" = "$asks" ] || fail "it asked who that is"
settings "scope=https://mail.google.com/ email" # the answer is 403
auth || fail "auth: $(cat "$T/err")"
[ "$(asked userinfo)" = $((asks + 1)) ] || fail "it did not ask who that is"
settings
auth || fail "auth: $(cat "$T/err")"
fails 77 'signed in to another account than "somebody@gmail.com", or access to mail not allowed.*godwit auth test' godwit sync
gmail_settings token-scope token-status=401
settings "scope=openid"
auth || fail "auth: $(cat "$T/err")"
grep -q 'access to mail was not allowed there' "$T/err" || fail "$(cat "$T/err")"
fails 77 'does not give access to mail (https://mail.google.com/).*godwit auth test' godwit sync
gmail_settings lookup-failed
fails 77 'does not find the account: is .user. its whole address' godwit sync
gmail_token 'token-command = "echo nothing"'
gmail_settings
fails 77 'check that what .token-command. prints is a token of "somebody@gmail.com"' godwit sync

note "a token that has to be renewed is no fault: the doctor renews it, as a sync does"
gmail_token
gmail_settings
settings
auth || fail "auth: $(cat "$T/err")"
sed -i 's/"access_token":"[^"]*"/"access_token":"stale"/' "$T/state/test.token"
godwit doctor > "$T/out" || [ $? = 1 ] || fail "doctor: $(cat "$T/out")"
grep -q '^ok    login' "$T/out" || fail "$(cat "$T/out")"
settings revoked
sed -i 's/"access_token":"[^"]*"/"access_token":"stale"/' "$T/state/test.token"
! godwit doctor > "$T/out" || fail "doctor: $(cat "$T/out")"
grep -q '^BAD   login: its sign-in has expired or was revoked' "$T/out" || fail "$(cat "$T/out")"
note ok
