#!/bin/bash
# SPDX-License-Identifier: ISC
# New mail here reaches the server, once, whatever is cut or killed; in three dresses.
. "$(dirname "$0")/lib.sh"
CUTS=${CUTS:-8}
KILLS=${KILLS:-10}
SEED=${SEED:-$(date +%s)}
RANDOM=$((SEED % 32768))
echo "seed: $SEED (SEED=$SEED replays the choices)"

put() { # FOLDER NAME TEXT...: a message as another program leaves it
	local folder=$1 name=$2
	shift 2
	mkdir -p "$T/mail/$folder"/{cur,new,tmp}
	printf '%s\n' "$@" > "$T/mail/$folder/tmp/x"
	case $name in
	*:2,*) mv "$T/mail/$folder/tmp/x" "$T/mail/$folder/cur/$name" ;;
	*) mv "$T/mail/$folder/tmp/x" "$T/mail/$folder/new/$name" ;;
	esac
}
fresh() { # DRESS
	server_stop
	rm -rf "$T/mail" "$T/state" "$T/server/home"
	mkdir -p "$T/server/home/Maildir"
	MAIL=$T/server/home/Maildir
	"$TOOLS/mkmail" "$MAIL/INBOX" 10 500 1
	"$TOOLS/mkmail" "$MAIL/Sent" 0
	server_start "$1"
	write_config
	sync_ok
}
count_there() { # FOLDER
	adm search -u me mailbox "$1" all | wc -l
}

for dress in full noqresync plain; do
	note "$dress"
	fresh "$dress"
	put Sent 'draft.1:2,DS' 'From: me' 'Message-ID: <1@x>' '' 'one'
	put Sent '1700000000.M1P1.host,U=7:2,FS' 'From: me' 'Message-ID: <2@x>' '' 'named by another tool'
	put INBOX 'msg.3' 'From: me' 'Message-ID: <3@x>' '' 'unread'
	put INBOX 'no-info' 'no header' # in new/, not even a header
	put INBOX 'wish:2,ST' 'From: me' 'Message-ID: <4@x>' '' 'to be deleted: not uploaded'
	printf 'From: me\nMessage-ID: <5@x>\n\nzero \0 byte\n' > "$T/mail/INBOX/cur/nul:2,S"
	TZ=UTC touch -d '2001-02-03 04:05:06' "$T/mail/Sent/cur/draft.1:2,DS"
	for i in $(seq 40); do
		put Sent "many.$i:2,S" 'From: me' "Message-ID: <many$i@x>" '' "number $i"
	done
	ln -s /etc/passwd "$T/mail/INBOX/cur/link:2,S" # none of these is mail
	mkfifo "$T/mail/INBOX/cur/pipe:2,S"
	mkdir "$T/mail/INBOX/cur/directory:2,S"
	echo x > "$T/mail/INBOX/cur/.hidden:2,S"
	status=0
	godwit sync --json > "$T/out" || status=$?
	[ $status = 1 ] && grep -q 'NUL bytes' "$T/out" || fail "exit $status: $(cat "$T/out")"
	[ "$(json messages_uploaded)" = 44 ] || fail "$(json messages_uploaded) uploaded, not 44"
	[ "$(count_there Sent)" = 42 ] && [ "$(count_there INBOX)" = 12 ] || fail "the server has $(count_there Sent) and $(count_there INBOX)"
	[ -f "$T/mail/Sent/cur/1700000000.M1P1.host,U=7:2,FS" ] || fail "another program's name was not kept"
	adm fetch -u me date.received mailbox Sent HEADER Message-ID '<1@x>' | grep -q '2001-02-03 04:05:06' || fail "the date is not the file's"
	for f in wish:2,ST nul:2,S link:2,S pipe:2,S directory:2,S .hidden:2,S; do
		rm -r "$T/mail/INBOX/cur/$f"
	done
	assert_equal "$dress: after uploads"
	for i in 1 2; do
		sync_ok --json
		[ "$(json messages_uploaded)$(json messages_downloaded)$(json paired)" = 000 ] || fail "$dress: not stable: $(tail -1 "$T/out")"
	done
	"$GODWIT" -c "$T/config" status > "$T/out"
	! grep -q 'NUL' "$T/out" || fail "a file that is gone is still held"
done

note "in few commands"
fresh full
for i in $(seq 100); do
	put Sent "many.$i:2,S" 'From: me' "Message-ID: <many$i@x>" '' "$(head -c 8000 /dev/zero | tr '\0' x)"
done
proxy_start
CLIENT_PORT=$PROXY_PORT write_config
sync_ok
proxy_stop
set -- $PROXY_COUNTS
echo "100 uploads: $4 bytes up, $6 down"
write_config
assert_equal "100 uploads"

