#!/bin/bash
# SPDX-License-Identifier: ISC
# mutt and neomutt show the result with the flags that the server has; notmuch indexes it.
. "$(dirname "$0")/lib.sh"

mkdir -p "$T/server/home/Maildir"/INBOX/{cur,new,tmp}
MAIL=$T/server/home/Maildir
mail() { # SUBJECT FLAGS
	printf 'From: Sender <s@example.org>\nTo: me@example.net\nSubject: %s\nDate: Mon, 6 Jan 2020 10:00:00 +0000\nMessage-ID: <%s@example.org>\n\nbody of %s\n' \
		"$1" "$1" "$1" > "$T/m"
	deliver INBOX "$T/m" "${2:-}"
}
mail unread
mail read S
mail flagged FS
mail answered RS
mail draft DS
"$TOOLS/mkmail" "$MAIL/Archive" 20 500 2
server_start full
write_config
sync_ok
assert_equal

screen() { # PROGRAM...: what it shows once all five messages are there
	local i
	tmux -L "godwit$$" new-session -d -x 100 -y 30 "$*"
	for i in $(seq 200); do
		tmux -L "godwit$$" capture-pane -p > "$T/screen" 2> /dev/null || true
		[ "$(grep -cE ' (unread|read|flagged|answered|draft)$' "$T/screen")" = 5 ] && break
		sleep 0.05 # until the reader has drawn its index
	done
	tmux -L "godwit$$" kill-server
}
cat > "$T/muttrc" <<-EOF
	set folder = "$T/mail"
	set spoolfile = "$T/mail/INBOX"
	set mbox_type = Maildir
	set header_cache = ""
	set index_format = "[%Z] %s"
	set sort = subject
	set wait_key = no
	set mail_check = 100
EOF
for reader in mutt neomutt; do
	command -v $reader > /dev/null && command -v tmux > /dev/null || { note "no $reader or tmux here"; continue; }
	cp -a "$T/mail" "$T/copy" # readers move what they show from new to cur
	screen "TERM=screen $reader -n -R -F $T/muttrc -f $T/mail/INBOX"
	grep -E '^\[' "$T/screen" | sed 's/^/     /'
	grep -qE '^\[[NO] *\] unread$' "$T/screen" || fail "$reader: unread"
	grep -qE '^\[ *\] read$' "$T/screen" || fail "$reader: read"
	grep -qE '^\[ *!\] flagged$' "$T/screen" || fail "$reader: flagged"
	grep -qE '^\[r *\] answered$' "$T/screen" || fail "$reader: answered"
	rm -rf "$T/mail"
	mv "$T/copy" "$T/mail"
	note "$reader shows the flags"
done

if command -v notmuch > /dev/null; then
	cat > "$T/notmuch" <<-EOF
		[database]
		path=$T/mail
		[user]
		name=me
		primary_email=me@example.net
		[new]
		tags=unread;inbox
		ignore=.godwit;dovecot-keywords;.godwit-name
		[maildir]
		synchronize_flags=true
	EOF
	NOTMUCH_CONFIG=$T/notmuch notmuch new > "$T/out" 2>&1 || fail "notmuch: $(cat "$T/out")"
	[ "$(NOTMUCH_CONFIG=$T/notmuch notmuch count --output=files '*')" = 25 ] || fail "notmuch: $(cat "$T/out")"
	[ "$(NOTMUCH_CONFIG=$T/notmuch notmuch search --output=messages tag:flagged and folder:INBOX)" = id:flagged@example.org ] ||
		fail "notmuch: flags"
	note "notmuch: $(tail -1 "$T/out")"
fi
note ok
