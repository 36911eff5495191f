#!/bin/bash
# SPDX-License-Identifier: ISC
# Odd mails go out as they came in: byte by byte (after CR LF), with DATA and with BDAT, small and large.
. "$(dirname "$0")/outboxlib.sh"

MAILS=$T/mails
mkdir "$MAILS"
n=0
# odd HEADERS BODY: a mail, printf's way; its header needs nothing added
odd() {
	n=$((n + 1))
	# shellcheck disable=SC2059
	printf "From: me@x.test\nTo: a@y\nDate: Thu, 1 Jan 2026 00:00:00 +0000\nMessage-ID: <odd$n@x>\n$1\n$2" > "$MAILS/$n"
}
x() { # N STRING: that often
	perl -e 'print $ARGV[1] x $ARGV[0]' "$1" "$2"
}
odd '' ''
odd '' 'no end of line'
odd '' '\n'
odd '' '\n\n\n'
odd '' '.'
odd '' '.\n'
odd '' '..\n'
odd '' '.\n.\n.\n'
odd '' '...'
odd '' 'a\n.\n'
odd '' 'a\n.'
odd '' 'a\n.b\n..c\n...d\n'
odd '' '\n.\n'
odd '' '.\r\n'
odd '' 'a\r\n.\r\nb\r\n'
odd '' 'a\r\nb\nc\r\nd\n'
odd '' 'QUIT\nRSET\nMAIL FROM:<a@b>\nDATA\n'
odd '' 'BDAT 5 LAST\nhello\n'
odd '' '.\nMAIL FROM:<a@b>\n'
odd '' 'From me at the head of the body\n>From there\n'
odd '' "$(x 998 x)\n"
odd '' "$(x 997 x)\r\n"
odd '' "$(x 300 'ab ')"
odd '' ' blanks   \n\t\n \n'
odd '' 'form\ffeed \v \a \033[1m \177\n'
odd '' '\303\274ml\303\244ute \342\202\254\n'
odd '' '\200\377\376 no utf-8 \300\n'
odd 'Subject: \303\274\n' 'raw in the header\n'
odd 'Subject: =?utf-8?q?=C3=BC?=\n' 'encoded\n'
odd 'Subject: folded\n line\n\tand again\n' 'x\n'
odd 'X-Empty:\nX-Blank: \n' 'x\n'
odd 'X-Many: 1\nX-Many: 2\nx-many: 3\n' 'x\n'
odd 'Received: by a; 1\nReceived: by b; 2\n' 'kept, in order\n'
odd 'DKIM-Signature: v=1; b=abc\n def\n' 'signed\n'
odd 'Content-Type: multipart/signed; boundary=b\n' '--b\nContent-Type: text/plain\n\nBcc: not a header\n--b\n\nsig \n--b--\n'
odd 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n' '--b\n\n\n--b--'
odd 'Cc: "Doe, Jane" <b@y>,\n c@y (comment)\n' 'x\n'
odd 'To-Not: x\nBccX: kept\nX-Bcc: kept\n' 'x\n'
odd 'Reply-To: <>\nReferences: <a@b>\n <c@d>\n' 'x\n'
odd 'Subject: begin 644 x\n' 'begin 644 x\n#0V%%T\n\n`\nend\n'
odd '' "$(x 300 'seventy octets a line, and many of them, so that it is sent in pieces\n')"
odd '' "$(x 2000 '.dots at the head of each line, in a text that is sent in pieces\n')"
odd '' "$(x 16384 x | fold -w 70 | sed 's/$/\\n/' | tr -d '\n')"
odd '' "$(x 3000 'a line that ends oddly\r\n')."
{ sed '/^$/q' "$MAILS/1" | sed 's/odd1@/big@/'; head -c 3000000 /dev/urandom | base64; } > "$MAILS/$((n += 1))"

note "$n mails arrive as they are"
for caps in PIPELINING,8BITMIME,SMTPUTF8 PIPELINING,8BITMIME,SMTPUTF8,CHUNKING 8BITMIME; do
	server --caps $caps --helo-any
	config 'smtp-user = ""'
	fresh
	for f in "$MAILS"/*; do
		godwit sendmail -oi -- a@y < "$f" 2> "$T/err" || fail "sendmail < $f"
	done
	send 0
	[ "$(taken)" = "$n" ] || fail "$caps: $(taken) of $n"
	perl -e '
		my ($mails, @taken) = @ARGV; my (%want, $bad);
		sub slurp { local $/; open my $f, "<:raw", shift or die; scalar <$f> }
		for my $f (glob "$mails/*") { my $t = slurp($f); my ($id) = $t =~ /^Message-ID: (\S+)/m; $t =~ s/\r?\n/\r\n/g;
			$t .= "\r\n" unless $t =~ /\n\z/; $want{$id} = $t }
		for my $f (@taken) { my $t = slurp($f); $t =~ s/\A.*?\n\n//s; my ($id) = $t =~ /^Message-ID: (\S+?)\r/m;
			next if $t eq delete $want{$id}; print "$f: $id is another\n"; $bad = 1 }
		print "missing: @{[keys %want]}\n" if %want;
		exit($bad || %want ? 1 : 0)' "$MAILS" "$SRV"/msgs/* > "$T/out" || fail "$caps"
done
