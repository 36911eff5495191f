#!/bin/bash
# SPDX-License-Identifier: ISC
# Courier, Cyrus and popa3d over POP3, unpacked by contrib/pops into $GODWIT_POPS, private ones on loopback with their
# users in a namespace of their own: the first fetch, nothing new, a connection that is cut, UIDLs that are others
# and equal ones, deletions.  Left out (77) where they are not unpacked.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/otherlib.sh"

# The maildrop as it is, without godwit: each message a file of DIR, CRLF made LF; prints how many there are.
cat > "$T/raw.pl" <<'END'
use IO::Socket::INET;
my ($port, $dir) = @ARGV;
my $s = IO::Socket::INET->new("127.0.0.1:$port") or die;
$s->autoflush;
sub answer { my $l = <$s>; $l =~ /^\+OK/ or die "raw: $_[0]: $l"; $l }
sub ask { print $s "$_[0]\r\n"; answer $_[0] }
answer "greeting";
ask "USER me";
ask "PASS secret";
my ($n) = ask("STAT") =~ /(\d+)/;
for my $i (1 .. $n) {
	ask "RETR $i";
	open my $f, '>', "$dir/$i" or die;
	while ((my $l = <$s>) ne ".\r\n") { $l =~ s/^\.//; $l =~ s/\r\n$/\n/; print $f $l }
}
ask "QUIT";
print "$n\n";
END

config() { # LINES...
	grep '[^ ]' > "$T/config" <<-END
		state-dir = "$T/state"
		account "test" {
		  protocol = "pop3"
		  host = "127.0.0.1"
		  port = ${THROUGH:-$PORT}
		  tls = "none"
		  user = "me"
		  password-command = "echo secret"
		  maildir = "$T/mail"
		  $(printf '%s\n' "$@")
		}
	END
}
count_there() {
	rm -rf "$T/raw"
	mkdir "$T/raw"
	perl "$T/raw.pl" "$PORT" "$T/raw"
}
files() { find "$T/mail" \( -path '*/new/*' -o -path '*/cur/*' \) -type f; }
in_step() { # WHAT: each message there is here once, as the server has it
	count_there > /dev/null
	sha256sum "$T"/raw/* | cut -c1-64 | sort > "$T/there"
	files | xargs -r sha256sum | cut -c1-64 | sort > "$T/here"
	cmp -s "$T/there" "$T/here" || fail "$1: $(diff "$T/there" "$T/here" | head -5)"
}
asked() { # VERB: how often the last sync (-vvv) asked so
	grep -q 'C: UIDL' "$T/err" || fail "the log does not tell what was asked"
	grep -c "C: $1" "$T/err" || true
}
# message N: with lines that begin with a dot, 8-bit and a long one
message() {
	printf 'Received: by x id %s\nMessage-ID: <%s@x>\nFrom: a@x\nTo: me@x\nDate: Mon, 30 Nov 2026 10:00:00 +0000\nSubject: %s\n\n.\n..dot %s\n\303\274\n' "$1" "$1" "$1" "$1"
	head -c 3000 /dev/zero | tr '\0' x
	printf '\nlast\n'
}

# What each of them has to do; `add N...` is the server's way to take messages.
walk() {
	note "$1: the first fetch, nothing new, one more"
	rm -rf "$T/mail" "$T/state"
	add 1 2 3 4 5 6 7 8 9 10
	config
	sync_ok
	[ "$(files | wc -l)" = 10 ] || fail "$1: $(files | wc -l) of 10"
	in_step "$1: the first fetch"
	sync_ok -vvv
	[ "$(asked RETR) $(asked TOP) $(asked DELE)" = "0 0 0" ] || fail "$1: asked for what it has"
	add 11
	sync_ok -vvv
	[ "$(asked RETR)" = 1 ] || fail "$1: $(asked RETR) fetched for one"
	in_step "$1: one more"

	note "$1: a connection that is cut"
	add $(seq 12 31)
	"$TOOLS/proxy" "$PORT" down=40000 > "$T/proxy.out" &
	proxy=$!
	PIDS="$PIDS $proxy"
	wait_for "$T/proxy.out"
	THROUGH=$(head -1 "$T/proxy.out") config
	godwit sync > "$T/out" || true
	kill "$proxy"
	config
	sync_ok
	[ "$(files | wc -l)" = 31 ] || fail "$1: $(files | wc -l) of 31"
	in_step "$1: after the cut"

	note "$1: deletions"
	config 'delete = "expunge"'
	sync_ok
	rm "$(files | head -1)"
	sync_ok
	[ "$(count_there)" = 30 ] || fail "$1: $(count_there) there, and not 30"
	in_step "$1: one was deleted here"
	config 'keep = "no"'
	sync_ok
	[ "$(count_there)" = 0 ] && [ "$(files | wc -l)" = 30 ] || fail "$1: $(count_there) there, $(files | wc -l) here"
	sync_ok
}

# --- popa3d: no CAPA; a UIDL is a digest of the header, so equal messages have equal ones
mkdir -p "$T/lib/popa3d" "$T/spool"
cp -r /etc/pam.d "$T/pam"
printf '%s required pam_permit.so\n' auth account session > "$T/pam/popa3d"
install -o $USER_ID -m 600 /dev/null "$T/spool/me"
chmod 1777 "$T/spool"
add() {
	local n
	for n in "$@"; do
		printf 'From a@x Mon Nov 30 10:00:00 2026\n'
		message "$n"
		echo
	done >> "$T/spool/me"
}
serve <<-END
	mount --bind $T/pam /etc/pam.d
	mount --bind $T/spool /var/mail
	mount -t overlay overlay -o lowerdir=$T/lib:/var/lib /var/lib
	exec perl $T/inetd.pl $T/port $ROOT/usr/sbin/popa3d
END
walk popa3d
note "popa3d: equal messages"
config
rm -rf "$T/mail" "$T/state"
add 40 41 40 40
sync_ok
in_step "equal ones"
add 40
sync_ok
[ "$(files | wc -l)" = 5 ] || fail "another equal one: $(files | wc -l) of 5"
sync_ok
in_step "equal ones, again"

# --- Courier: UIDLs that are all others once its list is lost
add() {
	local n
	for n in "$@"; do
		message "$n" > "$T/home/Maildir/new/$n.x"
	done
	chown -R $USER_ID:$USER_ID "$T/home"
}
courier_serve pop3
walk Courier
note "Courier: numbered anew"
rm -rf "$T/mail" "$T/state"
config
add $(seq 50 62)
sync_ok
rm "$T/home/Maildir/courierpop3dsizelist"
sleep 1.1 # its UIDLs have the second in them
sync_ok -vvv
[ "$(asked RETR) $(asked TOP)" = "0 13" ] || fail "numbered anew: $(asked RETR) bodies, $(asked TOP) headers"
in_step "numbered anew"
config 'password-command = "echo wrong"'
status=0
godwit sync > "$T/out" || status=$?
[ $status = 77 ] || fail "a wrong password: $status"

# --- Cyrus: one connection at a time, EXPIRE 0 that is none, and a pause between sign-ins
cat > "$T/lmtp.pl" <<'END'
use IO::Socket::UNIX;
my $s = IO::Socket::UNIX->new(Peer => shift) or die "lmtp: $!";
$s->autoflush;
sub answer { my $l; do { $l = <$s> } while $l =~ /^\d+-/; $l =~ /^[23]/ or die "lmtp: $l" }
sub ask { print $s "$_[0]\r\n"; answer }
answer;
ask "LHLO x";
for my $file (@ARGV) {
	ask $_ for "MAIL FROM:<>", "RCPT TO:<me>", "DATA";
	open my $f, '<', $file or die;
	while (<$f>) { chomp; s/^\./../; print $s "$_\r\n" }
	ask ".";
}
ask "QUIT";
END
add() {
	local n
	rm -rf "$T/lmtp"
	mkdir "$T/lmtp"
	for n in "$@"; do
		message "$n" > "$T/lmtp/$n"
	done
	perl "$T/lmtp.pl" "$T/cyrus/run/lmtp" "$T"/lmtp/*
}
cyrus_serve pop3
walk Cyrus
note "Cyrus: EXPIRE 0, which it does not mean"
cyrus_serve pop3 'popexpiretime: 0'
rm -rf "$T/mail" "$T/state"
add 70 71 72
config
sync_ok
in_step "EXPIRE 0"
sync_ok
sync_ok -vvv
[ "$(asked RETR) $(asked DELE)" = "0 0" ] || fail "EXPIRE 0: $(asked RETR) fetched again"
in_step "EXPIRE 0, again"
note "Cyrus: a pause between sign-ins"
cyrus_serve pop3 'popminpoll: 1'
rm -rf "$T/state" "$T/mail"
add 73
config
status=0
godwit sync > "$T/out" || status=$? # it let us in a moment ago
[ $status = 75 ] && grep -q 'LOGIN-DELAY' "$T/err" || fail "a pause: $status: $(cat "$T/out" "$T/err")"
godwit sync > "$T/out" || status=$?
[ $status = 75 ] || fail "a pause, again: $status"
