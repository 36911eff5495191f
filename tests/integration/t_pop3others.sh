#!/bin/bash
# Courier, Cyrus and popa3d over POP3, unpacked by contrib/pops into $GODWIT_POPS, private ones on loopback with their
# users in a namespace of their own: the first fetch, nothing new, a connection that is cut, UIDLs that are others
# and equal ones, deletions.  Left out (77) where they are not unpacked.
. "$(dirname "$0")/lib.sh"

ROOT=${GODWIT_POPS:-}/root
[ -n "${GODWIT_POPS:-}" ] && [ -x "$ROOT/usr/sbin/popa3d" ] || { echo "no GODWIT_POPS: see contrib/pops"; exit 77; }
[ "$(id -u)" = 0 ] && unshare -m true 2> /dev/null || { echo "they want root and namespaces"; exit 77; }

chmod 755 "$T"
USER_ID=65521
cp /etc/passwd "$T/passwd"
cp /etc/group "$T/group"
for user in popa3d:65520:/var/lib/popa3d "me:$USER_ID:$T/home"; do
	IFS=: read -r name id home <<< "$user"
	echo "$name:x:$id:$id::$home:/bin/false" >> "$T/passwd"
	echo "$name:x:$id:" >> "$T/group"
done
LIBRARIES=$(find "$ROOT" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)

# For each connection a program, as inetd does it: PORT-FILE COMMAND...
cat > "$T/inetd.pl" <<'END'
use IO::Socket::INET;
use POSIX;
my ($file, @command) = @ARGV;
$SIG{CHLD} = 'IGNORE';
my $s = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1') or die;
open my $f, '>', "$file.new" or die;
print $f $s->sockport;
close $f;
rename "$file.new", $file;
while (1) {
	my $k = $s->accept or next;
	if (!fork) { POSIX::dup2(fileno $k, $_) for 0, 1; exec @command; POSIX::_exit(1) }
	close $k;
}
END
# In the place of courier-authdaemon: one user, one password.
cat > "$T/auth.pl" <<'END'
use IO::Socket::UNIX;
my ($path, $home, $id) = @ARGV;
$SIG{CHLD} = 'IGNORE';
my $s = IO::Socket::UNIX->new(Local => $path, Listen => 16) or die;
chmod 0777, $path;
while (1) {
	my $k = $s->accept or next;
	next if fork;
	my $in = '';
	while (sysread $k, my $b, 4096) { $in .= $b; last if $in =~ /\nlogin\n.*\n.*\n/ }
	print $k $in =~ /\nlogin\nme\nsecret\n/
		? "USERNAME=me\nUID=$id\nGID=$id\nHOME=$home\nADDRESS=me\nMAILDIR=$home/Maildir\n.\n" : "FAIL\n";
	exit;
}
END
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

wait_for() { # FILE
	local i
	for i in $(seq 200); do
		[ -s "$1" ] && return
		sleep 0.05
	done
	fail "$1 does not come: $(cat "$T/server.log")"
}
server_stop() { # the first in the namespace, with which all others end
	local pid
	for pid in $([ -z "${SERVER:-}" ] || ps -o pid= --ppid "$SERVER"); do
		kill -KILL "$pid" 2> /dev/null || true
	done
	[ -z "${SERVER:-}" ] || wait "$SERVER" 2> /dev/null || true
	SERVER=
}
serve() { # LINES of a shell in the namespace, the last one stays
	server_stop
	rm -f "$T/port"
	{
		echo "set -e; mount --bind $T/passwd /etc/passwd; mount --bind $T/group /etc/group"
		cat
	} > "$T/namespace"
	unshare -mp --fork bash "$T/namespace" > "$T/server.log" 2>&1 &
	SERVER=$!
	wait_for "$T/port"
	PORT=$(cat "$T/port")
}
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
mkdir -p "$T"/home/Maildir/{cur,new,tmp}
chown -R $USER_ID:$USER_ID "$T/home"
add() {
	local n
	for n in "$@"; do
		message "$n" > "$T/home/Maildir/new/$n.x"
	done
	chown -R $USER_ID:$USER_ID "$T/home"
}
serve <<-END
	mount -t tmpfs tmpfs /run
	mkdir -p /run/courier/authdaemon
	ln -s authdaemon /run/courier/autthdaemon # sic, the package's library
	perl $T/auth.pl /run/courier/authdaemon/socket $T/home $USER_ID &
	until [ -S /run/courier/authdaemon/socket ]; do sleep 0.05; done
	export LD_LIBRARY_PATH=$LIBRARIES TCPREMOTEIP=127.0.0.1 TCPREMOTEPORT=1 TCPREMOTEHOST=localhost TCPLOCALIP=127.0.0.1 \\
		TCPLOCALPORT=110 TCPLOCALHOST=localhost POP3AUTH= MAILDIRPATH=Maildir
	exec perl $T/inetd.pl $T/port $ROOT/usr/lib/courier/courier/courierpop3login $ROOT/usr/lib/courier/courier/courierpop3d Maildir
END
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
mkdir -p "$T"/cyrus/{conf,spool,run}
for n in db log msg proc ptclient quota socket sync user lock; do
	mkdir "$T/cyrus/conf/$n"
done
chown -R $USER_ID:$USER_ID "$T/cyrus"
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
cyrus() { # LINE...: further ones of imapd.conf
	local port
	port=$(free_port)
	cat > "$T/imapd.conf" <<-END
		configdirectory: $T/cyrus/conf
		partition-default: $T/cyrus/spool
		defaultpartition: default
		sasl_pwcheck_method: alwaystrue
		sasl_mech_list: PLAIN
		allowplaintext: yes
		cyrus_user: me
		cyrus_group: me
		autocreate_quota: 0
		autocreate_post: yes
		proc_path: $T/cyrus/run/proc
		mboxname_lockpath: $T/cyrus/run/lock
		$(printf '%s\n' "$@")
	END
	printf 'SERVICES {\n pop3 cmd="pop3d -C %s" listen="127.0.0.1:%s"\n lmtp cmd="lmtpd -C %s -a" listen="%s"\n}\nSTART {\n}\nEVENTS {\n}\n' \
		"$T/imapd.conf" "$port" "$T/imapd.conf" "$T/cyrus/run/lmtp" > "$T/cyrus.conf"
	rm -f "$T/cyrus/run/lmtp"
	serve <<-END
		mount -t overlay overlay -o lowerdir=$ROOT/usr/lib:/usr/lib /usr/lib
		export LD_LIBRARY_PATH=$LIBRARIES
		echo $port > $T/port
		exec $ROOT/usr/sbin/cyrmaster -C $T/imapd.conf -M $T/cyrus.conf -p $T/cyrus/run/pid
	END
	for n in $(seq 200); do
		[ -S "$T/cyrus/run/lmtp" ] && (: <> "/dev/tcp/127.0.0.1/$port") 2> /dev/null && return
		sleep 0.05
	done
	fail "Cyrus does not start: $(cat "$T/server.log")"
}
cyrus
walk Cyrus
note "Cyrus: EXPIRE 0, which it does not mean"
cyrus 'popexpiretime: 0'
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
cyrus 'popminpoll: 1'
rm -rf "$T/state" "$T/mail"
add 73
config
status=0
godwit sync > "$T/out" || status=$? # it let us in a moment ago
[ $status = 75 ] && grep -q 'LOGIN-DELAY' "$T/err" || fail "a pause: $status: $(cat "$T/out" "$T/err")"
godwit sync > "$T/out" || status=$?
[ $status = 75 ] || fail "a pause, again: $status"
