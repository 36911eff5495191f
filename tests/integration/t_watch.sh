#!/bin/bash
# SPDX-License-Identifier: ISC
# A watcher carries changes over as they happen, on either side, and outlives its server.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"
DRESSES=${DRESSES:-full idle}

for dress in $DRESSES; do
	note "$dress: what changes there is here"
	fresh "$dress"
	"$TOOLS/mkmail" "$MAIL/INBOX" 20 600 1
	mkdir -p "$MAIL"/{Archive,Trash}/{cur,new,tmp}
	[ "$dress" = full ] && server_start full || server_start noqresync
	write_config 'poll = 86400'
	watch_start
	case $dress in full) how=NOTIFY ;; *) how=IDLE ;; esac
	grep -q "watching; .*$how" "$T/watch.err" || fail "it does not use $how: $(grep watching "$T/watch.err")"
	assert_equal "after its first sync"
	until_true "READY=1" grep -q READY=1 "$T/notified"
	until_true "WATCHDOG=1" grep -q WATCHDOG=1 "$T/notified"
	mail one
	arrive INBOX
	until_true "new mail" here INBOX one
	adm flags add -u me '\Flagged' mailbox INBOX HEADER Message-ID '<one@x>'
	until_true "a flag that was set there" eval 'case $(file one) in *:2,F) ;; *) false ;; esac'
	adm expunge -u me mailbox INBOX HEADER Message-ID '<one@x>'
	until_true "a deletion there" gone_here INBOX one
	if [ $how = NOTIFY ]; then
		mail elsewhere
		arrive Archive
		until_true "new mail elsewhere" here Archive elsewhere
	fi

	note "$dress: what changes here is there"
	mail two
	cp "$T/m" "$T/mail/INBOX/tmp/two" && mv "$T/mail/INBOX/tmp/two" "$T/mail/INBOX/cur/two.1:2,"
	until_true "an upload" there INBOX two
	mv "$(file two)" "$T/mail/INBOX/cur/two.1:2,S"
	until_true "a flag that was set here" there INBOX two SEEN
	mv "$(file two)" "$T/mail/Archive/cur/"
	until_true "a move here" there Archive two
	rm "$(file two)"
	until_true "a deletion here" gone_there Archive two
	mkdir -p "$T/mail/Made"/{cur,new,tmp}
	mail three
	cp "$T/m" "$T/mail/Made/cur/three.1:2,S"
	until_true "a new folder here" there Made three

	note "$dress: own changes wake nobody; a sync beside it is let in"
	until_true "rest" rests
	before=$(syncs)
	for i in 1 2 3 4 5; do mail "m$i" && arrive INBOX; done
	until_true "five messages" here INBOX m5
	until_true "a sync beside it" godwit sync -q # between two of the watcher's
	until_true "rest" rests
	[ $(($(syncs) - before)) -le 12 ] || fail "$(($(syncs) - before)) syncs for five messages"

	note "$dress: what cannot be brought in step is not tried over and over"
	rm -rf "$T/mail/Made" # left standing there, and told
	until_true "the directory is missed" grep -q 'Made.* is gone' "$T/watch.err"
	mail lost
	arrive Made
	before=$(syncs)
	for i in 1 2 3; do
		mail "after$i"
		arrive INBOX
		until_true "mail beside it" here INBOX "after$i"
	done
	[ $(($(syncs) - before)) -le 12 ] || fail "$(($(syncs) - before)) syncs"
	adm mailbox delete -u me Made
	rm -rf "$T/mail/Made"

	if [ "$how" = NOTIFY ]; then
		note "$dress: mailboxes come, are made anew and go there"
		adm mailbox create -u me Come/Sub
		mail come
		arrive Come/Sub
		until_true "mail in a new mailbox" here Come/Sub come
		kill -STOP "$(worker)" # else it may see that there is none, and keep what is here
		adm mailbox delete -u me Come/Sub
		adm mailbox create -u me Come/Sub # another UIDVALIDITY: what is here goes there again
		kill -CONT "$(worker)"
		until_true "mail in the mailbox that was made anew" there Come/Sub come
		rm "$(file come)"
		until_true "its deletion" gone_there Come/Sub come
		mail stay # without mail nothing is missing there
		arrive Come/Sub
		until_true "mail that stays" here Come/Sub stay
		adm mailbox delete -u me Come/Sub
		kill -USR1 "$WATCHER" # Dovecot does not tell of that
		until_true "it is missed" eval 'godwit status | grep -q "Come/Sub.*not on the server any more"'
		rm -rf "$T/mail/Come"
	fi

	note "$dress: the server goes away and comes back; SIGHUP, SIGTERM"
	server_stop
	until_true "trouble is told" grep -q 'trying again in' "$T/watch.err"
	dovecot -F -c "$S/dovecot.conf" 2>> "$T/dovecot.out" & # on its old port
	SERVER_PID=$!
	server_wait || fail "Dovecot does not come back"
	mail four
	arrive INBOX
	until_true "mail after the server came back" here INBOX four
	until_true "that is told" grep -q "all is well again" "$T/watch.err"
	mail five
	cp "$T/m" "$T/mail/INBOX/cur/five.1:2,S"
	until_true "an upload after the server came back" there INBOX five
	before=$(syncs)
	kill -USR1 "$WATCHER"
	until_true "a sync for SIGUSR1" eval '[ "$(syncs)" -gt "$before" ]'
	kill -HUP "$WATCHER"
	until_true "it watches after SIGHUP" stands 2
	mail six
	arrive INBOX
	until_true "mail after SIGHUP" here INBOX six
	watch_stop
	sync_ok
	assert_equal "in the end"
