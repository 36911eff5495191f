# SPDX-License-Identifier: ISC
# tests/integration/gmaillib.sh - the Gmail emulator (tests/gmail) and its page; sourced after lib.sh.

# What was edited here Gmail keeps as it was, and of two with one Message-ID it keeps one: each run says so.
MAY_SAY='edited here; the server keeps the text as it was|the server has merged it with a message'

settings() { # LINE...: how the server behaves, besides GMAIL_WAYS
	# shellcheck disable=SC2086
	printf '%s\n' password=app ${GMAIL_WAYS:-} "$@" > "$T/gmail.settings.new"
	mv "$T/gmail.settings.new" "$T/gmail.settings" # at once: it is read at each command
}
gmail_start() { # SETTING...
	settings "$@"
	: > "$T/gmail.out"
	"$TOOLS/gmaild" "$T/gmail.settings" > "$T/gmail.out" 2> "$T/gmail.err" &
	GMAIL_PID=$!
	PIDS="$PIDS $GMAIL_PID"
	while [ ! -s "$T/gmail.out" ]; do
		kill -0 "$GMAIL_PID" || fail "the emulator does not start: $(cat "$T/gmail.err")"
		sleep 0.01 # until it has printed its port
	done
	GMAIL_PORT=$(head -1 "$T/gmail.out")
}
gmail_config() { # [LINES]
	grep '[^ ]' > "$T/config" <<-EOF
		state-dir = "$T/state"
		account "test" {
		  provider = "gmail"
		  host = "127.0.0.1"
		  port = ${CLIENT_PORT:-$GMAIL_PORT}
		  tls = "none"
		  user = "somebody@gmail.com"
		  password-command = "echo app"
		  maildir = "$T/mail"
		  ${1:-}
		}
	EOF
}
at_rest() { # WHAT: what Gmail made of our changes comes with one sync, and the next one has nothing to do
	sync_ok
	sync_ok
	grep -q 'nothing new' "$T/out" || fail "$1: not at rest: $(cat "$T/out")"
}
# What a person does at Gmail's page, "AT n" before the n-th command that follows: see tests/gmail/gmaild.c
web() { # VERB ARG...
	perl -MIO::Socket::INET -e 'my $port = shift; my $s = IO::Socket::INET->new("127.0.0.1:$port") or die; <$s>;
		my ($verb, @args) = @ARGV; my $line = "a WEB $verb";
		if ($verb eq "AT") { my $n = shift @args; $verb = shift @args; $line .= " $n $verb" }
		if ($verb eq "DELIVER") { local $/; open my $f, "<", $args[1]; my $m = <$f>; $m =~ s/\r?\n/\r\n/g;
			$line .= " \"$args[0]\" {" . length($m) . "+}\r\n$m" }
		else { $line .= join "", map { /[ \[]/ && !/^\(/ ? " \"$_\"" : " $_" } @args }
		print $s "$line\r\n"; while (<$s>) { last if /^a /; s/^\* //; s/\r//; print }' "$GMAIL_PORT" "$@"
}
web_id() { # MESSAGE-ID: its X-GM-MSGID
	web DUMP | awk -v id="<$1@x>" '$0 ~ id {print $1}'
}
labels() { # MESSAGE-ID: its mailboxes but All Mail, sorted, with commas between
	web DUMP | grep -F "<$1@x>" | cut -f2- | tr '\t' '\n' | grep -v 'All Mail' | sort | paste -sd,
}
flags_there() { # MESSAGE-ID
	web DUMP | grep -F "<$1@x>" | sed 's/^[0-9]* (\([^)]*\)).*/\1/'
}
where() { # ID: its mailboxes here, sorted, with commas between
	grep -rlF "<$1@x>" "$T/mail" | sed "s|^$T/mail/||; s|/[^/]*/[^/]*$||" | sort | paste -sd,
}