note "a message of 30 MB, the connection cut at $CUTS places on the way"
fresh full
{ printf 'From: me\nMessage-ID: <big@x>\n\n'; head -c 3000000 /dev/urandom | base64; } > "$T/big"
cp "$T/big" "$T/mail/Sent/cur/big:2,S"
put INBOX 'small:2,S' 'From: me' 'Message-ID: <small@x>' '' 'small'
for i in $(seq "$CUTS"); do
	if [ $((i % 3)) = 0 ]; then
		limit=down=$((2000 + RANDOM % 4000))
	else
		limit=up=$((600 + (RANDOM * 32768 + RANDOM) % 4200000))
	fi
	proxy_start "$limit" # its count ends with the run: several cuts happen in one
	CLIENT_PORT=$PROXY_PORT write_config
	timeout -s INT 3 "$GODWIT" -c "$T/config" sync -q > "$T/out" 2> "$T/err" || true
	proxy_stop
	[ "$(count_there Sent)" -le 1 ] && [ "$(count_there INBOX)" -le 11 ] || fail "doubled after a cut at $limit"
done
write_config
sync_ok
assert_equal "after $CUTS cuts"

note "killed at $KILLS moments while messages are sent"
for i in $(seq "$KILLS"); do
	put Sent "kill.$i:2,S" 'From: me' "Message-ID: <kill$i@x>" '' "number $i"
	cp "$T/big" "$T/mail/Sent/cur/big.$i:2,S"
	sed -i "1s/^/X-Number: $i\n/" "$T/mail/Sent/cur/big.$i:2,S"
	"$GODWIT" -c "$T/config" sync -q 2> "$T/err" &
	pid=$!
	sleep "0.0$((RANDOM % 10))$((RANDOM % 10))" # the moment that this run is about
	kill -KILL "$pid" 2> /dev/null || true
	wait "$pid" 2> /dev/null || true
done
sync_ok
assert_equal "after $KILLS kills"

note "sent, killed before it was recorded, and deleted here meanwhile: it is not fetched back"
put Sent 'gone:2,S' 'From: me' 'Message-ID: <gone@x>' '' 'gone soon'
before=$(count_there Sent)
proxy_start delay=700 # so that there is time between the server's having it and our knowing
CLIENT_PORT=$PROXY_PORT write_config
"$GODWIT" -c "$T/config" sync -q 2> "$T/err" &
pid=$!
while [ "$(count_there Sent)" = "$before" ]; do
	kill -0 "$pid" 2> /dev/null || fail "the message never arrived: $(cat "$T/err")"
done
kill -KILL "$pid"
wait "$pid" 2> /dev/null || true
proxy_stop
write_config
there=$(count_there Sent)
rm "$T"/mail/Sent/cur/gone:2,S
sync_ok --json
[ "$(json messages_downloaded)" = 0 ] || fail "what was deleted here came back"
[ "$(count_there Sent)" = "$there" ] || fail "the number there changed"

note "the quota is used up: the rest is held, told, and not tried on every run"
server_stop
EXTRA_CONFIG='mail_plugins = quota
protocol imap {
  mail_plugins = quota imap_quota
}
plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:storage=1K
}' server_start full
write_config
put Sent 'over.1:2,S' 'From: me' 'Message-ID: <over1@x>' '' 'over'
put Sent 'over.2:2,S' 'From: me' 'Message-ID: <over2@x>' '' 'over'
edited=$(grep -rli '^Message-ID: <.*>' "$T/mail/Sent/cur" | grep -v over | head -1)
edited_id=$(sed -n 's/^Message-ID: *//Ip' "$edited" | tr -d '\r')
{ cat "$edited"; echo edited; } > "$T/mail/Sent/cur/over.edit:2,S"
rm "$edited"
status=0
godwit sync > "$T/out" || status=$?
[ "$(adm search -u me mailbox Sent HEADER Message-ID "$edited_id" | wc -l)" = 1 ] ||
	fail "edited here and refused there: the old one of $edited_id went"
[ $status = 1 ] && grep -q 'over.1:2,S is not uploaded: .*[Qq]uota' "$T/err" || fail "exit $status: $(cat "$T/err")"
"$GODWIT" -c "$T/config" status > "$T/out" || true
grep -q 'held: .*over' "$T/out" || fail "status does not tell: $(cat "$T/out")"
status=0
godwit sync --json > "$T/out" || status=$?
[ $status = 1 ] && grep -q '3 files are not uploaded' "$T/out" || fail "not told again, exit $status: $(cat "$T/out")"
[ "$(json messages_to_upload)" = 0 ] || fail "tried again at once"
server_stop
server_start full
write_config
sync_ok --full --json
[ "$(json messages_uploaded)" = 3 ] || fail "$(json messages_uploaded) uploaded after the quota was raised"
[ "$(adm search -u me mailbox Sent HEADER Message-ID "$edited_id" | wc -l)" = 1 ] &&
	[ "$(adm search -u me mailbox Sent HEADER Message-ID "$edited_id" BODY edited | wc -l)" = 1 ] ||
	fail "the edit did not take the old one's place"
note ok
