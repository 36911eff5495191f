# SPDX-License-Identifier: ISC
# tests/integration/oauthlib.sh - the OAuth server (tests/gmail/oauthd.c) and a browser; sourced after lib.sh.

oauth_settings() { # LINE...: how the OAuth server behaves
	printf '%s\n' "$@" > "$T/oauth.settings.new"
	mv "$T/oauth.settings.new" "$T/oauth.settings" # at once: it is read at each request
}
oauth_start() {
	oauth_settings
	: > "$T/oauth.out"
	"$TOOLS/oauthd" "$T/oauth.settings" > "$T/oauth.out" &
	OAUTH_PID=$!
	PIDS="$PIDS $OAUTH_PID"
	while [ ! -s "$T/oauth.out" ]; do sleep 0.01; done # until it has printed its port
	OAUTH=http://127.0.0.1:$(head -1 "$T/oauth.out")
}
asked() { # PATTERN: how many requests
	grep -c "$1" "$T/oauth.out" || true
}
# What a browser does: asks, and goes where it is sent.
cat > "$T/browser" <<-'EOF'
	#!/usr/bin/env perl
	use IO::Socket::INET;
	my $url = $ARGV[0];
	while ($url =~ m{^http://([^/:]+):(\d+)(/.*)}) {
		my $s = IO::Socket::INET->new("$1:$2") or die "no $1:$2";
		print $s "GET $3 HTTP/1.1\r\nHost: $1:$2\r\n\r\n";
		local $/;
		my $answer = <$s>;
		print $answer;
		$url = $answer =~ /^Location: (.*?)\r/mi ? $1 : "";
	}
EOF
chmod +x "$T/browser"