done

note "a server that tells nothing is asked again and again"
fresh bare
"$TOOLS/mkmail" "$MAIL/INBOX" 5 600 1
mkdir -p "$MAIL"/{Archive,Trash}/{cur,new,tmp}
server_start bare
write_config 'poll = 1'
watch_start
grep -q 'watching; the server does not tell' "$T/watch.err" || fail "$(grep watching "$T/watch.err")"
mail asked
arrive Archive
until_true "new mail" here Archive asked
mv "$(file asked)" "$T/mail/Archive/cur/asked.1:2,F"
until_true "a flag" there Archive asked FLAGGED
watch_stop

note "a connection that swallows everything is given up; few watches are left"
fresh full
"$TOOLS/mkmail" "$MAIL/INBOX" 5 600 1
mkdir -p "$MAIL"/{Archive,Trash}/{cur,new,tmp}
server_start full
proxy_start
CLIENT_PORT=$PROXY_PORT write_config 'poll = 86400 timeout = 2'
watch_start
kill -USR2 "$PROXY_PID" # from now on all that goes to the server is lost
mail seven
cp "$T/m" "$T/mail/INBOX/cur/seven.1:2,S"
until_true "the connection is given up" grep -q 'no answer from localhost\|did not answer\|without a byte\|trying again in' "$T/watch.err"
kill -USR2 "$PROXY_PID" # connections that come now work
until_true "an upload on the next one" there INBOX seven
watch_stop
if unshare -Ur sh -c 'echo 5 > /proc/sys/user/max_inotify_watches' 2> /dev/null; then
	printf '#!/bin/sh\necho 5 > /proc/sys/user/max_inotify_watches\nexec "$@"\n' > "$T/few"
	chmod +x "$T/few"
	WATCH_WITH="unshare -Ur $T/few" watch_start
	if grep -q '^GODWIT_PORTABLE:BOOL=ON' "$GODWIT_BUILD/CMakeCache.txt"; then # it looks at what it is not told of
		mail local
		cp "$T/m" "$T/mail/INBOX/cur/local.1:2,S"
		until_true "what changes here is there" there INBOX local
	else
		until_true "it says so" grep -q 'max_user_watches.*every minute' "$T/watch.err"
	fi
	mail eight
	arrive INBOX
	until_true "new mail all the same" here INBOX eight
	watch_stop
fi
note ok
