#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/layers.sh SRC - fails if a file includes a layer it may not see, or a library of another's.
cd "$1" || exit 2
grep -rnE '^[[:space:]]*#[[:space:]]*include' --include='*.[ch]' . | awk -F: '
BEGIN {
	see["base"] = "base"
	see["net"] = "net base"
	see["imap"] = "imap net base"
	see["smtp"] = "smtp net base"
	see["pop3"] = "pop3 net base"
	see["maildir"] = "maildir base"
	see["store"] = "store base"
	see["auth"] = "auth net base"
	see["plan"] = "plan base"
	see["remote"] = "remote plan imap maildir net base"
	see["local"] = "local plan maildir store base"
	see["mailbox"] = "mailbox local remote plan imap maildir store net base"
	see["pull"] = "pull local plan pop3 maildir store auth net base"
	see["sync"] = "sync pull mailbox local remote plan imap maildir store auth net base"
	see["outbox"] = "outbox smtp imap maildir store auth net base"
	see["discover"] = "discover net base"
	see["doctor"] = "doctor sync outbox smtp pop3 maildir auth net base"
	see["watch"] = "watch sync remote imap maildir store auth net base"
	see["import"] = "import base"
	see["cli"] = "cli import base"	# the rest through include/godwit only
	third["uv.h"] = "net imap smtp pop3 auth remote local mailbox pull sync outbox discover doctor watch cli"
	third["openssl/"] = "base net maildir auth"
	third["idn2.h"] = "outbox"
	third["sqlite3.h"] = "store"
	third["expat.h"] = "discover"
	third["zlib.h"] = "net"
	third["notmuch.h"] = "local"
	third["confuse.h"] = "cli"
	third["jansson.h"] = "auth watch cli"
	third["http_parser.h"] = "net auth"
}
function has(list, word) { return index(" " list " ", " " word " ") > 0 }
function bad(why) { printf "%s:%s: includes %s; %s\n", $1, $2, inc, why; n++ }
{
	split($1, dir, "/"); from = dir[2]
	match($3, /["<][^">]*[">]/); inc = substr($3, RSTART + 1, RLENGTH - 2)
	to = inc; sub(/\/.*/, "", to)
	if (to in see && !has(see[from], to))
		bad(from " may see: " see[from])
	for (t in third)
		if (index(inc, t) == 1 && !has(third[t], from))
			bad("only in: " third[t])
	if (from == "plan" && inc !~ /\// && inc !~ /^std(bool|int|lib|def)\.h$|^(string|limits|assert)\.h$/)
		bad("judgement is pure")
}
END { exit n > 0 }'
