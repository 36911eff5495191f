#!/bin/bash
# SPDX-License-Identifier: ISC
# What is in force while godwit talks to a server, and what goes on working: commands, a configuration that is read
# again with other directories and commands in it, a Maildir that is another directory than before.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"

fresh full
"$TOOLS/mkmail" "$MAIL/INBOX" 5 600 1
server_start full

# A password command is asked while the sync is confined: it is the runner's child, and that the sync's.
cat > "$T/look" <<-'END'
	runner=$1
	sync=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$runner/status")
	sed 's/^/runner /' "/proc/$runner/status" > "$2"
	sed 's/^/sync /' "/proc/$sync/status" >> "$2"
	echo secret
END
says() { # PROCESS FIELD VALUE
	grep -q "^$1 $2:[^0-9]*$3\$" "$T/looked" || fail "$1: $(grep "^$1 $2" "$T/looked"), not $3"
}

note "a sync is confined, its runner is not"
write_config
sed -i "s|echo secret|sh $T/look \$PPID $T/looked|" "$T/config"
sync_ok
assert_equal
says sync NoNewPrivs 1
says sync Seccomp 2
says runner NoNewPrivs "$(sed -n 's/^NoNewPrivs:[^0-9]*//p' /proc/self/status)"
says runner Seccomp "$(sed -n 's/^Seccomp:[^0-9]*//p' /proc/self/status)"

note "sandbox = no: the sync runs commands itself"
rm "$T/looked"
SANDBOX=no write_config
sed -i "s|echo secret|sh $T/look \$PPID $T/looked|" "$T/config"
sync_ok
says runner NoNewPrivs "$(sed -n 's/^NoNewPrivs:[^0-9]*//p' /proc/self/status)"
grep -q '^runner Name:.godwit$' "$T/looked" || fail "$(cat "$T/looked")"
grep -q '^sync Name:.godwit$' "$T/looked" && fail "there is a runner all the same"
godwit doctor > "$T/out" || true
grep -q 'sandbox: switched off' "$T/out" || fail "$(cat "$T/out")"
write_config
godwit doctor > "$T/out" || true
grep -q 'sandbox: .*no new privileges' "$T/out" || fail "$(cat "$T/out")"

note "a first run that fails leaves no directories behind"
write_config
sed -i "s|echo secret|echo wrong|; s|$T/mail|$T/deep/er/mail|; s|$T/state|$T/other/state|" "$T/config"
! godwit sync > "$T/out" || fail "it signed in"
[ ! -e "$T/deep" ] || fail "$(find "$T/deep")"

note "two first runs at once: one that fails takes no directory away from the other"
rm -rf "$T/deep" "$T/other"
sed "s|echo wrong|touch $T/began; until [ -e $T/go ]; do sleep 0.05; done; echo wrong|" "$T/config" > "$T/one"
"$GODWIT" -c "$T/one" sync > "$T/out.one" 2>&1 &
one=$!
until_true "the first run asks for its password" test -e "$T/began"
sed "s|echo wrong|until [ -e $T/ended ]; do sleep 0.05; done; echo secret|; s|account \"test\"|account \"two\"|" "$T/config" > "$T/two"
"$GODWIT" -c "$T/two" sync > "$T/out.two" 2>&1 &
two=$!
until_true "the second run is confined" grep -q 'NoNewPrivs:.*1' "/proc/$two/status"
touch "$T/go"
! wait $one || fail "the first run signed in"
touch "$T/ended"
wait $two || fail "the second run: $(cat "$T/out.two")"
[ "$(find "$T/deep/er/mail/INBOX" -type f -name '*,*' | wc -l)" -ge 5 ] || fail "$(cat "$T/out.two")"

