#!/bin/bash
# SPDX-License-Identifier: ISC
# Those who call sendmail: git send-email with a dozen patches, mutt, neomutt, aerc and Emacs (where they are installed).  Offline,
# with a watcher that starts before there is a line, with one that runs, and with none; and what mutt shows of a mail
# that is not taken.
. "$(dirname "$0")/outboxlib.sh"

CAPS=PIPELINING,8BITMIME,SIZE_20000,ENHANCEDSTATUSCODES,AUTH_PLAIN
N=${PATCHES:-12}
export HOME=$T EMAIL=me@x.test GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=Me GIT_AUTHOR_EMAIL=me@x.test
export GIT_COMMITTER_NAME=Me GIT_COMMITTER_EMAIL=me@x.test
cat > "$T/sendmail" <<END
#!/bin/sh
exec "$GODWIT_BUILD/godwit" -c "$T/config" sendmail "\$@"
END
chmod 755 "$T/sendmail"
cat > "$T/muttrc" <<END
set sendmail="$T/sendmail"
set from=me@x.test
set realname=Me
set copy=no
END
mkdir -p "$T/run"

await_that() { # WHAT COMMAND...: until it is true
	local what=$1
	shift
	SECONDS=0
	until "$@" 2> /dev/null; do
		[ "$SECONDS" -lt 90 ] || fail "$what: never; $(cat "$T/watch.out")"
		sleep 0.05
	done
}
arrived() { [ "$(taken)" -ge "$1" ]; }
start_watch() {
	"$GODWIT_BUILD/godwit" -c "$T/config" watch > "$T/watch.out" 2>&1 &
	WATCHER=$!
	PIDS="$PIDS $WATCHER"
}
end_watch() {
	kill "$WATCHER"
	wait "$WATCHER" || [ "$?" -lt 128 ] || fail "watch: $?"
}
by_watcher() { # the account sends by its watcher alone
	config "$@"
	sed -i 's/send = "manual"/send = "sync"/' "$T/config"
}

note "git send-email: $N patches offline, the machine closed, opened again, online"
server --caps $CAPS
by_watcher
fresh
git init -q "$T/repo"
for i in $(seq "$N"); do
	echo "$i" > "$T/repo/file"
	git -C "$T/repo" add file
	git -C "$T/repo" commit -qm "change $i

.
From here on a line that looks like another mail's, and a dot"
done
git -C "$T/repo" format-patch -q -o "$T/patches" --cover-letter --subject-prefix=PATCH "-$((N - 1))"
sed -i 's/\*\*\* SUBJECT HERE \*\*\*/cover/; s/\*\*\* BLURB HERE \*\*\*/all of it/' "$T"/patches/0000*
kill "$SERVER" # no line
wait "$SERVER" || true
git -C "$T/repo" send-email --quiet --confirm=never --from=me@x.test --to=list@y.test --sendmail-cmd="$T/sendmail" \
	"$T/patches" > "$T/out" 2> "$T/err" || fail "git send-email: $?"
[ "$(ls "$Q/cur" | wc -l)" = "$N" ] || fail "$(ls "$Q/cur" | wc -l) of $N are queued"
start_watch
await_that "told" grep -q 'sending: ' "$T/watch.out"
end_watch
[ "$(ls "$Q/cur" | wc -l)" = "$N" ] || fail "some are gone"
start_watch # opened again, still offline
await_that "told" grep -q 'sending: ' "$T/watch.out"
server --caps $CAPS # a line
by_watcher
kill -HUP "$WATCHER"
godwit outbox --json > /dev/null
await_that "all" arrived "$N"
[ "$(taken)" = "$N" ] || fail "$(taken) instead of $N"
for i in $(seq 0 $((N - 1))); do
	grep -qi "^Subject: \[PATCH.* 0*$i/$((N - 1))\]" "$SRV/msgs/$i" || fail "number $i: $(grep -i ^subject "$SRV/msgs/$i")"
	[ "$i" = 0 ] || tr -d '\r' < "$SRV/msgs/$i" | grep -qx '\.' || fail "number $i: its dot is gone"
done

note "a watcher that runs sends at once what mutt and neomutt give"
for reader in mutt neomutt; do
	command -v "$reader" > /dev/null || continue
	n=$(taken)
	printf 'a line\n.\nthe last\n' | "$reader" -n -F "$T/muttrc" -s "by $reader" -b hidden@y.test -- a@y.test > "$T/out" 2>&1 ||
		fail "$reader: $?"
	await_that "by $reader" arrived $((n + 1))
	tr -d '\r' < "$SRV/msgs/$n" > "$T/got"
	grep -q 'TO:<hidden@y.test>' "$T/got" && [ "$(grep -c hidden "$T/got")" = 1 ] || fail "$reader: Bcc"
	tail -n 3 "$T/got" | diff - <(printf 'a line\n.\nthe last\n') || fail "$reader: the text"
done
end_watch

note "without a watcher a sender starts by itself"
config
sed -i '/send = "manual"/d' "$T/config"
n=$(taken)
if command -v mutt > /dev/null; then
	echo x | mutt -n -F "$T/muttrc" -s "by itself" -- a@y.test > "$T/out" 2>&1 || fail "mutt: $?"
else
	printf 'From: me@x.test\n\nx\n' | "$T/sendmail" -- a@y.test
fi
await_that "by itself" arrived $((n + 1))
if command -v aerc > /dev/null && command -v tmux > /dev/null; then
	note "aerc, on a terminal"
	n=$(taken)
	mkdir -p "$T/.config/aerc" "$T/mail/INBOX"/{cur,new,tmp}
	printf '[me]\nsource = maildir://%s\noutgoing = %s\ndefault = INBOX\nfrom = Me <me@x.test>\n' \
		"$T/mail" "$T/sendmail" > "$T/.config/aerc/accounts.conf"
	chmod 600 "$T/.config/aerc/accounts.conf"
	# shellcheck disable=SC2016
	printf '#!/bin/sh\nprintf "a line\\n.\\nthe last\\n" >> "$1"\n' > "$T/edit"
	chmod 755 "$T/edit"
	terminal() { tmux -L "godwit$$" "$@"; }
	shows() { terminal capture-pane -p | grep -q "$1"; }
	terminal -f /dev/null new-session -d -x 100 -y 40 "EDITOR=$T/edit TERM=xterm aerc; sleep 1000"
	PIDS="$PIDS $(terminal display-message -p '#{pid}')"
	await_that "aerc is there" shows 'Connected'
	terminal send-keys -l ':compose -H "Subject: by aerc" -H "To: a@y.test" -H "Bcc: hidden@y.test"'
	terminal send-keys Enter
	await_that "it asks" shows 'Send this email'
	terminal send-keys y
	await_that "by aerc" arrived $((n + 1))
	terminal kill-server
	tr -d '\r' < "$SRV/msgs/$n" > "$T/got"
	grep -q 'TO:<hidden@y.test>' "$T/got" && [ "$(grep -c hidden "$T/got")" = 1 ] || fail "aerc: Bcc"
	tail -n 3 "$T/got" | diff - <(printf 'a line\n.\nthe last\n') || fail "aerc: the text"
fi
if command -v emacs > /dev/null; then
	note "Emacs"
	n=$(taken)
	emacs -Q --batch --eval "(progn (require 'message) (setq user-mail-address \"me@x.test\"
		send-mail-function 'sendmail-send-it message-send-mail-function 'message-send-mail-with-sendmail
		sendmail-program \"$T/sendmail\") (message-mail \"a@y\" \"by emacs\") (goto-char (point-max))
		(insert \"a line\n.\nthe last\n\") (message-send))" > "$T/out" 2>&1 || fail "emacs: $?"
	await_that "by emacs" arrived $((n + 1))
	tail -n 3 "$SRV/msgs/$n" | tr -d '\r' | diff - <(printf 'a line\n.\nthe last\n') || fail "Emacs: the text"
fi
await_that "at rest" [ -z "$(ls "$Q/cur")" ]

note "what mutt shows of a mail that is not taken, and of one that is and cannot leave"
shown() { # STATUS WORDS MUTT-ARG...: in one line
	local want=$1 words=$2
	shift 2
	! mutt -n -F "$T/muttrc" -s s "$@" < "$T/body" > "$T/out" 2>&1 || fail "mutt sees nothing: $*"
	grep -q "exited $want" "$T/out" || fail "not \"exited $want\""
	grep -q "godwit sendmail: .*$words.*; nothing was queued" "$T/out" || fail "not \"$words\""
}
own_state() { # the sender that started by itself waits for a while
	config "$@"
	sed -i "s|state-dir = .*|state-dir = $T/state2|" "$T/config"
	Q=$T/state2/me.outbox
}
if command -v mutt > /dev/null; then
	echo x > "$T/body"
	own_state
	n=$(taken)
	echo 'RCPT nobody@y.test * 550 5.1.1 no such user' > "$SRV/rules"
	mutt -n -F "$T/muttrc" -s refused -- a@y.test nobody@y.test < "$T/body" > "$T/out" 2>&1 || fail "mutt: $?"
	send 1
	[ "$(taken)" = $((n + 1)) ] || fail "the other one does not get it"
	godwit outbox > "$T/out" || true
	grep -q '550 5.1.1 no such user' "$T/out" || fail "not told"
	[ -n "$(ls "$Q/new")" ] || fail "it is not in new/"
	head -c 30000 /dev/zero | tr '\0' 'x' | fold -w 70 > "$T/body"
	shown 65 'takes no more than 20000' -- a@y.test
	echo x > "$T/body"
	echo wrong > "$T/password"
	mutt -n -F "$T/muttrc" -s wrong -- b@y.test < "$T/body" > "$T/out" 2>&1 || fail "mutt: $?"
	send 77
	grep -q 'refused the sign-in' "$T/err" || fail "the password is not told"
	godwit status > "$T/out" || true
	grep -q 'sign-in' "$T/out" || fail "status does not tell of the password"
	cat >> "$T/config" <<-END
		account "other" {
			smtp-host = "127.0.0.1"
			smtp-port = 1
			smtp-tls = "none"
			from = {"other@x.test"}
		}
	END
	shown 78 'no account says that it sends for stranger@x.test; add from' -e 'set from=stranger@x.test' -- a@y.test
fi
note ok