note "links at any depth lead to mailboxes"
write_config
rm -rf "$T/mail" "$T/state"
mkdir -p "$T/mail" "$T/far/deep/inner" "$T/farther" "$MAIL/Lists/one"
"$TOOLS/mkmail" "$MAIL/Lists/two" 2 600 40
server_own
sync_ok
mv "$T/mail/Lists/two" "$T/far/deep/inner/two"
ln -s "$T/far/deep/inner/two" "$T/mail/Lists/two"
cp "$(nth INBOX 1)" "$T/far/deep/inner/two/new/linked.1"
sync_ok
[ "$(count_there Lists/two)" = 3 ] || fail "$(count_there Lists/two) in the mailbox behind a link: $(cat "$T/out")"
write_config 'delete-folders = yes' # it is not gone here
for i in 1 2 3; do sync_ok; done
[ "$(count_there Lists/two)" = 3 ] || fail "the mailbox behind a link went: $(cat "$T/out")"

note "a tree that is gone stays so; without the state it is made anew"
write_config
sync_ok
rm -rf "$T/mail"
! godwit sync > "$T/out" || fail "nothing was told"
[ ! -e "$T/mail" ] || fail "$(find "$T/mail")"
rm -rf "$T/state"
sync_ok
assert_equal

note "a watcher: SIGHUP brings another Maildir, and other commands"
write_config
watch_start
sed "s/^/sync /" "/proc/$(worker)/status" > "$T/looked"
says sync NoNewPrivs 1
says sync Seccomp 2
[ "$(worker)" != "$WATCHER" ] || fail "there is no keeper"
before=$(worker)
write_config "on-sync = \"echo \$GODWIT_ACCOUNT >> $T/hooked\""
sed -i "s|$T/mail|$T/second|; s|account \"test\"|account \"second\"|" "$T/config"
kill -HUP "$WATCHER"
until_true "the second account" test -s "$T/hooked"
[ "$(cat "$T/hooked")" = second ] || fail "$(cat "$T/hooked")"
[ "$(find "$T/second/INBOX" -type f -name '*,*' | wc -l)" -ge 5 ] || fail "$(find "$T/second")"
[ "$(worker)" != "$before" ] || fail "it is the same process"

note "a configuration that cannot be read leaves the one before"
told=$(grep -c 'watching;' "$T/watch.err")
cp "$T/config" "$T/good"
echo 'nonsense' >> "$T/config"
kill -HUP "$WATCHER"
until_true "it watches again" stands $((told + 1))
grep -q 'the configuration stays as it was' "$T/watch.err" || fail "nothing was told"
cp "$T/good" "$T/config"

note "a Maildir that was moved away and copied back"
told=$(grep -c 'watching;' "$T/watch.err")
before=$(worker)
mv "$T/second" "$T/moved"
cp -a "$T/moved" "$T/second"
kill -USR1 "$WATCHER"
until_true "another watcher" eval '[ "$(worker)" != "$before" ]'
until_true "it watches again" stands $((told + 1))
mail anew
arrive INBOX
until_true "mail comes in" eval '[ -n "$(grep -rlF --exclude-dir=tmp "<anew@x>" "$T/second/INBOX")" ]'

note "a link that comes while it watches"
told=$(grep -c 'watching;' "$T/watch.err")
before=$(worker)
mkdir "$T/beside"
mv "$T/second/Lists/two" "$T/beside/two" && ln -s "$T/beside/two" "$T/second/Lists/two"
mail linked-2
cp "$T/m" "$T/beside/two/new/linked.2"
kill -USR1 "$WATCHER"
until_true "another watcher" eval '[ "$(worker)" != "$before" ]'
until_true "it watches again" stands $((told + 1))
until_true "its mail is there" eval '[ "$(count_there Lists/two)" = 4 ]'
before=$(worker)
kill -USR1 "$WATCHER"
sleep 0.2 # it would begin anew at once
[ "$(worker)" = "$before" ] || fail "it begins anew for a link that it knows"

note "whoever kills the keeper ends the watcher"
before=$(worker)
kill -KILL "$WATCHER"
wait "$WATCHER" 2> /dev/null || true
until_true "its end" eval '! kill -0 "$before"'
note ok
